/* A published file: whole or not there, one writer, and nothing left over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/publish.h"

static char base[] = "/tmp/publish-XXXXXX";
static char dir[64], why[320];

static int make_dir(void **unused)
{
	(void)unused;
	if (!mkdtemp(base))
		return -1;
	snprintf(dir, sizeof dir, "%s/files", base);
	return 0;
}

static const char *content(const char *name)
{
	static char text[64];
	char path[192];
	FILE *f;
	size_t n = 0;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (f) {
		n = fread(text, 1, sizeof text - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return f ? text : NULL;
}

static struct publish *begun(const char *name)
{
	struct publish *p = NULL;

	assert_int_equal(publish_begin(&p, dir, name, why, sizeof why), ERR_OK);
	return p;
}

static void add(struct publish *p, const char *text)
{
	assert_int_equal(publish_add(p, text, strlen(text), why, sizeof why), ERR_OK);
}

static void test_whole_or_not(void **unused)
{
	struct publish *p = begun("1-a.json");
	char path[192];
	struct stat st;

	(void)unused;
	add(p, "one ");
	assert_false(publish_done(dir, "1-a.json"));
	assert_string_equal(content(".1-a.json.part"), "one ");
	add(p, "two");
	assert_int_equal(publish_end(p, why, sizeof why), ERR_OK);
	assert_true(publish_done(dir, "1-a.json"));
	assert_string_equal(content("1-a.json"), "one two");
	assert_null(content(".1-a.json.part"));
	snprintf(path, sizeof path, "%s/1-a.json", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
}

/* What a process that was killed left behind is longer than what is written now. */
static void test_begun_anew(void **unused)
{
	char path[192];
	FILE *f;
	struct publish *p;

	(void)unused;
	snprintf(path, sizeof path, "%s/.2-b.json.part", dir);
	f = fopen(path, "wb");
	assert_non_null(f);
	fputs("left over, and long", f);
	fclose(f);
	p = begun("2-b.json");
	add(p, "new");
	assert_int_equal(publish_end(p, why, sizeof why), ERR_OK);
	assert_string_equal(content("2-b.json"), "new");
}

static void test_one_writer(void **unused)
{
	struct publish *first = begun("3-c.json"), *second = NULL;

	(void)unused;
	assert_int_equal(publish_begin(&second, dir, "3-c.json", why, sizeof why), ERR_RETRY);
	assert_non_null(strstr(why, "another process writes it"));
	add(first, "first");
	assert_int_equal(publish_end(first, why, sizeof why), ERR_OK);
	second = begun("3-c.json");
	publish_drop(second);
	assert_string_equal(content("3-c.json"), "first");
	assert_null(content(".3-c.json.part"));
	publish_drop(NULL);
}

static void test_names(void **unused)
{
	static const char *const wrong[] = { "", ".", "..", ".hidden", "../up", "a/b", "a b", "a\n" };
	char longest[PUBLISH_NAME_MAX + 1];
	struct publish *p = NULL;

	(void)unused;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(publish_begin(&p, dir, wrong[i], why, sizeof why), ERR_REFUSED);
	memset(longest, 'a', PUBLISH_NAME_MAX);
	longest[PUBLISH_NAME_MAX] = '\0';
	assert_int_equal(publish_begin(&p, dir, longest, why, sizeof why), ERR_REFUSED);
	assert_int_equal(publish_begin(&p, "/nowhere/at/all", "a", why, sizeof why), ERR_RETRY);
	assert_non_null(strstr(why, "its directory cannot be made"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_or_not),
		cmocka_unit_test(test_begun_anew),
		cmocka_unit_test(test_one_writer),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, make_dir, NULL);
}
