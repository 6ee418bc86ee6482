/* While anything is hot: our signatures, a fresh blockhash and the finalized tip, in three small shared calls. */
#include <inttypes.h>

#include "base/log.h"
#include "core/address.h"
#include "core/clock.h"
#include "engine/parts.h"

enum {
	BLOCKHASH_EVERY_MS = 2000,
	EPOCH_EVERY_MS = 2000,
	LANDED_EVERY_MS = 1500,
	OTHER_NODE_EVERY = 4,
	BLOCKHASH_LIFE = 150
};
/* A context slot may be ahead of what we know by this many slots, and one more for each 20 ms that passed: ten times
 * the chain's pace. */
enum { DUE_SOON_S = 2 };
enum { SLOT_SLACK = 512, SLOT_MS_MIN = 20, JUMP_LOG_MS = 60000 };

void pulse_init(struct engine *e)
{
	rpc_call_init(&e->pulse.statuses);
	rpc_call_init(&e->pulse.blockhash);
	rpc_call_init(&e->pulse.epoch);
	rpc_call_init(&e->pulse.clock);
}

void pulse_fini(struct engine *e)
{
	rpc_call_fini(&e->pulse.statuses);
	rpc_call_fini(&e->pulse.blockhash);
	rpc_call_fini(&e->pulse.epoch);
	rpc_call_fini(&e->pulse.clock);
}

bool pulse_busy(const struct engine *e)
{
	return e->pulse.statuses.task.busy || e->pulse.blockhash.task.busy || e->pulse.epoch.task.busy ||
	       e->pulse.clock.task.busy;
}

/* With one node there is nobody to compare with: it is trusted. */
static bool plausible(const struct engine *e, struct slot slot, int endpoint)
{
	const size_t nodes = rpc_endpoint_count(e->m.rpc);
	const uint64_t allowed = SLOT_SLACK + (e->around.now_ms - e->tip_ms) / SLOT_MS_MIN;

	if (nodes == 1 || e->tip.confirmed_slot.n == 0 || slot.n <= e->tip.confirmed_slot.n + allowed)
		return true;
	for (size_t i = 0; i < nodes; i++)
		if ((int)i != endpoint && e->seen[i].n + SLOT_SLACK >= slot.n)
			return true;
	return false;
}

bool engine_saw_slot(struct engine *e, struct slot confirmed, int endpoint)
{
	const bool believed = plausible(e, confirmed, endpoint);

	if (endpoint >= 0 && confirmed.n > e->seen[endpoint].n)
		e->seen[endpoint] = confirmed;
	if (believed && confirmed.n > e->tip.confirmed_slot.n) {
		e->tip.confirmed_slot = confirmed;
		e->tip_ms = e->around.now_ms;
	}
	if (!believed && (e->jump_logged_ms == 0 || e->around.now_ms > e->jump_logged_ms + JUMP_LOG_MS)) {
		e->jump_logged_ms = e->around.now_ms;
		log_warn("rpc.slot_jump", "endpoint=%s slot=%" PRIu64 " known=%" PRIu64 " next=ignore",
			rpc_endpoint_label(e->m.rpc, endpoint), confirmed.n, e->tip.confirmed_slot.n);
	}
	return believed;
}

void engine_saw_clock(struct engine *e, int64_t chain_s)
{
	e->told_s = chain_s;
	e->told_ms = e->around.now_ms;
	if (chain_s <= e->chain_s)
		return;
	e->chain_s = chain_s;
	e->chain_ms = e->around.now_ms;
}

static struct pulse *pulse_of(struct task *task, size_t offset)
{
	return (struct pulse *)(void *)((char *)container_of(task, struct rpc_call, task) - offset);
}

static struct engine *engine_of(struct pulse *p)
{
	return container_of(p, struct engine, pulse);
}

static void on_statuses(struct task *task, const struct reply *reply)
{
	struct pulse *p = pulse_of(task, offsetof(struct pulse, statuses));
	struct engine *e = engine_of(p);
	const struct rpc_statuses *got = reply->data;

	if (reply->err != ERR_OK || !engine_saw_slot(e, got->at, p->statuses.endpoint))
		return;
	for (size_t i = 0; i < p->n_asked; i++)
		for (size_t k = 0; k < engine_subject_count(e); k++)
			subject_observe(engine_subject(e, k), &p->asked[i], &got->status[i], got->at);
}

/* The best node, and now and then each of the others: one that never sees our transactions must not hide them. */
static int node_for_statuses(struct engine *e)
{
	const size_t n = e->pulse.n_statuses++;

	return n % OTHER_NODE_EVERY != OTHER_NODE_EVERY - 1
	               ? RPC_ANY
	               : (int)(n / OTHER_NODE_EVERY % rpc_endpoint_count(e->m.rpc));
}

/* Open rows are looked at every pulse, rows that only wait for finality less often. */
static void ask_statuses(struct engine *e)
{
	struct pulse *p = &e->pulse;
	bool urgent = false;

	p->n_asked = 0;
	for (size_t k = 0; k < engine_subject_count(e); k++) {
		const struct rows *rows = &engine_subject(e, k)->own->settle.rows;

		for (unsigned i = 0; i < rows->n && p->n_asked < RPC_STATUSES_MAX; i++) {
			if (!row_unsettled(&rows->row[i]))
				continue;
			urgent = urgent || rows->row[i].state != ROW_LANDED;
			p->asked[p->n_asked++] = rows->row[i].sig;
		}
	}
	if (p->n_asked == 0 || e->around.now_ms - p->statuses_ms < (urgent ? e->config.pulse_ms : LANDED_EVERY_MS))
		return;
	p->statuses_ms = e->around.now_ms;
	p->statuses.endpoint = node_for_statuses(e);
	rpc_get_statuses(e->m.rpc, &p->statuses, p->asked, p->n_asked, true, on_statuses);
}

/* Far below what we took for true is no lag, and not believed unless that was a lie. */
static bool lags(struct height told, struct height known)
{
	return told.n < known.n && told.n + SLOT_SLACK >= known.n;
}

static void on_blockhash(struct task *task, const struct reply *reply)
{
	struct pulse *p = pulse_of(task, offsetof(struct pulse, blockhash));
	struct engine *e = engine_of(p);
	const struct rpc_blockhash *got = reply->data;
	struct height height;

	if (reply->err != ERR_OK || !engine_saw_slot(e, got->at, p->blockhash.endpoint))
		return;
	/* Heights are never ahead of slots. */
	if (got->last_valid.n < BLOCKHASH_LIFE || got->last_valid.n > got->at.n + BLOCKHASH_LIFE)
		return;
	height.n = got->last_valid.n - BLOCKHASH_LIFE;
	/* An older hash of a node that lags would only die sooner. */
	if (!heights_saw(e, got->at, height, p->blockhash.endpoint) || lags(got->last_valid, p->last_valid))
		return;
	p->hash = got->hash;
	p->last_valid = got->last_valid;
	if (!lags(height, e->tip.confirmed_height))
		e->tip.confirmed_height = height;
	e->around.blockhash_known = true;
	e->around.blockhash_ms = e->around.now_ms;
}

static void on_epoch(struct task *task, const struct reply *reply)
{
	struct pulse *p = pulse_of(task, offsetof(struct pulse, epoch));
	struct engine *e = engine_of(p);
	const struct rpc_epoch *got = reply->data;

	if (reply->err != ERR_OK || !engine_saw_slot(e, got->slot, p->epoch.endpoint) ||
		!heights_saw(e, got->slot, got->height, p->epoch.endpoint) || got->slot.n < e->tip.finalized_slot.n)
		return;
	e->tip.finalized_slot = got->slot;
	e->tip.finalized_height = got->height;
}

/* Some pool's second comes within the next moments, by our own clock carried on from the chain's. */
static bool due_soon(const struct engine *e)
{
	const int64_t about_s = e->chain_s + (int64_t)((e->around.now_ms - e->chain_ms) / 1000);

	for (size_t i = 0; i < e->n_active; i++) {
		const struct pool_view *v = &e->active[i]->facts.view;

		if (v->kind == VIEW_POOL && v->pool.status == POOL_LOCKED && draw_due_s(&v->pool) > e->chain_s &&
			about_s >= draw_due_s(&v->pool) - DUE_SOON_S)
			return true;
	}
	return false;
}

static void on_clock(struct task *task, const struct reply *reply)
{
	struct pulse *p = pulse_of(task, offsetof(struct pulse, clock));
	struct engine *e = engine_of(p);
	const struct rpc_accounts *got = reply->data;
	struct clock_sysvar clock;

	if (reply->err != ERR_OK || !clock_decode(&clock, got->account[0].data, got->account[0].len) ||
		clock.unix_time <= e->chain_s)
		return;
	engine_saw_clock(e, clock.unix_time);
	for (size_t i = 0; i < e->n_active; i++)
		subject_wake(&e->active[i]->s);
}

/* At processed: a confirmed Clock is a second old, and a transaction that comes too early only fails its simulation. */
static void ask_clock(struct engine *e)
{
	struct pulse *p = &e->pulse;

	if (p->clock.task.busy || e->around.now_ms - p->clock_ms < POLICY_CLOCK_POLL_MS || !due_soon(e))
		return;
	p->clock_ms = e->around.now_ms;
	rpc_get_accounts(e->m.rpc, any_node(&p->clock), &ADDRESS_CLOCK, 1, PROCESSED, (struct slot){ 0 }, on_clock);
}

bool pulse_urgent(const struct engine *e)
{
	return due_soon(e);
}

void pulse_turn(struct engine *e)
{
	struct pulse *p = &e->pulse;
	const uint64_t now = e->around.now_ms;
	const uint64_t epoch_every_ms = heights_unknown(e) ? e->config.pulse_ms : EPOCH_EVERY_MS;

	if (!engine_hot(e))
		return;
	ask_clock(e);
	if (!p->statuses.task.busy)
		ask_statuses(e);
	if (!p->blockhash.task.busy &&
		(!e->around.blockhash_known || now - e->around.blockhash_ms >= BLOCKHASH_EVERY_MS) &&
		now - p->blockhash_asked_ms >= e->config.pulse_ms) {
		p->blockhash_asked_ms = now;
		rpc_get_blockhash(e->m.rpc, any_node(&p->blockhash), (struct slot){ 0 }, on_blockhash);
	}
	if (!p->epoch.task.busy && now - p->epoch_ms >= epoch_every_ms) {
		p->epoch_ms = now;
		/* Each in turn: what the best one tells of heights is held against the others. */
		p->epoch.endpoint = (int)(p->n_epochs++ % rpc_endpoint_count(e->m.rpc));
		rpc_get_epoch(e->m.rpc, &p->epoch, FINALIZED, on_epoch);
	}
}
