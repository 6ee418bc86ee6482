/* Answers about transactions: statuses, simulations, whole transactions, lists of signatures. */
#include <json-c/json.h>
#include <string.h>

#include "chain/rpc_parse_json.h"
#include "core/base58.h"
#include "core/memo.h"
#include "core/tx.h"

static bool text_is(struct json_object *value, const char *text)
{
	const char *got;
	size_t len;

	return rpc_json_text(value, &got, &len) && strcmp(got, text) == 0;
}

/* at: the newest slot that the node says it knows of. */
static bool parse_status(struct json_object *value, struct slot at, struct rpc_status *out)
{
	struct json_object *level = rpc_json_get(value, "confirmationStatus");
	struct rpc_tx_error error;

	*out = (struct rpc_status){ .found = value != NULL };
	if (!value)
		return true;
	if (!rpc_json_u64(rpc_json_get(value, "slot"), &out->landed.n) ||
		!rpc_json_tx_error(rpc_json_get(value, "err"), NULL, &error) || out->landed.n > at.n)
		return false;
	out->failed = error.failed;
	out->failure = error.failure;
	if (level) {
		out->finalized = text_is(level, "finalized");
		out->confirmed = out->finalized || text_is(level, "confirmed");
		return out->confirmed || text_is(level, "processed");
	}
	/* Without the field, only "confirmations": null (rooted) is certain. */
	out->finalized = rpc_json_has(value, "confirmations") && !rpc_json_get(value, "confirmations");
	out->confirmed = out->finalized;
	return true;
}

bool rpc_parse_statuses(struct json_object *result, const struct rpc_question *question, struct rpc_result *out)
{
	struct rpc_statuses *statuses = &out->as.statuses;
	struct json_object *values;
	size_t n;

	if (!rpc_json_context(result, out, &values) || !rpc_json_array(values, &n))
		return false;
	if (n != question->n || n > RPC_STATUSES_MAX)
		return false;
	statuses->at = out->slot;
	statuses->n = n;
	for (size_t i = 0; i < n; i++) {
		if (!parse_status(json_object_array_get_idx(values, i), statuses->at, &statuses->status[i]))
			return false;
	}
	return true;
}

bool rpc_parse_simulation(struct json_object *result, struct rpc_result *out)
{
	struct rpc_simulation *simulation = &out->as.simulation;
	struct json_object *value, *units;
	struct rpc_tx_error error;

	if (!rpc_json_context(result, out, &value) || !rpc_json_has(value, "err") ||
		!rpc_json_tx_error(rpc_json_get(value, "err"), rpc_json_get(value, "logs"), &error))
		return false;
	simulation->at = out->slot;
	simulation->ok = !error.failed;
	simulation->failure = error.failure;
	simulation->failed_program = error.program;
	simulation->blockhash_not_found = strcmp(error.name, "BlockhashNotFound") == 0;
	simulation->account_not_found = strcmp(error.name, "AccountNotFound") == 0;
	memcpy(simulation->log, error.log, sizeof(simulation->log));
	units = rpc_json_get(value, "unitsConsumed");
	return !units || rpc_json_u64(units, &simulation->units);
}

static bool parse_loaded(struct json_object *list, struct rpc_memory *memory, const struct pubkey **keys, size_t *n)
{
	*n = 0;
	if (!list)
		return true;
	if (!rpc_json_array(list, n) || *n > 256)
		return false;
	struct pubkey *out = rpc_memory_take(memory, *n * sizeof(*out), 1);
	for (size_t i = 0; i < *n; i++) {
		if (!rpc_json_pubkey(json_object_array_get_idx(list, i), &out[i]))
			return false;
	}
	*keys = out;
	return true;
}

static bool parse_logs(struct json_object *list, struct rpc_memory *memory, struct rpc_transaction *out)
{
	const char *text;
	size_t len;

	out->has_logs = list != NULL;
	if (!list)
		return true;
	if (!rpc_json_array(list, &out->n_logs))
		return false;
	const char **lines = rpc_memory_take(memory, out->n_logs * sizeof(*lines), _Alignof(const char *));
	for (size_t i = 0; i < out->n_logs; i++) {
		if (!rpc_json_text(json_object_array_get_idx(list, i), &text, &len))
			return false;
		char *copy = rpc_memory_take(memory, len + 1, 1);
		memcpy(copy, text, len + 1);
		lines[i] = copy;
		out->logs_truncated = out->logs_truncated || strcmp(copy, "Log truncated") == 0;
	}
	out->logs = lines;
	return true;
}

static bool parse_inner(struct json_object *value, uint8_t outer, struct rpc_memory *memory, struct tx_inner *out)
{
	struct json_object *list = rpc_json_get(value, "accounts");
	uint64_t index;
	const char *data;
	size_t len;

	*out = (struct tx_inner){ .outer = outer };
	if (!rpc_json_u64(rpc_json_get(value, "programIdIndex"), &index) || index > 255)
		return false;
	out->program = (uint8_t)index;
	if (!rpc_json_array(list, &out->n_accounts) || !rpc_json_text(rpc_json_get(value, "data"), &data, &len))
		return false;
	uint8_t *accounts = rpc_memory_take(memory, out->n_accounts, 1);
	for (size_t i = 0; i < out->n_accounts; i++) {
		if (!rpc_json_u64(json_object_array_get_idx(list, i), &index) || index > 255)
			return false;
		accounts[i] = (uint8_t)index;
	}
	out->accounts = accounts;
	if (len >= BASE58_TEXT_MAX)
		return true;
	uint8_t *bytes = rpc_memory_take(memory, len, 1);
	if (!base58_decode(bytes, len, &out->n_data, data, len))
		return false;
	out->data = bytes;
	return true;
}

static size_t count_inner(struct json_object *list, size_t n_outer)
{
	size_t sum = 0, n = 0;

	for (size_t i = 0; i < n_outer; i++) {
		if (rpc_json_array(rpc_json_get(json_object_array_get_idx(list, i), "instructions"), &n))
			sum += n;
	}
	return sum;
}

/* [{index, instructions: [{programIdIndex, accounts, data}]}]; null when the node did not record them. */
static bool parse_inners(struct json_object *list, struct rpc_memory *memory, struct rpc_transaction *out)
{
	size_t n_outer, n, total = 0;
	uint64_t outer;

	out->has_inner = list != NULL;
	if (!list)
		return true;
	if (!rpc_json_array(list, &n_outer))
		return false;
	size_t size = count_inner(list, n_outer) * sizeof(struct tx_inner);
	struct tx_inner *inner = rpc_memory_take(memory, size, _Alignof(struct tx_inner));
	for (size_t i = 0; i < n_outer; i++) {
		struct json_object *group = json_object_array_get_idx(list, i);
		struct json_object *calls = rpc_json_get(group, "instructions");
		if (!rpc_json_u64(rpc_json_get(group, "index"), &outer) || outer > 255 || !rpc_json_array(calls, &n))
			return false;
		for (size_t j = 0; j < n; j++) {
			if (!parse_inner(json_object_array_get_idx(calls, j), (uint8_t)outer, memory, &inner[total++]))
				return false;
		}
	}
	out->n_inner = total;
	out->inner = inner;
	return true;
}

static bool parse_meta(struct json_object *meta, struct rpc_memory *memory, struct rpc_transaction *out)
{
	struct json_object *loaded = rpc_json_get(meta, "loadedAddresses");
	struct rpc_tx_error error;

	if (!rpc_json_has(meta, "err") || !rpc_json_tx_error(rpc_json_get(meta, "err"), NULL, &error))
		return false;
	out->failed = error.failed;
	out->failure = error.failure;
	return rpc_json_u64(rpc_json_get(meta, "fee"), &out->fee) &&
	       parse_inners(rpc_json_get(meta, "innerInstructions"), memory, out) &&
	       parse_logs(rpc_json_get(meta, "logMessages"), memory, out) &&
	       parse_loaded(rpc_json_get(loaded, "writable"), memory, &out->loaded_writable, &out->n_writable) &&
	       parse_loaded(rpc_json_get(loaded, "readonly"), memory, &out->loaded_readonly, &out->n_readonly);
}

bool rpc_parse_transaction(
	struct json_object *result, struct rpc_memory *memory, size_t body_len, struct rpc_result *out)
{
	struct rpc_transaction *transaction = &out->as.transaction;
	struct json_object *time = rpc_json_get(result, "blockTime");

	transaction->found = result != NULL;
	if (!result)
		return true;
	/* Everything below takes less than 4 bytes per byte of JSON; worst is an empty log line, 3 bytes for 9. */
	rpc_memory_reserve(memory, 4 * body_len + 64);
	if (time && !rpc_json_i64(time, &transaction->block_time))
		return false;
	return rpc_json_u64(rpc_json_get(result, "slot"), &transaction->slot.n) &&
	       parse_meta(rpc_json_get(result, "meta"), memory, transaction) &&
	       rpc_json_base64(rpc_json_get(result, "transaction"), memory, &transaction->tx, &transaction->tx_len);
}

static bool parse_signature_info(struct json_object *value, struct rpc_signature_info *out)
{
	struct json_object *time = rpc_json_get(value, "blockTime");
	const char *memo;
	size_t len;

	*out = (struct rpc_signature_info){ .failed = rpc_json_get(value, "err") != NULL };
	out->anchors = rpc_json_text(rpc_json_get(value, "memo"), &memo, &len) && strstr(memo, MEMO_TITLE);
	if (time && !rpc_json_i64(time, &out->block_time))
		return false;
	return rpc_json_signature(rpc_json_get(value, "signature"), &out->sig) &&
	       rpc_json_u64(rpc_json_get(value, "slot"), &out->slot.n);
}

bool rpc_parse_signatures(struct json_object *result, const struct rpc_question *question, struct rpc_memory *memory,
	struct rpc_result *out)
{
	struct rpc_signatures *signatures = &out->as.signatures;

	if (!rpc_json_array(result, &signatures->n) || signatures->n > question->n)
		return false;
	rpc_memory_reserve(memory, signatures->n * sizeof(*signatures->info));
	signatures->info = rpc_memory_take(
		memory, signatures->n * sizeof(*signatures->info), _Alignof(struct rpc_signature_info));
	for (size_t i = 0; i < signatures->n; i++) {
		if (!parse_signature_info(json_object_array_get_idx(result, i), &signatures->info[i]))
			return false;
	}
	return true;
}
