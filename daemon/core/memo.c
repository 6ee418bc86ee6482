/* The text of an anchor, there and back. */
#include "core/memo.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "core/address.h"

enum { HASH_TEXT = 2 * HASH_SIZE, SEQ_MAX = 20, SOURCE_MAX = 40, KEY_MAX = 127 };
static const char DIGITS[] = "0123456789abcdef";

/* So many of these from `at` on, at most; what is counted is in `of`, or, with NULL, is what a certificate's texts may hold. */
static size_t run(struct bytes data, size_t at, const char *of, size_t max)
{
	size_t n = 0;

	for (; n < max && at + n < data.n; n++) {
		const char c = (char)data.p[at + n];

		if (of ? !memchr(of, c, strlen(of)) : c < ' ' || c > '~' || c == '"' || c == '\\')
			break;
	}
	return n;
}

static bool skip(struct bytes data, size_t *at, const char *text)
{
	const size_t n = strlen(text);

	if (data.n - *at < n || memcmp(data.p + *at, text, n) != 0)
		return false;
	*at += n;
	return true;
}

static bool skip_run(struct bytes data, size_t *at, const char *of, size_t max)
{
	const size_t n = run(data, *at, of, max);

	*at += n;
	return n > 0;
}

bool memo_is_anchor(struct bytes data)
{
	size_t at = 0;
	size_t key;

	if (data.n > MEMO_MAX || !skip(data, &at, MEMO_TITLE) || !skip_run(data, &at, "0123456789", SEQ_MAX) ||
		!skip(data, &at, " ") || !skip_run(data, &at, "abcdefghijklmnopqrstuvwxyz0123456789_", SOURCE_MAX) ||
		!skip(data, &at, ":") || data.n - at < 1 + 1 + HASH_TEXT)
		return false;
	key = data.n - at - 1 - HASH_TEXT; /* it may have blanks: it ends where the hash begins */
	if (key > KEY_MAX || run(data, at, NULL, key) != key)
		return false;
	at += key;
	return skip(data, &at, " ") && run(data, at, DIGITS, HASH_TEXT) == HASH_TEXT;
}

bool memo_anchor(struct memo *out, uint64_t seq, const char *source, const char *key, const struct hash *hash)
{
	struct buf text;

	memset(out, 0, sizeof *out);
	buf_on(&text, out->text, sizeof out->text);
	buf_fmt(&text, MEMO_TITLE "%" PRIu64 " %s:%s ", seq, source, key);
	for (unsigned i = 0; i < HASH_SIZE; i++) {
		buf_char(&text, DIGITS[hash->b[i] >> 4]);
		buf_char(&text, DIGITS[hash->b[i] & 15]);
	}
	if (buf_ok(&text) && memo_is_anchor((struct bytes){ (const uint8_t *)out->text, text.len }))
		return true;
	memset(out, 0, sizeof *out);
	return false;
}

void memo_build(struct ix *out, const struct pubkey *signer, const struct memo *memo)
{
	ix_begin(out, &ADDRESS_MEMO);
	ix_account(out, signer, IX_SIGN);
	ix_bytes(out, memo->text, strlen(memo->text));
}
