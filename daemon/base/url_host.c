/* Hosts of URLs. */
#include "base/url_host.h"

#include <string.h>

const char *url_host(const char *url, size_t *len)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	size_t authority = strcspn(host, "/?#");

	for (size_t i = authority; i > 0; i--) {
		if (host[i - 1] != '@')
			continue;
		*len = authority - i;
		return host + i;
	}
	*len = authority;
	return host;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_text(const char *a, size_t a_n, const char *b, size_t b_n)
{
	if (a_n != b_n)
		return false;
	for (size_t i = 0; i < a_n; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

/* Without the port; a dot at the end of a name says nothing. */
static size_t name_length(const char *host, size_t n)
{
	const char *bracket = n > 0 && host[0] == '[' ? memchr(host, ']', n) : NULL;
	const char *colon = bracket ? NULL : memchr(host, ':', n);

	if (bracket)
		return (size_t)(bracket - host) + 1;
	if (colon)
		n = (size_t)(colon - host);
	return n > 1 && host[n - 1] == '.' ? n - 1 : n;
}

static bool is_this_machine(const char *name, size_t n)
{
	return same_text(name, n, "localhost", 9) || same_text(name, n, "[::1]", 5) ||
	       (n > 4 && same_text(name, 4, "127.", 4));
}

bool url_same_host(const char *a, const char *b)
{
	size_t a_n, b_n;
	const char *a_host = url_host(a, &a_n), *b_host = url_host(b, &b_n);
	const size_t a_name = name_length(a_host, a_n), b_name = name_length(b_host, b_n);

	return same_text(a_host, a_name, b_host, b_name) &&
	       (!is_this_machine(a_host, a_name) || same_text(a_host, a_n, b_host, b_n));
}
