/* What the files daemon/chain/rpc*.c share: one client, one call in flight. Private to them. */
#ifndef CHAIN_RPC_STATE_H
#define CHAIN_RPC_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "chain/endpoints.h"
#include "chain/rpc.h"
#include "chain/rpc_parse.h"
#include "io/http.h"
#include "io/loop.h"

/* One HTTP request of a call. */
struct rpc_leg {
	struct http_call http;
	struct rpc_call_state *owner;
	int endpoint;
	enum err err; /* sendTransaction: how this leg ended */
};

enum { RPC_LEGS = 2 }; /* a transaction goes to two endpoints at once; everything else uses the first leg */

struct rpc_call_state {
	struct rpc_call *call;
	struct rpc *rpc;
	struct rpc_question question;
	enum commitment at; /* of the context slot of the answer */
	struct slot floor;
	struct buf body;
	struct rpc_memory memory;
	struct rpc_result result;
	struct rpc_answer answer;
	struct signature sending; /* sendTransaction: first signature of the bytes */
	uint64_t deadline_ms;
	unsigned tried;   /* bit per endpoint */
	bool failed_over; /* after an endpoint that did not speak */
	struct loop_defer defer;
	enum err deferred;
	struct rpc_leg leg[RPC_LEGS];
	char why[RPC_WHY + ENDPOINT_NAME];
};

struct rpc_probe {
	struct rpc *rpc;
	struct http_call http;
	struct buf body;
	uint64_t id;
	enum commitment at;
};

struct rpc {
	struct loop *loop;
	struct http *http;
	struct loop_timer *probe_timer;
	char *url[RPC_ENDPOINTS_MAX]; /* owned */
	struct endpoints endpoints;
	struct rpc_probe probe[RPC_ENDPOINTS_MAX];
	struct rpc_counter counter[RPC_ENDPOINTS_MAX][RPC_METHODS];
	unsigned timeout_ms;
	unsigned max_body;
	bool dry_run;
	uint64_t next_id;
};

extern const char *const RPC_HEADERS[]; /* for http_call.headers */

/* A new call: remembers the question with a fresh id; the caller writes state->body next. */
struct rpc_call_state *rpc_begin(
	struct rpc *rpc, struct rpc_call *call, enum rpc_method method, size_t n, rpc_done *done);
/* Sends state->body to the endpoint asked for or the best one, with failover. */
void rpc_ask(struct rpc_call_state *state);
/* Ends the call from the loop, never inside the call that started it. */
void rpc_end_later(struct rpc_call_state *state, enum err err, const char *why);
/* Ends the call now: state->answer and state->result are what the owner gets. */
void rpc_end(struct rpc_call_state *state, enum err err, int endpoint);

/* Fills a leg and posts it. */
void rpc_post(struct rpc_call_state *state, struct rpc_leg *leg, int endpoint, uint32_t deadline_ms,
	void (*done)(struct task *, const struct reply *));

/* Reads what came back from an endpoint and writes down what it says about that endpoint. floor as in the request. */
enum rpc_outcome rpc_judge(struct rpc *rpc, int endpoint, const struct rpc_question *question, enum commitment at,
	struct slot floor, const struct reply *reply, struct rpc_memory *memory, struct rpc_result *result,
	struct rpc_answer *answer);
/* Counts how one request ended. */
void rpc_count(struct rpc *rpc, int endpoint, enum rpc_method method, enum err err, bool rate_limited);

/* Sets the timer for the next probe of an endpoint that is not well. */
void rpc_probe_arm(struct rpc *rpc);
void rpc_probe_init(struct rpc *rpc);
void rpc_probe_fini(struct rpc *rpc);

#endif
