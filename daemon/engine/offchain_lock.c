/* Locks what sources say is due, one draw at a time: S and R, and the VRF keys that are here. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/price.h"
#include "engine/parts.h"

/* A lock that took longer than S and R allowed for is tried again with the next one. */
enum { ALLOWANCES = 3 };
static const unsigned ALLOWANCE_S[ALLOWANCES] = { 5, 90, 600 };

static struct offchain_candidate *find(
	const struct offchain *o, const struct source_def *source, const struct offchain_due *due)
{
	for (size_t i = 0; i < o->n_candidates; i++)
		if (o->candidate[i]->source == source && strcmp(o->candidate[i]->due.key, due->key) == 0)
			return o->candidate[i];
	return NULL;
}

static void forget_unlisted(struct offchain *o)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->n_candidates; i++) {
		if (o->candidate[i]->listed)
			o->candidate[kept++] = o->candidate[i];
		else
			free(o->candidate[i]);
	}
	o->n_candidates = kept;
}

static void add(struct offchain *o, const struct source_def *source, const struct offchain_due *due)
{
	struct offchain_candidate *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	*c = (struct offchain_candidate){ .source = source, .due = *due, .listed = true };
	o->candidate[o->n_candidates++] = c;
}

/* Of the source that was asked; what it does not name any more is locked or over. */
void offchain_take_due(struct engine *e, const struct offchain_call *look)
{
	struct offchain *o = e->offchain;

	for (size_t i = 0; i < o->n_candidates; i++)
		if (o->candidate[i]->source == o->asked)
			o->candidate[i]->listed = false;
	for (size_t i = 0; i < look->n_due; i++) {
		struct offchain_candidate *c = find(o, o->asked, &look->due[i]);

		if (c)
			c->listed = true;
	}
	forget_unlisted(o);
	for (size_t i = 0; i < look->n_due && o->n_candidates < OFFCHAIN_CANDIDATES_MAX; i++)
		if (!find(o, o->asked, &look->due[i]))
			add(o, o->asked, &look->due[i]);
	if (look->n_due > 0) {
		o->clock_ms = look->now_ms;
		o->clock_at_ms = e->around.now_ms;
	}
}

static bool took_too_long(const struct reply *reply)
{
	return reply->err == ERR_REFUSED && strstr(reply->why, "offchain_draws_round_is_ahead");
}

static void on_locked(struct task *task, const struct reply *reply)
{
	struct offchain_lane *lane = container_of(
		container_of(task, struct offchain_call, task), struct offchain_lane, call);
	struct offchain *o = lane->o;
	struct offchain_candidate *c = o->locking;
	struct engine *e = o->e;
	const struct offchain_row *row = &lane->call.row[0];
	const struct reply late = { ERR_RETRY, NULL, reply->why };

	o->locking = NULL;
	offchain_note_run(e, c->source, "lock", took_too_long(reply) ? &late : reply);
	attempts_note(&c->tried, e->around.now_ms, reply->err == ERR_OK);
	if (reply->err == ERR_OK) {
		e->counters.offchain[OFFCHAIN_LOCKED]++;
		log_info("offchain.locked", "id=%s source=%s key=%s n=%" PRIu64 " slot=%" PRIu64 " deadline=%" PRId64,
			row->id, row->source, row->key, row->n, row->slot.n, row->deadline_s);
		offchain_take_row(e, row);
		c->listed = false;
		forget_unlisted(o);
		offchain_list_anchors(e);
	} else if (took_too_long(reply) && c->slow + 1 < ALLOWANCES) {
		c->slow++;
		c->tried = (struct attempts){ 0 };
	} else {
		log_warn("offchain.lock_failed", "source=%s key=%s err=%s why=%s next=retry", c->source->name,
			c->due.key, err_name(reply->err), reply->why);
	}
	offchain_soon(e); /* the table may have been full, or the lock be kept although its answer was lost */
}

/* A memo that cannot be paid for would let the draw default. */
static bool can_anchor(const struct engine *e)
{
	const uint64_t fee = price_fee(compose_fixed_limit(STEP_ANCHOR), e->policy.price_cap, 1).n;

	return e->counters.wallet_known && e->counters.wallet.n / (e->offchain->n + 1) > fee;
}

/* Draws of one source must not keep those of the others out of the table. */
static bool has_room(const struct engine *e, const struct source_def *source)
{
	const struct offchain *o = e->offchain;
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		n += strcmp(o->draw[i]->facts.row.source, source->name) == 0;
	return n < OFFCHAIN_DRAWS_MAX / e->m.sources->n;
}

static void lock(struct engine *e, struct offchain_candidate *c)
{
	struct offchain *o = e->offchain;
	const int64_t now_ms = o->clock_ms + (int64_t)(e->around.now_ms - o->clock_at_ms);
	struct pubkey key[VRF_KEYS_MAX];
	struct offchain_locking locking = { .source = c->source->name,
		.key = c->due.key,
		.type = c->due.type,
		.freeze = c->source->sql[SOURCE_FREEZE],
		.entries = c->source->sql[SOURCE_ENTRIES],
		.vrf_key = key,
		.n_vrf_keys = e->m.vrf->n,
		.terms = offchain_terms_of(e->tip.confirmed_slot, now_ms, ALLOWANCE_S[c->slow]) };

	for (size_t i = 0; i < e->m.vrf->n; i++)
		vrf_key_public(e->m.vrf->key[i], &key[i]);
	o->locking = c;
	o->run.source = c->source;
	offchain_lock(e->m.journal, &o->run.call, &locking, on_locked);
}

static bool is_ready(const struct engine *e, const struct attempts *tried)
{
	return attempts_ready(tried, e->around.now_ms, OFFCHAIN_SOURCE_BASE_MS, OFFCHAIN_SOURCE_MAX_MS);
}

/* Until the wallet's list is read, a lock may be on the chain that a restored database has forgotten. Draws that are locked go on. */
void offchain_lock_next(struct engine *e, bool well)
{
	struct offchain *o = e->offchain;

	if (o->run.call.task.busy || o->due.task.busy || e->around.now_ms - e->tip_ms > 2 * e->config.tick_ms ||
		!e->around.audit_clear || !can_anchor(e))
		return;
	for (size_t i = 0; i < o->n_candidates; i++) {
		struct offchain_candidate *c = o->candidate[i];
		const struct attempts *run = &offchain_source(e, c->source->name)->run;

		if ((run->failures == 0) != well || !is_ready(e, run) || !is_ready(e, &c->tried) ||
			!has_room(e, c->source))
			continue;
		lock(e, c);
		return;
	}
}
