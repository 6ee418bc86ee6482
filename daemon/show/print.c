/* Times, keys and amounts as text. */
#include "show/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base58.h"

const char *print_time(char out[TIME_TEXT], int64_t unix_s)
{
	const time_t at = (time_t)unix_s;
	struct tm utc;

	if (unix_s == 0 || !gmtime_r(&at, &utc) || strftime(out, TIME_TEXT, "%Y-%m-%d %H:%M:%SZ", &utc) == 0)
		snprintf(out, TIME_TEXT, "-");
	return out;
}

const char *print_span(char out[SPAN_TEXT], int64_t from_s, int64_t to_s)
{
	const bool past = to_s < from_s;
	const uint64_t s = past ? (uint64_t)from_s - (uint64_t)to_s : (uint64_t)to_s - (uint64_t)from_s;
	const char *before = past ? "" : "in ", *after = past ? " ago" : "";

	if (s >= 86400)
		snprintf(out, SPAN_TEXT, "%s%" PRIu64 " d %" PRIu64 " h%s", before, s / 86400, s / 3600 % 24, after);
	else if (s >= 3600)
		snprintf(out, SPAN_TEXT, "%s%" PRIu64 " h %" PRIu64 " min%s", before, s / 3600, s / 60 % 60, after);
	else if (s >= 60)
		snprintf(out, SPAN_TEXT, "%s%" PRIu64 " min %" PRIu64 " s%s", before, s / 60, s % 60, after);
	else
		snprintf(out, SPAN_TEXT, "%s%" PRIu64 " s%s", before, s, after);
	return out;
}

const char *print_key(char out[PUBKEY_TEXT], const struct pubkey *key)
{
	if (pubkey_is_zero(key))
		snprintf(out, PUBKEY_TEXT, "-");
	else
		base58_pubkey(out, key);
	return out;
}

const char *print_sig(char out[SIGNATURE_TEXT], const struct signature *sig)
{
	if (signature_is_zero(sig))
		snprintf(out, SIGNATURE_TEXT, "-");
	else
		base58_signature(out, sig);
	return out;
}

const char *print_hex(char out[HEX_TEXT], const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	out[0] = '\0';
	for (size_t i = 0; i < n && 2 * i + 2 < HEX_TEXT; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
	return out;
}

const char *print_amount(char out[AMOUNT_TEXT], uint64_t amount, unsigned decimals)
{
	uint64_t unit = 1;

	if (decimals == 0 || decimals > 18) { /* 10^19 still fits, more does not; no pool has it */
		snprintf(out, AMOUNT_TEXT, "%" PRIu64, amount);
		return out;
	}
	for (unsigned i = 0; i < decimals; i++)
		unit *= 10;
	snprintf(out, AMOUNT_TEXT, "%" PRIu64 ".%0*" PRIu64, amount / unit, (int)decimals, amount % unit);
	return out;
}

const char *print_u128(char out[U128_TEXT], struct u128 value)
{
	char digits[U128_TEXT];
	size_t n = 0;

	do { /* long division by ten, 32 bits at a time */
		uint32_t limb[4] = { (uint32_t)(value.hi >> 32), (uint32_t)value.hi, (uint32_t)(value.lo >> 32),
			(uint32_t)value.lo };
		uint64_t rest = 0;

		for (size_t i = 0; i < 4; i++) {
			rest = rest << 32 | limb[i];
			limb[i] = (uint32_t)(rest / 10);
			rest %= 10;
		}
		value = (struct u128){ .hi = (uint64_t)limb[0] << 32 | limb[1],
			.lo = (uint64_t)limb[2] << 32 | limb[3] };
		digits[n++] = (char)('0' + rest);
	} while ((value.hi | value.lo) != 0);
	for (size_t i = 0; i < n; i++)
		out[i] = digits[n - 1 - i];
	out[n] = '\0';
	return out;
}
