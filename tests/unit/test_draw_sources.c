/* A source's file: five statements by name, and one line for everything else that is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ops/draw_sources.h"

#define FIVE                                                                                                \
	"-- name: due\nSELECT 1;\n-- name: freeze\nSELECT 2\n-- name: entries\r\nSELECT 3\n  -- a remark\n" \
	"-- name: settle\nSELECT 4\n-- name:refund\nSELECT 5"

static struct source_def def;
static char text[1024], why[200];

static bool parse(const char *file)
{
	(void)snprintf(text, sizeof text, "%s", file);
	why[0] = '\0';
	return source_parse(&def, text, why, sizeof why);
}

static void refused(const char *file, const char *reason)
{
	assert_false(parse(file));
	if (!strstr(why, reason))
		fail_msg("\"%s\" instead of \"%s\"", why, reason);
	assert_null(strchr(why, '\n'));
}

static void test_five_statements(void **unused)
{
	(void)unused;
	assert_true(parse("-- Source x.\n\n" FIVE));
	assert_string_equal(def.sql[SOURCE_DUE], "SELECT 1;\n");
	assert_string_equal(def.sql[SOURCE_FREEZE], "SELECT 2\n");
	assert_string_equal(def.sql[SOURCE_ENTRIES], "SELECT 3\n  -- a remark\n");
	assert_string_equal(def.sql[SOURCE_SETTLE], "SELECT 4\n");
	assert_string_equal(def.sql[SOURCE_REFUND], "SELECT 5");
}

static void test_anything_else_is_refused(void **unused)
{
	(void)unused;
	refused("", "lacks the statement \"due\"");
	refused("SELECT 0;\n" FIVE, "text before its first line");
	refused(FIVE "\n-- name: due\nSELECT 6", "has the statement \"due\" twice");
	refused(FIVE "\n-- name: more\nSELECT 6", "has a statement \"more\"");
	refused("-- name: due\n-- nothing\n;\n-- name: freeze\nSELECT 1", "has nothing in the statement \"due\"");
	refused("-- name: due\nSELECT 1\n-- name: entries\nSELECT 1", "lacks the statement \"freeze\"");
}

static void test_names(void **unused)
{
	(void)unused;
	assert_true(source_name_fits("coin_draws2"));
	assert_false(source_name_fits(""));
	assert_false(source_name_fits("2coins"));
	assert_false(source_name_fits("Coins"));
	assert_false(source_name_fits("coins-2"));
	assert_false(source_name_fits("a234567890123456789012345678901234567890x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_five_statements),
		cmocka_unit_test(test_anything_else_is_refused),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
