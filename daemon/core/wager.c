/* A JSON reader for one object of texts and one number. */
#include "core/wager.h"

#include <stdbool.h>
#include <string.h>

enum { NAME_MAX_READ = 32, DIGITS_MAX = 15 };

struct reader {
	const char *at, *end;
};

static void skip_blanks(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n'))
		r->at++;
}

/* Eats c and the blanks around it. */
static bool eat(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	skip_blanks(r);
	return true;
}

static bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* At most max characters; out holds one more. */
static bool read_text(struct reader *r, char *out, size_t max)
{
	size_t n = 0;

	if (r->at == r->end || *r->at++ != '"')
		return false;
	while (r->at < r->end && is_plain(*r->at) && n < max)
		out[n++] = *r->at++;
	out[n] = '\0';
	return n > 0 && r->at < r->end && *r->at++ == '"';
}

static bool read_cents(struct reader *r, uint64_t *out)
{
	const char *first = r->at;

	*out = 0;
	while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - first < DIGITS_MAX)
		*out = *out * 10 + (uint64_t)(*r->at++ - '0');
	return r->at > first && *first != '0' && *out <= WAGER_CENTS_MAX &&
	       (r->at == r->end || strchr(" \t\r\n,}", *r->at) != NULL);
}

/* What is missing is the first of these that says so. */
static const char *check(const struct wager *w)
{
	if (w->game[0] == '\0')
		return "gameId is missing";
	if (w->user[0] == '\0')
		return "userId is missing: whose wager it is";
	if (w->cents == 0)
		return "wagerAmount is missing";
	if (w->key[0] == '\0')
		return "the key is missing: send Idempotency-Key, or idempotencyKey in the body";
	return NULL;
}

static const char *read_member(struct reader *r, struct wager *w)
{
	static const char *const texts[] = { "gameId", "userId", "idempotencyKey" };
	char *const to[] = { w->game, w->user, w->key };
	char name[NAME_MAX_READ + 1];

	if (!read_text(r, name, NAME_MAX_READ) || !eat(r, ':'))
		return "the body is not a JSON object of gameId, userId, wagerAmount and idempotencyKey";
	if (strcmp(name, "wagerAmount") == 0) {
		if (w->cents != 0)
			return "a member stands twice in the body";
		return read_cents(r, &w->cents)
		               ? NULL
		               : "wagerAmount has to be a whole number of cents from 1 to 1000000000000";
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(name, texts[i]) != 0)
			continue;
		if (to[i][0] != '\0')
			return "a member stands twice in the body";
		return read_text(r, to[i], WAGER_TEXT_MAX)
		               ? NULL
		               : "gameId, userId and idempotencyKey have to be texts of 1 to 200 printable ASCII "
		                 "characters, without quotes and backslashes";
	}
	return "the body has a member besides gameId, userId, wagerAmount and idempotencyKey";
}

static const char *read_body(struct wager *w, const char *body, size_t n)
{
	struct reader r = { body, body + n };
	const char *why;

	if (!eat(&r, '{'))
		return "the body is not a JSON object";
	do {
		why = read_member(&r, w);
		if (why != NULL)
			return why;
	} while (eat(&r, ','));
	return eat(&r, '}') && r.at == r.end ? NULL : "the body does not end where its JSON object does";
}

/* The header's key, or that both are one. */
static const char *take_header(struct wager *w, const char *header)
{
	const size_t n = strlen(header);

	for (size_t i = 0; i < n; i++)
		if (!is_plain(header[i]))
			return "Idempotency-Key has to be 1 to 200 printable ASCII characters, without quotes and "
			       "backslashes";
	if (n == 0 || n > WAGER_TEXT_MAX)
		return "Idempotency-Key has to be 1 to 200 printable ASCII characters, without quotes and backslashes";
	if (w->key[0] != '\0' && strcmp(w->key, header) != 0)
		return "Idempotency-Key and idempotencyKey differ: send one of them";
	memcpy(w->key, header, n + 1);
	return NULL;
}

const char *wager_parse(struct wager *out, const char *body, size_t n, const char *header)
{
	const char *why;

	*out = (struct wager){ 0 };
	why = read_body(out, body, n);
	if (why == NULL && header != NULL)
		why = take_header(out, header);
	return why != NULL ? why : check(out);
}
