/* ops/secret_file: a file with a key is ours alone, plain and small, or it is refused with what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "ops/secret_file.h"

enum { MAX = 64, WHY_MAX = 200, PATH_MAX_HERE = 80 };

static char folder[] = "/tmp/poolkeeper-test-secret-XXXXXX";
static char path[PATH_MAX_HERE], other[PATH_MAX_HERE], why[WHY_MAX];
static struct secret_text secret;
static bool exposed;

static void write_file(size_t n)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(fputc('k', file), 'k');
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static enum err read_file(const char *name, enum secret_file_rule rule)
{
	secret_text_wipe(&secret);
	why[0] = '\0';
	return secret_file_read(&secret, name, MAX, rule, &exposed, why, sizeof(why));
}

static void expect_refused(const char *name, enum err err, const char *fragment)
{
	assert_int_equal(read_file(name, SECRET_FILE_PRIVATE), err);
	assert_null(secret.text);
	if (strstr(why, fragment) == NULL)
		fail_msg("wanted \"%s\", got \"%s\"", fragment, why);
}

static void reads_whole_files(void **state)
{
	static const size_t sizes[] = { 0, 1, MAX - 1, MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		write_file(sizes[i]);
		assert_int_equal(read_file(path, SECRET_FILE_PRIVATE), ERR_OK);
		assert_int_equal(secret.len, sizes[i]);
		assert_int_equal(strlen(secret.text), sizes[i]);
		assert_false(exposed);
	}
}

static void refuses_more_than_max(void **state)
{
	(void)state;
	write_file(MAX + 1);
	expect_refused(path, ERR_INVALID, "longer than 64 bytes");
	write_file(10 * MAX);
	expect_refused(path, ERR_INVALID, "longer than 64 bytes");
}

static void refuses_every_mode_that_others_share(void **state)
{
	static const mode_t shared[] = { 0640, 0620, 0610, 0604, 0602, 0601, 0666, 0755 };
	char expected[WHY_MAX];

	(void)state;
	write_file(8);
	snprintf(expected, sizeof(expected), "run chmod 600 %s", path);
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		assert_int_equal(chmod(path, shared[i]), 0);
		expect_refused(path, ERR_REFUSED, expected);
		assert_true(exposed);
		assert_int_equal(read_file(path, SECRET_FILE_ANY), ERR_OK);
		assert_true(exposed);
	}
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(read_file(path, SECRET_FILE_PRIVATE), ERR_OK);
}

static void refuses_what_is_no_plain_file(void **state)
{
	(void)state;
	write_file(8);
	expect_refused(folder, ERR_REFUSED, "not a regular file");
	expect_refused("/dev/zero", ERR_REFUSED, "not a regular file");
	expect_refused(other, ERR_INVALID, "No such file");
	assert_int_equal(symlink(path, other), 0);
	expect_refused(other, ERR_REFUSED, "symbolic link");
	assert_int_equal(read_file(other, SECRET_FILE_ANY), ERR_OK);
	unlink(other);
	assert_int_equal(mkfifo(other, 0600), 0); /* nobody writes: opening it must not wait */
	expect_refused(other, ERR_REFUSED, "not a regular file");
	unlink(other);
}

static void refuses_files_of_other_users(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file(8);
	assert_int_equal(chown(path, 65534, 65534), 0);
	expect_refused(path, ERR_REFUSED, "belongs to user 65534: run chown 0 ");
	assert_true(exposed);
}

static void copies_and_wipes(void **state)
{
	struct secret_text copy;

	(void)state;
	assert_true(secret_text_copy(&copy, "abcdef", 3));
	assert_string_equal(copy.text, "abc");
	assert_int_equal(copy.len, 3);
	secret_text_wipe(&copy);
	assert_null(copy.text);
	secret_text_wipe(&copy); /* twice is once */
}

static int make_folder(void **state)
{
	(void)state;
	if (!crypto_init() || mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/key", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	secret_text_wipe(&secret);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_whole_files),
		cmocka_unit_test(refuses_more_than_max),
		cmocka_unit_test(refuses_every_mode_that_others_share),
		cmocka_unit_test(refuses_what_is_no_plain_file),
		cmocka_unit_test(refuses_files_of_other_users),
		cmocka_unit_test(copies_and_wipes),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
