/* sendTransaction: the same bytes to the chosen endpoint and to a second one; the first success is the answer. */
#include <stdio.h>
#include <string.h>

#include "chain/rpc_request.h"
#include "chain/rpc_state.h"
#include "core/tx.h"

/* What may have happened, before what did not: the caller acts on the strongest. */
static int weight(enum err err)
{
	switch (err) {
	case ERR_OK:
		return 4;
	case ERR_UNKNOWN:
		return 3;
	case ERR_REFUSED:
		return 2;
	case ERR_RETRY:
		return 1;
	case ERR_INVALID:
		return 0;
	}
	return 0;
}

/* Bytes that reached a node may be on their way to a leader unless the node said that they are not. */
static enum err send_err(enum rpc_outcome outcome, const struct reply *reply, const struct rpc_answer *answer)
{
	switch (outcome) {
	case RPC_RESULT:
		return ERR_OK;
	case RPC_RATE_LIMITED:
	case RPC_BEHIND:
	case RPC_UNHEALTHY:
		return ERR_RETRY;
	case RPC_REFUSED:
		return strcmp(answer->tx.name, "AlreadyProcessed") == 0 ? ERR_UNKNOWN : ERR_REFUSED;
	case RPC_NOT_JSON:
		return reply->err == ERR_RETRY ? ERR_RETRY : ERR_UNKNOWN;
	case RPC_INTERNAL:
	case RPC_MALFORMED:
		return ERR_UNKNOWN;
	}
	return ERR_UNKNOWN;
}

static void on_sent(struct task *task, const struct reply *reply)
{
	struct rpc_leg *leg = container_of(task, struct rpc_leg, http.task);
	struct rpc_call_state *state = leg->owner;
	struct rpc_leg *other = &state->leg[leg == &state->leg[0]];
	struct rpc_memory none = { 0 };
	struct rpc_answer answer;
	struct rpc_result result; /* own: the owner may be reading what the other leg brought */

	enum rpc_outcome outcome = rpc_judge(state->rpc, leg->endpoint, &state->question, state->at, (struct slot){ 0 },
		reply, &none, &result, &answer);
	if (outcome == RPC_RESULT && !signature_equal(&result.as.sent, &state->sending)) {
		outcome = answer.outcome = RPC_MALFORMED;
		snprintf(answer.why, sizeof(answer.why), "answered with the signature of another transaction");
	}
	leg->err = send_err(outcome, reply, &answer);
	rpc_count(state->rpc, leg->endpoint, RPC_SEND, leg->err, outcome == RPC_RATE_LIMITED);
	if (!state->call->task.busy)
		return; /* the other leg has won */
	if (weight(leg->err) >= weight(other->err)) {
		state->answer = answer;
		state->result = result;
	}
	if (leg->err != ERR_OK && other->http.task.busy)
		return;
	if (weight(leg->err) >= weight(other->err))
		rpc_end(state, leg->err, leg->endpoint);
	else
		rpc_end(state, other->err, other->endpoint);
}

static void post(struct rpc_call_state *state, int first)
{
	struct rpc *rpc = state->rpc;
	int second = -1;

	if (state->call->endpoint == RPC_ANY)
		second = endpoints_choose(&rpc->endpoints, 1U << first, loop_mono_ms());
	state->leg[0].err = ERR_INVALID; /* nothing said yet: the lightest */
	state->leg[1].err = ERR_INVALID;
	rpc_post(state, &state->leg[0], first, rpc->timeout_ms, on_sent);
	if (second >= 0 && endpoint_well(&rpc->endpoints.at[second]))
		rpc_post(state, &state->leg[1], second, rpc->timeout_ms, on_sent);
}

void rpc_send(struct rpc *rpc, struct rpc_call *call, const uint8_t *tx, size_t len, struct slot floor, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_SEND, 1, done);
	uint64_t now = loop_mono_ms();
	int first = call->endpoint;
	char why[RPC_WHY];

	if (rpc->dry_run) {
		rpc_end_later(state, ERR_REFUSED, "dry run: nothing is sent");
		return;
	}
	if (len < 1 + SIGNATURE_SIZE || len > TX_SIZE_MAX) {
		rpc_end_later(state, ERR_INVALID, "not a transaction: 65 to 1232 bytes are expected");
		return;
	}
	memcpy(state->sending.b, tx + 1, SIGNATURE_SIZE);
	rpc_request_send(&state->body, state->question.id, tx, len, floor);
	if (first == RPC_ANY)
		first = endpoints_choose(&rpc->endpoints, 0, now);
	if (first >= 0 && endpoint_open(&rpc->endpoints.at[first], now)) {
		post(state, first);
		return;
	}
	endpoints_explain(&rpc->endpoints, now, why, sizeof(why));
	rpc_end_later(state, ERR_RETRY, why);
}
