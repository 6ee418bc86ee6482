/* Base64 by table. libsodium's decoder takes bytes above 0x7f for '/' and is slow. */
#include "core/base64.h"

#include <string.h>

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* KNOWN plus the value of a digit; 0 for every byte that is none. */
enum { K = 0x40 };
static const uint8_t VALUES[256] = {
	['A'] = K + 0,
	['B'] = K + 1,
	['C'] = K + 2,
	['D'] = K + 3,
	['E'] = K + 4,
	['F'] = K + 5,
	['G'] = K + 6,
	['H'] = K + 7,
	['I'] = K + 8,
	['J'] = K + 9,
	['K'] = K + 10,
	['L'] = K + 11,
	['M'] = K + 12,
	['N'] = K + 13,
	['O'] = K + 14,
	['P'] = K + 15,
	['Q'] = K + 16,
	['R'] = K + 17,
	['S'] = K + 18,
	['T'] = K + 19,
	['U'] = K + 20,
	['V'] = K + 21,
	['W'] = K + 22,
	['X'] = K + 23,
	['Y'] = K + 24,
	['Z'] = K + 25,
	['a'] = K + 26,
	['b'] = K + 27,
	['c'] = K + 28,
	['d'] = K + 29,
	['e'] = K + 30,
	['f'] = K + 31,
	['g'] = K + 32,
	['h'] = K + 33,
	['i'] = K + 34,
	['j'] = K + 35,
	['k'] = K + 36,
	['l'] = K + 37,
	['m'] = K + 38,
	['n'] = K + 39,
	['o'] = K + 40,
	['p'] = K + 41,
	['q'] = K + 42,
	['r'] = K + 43,
	['s'] = K + 44,
	['t'] = K + 45,
	['u'] = K + 46,
	['v'] = K + 47,
	['w'] = K + 48,
	['x'] = K + 49,
	['y'] = K + 50,
	['z'] = K + 51,
	['0'] = K + 52,
	['1'] = K + 53,
	['2'] = K + 54,
	['3'] = K + 55,
	['4'] = K + 56,
	['5'] = K + 57,
	['6'] = K + 58,
	['7'] = K + 59,
	['8'] = K + 60,
	['9'] = K + 61,
	['+'] = K + 62,
	['/'] = K + 63,
};

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
	uint8_t a = VALUES[(uint8_t)text[0]];
	uint8_t b = VALUES[(uint8_t)text[1]];
	uint8_t c = n_bytes > 1 ? VALUES[(uint8_t)text[2]] : K;
	uint8_t d = n_bytes > 2 ? VALUES[(uint8_t)text[3]] : K;
	uint32_t v = (uint32_t)(a & 63) << 18 | (uint32_t)(b & 63) << 12 | (uint32_t)(c & 63) << 6 | (d & 63);

	if ((a & b & c & d & K) == 0 || (v & (0xffffffu >> (8 * n_bytes))) != 0)
		return false;
	for (size_t i = 0; i < n_bytes; i++)
		out[i] = (uint8_t)(v >> (16 - 8 * i));
	return true;
}

bool base64_decode(uint8_t *out, size_t cap, size_t *out_n, const char *text, size_t n)
{
	size_t padding = 0;
	size_t size = n / 4 * 3;

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
		uint8_t a = VALUES[(uint8_t)text[0]];
		uint8_t b = VALUES[(uint8_t)text[1]];
		uint8_t c = VALUES[(uint8_t)text[2]];
		uint8_t d = VALUES[(uint8_t)text[3]];

		if ((a & b & c & d & K) == 0)
			return false;
		out[0] = (uint8_t)(a << 2 | (b >> 4 & 3));
		out[1] = (uint8_t)(b << 4 | (c >> 2 & 15));
		out[2] = (uint8_t)(c << 6 | (d & 63));
	}
	return decode_tail(out, text, 3 - padding);
}
