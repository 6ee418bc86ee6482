/* Connection texts for Postgres: what libpq and pgBouncer would refuse is taken out, hosts are taken apart. */
#include "io/db_conninfo.h"

#include <arpa/inet.h>
#include <assert.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/redact.h"

enum { CONNINFO_HOSTS_MAX = 8, CONNINFO_TIMEOUT_S = 3, CONNINFO_TIMEOUT_MAX_S = 60 };

struct db_conninfo {
	PQconninfoOption *options;
	char *host[CONNINFO_HOSTS_MAX], *hostaddr[CONNINFO_HOSTS_MAX], *port[CONNINFO_HOSTS_MAX];
	unsigned hosts, hostaddrs, ports;
};

/* What we want unless the text says otherwise. A blackholed connection is noticed by tcp_user_timeout only when data
 * is on its way, by keepalives only when none is. */
static const struct {
	const char *name, *value;
} WANTED[] = {
	{ "tcp_user_timeout", "5000" },
	{ "keepalives_idle", "10" },
	{ "keepalives_interval", "5" },
	{ "keepalives_count", "3" },
	{ "client_encoding", "UTF8" },
	{ "fallback_application_name", "poolkeeper" },
};

/* ---- cleaning ---- */

/* Behind the scheme of a URI; NULL for key=value text. */
static const char *uri_rest(const char *text)
{
	static const char *const schemes[] = { "postgres://", "postgresql://" };

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
			return text + strlen(schemes[i]);
	return NULL;
}

/* The @ that ends user:password, as libpq finds it; NULL when there is none. */
static const char *uri_at(const char *rest)
{
	const char *end = rest + strcspn(rest, "@/");

	return *end == '@' ? end : NULL;
}

static bool libpq_knows(const PQconninfoOption *known, const char *param, size_t name_len)
{
	for (; known->keyword; known++)
		if (strlen(known->keyword) == name_len && strncmp(known->keyword, param, name_len) == 0)
			return true;
	return false;
}

static bool is(const char *param, size_t len, const char *text)
{
	return strlen(text) == len && strncmp(param, text, len) == 0;
}

/* One name=value of the query. libpq turns ssl=true into sslmode=require itself. */
static void clean_param(const PQconninfoOption *known, const char *param, size_t len, char separator, struct buf *out,
	struct buf *dropped)
{
	const char *equals = memchr(param, '=', len);
	size_t name_len = equals ? (size_t)(equals - param) : len;
	const char *text = param;
	size_t text_len = len;
	bool keep = is(param, len, "ssl=true") ||
	            (libpq_knows(known, param, name_len) && !is(param, name_len, "options"));

	if (is(param, len, "sslmode=no-verify")) {
		text = "sslmode=require";
		text_len = strlen(text);
	}
	if (keep) {
		buf_char(out, separator);
		buf_add(out, text, text_len);
	}
	if (!keep || text != param) {
		buf_str(dropped, dropped->len ? "," : "");
		buf_add(dropped, param, keep ? len : name_len);
	}
}

bool db_conninfo_clean(const char *conninfo, char *out, size_t out_size, char *dropped, size_t dropped_size)
{
	const char *rest = uri_rest(conninfo), *query = NULL, *at;
	PQconninfoOption *known;
	struct buf clean, names;
	size_t len, base;

	buf_on(&clean, out, out_size);
	buf_on(&names, dropped, dropped_size);
	if (rest) {
		at = uri_at(rest);
		query = strchr(at ? at : rest, '?');
	}
	if (!query) {
		buf_str(&clean, conninfo);
		return buf_ok(&clean);
	}
	known = PQconndefaults();
	if (!known)
		abort();
	buf_add(&clean, conninfo, (size_t)(query - conninfo));
	base = clean.len;
	for (query++; *query; query += len + (query[len] == '&')) {
		len = strcspn(query, "&");
		if (len > 0)
			clean_param(known, query, len, clean.len == base ? '?' : '&', &clean, &names);
	}
	PQconninfoFree(known);
	return buf_ok(&clean) && buf_ok(&names);
}

/* ---- parsing ---- */

static const char *value_of(const struct db_conninfo *info, const char *name)
{
	for (const PQconninfoOption *o = info->options; o->keyword; o++)
		if (strcmp(o->keyword, name) == 0)
			return o->val;
	return NULL;
}

static unsigned split(const char *list, char *part[CONNINFO_HOSTS_MAX])
{
	unsigned n = 0;
	size_t len;

	if (!list || !*list)
		return 0;
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (n == CONNINFO_HOSTS_MAX)
			return n + 1;
		part[n] = strndup(list, len);
		if (!part[n++])
			abort();
		if (!list[len])
			return n;
	}
}

static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	long port = digits <= 5 ? strtol(text, NULL, 10) : 0;

	return text[digits] == '\0' && (digits == 0 || (port > 0 && port <= 65535)); /* none is the default one */
}

static bool split_hosts(struct db_conninfo *info, char *why, size_t why_size)
{
	unsigned most;

	info->hosts = split(value_of(info, "host"), info->host);
	info->hostaddrs = split(value_of(info, "hostaddr"), info->hostaddr);
	info->ports = split(value_of(info, "port"), info->port);
	most = info->hosts > info->hostaddrs ? info->hosts : info->hostaddrs;
	if (most > CONNINFO_HOSTS_MAX || info->ports > CONNINFO_HOSTS_MAX) {
		(void)snprintf(
			why, why_size, "the database connection names more than %d hosts or ports", CONNINFO_HOSTS_MAX);
		return false;
	}
	if ((info->hosts && info->hostaddrs && info->hosts != info->hostaddrs) ||
		(info->ports > 1 && info->ports != most)) {
		(void)snprintf(why, why_size,
			"the database connection has %u hosts, %u hostaddrs and %u ports: "
			"give one port, or as many as hosts",
			info->hosts, info->hostaddrs, info->ports);
		return false;
	}
	for (unsigned i = 0; i < info->ports; i++)
		if (!is_port(info->port[i])) {
			(void)snprintf(
				why, why_size, "the database connection has a port that is no number from 1 to 65535");
			return false;
		}
	return true;
}

static void hide_password(const struct db_conninfo *info, const char *text)
{
	const char *rest = uri_rest(text), *at = rest ? uri_at(rest) : NULL, *colon;
	const char *password = value_of(info, "password");
	char *encoded;

	if (password)
		(void)redact_add(password);
	colon = at ? memchr(rest, ':', (size_t)(at - rest)) : NULL;
	if (!colon)
		return;
	encoded = strndup(colon + 1, (size_t)(at - colon - 1));
	if (!encoded)
		abort();
	(void)redact_add(encoded);
	explicit_bzero(encoded, strlen(encoded));
	free(encoded);
}

/* libpq repeats parts of the text, which may hold the password, between double quotes. */
static void explain(const char *error, char *why, size_t why_size)
{
	const char *first = error ? strchr(error, '"') : NULL, *last = error ? strrchr(error, '"') : NULL;
	int len = error ? (int)strcspn(error, "\n") : 0;

	if (first)
		len = (int)(first - error);
	(void)snprintf(why, why_size, "the database connection is not understood by libpq: %.*s%s%.*s", len,
		error ? error : "", first ? "***" : "", first ? (int)strcspn(last + 1, "\n") : 0,
		first ? last + 1 : "");
}

struct db_conninfo *db_conninfo_parse(const char *text, char *why, size_t why_size)
{
	struct db_conninfo *info = calloc(1, sizeof *info);
	char *error = NULL;

	if (!info)
		abort();
	info->options = PQconninfoParse(text, &error);
	if (!info->options) {
		explain(error, why, why_size);
		PQfreemem(error);
		free(info);
		return NULL;
	}
	if (!split_hosts(info, why, why_size)) {
		db_conninfo_free(info);
		return NULL;
	}
	hide_password(info, text);
	return info;
}

void db_conninfo_free(struct db_conninfo *info)
{
	if (!info)
		return;
	for (unsigned i = 0; i < CONNINFO_HOSTS_MAX; i++) {
		free(info->host[i]);
		free(info->hostaddr[i]);
		free(info->port[i]);
	}
	PQconninfoFree(info->options);
	free(info);
}

/* ---- one attempt ---- */

unsigned db_conninfo_hosts(const struct db_conninfo *info)
{
	unsigned most = info->hosts > info->hostaddrs ? info->hosts : info->hostaddrs;

	return most ? most : 1;
}

const char *db_conninfo_lookup(const struct db_conninfo *info, unsigned i)
{
	struct in6_addr scratch;
	const char *host = i < info->hosts ? info->host[i] : "";

	if (info->hostaddrs || !*host || *host == '/' || *host == '@')
		return NULL;
	if (inet_pton(AF_INET, host, &scratch) == 1 || inet_pton(AF_INET6, host, &scratch) == 1)
		return NULL;
	return host;
}

static void add(struct db_keywords *out, const char *name, const char *value)
{
	assert(out->n < DB_KEYWORDS_MAX - 1);
	out->name[out->n] = name;
	out->value[out->n++] = value;
	out->name[out->n] = NULL;
	out->value[out->n] = NULL;
}

void db_conninfo_keywords(const struct db_conninfo *info, unsigned i, const char *address, struct db_keywords *out)
{
	static const char *const split_up[] = { "host", "hostaddr", "port" };

	out->n = 0;
	for (const PQconninfoOption *o = info->options; o->keyword; o++) {
		bool ours = false;

		for (size_t k = 0; k < sizeof split_up / sizeof *split_up; k++)
			ours = ours || strcmp(o->keyword, split_up[k]) == 0;
		if (!ours && o->val)
			add(out, o->keyword, o->val);
	}
	for (size_t k = 0; k < sizeof WANTED / sizeof *WANTED; k++)
		if (!value_of(info, WANTED[k].name))
			add(out, WANTED[k].name, WANTED[k].value);
	if (i < info->hosts && *info->host[i])
		add(out, "host", info->host[i]);
	if (address || i < info->hostaddrs)
		add(out, "hostaddr", address ? address : info->hostaddr[i]);
	if (info->ports)
		add(out, "port", info->port[info->ports == 1 ? 0 : i]);
}

uint32_t db_conninfo_timeout_ms(const struct db_conninfo *info)
{
	const char *text = value_of(info, "connect_timeout");
	long seconds = text ? strtol(text, NULL, 10) : 0;

	if (seconds <= 0)
		seconds = CONNINFO_TIMEOUT_S;
	return (uint32_t)(seconds > CONNINFO_TIMEOUT_MAX_S ? CONNINFO_TIMEOUT_MAX_S : seconds) * 1000;
}
