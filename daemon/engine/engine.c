/* Puts the parts together and turns them: shared reads first, then every draw that is awake, nearest deadline first. */
#include "engine/engine.h"

#include <stdlib.h>

#include "base/log.h"
#include "core/address.h"
#include "engine/draw_parts.h"
#include "engine/parts.h"

struct engine *engine_new(const struct engine_config *config, const struct engine_modules *modules)
{
	struct engine *e = calloc(1, sizeof *e);

	if (!e)
		abort();
	e->config = *config;
	e->policy = config->policy;
	e->m = *modules;
	tick_init(e);
	pulse_init(e);
	witness_init(e);
	oracles_init(e);
	canary_init(e);
	rents_init(e);
	house_init(e);
	offchain_init(e);
	ingest_init(e);
	discovery_init(e);
	census_init(e);
	spending_init(e);
	audit_init(e);
	submissions_init(e);
	retention_init(e);
	settling_init(e);
	sealing_init(e);
	certificates_init(e);
	watch_init(e);
	return e;
}

static void not_later(uint64_t *due_ms, uint64_t latest_ms)
{
	if (*due_ms > latest_ms)
		*due_ms = latest_ms;
}

void engine_configure(struct engine *e, const struct engine_config *config)
{
	const uint64_t now = e->around.now_ms;

	e->config = *config;
	e->policy = config->policy;
	/* What waits for the end of a longer interval than the new one waits no longer than that. */
	not_later(&e->tick.due_ms, now + config->tick_ms);
	not_later(&e->discovery.due_ms, now + config->discovery_ms);
	not_later(&e->census.due_ms, now + config->discovery_ms);
	for (size_t i = 0; i < AUDITS; i++)
		not_later(&e->audit[i].due_ms, now + config->audit_ms);
	house_referrals_soon(e);
	e->watch.next_ms = 0;
	rents_reprice(e);
	for (size_t i = 0; i < engine_subject_count(e); i++)
		subject_wake(engine_subject(e, i)); /* what policy kept waiting may go on now */
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n_active; i++)
		draw_free(e->active[i]);
	free(e->active);
	atas_free(e);
	certificates_fini(e);
	sealing_fini(e);
	settling_fini(e);
	retention_fini(e);
	submissions_fini(e);
	audit_fini(e);
	spending_fini(e);
	census_fini(e);
	discovery_fini(e);
	watch_fini(e);
	offchain_fini(e);
	house_fini(e);
	ingest_fini(e);
	rents_fini(e);
	canary_fini(e);
	oracles_fini(e);
	witness_fini(e);
	pulse_fini(e);
	tick_fini(e);
	pools_free(&e->pools);
	free(e);
}

void engine_activate(struct engine *e, struct draw *d)
{
	if (e->n_active == e->active_capacity) {
		e->active_capacity = e->active_capacity ? e->active_capacity * 2 : 32;
		e->active = realloc(e->active, e->active_capacity * sizeof(struct draw *));
		if (!e->active)
			abort();
	}
	e->active[e->n_active++] = d;
}

size_t engine_subject_count(const struct engine *e)
{
	return 1 + e->atas.n + e->house.n + e->n_active;
}

struct subject *engine_subject(const struct engine *e, size_t index)
{
	if (index == 0)
		return (struct subject *)(uintptr_t)&e->canary.s;
	index--;
	if (index < e->atas.n)
		return &e->atas.list[index]->s;
	index -= e->atas.n;
	return index < e->house.n ? &e->house.chore[index]->s : &e->active[index - e->house.n]->s;
}

bool engine_hot(const struct engine *e)
{
	return e->n_active > 0 || e->atas.n > 0 || subject_unsettled(&e->canary.s) || house_hot(e) || offchain_hot(e);
}

bool journal_long_gone(const struct engine *e)
{
	const uint64_t down = e->around.journal_down_since_ms;

	return down != 0 && e->around.now_ms > down + POLICY_SPOOL_AFTER_MS;
}

unsigned engine_bound_others(const struct engine *e, const struct draw *d)
{
	unsigned n = 0;

	for (size_t i = 0; i < e->n_active; i++)
		n += e->active[i] != d && draw_is_bound(e->active[i]);
	return n;
}

bool engine_any_bound(const struct engine *e)
{
	for (size_t i = 0; i < e->n_active; i++)
		if (draw_is_bound(e->active[i]))
			return true;
	return false;
}

void guard_for(const struct engine *e, enum step step, struct guard *out)
{
	*out = (struct guard){ .step = step,
		.payer = e->policy.dev_wallet,
		.ml_program = ADDRESS_ML,
		.switchboard_program = e->policy.switchboard.program,
		.queue = e->policy.switchboard.queue };
}

/* Bound pools by their deadline, then the others: the 3000 slots decide who is served first. */
static int by_deadline(const void *a, const void *b)
{
	const struct draw *const *x = a, *const *y = b;
	const uint64_t none = UINT64_MAX;
	const uint64_t dx = draw_is_bound(*x) ? (*x)->facts.view.pool.randomness_commit_slot.n : none;
	const uint64_t dy = draw_is_bound(*y) ? (*y)->facts.view.pool.randomness_commit_slot.n : none;

	return dx < dy ? -1 : dx > dy;
}

static void forget_idle(struct engine *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n_active; i++) {
		struct draw *d = e->active[i];

		if (!draw_idle(d)) {
			e->active[kept++] = d;
			continue;
		}
		d->pool->draw = NULL;
		draw_free(d);
		house_soon(e);
	}
	e->n_active = kept;
}

static void draws_turn(struct engine *e)
{
	const uint64_t now = e->around.now_ms;

	if (e->n_active > 1)
		qsort(e->active, e->n_active, sizeof *e->active, by_deadline);
	for (size_t i = 0; i < e->n_active; i++) {
		struct draw *d = e->active[i];

		if (d->s.awake || (d->s.wake_ms != 0 && now >= d->s.wake_ms))
			draw_advance(d);
	}
	forget_idle(e);
}

/* While something is hot the passing of time is news of its own (fresh hashes, budgets, deadlines). */
static void wake_on_time(struct engine *e)
{
	if (e->around.now_ms - e->woken_ms < e->config.pulse_ms)
		return;
	e->woken_ms = e->around.now_ms;
	for (size_t i = 0; i < engine_subject_count(e); i++)
		subject_wake(engine_subject(e, i));
}

/* The journal reads the clock itself, perhaps a moment after the turn began: differences must not wrap. */
static uint64_t not_after(uint64_t now_ms, uint64_t then_ms)
{
	return then_ms < now_ms ? then_ms : now_ms;
}

void engine_turn(struct engine *e, uint64_t now_ms)
{
	e->around.now_ms = now_ms;
	e->around.chain_s = e->chain_s;
	e->around.journal_ok_ms = not_after(now_ms, journal_write_ok_ms(e->m.journal));
	e->around.journal_down_since_ms = not_after(now_ms, journal_down_since_ms(e->m.journal));
	e->around.audit_clear = audit_clear(e);
	e->around.heights_agree = heights_agree(e);
	if (!e->around.stopping || tick_busy(e))
		tick_turn(e);
	if (rebuild_asked(e)) {
		rebuild_turn(e);
		return;
	}
	rents_turn(e);
	pulse_turn(e);
	witness_turn(e);
	oracles_turn(e);
	if (engine_hot(e))
		wake_on_time(e);
	canary_turn(e);
	atas_turn(e);
	draws_turn(e);
	house_turn(e);
	offchain_turn(e);
	ingest_turn(e);
	discovery_turn(e);
	census_turn(e);
	spending_turn(e);
	audit_turn(e);
	submissions_turn(e);
	retention_turn(e);
	settling_turn(e);
	sealing_turn(e);
	certificates_turn(e);
	watch_turn(e);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return b != 0 && b < a ? b : a;
}

/* While something of it is in flight it takes no step: the answer is what turns the engine then. */
static uint64_t subject_wake_ms(const struct subject *s, bool busy)
{
	if (busy)
		return 0;
	return s->awake ? s->e->around.now_ms + 1 : s->wake_ms;
}

uint64_t engine_wake_ms(const struct engine *e)
{
	uint64_t wake = tick_wake_ms(e);

	wake = earlier(wake, ingest_wake_ms(e));
	wake = earlier(wake, offchain_wake_ms(e));
	if (!engine_hot(e))
		return wake;
	wake = earlier(wake, e->around.now_ms + (pulse_urgent(e) ? POLICY_CLOCK_POLL_MS : e->config.pulse_ms));
	wake = earlier(wake, subject_wake_ms(&e->canary.s, canary_busy(e)));
	for (size_t i = 0; i < e->atas.n; i++)
		wake = earlier(wake, subject_wake_ms(&e->atas.list[i]->s, subject_busy(&e->atas.list[i]->s)));
	for (size_t i = 0; i < e->house.n; i++)
		wake = earlier(wake, subject_wake_ms(&e->house.chore[i]->s, subject_busy(&e->house.chore[i]->s)));
	for (size_t i = 0; i < e->n_active; i++)
		wake = earlier(wake, subject_wake_ms(&e->active[i]->s, draw_busy(e->active[i])));
	return wake;
}

void engine_stop(struct engine *e)
{
	e->around.stopping = true;
}

bool engine_stopped(const struct engine *e)
{
	if (!e->around.stopping || tick_busy(e) || pulse_busy(e) || witness_busy(e) || ingest_busy(e) ||
		discovery_busy(e) || census_busy(e) || audit_busy(e) || submissions_busy(e) || retention_busy(e) ||
		settling_busy(e) || sealing_busy(e) || certificates_busy(e) || watch_busy(e) || house_busy(e) ||
		offchain_busy(e) || e->spending.db.task.busy || e->rents.rpc.task.busy || e->oracles.rpc.task.busy)
		return false;
	for (size_t i = 0; i < e->n_active; i++)
		if (draw_busy(e->active[i]))
			return false;
	for (size_t i = 0; i < engine_subject_count(e); i++)
		if (subject_busy(engine_subject(e, i)))
			return false;
	return !canary_busy(e);
}

static bool due(const struct draw *d)
{
	const struct pool_view *v = &d->facts.view;

	if (v->at.n == 0)
		return true;
	if (v->kind != VIEW_POOL || d->facts.recorded)
		return false;
	return v->pool.status != POOL_LOCKED || v->chain_s >= draw_due_s(&v->pool);
}

void engine_snapshot(const struct engine *e, struct engine_snapshot *out)
{
	*out = e->counters;
	out->pools = e->pools.n;
	out->active = e->n_active;
	out->mismatches = e->watch.standing;
	out->leader = e->around.leader;
	out->audit_clear = audit_clear(e);
	out->rebuilt = e->rebuild.told;
	out->due_unfinished = rebuild_asked(e) ? rebuild_left(e) : ingest_left(e);
	if (!rebuild_asked(e) && e->around.leader && !e->policy.dry_run &&
		(discovery_pending(e) || census_pending(e) || audit_pending(e)))
		out->due_unfinished++;
	if (!rebuild_asked(e) && e->submissions.wanted)
		out->due_unfinished++;
	if (!rebuild_asked(e) && certificates_pending(e))
		out->due_unfinished++;
	if (!rebuild_asked(e))
		offchain_count(e, out);
	for (size_t i = 0; i < e->n_active; i++) {
		const struct draw *d = e->active[i];

		if (!due(d))
			continue;
		if (REASONS[d->s.reason].level == REASON_INFO)
			out->due_unfinished++;
		else
			out->blocked++;
	}
}
