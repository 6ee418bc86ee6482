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
	o->changed = o->changed || kept != o->n_candidates;
	o->n_candidates = kept;
}

static void add(struct offchain *o, const struct source_def *source, const struct offchain_due *due, uint64_t after)
{
	struct offchain_candidate *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	*c = (struct offchain_candidate){ .source = source, .due = *due, .after = after, .listed = true };
	o->candidate[o->n_candidates++] = c;
	o->changed = true;
}

/* Room for n more of this source: the oldest ones go. */
static void make_room(struct offchain *o, const struct source_def *source, size_t n)
{
	for (size_t i = o->n_candidates; i-- > 0;)
		if (o->candidate[i]->source == source && ++n > OFFCHAIN_CANDIDATES_EACH)
			o->candidate[i]->listed = false;
	forget_unlisted(o);
}

/* Of the source that was asked; what this page does not name any more is locked or over. Behind a full page comes the next one: rows
 * that cannot be locked, and are named again and again, must not hide those behind them. */
void offchain_take_due(struct engine *e, const struct offchain_call *look)
{
	struct offchain *o = e->offchain;
	uint64_t *after = &offchain_source(e, o->asked->name)->after;
	size_t n_new = look->n_due;

	for (size_t i = 0; i < o->n_candidates; i++)
		if (o->candidate[i]->source == o->asked && o->candidate[i]->after == *after)
			o->candidate[i]->listed = false;
	for (size_t i = 0; i < look->n_due; i++) {
		struct offchain_candidate *c = find(o, o->asked, &look->due[i]);

		if (!c)
			continue;
		n_new--;
		c->listed = true;
		c->after = *after;
	}
	make_room(o, o->asked, n_new);
	for (size_t i = 0; i < look->n_due; i++)
		if (!find(o, o->asked, &look->due[i]))
			add(o, o->asked, &look->due[i], *after);
	if (look->n_due > 0)
		offchain_saw_database(e, look->now_ms);
	*after = look->n_due == OFFCHAIN_DUE_MAX ? *after + OFFCHAIN_DUE_MAX : 0;
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
	offchain_why(c->why, reply->why);
	o->changed = true;
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
	const int64_t database_ms = offchain_database_ms(e), chain_ms = offchain_chain_ms(e);
	struct pubkey key[VRF_KEYS_MAX];
	struct offchain_locking locking = { .source = c->source->name,
		.key = c->due.key,
		.type = c->due.type,
		.freeze = c->source->sql[SOURCE_FREEZE],
		.entries = c->source->sql[SOURCE_ENTRIES],
		.vrf_key = key,
		.n_vrf_keys = e->m.vrf->n,
		.terms = offchain_terms_of(
			e->tip.confirmed_slot, database_ms > chain_ms ? database_ms : chain_ms, ALLOWANCE_S[c->slow]),
		.chain_s = chain_ms / 1000,
		.witnesses = rpc_witnesses(e->m.rpc) };

	for (size_t i = 0; i < e->m.vrf->n; i++)
		vrf_key_public(e->m.vrf->key[i], &key[i]);
	o->locking = c;
	o->run.source = c->source;
	offchain_lock(e->m.journal, &o->run.call, &locking, on_locked);
}

/* What is the same for all of one source. */
static struct offchain_lock_facts facts_of(const struct engine *e, const struct source_def *source)
{
	return (struct offchain_lock_facts){ .around = &e->around,
		.database_ms = offchain_database_ms(e),
		.chain_ms = offchain_chain_ms(e),
		.tip_fresh = e->around.now_ms - e->tip_ms <= 2 * e->config.tick_ms,
		.can_anchor = can_anchor(e),
		.has_room = has_room(e, source),
		.nodes_show = offchain_nodes_show(e),
		.source = offchain_source(e, source->name)->run };
}

static struct offchain_candidate *less_often(struct offchain_candidate *a, struct offchain_candidate *b)
{
	return !a || b->tried.failures < a->tried.failures ? b : a;
}

/* Of those of sources that are well, or of the others: the one that failed least often. */
static struct offchain_candidate *choose(struct engine *e, bool well)
{
	struct offchain *o = e->offchain;
	struct offchain_candidate *best = NULL;

	for (size_t k = 0; k < e->m.sources->n; k++) {
		const struct source_def *source = &e->m.sources->at[k];
		struct offchain_lock_facts f = facts_of(e, source);

		if ((f.source.failures == 0) != well)
			continue;
		for (size_t i = 0; i < o->n_candidates; i++) {
			struct offchain_candidate *c = o->candidate[i];
			const enum reason was = c->reason;

			if (c->source != source)
				continue;
			f.tried = c->tried;
			c->reason = offchain_may_lock(&f);
			o->changed = o->changed || c->reason != was;
			if (c->reason == WAIT_OFFCHAIN_NODES)
				offchain_probe(e);
			if (c->reason == WAIT_NONE)
				best = less_often(best, c);
		}
	}
	return best;
}

/* Draws that are locked go on whatever these wait for. */
void offchain_lock_next(struct engine *e, bool well)
{
	struct offchain *o = e->offchain;
	struct offchain_candidate *c = choose(e, well);

	if (c && !o->run.call.task.busy && !o->due.task.busy)
		lock(e, c);
}
