/* The priority fee: percentile, urgency, floor and cap, and the sum that the guard holds it against. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/address.h"
#include "core/compute.h"
#include "core/price.h"
#include "core/tx.h"

static const struct policy POLICY = { .price_floor = 1000, .price_cap = 100000, .price_fallback = 5000 };

static void test_percentile(void **unused)
{
	static const uint64_t eight[] = { 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000 };

	(void)unused;
	assert_int_equal(price_choose(&POLICY, eight, 8, 0), 7000);
	assert_int_equal(price_choose(&POLICY, eight, 4, 0), 4000);
	assert_int_equal(price_choose(&POLICY, eight, 3, 0), 3000);
	assert_int_equal(price_choose(&POLICY, eight, 1, 0), 1000);
	assert_int_equal(price_choose(&POLICY, NULL, 0, 0), 5000);
}

static void test_bounds_and_urgency(void **unused)
{
	static const struct {
		uint64_t price;
		unsigned urgency;
		uint64_t expected;
	} cases[] = {
		{ 0, 0, 1000 },
		{ 999, 0, 1000 },
		{ 1000, 0, 1000 },
		{ 100000, 0, 100000 },
		{ 100001, 0, 100000 },
		{ UINT64_MAX, 0, 100000 },
		{ 2000, 1, 4000 },
		{ 2000, 2, 8000 },
		{ 2000, 3, 16000 },
		{ 2000, 4, 16000 },
		{ 2000, 1000, 16000 },
		{ 50000, 1, 100000 },
		{ 50001, 1, 100000 },
		{ UINT64_MAX, 3, 100000 },
		{ 300, 3, 2400 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(price_choose(&POLICY, &cases[i].price, 1, cases[i].urgency), cases[i].expected);
}

static void test_fee(void **unused)
{
	(void)unused;
	assert_int_equal(price_fee(0, 0, 1).n, 5000);
	assert_int_equal(price_fee(400000, 0, 2).n, 10000);
	assert_int_equal(price_fee(200000, 1000, 1).n, 5200);
	assert_int_equal(price_fee(1, 1, 1).n, 5001); /* rounded up */
	assert_int_equal(price_fee(1000000, 1, 1).n, 5001);
	assert_int_equal(price_fee(1000001, 1, 1).n, 5002);
	assert_true(price_fee(UINT32_MAX, UINT64_MAX, 1).n == UINT64_MAX);
}

/* Read back from the bytes themselves: two signers, in either order of the budget's instructions, and none at all. */
static void test_price_of_a_transaction(void **unused)
{
	const struct pubkey payer = { { 1 } }, other = { { 2 } }, program = { { 3 } };
	const struct hash blockhash = { { 4 } };
	struct ix ixs[3];
	struct tx tx;

	(void)unused;
	ix_begin(&ixs[0], &program);
	ix_account(&ixs[0], &other, IX_SIGN);
	compute_price(&ixs[1], 1000);
	compute_limit(&ixs[2], 200001);
	assert_int_equal(tx_compile(&tx, &payer, &blockhash, ixs, 3), TX_OK);
	assert_int_equal(price_of(tx.bytes, tx.size).n, 10000 + 201);
	assert_int_equal(tx_compile(&tx, &payer, &blockhash, ixs, 1), TX_OK);
	assert_int_equal(price_of(tx.bytes, tx.size).n, 10000);
	assert_int_equal(price_of(tx.bytes, tx.size - 1u).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentile),
		cmocka_unit_test(test_bounds_and_urgency),
		cmocka_unit_test(test_fee),
		cmocka_unit_test(test_price_of_a_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
