/* The self-test passes here, and each of its vectors, changed in one place, is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/crypto.h"
#include "core/self_test.h"

static struct self_test_vectors v;

static int begin(void **state)
{
	(void)state;
	v = SELF_TEST_VECTORS;
	return 0;
}

static void test_this_build_passes(void **state)
{
	(void)state;
	assert_null(self_test(&v));
}

/* The same text with its last digit changed. */
static const char *spoil(const char *hex)
{
	static char text[200];
	const size_t n = strlen(hex);

	memcpy(text, hex, n + 1);
	text[n - 1] = text[n - 1] == '0' ? '1' : '0';
	return text;
}

static void expect(const char *says)
{
	const char *wrong = self_test(&v);

	assert_non_null(wrong);
	if (!strstr(wrong, says))
		fail_msg("%s, not: %s", wrong, says);
	v = SELF_TEST_VECTORS;
}

static void test_each_text_is_compared(void **state)
{
	(void)state;
	v.vrf.seed = spoil(v.vrf.seed);
	expect("another proof");
	v.vrf.alpha = spoil(v.vrf.alpha);
	expect("another proof");
	v.vrf.proof = spoil(v.vrf.proof);
	expect("another proof");
	v.vrf.key = spoil(v.vrf.key);
	expect("does not verify");
	v.vrf.beta = spoil(v.vrf.beta);
	expect("another beta");
	for (unsigned i = 0; i < SELF_TEST_DRAWS; i++) {
		v.draw[i].draw = spoil(v.draw[i].draw);
		expect("root");
		v.draw[i].root = spoil(v.draw[i].root);
		expect("root");
		v.draw[i].ticket[1].participant = spoil(v.draw[i].ticket[1].participant);
		expect("root");
		v.draw[i].ticket[0].weight++;
		expect("root");
		v.draw[i].beta = spoil(v.draw[i].beta);
		expect("key");
		v.draw[i].key = spoil(v.draw[i].key);
		expect("key");
	}
}

static void test_each_pick_is_compared(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SELF_TEST_DRAWS; i++) {
		for (uint32_t p = 0; p < v.draw[i].prizes + v.draw[i].alternates; p++) {
			v.draw[i].pick[p].empty = !v.draw[i].pick[p].empty;
			expect("picks");
			if (v.draw[i].pick[p].empty)
				continue;
			v.draw[i].pick[p].number++;
			expect("picks");
			v.draw[i].pick[p].total++;
			expect("picks");
			v.draw[i].pick[p].attempt++;
			expect("picks");
			v.draw[i].pick[p].entry++;
			expect("picks");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_this_build_passes, begin),
		cmocka_unit_test_setup(test_each_text_is_compared, begin),
		cmocka_unit_test_setup(test_each_pick_is_compared, begin),
	};

	return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
