/* The metrics, once: names, types, labels and sentences; /metrics and the table in the README both come from these rows.
 *
 * X(id, name after "poolkeeper_", type, labels, "what it is")
 * Names, types and labels are promises: they are never changed, only added to. Seconds, lamports and slots are units of
 * names. Label values are members of closed lists: rpc1 to rpc5, and names from this source. */
#ifndef OPS_METRICS_H
#define OPS_METRICS_H

#include <stdio.h>

#include "base/buf.h"

struct health_facts;
struct health_verdict;

#define METRIC_TABLE(X) \
	X(BUILD, "build_info", GAUGE, "version, commit, network", "Which build this is; always 1.") \
	X(UPTIME, "uptime_seconds", GAUGE, "", "Since this process started.") \
	X(READY, "ready", GAUGE, "", "1 when every check is ok: what /readyz answers.") \
	X(CHECK, "check_ok", GAUGE, "check", "Each check of /readyz by itself.") \
	X(LEADER, "leader", GAUGE, "", "1 while this process holds the lease.") \
	X(TICKS, "ticks_total", COUNTER, "result", "Looks at all pools: ok, or failed when a part was not answered.") \
	X(TICK_AGE, "tick_age_seconds", GAUGE, "", "Since the last complete look; missing before the first.") \
	X(TICK_LATE, "tick_late_seconds", GAUGE, "", "So much later than it was due the last look began: how busy the loop is.") \
	X(TICK_TOOK, "tick_duration_seconds", GAUGE, "", "How long the last look took.") \
	X(RPC, "rpc_requests_total", COUNTER, "endpoint, method, outcome", "Requests to the nodes, by how they ended: ok, retry, unknown, refused, invalid.") \
	X(RPC_LIMITED, "rpc_rate_limited_total", COUNTER, "endpoint, method", "Those of them that met a rate limit.") \
	X(RPC_WELL, "rpc_endpoint_well", GAUGE, "endpoint", "1 while the endpoint is neither down, nor lagging, nor unhealthy.") \
	X(RPC_LAG, "rpc_endpoint_lag_slots", GAUGE, "endpoint", "Behind the newest slot that any endpoint told.") \
	X(RPC_LATENCY, "rpc_endpoint_latency_seconds", GAUGE, "endpoint", "Moving average of its answers.") \
	X(SLOT, "slot", GAUGE, "commitment", "Newest slot known: confirmed; finalized while draws are near.") \
	X(SLOT_AGE, "slot_age_seconds", GAUGE, "", "Since the newest confirmed slot moved.") \
	X(CHAIN_TIME, "chain_time_seconds", GAUGE, "", "Newest Clock of the chain, Unix time.") \
	X(SENDS, "sends_total", COUNTER, "", "Times that a transaction was sent; the same bytes count each time.") \
	X(LANDED, "landed_slots", HISTOGRAM, "", "Slots from the first sending of a step to the slot it landed in.") \
	X(FEES, "fees_lamports_total", COUNTER, "", "Fees of steps that are final or failed on chain.") \
	X(STEPS, "steps_total", COUNTER, "step, state", "Steps that came into this state of the journal.") \
	X(UNSETTLED, "steps_unsettled", GAUGE, "state", "Steps whose fate is not final: open, landed, stale.") \
	X(PAYOUTS, "payouts_recorded_total", COUNTER, "", "Payouts written to the database.") \
	X(POOLS, "pools", GAUGE, "state", "Pools on the list, by their state on chain.") \
	X(DRAWS, "draws", GAUGE, "reason", "Draws that are near or under way, by what they wait for.") \
	X(CHORES, "chores", GAUGE, "reason", "Housekeeping and claims of referrers that are looked at, by what they wait for.") \
	X(BOUND, "draws_bound", GAUGE, "", "Draws whose 3000 slots run.") \
	X(OVERDUE, "overdue_draw_seconds", GAUGE, "", "How long the oldest draw is due that is ours to do; 0 when there is none.") \
	X(ORACLES, "oracles", GAUGE, "viable", "Oracles of the queue as last read, which is while a draw is near.") \
	X(CANARY, "canary_age_seconds", GAUGE, "", "Since an oracle's gateway last answered our canary; missing before the first answer.") \
	X(WALLET, "wallet_lamports", GAUGE, "", "Balance of the dev wallet.") \
	X(RUNWAY, "wallet_runway_draws", GAUGE, "", "Draws that this balance pays for, each at its highest price.") \
	X(DB_UP, "database_up", GAUGE, "", "1 while there is a connection to Postgres.") \
	X(DB_CONNECTS, "database_connects_total", COUNTER, "", "Connections made.") \
	X(DB_STATEMENTS, "database_statements_total", COUNTER, "outcome", "Statements, by how they ended: ok, retry, unknown, refused.") \
	X(DB_SECONDS, "database_statement_seconds_total", COUNTER, "", "Time from sending to answer, of all statements together.") \
	X(DB_LAST, "database_statement_seconds", GAUGE, "", "The same of the last one.") \
	X(DB_WAITING, "database_statements_waiting", GAUGE, "", "Statements that wait for the connection.") \
	X(SUBMISSIONS, "submissions_total", COUNTER, "answer", "Submissions answered: accepted, rejected, revoked.") \
	X(REPLAYS, "replays_refused_total", COUNTER, "", "Submissions rejected because their hash was used before.") \
	X(HISTORIES, "histories_unread", GAUGE, "", "Pools whose transactions are still to be read.") \
	X(MISMATCHES, "pool_mismatches", GAUGE, "", "What does not agree with the chain now, by the invariant watch: keeper.mismatches names it.") \
	X(OFFCHAIN, "offchain_total", COUNTER, "state", "Draws of the database that came into this state; defaulted: no random value until the deadline.") \
	X(OFFCHAIN_OPEN, "offchain_draws", GAUGE, "state", "Draws of the database that are not over; due: not locked yet; halted: those that a human must look at.") \
	X(OFFCHAIN_WAITS, "offchain_waits", GAUGE, "reason", "The same draws, by what they wait for.") \
	X(OFFCHAIN_OVERDUE, "offchain_overdue_seconds", GAUGE, "", "The longest that one of them is past its deadline.") \
	X(INVARIANTS, "invariant_mismatches_total", COUNTER, "invariant", "What must never happen; anything but 0 needs a human.")

/* Prometheus text, format 0.0.4. */
void metrics_write(struct buf *out, const struct health_facts *facts, const struct health_verdict *verdict);
/* A pool's state by its number in struct engine_survey. */
const char *metrics_pool_state(int state);
/* The README's table. */
void metrics_print_table(FILE *out);

#endif
