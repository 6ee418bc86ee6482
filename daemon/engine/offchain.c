/* Draws whose stakes are in Postgres: looks what is to be done, and lets every draw take its next step, nearest deadline first. */
#include "engine/offchain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/parts.h"

enum { SOURCE_BASE_MS = 5000, SOURCE_MAX_MS = 600000, LOOK_AGAIN_MS = 1000 };

void offchain_init(struct engine *e)
{
	struct offchain *o;

	if (!e->m.sources || e->m.sources->n == 0)
		return;
	o = calloc(1, sizeof *o);
	if (!o)
		abort();
	offchain_call_init(&o->look);
	offchain_call_init(&o->verb);
	offchain_call_init(&o->pick.call);
	rpc_call_init(&o->search.rpc);
	drand_call_init(&o->beacon);
	o->e = e;
	e->offchain = o;
}

void offchain_fini(struct engine *e)
{
	struct offchain *o = e->offchain;

	if (!o)
		return;
	offchain_pick_drop(e);
	for (size_t i = 0; i < o->n; i++)
		free(o->draw[i]);
	for (size_t i = 0; i < o->n_candidates; i++)
		free(o->candidate[i]);
	offchain_call_fini(&o->look);
	offchain_call_fini(&o->verb);
	offchain_call_fini(&o->pick.call);
	rpc_call_fini(&o->search.rpc);
	drand_call_fini(&o->beacon);
	free(o);
	e->offchain = NULL;
}

bool offchain_busy(const struct engine *e)
{
	const struct offchain *o = e->offchain;

	return o && (o->look.task.busy || o->verb.task.busy || o->pick.call.task.busy || o->search.rpc.task.busy ||
			    o->beacon.task.busy);
}

void offchain_soon(struct engine *e)
{
	e->offchain->due_ms = 0;
}

struct offchain_draw *offchain_find(const struct engine *e, const struct draw_id *id)
{
	const struct offchain *o = e->offchain;

	for (size_t i = 0; i < o->n; i++)
		if (memcmp(o->draw[i]->facts.row.draw.b, id->b, DRAW_ID_SIZE) == 0)
			return o->draw[i];
	return NULL;
}

static bool waits_for_chain(const struct offchain_row *row)
{
	return row->state == OFFCHAIN_LOCKED && row->block_slot.n == 0;
}

bool offchain_hot(const struct engine *e)
{
	for (size_t i = 0; e->offchain && i < e->offchain->n; i++)
		if (waits_for_chain(&e->offchain->draw[i]->facts.row))
			return true;
	return false;
}

void offchain_survey(const struct engine *e, struct engine_survey *out)
{
	for (size_t i = 0; e->offchain && i < e->offchain->n; i++) {
		const struct offchain_facts *f = &e->offchain->draw[i]->facts;
		const int64_t late_s = offchain_now_ms(f) / 1000 - f->row.deadline_s;

		if (f->row.state == OFFCHAIN_SETTLED || f->row.state == OFFCHAIN_REFUNDED)
			continue;
		out->offchain[f->row.state]++;
		out->offchain_halted += f->row.halted[0] != '\0';
		out->offchain_waits[e->offchain->draw[i]->reason]++;
		if (late_s > 0 && (uint64_t)late_s > out->offchain_overdue_s)
			out->offchain_overdue_s = (uint64_t)late_s;
	}
}

/* ---- rows ---- */

static struct offchain_draw *add(struct engine *e)
{
	struct offchain *o = e->offchain;
	struct offchain_draw *d;

	if (o->n == OFFCHAIN_DRAWS_MAX)
		return NULL;
	d = calloc(1, sizeof *d);
	if (!d)
		abort();
	d->facts.around = &e->around;
	o->draw[o->n++] = d;
	return d;
}

/* What this daemon found out itself is worth nothing once the row has it. */
void offchain_take_row(struct engine *e, const struct offchain_row *row)
{
	struct offchain_draw *d = offchain_find(e, &row->draw);

	if (!d)
		d = add(e);
	if (!d)
		return;
	d->facts.row = *row;
	d->facts.row_ms = e->around.now_ms;
	d->facts.source_known = source_find(e->m.sources, row->source) != NULL;
	d->facts.has_key = !row->beacon && vrf_keys_find(e->m.vrf, &row->vrf_key) != NULL;
	d->listed = true;
	d->wake_ms = 0;
}

static void forget_unlisted(struct engine *e)
{
	struct offchain *o = e->offchain;
	size_t kept = 0;

	for (size_t i = 0; i < o->n; i++) {
		if (o->draw[i]->listed)
			o->draw[kept++] = o->draw[i];
		else
			free(o->draw[i]);
	}
	o->n = kept;
}

static int by_deadline(const void *a, const void *b)
{
	const struct offchain_draw *const *x = a, *const *y = b;
	const int64_t dx = (*x)->facts.row.deadline_s, dy = (*y)->facts.row.deadline_s;

	return dx < dy ? -1 : dx > dy;
}

static void take_rows(struct engine *e, const struct offchain_call *look)
{
	struct offchain *o = e->offchain;

	for (size_t i = 0; i < o->n; i++)
		o->draw[i]->listed = false;
	/* Those that are gone make room first. */
	for (size_t i = 0; i < look->n; i++) {
		struct offchain_draw *d = offchain_find(e, &look->row[i].draw);

		if (d)
			d->listed = true;
	}
	forget_unlisted(e);
	for (size_t i = 0; i < look->n; i++)
		offchain_take_row(e, &look->row[i]);
	if (o->n > 1)
		qsort(o->draw, o->n, sizeof o->draw[0], by_deadline);
}

/* ---- the look ---- */

static void note_source(struct engine *e, const struct source_def *source, bool ok, const char *why)
{
	struct offchain *o = e->offchain;
	const size_t i = (size_t)(source - e->m.sources->at);

	attempts_note(&o->source[i], e->around.now_ms, ok);
	if (!ok && strncmp(o->source_fault[i], why, OFFCHAIN_WHY - 1) != 0)
		log_warn("offchain.source_failed", "source=%s statement=due why=%s next=retry", source->name, why);
	(void)snprintf(o->source_fault[i], OFFCHAIN_WHY, "%s", ok ? "" : why);
}

static void on_look(struct task *task, const struct reply *reply)
{
	struct offchain *o = container_of(container_of(task, struct offchain_call, task), struct offchain, look);
	struct engine *e = o->e;
	const bool faulty = reply->err == ERR_OK && o->look.fault[0] != '\0';

	if (o->asked && (reply->err != ERR_OK || faulty))
		note_source(e, o->asked, false, faulty ? o->look.fault : reply->why);
	else if (o->asked)
		note_source(e, o->asked, true, "");
	if (reply->err != ERR_OK) {
		log_warn("offchain.look_failed", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
		o->due_ms = e->around.now_ms + LOOK_AGAIN_MS;
		return;
	}
	take_rows(e, &o->look);
	if (o->asked && !faulty)
		offchain_take_due(e, &o->look);
	offchain_list_anchors(e);
}

/* The next one whose turn it is; NULL: all of them failed not long ago. */
static const struct source_def *source_in_turn(struct engine *e)
{
	struct offchain *o = e->offchain;

	for (size_t i = 0; i < e->m.sources->n; i++) {
		const size_t k = o->next_source++ % e->m.sources->n;

		if (attempts_ready(&o->source[k], e->around.now_ms, SOURCE_BASE_MS, SOURCE_MAX_MS))
			return &e->m.sources->at[k];
	}
	return NULL;
}

/* Each source once per interval. */
static void look(struct engine *e)
{
	struct offchain *o = e->offchain;

	o->fence = e->tick.fence;
	o->due_ms = e->around.now_ms + e->config.offchain_ms / e->m.sources->n;
	o->asked = source_in_turn(e);
	offchain_work(e->m.journal, &o->look, o->asked ? o->asked->sql[SOURCE_DUE] : NULL, on_look);
}

static bool drives(const struct engine *e)
{
	return e->offchain && e->around.leader && !e->policy.dry_run && !e->around.stopping && e->tick.fence != 0 &&
	       e->counters.ticks > 0 && e->around.journal_down_since_ms == 0;
}

void offchain_turn(struct engine *e)
{
	struct offchain *o = e->offchain;

	if (!drives(e))
		return;
	if (!o->look.task.busy && !o->verb.task.busy && (o->fence != e->tick.fence || e->around.now_ms >= o->due_ms))
		look(e);
	if (o->fence != e->tick.fence)
		return;
	offchain_pick_turn(e);
	for (size_t i = 0; i < o->n; i++)
		offchain_advance(e, o->draw[i]);
	offchain_search_turn(e);
	offchain_lock_next(e);
}

uint64_t offchain_wake_ms(const struct engine *e)
{
	const struct offchain *o = e->offchain;
	uint64_t wake = UINT64_MAX;

	if (!drives(e))
		return wake;
	if (!o->look.task.busy)
		wake = o->due_ms > e->around.now_ms ? o->due_ms : e->around.now_ms + 1;
	for (size_t i = 0; i < o->n; i++) {
		const uint64_t at = o->draw[i]->wake_ms;

		if (at > e->around.now_ms && at < wake)
			wake = at;
	}
	return wake;
}
