/* The judgement: what must hold for this daemon to be of use right now. */
#include "ops/health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define X(name, label) label,
const char *const HEALTH_CHECK_NAMES[HEALTH_CHECKS] = { HEALTH_CHECK_TABLE(X) };
#undef X

static void fail(struct health_verdict *out, enum health_check check, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void fail(struct health_verdict *out, enum health_check check, const char *format, ...)
{
	va_list args;

	out->ready = out->ok[check] = false;
	va_start(args, format);
	vsnprintf(out->why[check], sizeof(out->why[check]), format, args);
	va_end(args);
}

static uint64_t since(const struct health_facts *f, uint64_t then_ms)
{
	return f->now_ms > then_ms ? f->now_ms - then_ms : 0;
}

static uint64_t patience_ms(const struct health_facts *f)
{
	return HEALTH_TICKS_MISSED * f->tick_ms + HEALTH_GRACE_MS;
}

static void check_running(const struct health_facts *f, struct health_verdict *out)
{
	if (f->phase == HEALTH_PHASE_STOPPING)
		fail(out, HEALTH_RUNNING, "stopping: nothing new is opened");
	else if (!f->engine_known)
		fail(out, HEALTH_RUNNING, "starting: endpoints and database are being checked");
}

/* A loop that hung has missed its ticks when it answers again. */
static void check_tick(const struct health_facts *f, struct health_verdict *out)
{
	const struct engine_snapshot *e = &f->engine;

	if (!f->engine_known || e->ticks == 0)
		fail(out, HEALTH_TICK, "no complete look at the pools yet");
	else if (since(f, e->last_tick_ms) > patience_ms(f))
		fail(out, HEALTH_TICK, "the last complete look at the pools was %" PRIu64 " s ago",
			since(f, e->last_tick_ms) / 1000);
}

static void check_rpc(const struct health_facts *f, struct health_verdict *out)
{
	char text[160];
	struct buf list;

	buf_on(&list, text, sizeof(text));
	for (size_t i = 0; i < f->outside.n_nodes; i++) {
		const struct node_snapshot *n = &f->outside.node[i];

		if (n->well)
			return;
		buf_str(&list, i == 0 ? "" : ", ");
		if (n->lagging && !n->down)
			buf_fmt(&list, "%s is %" PRIu64 " slots behind", n->label, n->lag);
		else
			buf_fmt(&list, "%s is %s", n->label, n->down ? "down" : "unhealthy");
	}
	fail(out, HEALTH_RPC, "no endpoint is well: %s", text);
}

static void check_slot(const struct health_facts *f, struct health_verdict *out)
{
	if (!f->engine_known || f->survey.slot_ms == 0)
		fail(out, HEALTH_SLOT, "no slot is known yet");
	else if (since(f, f->survey.slot_ms) > patience_ms(f))
		fail(out, HEALTH_SLOT, "the newest slot %" PRIu64 " has not moved for %" PRIu64 " s",
			f->survey.confirmed.n, since(f, f->survey.slot_ms) / 1000);
}

static void check_database(const struct health_facts *f, struct health_verdict *out)
{
	if (f->engine_known && f->survey.journal_down_since_ms != 0)
		fail(out, HEALTH_DATABASE, "Postgres has been away for %" PRIu64 " s",
			since(f, f->survey.journal_down_since_ms) / 1000);
	else if (!f->outside.db_up)
		fail(out, HEALTH_DATABASE, "not connected to Postgres");
}

static void check_wallet(const struct health_facts *f, struct health_verdict *out)
{
	if (f->engine_known && f->survey.runway_known && f->survey.runway == 0)
		fail(out, HEALTH_WALLET, "%" PRIu64 " lamports do not pay for one draw", f->engine.wallet.n);
}

static void check_draws(const struct health_facts *f, struct health_verdict *out)
{
	const struct engine_survey *s = &f->survey;

	if (f->engine_known && f->engine.leader && s->late[0].seconds > HEALTH_OVERDUE_S)
		fail(out, HEALTH_DRAWS, "%s is overdue for %" PRId64 " s: %s", s->late[0].text, s->late[0].seconds,
			REASONS[s->late[0].reason].name);
}

void health_judge(const struct health_facts *facts, struct health_verdict *out)
{
	*out = (struct health_verdict){ .ready = true };
	for (int i = 0; i < HEALTH_CHECKS; i++)
		out->ok[i] = true;
	check_running(facts, out);
	check_tick(facts, out);
	check_rpc(facts, out);
	check_slot(facts, out);
	check_database(facts, out);
	check_wallet(facts, out);
	check_draws(facts, out);
}

const char *health_role(const struct health_facts *facts)
{
	if (facts->dry_run)
		return "dry_run";
	if (!facts->engine_known || facts->engine.ticks == 0)
		return "starting";
	return facts->engine.leader ? "leader" : "standby";
}
