/* Limits of the derivation rule, and that a bump is the highest one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/address.h"
#include "core/pda.h"

static const uint8_t MEMORY[40];

static void test_seed_limits(void **unused)
{
	struct bytes seeds[17];
	struct pubkey out;
	uint8_t bump;

	(void)unused;
	for (size_t i = 0; i < 17; i++)
		seeds[i] = (struct bytes){ MEMORY, 1 };
	assert_int_equal(pda_create(&out, seeds, 17, &ADDRESS_ML), PDA_TOO_MANY_SEEDS);
	assert_int_not_equal(pda_create(&out, seeds, 16, &ADDRESS_ML), PDA_TOO_MANY_SEEDS);
	assert_int_equal(pda_find(&out, &bump, seeds, 16, &ADDRESS_ML), PDA_TOO_MANY_SEEDS);
	assert_int_equal(pda_find(&out, &bump, seeds, 15, &ADDRESS_ML), PDA_OK);
	seeds[3].n = 33;
	assert_int_equal(pda_create(&out, seeds, 4, &ADDRESS_ML), PDA_SEED_TOO_LONG);
	assert_int_equal(pda_find(&out, &bump, seeds, 4, &ADDRESS_ML), PDA_SEED_TOO_LONG);
	seeds[3].n = 32;
	assert_int_equal(pda_find(&out, &bump, seeds, 4, &ADDRESS_ML), PDA_OK);
}

static void test_bump_is_the_highest(void **unused)
{
	(void)unused;
	for (uint8_t i = 0; i < 200; i++) {
		struct bytes seeds[2] = { { &i, 1 }, { NULL, 0 } };
		struct pubkey found, made;
		uint8_t bump, higher;

		assert_int_equal(pda_find(&found, &bump, seeds, 1, &ADDRESS_ML), PDA_OK);
		seeds[1] = (struct bytes){ &bump, 1 };
		assert_int_equal(pda_create(&made, seeds, 2, &ADDRESS_ML), PDA_OK);
		assert_true(pubkey_equal(&found, &made));
		seeds[1].p = &higher;
		for (unsigned b = bump + 1u; b < 256; b++) {
			higher = (uint8_t)b;
			assert_int_equal(pda_create(&made, seeds, 2, &ADDRESS_ML), PDA_ON_CURVE);
		}
	}
}

static void test_owner_off_curve(void **unused)
{
	struct pubkey pool, ata;
	struct hash salt = { { 7 } };

	(void)unused;
	pda_pool(&pool, &ADDRESS_WSOL, &salt);
	pda_ata(&ata, &pool, &ADDRESS_WSOL, &ADDRESS_TOKEN);
	assert_false(pubkey_is_zero(&ata));
	assert_false(pubkey_equal(&ata, &pool));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seed_limits),
		cmocka_unit_test(test_bump_is_the_highest),
		cmocka_unit_test(test_owner_off_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
