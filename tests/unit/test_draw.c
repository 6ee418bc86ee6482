/* Limits of the payout arithmetic, and draws that must not happen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/draw.h"

static void test_refused_draws(void **unused)
{
	uint8_t value[32] = { 0 };
	struct drawn drawn;

	(void)unused;
	assert_int_equal(draw_winner(&drawn, 1, value, 5), DRAW_NOT_RESOLVED);
	value[31] = 1;
	assert_int_equal(draw_winner(&drawn, 1, value, 0), DRAW_NO_PARTICIPANTS);
	assert_int_equal(draw_winner(&drawn, 1, value, 5), DRAW_OK);
	assert_true(drawn.randomness.lo == 0 && drawn.randomness.hi == 0);
}

/* The second half of the value is never used; the pool id is. */
static void test_what_decides(void **unused)
{
	uint8_t value[32];
	struct drawn a, b;

	(void)unused;
	memset(value, 0x5a, sizeof value);
	assert_int_equal(draw_winner(&a, 1, value, 20), DRAW_OK);
	memset(value + 16, 0xa5, 16);
	assert_int_equal(draw_winner(&b, 1, value, 20), DRAW_OK);
	assert_true(a.normalized == b.normalized && a.index == b.index);
	assert_int_equal(draw_winner(&b, 2, value, 20), DRAW_OK);
	assert_true(a.normalized != b.normalized);
	value[15]++;
	assert_int_equal(draw_winner(&b, 1, value, 20), DRAW_OK);
	assert_true(a.normalized != b.normalized);
}

/* Nothing is lost and nobody gets more than the fee says, for every total and fee that fits. */
static void test_payout_adds_up(void **unused)
{
	uint64_t total = 1;

	(void)unused;
	for (int round = 0; round < 100000; round++) {
		uint16_t dev = (uint16_t)(total % 5001);
		uint16_t burn = (uint16_t)(total / 7 % 2500);
		uint16_t treasury = (uint16_t)(total / 11 % 2500);
		struct draw_payout got;
		enum draw_result result = draw_payout(&got, total, dev, burn, treasury);
		uint64_t most = dev > burn ? dev : burn;

		most = most > treasury ? most : treasury;
		assert_int_equal(result, most != 0 && total > UINT64_MAX / most ? DRAW_OVERFLOW : DRAW_OK);
		if (result == DRAW_OK) {
			assert_true(
				got.winner_amount + got.dev_amount + got.burn_amount + got.treasury_amount == total);
			assert_true(got.dev_amount == total * dev / 10000);
			assert_true(got.burn_amount == total * burn / 10000);
			assert_true(got.treasury_amount == total * treasury / 10000);
		}
		total = total * 6364136223846793005u + 1442695040888963407u;
		if (round % 2 == 0)
			total >>= 12;
	}
}

static void test_payout_limits(void **unused)
{
	struct draw_payout got;

	(void)unused;
	assert_int_equal(draw_payout(&got, UINT64_MAX, 0, 0, 0), DRAW_OK);
	assert_true(got.winner_amount == UINT64_MAX);
	assert_int_equal(draw_payout(&got, UINT64_MAX, 0, 0, 1), DRAW_OK);
	assert_int_equal(draw_payout(&got, UINT64_MAX, 0, 0, 2), DRAW_OVERFLOW);
	assert_int_equal(draw_payout(&got, 10000, 5000, 3000, 2000), DRAW_OK);
	assert_true(got.winner_amount == 0);
	assert_int_equal(draw_payout(&got, 10000, 5000, 3000, 2001), DRAW_OVERFLOW);
	assert_int_equal(draw_payout(&got, 0, 65535, 65535, 65535), DRAW_OK);
	assert_int_equal(draw_payout(&got, 10000, 65535, 0, 0), DRAW_OVERFLOW);
}

/* Exactly eleven fields are hashed: each changes the hash, the others do not. */
static void test_config_hash_fields(void **unused)
{
	struct pool_account pool;
	struct hash before, after;

	(void)unused;
	memset(&pool, 0, sizeof pool);
	draw_config_hash(&before, &pool);
#define CHANGES(field, value)                              \
	do {                                               \
		struct pool_account other = pool;          \
		other.field = (value);                     \
		draw_config_hash(&after, &other);          \
		assert_false(hash_equal(&before, &after)); \
	} while (0)
	CHANGES(salt.b[31], 1);
	CHANGES(max_participants, 1);
	CHANGES(lock_duration, 1);
	CHANGES(bet_amount, 1);
	CHANGES(dev_wallet.b[31], 1);
	CHANGES(dev_fee_bps, 1);
	CHANGES(burn_fee_bps, 1);
	CHANGES(treasury_wallet.b[31], 1);
	CHANGES(treasury_fee_bps, 1);
	CHANGES(start_time, 1);
	CHANGES(duration, 1);
#undef CHANGES
	pool.expire_time = 9;
	pool.total_amount = 9;
	pool.status = POOL_ENDED;
	draw_config_hash(&after, &pool);
	assert_true(hash_equal(&before, &after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_draws),
		cmocka_unit_test(test_what_decides),
		cmocka_unit_test(test_payout_adds_up),
		cmocka_unit_test(test_payout_limits),
		cmocka_unit_test(test_config_hash_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
