/* Draws whose stakes are in Postgres: looks what is to be done, and lets every draw take its next step, nearest deadline first. */
#include "engine/offchain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/parts.h"

enum { LOOK_AGAIN_MS = 1000 };

static void begin_lane(struct offchain *o, struct offchain_lane *lane)
{
	lane->o = o;
	offchain_call_init(&lane->call);
}

void offchain_init(struct engine *e)
{
	struct offchain *o;

	if (!e->m.sources || e->m.sources->n == 0)
		return;
	o = calloc(1, sizeof *o);
	if (!o)
		abort();
	offchain_call_init(&o->look);
	offchain_call_init(&o->due);
	begin_lane(o, &o->own);
	begin_lane(o, &o->run);
	offchain_call_init(&o->pick.call);
	rpc_call_init(&o->search.rpc);
	offchain_tell_init(&o->tell);
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
	offchain_call_fini(&o->due);
	offchain_call_fini(&o->own.call);
	offchain_call_fini(&o->run.call);
	offchain_call_fini(&o->pick.call);
	rpc_call_fini(&o->search.rpc);
	offchain_tell_fini(&o->tell);
	drand_call_fini(&o->beacon);
	free(o);
	e->offchain = NULL;
}

bool offchain_busy(const struct engine *e)
{
	const struct offchain *o = e->offchain;

	return o &&
	       (o->look.task.busy || o->due.task.busy || o->own.call.task.busy || o->run.call.task.busy ||
		       o->pick.call.task.busy || o->search.rpc.task.busy || o->beacon.task.busy || o->tell.task.busy);
}

void offchain_soon(struct engine *e)
{
	e->offchain->look_ms = 0;
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

static bool is_over(const struct offchain_row *row)
{
	return row->state == OFFCHAIN_SETTLED || row->state == OFFCHAIN_REFUNDED;
}

void offchain_survey(const struct engine *e, struct engine_survey *out)
{
	for (size_t i = 0; e->offchain && i < e->offchain->n; i++) {
		const struct offchain_facts *f = &e->offchain->draw[i]->facts;
		const int64_t late_s = offchain_now_ms(f) / 1000 - f->row.deadline_s;

		if (is_over(&f->row))
			continue;
		out->offchain[f->row.state]++;
		out->offchain_halted += f->row.halted[0] != '\0';
		out->offchain_waits[e->offchain->draw[i]->reason]++;
		if (late_s > 0 && (uint64_t)late_s > out->offchain_overdue_s)
			out->offchain_overdue_s = (uint64_t)late_s;
	}
	if (!e->offchain)
		return;
	out->offchain_due = e->offchain->n_candidates;
	for (size_t i = 0; i < e->offchain->n_candidates; i++)
		out->offchain_waits[e->offchain->candidate[i]->reason]++;
}

static void count(struct engine_snapshot *out, enum reason reason)
{
	if (REASONS[reason].level == REASON_INFO)
		out->due_unfinished++;
	else
		out->blocked++;
}

void offchain_count(const struct engine *e, struct engine_snapshot *out)
{
	const struct offchain *o = e->offchain;

	if (!o || !e->around.leader || e->policy.dry_run)
		return;
	out->due_unfinished += !o->looked;
	for (size_t i = 0; i < e->m.sources->n; i++)
		out->due_unfinished += !o->source[i].asked;
	for (size_t i = 0; i < o->n; i++)
		if (!is_over(&o->draw[i]->facts.row))
			count(out, o->draw[i]->reason);
	for (size_t i = 0; i < o->n_candidates; i++)
		count(out, o->candidate[i]->reason);
}

/* ---- sources ---- */

struct offchain_source *offchain_source(const struct engine *e, const char *name)
{
	const struct source_def *source = source_find(e->m.sources, name);

	return source ? &e->offchain->source[source - e->m.sources->at] : NULL;
}

static int by_turn(const void *a, const void *b)
{
	const struct offchain_draw *const *x = a, *const *y = b;

	return offchain_order(&(*x)->facts, &(*y)->facts);
}

static void sort(struct offchain *o)
{
	if (o->n > 1)
		qsort(o->draw, o->n, sizeof o->draw[0], by_turn);
}

static void say_fault(struct offchain_source *s, const char *name, const char *statement, const char *why)
{
	if (strncmp(s->fault, why, OFFCHAIN_WHY - 1) != 0)
		log_warn("offchain.source_failed", "source=%s statement=%s why=%s next=retry", name, statement, why);
	(void)snprintf(s->fault, sizeof s->fault, "%s", why);
}

void offchain_note_run(
	struct engine *e, const struct source_def *source, const char *statement, const struct reply *reply)
{
	struct offchain *o = e->offchain;
	struct offchain_source *s = &o->source[source - e->m.sources->at];
	const bool in_time = reply->err == ERR_OK || reply->err == ERR_REFUSED || reply->err == ERR_INVALID;

	attempts_note(&s->run, e->around.now_ms, in_time);
	if (!in_time)
		say_fault(s, source->name, statement, reply->why);
	for (size_t i = 0; i < o->n; i++) {
		if (strcmp(o->draw[i]->facts.row.source, source->name) != 0)
			continue;
		o->draw[i]->facts.source = s->run;
		o->draw[i]->wake_ms = 0;
	}
	sort(o);
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
static struct offchain_draw *take_row(struct engine *e, const struct offchain_row *row)
{
	struct offchain_draw *d = offchain_find(e, &row->draw);
	const struct offchain_source *source = offchain_source(e, row->source);

	if (!d)
		d = add(e);
	if (!d)
		return NULL;
	d->facts.row = *row;
	d->facts.row_ms = e->around.now_ms;
	offchain_saw_database(e, row->now_ms);
	d->facts.source_known = source != NULL;
	if (source)
		d->facts.source = source->run;
	d->facts.has_key = !row->beacon && vrf_keys_find(e->m.vrf, &row->vrf_key) != NULL;
	d->listed = true;
	d->wake_ms = 0;
	return d;
}

void offchain_take_row(struct engine *e, const struct offchain_row *row)
{
	struct offchain_draw *d = take_row(e, row);

	if (d)
		d->said = true;
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

static void take_rows(struct engine *e, const struct offchain_call *look)
{
	struct offchain *o = e->offchain;

	for (size_t i = 0; i < o->n; i++)
		o->draw[i]->listed = o->draw[i]->said;
	/* Those that are gone make room first. */
	for (size_t i = 0; i < look->n; i++) {
		struct offchain_draw *d = offchain_find(e, &look->row[i].draw);

		if (d)
			d->listed = true;
	}
	forget_unlisted(e);
	for (size_t i = 0; i < look->n; i++) {
		const struct offchain_draw *d = offchain_find(e, &look->row[i].draw);

		if (!d || !d->said)
			(void)take_row(e, &look->row[i]);
	}
	sort(o);
}

/* ---- the look ---- */

static void on_look(struct task *task, const struct reply *reply)
{
	struct offchain *o = container_of(container_of(task, struct offchain_call, task), struct offchain, look);
	struct engine *e = o->e;

	if (reply->err != ERR_OK) {
		log_warn("offchain.look_failed", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
		o->look_ms = e->around.now_ms + LOOK_AGAIN_MS;
		return;
	}
	o->looked = true;
	take_rows(e, &o->look);
	offchain_list_anchors(e);
}

static void look(struct engine *e)
{
	struct offchain *o = e->offchain;

	if (o->fence != e->tick.fence)
		o->changed = true; /* what another daemon told is worth nothing any more */
	o->fence = e->tick.fence;
	o->look_ms = e->around.now_ms + e->config.offchain_ms / e->m.sources->n;
	for (size_t i = 0; i < o->n; i++)
		o->draw[i]->said = false;
	offchain_work(e->m.journal, &o->look, on_look);
}

/* ---- what is due ---- */

static void on_due(struct task *task, const struct reply *reply)
{
	struct offchain *o = container_of(container_of(task, struct offchain_call, task), struct offchain, due);
	struct engine *e = o->e;
	struct offchain_source *s = &o->source[o->asked - e->m.sources->at];
	const bool ok = reply->err == ERR_OK && o->due.fault[0] == '\0';

	s->asked = true;
	attempts_note(&s->due, e->around.now_ms, ok);
	if (ok) {
		if (s->run.failures == 0)
			s->fault[0] = '\0';
		offchain_take_due(e, &o->due);
	} else {
		say_fault(s, o->asked->name, "due", reply->err == ERR_OK ? o->due.fault : reply->why);
	}
}

/* The next one whose turn it is; NULL: all of them failed not long ago. */
static const struct source_def *source_in_turn(struct engine *e)
{
	struct offchain *o = e->offchain;

	for (size_t i = 0; i < e->m.sources->n; i++) {
		const size_t k = o->next_source++ % e->m.sources->n;

		if (attempts_ready(
			    &o->source[k].due, e->around.now_ms, OFFCHAIN_SOURCE_BASE_MS, OFFCHAIN_SOURCE_MAX_MS))
			return &e->m.sources->at[k];
	}
	return NULL;
}

/* Each source once per interval. */
static void ask_due(struct engine *e)
{
	struct offchain *o = e->offchain;

	o->ask_ms = e->around.now_ms + e->config.offchain_ms / e->m.sources->n;
	o->asked = source_in_turn(e);
	if (o->asked)
		offchain_ask_due(e->m.journal, &o->due, o->asked->sql[SOURCE_DUE],
			offchain_source(e, o->asked->name)->after, on_due);
}

/* ---- together ---- */

static bool drives(const struct engine *e)
{
	return e->offchain && e->around.leader && !e->policy.dry_run && !e->around.stopping && e->tick.fence != 0 &&
	       e->counters.ticks > 0 && e->around.journal_down_since_ms == 0;
}

static bool may_look(const struct offchain *o)
{
	return !o->look.task.busy && !o->own.call.task.busy;
}

static bool may_ask(const struct offchain *o)
{
	return !o->due.task.busy && !o->run.call.task.busy;
}

void offchain_turn(struct engine *e)
{
	struct offchain *o = e->offchain;
	size_t i = 0;

	if (!drives(e))
		return;
	if (may_look(o) && (o->fence != e->tick.fence || e->around.now_ms >= o->look_ms))
		look(e);
	if (o->fence != e->tick.fence)
		return;
	if (may_ask(o) && e->around.now_ms >= o->ask_ms)
		ask_due(e);
	offchain_pick_turn(e);
	for (; i < o->n && o->draw[i]->facts.source.failures == 0; i++)
		offchain_advance(e, o->draw[i]);
	offchain_lock_next(e, true);
	for (; i < o->n; i++)
		offchain_advance(e, o->draw[i]);
	offchain_lock_next(e, false);
	offchain_waits_turn(e);
	offchain_search_turn(e);
}

uint64_t offchain_wake_ms(const struct engine *e)
{
	const struct offchain *o = e->offchain;
	uint64_t wake = UINT64_MAX;

	if (!drives(e))
		return wake;
	if (may_look(o))
		wake = o->look_ms;
	if (may_ask(o) && o->ask_ms < wake)
		wake = o->ask_ms;
	if (wake <= e->around.now_ms)
		wake = e->around.now_ms + 1;
	for (size_t i = 0; i < o->n; i++) {
		const uint64_t at = o->draw[i]->wake_ms;

		if (at > e->around.now_ms && at < wake)
			wake = at;
	}
	return wake;
}
