/* The metrics as Prometheus text: one function per group of rows, in the order of the table. */
#include "ops/metrics.h"

#include <inttypes.h>
#include <stdarg.h>

#include "base/version.h"
#include "ops/health.h"

enum metric_type { GAUGE, COUNTER, HISTOGRAM };
static const char *const TYPE_NAMES[] = { [GAUGE] = "gauge", [COUNTER] = "counter", [HISTOGRAM] = "histogram" };

#define X(id, name, type, labels, text) METRIC_##id,
enum metric { METRIC_TABLE(X) METRICS };
#undef X

static const struct metric_def {
	const char *name;
	enum metric_type type;
	const char *labels, *text;
} DEFS[METRICS] = {
#define X(id, name, type, labels, text) { "poolkeeper_" name, type, labels, text },
	METRIC_TABLE(X)
#undef X
};

/* Declares a metric; its samples follow. */
static void head(struct buf *out, enum metric m)
{
	buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", DEFS[m].name, DEFS[m].text, DEFS[m].name,
		TYPE_NAMES[DEFS[m].type]);
}

static void one(struct buf *out, enum metric m, uint64_t value)
{
	head(out, m);
	buf_fmt(out, "%s %" PRIu64 "\n", DEFS[m].name, value);
}

/* Thousandths or millionths, without floating point. */
static void one_ms(struct buf *out, enum metric m, uint64_t ms)
{
	head(out, m);
	buf_fmt(out, "%s %" PRIu64 ".%03" PRIu64 "\n", DEFS[m].name, ms / 1000, ms % 1000);
}

static void one_us(struct buf *out, enum metric m, uint64_t us)
{
	head(out, m);
	buf_fmt(out, "%s %" PRIu64 ".%06" PRIu64 "\n", DEFS[m].name, us / 1000000, us % 1000000);
}

static void sample(struct buf *out, enum metric m, const char *label, const char *value, uint64_t n)
{
	buf_fmt(out, "%s{%s=\"%s\"} %" PRIu64 "\n", DEFS[m].name, label, value, n);
}

static uint64_t age(const struct health_facts *f, uint64_t then_ms)
{
	return f->now_ms > then_ms ? f->now_ms - then_ms : 0;
}

static void write_process(struct buf *out, const struct health_facts *f, const struct health_verdict *v)
{
	head(out, METRIC_BUILD);
	buf_fmt(out, "%s{version=\"%s\",commit=\"%s\",network=\"%s\"} 1\n", DEFS[METRIC_BUILD].name, POOLKEEPER_VERSION,
		POOLKEEPER_COMMIT, f->network);
	one_ms(out, METRIC_UPTIME, age(f, f->started_ms));
	one(out, METRIC_READY, v->ready);
	head(out, METRIC_CHECK);
	for (int i = 0; i < HEALTH_CHECKS; i++)
		sample(out, METRIC_CHECK, "check", HEALTH_CHECK_NAMES[i], v->ok[i]);
	one(out, METRIC_LEADER, f->engine.leader);
}

static void write_ticks(struct buf *out, const struct health_facts *f)
{
	head(out, METRIC_TICKS);
	sample(out, METRIC_TICKS, "result", "ok", f->engine.ticks);
	sample(out, METRIC_TICKS, "result", "failed", f->engine.ticks_failed);
	if (f->engine.ticks > 0)
		one_ms(out, METRIC_TICK_AGE, age(f, f->engine.last_tick_ms));
	one_ms(out, METRIC_TICK_LATE, f->engine.tick_late_ms);
	one_ms(out, METRIC_TICK_TOOK, f->engine.tick_took_ms);
}

static void write_calls(struct buf *out, const struct outside_snapshot *o)
{
	static const char *const outcomes[] = { "ok", "retry", "unknown", "refused", "invalid" };

	head(out, METRIC_RPC);
	for (size_t i = 0; i < o->n_calls; i++) {
		const struct calls_snapshot *c = &o->call[i];
		const uint64_t n[] = { c->ok, c->retry, c->unknown, c->refused, c->invalid };

		for (size_t k = 0; k < 5; k++)
			buf_fmt(out, "%s{endpoint=\"%s\",method=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
				DEFS[METRIC_RPC].name, c->label, c->method, outcomes[k], n[k]);
	}
	head(out, METRIC_RPC_LIMITED);
	for (size_t i = 0; i < o->n_calls; i++)
		buf_fmt(out, "%s{endpoint=\"%s\",method=\"%s\"} %" PRIu64 "\n", DEFS[METRIC_RPC_LIMITED].name,
			o->call[i].label, o->call[i].method, o->call[i].rate_limited);
}

static void write_nodes(struct buf *out, const struct outside_snapshot *o)
{
	head(out, METRIC_RPC_WELL);
	for (size_t i = 0; i < o->n_nodes; i++)
		sample(out, METRIC_RPC_WELL, "endpoint", o->node[i].label, o->node[i].well);
	head(out, METRIC_RPC_LAG);
	for (size_t i = 0; i < o->n_nodes; i++)
		sample(out, METRIC_RPC_LAG, "endpoint", o->node[i].label, o->node[i].lag);
	head(out, METRIC_RPC_LATENCY);
	for (size_t i = 0; i < o->n_nodes; i++)
		buf_fmt(out, "%s{endpoint=\"%s\"} %" PRIu64 ".%06" PRIu64 "\n", DEFS[METRIC_RPC_LATENCY].name,
			o->node[i].label, o->node[i].latency_us / 1000000, o->node[i].latency_us % 1000000);
}

static void write_chain(struct buf *out, const struct health_facts *f)
{
	head(out, METRIC_SLOT);
	sample(out, METRIC_SLOT, "commitment", "confirmed", f->survey.confirmed.n);
	sample(out, METRIC_SLOT, "commitment", "finalized", f->survey.finalized.n);
	if (f->survey.slot_ms != 0)
		one_ms(out, METRIC_SLOT_AGE, age(f, f->survey.slot_ms));
	head(out, METRIC_CHAIN_TIME);
	buf_fmt(out, "%s %" PRId64 "\n", DEFS[METRIC_CHAIN_TIME].name, f->survey.chain_s);
}

static void write_landings(struct buf *out, const struct landings *l)
{
	static const uint64_t bounds[LANDING_BUCKETS - 1] = LANDING_BOUNDS;
	const char *name = DEFS[METRIC_LANDED].name;
	uint64_t n = 0;

	head(out, METRIC_LANDED);
	for (size_t i = 0; i < LANDING_BUCKETS - 1; i++) {
		n += l->bucket[i];
		buf_fmt(out, "%s_bucket{le=\"%" PRIu64 "\"} %" PRIu64 "\n", name, bounds[i], n);
	}
	n += l->bucket[LANDING_BUCKETS - 1];
	buf_fmt(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %" PRIu64 "\n%s_count %" PRIu64 "\n", name, n, name,
		l->slots, name, n);
}

static void write_steps(struct buf *out, const struct health_facts *f)
{
	one(out, METRIC_SENDS, f->engine.sends);
	write_landings(out, &f->engine.landings);
	one(out, METRIC_FEES, f->engine.fee_lamports);
	head(out, METRIC_STEPS);
	for (int step = 0; step < STEP_COUNT; step++)
		for (int state = 0; state < ROW_STATES; state++)
			buf_fmt(out, "%s{step=\"%s\",state=\"%s\"} %" PRIu64 "\n", DEFS[METRIC_STEPS].name,
				STEPS[step].name, row_state_name((enum row_state)state), f->engine.steps[step][state]);
	head(out, METRIC_UNSETTLED);
	for (enum row_state state = ROW_OPEN; state <= ROW_STALE; state++)
		sample(out, METRIC_UNSETTLED, "state", row_state_name(state), f->survey.unsettled[state]);
	one(out, METRIC_PAYOUTS, f->engine.records);
}

const char *metrics_pool_state(int state)
{
	if (state <= POOL_CLOSED)
		return pool_status_name((enum pool_status)state);
	return state == POOLS_UNREAD ? "Unread" : state == POOLS_MISSING ? "Missing" : "Unusable";
}

static void write_reasons(struct buf *out, enum metric metric, const size_t count[REASON_COUNT])
{
	head(out, metric);
	for (int i = 0; i < REASON_COUNT; i++)
		sample(out, metric, "reason", REASONS[i].name, count[i]);
}

static void write_pools(struct buf *out, const struct health_facts *f)
{
	head(out, METRIC_POOLS);
	for (int i = 0; i < POOLS_STATES; i++)
		sample(out, METRIC_POOLS, "state", metrics_pool_state(i), f->survey.pools[i]);
	write_reasons(out, METRIC_DRAWS, f->survey.draws);
	write_reasons(out, METRIC_CHORES, f->survey.chores);
	one(out, METRIC_BOUND, f->survey.bound);
	one(out, METRIC_OVERDUE, (uint64_t)f->survey.late[0].seconds);
	head(out, METRIC_ORACLES);
	sample(out, METRIC_ORACLES, "viable", "yes", f->survey.oracles_viable);
	sample(out, METRIC_ORACLES, "viable", "no", f->survey.oracles - f->survey.oracles_viable);
	if (f->survey.canary_ms != 0)
		one_ms(out, METRIC_CANARY, age(f, f->survey.canary_ms));
	if (f->engine.wallet_known)
		one(out, METRIC_WALLET, f->engine.wallet.n);
	if (f->survey.runway_known)
		one(out, METRIC_RUNWAY, f->survey.runway);
}

static void write_database(struct buf *out, const struct outside_snapshot *o)
{
	one(out, METRIC_DB_UP, o->db_up);
	one(out, METRIC_DB_CONNECTS, o->db_connects);
	head(out, METRIC_DB_STATEMENTS);
	sample(out, METRIC_DB_STATEMENTS, "outcome", "ok", o->db_ok);
	sample(out, METRIC_DB_STATEMENTS, "outcome", "retry", o->db_retry);
	sample(out, METRIC_DB_STATEMENTS, "outcome", "unknown", o->db_unknown);
	sample(out, METRIC_DB_STATEMENTS, "outcome", "refused", o->db_refused);
	one_us(out, METRIC_DB_SECONDS, o->db_us);
	one_us(out, METRIC_DB_LAST, o->db_last_us);
	one(out, METRIC_DB_WAITING, o->db_waiting);
}

static void write_records(struct buf *out, const struct health_facts *f)
{
#define X(name, text) text,
	static const char *const invariants[BREACHES] = { BREACH_TABLE(X) };
#undef X

	head(out, METRIC_SUBMISSIONS);
	sample(out, METRIC_SUBMISSIONS, "answer", "accepted", f->engine.submissions_accepted);
	sample(out, METRIC_SUBMISSIONS, "answer", "rejected", f->engine.submissions_rejected);
	sample(out, METRIC_SUBMISSIONS, "answer", "revoked", f->engine.submissions_revoked);
	one(out, METRIC_REPLAYS, f->engine.replays_refused);
	one(out, METRIC_HISTORIES, f->survey.histories_unread);
	one(out, METRIC_MISMATCHES, f->engine.mismatches);
	head(out, METRIC_INVARIANTS);
	for (int i = 0; i < BREACHES; i++)
		sample(out, METRIC_INVARIANTS, "invariant", invariants[i], f->engine.breaches[i]);
}

static void write_offchain(struct buf *out, const struct health_facts *f)
{
	head(out, METRIC_OFFCHAIN);
	for (unsigned i = 0; i < OFFCHAIN_STATES; i++)
		sample(out, METRIC_OFFCHAIN, "state", offchain_state_name((enum offchain_state)i),
			f->engine.offchain[i]);
	head(out, METRIC_OFFCHAIN_OPEN);
	for (unsigned i = 0; i < OFFCHAIN_STATES; i++)
		if (i != OFFCHAIN_SETTLED && i != OFFCHAIN_REFUNDED)
			sample(out, METRIC_OFFCHAIN_OPEN, "state", offchain_state_name((enum offchain_state)i),
				f->survey.offchain[i]);
	sample(out, METRIC_OFFCHAIN_OPEN, "state", "due", f->survey.offchain_due);
	sample(out, METRIC_OFFCHAIN_OPEN, "state", "halted", f->survey.offchain_halted);
	write_reasons(out, METRIC_OFFCHAIN_WAITS, f->survey.offchain_waits);
	one(out, METRIC_OFFCHAIN_OVERDUE, f->survey.offchain_overdue_s);
}

/* What the engine counts is 0 before it turns. */
void metrics_write(struct buf *out, const struct health_facts *facts, const struct health_verdict *verdict)
{
	write_process(out, facts, verdict);
	write_ticks(out, facts);
	write_calls(out, &facts->outside);
	write_nodes(out, &facts->outside);
	write_chain(out, facts);
	write_steps(out, facts);
	write_pools(out, facts);
	write_database(out, &facts->outside);
	write_records(out, facts);
	write_offchain(out, facts);
}

void metrics_print_table(FILE *out)
{
	fputs("| Metric | Type | Labels | What it is |\n| --- | --- | --- | --- |\n", out);
	for (int i = 0; i < METRICS; i++)
		fprintf(out, "| `%s` | %s | %s | %s |\n", DEFS[i].name, TYPE_NAMES[DEFS[i].type], DEFS[i].labels,
			DEFS[i].text);
}
