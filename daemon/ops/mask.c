/* What may be seen of a URL, and what of it the log must hide. */
#include "ops/mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"

enum { PART_MIN = 16 };

struct parts {
	int scheme;           /* length, :// included          */
	const char *user;     /* NULL: nothing before the host */
	int user_len;         /* without the password          */
	const char *password; /* NULL: none                    */
	int password_len;
	const char *host; /* with port                     */
	int host_len;
	const char *rest; /* from the first / or ? on      */
};

static bool split(struct parts *out, const char *url)
{
	const char *start = strstr(url, "://"), *at, *colon;

	if (start == NULL)
		return false;
	start += 3;
	*out = (struct parts){ .scheme = (int)(start - url), .rest = start + strcspn(start, "/?#") };
	at = memrchr(start, '@', (size_t)(out->rest - start));
	out->host = at != NULL ? at + 1 : start;
	out->host_len = (int)(out->rest - out->host);
	if (at == NULL)
		return true;
	colon = memchr(start, ':', (size_t)(at - start));
	out->user = start;
	out->user_len = (int)((colon != NULL ? colon : at) - start);
	out->password = colon != NULL ? colon + 1 : NULL;
	out->password_len = colon != NULL ? (int)(at - colon - 1) : 0;
	return true;
}

void mask_url(char out[MASK_MAX], const char *url, bool keep_path)
{
	struct parts p;
	int path;

	if (!split(&p, url)) {
		snprintf(out, MASK_MAX, "***");
		return;
	}
	path = keep_path ? (int)strcspn(p.rest, "?#") : p.rest[0] == '/';
	snprintf(out, MASK_MAX, "%.*s%.*s%s%s%.*s%.*s%s", p.scheme, url, keep_path ? p.user_len : 0,
		p.user != NULL ? p.user : "", p.password != NULL ? (keep_path ? ":***" : "***") : "",
		p.user != NULL ? "@" : "", p.host_len, p.host, path, p.rest,
		p.rest[path] == '\0'     ? ""
		: path > 0 && !keep_path ? "***"
					 : "?***");
}

static void learn(const char *text, size_t len)
{
	char *copy = strndup(text, len);

	if (copy == NULL)
		abort(); /* out of memory at the start: nothing has been touched yet */
	log_secret_add(copy);
	crypto_wipe(copy, len);
	free(copy);
}

/* Providers put the API key into the path or the query, at the end or before a slash. */
void mask_learn(const char *url)
{
	struct parts p;

	log_secret_add(url);
	if (!split(&p, url))
		return;
	if (p.password != NULL)
		learn(p.password, (size_t)p.password_len);
	for (const char *at = p.rest; *at != '\0';) {
		size_t n = strcspn(at, "/=?&");

		if (n >= PART_MIN)
			learn(at, n);
		at += n + (at[n] != '\0');
	}
}
