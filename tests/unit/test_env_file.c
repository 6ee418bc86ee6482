/* ops/env_file: what dotenv and a shell agree on is read, what they disagree on is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ops/env_file.h"

enum { TEXT_MAX = 2048 };

/* Everything the reader was told, as text: "1:KEY=value;" and "1!why;". */
struct told {
	char text[TEXT_MAX];
};

static void append(struct told *told, const char *text)
{
	size_t used = strlen(told->text);

	snprintf(told->text + used, sizeof(told->text) - used, "%s", text);
}

static void entry(void *owner, unsigned line, const char *key, const char *value)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%u:%s=%s;", line, key, value);
	append(owner, text);
}

static void fault(void *owner, unsigned line, const char *why)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%u!%s;", line, why);
	append(owner, text);
}

static void expect(const char *input, const char *expected)
{
	struct told told = { "" };
	const struct env_reader reader = { &told, entry, fault };
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%s", input);
	env_file_parse(text, strlen(text), &reader);
	assert_string_equal(told.text, expected);
}

static void reads_plain_lines(void **state)
{
	(void)state;
	expect("", "");
	expect("A=1", "1:A=1;");
	expect("A=1\nB=2\n", "1:A=1;2:B=2;");
	expect("\n\n# comment\n  A = x y \t\r\nB=\n", "4:A=x y;5:B=;");
	expect("export A=1\nexport\tB=2\nexported=3", "1:A=1;2:B=2;3:exported=3;");
	expect("A=a=b==", "1:A=a=b==;");
	expect("A=[1, 2, 3]", "1:A=[1, 2, 3];");
	expect("A_1=x\n_b=y", "1:A_1=x;2:_b=y;");
}

static void reads_comments_behind_values(void **state)
{
	(void)state;
	expect("A=1 # one\nB=2", "1:A=1;2:B=2;");
	expect("A=# nothing\nB=2", "1:A=;2:B=2;");
	expect("A='x' # one\nB=\"y\"#two", "1:A=x;2:B=y;");
}

static void reads_quotes(void **state)
{
	(void)state;
	expect("A='a # b \\n \"'", "1:A=a # b \\n \";");
	expect("A=`it's`", "1:A=it's;");
	expect("A=\"a\\nb\\t\\\"\\\\\\$c\\q\"", "1:A=a\nb\t\"\\$c\\q;");
	expect("A=\"\"\nB=''", "1:A=;2:B=;");
	expect("A='x\ny'\nB=1", "1:A=x\ny;3:B=1;");
	expect("A=\"x\n\"\nB=1", "1:A=x\n;3:B=1;");
}

static void names_faulty_lines_and_goes_on(void **state)
{
	(void)state;
	expect("A=1\nnonsense\nB=2", "1:A=1;2!is not KEY=value;3:B=2;");
	expect("1A=1\nB=2", "1!is not KEY=value;2:B=2;");
	expect("=1", "1!is not KEY=value;");
	expect("A B=1", "1!is not KEY=value;");
	expect("A=pass#word\nB=2", "1!has a # inside a bare value: put the value into quotes;2:B=2;");
	expect("A='x' y\nB=2", "1!has text after the closing quote;2:B=2;");
	expect("A='x\nB=2", "1!opens a quote that never closes;");
}

static void refuses_binary(void **state)
{
	struct told told = { "" };
	const struct env_reader reader = { &told, entry, fault };
	char text[] = "A=1\0B=2";

	(void)state;
	env_file_parse(text, sizeof(text) - 1, &reader);
	assert_string_equal(told.text, "1!has a NUL byte somewhere: this is not a text file;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_plain_lines),
		cmocka_unit_test(reads_comments_behind_values),
		cmocka_unit_test(reads_quotes),
		cmocka_unit_test(names_faulty_lines_and_goes_on),
		cmocka_unit_test(refuses_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
