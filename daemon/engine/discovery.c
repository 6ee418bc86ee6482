/* Finds pools that the app has not registered: the program's list of accounts says where to look, never what is there. */
#include "engine/discovery.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "core/address.h"
#include "core/base58.h"
#include "engine/parts.h"

enum { POOL_ID_OFFSET = 8, RETRY_MS = 5000 };

void discovery_init(struct engine *e)
{
	e->discovery.e = e;
	rpc_call_init(&e->discovery.list);
	rpc_call_init(&e->discovery.read);
	record_call_init(&e->discovery.observe);
	discovery_call_init(&e->discovery.db);
}

void discovery_fini(struct engine *e)
{
	rpc_call_fini(&e->discovery.list);
	rpc_call_fini(&e->discovery.read);
	record_call_fini(&e->discovery.observe);
	discovery_call_fini(&e->discovery.db);
	known_clear(&e->discovery.known);
}

bool discovery_busy(const struct engine *e)
{
	const struct discovery *d = &e->discovery;

	return d->list.task.busy || d->read.task.busy || d->observe.task.busy || d->db.task.busy;
}

bool discovery_pending(const struct engine *e)
{
	return e->config.discovery_ms != 0 && !e->discovery.done_once;
}

static struct discovery *of_db(struct task *task)
{
	return container_of(container_of(task, struct discovery_call, task), struct discovery, db);
}

static void end_round(struct discovery *d, uint64_t pause_ms)
{
	d->stage = DISCOVERY_IDLE;
	d->due_ms = d->e->around.now_ms + pause_ms;
	d->done_once = true;
}

static void complete_round(struct discovery *d)
{
	d->failure_told = false;
	end_round(d, d->e->config.discovery_ms);
}

void discovery_fail(struct discovery *d, const char *what, const struct reply *reply)
{
	if (!d->failure_told)
		log_warn("discovery.failed", "doing=%s err=%s why=%s next=retry", what, err_name(reply->err),
			reply->why);
	d->failure_told = true;
	end_round(d, RETRY_MS < d->e->config.discovery_ms ? RETRY_MS : d->e->config.discovery_ms);
}

/* ---- the list ---- */

/* Said once, until somebody lists them again: everything else goes on without. */
static void all_refused(struct discovery *d, const struct reply *reply)
{
	if (!d->refusal_told)
		log_error("discovery.refused", "why=%s next=human hint=\"%s\"", reply->why,
			"no endpoint answers getProgramAccounts: pools that the app does not register are not found; "
			"add an "
			"endpoint that does");
	d->refusal_told = true;
	end_round(d, d->e->config.discovery_ms);
}

static void no_list(struct discovery *d, const struct reply *reply)
{
	const unsigned all = (1U << rpc_endpoint_count(d->e->m.rpc)) - 1;

	d->asked |= 1U << d->endpoint;
	if (reply->err == ERR_REFUSED)
		d->refused |= 1U << d->endpoint;
	d->endpoint = (int)(((size_t)d->endpoint + 1) % rpc_endpoint_count(d->e->m.rpc));
	if (d->asked != all)
		return; /* the next one is asked in the same round */
	if (d->refused == all)
		all_refused(d, reply);
	else
		discovery_fail(d, "list", reply);
}

static void on_list(struct task *task, const struct reply *reply)
{
	struct discovery *d = container_of(container_of(task, struct rpc_call, task), struct discovery, list);

	if (reply->err != ERR_OK) {
		no_list(d, reply);
		return;
	}
	if (d->refusal_told)
		log_info("discovery.listed", "endpoint=%s", rpc_endpoint_label(d->e->m.rpc, d->endpoint));
	d->refusal_told = false;
	d->program = reply->data;
	d->next = 0;
	d->stage = DISCOVERY_ASK;
}

/* ---- which of them are news ---- */

static struct discovery_key key_of(const struct rpc_program_account *a)
{
	return (struct discovery_key){ a->address, load_u64(a->head + POOL_ID_OFFSET) };
}

/* What the app registered and the tick reads needs no look. */
static void know_followed(struct discovery *d)
{
	const struct pools *pools = &d->e->pools;

	for (size_t i = 0; i < pools->n; i++) {
		const struct pool_entry *p = pools->entry[i];

		if (p->app_id > 0 && p->at.n != 0 && p->kind == VIEW_POOL)
			known_add(&d->known, &(struct discovery_key){ p->address, load_u64(p->raw + POOL_ID_OFFSET) });
	}
}

static void on_news(struct task *task, const struct reply *reply)
{
	struct discovery *d = of_db(task);
	bool news[DISCOVERY_ASK_MAX] = { false };

	if (reply->err != ERR_OK) {
		discovery_fail(d, "ask", reply);
		return;
	}
	for (size_t i = 0; i < d->db.n; i++)
		news[d->db.news[i].n] = true;
	for (size_t i = 0; i < d->n_ask; i++)
		if (!news[i])
			known_add(&d->known, &d->ask[i]);
	d->at_news = 0;
	d->stage = DISCOVERY_POOLS;
}

/* Up to a thousand that memory does not know: a quiet minute asks nothing here. */
static void ask(struct discovery *d)
{
	for (d->n_ask = 0; d->next < d->program->n && d->n_ask < DISCOVERY_ASK_MAX; d->next++) {
		d->ask[d->n_ask] = key_of(&d->program->account[d->next]);
		d->n_ask += !known_has(&d->known, &d->ask[d->n_ask]);
	}
	if (d->n_ask == 0) {
		d->stage = DISCOVERY_PUBLISH;
		return;
	}
	discovery_ask(d->e->m.journal, &d->db, d->ask, d->n_ask, d->e->chain_s, on_news);
}

/* ---- what is made of it ---- */

/* Over before anybody looked, or finished by the app: nothing is left to do, and old wins are not announced again. */
static bool is_history(const struct discovery *d, const struct found_pool *f)
{
	return f->pool.status >= POOL_ENDED && (f->registered || f->pool.start_time < d->db.since);
}

static const char *verdict_of(const struct discovery *d, const struct found_pool *f)
{
	enum reason reason;

	if (is_history(d, f))
		return "HISTORY";
	reason = gate_listing(&d->e->policy, &f->key.address, &f->pool);
	if (reason == WAIT_NONE && !f->mint_usable)
		reason = WAIT_MINT_UNUSABLE;
	return reason == WAIT_NONE ? "FITS" : REASONS[reason].name;
}

static void add_note(struct discovery *d, const struct found_pool *f)
{
	struct discovery_note *note = &d->note[d->n_notes++];

	*note = (struct discovery_note){
		.key = f->key, .at = f->at, .start_time = f->pool.start_time, .allow_mock = f->pool.allow_mock
	};
	snprintf(note->verdict, sizeof note->verdict, "%s", verdict_of(d, f));
}

static struct pool_change change_of(const struct found_pool *f)
{
	return (struct pool_change){ .address = f->key.address,
		.at = f->at,
		.pool = f->pool,
		.participants = f->participants,
		.decimals = f->decimals };
}

static void on_observed(struct task *task, const struct reply *reply)
{
	struct discovery *d = container_of(container_of(task, struct record_call, task), struct discovery, observe);

	if (reply->err != ERR_OK)
		discovery_fail(d, "observe", reply);
	else
		d->stage = DISCOVERY_NOTE;
}

static void observe(struct discovery *d)
{
	size_t n = 0;

	d->n_notes = 0;
	for (size_t i = 0; i < d->n_found; i++) {
		if (!d->found[i].ours)
			continue;
		add_note(d, &d->found[i]);
		if (!is_history(d, &d->found[i]))
			d->change[n++] = change_of(&d->found[i]);
	}
	if (n == 0)
		d->stage = DISCOVERY_NOTE;
	else
		records_observe(d->e->m.journal, &d->observe, d->change, n, on_observed);
}

static void tell(struct discovery *d, const struct found_pool *f, const char *verdict)
{
	char address[PUBKEY_TEXT], creator[PUBKEY_TEXT];

	known_add(&d->known, &f->key);
	if (strcmp(verdict, "HISTORY") == 0)
		return;
	base58_pubkey(address, &f->key.address);
	base58_pubkey(creator, &f->pool.creator);
	log_info("discovery.found", "subject=draw:%s:%" PRIu64 " creator=%s status=%s registered=%d verdict=%s",
		address, f->key.pool_id, creator, pool_status_name(f->pool.status), f->registered ? 1 : 0, verdict);
	d->wrote = true;
	d->may_wait = true;
}

static void on_noted(struct task *task, const struct reply *reply)
{
	struct discovery *d = of_db(task);
	size_t at = 0;

	if (reply->err != ERR_OK) {
		discovery_fail(d, "note", reply);
		return;
	}
	for (size_t i = 0; i < d->n_found; i++)
		if (d->found[i].ours)
			tell(d, &d->found[i], d->note[at++].verdict);
	d->stage = DISCOVERY_POOLS;
}

/* ---- what the app gets to see ---- */

static void on_published(struct task *task, const struct reply *reply)
{
	struct discovery *d = of_db(task);

	if (reply->err != ERR_OK) {
		discovery_fail(d, "publish", reply);
		return;
	}
	for (size_t i = 0; i < d->db.n; i++)
		log_info(d->db.listed[i].ours ? "discovery.published" : "discovery.registered",
			"subject=%s pools_id=%" PRId64, d->db.listed[i].draw, d->db.listed[i].app_id);
	d->wrote = d->wrote || d->db.n > 0;
	d->may_wait = d->db.waiting > 0;
	if (d->wrote)
		tick_soon(d->e);
	d->wrote = false;
	complete_round(d);
}

/* Nothing is asked while nothing waits. */
static void publish(struct discovery *d)
{
	if (d->may_wait)
		discovery_list(d->e->m.journal, &d->db, d->e->chain_s, d->e->config.list_after_s, on_published);
	else
		complete_round(d);
}

/* ---- the round ---- */

static void begin(struct discovery *d)
{
	/* Under another fence the database may be another one, too. */
	if (d->fence != d->e->tick.fence) {
		known_clear(&d->known);
		know_followed(d);
		d->may_wait = true;
	}
	d->fence = d->e->tick.fence;
	d->asked = d->refused = 0;
	d->stage = DISCOVERY_CLOCK;
}

static void step(struct discovery *d)
{
	switch (d->stage) {
	case DISCOVERY_IDLE:
		begin(d);
		break;
	case DISCOVERY_CLOCK:
		discovery_read_clock(d);
		break;
	case DISCOVERY_LIST:
		d->list.endpoint = d->endpoint;
		rpc_get_program(d->e->m.rpc, &d->list, &ADDRESS_ML, POOL_ACCOUNT_SIZE, POOL_DEV_WALLET_OFFSET,
			&d->e->policy.dev_wallet, on_list);
		break;
	case DISCOVERY_ASK:
		ask(d);
		break;
	case DISCOVERY_POOLS:
		discovery_read_pools(d);
		break;
	case DISCOVERY_MORE:
		discovery_read_more(d);
		break;
	case DISCOVERY_OBSERVE:
		observe(d);
		break;
	case DISCOVERY_NOTE:
		discovery_note(d->e->m.journal, &d->db, d->note, d->n_notes, on_noted);
		break;
	case DISCOVERY_PUBLISH:
		publish(d);
		break;
	}
}

/* After the first look at what the app registered, and never while Postgres is away: draws come first. */
void discovery_turn(struct engine *e)
{
	struct discovery *d = &e->discovery;

	if (e->config.discovery_ms == 0 || !e->around.leader || e->policy.dry_run || e->around.stopping)
		return;
	if (e->counters.ticks == 0 || e->around.journal_down_since_ms != 0)
		return;
	if (discovery_busy(e) || (d->stage == DISCOVERY_IDLE && e->around.now_ms < d->due_ms))
		return;
	do
		step(d);
	while (!discovery_busy(e) && d->stage != DISCOVERY_IDLE);
}
