/* Base58 against a slow reference, and the texts that look right and are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/base58.h"

static uint64_t state = 88172645463325252u; /* fixed seed: a failure is repeated by running again */

static uint8_t next_byte(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint8_t)(state >> 24);
}

/* Repeated division by 58: slow, obvious. */
static size_t reference_encode(char *out, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
	uint8_t number[64];
	char reversed[128];
	size_t length = 0;
	size_t zeros = 0;

	memcpy(number, bytes, n);
	while (zeros < n && number[zeros] == 0)
		zeros++;
	for (;;) {
		unsigned rest = 0;
		unsigned any = 0;

		for (size_t i = 0; i < n; i++) {
			rest = rest * 256 + number[i];
			number[i] = (uint8_t)(rest / 58);
			any |= number[i];
			rest %= 58;
		}
		reversed[length++] = digits[rest];
		if (any == 0)
			break;
	}
	while (length > 0 && reversed[length - 1] == '1')
		length--;
	while (zeros-- > 0)
		reversed[length++] = '1';
	for (size_t i = 0; i < length; i++)
		out[i] = reversed[length - 1 - i];
	out[length] = '\0';
	return length;
}

/* Random bytes, often with leading zeros or 0xff. */
static void make_bytes(uint8_t *out, size_t n)
{
	uint8_t shape = next_byte();
	size_t special = shape % 4 == 0 ? next_byte() % (n + 1) : 0;

	for (size_t i = 0; i < n; i++)
		out[i] = i < special ? (shape & 4 ? 0xff : 0) : next_byte();
}

static void test_keys_match_reference(void **unused)
{
	(void)unused;
	for (int round = 0; round < 20000; round++) {
		struct pubkey key, back;
		char text[PUBKEY_TEXT], expected[128], general[PUBKEY_TEXT];
		size_t n, general_n;

		make_bytes(key.b, sizeof key.b);
		n = reference_encode(expected, key.b, sizeof key.b);
		assert_int_equal(base58_pubkey(text, &key), n);
		assert_string_equal(text, expected);
		assert_true(base58_to_pubkey(&back, text, n));
		assert_true(pubkey_equal(&key, &back));
		assert_true(base58_encode(general, sizeof general, &general_n, key.b, sizeof key.b));
		assert_string_equal(general, expected);
	}
}

static void test_signatures_match_reference(void **unused)
{
	(void)unused;
	for (int round = 0; round < 10000; round++) {
		struct signature signature, back;
		char text[SIGNATURE_TEXT], expected[128];
		size_t n;

		make_bytes(signature.b, sizeof signature.b);
		n = reference_encode(expected, signature.b, sizeof signature.b);
		assert_int_equal(base58_signature(text, &signature), n);
		assert_string_equal(text, expected);
		assert_true(base58_to_signature(&back, text, n));
		assert_true(signature_equal(&signature, &back));
	}
}

/* All bytes 0xff: the sums of the fixed path are at their largest. */
static void test_largest(void **unused)
{
	struct pubkey key;
	struct signature signature, back;
	char text[SIGNATURE_TEXT], expected[128];
	size_t n;

	(void)unused;
	memset(&key, 0xff, sizeof key);
	memset(&signature, 0xff, sizeof signature);
	base58_pubkey(text, &key);
	assert_string_equal(text, "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG");
	assert_false(base58_to_pubkey(&key, "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH", 44));
	n = reference_encode(expected, signature.b, sizeof signature.b);
	assert_int_equal(base58_signature(text, &signature), n);
	assert_string_equal(text, expected);
	assert_true(base58_to_signature(&back, text, n));
	text[n - 1]++;
	assert_false(base58_to_signature(&back, text, n));
	memset(text, 'z', 88);
	assert_false(base58_to_signature(&back, text, 88));
}

static void test_wrong_texts(void **unused)
{
	struct pubkey key;
	char ones[46];

	(void)unused;
	memset(ones, '1', sizeof ones);
	for (size_t n = 0; n < sizeof ones; n++)
		assert_int_equal(base58_to_pubkey(&key, ones, n), n == 32);
	/* The right value with one '1' more or less in front. */
	assert_true(base58_to_pubkey(&key, "11111111111111111111111111111112", 32));
	assert_false(base58_to_pubkey(&key, "111111111111111111111111111111112", 33));
	assert_false(base58_to_pubkey(&key, "1111111111111111111111111111112", 31));
	for (int c = 0; c < 256; c++) {
		char text[] = "4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm";
		bool digit = c != 0 && strchr("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", c) != NULL;

		text[20] = (char)c;
		assert_int_equal(base58_to_pubkey(&key, text, 44), digit);
	}
}

static void test_general_limits(void **unused)
{
	static uint8_t bytes[BASE58_BYTES_MAX + 1];
	static char text[BASE58_TEXT_MAX + 1];
	static uint8_t back[BASE58_BYTES_MAX];
	size_t n, size;

	(void)unused;
	memset(bytes, 0xff, sizeof bytes);
	assert_true(base58_encode(text, sizeof text, &n, bytes, BASE58_BYTES_MAX));
	assert_int_equal(n, BASE58_TEXT_MAX);
	assert_true(base58_decode(back, sizeof back, &size, text, n));
	assert_int_equal(size, BASE58_BYTES_MAX);
	assert_memory_equal(back, bytes, size);
	assert_false(base58_decode(back, sizeof back - 1, &size, text, n));
	assert_false(base58_encode(text, n, &size, bytes, BASE58_BYTES_MAX));
	assert_false(base58_encode(text, sizeof text, &n, bytes, sizeof bytes));
	memset(text, 'z', sizeof text);
	assert_false(base58_decode(back, sizeof back, &size, text, sizeof text));
	memset(text, '1', sizeof text);
	assert_false(base58_decode(back, 3, &size, text, 4));
	assert_true(base58_decode(back, 4, &size, text, 4));
	assert_true(base58_decode(back, 0, &size, "", 0));
	assert_int_equal(size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_match_reference),
		cmocka_unit_test(test_signatures_match_reference),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_wrong_texts),
		cmocka_unit_test(test_general_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
