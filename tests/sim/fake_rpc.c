/* The nodes: each answer comes from some moment of the past, sometimes late, sometimes not at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/base58.h"
#include "core/base64.h"
#include "core/tx.h"
#include "sim/sim.h"

enum {
	ANSWER_MS = 250,
	SLOW_MS = 7000,
	TIMEOUT_MS = 5000,
	UNITS = 120000,
	LOGS = 4,
	LOG_TEXT = 320,
	SIGNATURES_MAX = 64
};

struct rpc {
	int daemon;
};
struct answer_transaction {
	struct rpc_transaction tx;
	char text[LOGS][LOG_TEXT];
	const char *line[LOGS];
};
struct rpc_call_state {
	struct rpc_call *call;
	struct event_ref event;
	enum err err;
	const char *why;
	uint8_t *bytes; /* account data */
	size_t bytes_room;
	void *result;
	size_t result_room;
	struct rpc_signature_info info[SIGNATURES_MAX];
};

/* What one node sees when it answers: indexes of blocks. */
struct view {
	int node;
	size_t tip, confirmed, finalized;
};

struct rpc *sim_rpc_new(int daemon)
{
	struct rpc *rpc = calloc(1, sizeof *rpc);

	if (!rpc)
		abort();
	rpc->daemon = daemon;
	return rpc;
}

void sim_rpc_free(struct rpc *rpc)
{
	free(rpc);
}

void rpc_call_init(struct rpc_call *call)
{
	*call = (struct rpc_call){ .endpoint = RPC_ANY };
	call->state = calloc(1, sizeof *call->state);
	if (!call->state)
		abort();
	call->state->call = call;
}

void rpc_call_fini(struct rpc_call *call)
{
	struct rpc_call_state *s = call->state;

	event_cancel(s->event);
	free(s->bytes);
	free(s->result);
	free(s);
	call->state = NULL;
}

const char *rpc_endpoint_label(const struct rpc *rpc, int endpoint)
{
	static const char *const LABELS[NODES_MAX] = { "rpc1", "rpc2", "rpc3" };

	(void)rpc;
	return endpoint >= 0 && endpoint < NODES_MAX ? LABELS[endpoint] : "none";
}

size_t rpc_endpoint_count(const struct rpc *rpc)
{
	(void)rpc;
	return world.n_nodes;
}

static bool is_down(int node)
{
	return node == world.down && !world_calm();
}

/* A node that does not answer just now is not the best one any more. */
static int node_for(const struct rpc_call *call)
{
	if (call->endpoint >= 0)
		return call->endpoint;
	if (world.favourite >= 0 && !is_down(world.favourite) && !world_fault(world.faults.rpc_lost))
		return world.favourite;
	return (int)random_below(world.n_nodes);
}

static struct view view_of(const struct rpc_call *call)
{
	struct view v = { .node = node_for(call) };
	size_t lag = random_below(2);

	if (world_fault(world.faults.deep_lag))
		lag = random_below(LAG_MAX);
	else if (world_fault(world.faults.lag))
		lag = random_below(8);
	v.tip = chain_tip() - lag;
	v.finalized = chain_root() - lag;
	v.confirmed = v.tip - 1 - random_below(2);
	if (v.confirmed < v.finalized)
		v.confirmed = v.finalized;
	return v;
}

static size_t at_commitment(const struct view *v, enum commitment at)
{
	switch (at) {
	case PROCESSED:
		return v->tip;
	case CONFIRMED:
		return v->confirmed;
	case FINALIZED:
		break;
	}
	return v->finalized;
}

static bool lies(const struct view *v)
{
	return v->node == world.liar;
}

/* Records need two nodes that agree: of two, both must tell what was paid. */
static bool hides_history(const struct view *v)
{
	return lies(v) && world.n_nodes > 2;
}

static bool hides_status(const struct view *v, const struct sim_tx *tx)
{
	return tx->effects.claim_times > 0 ? hides_history(v) : lies(v);
}

/* ---- one call ---- */

static void *result_of(struct rpc_call_state *s, size_t size)
{
	if (s->result_room < size) {
		free(s->result);
		s->result = malloc(size);
		if (!s->result)
			abort();
		s->result_room = size;
	}
	memset(s->result, 0, size);
	return s->result;
}

static void begin(struct rpc_call *call, rpc_done *done)
{
	task_begin(&call->task, done);
	call->state->err = ERR_OK;
	call->state->why = "";
	call->rpc_code = 0;
	call->failure = (struct tx_failure){ 0 };
}

static void fail(struct rpc_call_state *s, enum err err, const char *why)
{
	s->err = err;
	s->why = why;
}

static void end(void *owner)
{
	struct rpc_call_state *s = owner;
	const struct reply reply = { s->err, s->err == ERR_OK ? s->result : NULL, s->why };

	task_end(&s->call->task, &reply);
}

/* The answer is as old as it takes to arrive. */
static void answer(struct rpc *rpc, struct rpc_call *call, const struct view *v)
{
	struct rpc_call_state *s = call->state;
	uint64_t delay = 10 + random_below(ANSWER_MS);

	call->endpoint = v->node;
	if (is_down(v->node) || world_fault(world.faults.rpc_lost)) {
		fail(s, ERR_RETRY, "timeout");
		delay = random_chance(500) ? TIMEOUT_MS : delay;
	} else if (world_fault(world.faults.slow)) {
		delay += random_below(SLOW_MS);
	}
	if (!world_boundary(rpc->daemon))
		s->event = event_at(world.now_ms + delay, rpc->daemon, end, s);
}

static bool below_floor(struct rpc_call_state *s, size_t at, struct slot floor)
{
	if (chain_at(at)->slot.n >= floor.n)
		return false;
	fail(s, ERR_RETRY, "minimum context slot has not been reached");
	return true;
}

/* ---- reads ---- */

void rpc_get_accounts(struct rpc *rpc, struct rpc_call *call, const struct pubkey *keys, size_t n, enum commitment at,
	struct slot floor, rpc_done *done)
{
	const struct view v = view_of(call);
	const size_t index = at_commitment(&v, at);
	struct rpc_call_state *s = call->state;
	struct rpc_accounts *out;

	begin(call, done);
	out = result_of(s, sizeof *out);
	if (s->bytes_room < n * ACCOUNT_BYTES_MAX) {
		free(s->bytes);
		s->bytes_room = n * ACCOUNT_BYTES_MAX;
		s->bytes = malloc(s->bytes_room);
		if (!s->bytes)
			abort();
	}
	if (!below_floor(s, index, floor)) {
		out->at = chain_at(index)->slot;
		out->n = n;
		for (size_t i = 0; i < n; i++)
			account_encode(&out->account[i], s->bytes + i * ACCOUNT_BYTES_MAX, &keys[i], chain_state(index),
				chain_at(index));
	}
	answer(rpc, call, &v);
}

static void status_of(struct rpc_status *out, const struct signature *sig, const struct view *v)
{
	const struct sim_tx *tx = chain_find(sig);

	if (!tx || tx->landed == SIZE_MAX || tx->landed > v->tip || hides_status(v, tx))
		return;
	if (tx->landed > v->finalized && world_fault(world.faults.too_early_absent))
		return;
	out->found = true;
	out->confirmed = tx->landed <= v->confirmed;
	out->finalized = tx->landed <= v->finalized;
	out->failed = tx->failed;
	out->failure = tx->failure;
	out->landed = chain_at(tx->landed)->slot;
}

void rpc_get_statuses(struct rpc *rpc, struct rpc_call *call, const struct signature *sigs, size_t n,
	bool search_history, rpc_done *done)
{
	const struct view v = view_of(call);
	struct rpc_statuses *out;

	if (!search_history)
		violation("R3", "statuses were asked without history");
	begin(call, done);
	out = result_of(call->state, sizeof *out);
	out->at = chain_at(v.tip)->slot;
	out->n = n;
	for (size_t i = 0; i < n; i++) {
		status_of(&out->status[i], &sigs[i], &v);
		forge_status(v.node, &out->status[i], out->at);
	}
	answer(rpc, call, &v);
}

void rpc_get_epoch(struct rpc *rpc, struct rpc_call *call, enum commitment at, rpc_done *done)
{
	const struct view v = view_of(call);
	struct rpc_epoch *out;

	begin(call, done);
	out = result_of(call->state, sizeof *out);
	out->slot = chain_at(at_commitment(&v, at))->slot;
	out->height.n = chain_height(at_commitment(&v, at));
	forge_epoch(v.node, out);
	answer(rpc, call, &v);
}

void rpc_get_blockhash(struct rpc *rpc, struct rpc_call *call, struct slot floor, rpc_done *done)
{
	const struct view v = view_of(call);
	struct rpc_blockhash *out;

	begin(call, done);
	out = result_of(call->state, sizeof *out);
	if (!below_floor(call->state, v.confirmed, floor)) {
		out->hash = chain_at(v.confirmed)->hash;
		out->last_valid.n = chain_height(v.confirmed) + HASH_LIFE;
		out->at = chain_at(v.confirmed)->slot;
		forge_blockhash(v.node, out);
	}
	answer(rpc, call, &v);
}

void rpc_get_first_block(struct rpc *rpc, struct rpc_call *call, rpc_done *done)
{
	const struct view v = view_of(call);
	struct slot *out;

	begin(call, done);
	out = result_of(call->state, sizeof *out);
	out->n = chain_at(0)->slot.n;
	answer(rpc, call, &v);
}

void rpc_get_rent(struct rpc *rpc, struct rpc_call *call, size_t space, rpc_done *done)
{
	const struct view v = view_of(call);
	struct lamports *out;

	begin(call, done);
	out = result_of(call->state, sizeof *out);
	out->n = (128 + space) * 6960;
	answer(rpc, call, &v);
}

void rpc_get_fees(struct rpc *rpc, struct rpc_call *call, const struct pubkey *writable, size_t n, rpc_done *done)
{
	const struct view v = view_of(call);
	struct rpc_fees *out;

	(void)writable;
	(void)n;
	begin(call, done);
	out = result_of(call->state, sizeof *out);
	out->n = 3;
	for (size_t i = 0; i < out->n; i++)
		out->price[i] = 1000 * (i + 1);
	answer(rpc, call, &v);
}

void rpc_simulate(
	struct rpc *rpc, struct rpc_call *call, const uint8_t *tx, size_t len, struct slot floor, rpc_done *done)
{
	static struct state scratch;
	const struct view v = view_of(call);
	const struct block *newest = chain_at(v.confirmed);
	struct block next = *newest;
	struct effects effects;
	struct rpc_simulation *out;

	begin(call, done);
	out = result_of(call->state, sizeof *out);
	if (!below_floor(call->state, v.confirmed, floor)) {
		next.slot.n++;
		scratch = *chain_state(v.confirmed);
		out->ok = program_run(&scratch, tx, len, &next, newest, &out->failure, &effects);
		out->units = UNITS;
		out->at = newest->slot;
	}
	answer(rpc, call, &v);
}

/* ---- sending ---- */

static void under_way(const uint8_t *tx, size_t len)
{
	uint64_t blocks = 1 + random_below(5);

	if (world_sends_vanish() || world_fault(world.faults.send_dropped))
		return;
	if (world_fault(world.faults.send_late))
		blocks = 1 + random_below(160);
	chain_arrive(tx, len, world.now_ms + blocks * BLOCK_MS);
	if (world_fault(world.faults.send_twice))
		chain_arrive(tx, len, world.now_ms + random_below(60) * BLOCK_MS + 1);
}

void rpc_send(struct rpc *rpc, struct rpc_call *call, const uint8_t *tx, size_t len, struct slot floor, rpc_done *done)
{
	const struct view v = view_of(call);
	struct rpc_call_state *s = call->state;
	struct signature *out;

	begin(call, done);
	out = result_of(s, sizeof *out);
	memcpy(out->b, tx + 1, SIGNATURE_SIZE);
	if (world.daemon[rpc->daemon].dying || is_down(v.node) || below_floor(s, v.confirmed, floor)) {
		answer(rpc, call, &v);
		return;
	}
	check_send(rpc->daemon, tx, len);
	/* The bytes leave first: a kill at this call may come before or after. */
	if (random_chance(500) || !world_boundary(rpc->daemon))
		under_way(tx, len);
	if (world_fault(world.faults.send_doubt))
		fail(s, ERR_UNKNOWN, "connection lost");
	answer(rpc, call, &v);
}

/* ---- history ---- */

static void put_logs(struct answer_transaction *out, const struct sim_tx *tx)
{
	static const uint8_t discriminator[8] = { 0x58, 0x44, 0x4c, 0x46, 0xeb, 0xfe, 0x07, 0x5c };
	const struct effects *e = &tx->effects;
	const struct sim_pool *pool = &world.pool[e->pay];
	const struct draw_payout_fact *paid = &e->paid;
	char ml[PUBKEY_TEXT], data[BASE64_TEXT(128)];
	uint8_t event[128] = { 0 };

	base58_pubkey(ml, &ADDRESS_ML);
	memcpy(event, discriminator, sizeof discriminator);
	memcpy(event + 8, pool->address.b, PUBKEY_SIZE);
	store_u64(event + 40, pool->terms.pool_id);
	memcpy(event + 48, paid->to.b, PUBKEY_SIZE);
	store_u64(event + 80, paid->winner);
	store_u64(event + 88, paid->dev);
	store_u64(event + 96, paid->burn);
	store_u64(event + 104, paid->treasury);
	base64_encode(data, event, sizeof event);
	snprintf(out->text[0], LOG_TEXT, "Program %s invoke [1]", ml);
	snprintf(out->text[1], LOG_TEXT, "Program data: %s", data);
	snprintf(out->text[2], LOG_TEXT, "Program %s success", ml);
	out->tx.n_logs = 3;
}

void rpc_get_transaction(
	struct rpc *rpc, struct rpc_call *call, const struct signature *sig, enum commitment at, rpc_done *done)
{
	const struct view v = view_of(call);
	const struct sim_tx *tx = chain_find(sig);
	struct answer_transaction *out;

	begin(call, done);
	out = result_of(call->state, sizeof *out);
	if (tx && tx->landed != SIZE_MAX && tx->landed <= at_commitment(&v, at) && !hides_history(&v)) {
		out->tx = (struct rpc_transaction){ .found = true,
			.failed = tx->failed,
			.has_logs = true,
			.failure = tx->failure,
			.slot = chain_at(tx->landed)->slot,
			.block_time = chain_at(tx->landed)->unix_s,
			.tx = tx->bytes,
			.tx_len = tx->len };
		if (!tx->failed && tx->effects.pay >= 0)
			put_logs(out, tx);
		for (size_t i = 0; i < LOGS; i++)
			out->line[i] = out->text[i];
		out->tx.logs = out->line;
	}
	answer(rpc, call, &v);
}

static void after_before(struct rpc_signatures *out, const struct signature *before)
{
	for (size_t i = 0; before && i < out->n; i++)
		if (signature_equal(&out->info[i].sig, before)) {
			out->info += i + 1;
			out->n -= i + 1;
			return;
		}
}

void rpc_get_signatures(struct rpc *rpc, struct rpc_call *call, const struct pubkey *address,
	const struct signature *before, struct slot floor, unsigned limit, enum commitment at, rpc_done *done)
{
	const struct view v = view_of(call);
	struct rpc_call_state *s = call->state;
	struct rpc_signatures *out;

	begin(call, done);
	out = result_of(s, sizeof *out);
	out->info = s->info;
	if (!below_floor(s, at_commitment(&v, at), floor) && !hides_history(&v) && pool_of_address(address) >= 0)
		out->n = chain_signatures(pool_of_address(address), at_commitment(&v, at), s->info, SIGNATURES_MAX);
	after_before(out, before);
	if (out->n > limit)
		out->n = limit;
	answer(rpc, call, &v);
}
