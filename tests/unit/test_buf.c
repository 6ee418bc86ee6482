/* base/buf: the maximum holds, overflow is sticky, text is always terminated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void fits_exactly(void **state)
{
	char memory[6];
	struct buf b;
	(void)state;

	buf_on(&b, memory, sizeof memory);
	buf_str(&b, "abc");
	buf_char(&b, 'd');
	buf_fmt(&b, "%d", 7);
	assert_true(buf_ok(&b));
	assert_string_equal(b.data, "abcd7");
	assert_int_equal(b.len, 5);
	buf_add(&b, "", 0);
	assert_true(buf_ok(&b));
}

static void overflow_drops_whole_and_sticks(void **state)
{
	char memory[6];
	struct buf b;
	(void)state;

	buf_on(&b, memory, sizeof memory);
	buf_str(&b, "abc");
	buf_str(&b, "def");
	assert_false(buf_ok(&b));
	buf_char(&b, 'x');
	assert_string_equal(b.data, "abc");
	assert_false(buf_ok(&b));
	buf_fmt(&b, "%s", "y");
	assert_string_equal(b.data, "abc");
	buf_cut(&b, 1);
	assert_true(buf_ok(&b));
	buf_str(&b, "wxyz");
	assert_true(buf_ok(&b));
	assert_string_equal(b.data, "awxyz");
	buf_reset(&b);
	assert_string_equal(b.data, "");
}

static void format_overflow_is_exact(void **state)
{
	char memory[4];
	struct buf b;
	(void)state;

	buf_on(&b, memory, sizeof memory);
	buf_fmt(&b, "%d", 1234);
	assert_false(buf_ok(&b));
	assert_string_equal(b.data, "");
	buf_reset(&b);
	buf_fmt(&b, "%d", 123);
	assert_true(buf_ok(&b));
	assert_string_equal(b.data, "123");
}

static void heap_grows_to_its_maximum_only(void **state)
{
	enum { MAX = 100000 };
	struct buf b;
	(void)state;

	buf_heap(&b, MAX);
	for (int i = 0; i < MAX; i++)
		buf_char(&b, (char)('a' + i % 26));
	assert_true(buf_ok(&b));
	assert_int_equal(b.len, MAX);
	assert_true(b.room <= MAX + 1);
	assert_int_equal(b.data[MAX - 1], 'a' + (MAX - 1) % 26);
	assert_int_equal(b.data[MAX], 0);
	buf_char(&b, 'x');
	assert_false(buf_ok(&b));
	assert_int_equal(b.len, MAX);
	buf_free(&b);
}

static void heap_of_nothing(void **state)
{
	struct buf b;
	(void)state;

	buf_heap(&b, 0);
	assert_string_equal(b.data, "");
	buf_char(&b, 'x');
	assert_false(buf_ok(&b));
	buf_free(&b);
}

static void huge_length_does_not_wrap(void **state)
{
	char memory[8];
	struct buf b;
	(void)state;

	buf_on(&b, memory, sizeof memory);
	buf_str(&b, "abc");
	buf_add(&b, "x", SIZE_MAX - 2);
	assert_false(buf_ok(&b));
	assert_string_equal(b.data, "abc");
}

static void bytes_may_be_zero(void **state)
{
	struct buf b;
	(void)state;

	buf_heap(&b, 10);
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b\0", 4);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fits_exactly),
		cmocka_unit_test(overflow_drops_whole_and_sticks),
		cmocka_unit_test(format_overflow_is_exact),
		cmocka_unit_test(heap_grows_to_its_maximum_only),
		cmocka_unit_test(heap_of_nothing),
		cmocka_unit_test(huge_length_does_not_wrap),
		cmocka_unit_test(bytes_may_be_zero),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
