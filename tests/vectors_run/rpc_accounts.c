/* Accounts in answers and notifications: their envelopes by the chain layer, their data by the decoders of core. */
#include <json-c/json.h>
#include <string.h>

#include "base/bytes.h"
#include "chain/rpc_parse_json.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/clock.h"
#include "core/pool.h"
#include "core/switchboard.h"
#include "core/token.h"
#include "rpc.h"

/* The dev wallet that the recorded pools call "dev". */
static const char DEV[] = "2piFyb1YXvsZLdjuenCM8svuXTanvZEHvrQWjok6otfw";

enum { MAX = 1000, LOOKUP_TABLE_HEAD = 56, LOOKUP_TABLE_DEACTIVATION = 4 };

/* Members that a case has are compared; which ones it has differs from file to file. */
static void expect_pool(struct rpc_case *c, struct json_object *expect, const struct pool_account *pool)
{
	struct check *check = c->check;

	expect_u64(check, expect, "pool_id", pool->pool_id);
	expect_u64(check, expect, "status", (uint64_t)pool->status);
	expect_u64(check, expect, "total_amount", pool->total_amount);
	if (!member_exists(expect, "mint"))
		return;
	expect_key(check, expect, "mint", &pool->mint);
	expect_key(check, expect, "dev_wallet", &pool->dev_wallet);
	expect_i64(check, expect, "lock_start_time", pool->lock_start_time);
	expect_i64(check, expect, "lock_duration", pool->lock_duration);
	expect_i64(check, expect, "unlock_time", pool->unlock_time);
	expect_u64(check, expect, "randomness_commit_slot", pool->randomness_commit_slot.n);
	expect_key(check, expect, "randomness_account", &pool->randomness_account);
	expect_bool(check, expect, "paused", pool->paused);
	expect_bool(check, expect, "allow_mock", pool->allow_mock);
	expect_u64(check, expect, "status_reason", pool->status_reason);
	expect_key(check, expect, "winner", &pool->winner);
}

static void run_pool(struct rpc_case *c, struct json_object *expect, const struct rpc_account *account)
{
	struct pool_account pool;

	check_that(c->check, account->exists, "the account exists");
	if (!pubkey_equal(&account->owner, &ADDRESS_ML))
		check_fail(c->check, "not owned by the ml program");
	else if (pool_decode(&pool, account->data, account->len) != ACCOUNT_OK)
		check_fail(c->check, "does not decode as a pool");
	else
		expect_pool(c, expect, &pool);
}

static void run_not_a_pool(struct rpc_case *c, const struct rpc_account *account)
{
	struct pool_account pool;
	bool refused = !pubkey_equal(&account->owner, &ADDRESS_ML) ||
	               pool_decode(&pool, account->data, account->len) != ACCOUNT_OK;

	check_that(c->check, account->exists && refused, "the account is refused as a pool");
}

static void run_participants(struct rpc_case *c, struct json_object *expect, const struct rpc_account *account)
{
	struct json_object *list = member(c->check, expect, "list");
	struct participants_account participants;

	if (participants_decode(&participants, account->data, account->len) != ACCOUNT_OK) {
		check_fail(c->check, "does not decode as participants");
		return;
	}
	expect_u64(c->check, expect, "count", participants.raw_count);
	for (size_t i = 0; i < PARTICIPANTS_MAX; i++)
		expect_element_key(c->check, list, i, "list", &participants.list[i]);
}

static void run_vault(struct rpc_case *c, struct json_object *expect, const struct rpc_account *account)
{
	struct token_account token;
	uint64_t total;

	if (token_account_decode(&token, &account->owner, account->data, account->len) != TOKEN_OK) {
		check_fail(c->check, "does not decode as a token account");
		return;
	}
	total = read_u64(c->check, expect, "pool_total_amount");
	expect_key(c->check, expect, "mint", &token.mint);
	expect_key(c->check, expect, "owner", &token.owner);
	expect_u64(c->check, expect, "amount", token.amount);
	expect_bool(c->check, expect, "payout_would_fail_6036", token.amount != total);
	expect_bool(c->check, expect, "delegate", token.has_delegate);
	expect_bool(c->check, expect, "close_authority", token.has_close_authority);
	expect_bool(c->check, expect, "frozen", token.frozen);
}

static void run_one(struct rpc_case *c, struct json_object *expect, const struct rpc_account *account)
{
	if (has_value(expect, "null"))
		check_that(c->check, !account->exists, "the account does not exist");
	else if (has_value(expect, "error"))
		run_not_a_pool(c, account);
	else if (has_value(expect, "list"))
		run_participants(c, expect, account);
	else if (has_value(expect, "pool_total_amount"))
		run_vault(c, expect, account);
	else
		run_pool(c, expect, account);
}

void rpc_case_accounts(struct rpc_case *c)
{
	struct json_object *keys = json_object_array_get_idx(c->params, 0), *list;
	struct rpc_result result;
	bool listed = json_object_is_type(keys, json_type_array);
	size_t n = listed ? json_object_array_length(keys) : 101;

	if (!rpc_case_parse(c, RPC_ACCOUNTS, n, &result))
		return;
	list = member(c->check, c->expect, "accounts");
	if (list == NULL || json_object_array_length(list) != result.as.accounts.n) {
		check_fail(c->check, "%zu accounts came", result.as.accounts.n);
		return;
	}
	for (size_t i = 0; i < result.as.accounts.n; i++)
		run_one(c, json_object_array_get_idx(list, i), &result.as.accounts.account[i]);
}

static void run_mint(struct rpc_case *c, const struct rpc_account *account)
{
	struct token_mint mint;
	enum token_result result = token_mint_decode(&mint, &account->owner, account->data, account->len);

	if (has_value(c->expect, "error")) {
		check_that(c->check, result == TOKEN_WRONG_OWNER, "the owner is refused");
		return;
	}
	if (result != TOKEN_OK) {
		check_fail(c->check, "does not decode as a mint");
		return;
	}
	expect_text(c->check, c->expect, "token_program", mint.is_2022 ? "token-2022" : "spl");
	expect_u64(c->check, c->expect, "decimals", mint.decimals);
	expect_u64(c->check, c->expect, "supply", mint.supply_amount);
	if (member_exists(c->expect, "mint_authority")) {
		check_that(
			c->check, mint.has_mint_authority == has_value(c->expect, "mint_authority"), "mint authority");
		check_that(c->check, mint.has_freeze_authority == has_value(c->expect, "freeze_authority"),
			"freeze authority");
	}
	if (has_value(c->expect, "mint_authority"))
		expect_key(c->check, c->expect, "mint_authority", &mint.mint_authority);
	if (has_value(c->expect, "freeze_authority"))
		expect_key(c->check, c->expect, "freeze_authority", &mint.freeze_authority);
	if (has_value(c->expect, "forbidden"))
		expect_u64(c->check, c->expect, "forbidden", mint.forbidden);
	else
		check_that(c->check, mint.forbidden == 0, "no extension is forbidden");
}

/* Type-length-value records behind the padded mint and its account type, as Token-2022 stores them. */
static void run_extensions(struct rpc_case *c, const struct rpc_account *account)
{
	struct json_object *list = json_object_object_get(c->expect, "extensions");
	size_t at = 166, n = 0;

	while (at + 4 <= account->len && load_u16(account->data + at) != 0) {
		if (n < json_object_array_length(list) &&
			element_u64(c->check, list, n) != load_u16(account->data + at))
			check_fail(c->check, "extension %zu is %u", n, load_u16(account->data + at));
		at += 4U + load_u16(account->data + at + 2);
		n++;
	}
	check_that(c->check, n == json_object_array_length(list), "the number of extensions");
}

static void run_token(struct rpc_case *c, const struct rpc_account *account)
{
	struct token_account token;

	if (token_account_decode(&token, &account->owner, account->data, account->len) != TOKEN_OK) {
		check_fail(c->check, "does not decode as a token account");
		return;
	}
	expect_key(c->check, c->expect, "mint", &token.mint);
	expect_key(c->check, c->expect, "owner", &token.owner);
	expect_u64(c->check, c->expect, "amount", token.amount);
	expect_u64(c->check, c->expect, "state", token.frozen ? 2 : 1);
}

static void run_clock(struct rpc_case *c, const struct rpc_account *account)
{
	struct clock_sysvar now;

	if (!clock_decode(&now, account->data, account->len)) {
		check_fail(c->check, "does not decode as the clock");
		return;
	}
	expect_u64(c->check, c->expect, "slot", now.slot.n);
	expect_i64(c->check, c->expect, "unix_timestamp", now.unix_time);
}

static void run_randomness(struct rpc_case *c, const struct rpc_account *account)
{
	struct sb_randomness randomness;

	if (sb_randomness_decode(&randomness, account->data, account->len) != ACCOUNT_OK) {
		check_fail(c->check, "does not decode as randomness");
		return;
	}
	expect_key(c->check, c->expect, "authority", &randomness.authority);
	expect_key(c->check, c->expect, "queue", &randomness.queue);
	expect_u64(c->check, c->expect, "seed_slot", randomness.seed_slot.n);
	expect_u64(c->check, c->expect, "reveal_slot", randomness.reveal_slot.n);
	expect_hex(c->check, c->expect, "value", randomness.value, sizeof randomness.value);
}

static void run_lookup_table(struct rpc_case *c, const struct rpc_account *account)
{
	struct json_object *list = member(c->check, c->expect, "addresses");
	struct pubkey key;

	check_that(c->check, account->len >= LOOKUP_TABLE_HEAD, "the head of the table is there");
	expect_u64(c->check, c->expect, "deactivation_slot", load_u64(account->data + LOOKUP_TABLE_DEACTIVATION));
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		if (LOOKUP_TABLE_HEAD + (i + 1) * PUBKEY_SIZE > account->len) {
			check_fail(c->check, "address %zu is not there", i);
			return;
		}
		memcpy(key.b, account->data + LOOKUP_TABLE_HEAD + i * PUBKEY_SIZE, PUBKEY_SIZE);
		expect_element_key(c->check, list, i, "addresses", &key);
	}
}

static void run_info(struct rpc_case *c, const struct rpc_account *account)
{
	if (has_value(c->expect, "null")) {
		check_that(c->check, !account->exists, "the account does not exist");
		return;
	}
	check_that(c->check, account->exists, "the account exists");
	if (has_value(c->expect, "addresses"))
		run_lookup_table(c, account);
	else if (has_value(c->expect, "seed_slot"))
		run_randomness(c, account);
	else if (has_value(c->expect, "unix_timestamp"))
		run_clock(c, account);
	else if (has_value(c->expect, "state"))
		run_token(c, account);
	else
		run_mint(c, account);
	if (has_value(c->expect, "extensions"))
		run_extensions(c, account);
}

/* {context, value: account} with the helpers; the daemon itself asks for many accounts at a time. */
void rpc_case_account_info(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_open(c, &root), *value = NULL;
	struct rpc_result context;
	struct rpc_account account;

	rpc_memory_reserve(c->memory, c->body.len);
	if (rpc_json_context(result, &context, &value) && rpc_json_account(value, c->memory, &account))
		run_info(c, &account);
	else
		check_fail(c->check, "not an account in a context");
	rpc_json_free(root);
}

static void run_slice(struct rpc_case *c, struct json_object *expect, const struct rpc_account *account)
{
	check_that(c->check, account->len == 2, "two bytes came");
	if (account->len != 2)
		return;
	expect_u64(c->check, expect, "status", account->data[0]);
	expect_bool(c->check, expect, "paused", account->data[1] != 0);
}

static void run_keyed(struct rpc_case *c, struct json_object *expect, struct json_object *value)
{
	struct rpc_account account;
	struct pubkey key, dev;

	if (!rpc_json_pubkey(rpc_json_get(value, "pubkey"), &key) ||
		!rpc_json_account(rpc_json_get(value, "account"), c->memory, &account)) {
		check_fail(c->check, "not an account with its address");
		return;
	}
	expect_key(c->check, expect, "pubkey", &key);
	if (!member_exists(expect, "pool_id")) {
		run_slice(c, expect, &account);
		return;
	}
	run_pool(c, expect, &account);
	if (member_exists(expect, "dev") && account.len == POOL_ACCOUNT_SIZE) {
		bool known = base58_to_pubkey(&dev, DEV, strlen(DEV));
		bool equal = memcmp(dev.b, account.data + POOL_DEV_WALLET_OFFSET, PUBKEY_SIZE) == 0;
		expect_bool(c->check, expect, "dev", known && equal);
	}
}

void rpc_case_program_accounts(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_open(c, &root), *values = result, *list;
	bool wrapped = json_object_is_type(result, json_type_object);
	struct rpc_result context;
	size_t n = 0;

	if (has_value(c->expect, "error")) {
		rpc_json_free(root);
		return;
	}
	if (wrapped)
		check_that(c->check, rpc_json_context(result, &context, &values), "there is a context");
	if (member_exists(c->expect, "with_context"))
		expect_bool(c->check, c->expect, "with_context", wrapped);
	list = json_object_object_get(c->expect, has_value(c->expect, "slice") ? "slice" : "accounts");
	rpc_memory_reserve(c->memory, c->body.len);
	if (!rpc_json_array(values, &n) || n > MAX || n != json_object_array_length(list))
		check_fail(c->check, "%zu accounts came", n);
	for (size_t i = 0; i < n && i < json_object_array_length(list); i++)
		run_keyed(c, json_object_array_get_idx(list, i), json_object_array_get_idx(values, i));
	rpc_json_free(root);
}

/* The answer to accountSubscribe itself is a number. */
static void run_subscribed(struct rpc_case *c)
{
	struct json_object *root, *result;
	struct rpc_answer answer;
	bool has_result;
	uint64_t id = 0;

	result = rpc_json_open(&c->body, c->id, &root, &has_result, &answer);
	check_that(c->check, has_result && rpc_json_u64(result, &id), "a subscription number came");
	expect_u64(c->check, c->expect, "subscription", id);
	rpc_json_free(root);
}

void rpc_case_account_notification(struct rpc_case *c)
{
	struct json_object *root, *result, *value = NULL;
	struct rpc_result context;
	struct rpc_account account;

	if (!member_exists(c->expect, "pool_id")) {
		run_subscribed(c);
		return;
	}
	result = rpc_case_notification(c, "accountNotification", &root);
	rpc_memory_reserve(c->memory, c->body.len);
	if (rpc_json_context(result, &context, &value) && rpc_json_account(value, c->memory, &account))
		run_pool(c, c->expect, &account);
	else
		check_fail(c->check, "not an account in a context");
	rpc_json_free(root);
}

void rpc_case_program_notification(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_notification(c, "programNotification", &root), *value = NULL;
	struct rpc_result context;

	rpc_memory_reserve(c->memory, c->body.len);
	check_that(c->check, rpc_json_context(result, &context, &value), "there is a context");
	run_keyed(c, c->expect, value);
	rpc_json_free(root);
}
