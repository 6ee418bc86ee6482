/* One look at everything: the lease and the app's list in one statement, all pools in batches of 99 and the Clock. */
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/address.h"
#include "core/clock.h"
#include "engine/parts.h"

enum { WHOLE_LIST_EVERY = 12, UNKNOWN = 255, LEASE_AGAIN_MS = 500 };

void tick_init(struct engine *e)
{
	lease_call_init(&e->tick.lease);
	record_call_init(&e->tick.observe);
	for (size_t i = 0; i < TICK_CALLS; i++) {
		e->tick.call[i].e = e;
		rpc_call_init(&e->tick.call[i].rpc);
	}
}

void tick_fini(struct engine *e)
{
	lease_call_fini(&e->tick.lease);
	record_call_fini(&e->tick.observe);
	for (size_t i = 0; i < TICK_CALLS; i++)
		rpc_call_fini(&e->tick.call[i].rpc);
	free(e->tick.pool);
	free(e->tick.change);
}

bool tick_busy(const struct engine *e)
{
	return e->tick.lease.task.busy || e->tick.observe.task.busy || e->tick.in_flight > 0;
}

void tick_soon(struct engine *e)
{
	e->tick.count = 0;
	e->tick.due_ms = e->around.now_ms;
}

static void wake_all(struct engine *e)
{
	for (size_t i = 0; i < engine_subject_count(e); i++)
		subject_wake(engine_subject(e, i));
}

/* Under another fence somebody else may have written since: what is in memory is not what Postgres holds. */
static void doubt_all(struct engine *e)
{
	for (size_t i = 0; i < engine_subject_count(e); i++)
		subject_doubt(engine_subject(e, i));
	for (size_t i = 0; i < e->n_active; i++)
		draw_doubt(e->active[i]);
	spending_doubt(e);
}

static void on_lease(struct task *task, const struct reply *reply)
{
	struct lease_call *lease = container_of(task, struct lease_call, task);
	struct engine *e = container_of(container_of(lease, struct tick, lease), struct engine, tick);

	if (reply->err != ERR_OK) {
		if (e->tick.running) /* asked between two ticks: the last one has said it */
			log_warn("lease.unknown", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
		return;
	}
	if (!e->lease_known || e->around.leader != lease->held)
		log_info(lease->held ? "lease.held" : "lease.standby", "fence=%" PRIu64 " holder=%s", lease->fence,
			lease->holder);
	if (e->around.leader != lease->held)
		wake_all(e);
	if (lease->held && lease->fence != e->tick.fence)
		doubt_all(e);
	e->tick.fence = lease->held ? lease->fence : 0;
	if (lease->database != e->tick.database)
		audit_hasten(e);
	e->tick.database = lease->database;
	e->lease_known = true;
	e->around.leader = lease->held;
	if (!rebuild_asked(e))
		pools_list(e, lease->pools, lease->n, lease->whole);
	if (lease->held && lease->submissions)
		submissions_want(e);
	if (lease->held && lease->unsealed)
		sealing_want(e);
}

static void see_chunk(struct engine *e, const struct tick_call *c, const struct rpc_accounts *got)
{
	struct clock_sysvar clock;

	if (!engine_saw_slot(e, got->at, c->rpc.endpoint) ||
		!clock_decode(&clock, got->account[c->n].data, got->account[c->n].len)) {
		e->tick.failed++;
		return;
	}
	engine_saw_clock(e, clock.unix_time);
	if (c->with_wallet) {
		e->counters.wallet.n = got->account[c->n + 1].lamports;
		e->counters.wallet_known = true;
	}
	for (size_t i = 0; i < c->n; i++)
		pools_look(e, e->tick.pool[c->first + i], &got->account[i], got->at, clock.unix_time);
}

static void on_chunk(struct task *task, const struct reply *reply)
{
	struct tick_call *c = container_of(container_of(task, struct rpc_call, task), struct tick_call, rpc);
	struct engine *e = c->e;

	e->tick.in_flight--;
	if (reply->err == ERR_OK) {
		see_chunk(e, c, reply->data);
		return;
	}
	e->tick.failed++;
	log_warn("tick.read_failed", "pools=%zu err=%s why=%s next=retry", c->n, err_name(reply->err), reply->why);
}

static void start_chunk(struct engine *e, struct tick_call *c)
{
	struct pubkey keys[RPC_ACCOUNTS_MAX];

	c->first = e->tick.next;
	c->n = e->tick.n_pools - c->first < TICK_CHUNK ? e->tick.n_pools - c->first : TICK_CHUNK;
	for (size_t i = 0; i < c->n; i++)
		keys[i] = e->tick.pool[c->first + i]->address;
	keys[c->n] = ADDRESS_CLOCK;
	/* Our own balance, where the batch has room for it. */
	c->with_wallet = c->n < TICK_CHUNK;
	if (c->with_wallet)
		keys[c->n + 1] = e->policy.dev_wallet;
	e->tick.next += c->n;
	e->tick.asked = true;
	e->tick.in_flight++;
	rpc_get_accounts(e->m.rpc, any_node(&c->rpc), keys, c->n + (c->with_wallet ? 2 : 1), CONFIRMED,
		(struct slot){ 0 }, on_chunk);
}

enum { LONG_LIST = 1000 };
/* The whole list, here and in libpq, takes half as much memory as the pools, and comes again only a dozen ticks later. */
static void give_back_list(struct tick *t)
{
	const bool long_one = t->lease.n >= LONG_LIST;

	lease_call_fini(&t->lease);
	lease_call_init(&t->lease);
	if (long_one)
		(void)malloc_trim(0); /* what is free between the pools stays ours otherwise */
}

/* The pools of this tick are fixed when it starts: the list may change while answers are out. */
static void start_reading(struct engine *e)
{
	struct tick *t = &e->tick;

	if (t->pool_capacity < e->pools.n) {
		t->pool_capacity = e->pools.n;
		t->pool = realloc(t->pool, t->pool_capacity * sizeof(struct pool_entry *));
		if (!t->pool)
			abort();
	}
	t->n_pools = 0;
	for (size_t i = 0; i < e->pools.n; i++)
		if (e->pools.entry[i]->valid)
			t->pool[t->n_pools++] = e->pools.entry[i];
	t->next = 0;
	t->asked = false;
	t->reading = true;
}

static unsigned participants_of(const struct pool_entry *p)
{
	const struct draw *d = p->draw;

	return d && d->facts.accounts.participants_presence == PRESENT ? d->facts.accounts.participants.count : UNKNOWN;
}

static bool some_are_over(const struct tick *t)
{
	for (size_t i = 0; i < t->n_changes; i++)
		if (t->change[i].pool.status >= POOL_ENDED)
			return true;
	return false;
}

static void on_observed(struct task *task, const struct reply *reply)
{
	struct record_call *call = container_of(task, struct record_call, task);
	struct engine *e = container_of(container_of(call, struct tick, observe), struct engine, tick);

	if (reply->err == ERR_OK) {
		ingest_project_soon(e); /* a draw may have got its row in the app */
		if (some_are_over(&e->tick))
			house_left_over(e);
		return;
	}
	log_warn("observe.failed", "pools=%zu err=%s why=%s next=retry", e->tick.n_changes, err_name(reply->err),
		reply->why);
	for (size_t i = 0; i < e->tick.n_changes; i++)
		e->tick.changed_entry[i]->changed = true;
}

static bool add_change(struct tick *t, struct pool_entry *p)
{
	struct pool_change *c = &t->change[t->n_changes];

	if (pool_decode(&c->pool, p->raw, p->raw_len) != ACCOUNT_OK)
		return false;
	c->app_id = p->app_id > 0 ? p->app_id : 0; /* negative: a draw that the app has no row of */
	c->address = p->address;
	c->at = p->at;
	c->participants = participants_of(p);
	c->decimals = UNKNOWN; /* the calls and the payout tell them */
	t->changed_entry[t->n_changes++] = p;
	return true;
}

/* What changed goes to Postgres in one statement; more than fits goes with the next tick. */
static void write_changes(struct engine *e)
{
	struct tick *t = &e->tick;

	t->n_changes = 0;
	if (!e->around.leader || e->policy.dry_run || e->around.journal_down_since_ms != 0)
		return;
	for (size_t i = 0; i < e->pools.n && t->n_changes < OBSERVE_MAX; i++)
		if (e->pools.entry[i]->changed && add_change(t, e->pools.entry[i]))
			e->pools.entry[i]->changed = false;
	if (t->n_changes > 0)
		records_observe(e->m.journal, &t->observe, t->change, t->n_changes, on_observed);
}

static void finish(struct engine *e)
{
	struct tick *t = &e->tick;

	write_changes(e);
	watch_ticked(e);
	t->reading = t->running = false;
	e->counters.tick_took_ms = e->around.now_ms - t->started_ms;
	/* Before the first list of pools came there was nothing to look at. */
	if (t->failed == 0 && e->lease_known) {
		e->counters.ticks++;
		e->counters.last_tick_ms = e->around.now_ms;
	} else {
		e->counters.ticks_failed++;
	}
	log_debug("tick", "tick=%" PRIu64 " pools=%zu active=%zu changed=%zu unread=%zu failed=%zu ms=%" PRIu64,
		e->counters.ticks, t->n_pools, e->n_active, t->n_changes, ingest_left(e), t->failed,
		e->around.now_ms - t->started_ms);
}

static void ask_lease(struct engine *e, bool whole)
{
	e->tick.asked_ms = e->around.now_ms;
	lease_tick(e->m.journal, &e->tick.lease, whole ? 0 : e->pools.last_id, on_lease);
}

static void start(struct engine *e)
{
	struct tick *t = &e->tick;
	const bool whole = t->count % WHOLE_LIST_EVERY == 0;

	t->running = true;
	t->reading = false;
	t->failed = 0;
	t->count++;
	t->started_ms = e->around.now_ms;
	e->counters.tick_late_ms = t->due_ms == 0 ? 0 : t->started_ms - t->due_ms;
	t->due_ms = e->around.now_ms + e->config.tick_ms;
	if (!t->change) {
		t->change = calloc(OBSERVE_MAX, sizeof *t->change);
		if (!t->change)
			abort();
	}
	ask_lease(e, whole);
}

/* The Clock is read even when there is no pool: a node that lags or is silent must not go unnoticed until there is one. */
static bool all_asked(const struct tick *t)
{
	return t->asked && t->next >= t->n_pools;
}

/* While Postgres is away one question always waits for it: no draw goes on before it has answered, and the pools need not be
 * read for that. */
static bool lease_is_due(const struct engine *e)
{
	return e->around.journal_down_since_ms != 0 && e->around.now_ms >= e->tick.asked_ms + LEASE_AGAIN_MS;
}

uint64_t tick_wake_ms(const struct engine *e)
{
	const struct tick *t = &e->tick;
	const uint64_t again = t->asked_ms + LEASE_AGAIN_MS;

	if (t->running || tick_busy(e)) /* its answer wakes us */
		return e->around.now_ms + e->config.pulse_ms;
	return e->around.journal_down_since_ms != 0 && again < t->due_ms ? again : t->due_ms;
}

void tick_turn(struct engine *e)
{
	struct tick *t = &e->tick;

	if (!t->running) {
		if (t->observe.task.busy || t->lease.task.busy)
			return;
		if (e->around.now_ms >= t->due_ms)
			start(e);
		else if (lease_is_due(e))
			ask_lease(e, false);
		return;
	}
	if (t->lease.task.busy)
		return;
	if (!t->reading) {
		if (t->lease.whole)
			give_back_list(t);
		start_reading(e);
	}
	for (size_t i = 0; i < TICK_CALLS && !all_asked(t); i++)
		if (!t->call[i].rpc.task.busy)
			start_chunk(e, &t->call[i]);
	if (all_asked(t) && t->in_flight == 0)
		finish(e);
}
