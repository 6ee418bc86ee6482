/* winners.json: the winner's index, mock values, and the program's two other SHA-256 rules. */
#include <json-c/json.h>

#include "core/draw.h"
#include "vectors.h"

static uint8_t read_count(struct check *check, struct json_object *object)
{
	uint64_t count = read_u64(check, object, "participants");

	check_that(check, count <= UINT8_MAX, "participants fit a byte");
	return (uint8_t)count;
}

static void expect_draw(struct check *check, struct json_object *object, uint64_t pool_id, const uint8_t value[32])
{
	struct drawn got;
	enum draw_result result = draw_winner(&got, pool_id, value, read_count(check, object));

	if (result != DRAW_OK) {
		check_fail(check, "refused with %d", (int)result);
		return;
	}
	expect_u128(check, object, "randomness", got.randomness);
	expect_u64(check, object, "normalized", got.normalized);
	expect_u64(check, object, "index", got.index);
}

static void run_case(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct hash value;

	check_begin(&check, suite, "cases[%zu]", i);
	note_unknown_members(suite, object, "kind pool_id value participants randomness normalized index");
	value = read_hash(&check, object, "value");
	expect_draw(&check, object, read_u64(&check, object, "pool_id"), value.b);
	check_end(&check);
}

static void run_error(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct drawn got;
	struct hash value;
	uint8_t count = 1;

	check_begin(&check, suite, "errors[%zu]", i);
	note_unknown_members(suite, object, "value error why pool_id participants");
	value = read_hash(&check, object, "value");
	if (member_exists(object, "participants"))
		count = read_count(&check, object);
	expect_u64(&check, object, "error", (uint64_t)draw_winner(&got, 1, value.b, count));
	check_end(&check);
}

static void run_mock(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	uint8_t value[32];
	struct pubkey creator;
	struct slot slot;
	uint64_t pool_id;

	check_begin(&check, suite, "mock[%zu]", i);
	note_unknown_members(suite, object, "pool_id slot creator randomness participants normalized index");
	pool_id = read_u64(&check, object, "pool_id");
	slot.n = read_u64(&check, object, "slot");
	creator = read_key(&check, object, "creator");
	draw_mock_value(value, pool_id, slot, &creator);
	expect_draw(&check, object, pool_id, value);
	check_end(&check);
}

static void run_pool_id(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct hash salt;
	struct pubkey creator;
	struct slot slot;

	check_begin(&check, suite, "pool_ids[%zu]", i);
	note_unknown_members(suite, object, "salt slot creator pool_id");
	salt = read_hash(&check, object, "salt");
	slot.n = read_u64(&check, object, "slot");
	creator = read_key(&check, object, "creator");
	expect_u64(&check, object, "pool_id", draw_pool_id(&salt, slot, &creator));
	check_end(&check);
}

static void run_config_hash(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct pool_account pool = { .salt = { { 0 } } };
	struct hash hash;

	check_begin(&check, suite, "config_hashes[%zu]", i);
	note_unknown_members(suite, object,
		"salt max_participants lock_duration amount dev_wallet dev_fee_bps burn_fee_bps treasury_wallet "
		"treasury_fee_bps start_time duration config_hash");
	pool.salt = read_hash(&check, object, "salt");
	pool.max_participants = (uint8_t)read_u64(&check, object, "max_participants");
	pool.lock_duration = read_i64(&check, object, "lock_duration");
	pool.bet_amount = read_u64(&check, object, "amount");
	pool.dev_wallet = read_key(&check, object, "dev_wallet");
	pool.dev_fee_bps = (uint16_t)read_u64(&check, object, "dev_fee_bps");
	pool.burn_fee_bps = (uint16_t)read_u64(&check, object, "burn_fee_bps");
	pool.treasury_wallet = read_key(&check, object, "treasury_wallet");
	pool.treasury_fee_bps = (uint16_t)read_u64(&check, object, "treasury_fee_bps");
	pool.start_time = read_i64(&check, object, "start_time");
	pool.duration = read_i64(&check, object, "duration");
	draw_config_hash(&hash, &pool);
	expect_hex(&check, object, "config_hash", hash.b, HASH_SIZE);
	check_end(&check);
}

void vectors_winners(const struct suite *suite, struct json_object *root)
{
	for (size_t i = 0; i < section_size(suite, root, "cases"); i++)
		run_case(suite, section_at(root, "cases", i), i);
	for (size_t i = 0; i < section_size(suite, root, "errors"); i++)
		run_error(suite, section_at(root, "errors", i), i);
	for (size_t i = 0; i < section_size(suite, root, "mock"); i++)
		run_mock(suite, section_at(root, "mock", i), i);
	for (size_t i = 0; i < section_size(suite, root, "pool_ids"); i++)
		run_pool_id(suite, section_at(root, "pool_ids", i), i);
	for (size_t i = 0; i < section_size(suite, root, "config_hashes"); i++)
		run_config_hash(suite, section_at(root, "config_hashes", i), i);
	note_unknown_members(suite, root, "meta cases errors mock pool_ids config_hashes");
}
