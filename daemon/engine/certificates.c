/* A certificate for every draw that is over, in the background.
 *
 * The row comes first. It alone decides which draw has which serial, and Postgres takes it once; the file is made from the rows
 * and has the same bytes each time. So a process that dies in between leaves a row without a file, which the next look mends,
 * and never a published file whose serial another draw gets. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "chain/certificate_key.h"
#include "engine/parts.h"
#include "io/publish.h"

enum { AGAIN_MS = 60 * 1000, LOOK_MS = 10 * AGAIN_MS, WHY_MAX = 320 };

void certificates_init(struct engine *e)
{
	certificate_call_init(&e->certificates.call);
	e->certificates.wanted = true;
	proofs_init(e);
	terms_init(e);
}

static void drop_file(struct certificates *c)
{
	publish_drop(c->publish);
	c->publish = NULL;
}

void certificates_fini(struct engine *e)
{
	terms_fini(e);
	proofs_fini(e);
	drop_file(&e->certificates);
	certificate_call_fini(&e->certificates.call);
}

bool certificates_busy(const struct engine *e)
{
	return e->certificates.call.task.busy || proofs_busy(e) || terms_busy(e);
}

static bool is_on(const struct engine *e)
{
	return e->m.certificate_key && e->config.certificate_dir && !e->policy.dry_run;
}

bool certificates_pending(const struct engine *e)
{
	const struct certificates *c = &e->certificates;

	return is_on(e) && e->around.leader &&
	       (!c->looked || c->wanted || c->stage != CERTIFICATES_NEXT || proofs_pending(e) || terms_pending(e));
}

/* A row waits for no disk: what waits for its turn in this stage is a file. */
void certificates_soon(struct engine *e)
{
	struct certificates *c = &e->certificates;

	c->wanted = true;
	if (c->stage == CERTIFICATES_NEXT)
		c->due_ms = 0;
}

/* Locks come to the chain in any order. */
void certificates_locked(struct engine *e, uint64_t seq)
{
	uint64_t *written = &e->certificates.written[FILES_OF_LOCKS];

	*written = *written < seq ? *written : seq - 1;
	certificates_soon(e);
}

static struct engine *of_task(struct task *task)
{
	struct certificate_call *call = container_of(task, struct certificate_call, task);

	return container_of(container_of(call, struct certificates, call), struct engine, certificates);
}

static void go(struct certificates *c, enum certificates_stage stage, uint64_t due_ms)
{
	c->stage = stage;
	c->due_ms = due_ms;
}

/* Rows that cannot be made do not keep files away, nor the other way round. */
static void fail(struct engine *e, enum err err, const char *why)
{
	struct certificates *c = &e->certificates;
	const bool row = c->stage == CERTIFICATES_NEXT || c->stage == CERTIFICATES_ADD;

	if (!c->failing)
		log_warn("certificate.failed", "what=%s err=%s why=%s next=retry", row ? "row" : c->file.name,
			err_name(err), why);
	c->failing = c->wanted = true;
	drop_file(c);
	go(c, row ? CERTIFICATES_FILES : CERTIFICATES_NEXT, e->around.now_ms + AGAIN_MS);
}

/* ---- rows ---- */

static void on_next(struct task *task, const struct reply *reply)
{
	struct engine *e = of_task(task);
	struct certificates *c = &e->certificates;

	if (reply->err != ERR_OK)
		fail(e, reply->err, reply->why);
	else
		go(c, c->call.found ? CERTIFICATES_ADD : CERTIFICATES_FILES, 0);
}

static void on_added(struct task *task, const struct reply *reply)
{
	struct engine *e = of_task(task);
	struct certificates *c = &e->certificates;

	if (reply->err != ERR_OK) {
		fail(e, reply->err, reply->why);
		return;
	}
	log_info("certificate.made", "serial=%" PRIu64 " of=%s", c->call.row.serial, c->call.row.draw);
	c->wanted = true;
	go(c, CERTIFICATES_NEXT, 0);
}

static void add(struct engine *e)
{
	struct certificates *c = &e->certificates;
	struct signature signature;
	struct pubkey key;

	certificate_key_public(e->m.certificate_key, &key);
	certificate_key_sign(&signature, e->m.certificate_key, &c->call.row.hash);
	certificate_add(e->m.journal, &c->call, &key, &signature, on_added);
}

/* ---- files ---- */

static void note_written(struct certificates *c)
{
	struct certificates_snapshot *last = &c->last;

	c->written[c->of] = c->file.serial;
	if (c->of == FILES_OF_LOCKS)
		return;
	memmove(last->name[1], last->name[0], sizeof last->name - sizeof last->name[0]);
	snprintf(last->name[0], sizeof last->name[0], "%s", c->file.name);
	last->n += last->n < CERTIFICATES_KEPT;
}

/* A published file has this serial: of another history of this database, from before a backup was restored. It stays as it is. */
static bool is_taken(const struct engine *e)
{
	static const char lock[] = "lock-";
	const char *name = e->certificates.file.name;
	const size_t skip = strncmp(name, lock, sizeof lock - 1) == 0 ? sizeof lock - 1 : 0;
	const size_t digits = strspn(name + skip, "0123456789");
	char other[PUBLISH_NAME_MAX];

	if (!publish_other(e->config.certificate_dir, name, skip + digits + 1, other))
		return false;
	log_error("certificate.twice", "file=%s other=%s why=\"%s\" next=human", name, other,
		"the number is taken by a file that was published: the database is an older one than made it");
	return true;
}

static void on_files(struct task *task, const struct reply *reply)
{
	struct engine *e = of_task(task);
	struct certificates *c = &e->certificates;

	if (reply->err != ERR_OK) {
		fail(e, reply->err, reply->why);
		return;
	}
	for (size_t i = 0; i < c->call.n_files; i++) {
		c->file = c->call.file[i];
		if (!publish_done(e->config.certificate_dir, c->file.name) && !is_taken(e)) {
			go(c, CERTIFICATES_HEAD, 0);
			return;
		}
		note_written(c);
	}
	if (c->call.n_files == CERTIFICATE_FILES)
		return;
	if (c->of == FILES_OF_LOCKS) {
		c->of = FILES_OF_DRAWS;
		return;
	}
	c->of = FILES_OF_LOCKS;
	c->looked = true;
	c->failing = false;
	go(c, CERTIFICATES_NEXT, 0);
}

/* The end, or the next part: while a pool is bound one part per tick, because what draws it waits behind each statement. */
static void go_on(struct engine *e)
{
	static const char end[] = "]}\n";
	struct certificates *c = &e->certificates;
	char why[WHY_MAX];
	enum err err;

	if (c->tickets < c->call.tickets) {
		go(c, CERTIFICATES_TICKETS, engine_any_bound(e) ? e->around.now_ms + e->config.tick_ms : 0);
		return;
	}
	err = publish_add(c->publish, end, sizeof end - 1, why, sizeof why);
	if (err == ERR_OK) {
		err = publish_end(c->publish, why, sizeof why);
		c->publish = NULL;
	}
	if (err != ERR_OK) {
		fail(e, err, why);
		return;
	}
	log_info("certificate.written", "file=%s tickets=%" PRIu64, c->file.name, c->tickets);
	note_written(c);
	go(c, CERTIFICATES_FILES, 0);
}

static void on_head(struct task *task, const struct reply *reply)
{
	struct engine *e = of_task(task);
	struct certificates *c = &e->certificates;
	char why[WHY_MAX];
	enum err err = reply->err;

	if (err == ERR_REFUSED) {
		/* Somebody changed a draw behind its guards: its file stays away, and the others are made. */
		log_error("certificate.broken", "file=%s why=%s next=human", c->file.name, reply->why);
		c->written[c->of] = c->file.serial;
		go(c, CERTIFICATES_FILES, 0);
		return;
	}
	if (err != ERR_OK) {
		fail(e, err, reply->why);
		return;
	}
	c->tickets = 0;
	err = publish_begin(&c->publish, e->config.certificate_dir, c->file.name, why, sizeof why);
	if (err == ERR_OK)
		err = publish_add(c->publish, c->call.text, c->call.text_n, why, sizeof why);
	if (err != ERR_OK)
		fail(e, err, why);
	else
		go_on(e);
}

static void on_tickets(struct task *task, const struct reply *reply)
{
	struct engine *e = of_task(task);
	struct certificates *c = &e->certificates;
	char why[WHY_MAX];
	enum err err;

	if (reply->err != ERR_OK) {
		fail(e, reply->err, reply->why);
		return;
	}
	err = c->tickets > 0 ? publish_add(c->publish, ",", 1, why, sizeof why) : ERR_OK;
	if (err == ERR_OK)
		err = publish_add(c->publish, c->call.text, c->call.text_n, why, sizeof why);
	if (err != ERR_OK) {
		fail(e, err, why);
		return;
	}
	c->tickets += c->call.tickets - c->tickets < CERTIFICATE_TICKETS ? c->call.tickets - c->tickets
	                                                                 : CERTIFICATE_TICKETS;
	go_on(e);
}

/* ---- both ---- */

/* Whoever leads now begins it anew. */
static void start_over(struct engine *e)
{
	struct certificates *c = &e->certificates;

	drop_file(c);
	c->written[FILES_OF_LOCKS] = 0; /* who led meanwhile may have died before he wrote one */
	c->stage = CERTIFICATES_NEXT;
	c->wanted = true;
	proofs_reset(e);
	terms_reset(e);
}

/* When a draw is over, which is told; and now and then, for what nobody told. */
static void look(struct engine *e)
{
	struct certificates *c = &e->certificates;

	if (!c->wanted && e->around.now_ms < c->look_ms)
		return;
	c->proofs.wanted = c->proofs.wanted || !c->wanted;
	c->wanted = false;
	c->look_ms = e->around.now_ms + LOOK_MS;
	certificate_next(e->m.journal, &c->call, on_next);
}

void certificates_turn(struct engine *e)
{
	struct certificates *c = &e->certificates;
	struct journal *j = e->m.journal;

	if (!is_on(e))
		return;
	if (!e->around.leader || e->around.stopping) {
		if (!certificates_busy(e))
			start_over(e);
		return;
	}
	if (e->around.journal_down_since_ms != 0)
		return;
	proofs_turn(e);
	/* A disk that says no is told once. */
	if (c->looked && !c->failing)
		terms_turn(e);
	if (c->call.task.busy || e->around.now_ms < c->due_ms)
		return;
	switch (c->stage) {
	case CERTIFICATES_NEXT:
		look(e);
		break;
	case CERTIFICATES_ADD:
		add(e);
		break;
	case CERTIFICATES_FILES:
		(c->of == FILES_OF_LOCKS ? certificate_lock_files : certificate_files)(
			j, &c->call, c->written[c->of], on_files);
		break;
	case CERTIFICATES_HEAD:
		(c->of == FILES_OF_LOCKS ? certificate_lock_head : certificate_head)(
			j, &c->call, c->file.serial, on_head);
		break;
	case CERTIFICATES_TICKETS:
		certificate_tickets(j, &c->call, c->tickets, on_tickets);
		break;
	}
}
