/* Connection texts for Postgres: cleaning, checking, and one target per attempt. */
#ifndef IO_DB_CONNINFO_H
#define IO_DB_CONNINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Copies a libpq URI without what libpq would refuse: parameters it does not know (pgbouncer,
 * schema, connection_limit, pool_timeout, ...) and options (pgBouncer refuses it). sslmode=no-verify
 * becomes sslmode=require. What was changed, separated by commas, goes to dropped, for the log.
 * key=value text is copied as it is. False when out or dropped is too small. */
NODISCARD bool db_conninfo_clean(const char *conninfo, char *out, size_t out_size, char *dropped, size_t dropped_size);

/* The rest is for db.c. */
struct db_conninfo;
enum { DB_KEYWORDS_MAX = 64 };
struct db_keywords { /* as PQconnectStartParams wants them; borrowed from the db_conninfo */
	const char *name[DB_KEYWORDS_MAX];
	const char *value[DB_KEYWORDS_MAX];
	int n;
};

/* NULL, with one line in why that repeats no part of the text, when libpq cannot read it. The
 * password is given to redact_add(), decoded and as it stands in a URI. */
struct db_conninfo *db_conninfo_parse(const char *text, char *why, size_t why_size);
void db_conninfo_free(struct db_conninfo *info); /* NULL is allowed */

/* libpq tries the hosts of a list in one go and has no limit per host when it is
 * asynchronous: a dead first host would hide a living second one. So each attempt names one host. */
unsigned db_conninfo_hosts(const struct db_conninfo *info); /* at least 1 */
/* The name that must be looked up before host i can be tried; NULL when there is none
 * (an address, a socket directory, libpq's default). */
const char *db_conninfo_lookup(const struct db_conninfo *info, unsigned i);
/* Keywords for host i, with address (may be NULL) as its hostaddr, and with what we always want unless the text sets it:
 * tcp_user_timeout, keepalives, UTF8, an application name. */
void db_conninfo_keywords(const struct db_conninfo *info, unsigned i, const char *address, struct db_keywords *out);
/* connect_timeout of the text, per attempt; 3 s when it is absent or 0. */
uint32_t db_conninfo_timeout_ms(const struct db_conninfo *info);

#endif
