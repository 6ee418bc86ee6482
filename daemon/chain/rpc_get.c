/* The calls that read: each writes its request and asks. */
#include <assert.h>

#include "chain/rpc_request.h"
#include "chain/rpc_state.h"

void rpc_get_accounts(struct rpc *rpc, struct rpc_call *call, const struct pubkey *keys, size_t n, enum commitment at,
	struct slot floor, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_ACCOUNTS, n, done);

	assert(n <= RPC_ACCOUNTS_MAX);
	state->at = at;
	state->floor = floor;
	rpc_request_accounts(&state->body, state->question.id, keys, n, at, floor);
	rpc_ask(state);
}

void rpc_get_statuses(struct rpc *rpc, struct rpc_call *call, const struct signature *sigs, size_t n,
	bool search_history, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_STATUSES, n, done);

	assert(n <= RPC_STATUSES_MAX);
	state->at = PROCESSED; /* its context slot is always the newest */
	rpc_request_statuses(&state->body, state->question.id, sigs, n, search_history);
	rpc_ask(state);
}

void rpc_get_epoch(struct rpc *rpc, struct rpc_call *call, enum commitment at, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_EPOCH, 0, done);

	state->at = at;
	rpc_request_epoch(&state->body, state->question.id, at);
	rpc_ask(state);
}

void rpc_get_blockhash(struct rpc *rpc, struct rpc_call *call, struct slot floor, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_BLOCKHASH, 0, done);

	state->floor = floor;
	rpc_request_blockhash(&state->body, state->question.id, floor);
	rpc_ask(state);
}

void rpc_get_first_block(struct rpc *rpc, struct rpc_call *call, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_FIRST_BLOCK, 0, done);

	rpc_request_first_block(&state->body, state->question.id);
	rpc_ask(state);
}

void rpc_get_genesis(struct rpc *rpc, struct rpc_call *call, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_GENESIS, 0, done);

	rpc_request_genesis(&state->body, state->question.id);
	rpc_ask(state);
}

void rpc_get_rent(struct rpc *rpc, struct rpc_call *call, size_t space, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_RENT, 0, done);

	rpc_request_rent(&state->body, state->question.id, space);
	rpc_ask(state);
}

void rpc_get_fees(struct rpc *rpc, struct rpc_call *call, const struct pubkey *writable, size_t n, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_FEES, n, done);

	assert(n <= RPC_FEE_KEYS_MAX);
	rpc_request_fees(&state->body, state->question.id, writable, n);
	rpc_ask(state);
}

void rpc_simulate(
	struct rpc *rpc, struct rpc_call *call, const uint8_t *tx, size_t len, struct slot floor, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_SIMULATE, 0, done);

	state->floor = floor;
	rpc_request_simulate(&state->body, state->question.id, tx, len, floor);
	rpc_ask(state);
}

void rpc_get_transaction(
	struct rpc *rpc, struct rpc_call *call, const struct signature *sig, enum commitment at, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_TRANSACTION, 0, done);

	rpc_request_transaction(&state->body, state->question.id, sig, at);
	rpc_ask(state);
}

void rpc_get_signatures(struct rpc *rpc, struct rpc_call *call, const struct pubkey *address,
	const struct signature *before, struct slot floor, unsigned limit, enum commitment at, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_SIGNATURES, limit, done);

	assert(limit > 0 && limit <= RPC_SIGNATURES_MAX);
	state->at = at;
	state->floor = floor;
	rpc_request_signatures(&state->body, state->question.id, address, before, floor, limit, at);
	rpc_ask(state);
}

void rpc_get_program(struct rpc *rpc, struct rpc_call *call, const struct pubkey *program, size_t size, size_t offset,
	const struct pubkey *key, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_PROGRAM, 0, done);

	rpc_request_program(&state->body, state->question.id, program, size, offset, key);
	rpc_ask(state);
}

void rpc_get_block(struct rpc *rpc, struct rpc_call *call, struct slot slot, rpc_done *done)
{
	struct rpc_call_state *state = rpc_begin(rpc, call, RPC_BLOCK, slot.n, done);

	state->at = FINALIZED;
	rpc_request_block(&state->body, state->question.id, slot);
	rpc_ask(state);
}
