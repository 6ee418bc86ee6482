/* One form only, so that two programs cannot read two things in the same bytes. */
#include "core/certificate_reader.h"

#include <string.h>

#include "base/buf.h"
#include "core/base58.h"

static const char NOTHING[] = "";

static char peek(const struct certificate_reader *r)
{
	return r->at < r->n ? r->text[r->at] : '\0';
}

static void fail_with(struct certificate_reader *r, const char *key, const char *before, const char *named,
	size_t named_n, const char *after)
{
	struct buf why;

	if (r->failed)
		return;
	r->failed = true;
	buf_on(&why, r->why, sizeof r->why);
	buf_fmt(&why, "byte %zu: ", r->at);
	if (key)
		buf_fmt(&why, "%s: ", key);
	buf_str(&why, before);
	buf_add(&why, named, named_n < 40 ? named_n : 40);
	buf_str(&why, after);
	r->n = r->at; /* nothing more is read */
}

void reader_fail(struct certificate_reader *r, const char *key, const char *why)
{
	fail_with(r, key, why, NOTHING, 0, NOTHING);
}

void reader_begin(struct certificate_reader *r, const char *text, size_t n)
{
	*r = (struct certificate_reader){ .text = text, .n = n };
	if (n > 0 && text[n - 1] == '\n')
		r->n--;
	for (size_t i = 0; i < r->n; i++)
		if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '\\') {
			r->at = i;
			reader_fail(r, NULL,
				text[i] == '\\' ? "escapes are not allowed"
						: "only printable ASCII is allowed, and no line breaks: jq -cS . "
						  "writes the form that is signed");
			return;
		}
}

void reader_finish(struct certificate_reader *r)
{
	if (!r->failed && r->at != r->n)
		reader_fail(r, NULL, "something stands behind the end");
}

static bool is_first(const struct certificate_reader *r)
{
	return r->at > 0 && (r->text[r->at - 1] == '{' || r->text[r->at - 1] == '[');
}

/* ---- keys ---- */

/* The key that stands at `at`, behind its comma if there is one. False: there is none. */
static bool key_at(const struct certificate_reader *r, const char **key, size_t *n)
{
	size_t at = r->at;
	const char *end;

	if (at < r->n && r->text[at] == ',')
		at++;
	if (r->failed || at >= r->n || r->text[at] != '"')
		return false;
	*key = r->text + at + 1;
	end = memchr(*key, '"', r->n - at - 1);
	*n = end ? (size_t)(end - *key) : 0;
	return end != NULL;
}

static int compare(const char *key, size_t n, const char *name)
{
	const size_t name_n = strlen(name);
	const int difference = memcmp(key, name, n < name_n ? n : name_n);

	return difference != 0 ? difference : (n > name_n) - (n < name_n);
}

/* Why the key that comes is not the one that must. */
static void fail_key(struct certificate_reader *r, const char *expected)
{
	const char *last = r->depth > 0 ? r->last[r->depth - 1] : NULL;
	const char *key;
	size_t n;

	if (!key_at(r, &key, &n))
		reader_fail(r, expected ? expected : NULL,
			expected && peek(r) == '}' ? "is missing" : "a key in quotes must stand here, without blanks");
	else if (last && compare(key, n, last) == 0)
		fail_with(r, NULL, "key ", key, n, " is given twice");
	else if (last && compare(key, n, last) < 0)
		fail_with(r, NULL, "key ", key, n, " is out of order: jq -cS . sorts them");
	else if (!expected || compare(key, n, expected) < 0)
		fail_with(r, NULL, "key ", key, n, " is not known here");
	else
		fail_with(r, expected, "is missing, before key ", key, n, NOTHING);
}

bool reader_next_is(const struct certificate_reader *r, const char *key)
{
	const char *found;
	size_t n;

	return key_at(r, &found, &n) && compare(found, n, key) == 0;
}

bool reader_at_end(const struct certificate_reader *r)
{
	return peek(r) == '}';
}

static void eat(struct certificate_reader *r, const char *key, char c, const char *why)
{
	if (r->failed)
		return;
	if (peek(r) != c)
		reader_fail(r, key, why);
	else
		r->at++;
}

/* Up to the value. */
static void eat_key(struct certificate_reader *r, const char *key)
{
	if (r->failed || !key)
		return;
	if (!reader_next_is(r, key)) {
		fail_key(r, key);
		return;
	}
	if (!is_first(r))
		eat(r, key, ',', "a comma is missing");
	else if (peek(r) == ',')
		reader_fail(r, key, "a comma too many");
	if (r->failed)
		return;
	r->at += strlen(key) + 2;
	r->last[r->depth - 1] = key;
	eat(r, key, ':', "a colon must follow, without blanks");
}

void reader_object(struct certificate_reader *r, const char *key)
{
	eat_key(r, key);
	if (!r->failed && r->depth == READER_DEPTH)
		reader_fail(r, key, "nested too deep");
	eat(r, key, '{', "must be an object");
	if (!r->failed)
		r->last[r->depth++] = NULL;
}

void reader_object_end(struct certificate_reader *r)
{
	if (r->failed)
		return;
	if (peek(r) != '}')
		fail_key(r, NULL);
	else {
		r->at++;
		r->depth--;
	}
}

void reader_array(struct certificate_reader *r, const char *key)
{
	eat_key(r, key);
	eat(r, key, '[', "must be an array");
}

bool reader_more(struct certificate_reader *r)
{
	if (r->failed)
		return false;
	if (peek(r) == ']') {
		r->at++;
		return false;
	}
	if (!is_first(r))
		eat(r, NULL, ',', "a comma or the end of the array must stand here");
	return !r->failed;
}

/* ---- values ---- */

const char *reader_string(struct certificate_reader *r, const char *key, size_t *n)
{
	const char *text, *end;

	*n = 0;
	eat_key(r, key);
	eat(r, key, '"', "must be a string, also where it is a number");
	if (r->failed)
		return NOTHING;
	text = r->text + r->at;
	end = memchr(text, '"', r->n - r->at);
	if (!end) {
		reader_fail(r, key, "the string does not end");
		return NOTHING;
	}
	*n = (size_t)(end - text);
	r->at += *n + 1;
	return text;
}

void reader_text(struct certificate_reader *r, const char *key, char *out, size_t cap)
{
	size_t n;
	const char *text = reader_string(r, key, &n);

	if (n >= cap) {
		reader_fail(r, key, "is too long");
		n = 0;
	}
	memcpy(out, text, n);
	out[n] = '\0';
}

uint64_t reader_number(struct certificate_reader *r, const char *key, uint64_t max)
{
	size_t n;
	const char *text = reader_string(r, key, &n);
	uint64_t value = 0;

	if (r->failed)
		return 0;
	if (n == 0 || (n > 1 && text[0] == '0'))
		reader_fail(r, key, "must be a decimal number without leading zeros");
	for (size_t i = 0; i < n && !r->failed; i++)
		if (text[i] < '0' || text[i] > '9')
			reader_fail(r, key, "must be a decimal number");
		else if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
			 __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			reader_fail(r, key, "is above 2^64 - 1");
	if (!r->failed && value > max)
		reader_fail(r, key, "is too large");
	return r->failed ? 0 : value;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void reader_hex(struct certificate_reader *r, const char *key, void *out, size_t n)
{
	size_t text_n;
	const char *text = reader_string(r, key, &text_n);
	uint8_t *bytes = out;

	memset(out, 0, n);
	if (r->failed)
		return;
	if (text_n != 2 * n) {
		reader_fail(r, key, "has the wrong length");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			reader_fail(r, key, "must be lower-case hex");
			return;
		}
		bytes[i] = (uint8_t)(high << 4 | low);
	}
}

bool reader_yes(struct certificate_reader *r, const char *key)
{
	size_t n;
	const char *text = reader_string(r, key, &n);
	const bool yes = n == 3 && memcmp(text, "yes", 3) == 0;

	if (!r->failed && !yes && !(n == 2 && memcmp(text, "no", 2) == 0))
		reader_fail(r, key, "must be yes or no");
	return yes;
}

void reader_pubkey(struct certificate_reader *r, const char *key, struct pubkey *out)
{
	size_t n;
	const char *text = reader_string(r, key, &n);

	if (!r->failed && !base58_to_pubkey(out, text, n))
		reader_fail(r, key, "must be base58 of 32 bytes");
	if (r->failed)
		*out = (struct pubkey){ { 0 } };
}

void reader_signature(struct certificate_reader *r, const char *key, struct signature *out)
{
	size_t n;
	const char *text = reader_string(r, key, &n);

	if (!r->failed && !base58_to_signature(out, text, n))
		reader_fail(r, key, "must be base58 of 64 bytes");
	if (r->failed)
		*out = (struct signature){ { 0 } };
}
