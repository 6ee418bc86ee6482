/* Finds secrets by rolling hash, so that none has to be kept in memory. */
#include "base/redact.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct secret {
	size_t len;
	uint64_t hash, lead; /* lead = key^(len-1): takes the oldest byte out of the rolling hash */
};

static struct {
	struct secret secret[REDACT_SECRETS];
	size_t count;
	uint64_t key;
} known;

static uint64_t hash_key(void)
{
	if (known.key == 0) {
		if (getrandom(&known.key, sizeof known.key, 0) != (ssize_t)sizeof known.key)
			abort();
		known.key |= 1;
	}
	return known.key;
}

bool redact_add(const char *text)
{
	size_t len = strlen(text);
	struct secret secret = { .len = len, .lead = 1 };
	uint64_t key = hash_key();

	if (len < REDACT_MIN || len > REDACT_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		secret.hash = secret.hash * key + (unsigned char)text[i] + 1;
		if (i > 0)
			secret.lead *= key;
	}
	for (size_t i = 0; i < known.count; i++)
		if (known.secret[i].len == len && known.secret[i].hash == secret.hash)
			return true;
	if (known.count == REDACT_SECRETS)
		return false;
	known.secret[known.count++] = secret;
	return true;
}

/* Marks every byte of text that belongs to an occurrence of the secret. */
static void mark_secret(const struct secret *s, const char *text, size_t len, unsigned char *marked)
{
	const unsigned char *byte = (const unsigned char *)text;
	uint64_t hash = 0;

	for (size_t i = 0; i < len; i++) {
		if (i >= s->len)
			hash -= (byte[i - s->len] + UINT64_C(1)) * s->lead;
		hash = hash * known.key + byte[i] + 1;
		if (i + 1 >= s->len && hash == s->hash)
			memset(marked + i + 1 - s->len, 1, s->len);
	}
}

/* Secrets that overlap or contain each other become one run. */
size_t redact(char *text, size_t len)
{
	unsigned char marked[REDACT_TEXT_MAX] = { 0 };
	size_t out = 0;

	assert(len <= sizeof marked);
	for (size_t i = 0; i < known.count; i++)
		if (known.secret[i].len <= len)
			mark_secret(&known.secret[i], text, len, marked);
	if (!memchr(marked, 1, len))
		return len;
	for (size_t i = 0; i < len; i++) {
		if (!marked[i]) {
			text[out++] = text[i];
		} else if (i == 0 || !marked[i - 1]) {
			memcpy(text + out, "***", 3); /* never longer than what it replaces */
			out += 3;
		}
	}
	return out;
}
