/* The answer to each method, from JSON to its struct. */
#include "chain/rpc_parse.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc_parse_json.h"

const char *rpc_method_name(enum rpc_method method)
{
#define X(name, text) [RPC_##name] = text,
	static const char *const names[RPC_METHODS] = { RPC_METHOD_TABLE(X) };
#undef X

	return names[method];
}

static bool parse_accounts(struct json_object *result, const struct rpc_question *question, size_t body_len,
	struct rpc_memory *memory, struct rpc_result *out)
{
	struct rpc_accounts *accounts = &out->as.accounts;
	struct json_object *values;
	size_t n;

	if (!rpc_json_context(result, out, &values) || !rpc_json_array(values, &n))
		return false;
	if (n != question->n || n > RPC_ACCOUNTS_MAX)
		return false;
	rpc_memory_reserve(memory, body_len); /* decoded base64 is shorter than its text */
	accounts->at = out->slot;
	accounts->n = n;
	for (size_t i = 0; i < n; i++) {
		if (!rpc_json_account(json_object_array_get_idx(values, i), memory, &accounts->account[i]))
			return false;
	}
	return true;
}

static bool parse_epoch(struct json_object *result, struct rpc_result *out)
{
	struct rpc_epoch *epoch = &out->as.epoch;

	if (!rpc_json_u64(rpc_json_get(result, "absoluteSlot"), &epoch->slot.n) ||
		!rpc_json_u64(rpc_json_get(result, "blockHeight"), &epoch->height.n))
		return false;
	out->has_slot = true;
	out->slot = epoch->slot;
	return true;
}

static bool parse_blockhash(struct json_object *result, struct rpc_result *out)
{
	struct rpc_blockhash *blockhash = &out->as.blockhash;
	struct json_object *value;

	if (!rpc_json_context(result, out, &value))
		return false;
	blockhash->at = out->slot;
	return rpc_json_hash(rpc_json_get(value, "blockhash"), &blockhash->hash) &&
	       rpc_json_u64(rpc_json_get(value, "lastValidBlockHeight"), &blockhash->last_valid.n);
}

/* A block without a time cannot say which round of the beacon follows it. */
static bool parse_block(struct json_object *result, const struct rpc_question *question, struct rpc_result *out)
{
	struct rpc_block *block = &out->as.block;

	block->slot.n = question->n;
	return rpc_json_u64(rpc_json_get(result, "parentSlot"), &block->parent.n) &&
	       rpc_json_hash(rpc_json_get(result, "blockhash"), &block->hash) &&
	       rpc_json_i64(rpc_json_get(result, "blockTime"), &block->time) && block->parent.n < block->slot.n;
}

static int compare_prices(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool parse_fees(struct json_object *result, struct rpc_result *out)
{
	struct rpc_fees *fees = &out->as.fees;
	size_t n;

	if (!rpc_json_array(result, &n) || n > sizeof(fees->price) / sizeof(fees->price[0]))
		return false;
	fees->n = n;
	for (size_t i = 0; i < n; i++) {
		struct json_object *fee = json_object_array_get_idx(result, i);
		if (!rpc_json_u64(rpc_json_get(fee, "prioritizationFee"), &fees->price[i]))
			return false;
	}
	qsort(fees->price, n, sizeof(fees->price[0]), compare_prices);
	return true;
}

static bool parse_result(struct json_object *result, const struct rpc_question *question, size_t body_len,
	struct rpc_memory *memory, struct rpc_result *out)
{
	switch (question->method) {
	case RPC_ACCOUNTS:
		return parse_accounts(result, question, body_len, memory, out);
	case RPC_STATUSES:
		return rpc_parse_statuses(result, question, out);
	case RPC_EPOCH:
		return parse_epoch(result, out);
	case RPC_BLOCKHASH:
		return parse_blockhash(result, out);
	case RPC_FIRST_BLOCK:
		return rpc_json_u64(result, &out->as.first_block.n);
	case RPC_GENESIS:
		return rpc_json_hash(result, &out->as.genesis);
	case RPC_RENT:
		return rpc_json_u64(result, &out->as.rent.n);
	case RPC_FEES:
		return parse_fees(result, out);
	case RPC_SIMULATE:
		return rpc_parse_simulation(result, out);
	case RPC_SEND:
		return rpc_json_signature(result, &out->as.sent);
	case RPC_TRANSACTION:
		return rpc_parse_transaction(result, memory, body_len, out);
	case RPC_SIGNATURES:
		return rpc_parse_signatures(result, question, memory, out);
	case RPC_BLOCK:
		return parse_block(result, question, out);
	case RPC_PROGRAM: /* rpc_parse_program() */
	case RPC_METHODS:
		break;
	}
	return false;
}

enum rpc_outcome rpc_parse(const struct rpc_question *question, const struct rpc_body *body, struct rpc_memory *memory,
	struct rpc_result *out, struct rpc_answer *answer)
{
	struct json_object *root, *result;
	bool has_result;

	if (question->method == RPC_ACCOUNTS && rpc_scan_accounts(question, body, memory, out)) {
		*answer = (struct rpc_answer){ .outcome = RPC_RESULT };
		return RPC_RESULT;
	}
	memset(out, 0, sizeof(*out));
	if (question->method == RPC_PROGRAM)
		return rpc_parse_program(question, body, memory, out, answer);
	result = rpc_json_open(body, question->id, &root, &has_result, answer);
	if (has_result && !parse_result(result, question, body->len, memory, out))
		rpc_json_bad(answer, "not what this method answers");
	rpc_json_free(root);
	return answer->outcome;
}

enum err rpc_outcome_err(enum rpc_outcome outcome)
{
	switch (outcome) {
	case RPC_RESULT:
		return ERR_OK;
	case RPC_RATE_LIMITED:
	case RPC_NOT_JSON:
	case RPC_BEHIND:
	case RPC_UNHEALTHY:
	case RPC_INTERNAL:
		return ERR_RETRY;
	case RPC_REFUSED:
		return ERR_REFUSED;
	case RPC_MALFORMED:
		return ERR_INVALID;
	}
	return ERR_INVALID;
}
