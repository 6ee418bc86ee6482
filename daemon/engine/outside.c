/* What the endpoints and the database are like, as plain values. */
#include "chain/rpc.h"
#include "engine/snapshot.h"
#include "io/db.h"

_Static_assert((int)SNAPSHOT_NODES == (int)RPC_ENDPOINTS_MAX, "every endpoint has its place");

static void take_nodes(const struct rpc *rpc, struct outside_snapshot *out)
{
	out->n_nodes = rpc_endpoint_count(rpc);
	for (size_t i = 0; i < out->n_nodes; i++) {
		const struct rpc_node n = rpc_node(rpc, i);

		out->node[i] = (struct node_snapshot){ n.label, n.well, n.down, n.sick, n.lagging, n.lag,
			n.latency_us };
	}
}

static void take_calls(const struct rpc *rpc, struct outside_snapshot *out)
{
	struct rpc_counter counter[SNAPSHOT_CALLS];
	const size_t n = rpc_counters(rpc, counter, SNAPSHOT_CALLS);

	for (size_t i = 0; i < n; i++) {
		const struct rpc_counter *c = &counter[i];

		if (c->ok + c->retry + c->unknown + c->refused + c->invalid > 0)
			out->call[out->n_calls++] = (struct calls_snapshot){ c->endpoint, c->method, c->ok, c->retry,
				c->unknown, c->refused, c->invalid, c->rate_limited };
	}
}

void outside_snapshot(const struct rpc *rpc, const struct db *db, struct outside_snapshot *out)
{
	const struct db_stats stats = db_stats(db);

	*out = (struct outside_snapshot){ .db_up = db_up(db),
		.db_busy = stats.busy,
		.db_waiting = stats.waiting,
		.db_connects = stats.connects,
		.db_ok = stats.ok,
		.db_retry = stats.retry,
		.db_unknown = stats.unknown,
		.db_refused = stats.refused,
		.db_us = stats.us,
		.db_last_us = stats.last_us };
	take_nodes(rpc, out);
	take_calls(rpc, out);
}
