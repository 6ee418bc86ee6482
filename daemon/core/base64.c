/* Base64 by table. libsodium's decoder takes bytes above 0x7f for '/' and is slow. */
#include "core/base64.h"

#include <string.h>

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* A digit's bits where they stand in a quartet, and one bit above the 24 that says that it is one: 0 for every other byte. */
/* clang-format off */
#define DIGIT_TABLE(X) \
	X('A', 0) X('B', 1) X('C', 2) X('D', 3) X('E', 4) X('F', 5) X('G', 6) X('H', 7) \
	X('I', 8) X('J', 9) X('K', 10) X('L', 11) X('M', 12) X('N', 13) X('O', 14) X('P', 15) \
	X('Q', 16) X('R', 17) X('S', 18) X('T', 19) X('U', 20) X('V', 21) X('W', 22) X('X', 23) \
	X('Y', 24) X('Z', 25) X('a', 26) X('b', 27) X('c', 28) X('d', 29) X('e', 30) X('f', 31) \
	X('g', 32) X('h', 33) X('i', 34) X('j', 35) X('k', 36) X('l', 37) X('m', 38) X('n', 39) \
	X('o', 40) X('p', 41) X('q', 42) X('r', 43) X('s', 44) X('t', 45) X('u', 46) X('v', 47) \
	X('w', 48) X('x', 49) X('y', 50) X('z', 51) X('0', 52) X('1', 53) X('2', 54) X('3', 55) \
	X('4', 56) X('5', 57) X('6', 58) X('7', 59) X('8', 60) X('9', 61) X('+', 62) X('/', 63)
/* clang-format on */
#define FIRST_ENTRY(digit, value) [digit] = 1u << 24 | (uint32_t)(value) << 18,
#define SECOND_ENTRY(digit, value) [digit] = 1u << 25 | (uint32_t)(value) << 12,
#define THIRD_ENTRY(digit, value) [digit] = 1u << 26 | (uint32_t)(value) << 6,
#define FOURTH_ENTRY(digit, value) [digit] = 1u << 27 | (uint32_t)(value),
static const uint32_t FIRST[256] = { DIGIT_TABLE(FIRST_ENTRY) };
static const uint32_t SECOND[256] = { DIGIT_TABLE(SECOND_ENTRY) };
static const uint32_t THIRD[256] = { DIGIT_TABLE(THIRD_ENTRY) };
static const uint32_t FOURTH[256] = { DIGIT_TABLE(FOURTH_ENTRY) };

static bool all_known(uint32_t quartet)
{
	return quartet >> 24 == 15;
}

size_t base64_encode(char *out, const uint8_t *bytes, size_t n)
{
	char *start = out;

	for (; n >= 3; bytes += 3, n -= 3) {
		uint32_t v = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];

		*out++ = DIGITS[v >> 18];
		*out++ = DIGITS[v >> 12 & 63];
		*out++ = DIGITS[v >> 6 & 63];
		*out++ = DIGITS[v & 63];
	}
	if (n > 0) {
		uint32_t v = (uint32_t)bytes[0] << 16 | (n == 2 ? (uint32_t)bytes[1] << 8 : 0);

		*out++ = DIGITS[v >> 18];
		*out++ = DIGITS[v >> 12 & 63];
		*out++ = n == 2 ? DIGITS[v >> 6 & 63] : '=';
		*out++ = '=';
	}
	*out = '\0';
	return (size_t)(out - start);
}

/* The last quartet, which may end in padding. Bits that belong to no byte must be zero. */
static bool decode_tail(uint8_t *out, const char *text, size_t n_bytes)
{
	const uint32_t v = FIRST[(uint8_t)text[0]] | SECOND[(uint8_t)text[1]] |
	                   (n_bytes > 1 ? THIRD[(uint8_t)text[2]] : THIRD['A']) |
	                   (n_bytes > 2 ? FOURTH[(uint8_t)text[3]] : FOURTH['A']);

	if (!all_known(v) || (v & (0xffffffu >> (8 * n_bytes))) != 0)
		return false;
	for (size_t i = 0; i < n_bytes; i++)
		out[i] = (uint8_t)(v >> (16 - 8 * i));
	return true;
}

bool base64_decode(uint8_t *out, size_t cap, size_t *out_n, const char *text, size_t n)
{
	size_t padding = 0;
	size_t size = n / 4 * 3;
	uint32_t known = 15u << 24;

	if (n % 4 != 0)
		return false;
	*out_n = 0;
	if (n == 0)
		return true;
	if (text[n - 1] == '=')
		padding = text[n - 2] == '=' ? 2 : 1;
	size -= padding;
	if (size > cap)
		return false;
	*out_n = size;
	for (; n > 4; text += 4, n -= 4, out += 3) {
		const uint32_t v = FIRST[(uint8_t)text[0]] | SECOND[(uint8_t)text[1]] | THIRD[(uint8_t)text[2]] |
		                   FOURTH[(uint8_t)text[3]];

		known &= v;
		out[0] = (uint8_t)(v >> 16);
		out[1] = (uint8_t)(v >> 8);
		out[2] = (uint8_t)v;
	}
	return all_known(known) && decode_tail(out, text, 3 - padding);
}
