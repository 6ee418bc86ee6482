/* Base58: keys and signatures through fixed tables, other lengths digit by digit. */
#include "core/base58.h"

#include <assert.h>
#include <string.h>

/* The fixed path works on 32-bit words of the number and on limbs of five digits (58^5 < 2^30), both most significant
 * first. TO_LIMBS[i] is the weight of word i, 2^(32 * (words - 1 - i)), in limbs (without the top limb, which only
 * carries reach); TO_WORDS[i] is the weight of limb i, 58^(5 * (limbs - 1 - i)), in words. */
enum {
	LIMB = 656356768, /* 58^5 */
	WORDS_MAX = 16,
	LIMBS_MAX = 18,
};

static const uint32_t TO_LIMBS_32[8][8] = {
	{ 513735, 77223048, 437087610, 300156666, 605448490, 214625350, 141436834, 379377856 },
	{ 0, 78508, 646269101, 118408823, 91512303, 209184527, 413102373, 153715680 },
	{ 0, 0, 11997, 486083817, 3737691, 294005210, 247894721, 289024608 },
	{ 0, 0, 0, 1833, 324463681, 385795061, 551597588, 21339008 },
	{ 0, 0, 0, 0, 280, 127692781, 389432875, 357132832 },
	{ 0, 0, 0, 0, 0, 42, 537767569, 410450016 },
	{ 0, 0, 0, 0, 0, 0, 6, 356826688 },
	{ 0, 0, 0, 0, 0, 0, 0, 1 },
};
static const uint32_t TO_LIMBS_64[16][17] = {
	{ 2631, 149457141, 577092685, 632289089, 81912456, 221591423, 502967496, 403284731, 377738089, 492128779,
		746799, 366351977, 190199623, 38066284, 526403762, 650603058, 454901440 },
	{ 0, 402, 68350375, 30641941, 266024478, 208884256, 571208415, 337765723, 215140626, 129419325, 480359048,
		398051646, 635841659, 214020719, 136986618, 626219915, 49699360 },
	{ 0, 0, 61, 295059608, 141201404, 517024870, 239296485, 527697587, 212906911, 453637228, 467589845, 144614682,
		45134568, 184514320, 644355351, 104784612, 308625792 },
	{ 0, 0, 0, 9, 256449755, 500124311, 479690581, 372802935, 413254725, 487877412, 520263169, 176791855, 78190744,
		291820402, 74998585, 496097732, 59100544 },
	{ 0, 0, 0, 0, 1, 285573662, 455976778, 379818553, 100001224, 448949512, 109507367, 117185012, 347328982,
		522665809, 36908802, 577276849, 64504928 },
	{ 0, 0, 0, 0, 0, 0, 143945778, 651677945, 281429047, 535878743, 264290972, 526964023, 199595821, 597442702,
		499113091, 424550935, 458949280 },
	{ 0, 0, 0, 0, 0, 0, 0, 21997789, 294590275, 148640294, 595017589, 210481832, 404203788, 574729546, 160126051,
		430102516, 44963712 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 3361701, 325788598, 30977630, 513969330, 194569730, 164019635, 136596846, 626087230,
		503769920 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 513735, 77223048, 437087610, 300156666, 605448490, 214625350, 141436834,
		379377856 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 78508, 646269101, 118408823, 91512303, 209184527, 413102373, 153715680 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11997, 486083817, 3737691, 294005210, 247894721, 289024608 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1833, 324463681, 385795061, 551597588, 21339008 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 280, 127692781, 389432875, 357132832 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 42, 537767569, 410450016 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 356826688 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
};
static const uint32_t TO_WORDS_32[9][8] = {
	{ 1277, 2650397687u, 3801011509u, 2074386530, 3248244966u, 687255411, 2959155456u, 0 },
	{ 0, 8360, 1184754854, 3047609191u, 3418394749u, 132556120, 1199103528, 0 },
	{ 0, 0, 54706, 2996985344u, 1834629191, 3964963911u, 485140318, 1073741824 },
	{ 0, 0, 0, 357981, 1476998812, 3337178590u, 1483338760, 4194304000u },
	{ 0, 0, 0, 0, 2342503, 3052466824u, 2595180627u, 17825792 },
	{ 0, 0, 0, 0, 0, 15328518, 1933902296, 4063920128u },
	{ 0, 0, 0, 0, 0, 0, 100304420, 3355157504u },
	{ 0, 0, 0, 0, 0, 0, 0, 656356768 },
	{ 0, 0, 0, 0, 0, 0, 0, 1 },
};
static const uint32_t TO_WORDS_64[18][16] = {
	{ 249448, 3719864065u, 173911550, 4021557284u, 3115810883u, 2498525019u, 1035889824, 627529458, 3840888383u,
		3728167192u, 2901437456u, 3863405776u, 1540739182, 1570766848, 0, 0 },
	{ 0, 1632305, 1882780341, 4128706713u, 1023671068, 2618421812u, 2005415586, 1062993857, 3577221846u,
		3960476767u, 1695615427, 2597060712u, 669472826, 104923136, 0, 0 },
	{ 0, 0, 10681231, 1422956801, 2406345166u, 4058671871u, 2143913881, 4169135587u, 2414104418u, 2549553452u,
		997594232, 713340517, 2290070198u, 1103833088, 0, 0 },
	{ 0, 0, 0, 69894212, 1038812943, 1785020643, 1285619000, 2301468615u, 3492037905u, 314610629, 2761740102u,
		3410618104u, 1699516363, 910779968, 0, 0 },
	{ 0, 0, 0, 0, 457363084, 927569770, 3976106370u, 1389513021, 2107865525, 3716679421u, 1828091393, 2088408376,
		439156799, 2579227194u, 0, 0 },
	{ 0, 0, 0, 0, 0, 2992822783u, 383623235, 3862831115u, 112778334, 339767049, 1447250220, 486575164, 3495303162u,
		2209946163u, 268435456, 0 },
	{ 0, 0, 0, 0, 0, 4, 2404108010u, 2962826229u, 3998086794u, 1893006839, 2266258239u, 1429430446, 307953032,
		2361423716u, 176160768, 0 },
	{ 0, 0, 0, 0, 0, 0, 29, 3596590989u, 3044036677u, 1332209423, 1014420882, 868688145, 4264082837u, 3688771808u,
		2485387264u, 0 },
	{ 0, 0, 0, 0, 0, 0, 0, 195, 1054003707, 3711696540u, 582574436, 3549229270u, 1088536814, 2338440092u,
		1468637184, 0 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 1277, 2650397687u, 3801011509u, 2074386530, 3248244966u, 687255411, 2959155456u, 0 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 8360, 1184754854, 3047609191u, 3418394749u, 132556120, 1199103528, 0 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 54706, 2996985344u, 1834629191, 3964963911u, 485140318, 1073741824 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 357981, 1476998812, 3337178590u, 1483338760, 4194304000u },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2342503, 3052466824u, 2595180627u, 17825792 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 15328518, 1933902296, 4063920128u },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100304420, 3355157504u },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 656356768 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
};

/* A number of 32 or 64 bytes and its tables. */
struct shape {
	size_t words;
	size_t limbs;
	const uint32_t *to_limbs;
	const uint32_t *to_words;
};

static const struct shape SHAPE_32 = { 8, 9, TO_LIMBS_32[0], TO_WORDS_32[0] };
static const struct shape SHAPE_64 = { 16, 18, TO_LIMBS_64[0], TO_WORDS_64[0] };

static const char DIGITS[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* Value of a digit plus one; 0 for every byte that is none. */
static const uint8_t VALUES[256] = {
	['1'] = 1,
	['2'] = 2,
	['3'] = 3,
	['4'] = 4,
	['5'] = 5,
	['6'] = 6,
	['7'] = 7,
	['8'] = 8,
	['9'] = 9,
	['A'] = 10,
	['B'] = 11,
	['C'] = 12,
	['D'] = 13,
	['E'] = 14,
	['F'] = 15,
	['G'] = 16,
	['H'] = 17,
	['J'] = 18,
	['K'] = 19,
	['L'] = 20,
	['M'] = 21,
	['N'] = 22,
	['P'] = 23,
	['Q'] = 24,
	['R'] = 25,
	['S'] = 26,
	['T'] = 27,
	['U'] = 28,
	['V'] = 29,
	['W'] = 30,
	['X'] = 31,
	['Y'] = 32,
	['Z'] = 33,
	['a'] = 34,
	['b'] = 35,
	['c'] = 36,
	['d'] = 37,
	['e'] = 38,
	['f'] = 39,
	['g'] = 40,
	['h'] = 41,
	['i'] = 42,
	['j'] = 43,
	['k'] = 44,
	['m'] = 45,
	['n'] = 46,
	['o'] = 47,
	['p'] = 48,
	['q'] = 49,
	['r'] = 50,
	['s'] = 51,
	['t'] = 52,
	['u'] = 53,
	['v'] = 54,
	['w'] = 55,
	['x'] = 56,
	['y'] = 57,
	['z'] = 58,
};

static uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static size_t leading_zeros(const uint8_t *bytes, size_t n)
{
	size_t zeros = 0;

	while (zeros < n && bytes[zeros] == 0)
		zeros++;
	return zeros;
}

static void carry_limbs(uint64_t *limb, size_t n)
{
	for (size_t j = n - 1; j > 0; j--) {
		limb[j - 1] += limb[j] / LIMB;
		limb[j] %= LIMB;
	}
}

static size_t encode_fixed(char *out, const uint8_t *bytes, const struct shape *shape)
{
	uint64_t limb[LIMBS_MAX] = { 0 };
	uint8_t digit[LIMBS_MAX * 5];
	size_t columns = shape->limbs - 1;
	size_t n_digits = shape->limbs * 5;
	size_t zeros = leading_zeros(bytes, shape->words * 4);
	size_t first = 0;
	size_t n = 0;

	for (size_t i = 0; i < shape->words; i++) {
		uint64_t word = load_be32(bytes + i * 4);

		for (size_t j = 0; j < columns; j++)
			limb[j + 1] += word * shape->to_limbs[i * columns + j];
		/* Eight rows stay below 0.92 * 2^64; sixteen would not. */
		if (i % 8 == 7)
			carry_limbs(limb, shape->limbs);
	}
	for (size_t j = 0; j < shape->limbs; j++) {
		uint32_t v = (uint32_t)limb[j];

		for (size_t k = 5; k > 0; k--, v /= 58)
			digit[j * 5 + k - 1] = (uint8_t)(v % 58);
	}
	while (first < n_digits && digit[first] == 0)
		first++;
	while (n < zeros)
		out[n++] = DIGITS[0];
	while (first < n_digits)
		out[n++] = DIGITS[digit[first++]];
	out[n] = '\0';
	return n;
}

/* Digits of the text, right aligned into limbs. */
static bool read_limbs(uint64_t *limb, const struct shape *shape, const char *text, size_t n)
{
	size_t pad = shape->limbs * 5;

	if (n > pad)
		return false;
	pad -= n;
	for (size_t i = 0; i < n; i++) {
		uint8_t value = VALUES[(uint8_t)text[i]];

		if (value == 0)
			return false;
		limb[(pad + i) / 5] = limb[(pad + i) / 5] * 58 + value - 1;
	}
	return true;
}

static bool decode_fixed(uint8_t *out, const struct shape *shape, const char *text, size_t n)
{
	uint64_t limb[LIMBS_MAX] = { 0 };
	uint64_t word[WORDS_MAX] = { 0 };
	size_t ones = 0;

	if (!read_limbs(limb, shape, text, n))
		return false;
	/* All rows together stay below 0.999 * 2^64, so the carry of 2^32 fits too. */
	for (size_t i = 0; i < shape->limbs; i++)
		for (size_t j = 0; j < shape->words; j++)
			word[j] += limb[i] * shape->to_words[i * shape->words + j];
	for (size_t j = shape->words - 1; j > 0; j--) {
		word[j - 1] += word[j] >> 32;
		word[j] &= UINT32_MAX;
	}
	if (word[0] > UINT32_MAX)
		return false;
	for (size_t j = 0; j < shape->words; j++)
		store_be32(out + j * 4, (uint32_t)word[j]);
	while (ones < n && text[ones] == DIGITS[0])
		ones++;
	/* Each leading zero byte is one '1': any other number of them means another length. */
	return ones == leading_zeros(out, shape->words * 4);
}

size_t base58_pubkey(char out[PUBKEY_TEXT], const struct pubkey *key)
{
	return encode_fixed(out, key->b, &SHAPE_32);
}

size_t base58_hash(char out[PUBKEY_TEXT], const struct hash *hash)
{
	return encode_fixed(out, hash->b, &SHAPE_32);
}

size_t base58_signature(char out[SIGNATURE_TEXT], const struct signature *signature)
{
	return encode_fixed(out, signature->b, &SHAPE_64);
}

bool base58_to_pubkey(struct pubkey *out, const char *text, size_t n)
{
	return decode_fixed(out->b, &SHAPE_32, text, n);
}

bool base58_to_hash(struct hash *out, const char *text, size_t n)
{
	return decode_fixed(out->b, &SHAPE_32, text, n);
}

bool base58_to_signature(struct signature *out, const char *text, size_t n)
{
	return decode_fixed(out->b, &SHAPE_64, text, n);
}

bool base58_encode(char *out, size_t cap, size_t *out_n, const uint8_t *bytes, size_t n)
{
	uint8_t digit[BASE58_TEXT_MAX];
	size_t n_digits = 0; /* in digit[], least significant first */
	size_t zeros = leading_zeros(bytes, n);

	if (n > BASE58_BYTES_MAX)
		return false;
	for (size_t i = zeros; i < n; i++) {
		uint32_t carry = bytes[i];

		for (size_t j = 0; j < n_digits || carry != 0; j++) {
			assert(j < sizeof digit);
			if (j == n_digits)
				digit[n_digits++] = 0;
			carry += (uint32_t)digit[j] << 8;
			digit[j] = (uint8_t)(carry % 58);
			carry /= 58;
		}
	}
	if (zeros + n_digits >= cap)
		return false;
	memset(out, DIGITS[0], zeros);
	for (size_t j = 0; j < n_digits; j++)
		out[zeros + j] = DIGITS[digit[n_digits - 1 - j]];
	*out_n = zeros + n_digits;
	out[*out_n] = '\0';
	return true;
}

bool base58_decode(uint8_t *out, size_t cap, size_t *out_n, const char *text, size_t n)
{
	uint8_t byte[BASE58_BYTES_MAX];
	size_t n_bytes = 0; /* in byte[], least significant first */
	size_t ones = 0;

	while (ones < n && text[ones] == DIGITS[0])
		ones++;
	for (size_t i = ones; i < n; i++) {
		uint32_t carry = VALUES[(uint8_t)text[i]];

		if (carry == 0)
			return false;
		carry--;
		for (size_t j = 0; j < n_bytes || carry != 0; j++) {
			if (j == sizeof byte)
				return false;
			if (j == n_bytes)
				byte[n_bytes++] = 0;
			carry += (uint32_t)byte[j] * 58;
			byte[j] = (uint8_t)carry;
			carry >>= 8;
		}
	}
	if (n_bytes > cap || ones > cap - n_bytes)
		return false;
	if (ones > 0)
		memset(out, 0, ones);
	for (size_t j = 0; j < n_bytes; j++)
		out[ones + j] = byte[n_bytes - 1 - j];
	*out_n = ones + n_bytes;
	return true;
}
