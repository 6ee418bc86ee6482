/* ops/html: text from anybody, and numbers as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ops/html.h"

#define GONE "\xef\xbf\xbd"
#define NBSP "\xc2\xa0"

static char memory[512];
static struct buf out;

static struct buf *fresh(void)
{
	buf_on(&out, memory, sizeof memory);
	return &out;
}

static void expect_text(const char *given, const char *expected)
{
	html_text(fresh(), given);
	assert_string_equal(memory, expected);
}

static void text_can_end_no_tag_and_no_attribute(void **state)
{
	(void)state;
	expect_text("", "");
	expect_text("Token 7, M\xc3\xbcnze \xe2\x82\xac \xf0\x9f\x8e\xb0",
		"Token 7, M\xc3\xbcnze \xe2\x82\xac \xf0\x9f\x8e\xb0");
	expect_text("</td><script>\"'&amp;", "&#60;/td&#62;&#60;script&#62;&#34;&#39;&#38;amp;");
}

static void nothing_unseen_and_nothing_that_turns_text_around(void **state)
{
	static const char *const unseen[] = { "\x01", "\n", "\x7f", "\xc2\x85", "\xc2\xad", "\xd8\x9c", "\xe2\x80\x8b",
		"\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9", "\xef\xbb\xbf",
		"\xf3\xa0\x80\x81" };
	char given[16];

	(void)state;
	for (size_t i = 0; i < sizeof unseen / sizeof unseen[0]; i++) {
		snprintf(given, sizeof given, "a%sb", unseen[i]);
		expect_text(given, "a" GONE "b");
	}
}

/* Each byte that begins or continues nothing is one replacement; a cut character never swallows what follows. */
static void bytes_that_are_no_utf8(void **state)
{
	(void)state;
	expect_text("\xff<", GONE "&#60;");
	expect_text("\x80\xbf", GONE GONE);
	expect_text("\xc0\xbc", GONE GONE);                   /* < in two bytes */
	expect_text("\xe0\x80\xbc", GONE GONE GONE);          /* and in three  */
	expect_text("\xed\xa0\x80", GONE GONE GONE);          /* a surrogate   */
	expect_text("\xf4\x90\x80\x80", GONE GONE GONE GONE); /* above U+10FFFF */
	expect_text("\xe2\x82<b>", GONE GONE "&#60;b&#62;");
	expect_text("\xf0\x9f\x8e", GONE GONE GONE);
}

static void expect_amount(uint64_t units, unsigned decimals, const char *expected)
{
	html_amount(fresh(), units, decimals);
	assert_string_equal(memory, expected);
}

static void amounts_are_exact(void **state)
{
	(void)state;
	expect_amount(0, 0, "0");
	expect_amount(0, 9, "0");
	expect_amount(1, 6, "0.000001");
	expect_amount(1364000000000, 6, "1,364,000");
	expect_amount(1234567, 3, "1,234.567");
	expect_amount(1500, 3, "1.5");
	expect_amount(1, 18, "0.000000<wbr>000000<wbr>000001");
	expect_amount(UINT64_MAX, 0, "18,<wbr>446,<wbr>744,<wbr>073,<wbr>709,<wbr>551,<wbr>615");
	expect_amount(1500, 19,
		"1,500 \xc3\x97" NBSP "10<sup>\xe2\x88\x92"
		"19</sup>");
	expect_amount(7, 255,
		"7 \xc3\x97" NBSP "10<sup>\xe2\x88\x92"
		"255</sup>");
}

static void expect_duration(uint64_t seconds, const char *expected)
{
	html_duration(fresh(), seconds);
	assert_string_equal(memory, expected);
}

static void durations_have_two_units_at_most(void **state)
{
	(void)state;
	expect_duration(0, "0" NBSP "s");
	expect_duration(119, "119" NBSP "s");
	expect_duration(120, "2" NBSP "min");
	expect_duration(7199, "119" NBSP "min");
	expect_duration(7260, "2" NBSP "h" NBSP "1" NBSP "min");
	expect_duration(172800, "2" NBSP "d" NBSP "0" NBSP "h");
	expect_duration(UINT64_MAX, "over" NBSP "999" NBSP "d");
}

static void times_are_utc_and_may_be_none(void **state)
{
	(void)state;
	html_time(fresh(), 1795256002, false);
	assert_string_equal(memory, "<time datetime=\"2026-11-21T10:13:22Z\">21 Nov 10:13</time>");
	html_time(fresh(), 1795256002, true);
	assert_string_equal(memory, "<time datetime=\"2026-11-21T10:13:22Z\">10:13:22</time>");
	html_time(fresh(), INT64_MAX, true);
	assert_string_equal(memory, "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_can_end_no_tag_and_no_attribute),
		cmocka_unit_test(nothing_unseen_and_nothing_that_turns_text_around),
		cmocka_unit_test(bytes_that_are_no_utf8),
		cmocka_unit_test(amounts_are_exact),
		cmocka_unit_test(durations_have_two_units_at_most),
		cmocka_unit_test(times_are_utc_and_may_be_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
