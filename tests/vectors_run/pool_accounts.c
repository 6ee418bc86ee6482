/* pool_accounts.json: account bytes and all their fields; for consistent ones the addresses and hashes behind them. */
#include <json-c/json.h>
#include <string.h>

#include "core/draw.h"
#include "core/pda.h"
#include "core/pool.h"
#include "vectors.h"

static const char FIELDS[] =
	"pool_id salt mint pool_token creator start_time duration expire_time end_time unlock_time close_time "
	"max_participants lock_duration lock_start_time amount total_amount total_volume total_joins total_donations "
	"dev_wallet dev_fee_bps burn_fee_bps treasury_wallet treasury_fee_bps randomness randomness_account "
	"randomness_deadline_slot bump status paused version schema config_hash allow_mock randomness_commit_slot "
	"initialized last_join_time status_reason participants_account winner processing status_name";

static void expect_terms(struct check *check, struct json_object *fields, const struct pool_account *pool)
{
	expect_u64(check, fields, "pool_id", pool->pool_id);
	expect_hex(check, fields, "salt", pool->salt.b, HASH_SIZE);
	expect_key(check, fields, "mint", &pool->mint);
	expect_key(check, fields, "pool_token", &pool->pool_token);
	expect_key(check, fields, "creator", &pool->creator);
	expect_i64(check, fields, "start_time", pool->start_time);
	expect_i64(check, fields, "duration", pool->duration);
	expect_i64(check, fields, "expire_time", pool->expire_time);
	expect_i64(check, fields, "end_time", pool->end_time);
	expect_i64(check, fields, "unlock_time", pool->unlock_time);
	expect_i64(check, fields, "close_time", pool->close_time);
	expect_u64(check, fields, "max_participants", pool->max_participants);
	expect_i64(check, fields, "lock_duration", pool->lock_duration);
	expect_i64(check, fields, "lock_start_time", pool->lock_start_time);
	expect_u64(check, fields, "amount", pool->bet_amount);
	expect_u64(check, fields, "total_amount", pool->total_amount);
	expect_u64(check, fields, "total_volume", pool->total_volume_amount);
	expect_u64(check, fields, "total_joins", pool->total_joins);
	expect_u64(check, fields, "total_donations", pool->total_donations);
	expect_key(check, fields, "dev_wallet", &pool->dev_wallet);
	expect_u64(check, fields, "dev_fee_bps", pool->dev_fee_bps);
	expect_u64(check, fields, "burn_fee_bps", pool->burn_fee_bps);
	expect_key(check, fields, "treasury_wallet", &pool->treasury_wallet);
	expect_u64(check, fields, "treasury_fee_bps", pool->treasury_fee_bps);
}

static void expect_progress(struct check *check, struct json_object *fields, const struct pool_account *pool)
{
	expect_u128(check, fields, "randomness", pool->randomness);
	expect_key(check, fields, "randomness_account", &pool->randomness_account);
	expect_u64(check, fields, "randomness_deadline_slot", pool->randomness_deadline_slot.n);
	expect_u64(check, fields, "bump", pool->bump);
	expect_u64(check, fields, "status", (uint64_t)pool->status);
	expect_text(check, fields, "status_name", pool_status_name(pool->status));
	expect_bool(check, fields, "paused", pool->paused);
	expect_u64(check, fields, "version", pool->version);
	expect_u64(check, fields, "schema", pool->schema);
	expect_hex(check, fields, "config_hash", pool->config_hash.b, HASH_SIZE);
	expect_bool(check, fields, "allow_mock", pool->allow_mock);
	expect_u64(check, fields, "randomness_commit_slot", pool->randomness_commit_slot.n);
	expect_bool(check, fields, "initialized", pool->initialized);
	expect_i64(check, fields, "last_join_time", pool->last_join_time);
	expect_u64(check, fields, "status_reason", pool->status_reason);
	expect_key(check, fields, "participants_account", &pool->participants_account);
	expect_key(check, fields, "winner", &pool->winner);
	expect_bool(check, fields, "processing", pool->processing);
}

static void check_consistent(struct check *check, struct json_object *object, const struct pool_account *pool)
{
	struct pubkey token_program = read_key(check, object, "token_program");
	struct pubkey address;
	struct pubkey derived;
	struct hash hash;

	check_that(check, pda_pool(&address, &pool->mint, &pool->salt) == pool->bump, "bump is the pool's");
	expect_key(check, object, "address", &address);
	pda_participants(&derived, &address);
	check_that(check, pubkey_equal(&derived, &pool->participants_account), "participants_account is derived");
	pda_ata(&derived, &address, &pool->mint, &token_program);
	check_that(check, pubkey_equal(&derived, &pool->pool_token), "pool_token is the pool's ATA");
	draw_config_hash(&hash, pool);
	check_that(check, hash_equal(&hash, &pool->config_hash), "config_hash recomputes");
}

static void run_case(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct pool_account pool;
	struct json_object *fields;
	struct bytes data;
	enum account_result result;
	const char *kind;
	size_t n;

	check_begin(&check, suite, "cases[%zu]", i);
	note_unknown_members(suite, object, "kind data fields address token_program");
	kind = read_text(&check, object, "kind", &n);
	data = read_base64(&check, object, "data");
	fields = member(&check, object, "fields");
	result = pool_decode(&pool, data.p, data.n);
	if (result != ACCOUNT_OK) {
		check_fail(&check, "data: refused with %d", (int)result);
	} else if (fields != NULL) {
		note_unknown_members(suite, fields, FIELDS);
		expect_terms(&check, fields, &pool);
		expect_progress(&check, fields, &pool);
		if (member_exists(object, "address"))
			check_consistent(&check, object, &pool);
	}
	check_that(&check, strcmp(kind, "consistent") != 0 || member_exists(object, "address"),
		"a consistent case has an address");
	check_that(&check, strcmp(kind, "trailing-bytes") != 0 || data.n > POOL_ACCOUNT_SIZE,
		"trailing bytes make it longer");
	check_end(&check);
}

static void run_invalid(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct pool_account pool;
	struct bytes data;

	check_begin(&check, suite, "invalid[%zu]", i);
	note_unknown_members(suite, object, "why anchor_error data");
	data = read_base64(&check, object, "data");
	expect_u64(&check, object, "anchor_error", (uint64_t)pool_decode(&pool, data.p, data.n));
	check_end(&check);
}

/* The file's own description of the account, as far as our header states it. */
static void run_meta(const struct suite *suite, struct json_object *meta)
{
	struct check check;
	struct json_object *layout;

	check_begin(&check, suite, "meta");
	expect_u64(&check, meta, "account_size", POOL_ACCOUNT_SIZE);
	expect_hex(&check, meta, "discriminator", POOL_DISCRIMINATOR, 8);
	layout = member(&check, meta, "layout");
	if (layout != NULL) {
		expect_u64(&check, member(&check, layout, "dev_wallet"), "offset", POOL_DEV_WALLET_OFFSET);
		expect_u64(&check, member(&check, layout, "status"), "offset", POOL_STATUS_OFFSET);
	}
	check_end(&check);
}

void vectors_pool_accounts(const struct suite *suite, struct json_object *root)
{
	if (member_exists(root, "meta"))
		run_meta(suite, json_object_object_get(root, "meta"));
	for (size_t i = 0; i < section_size(suite, root, "cases"); i++)
		run_case(suite, section_at(root, "cases", i), i);
	for (size_t i = 0; i < section_size(suite, root, "invalid"); i++)
		run_invalid(suite, section_at(root, "invalid", i), i);
	note_unknown_members(suite, root, "meta cases invalid");
}
