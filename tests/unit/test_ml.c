/* Recognising ml instructions at every length, their accounts, and the names of errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/ml.h"

static struct ml_accounts accounts_with_numbers(void)
{
	struct ml_accounts accounts;

	for (size_t i = 0; i < ML_ROLE_COUNT; i++)
		memset(&accounts.of[i], (int)i + 1, PUBKEY_SIZE);
	return accounts;
}

static void test_parse_lengths(void **unused)
{
	const struct ml_accounts accounts = accounts_with_numbers();
	struct ml_args args = { .bet_amount = UINT64_MAX,
		.lock_duration = -2,
		.max_participants = 20,
		.dev_fee_bps = 1,
		.burn_fee_bps = 2,
		.treasury_fee_bps = 3,
		.allow_mock = true };

	(void)unused;
	for (size_t i = 0; i < ML_IX_COUNT; i++) {
		struct ml_args back;
		enum ml_ix which;
		struct ix ix;
		uint8_t longer[200] = { 0 };

		ml_build(&ix, (enum ml_ix)i, &accounts, &args);
		for (size_t n = 0; n < ix.data_size; n++)
			assert_false(ml_parse(&which, &back, ix.data, n));
		memcpy(longer, ix.data, ix.data_size);
		assert_true(ml_parse(&which, &back, longer, sizeof longer));
		assert_int_equal(which, i);
	}
}

static void test_bool_of_create(void **unused)
{
	const struct ml_accounts accounts = accounts_with_numbers();
	struct ml_args args = { .allow_mock = true };
	struct ml_args back;
	enum ml_ix which;
	struct ix ix;

	(void)unused;
	ml_build(&ix, ML_CREATE_POOL, &accounts, &args);
	assert_int_equal(ix.data_size, 128);
	assert_true(ml_parse(&which, &back, ix.data, ix.data_size) && back.allow_mock);
	ix.data[127] = 2;
	assert_false(ml_parse(&which, &back, ix.data, ix.data_size));
}

/* Positions, and the three addresses that nobody needs to pass. */
static void test_accounts(void **unused)
{
	const struct ml_accounts accounts = accounts_with_numbers();
	struct ml_args args = { .bet_amount = 1 };

	(void)unused;
	for (size_t i = 0; i < ML_IX_COUNT; i++) {
		struct ix ix;
		size_t known = 0;

		ml_build(&ix, (enum ml_ix)i, &accounts, &args);
		assert_int_equal(ix.n_metas, ml_account_count((enum ml_ix)i));
		for (size_t role = 0; role < ML_ROLE_COUNT; role++) {
			int at = ml_position((enum ml_ix)i, (enum ml_role)role);

			if (at < 0)
				continue;
			known++;
			if (role < ML_ATA_PROGRAM)
				assert_int_equal(ix.metas[at].key.b[0], role + 1);
			assert_int_equal(ix.metas[at].signer, role == ML_USER);
		}
		assert_int_equal(known, ix.n_metas);
	}
	assert_int_equal(ml_position(ML_PAYOUT_WINNER, ML_USER), 10);
	assert_int_equal(ml_position(ML_SELECT_WINNER, ML_RANDOMNESS), 1);
	assert_int_equal(ml_position(ML_REQUEST_RANDOMNESS, ML_RANDOMNESS), 0);
	assert_int_equal(ml_position(ML_FORCE_EXPIRE, ML_MINT), -1);
}

static void test_error_names(void **unused)
{
	(void)unused;
	assert_string_equal(ml_error_name(6000), "PoolExpired");
	assert_string_equal(ml_error_name(6021), "InvalidPoolStatus");
	assert_string_equal(ml_error_name(6036), "SpoofedDonation");
	assert_string_equal(ml_error_name(6047), "RandomnessExpired");
	assert_string_equal(ml_error_name(6059), "ForbiddenTransferFee");
	assert_string_equal(ml_error_name(6068), "PoolTokenMismatch");
	assert_string_equal(ml_error_name(3012), "AccountNotInitialized");
	assert_null(ml_error_name(6069));
	assert_null(ml_error_name(5999));
	assert_null(ml_error_name(1));
	for (uint32_t code = 6000; code <= 6068; code++)
		assert_non_null(ml_error_name(code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_lengths),
		cmocka_unit_test(test_bool_of_create),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_error_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
