/* The walk over all pools and draws that health and metrics ask for. */
#include <stdio.h>

#include "core/draw.h"
#include "engine/parts.h"

static bool ours(const struct draw *d)
{
	const enum reason_whose whose = REASONS[d->s.reason].whose;

	return whose == WHOSE_OURS || (whose == WHOSE_BOUND && draw_is_bound(d));
}

/* Kept in the order of their age; what is younger than all that are kept is only counted. */
static void note_late(struct engine_survey *out, const struct draw *d, int64_t seconds)
{
	size_t at = out->n_late < SURVEY_LATE ? out->n_late : SURVEY_LATE;

	out->n_late++;
	while (at > 0 && out->late[at - 1].seconds < seconds) {
		if (at < SURVEY_LATE)
			out->late[at] = out->late[at - 1];
		at--;
	}
	if (at == SURVEY_LATE)
		return;
	out->late[at] = (struct late_draw){ .seconds = seconds, .reason = d->s.reason };
	snprintf(out->late[at].text, sizeof out->late[at].text, "%s", d->s.key.text);
}

static void note_overdue(const struct engine *e, const struct draw *d, struct engine_survey *out)
{
	const struct pool_view *v = &d->facts.view;
	int64_t late;

	if (v->kind != VIEW_POOL || v->at.n == 0 || v->pool.status == POOL_OPEN ||
		v->pool.status > POOL_WINNER_SELECTED || !pubkey_equal(&v->pool.dev_wallet, &e->policy.dev_wallet) ||
		!ours(d))
		return;
	if (!__builtin_sub_overflow(e->chain_s, draw_due_s(&v->pool), &late) && late > 0)
		note_late(out, d, late);
}

static void survey_pools(const struct pools *pools, size_t count[POOLS_STATES])
{
	for (size_t i = 0; i < pools->n; i++) {
		const struct pool_entry *p = pools->entry[i];

		if (!p->valid || (p->at.n != 0 && p->kind != VIEW_POOL && p->kind != VIEW_MISSING))
			count[POOLS_UNUSABLE]++;
		else if (p->at.n == 0)
			count[POOLS_UNREAD]++;
		else if (p->kind == VIEW_MISSING)
			count[POOLS_MISSING]++;
		else
			count[p->status <= POOL_CLOSED ? p->status : POOLS_UNUSABLE]++;
	}
}

static void survey_rows(const struct engine *e, size_t count[ROW_STATES])
{
	for (size_t i = 0; i < engine_subject_count(e); i++) {
		const struct rows *rows = &engine_subject(e, i)->own->settle.rows;

		for (unsigned k = 0; k < rows->n; k++)
			if (row_unsettled(&rows->row[k]))
				count[rows->row[k].state]++;
	}
}

static void survey_runway(const struct engine *e, struct engine_survey *out)
{
	const uint64_t cost = e->around.bind_cost.n + e->around.draw_cost.n;

	out->runway_known = e->rents.known && e->counters.wallet_known && cost > 0;
	if (out->runway_known)
		out->runway = e->counters.wallet.n / cost;
}

void engine_survey(const struct engine *e, struct engine_survey *out)
{
	*out = (struct engine_survey){ .oracles = e->oracles.n,
		.canary_ms = e->canary.facts.answered_ms,
		.confirmed = e->tip.confirmed_slot,
		.finalized = e->tip.finalized_slot,
		.slot_ms = e->tip_ms,
		.chain_s = e->chain_s,
		.journal_down_since_ms = e->around.journal_down_since_ms,
		.histories_unread = ingest_left(e) };
	survey_pools(&e->pools, out->pools);
	survey_rows(e, out->unsettled);
	survey_runway(e, out);
	offchain_survey(e, out);
	for (size_t i = 0; i < e->oracles.n; i++)
		out->oracles_viable += e->oracles.entry[i].viable;
	for (size_t i = 0; i < e->house.n; i++)
		out->chores[e->house.chore[i]->s.reason]++;
	for (size_t i = 0; i < e->n_active; i++) {
		const struct draw *d = e->active[i];

		out->draws[d->s.reason]++;
		out->bound += draw_is_bound(d);
		note_overdue(e, d, out);
	}
}

void engine_paid(const struct engine *e, struct paid_snapshot *out)
{
	*out = e->paid;
	out->certificates = e->certificates.last;
}
