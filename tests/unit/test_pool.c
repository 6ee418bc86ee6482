/* Accounts cut at every length, bytes out of range, and the clamp of the participant count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "core/address.h"
#include "core/clock.h"
#include "core/draw.h"
#include "core/draw_facts.h"
#include "core/pool.h"
#include "unit/key_fixture.h"

static void test_pool_lengths(void **unused)
{
	uint8_t data[POOL_ACCOUNT_SIZE + 1] = { 0 };
	struct pool_account pool;

	(void)unused;
	memcpy(data, POOL_DISCRIMINATOR, 8);
	for (size_t n = 0; n <= sizeof data; n++) {
		enum account_result expected = n < 8                   ? ACCOUNT_NO_DISCRIMINATOR
		                               : n < POOL_ACCOUNT_SIZE ? ACCOUNT_CANNOT_DECODE
		                                                       : ACCOUNT_OK;

		assert_int_equal(pool_decode(&pool, data, n), expected);
	}
	data[0] ^= 1;
	assert_int_equal(pool_decode(&pool, data, sizeof data), ACCOUNT_WRONG_DISCRIMINATOR);
}

/* Only the status byte and the four booleans can make a full-size account undecodable. */
static void test_pool_ranges(void **unused)
{
	static const size_t bools[] = { 369, 404, 413, 487 };

	(void)unused;
	for (size_t at = 8; at < POOL_ACCOUNT_SIZE; at++) {
		uint8_t data[POOL_ACCOUNT_SIZE] = { 0 };
		struct pool_account pool;
		bool limited = at == POOL_STATUS_OFFSET;

		for (size_t i = 0; i < 4; i++)
			limited |= at == bools[i];
		memcpy(data, POOL_DISCRIMINATOR, 8);
		data[at] = 0xff;
		assert_int_equal(pool_decode(&pool, data, sizeof data), limited ? ACCOUNT_CANNOT_DECODE : ACCOUNT_OK);
		data[at] = 1;
		assert_int_equal(pool_decode(&pool, data, sizeof data), ACCOUNT_OK);
	}
}

static void test_dev_wallet_offset(void **unused)
{
	uint8_t data[POOL_ACCOUNT_SIZE] = { 0 };
	struct pool_account pool;

	(void)unused;
	memcpy(data, POOL_DISCRIMINATOR, 8);
	memset(data + POOL_DEV_WALLET_OFFSET, 0x5a, PUBKEY_SIZE);
	data[POOL_STATUS_OFFSET] = POOL_CLOSED;
	assert_int_equal(pool_decode(&pool, data, sizeof data), ACCOUNT_OK);
	assert_memory_equal(pool.dev_wallet.b, data + POOL_DEV_WALLET_OFFSET, PUBKEY_SIZE);
	assert_int_equal(pool.status, POOL_CLOSED);
	assert_string_equal(pool_status_name(pool.status), "Closed");
}

static void test_view(void **unused)
{
	enum { POOL_ID_OFFSET = 8, CONFIG_HASH_OFFSET = 372 };
	const struct pubkey other = key_of(8);
	const uint64_t id = 77, not_it = 78;
	uint8_t data[POOL_ACCOUNT_SIZE] = { 0 };
	struct pool_view view = { .at = { 5 } };
	struct hash hash;

	(void)unused;
	pool_view_take(&view, NULL, NULL, 0, &id);
	assert_int_equal(view.kind, VIEW_MISSING);
	pool_view_take(&view, &other, data, sizeof data, &id);
	assert_int_equal(view.kind, VIEW_FOREIGN);
	pool_view_take(&view, &ADDRESS_ML, data, sizeof data, &id);
	assert_int_equal(view.kind, VIEW_BAD);
	memcpy(data, POOL_DISCRIMINATOR, sizeof POOL_DISCRIMINATOR);
	store_u64(data + POOL_ID_OFFSET, id);
	pool_view_take(&view, &ADDRESS_ML, data, sizeof data, &not_it);
	assert_int_equal(view.kind, VIEW_OTHER_DRAW);
	pool_view_take(&view, &ADDRESS_ML, data, sizeof data, NULL);
	assert_int_equal(view.kind, VIEW_POOL);
	assert_false(view.config_agrees);
	draw_config_hash(&hash, &view.pool);
	memcpy(data + CONFIG_HASH_OFFSET, hash.b, HASH_SIZE);
	pool_view_take(&view, &ADDRESS_ML, data, sizeof data, &id);
	assert_int_equal(view.kind, VIEW_POOL);
	assert_true(view.config_agrees);
	assert_int_equal(view.at.n, 5);
	pool_view_take(&view, NULL, NULL, 0, &id);
	assert_false(view.config_agrees);
}

static void test_participants(void **unused)
{
	uint8_t data[PARTICIPANTS_ACCOUNT_SIZE] = { 0 };
	struct participants_account got;

	(void)unused;
	memcpy(data, PARTICIPANTS_DISCRIMINATOR, 8);
	assert_int_equal(participants_decode(&got, data, sizeof data - 1), ACCOUNT_CANNOT_DECODE);
	for (unsigned count = 0; count < 256; count++) {
		data[648] = (uint8_t)count;
		assert_int_equal(participants_decode(&got, data, sizeof data), ACCOUNT_OK);
		assert_int_equal(got.raw_count, count);
		assert_int_equal(got.in_range, count <= 20);
		assert_int_equal(got.count, count <= 20 ? count : 20);
	}
}

static void test_clock(void **unused)
{
	uint8_t data[CLOCK_ACCOUNT_SIZE + 1];
	struct clock_sysvar clock;

	(void)unused;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	assert_false(clock_decode(&clock, data, CLOCK_ACCOUNT_SIZE - 1));
	assert_false(clock_decode(&clock, data, CLOCK_ACCOUNT_SIZE + 1));
	assert_true(clock_decode(&clock, data, CLOCK_ACCOUNT_SIZE));
	assert_true(clock.slot.n == 0x0706050403020100u);
	assert_true(clock.epoch_start_time == 0x0f0e0d0c0b0a0908);
	assert_true(clock.epoch == 0x1716151413121110u);
	assert_true(clock.leader_schedule_epoch == 0x1f1e1d1c1b1a1918u);
	assert_true(clock.unix_time == 0x2726252423222120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool_lengths),
		cmocka_unit_test(test_pool_ranges),
		cmocka_unit_test(test_dev_wallet_offset),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_participants),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
