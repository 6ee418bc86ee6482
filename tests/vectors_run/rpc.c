/* rpc/index.json: each body through the parsers of the chain layer; the short methods are compared here. */
#include "rpc.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc_parse_json.h"
#include "core/base58.h"

static void case_blockhash(struct rpc_case *c)
{
	struct rpc_result result;
	char text[PUBKEY_TEXT];

	if (!rpc_case_parse(c, RPC_BLOCKHASH, 0, &result))
		return;
	base58_hash(text, &result.as.blockhash.hash);
	expect_text(c->check, c->expect, "blockhash", text);
	expect_u64(c->check, c->expect, "last_valid_block_height", result.as.blockhash.last_valid.n);
	expect_u64(c->check, c->expect, "slot", result.as.blockhash.at.n);
}

static void case_epoch(struct rpc_case *c)
{
	struct rpc_result result;

	if (!rpc_case_parse(c, RPC_EPOCH, 0, &result))
		return;
	expect_u64(c->check, c->expect, "slot", result.as.epoch.slot.n);
	check_that(c->check, result.as.epoch.height.n > 0, "there is a block height");
}

static void case_genesis(struct rpc_case *c)
{
	struct rpc_result result;
	char text[PUBKEY_TEXT];

	if (!rpc_case_parse(c, RPC_GENESIS, 0, &result))
		return;
	base58_hash(text, &result.as.genesis);
	expect_bool(c->check, c->expect, "mainnet", strcmp(text, "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d") == 0);
}

static void case_rent(struct rpc_case *c)
{
	struct rpc_result result;

	if (rpc_case_parse(c, RPC_RENT, 0, &result))
		expect_u64(c->check, c->expect, "lamports", result.as.rent.n);
}

static void case_fees(struct rpc_case *c)
{
	struct rpc_result result;
	const struct rpc_fees *fees = &result.as.fees;

	if (!rpc_case_parse(c, RPC_FEES, 0, &result))
		return;
	expect_u64(c->check, c->expect, "count", fees->n);
	expect_u64(c->check, c->expect, "max", fees->n > 0 ? fees->price[fees->n - 1] : 0);
	for (size_t i = 1; i < fees->n; i++)
		check_that(c->check, fees->price[i - 1] <= fees->price[i], "prices are sorted");
}

/* Methods that the daemon does not call: their bodies are read with the same helpers. */
static void case_slot(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_open(c, &root);
	const char *name = strcmp(c->method, "getSlot") == 0 ? "slot" : "height";
	uint64_t n = 0;

	check_that(c->check, rpc_json_u64(result, &n), "the result is a number");
	expect_u64(c->check, c->expect, name, n);
	rpc_json_free(root);
}

static void case_balance(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_open(c, &root), *value = NULL;
	struct rpc_result context;
	uint64_t n;

	check_that(
		c->check, rpc_json_context(result, &context, &value) && rpc_json_u64(value, &n), "there is a balance");
	rpc_json_free(root);
}

static void case_blockhash_valid(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_open(c, &root), *value = NULL;
	struct rpc_result context;
	bool valid = true;

	check_that(c->check, rpc_json_context(result, &context, &value) && rpc_json_bool(value, &valid),
		"it is a boolean");
	expect_bool(c->check, c->expect, "valid", valid);
	rpc_json_free(root);
}

static void case_version(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_open(c, &root);
	const char *text = "";
	size_t len;

	check_that(c->check, rpc_json_text(rpc_json_get(result, "solana-core"), &text, &len), "it is a text");
	expect_text(c->check, c->expect, "version", text);
	rpc_json_free(root);
}

static void case_token_balance(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_open(c, &root), *value = NULL;
	struct rpc_result context;
	const char *amount = "";
	uint64_t decimals = 0;
	size_t len;

	check_that(c->check, rpc_json_context(result, &context, &value), "there is a context");
	check_that(c->check, rpc_json_text(rpc_json_get(value, "amount"), &amount, &len), "amount is a text");
	check_that(c->check, rpc_json_u64(rpc_json_get(value, "decimals"), &decimals), "decimals is a number");
	expect_text(c->check, c->expect, "amount", amount);
	expect_u64(c->check, c->expect, "decimals", decimals);
	rpc_json_free(root);
}

static void case_slot_notification(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_notification(c, "slotNotification", &root);
	uint64_t slot = 0;

	check_that(c->check, rpc_json_u64(rpc_json_get(result, "slot"), &slot), "there is a slot");
	expect_u64(c->check, c->expect, "slot", slot);
	rpc_json_free(root);
}

static const struct {
	const char *method;
	void (*run)(struct rpc_case *c);
	const char *members; /* of expect, all of which run() compares ("note" and "trap" are prose) */
} METHODS[] = {
	{ "getMultipleAccounts", rpc_case_accounts, "accounts error" },
	{ "getAccountInfo", rpc_case_account_info,
		"token_program decimals supply mint_authority freeze_authority extensions forbidden null error mint "
		"owner amount "
		"state slot unix_timestamp authority queue seed_slot reveal_slot value addresses deactivation_slot" },
	{ "getProgramAccounts", rpc_case_program_accounts, "with_context accounts slice error" },
	{ "getSignatureStatuses", rpc_case_statuses, "statuses" },
	{ "getLatestBlockhash", case_blockhash, "blockhash last_valid_block_height slot" },
	{ "isBlockhashValid", case_blockhash_valid, "valid" },
	{ "getSlot", case_slot, "slot" },
	{ "getBlockHeight", case_slot, "height" },
	{ "getBalance", case_balance, "" },
	{ "getHealth", rpc_case_health, "healthy error slots_behind" },
	{ "getVersion", case_version, "version" },
	{ "getGenesisHash", case_genesis, "mainnet" },
	{ "getEpochInfo", case_epoch, "slot" },
	{ "getMinimumBalanceForRentExemption", case_rent, "lamports" },
	{ "getRecentPrioritizationFees", case_fees, "max count" },
	{ "getTokenAccountBalance", case_token_balance, "amount decimals" },
	{ "getTransaction", rpc_case_transaction,
		"signature slot block_time version ok custom_error fee signers account_keys events calls "
		"mentioned_only null "
		"error note trap" },
	{ "getSignaturesForAddress", rpc_case_signatures, "count failed first last" },
	{ "sendTransaction", rpc_case_send,
		"signature error instruction custom name account tx_error retry_with_new_blockhash slots_behind "
		"rate_limited "
		"not_json retry note" },
	{ "simulateTransaction", rpc_case_simulation, "ok units instruction custom" },
	{ "batch", rpc_case_batch, "1 2 3" },
	{ "accountSubscribe", rpc_case_account_notification,
		"subscription pool_id status mint dev_wallet total_amount lock_start_time lock_duration unlock_time "
		"randomness_commit_slot randomness_account paused allow_mock status_reason winner" },
	{ "programSubscribe", rpc_case_program_notification,
		"subscription pubkey pool_id status mint dev_wallet total_amount lock_start_time lock_duration "
		"unlock_time "
		"randomness_commit_slot randomness_account paused allow_mock status_reason winner" },
	{ "signatureSubscribe", rpc_case_signature_notification, "ok custom" },
	{ "slotSubscribe", case_slot_notification, "slot" },
	{ "logsSubscribe", rpc_case_logs_notification, "events" },
};

static void dispatch(struct rpc_case *c)
{
	for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
		if (strcmp(METHODS[i].method, c->method) != 0)
			continue;
		note_unknown_members(c->check->suite, c->expect, METHODS[i].members);
		METHODS[i].run(c);
		return;
	}
	check_fail(c->check, "no parser for method %s", c->method);
}

/* NUL-terminated; NULL when it cannot be read. */
static char *read_file(const char *dir, const char *name, size_t *len)
{
	char path[4096];
	char *text = NULL;
	long size;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "rb");
	if (file == NULL)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0) {
		text = malloc((size_t)size + 1);
		*len = text ? fread(text, 1, (size_t)size, file) : 0;
		if (text)
			text[*len] = '\0';
	}
	fclose(file);
	return text;
}

/* Most bodies answer request 1. The daemon numbers its requests, so an answer with a text for an id is refused; it is
 * then given the number 1 in place, blanks keeping its length. */
static void choose_id(struct rpc_case *c, char *text)
{
	struct json_object *error = rpc_json_get(c->expect, "error"), *root;
	const char *id;
	char *place;
	bool out_of_range;
	size_t len;

	c->id = 1;
	root = rpc_json_parse(c->body.text, c->body.len, &out_of_range);
	if (rpc_json_text(rpc_json_get(root, "id"), &id, &len)) {
		struct rpc_answer answer;
		struct json_object *again;
		bool has_result;
		rpc_json_open(&c->body, 1, &again, &has_result, &answer);
		check_that(c->check, !has_result, "an id that is text is refused");
		rpc_json_free(again);
		place = strstr(text, id);
		memset(place - 1, ' ', len + 2);
		place[0] = '1';
	} else if (!json_object_is_type(error, json_type_string)) {
		rpc_json_u64(rpc_json_get(root, "id"), &c->id);
	}
	rpc_json_free(root);
}

static void run_entry(const struct suite *suite, struct json_object *entry, struct rpc_memory *memory)
{
	struct rpc_case c = { .memory = memory };
	struct check check;
	const char *name;
	size_t n;
	char *text;

	check_begin(&check, suite, "%s", json_object_get_string(json_object_object_get(entry, "file")));
	c.check = &check;
	note_unknown_members(suite, entry, "file http_status method params expect headers");
	name = read_text(&check, entry, "file", &n);
	c.method = read_text(&check, entry, "method", &n);
	c.params = json_object_object_get(entry, "params");
	c.expect = member(&check, entry, "expect");
	c.body.status = (int)read_u64(&check, entry, "http_status");
	c.body.text = text = read_file(suite->dir, name, &c.body.len);
	if (text == NULL)
		check_fail(&check, "cannot be read");
	else if (json_object_is_type(c.expect, json_type_object)) {
		choose_id(&c, text);
		dispatch(&c);
	}
	free(text);
	check_end(&check);
}

void vectors_rpc(const char *dir, struct tally *tally)
{
	struct suite suite = { .dir = dir, .file = "rpc", .tally = tally };
	struct rpc_memory memory = { 0 };
	struct check check;
	char path[4096];
	struct json_object *index;

	snprintf(path, sizeof path, "%s/index.json", dir);
	index = json_object_from_file(path);
	if (!json_object_is_type(index, json_type_array) || json_object_array_length(index) == 0) {
		check_begin(&check, &suite, "index.json");
		check_fail(&check, "cannot be read, or is no list of bodies");
		check_end(&check);
	} else {
		for (size_t i = 0; i < json_object_array_length(index); i++)
			run_entry(&suite, json_object_array_get_idx(index, i), &memory);
	}
	rpc_memory_free(&memory);
	json_object_put(index);
}
