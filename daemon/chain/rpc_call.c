/* One call from its start to done(): endpoint choice, deadline, failover. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc_state.h"

enum { BODY_MAX = 64 * 1024, FAILOVER_MIN_MS = 50 }; /* 256 signatures take 24 KB */

void rpc_call_init(struct rpc_call *call)
{
	*call = (struct rpc_call){ .endpoint = RPC_ANY };
	call->state = calloc(1, sizeof(*call->state));
	if (!call->state)
		abort();
	call->state->call = call;
	buf_heap(&call->state->body, BODY_MAX);
	for (int i = 0; i < RPC_LEGS; i++)
		call->state->leg[i].owner = call->state;
}

static void stop_legs(struct rpc_call_state *state)
{
	for (int i = 0; i < RPC_LEGS; i++) {
		if (state->leg[i].http.task.busy)
			http_cancel(state->rpc->http, &state->leg[i].http);
	}
}

void rpc_cancel(struct rpc_call *call)
{
	struct rpc_call_state *state = call->state;

	if (!state->rpc)
		return;
	stop_legs(state);
	loop_defer_cancel(state->rpc->loop, &state->defer);
	call->task.busy = false;
}

void rpc_call_fini(struct rpc_call *call)
{
	if (!call->state)
		return;
	rpc_cancel(call);
	buf_free(&call->state->body);
	rpc_memory_free(&call->state->memory);
	free(call->state);
	call->state = NULL;
}

struct rpc_call_state *rpc_begin(
	struct rpc *rpc, struct rpc_call *call, enum rpc_method method, size_t n, rpc_done *done)
{
	struct rpc_call_state *state = call->state;

	assert(call->endpoint == RPC_ANY || (call->endpoint >= 0 && (size_t)call->endpoint < rpc->endpoints.n));
	if (state->rpc)
		stop_legs(state); /* a second leg of sendTransaction may still be out: it reads the body */
	task_begin(&call->task, done);
	call->rpc_code = 0;
	call->failure = (struct tx_failure){ .ix = -1 };
	state->rpc = rpc;
	state->question = (struct rpc_question){ .method = method, .id = rpc->next_id++, .n = n };
	state->at = CONFIRMED;
	state->floor = (struct slot){ 0 };
	state->deadline_ms = loop_mono_ms() + rpc->timeout_ms;
	state->tried = 0;
	state->failed_over = false;
	state->answer = (struct rpc_answer){ .outcome = RPC_RESULT };
	state->why[0] = '\0';
	return state;
}

void rpc_end(struct rpc_call_state *state, enum err err, int endpoint)
{
	struct reply reply = { .err = err, .data = err == ERR_OK ? &state->result.as : NULL, .why = "" };
	struct rpc_call *call = state->call;

	if (err != ERR_OK) {
		const char *name = endpoint >= 0 ? state->rpc->endpoints.at[endpoint].name : "";
		bool named = name[0] == '\0' || strncmp(state->answer.why, name, strlen(name)) == 0; /* by io/http */
		snprintf(state->why, sizeof(state->why), "%s%s%s", named ? "" : name, named ? "" : ": ",
			state->answer.why);
		reply.why = state->why;
	}
	call->endpoint = endpoint;
	call->rpc_code = state->answer.code;
	if (state->answer.tx.failed)
		call->failure = state->answer.tx.failure;
	task_end(&call->task, &reply);
}

static void end_deferred(struct loop_defer *defer)
{
	struct rpc_call_state *state = container_of(defer, struct rpc_call_state, defer);

	rpc_end(state, state->deferred, RPC_ANY);
}

void rpc_end_later(struct rpc_call_state *state, enum err err, const char *why)
{
	state->deferred = err;
	snprintf(state->answer.why, sizeof(state->answer.why), "%s", why);
	loop_defer(state->rpc->loop, &state->defer, end_deferred);
}

void rpc_post(struct rpc_call_state *state, struct rpc_leg *leg, int endpoint, uint32_t deadline_ms,
	void (*done)(struct task *, const struct reply *))
{
	const struct endpoint *to = &state->rpc->endpoints.at[endpoint];

	assert(buf_ok(&state->body));
	state->tried |= 1U << endpoint;
	leg->endpoint = endpoint;
	leg->http.label = to->name;
	leg->http.url = to->url;
	leg->http.headers = RPC_HEADERS;
	leg->http.body = state->body.data;
	leg->http.body_len = state->body.len;
	leg->http.deadline_ms = deadline_ms;
	leg->http.max_reply = state->rpc->max_body;
	http_post(state->rpc->http, &leg->http, done);
}

/* Milliseconds left; 0 when the call's time is over. */
static uint32_t time_left(const struct rpc_call_state *state)
{
	uint64_t now = loop_mono_ms();

	return now < state->deadline_ms ? (uint32_t)(state->deadline_ms - now) : 0;
}

static bool may_ask_elsewhere(const struct rpc_call_state *state, enum rpc_outcome outcome)
{
	switch (outcome) {
	case RPC_RESULT:
	case RPC_REFUSED:
		return false;
	case RPC_RATE_LIMITED:
	case RPC_BEHIND:
	case RPC_UNHEALTHY:
		return true; /* a quick no: every other endpoint may be asked */
	case RPC_NOT_JSON:
	case RPC_INTERNAL:
	case RPC_MALFORMED:
		return !state->failed_over;
	}
	return false;
}

static void post_read(struct rpc_call_state *state, int endpoint, bool may_fail_over);

static void on_answer(struct task *task, const struct reply *reply)
{
	struct rpc_leg *leg = container_of(task, struct rpc_leg, http.task);
	struct rpc_call_state *state = leg->owner;
	struct rpc *rpc = state->rpc;
	bool any = state->call->endpoint == RPC_ANY;
	enum rpc_outcome outcome = rpc_judge(rpc, leg->endpoint, &state->question, state->at, state->floor, reply,
		&state->memory, &state->result, &state->answer);
	enum err err = rpc_outcome_err(outcome);

	rpc_count(rpc, leg->endpoint, state->question.method, err, outcome == RPC_RATE_LIMITED);
	if (any && may_ask_elsewhere(state, outcome) && time_left(state) >= FAILOVER_MIN_MS) {
		int next = endpoints_choose(&rpc->endpoints, state->tried, loop_mono_ms());
		if (next >= 0) {
			state->failed_over = state->failed_over || outcome == RPC_NOT_JSON || outcome == RPC_INTERNAL ||
			                     outcome == RPC_MALFORMED;
			post_read(state, next, !state->failed_over);
			return;
		}
	}
	rpc_end(state, err, leg->endpoint);
}

/* With somebody left to fail over to, a silent endpoint gets half of the time. */
static void post_read(struct rpc_call_state *state, int endpoint, bool may_fail_over)
{
	uint32_t left = time_left(state);
	unsigned others = state->tried | 1U << endpoint;

	if (may_fail_over && endpoints_choose(&state->rpc->endpoints, others, loop_mono_ms()) >= 0)
		left = left / 2;
	rpc_post(state, &state->leg[0], endpoint, left > 0 ? left : 1, on_answer);
}

void rpc_ask(struct rpc_call_state *state)
{
	struct rpc *rpc = state->rpc;
	uint64_t now = loop_mono_ms();
	int endpoint = state->call->endpoint;
	bool any = endpoint == RPC_ANY;
	char why[RPC_WHY];

	if (any)
		endpoint = endpoints_choose(&rpc->endpoints, 0, now);
	if (endpoint >= 0 && endpoint_open(&rpc->endpoints.at[endpoint], now)) {
		post_read(state, endpoint, any);
		return;
	}
	endpoints_explain(&rpc->endpoints, now, why, sizeof(why));
	rpc_end_later(state, ERR_RETRY, why);
}
