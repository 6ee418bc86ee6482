/* The list of drand relays. */
#include "core/drand_relay.h"

#include <string.h>

static const char LOOPBACK[] = "127.0.0.1";

static bool starts(const char *text, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static size_t length_without(const char *text, size_t n, char stop)
{
	const char *at = memchr(text, stop, n);

	return at ? (size_t)(at - text) : n;
}

static bool only(const char *text, size_t n, const char *extra)
{
	for (size_t i = 0; i < n; i++) {
		if (!(text[i] >= 'a' && text[i] <= 'z') && !(text[i] >= '0' && text[i] <= '9') &&
			(text[i] == '\0' || !strchr(extra, text[i])))
			return false;
	}
	return n > 0;
}

static bool port_ok(const char *text, size_t n)
{
	unsigned port = 0;

	for (size_t i = 0; i < n && n <= 5; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	return n <= 5 && port >= 1 && port <= 65535;
}

static size_t name_length(const struct drand_relay *relay)
{
	return length_without(relay->host, strlen(relay->host), ':');
}

static bool same(const struct drand_relay *a, const struct drand_relay *b)
{
	const size_t n = name_length(a);

	if (n == strlen(LOOPBACK) && memcmp(a->host, LOOPBACK, n) == 0)
		return strcmp(a->host, b->host) == 0;
	return n == name_length(b) && memcmp(a->host, b->host, n) == 0;
}

/* What somebody registered: the last labels of a name. An address of digits is nobody's name. */
static size_t domain_length(const char *name, size_t n)
{
	size_t dot[3] = { 0 }, dots = 0;

	if (n == 0 || (name[n - 1] >= '0' && name[n - 1] <= '9'))
		return n;
	for (size_t i = n; i-- > 0 && dots < 3;)
		if (name[i] == '.')
			dot[dots++] = i;
	if (dots < 2)
		return n;
	if (n - dot[0] - 1 > 2 || dot[0] - dot[1] - 1 > 3)
		return n - dot[1] - 1;
	return dots < 3 ? n : n - dot[2] - 1;
}

static bool same_operator(const struct drand_relay *a, const struct drand_relay *b)
{
	const size_t a_n = name_length(a), b_n = name_length(b), n = domain_length(a->host, a_n);

	if (n == strlen(LOOPBACK) && memcmp(a->host, LOOPBACK, n) == 0)
		return false;
	return n == domain_length(b->host, b_n) && memcmp(a->host + a_n - n, b->host + b_n - n, n) == 0;
}

/* The first of the list speaks for all with its domain. */
static void group(struct drand_relay_list *list)
{
	list->operators = 0;
	for (size_t i = 0; i < list->n; i++) {
		size_t first = 0;

		while (first < i && !same_operator(&list->relay[first], &list->relay[i]))
			first++;
		list->relay[i].operator_of = first;
		list->operators += first == i;
	}
}

static const char *read_one(struct drand_relay *out, const char *url, size_t n)
{
	const bool secure = starts(url, n, "https://");
	const size_t scheme = strlen(secure ? "https://" : "http://");
	const char *host = url + scheme;
	size_t len, host_len, name_len;

	if (!secure && !starts(url, n, "http://"))
		return "has to be https:// addresses with commas and without blanks";
	while (n > scheme && url[n - 1] == '/')
		n--;
	len = n - scheme;
	host_len = length_without(host, len, '/');
	name_len = length_without(host, host_len, ':');
	if (n >= sizeof(out->url) || host_len >= sizeof(out->host))
		return "has an address longer than 127 characters, or a host longer than 55";
	if (!only(host, name_len, ".-") || host[name_len - 1] == '.' ||
		(name_len < host_len && !port_ok(host + name_len + 1, host_len - name_len - 1)) ||
		(host_len < len && !only(host + host_len, len - host_len, "/.-_")))
		return "has an address that is not https://host, https://host:port or https://host/path in lower case";
	if (!secure && !(name_len == strlen(LOOPBACK) && memcmp(host, LOOPBACK, name_len) == 0))
		return "has an http:// address: whoever is on the way could answer for the relay, so write https://";
	memset(out, 0, sizeof(*out));
	memcpy(out->url, url, n);
	memcpy(out->host, host, host_len);
	return NULL;
}

bool drand_relay_list_read(struct drand_relay_list *out, const char *urls, const char **why)
{
	size_t left = strlen(urls);

	out->n = 0;
	for (;;) {
		const size_t n = length_without(urls, left, ',');

		if (out->n == DRAND_RELAYS_MAX) {
			*why = "has more than 8 relays";
			return false;
		}
		if ((*why = read_one(&out->relay[out->n], urls, n)))
			return false;
		for (size_t i = 0; i < out->n; i++) {
			if (same(&out->relay[i], &out->relay[out->n])) {
				*why = "has one host twice: two relays have to agree, and these are one";
				return false;
			}
		}
		out->n++;
		if (n == left)
			break;
		urls += n + 1;
		left -= n + 1;
	}
	group(out);
	if (out->operators >= DRAND_RELAYS_MIN)
		return true;
	*why = "has relays of one domain: two operators have to agree, so name two or more";
	return false;
}
