/* Pieces of HTML. */
#include "ops/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base58.h"

#define NBSP "\xc2\xa0"

static const char REPLACEMENT[] = "\xef\xbf\xbd"; /* U+FFFD */

/* ---- text ---- */

/* One character at *at, and *at behind it; 0: what is there is no UTF-8, and *at is one byte further. */
static uint32_t next_character(const unsigned char **at)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = *at;
	const unsigned n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 0;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	*at += 1;
	if (n == 0 || p[0] >= 0xf8)
		return 0;
	for (unsigned i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*at = p + n;
	return c;
}

/* Controls, and what hides text or changes its direction. */
static bool is_unseen(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c >= 0xe0000;
}

void html_text(struct buf *out, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text, *from; *at != '\0';) {
		uint32_t c;

		from = at;
		c = next_character(&at);
		if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
			buf_fmt(out, "&#%u;", (unsigned)c);
		else if (c == 0 || is_unseen(c))
			buf_str(out, REPLACEMENT);
		else
			buf_add(out, from, (size_t)(at - from));
	}
}

/* ---- numbers ---- */

static void write_grouped(struct buf *out, const char *digits, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			buf_str(out, n > 9 ? ",<wbr>" : ",");
		buf_char(out, digits[i]);
	}
}

void html_count(struct buf *out, uint64_t n)
{
	char digits[24];

	write_grouped(out, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n));
}

enum { DECIMALS_SHOWN = 18 }; /* a mint may have up to 255 */

void html_amount(struct buf *out, uint64_t base_units, unsigned decimals)
{
	const unsigned after = decimals <= DECIMALS_SHOWN ? decimals : 0;
	char digits[DECIMALS_SHOWN + 24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%0*" PRIu64, (int)after + 1, base_units);
	const size_t before = n - after;

	write_grouped(out, digits, before);
	while (n > before && digits[n - 1] == '0')
		n--;
	if (n > before)
		buf_char(out, '.');
	for (size_t i = before; i < n; i++) {
		if (i > before && (i - before) % 6 == 0)
			buf_str(out, "<wbr>");
		buf_char(out, digits[i]);
	}
	if (decimals > DECIMALS_SHOWN)
		buf_fmt(out, " ×" NBSP "10<sup>−%u</sup>", decimals);
}

/* ---- times ---- */

enum { DAYS_SHOWN = 999 };

void html_duration(struct buf *out, uint64_t seconds)
{
	const uint64_t minutes = seconds / 60, hours = minutes / 60;

	if (seconds < 120)
		buf_fmt(out, "%" PRIu64 NBSP "s", seconds);
	else if (minutes < 120)
		buf_fmt(out, "%" PRIu64 NBSP "min", minutes);
	else if (hours < 48)
		buf_fmt(out, "%" PRIu64 NBSP "h" NBSP "%" PRIu64 NBSP "min", hours, minutes % 60);
	else if (hours > DAYS_SHOWN * 24)
		buf_fmt(out, "over" NBSP "%d" NBSP "d", DAYS_SHOWN);
	else
		buf_fmt(out, "%" PRIu64 NBSP "d" NBSP "%" PRIu64 NBSP "h", hours / 24, hours % 24);
}

void html_time(struct buf *out, int64_t unix_s, bool with_seconds)
{
	const time_t seconds = (time_t)unix_s;
	char machine[40], person[32];
	struct tm utc;

	if (gmtime_r(&seconds, &utc) == NULL || strftime(machine, sizeof(machine), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0 ||
		strftime(person, sizeof(person), with_seconds ? "%H:%M:%S" : "%d %b %H:%M", &utc) == 0) {
		buf_str(out, "?");
		return;
	}
	buf_fmt(out, "<time datetime=\"%s\">%s</time>", machine, person);
}

void html_address(struct buf *out, const struct pubkey *address)
{
	char text[PUBKEY_TEXT];
	const size_t n = base58_pubkey(text, address);

	buf_fmt(out, "<code title=\"%s\">%.4s…%s</code>", text, text, text + n - 4);
}
