/* Health of endpoints and the choice among them, with a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "chain/endpoints.h"

static const struct rpc_endpoint_config CONFIG[] = {
	{ "https://user:secret@one.example:8899/v2/abcdef0123456789?token=zzz" },
	{ "https://two.example/" },
	{ "http://three.example" },
};

static struct endpoints *three(void)
{
	static struct endpoints endpoints;

	endpoints_init(&endpoints, CONFIG, 3);
	return &endpoints;
}

static void told(struct endpoints *e, int i, uint64_t slot)
{
	endpoints_told_slot(e, i, CONFIRMED, (struct slot){ slot }, 0);
}

static void test_names_hold_no_secret(void **state)
{
	struct endpoints *e = three();

	(void)state;
	assert_string_equal(e->at[0].label, "rpc1");
	assert_string_equal(e->at[0].name, "rpc1 (one.example:8899)");
	assert_string_equal(e->at[1].name, "rpc2 (two.example)");
	assert_string_equal(e->at[2].name, "rpc3 (three.example)");
}

static void test_quoted_key_is_hidden(void **state)
{
	struct endpoints *e = three();
	char text[] = "invalid key v2/abcdef0123456789?token=zzz in v2/abcdef0123456789?token=zzz";
	char other[] = "two.example";

	(void)state;
	endpoint_hide_key(&e->at[0], text);
	assert_null(strstr(text, "abcdef"));
	assert_null(strstr(text, "zzz"));
	endpoint_hide_key(&e->at[1], other);
	assert_string_equal(other, "two.example");
}

static void test_breaker_opens_after_three_errors_in_a_row(void **state)
{
	struct endpoints *e = three();

	(void)state;
	endpoint_failed(&e->at[0], 100);
	endpoint_failed(&e->at[0], 100);
	endpoint_answered(&e->at[0], 1); /* a row that is interrupted does not count */
	endpoint_failed(&e->at[0], 100);
	endpoint_failed(&e->at[0], 100);
	assert_true(endpoint_open(&e->at[0], 100));
	endpoint_failed(&e->at[0], 100);
	assert_false(endpoint_open(&e->at[0], 1000000));
	assert_int_equal(e->at[0].probe_at, 600);
	assert_int_not_equal(endpoints_choose(e, 0, 100), 0);
}

static void test_probes_back_off_to_five_seconds(void **state)
{
	static const unsigned delays[] = { 1000, 2000, 4000, 5000, 5000 };
	struct endpoints *e = three();

	(void)state;
	for (int i = 0; i < 3; i++)
		endpoint_failed(&e->at[0], 0);
	for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
		endpoint_failed(&e->at[0], 0); /* as a failing probe reports it: must not begin again */
		endpoint_probe_failed(&e->at[0], 5000);
		assert_int_equal(e->at[0].probe_at, 5000 + delays[i]);
	}
	endpoint_answered(&e->at[0], 1);
	assert_true(endpoint_open(&e->at[0], 0));
	assert_true(endpoint_well(&e->at[0]));
}

static void test_all_down_gives_nothing(void **state)
{
	struct endpoints *e = three();
	char why[200];

	(void)state;
	for (int i = 0; i < 9; i++)
		endpoint_failed(&e->at[i % 3], 0);
	assert_int_equal(endpoints_choose(e, 0, 0), -1);
	endpoints_explain(e, 0, why, sizeof why);
	assert_string_equal(why, "no endpoint can be asked: rpc1 down, rpc2 down, rpc3 down");
}

static void test_lag_beyond_fifty_slots_is_avoided(void **state)
{
	struct endpoints *e = three();

	(void)state;
	told(e, 1, 1000);
	told(e, 0, 950); /* 50 behind is still well */
	told(e, 2, 949);
	assert_true(endpoint_well(&e->at[0]));
	assert_false(endpoint_well(&e->at[2]));
	endpoint_answered(&e->at[1], 900);
	assert_int_equal(endpoints_choose(e, 0, 0), 1);
	assert_int_equal(endpoints_choose(e, 1U << 1, 0), 0);
	/* Better an old view than none. */
	assert_int_equal(endpoints_choose(e, 3U, 0), 2);
	told(e, 2, 1001);
	assert_true(endpoint_well(&e->at[2]));
}

static void test_lag_is_measured_within_one_commitment(void **state)
{
	struct endpoints *e = three();

	(void)state;
	told(e, 0, 1000);
	endpoints_told_slot(e, 1, FINALIZED, (struct slot){ 940 }, 0);
	assert_true(endpoint_well(&e->at[1]));
	assert_int_equal(e->at[1].lag, 0);
}

static void test_latency_breaks_ties(void **state)
{
	struct endpoints *e = three();

	(void)state;
	for (int i = 0; i < 3; i++)
		told(e, i, 1000);
	endpoint_answered(&e->at[0], 9000);
	endpoint_answered(&e->at[1], 3000);
	endpoint_answered(&e->at[2], 6000);
	assert_int_equal(endpoints_choose(e, 0, 0), 1);
	told(e, 1, 1000);
	told(e, 0, 1009); /* now rpc2 is 9 slots behind when it next tells */
	told(e, 1, 1000);
	assert_int_equal(endpoints_choose(e, 0, 0), 2);
	endpoint_answered(&e->at[0], 1000); /* moving average: 9000 * 7/8 + 1000/8 */
	assert_int_equal(e->at[0].latency_us, 8000);
}

static void test_unhealthy_is_avoided_until_a_result(void **state)
{
	struct endpoints *e = three();

	(void)state;
	endpoint_unhealthy(&e->at[0], 500);
	assert_false(endpoint_well(&e->at[0]));
	assert_int_equal(e->at[0].probe_at, 1000);
	assert_int_not_equal(endpoints_choose(e, 0, 500), 0);
	endpoint_answered(&e->at[0], 1);
	assert_false(endpoint_well(&e->at[0]));
	endpoint_healthy(&e->at[0]);
	assert_true(endpoint_well(&e->at[0]));
}

static void test_rate_limit_pauses(void **state)
{
	struct endpoints *e = three();
	char why[200];

	(void)state;
	endpoint_rate_limited(&e->at[0], 0, 1000);
	assert_false(endpoint_open(&e->at[0], 1999));
	assert_true(endpoint_open(&e->at[0], 2000));
	endpoint_rate_limited(&e->at[0], 0, 1500); /* answers of the same burst count once */
	assert_int_equal(e->at[0].quiet_until, 2000);
	endpoint_rate_limited(&e->at[0], 0, 2000);
	assert_int_equal(e->at[0].quiet_until, 4000);
	endpoint_rate_limited(&e->at[0], 7, 4000); /* Retry-After wins */
	assert_int_equal(e->at[0].quiet_until, 11000);
	endpoint_rate_limited(&e->at[0], 3600, 11000);
	assert_int_equal(e->at[0].quiet_until, 71000);
	for (int i = 0; i < 10; i++)
		endpoint_rate_limited(&e->at[0], 0, e->at[0].quiet_until);
	assert_int_equal(e->at[0].pause_ms, 30000);
	endpoint_healthy(&e->at[0]);
	assert_int_equal(e->at[0].pause_ms, 1000);
	endpoint_rate_limited(&e->at[1], 2, 0);
	endpoints_explain(e, 500, why, sizeof why);
	assert_non_null(strstr(why, "rpc2 rate limited for 1500 ms"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_hold_no_secret),
		cmocka_unit_test(test_quoted_key_is_hidden),
		cmocka_unit_test(test_breaker_opens_after_three_errors_in_a_row),
		cmocka_unit_test(test_probes_back_off_to_five_seconds),
		cmocka_unit_test(test_all_down_gives_nothing),
		cmocka_unit_test(test_lag_beyond_fifty_slots_is_avoided),
		cmocka_unit_test(test_lag_is_measured_within_one_commitment),
		cmocka_unit_test(test_latency_breaks_ties),
		cmocka_unit_test(test_unhealthy_is_avoided_until_a_result),
		cmocka_unit_test(test_rate_limit_pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
