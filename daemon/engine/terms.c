/* One published file after the other: what is not there is written. A rule or a key never changes, so a file is written once. */
#include <stdio.h>

#include "base/log.h"
#include "engine/parts.h"
#include "io/publish.h"

enum { AGAIN_MS = 60 * 1000, LOOK_MS = 10 * AGAIN_MS, WHY_MAX = 320 };

void terms_init(struct engine *e)
{
	terms_call_init(&e->certificates.terms.call);
}

void terms_fini(struct engine *e)
{
	terms_call_fini(&e->certificates.terms.call);
}

bool terms_busy(const struct engine *e)
{
	return e->certificates.terms.call.task.busy;
}

void terms_reset(struct engine *e)
{
	struct terms *t = &e->certificates.terms;

	t->after[0] = '\0';
	t->due_ms = 0;
	t->looked = false;
}

bool terms_pending(const struct engine *e)
{
	return !e->certificates.terms.looked;
}

static struct engine *of_task(struct task *task)
{
	struct terms_call *call = container_of(task, struct terms_call, task);
	struct terms *terms = container_of(call, struct terms, call);

	return container_of(container_of(terms, struct certificates, terms), struct engine, certificates);
}

/* The bytes are the ones that a lock has the hash of: nothing is put behind them. */
static enum err write_file(const struct engine *e, const struct terms_call *call, char *why)
{
	struct publish *file;
	enum err err = publish_begin(&file, e->config.certificate_dir, call->name, why, WHY_MAX);

	if (err != ERR_OK)
		return err;
	err = publish_add(file, call->text, call->text_n, why, WHY_MAX);
	if (err != ERR_OK) {
		publish_drop(file);
		return err;
	}
	err = publish_end(file, why, WHY_MAX);
	if (err == ERR_OK)
		log_info("certificate.terms", "file=%s", call->name);
	return err;
}

static void on_next(struct task *task, const struct reply *reply)
{
	struct engine *e = of_task(task);
	struct terms *t = &e->certificates.terms;
	const char *why = reply->why;
	char disk[WHY_MAX];
	enum err err = reply->err;

	if (err == ERR_OK && t->call.found && !publish_done(e->config.certificate_dir, t->call.name)) {
		err = write_file(e, &t->call, disk);
		why = disk;
	}
	if (err != ERR_OK) {
		if (!t->failing)
			log_warn("certificate.failed", "what=terms err=%s why=%s next=retry", err_name(err), why);
		t->failing = true;
		t->due_ms = e->around.now_ms + AGAIN_MS;
	} else if (t->call.found) {
		snprintf(t->after, sizeof t->after, "%s", t->call.name);
	} else {
		t->after[0] = '\0';
		t->looked = true;
		t->failing = false;
		t->due_ms = e->around.now_ms + LOOK_MS;
	}
}

void terms_turn(struct engine *e)
{
	struct terms *t = &e->certificates.terms;

	if (!t->call.task.busy && e->around.now_ms >= t->due_ms)
		terms_next(e->m.journal, &t->call, t->after, on_next);
}
