/* Switchboard accounts at their limits: lengths, counts that lie, a URI that fills its field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "core/switchboard.h"

static void test_randomness_lengths(void **unused)
{
	uint8_t data[SB_RANDOMNESS_SIZE + 1] = { 0 };
	struct sb_randomness got;

	(void)unused;
	memcpy(data, SB_RANDOMNESS_DISCRIMINATOR, 8);
	memset(data + 408, 0x77, 72);
	for (size_t n = 0; n <= sizeof data; n++) {
		enum account_result expected = n < 8                        ? ACCOUNT_NO_DISCRIMINATOR
		                               : n < SB_RANDOMNESS_SIZE_MIN ? ACCOUNT_CANNOT_DECODE
		                                                            : ACCOUNT_OK;

		assert_int_equal(sb_randomness_decode(&got, data, n), expected);
		if (expected != ACCOUNT_OK)
			continue;
		assert_int_equal(got.has_signer, n >= SB_RANDOMNESS_SIZE);
		assert_int_equal(got.signer[63], n >= SB_RANDOMNESS_SIZE ? 0x77 : 0);
	}
	data[7] ^= 1;
	assert_int_equal(sb_randomness_decode(&got, data, sizeof data), ACCOUNT_WRONG_DISCRIMINATOR);
}

static void test_queue_count_is_clamped(void **unused)
{
	static const uint32_t counts[][2] = { { 0, 0 }, { 1, 1 }, { 77, 77 }, { 78, 78 }, { 79, 78 }, { 255, 78 },
		{ 256, 78 }, { UINT32_MAX, 78 } };
	static uint8_t data[SB_QUEUE_SIZE];
	struct sb_queue got;

	(void)unused;
	memcpy(data, SB_QUEUE_DISCRIMINATOR, 8);
	assert_int_equal(sb_queue_decode(&got, data, sizeof data - 1), ACCOUNT_CANNOT_DECODE);
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		store_u32(data + 5204, counts[i][0]);
		assert_int_equal(sb_queue_decode(&got, data, sizeof data), ACCOUNT_OK);
		assert_true(got.oracle_keys_len == counts[i][0]);
		assert_int_equal(got.n_oracles, counts[i][1]);
	}
}

static void test_uri_without_end(void **unused)
{
	static uint8_t data[SB_ORACLE_SIZE];
	struct sb_oracle got;

	(void)unused;
	memcpy(data, SB_ORACLE_DISCRIMINATOR, 8);
	memset(data + 3584, 'u', 64);
	data[3648] = 'x';
	assert_int_equal(sb_oracle_decode(&got, data, sizeof data - 1), ACCOUNT_CANNOT_DECODE);
	assert_int_equal(sb_oracle_decode(&got, data, sizeof data), ACCOUNT_OK);
	assert_int_equal(strlen(got.gateway_uri), 64);
	data[3590] = 0;
	assert_int_equal(sb_oracle_decode(&got, data, sizeof data), ACCOUNT_OK);
	assert_int_equal(strlen(got.gateway_uri), 6);
}

static void test_commit_event_lengths(void **unused)
{
	uint8_t data[113] = { 0x58, 0x3c, 0xac, 0x5a, 0x70, 0x0a, 0xce, 0x93 };
	struct sb_commit_event got;

	(void)unused;
	store_u64(data + 72, 7);
	data[111] = 9;
	for (size_t n = 0; n <= sizeof data; n++)
		assert_int_equal(sb_commit_event_decode(&got, data, n), n >= 112);
	assert_int_equal(got.slot.n, 7);
	assert_int_equal(got.slothash.b[31], 9);
	data[0] = 0;
	assert_false(sb_commit_event_decode(&got, data, sizeof data));
}

static void test_identify(void **unused)
{
	uint8_t data[8] = { 0x34, 0xaa, 0x98, 0xc9, 0xb3, 0x85, 0xf2, 0x8d };
	enum sb_ix which;

	(void)unused;
	assert_true(sb_identify(&which, data, 8));
	assert_int_equal(which, SB_COMMIT);
	assert_false(sb_identify(&which, data, 7));
	data[7] ^= 1;
	assert_false(sb_identify(&which, data, 8));
	assert_string_equal(sb_error_name(6040), "RandomnessOracleKeyExpired");
	assert_null(sb_error_name(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_randomness_lengths),
		cmocka_unit_test(test_queue_count_is_clamped),
		cmocka_unit_test(test_uri_without_end),
		cmocka_unit_test(test_commit_event_lengths),
		cmocka_unit_test(test_identify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
