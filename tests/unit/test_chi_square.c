/* Chi-square against values that a table or a line of algebra gives, and the bins of picks at their edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/crypto.h"
#include "show/chi_square.h"
#include "show/fairness_rows.h"

static struct chi_square test_of(const uint64_t *seen, unsigned cells)
{
	const struct chi_group group = { .cells = cells, .seen = seen };
	struct chi_square out;

	chi_square_test(&out, &group, 1);
	return out;
}

static void expect(const uint64_t *seen, unsigned cells, const char *value, const char *p, bool unlikely)
{
	const struct chi_square out = test_of(seen, cells);

	assert_string_equal(out.value, value);
	assert_string_equal(out.p, p);
	assert_int_equal(out.unlikely, unlikely);
	assert_int_equal(out.df, cells - 1);
}

static void test_values(void **unused)
{
	(void)unused;
	expect((const uint64_t[]){ 50, 50 }, 2, "0.0000", "1.0000", false);
	expect((const uint64_t[]){ 60, 40 }, 2, "4.0000", "0.0455", false);              /* 2 (1 - Phi(2))      */
	expect((const uint64_t[]){ 100, 0 }, 2, "100.0000", "1.52e-23", true);           /* 2 (1 - Phi(10))     */
	expect((const uint64_t[]){ 10, 20, 30 }, 3, "10.0000", "0.0067", false);         /* e^-5            */
	expect((const uint64_t[]){ 0, 20, 40 }, 3, "40.0000", "2.06e-09", true);         /* e^-20           */
	expect((const uint64_t[]){ 30, 20, 20, 10, 20 }, 5, "10.0000", "0.0404", false); /* e^-5 (1 + 5) */
	expect((const uint64_t[]){ 1, 9, 5, 5 }, 4, "6.4000", "0.0937", false);
}

static void test_few_draws_say_nothing(void **unused)
{
	const uint64_t few[] = { 5, 4 }, enough[] = { 6, 4 }, one[] = { 99 };
	const struct chi_group groups[] = { { .cells = 2, .seen = few }, { .cells = 2, .seen = enough },
		{ .cells = 1, .seen = one }, { .cells = 0 } };
	struct chi_square out;

	(void)unused;
	out = test_of(few, 2);
	assert_int_equal(out.df, 0);
	assert_string_equal(out.p, "-");
	assert_int_equal(out.left_out, 9);
	chi_square_test(&out, groups, 4);
	assert_int_equal(out.df, 1);
	assert_int_equal(out.used, 10);
	assert_int_equal(out.left_out, 108);
	assert_string_equal(out.value, "0.4000");
}

static void test_groups_add_up(void **unused)
{
	const uint64_t a[] = { 60, 40 }, b[] = { 10, 20, 30 };
	const struct chi_group groups[] = { { .cells = 2, .seen = a }, { .cells = 3, .seen = b } };
	struct chi_square out;

	(void)unused;
	chi_square_test(&out, groups, 2);
	assert_string_equal(out.value, "14.0000");
	assert_int_equal(out.df, 3);
	assert_string_equal(out.p, "0.0029");
}

static void test_bins(void **unused)
{
	struct draw_id draw = { { 0 } };
	unsigned lower = 0;

	(void)unused;
	assert_int_equal(fairness_bin(&draw, 0, 0, UINT64_MAX), 0);
	assert_int_equal(fairness_bin(&draw, 0, UINT64_MAX - 1, UINT64_MAX), FAIRNESS_BINS - 1);
	assert_int_equal(fairness_bin(&draw, 0, UINT64_MAX / 2 - 1, UINT64_MAX), FAIRNESS_BINS / 2 - 1);
	assert_int_equal(fairness_bin(&draw, 0, 9, 20), 9);
	for (uint32_t pick = 0; pick < 2000; pick++) {
		assert_true(fairness_bin(&draw, pick, 0, 2) < FAIRNESS_BINS / 2);
		assert_true(fairness_bin(&draw, pick, 1, 2) >= FAIRNESS_BINS / 2);
		lower += fairness_bin(&draw, pick, 0, 1) < FAIRNESS_BINS / 2;
	}
	assert_in_range(lower, 900, 1100); /* one ticket: its points are everywhere */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_few_draws_say_nothing),
		cmocka_unit_test(test_groups_add_up),
		cmocka_unit_test(test_bins),
	};

	return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
