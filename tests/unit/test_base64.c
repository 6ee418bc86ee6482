/* Base64: every length, every wrong byte, every way to pad wrongly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/base64.h"

static bool decodes(const char *text, const char *expected)
{
	uint8_t out[64];
	size_t n;

	if (!base64_decode(out, sizeof out, &n, text, strlen(text)))
		return false;
	return n == strlen(expected) && memcmp(out, expected, n) == 0;
}

/* RFC 4648, section 10. */
static void test_rfc(void **unused)
{
	static const char *const pairs[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };

	(void)unused;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		char text[32];

		assert_int_equal(
			base64_encode(text, (const uint8_t *)pairs[i][0], strlen(pairs[i][0])), strlen(pairs[i][1]));
		assert_string_equal(text, pairs[i][1]);
		assert_true(decodes(pairs[i][1], pairs[i][0]));
	}
}

static void test_round_trip(void **unused)
{
	uint8_t bytes[300], back[300];
	char text[BASE64_TEXT(sizeof bytes)];
	size_t n, size;

	(void)unused;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 197 + (i >> 3));
	for (size_t length = 0; length <= sizeof bytes; length++) {
		n = base64_encode(text, bytes, length);
		assert_int_equal(n + 1, BASE64_TEXT(length));
		assert_true(base64_decode(back, length, &size, text, n));
		assert_int_equal(size, length);
		assert_memory_equal(back, bytes, length);
		if (length > 0)
			assert_false(base64_decode(back, length - 1, &size, text, n));
	}
}

static void test_wrong_bytes(void **unused)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t out[16];
	size_t n;

	(void)unused;
	for (int c = 0; c < 256; c++) {
		for (size_t at = 0; at < 8; at++) {
			char text[] = "AAAAAAAA";
			bool good = (c != 0 && strchr(digits, c) != NULL) || (c == '=' && at == 7);

			text[at] = (char)c;
			assert_int_equal(base64_decode(out, sizeof out, &n, text, 8), good);
		}
	}
}

static void test_wrong_padding(void **unused)
{
	static const char *const wrong[] = { "=", "==", "===", "====", "A", "AA", "AAA", "A===", "AA=A", "=AAA", "A=AA",
		"AAA=AAAA", "AA==AAAA", "Zg==Zg==", "Zg=", "Zg", "Zm8", "Zm9v=", "Zm9v====", "Zm9v\n", " Zm9v", "Zm 9",
		"Zh==", "Zm9=", "Zm8=\n" };
	uint8_t out[16];
	size_t n;

	(void)unused;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(base64_decode(out, sizeof out, &n, wrong[i], strlen(wrong[i])));
}

/* The text may go on behind the n characters that are given. */
static void test_length_is_the_callers(void **unused)
{
	uint8_t out[16];
	size_t n;

	(void)unused;
	for (size_t length = 0; length <= 8; length++)
		assert_int_equal(base64_decode(out, sizeof out, &n, "AAAAAAAAAAAA", length), length % 4 == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_wrong_bytes),
		cmocka_unit_test(test_wrong_padding),
		cmocka_unit_test(test_length_is_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
