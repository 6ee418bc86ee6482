/* One attempt to connect: look the host up, then libpq's handshake, within one time limit. */
#include "io/db_connect.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/db_result.h"
#include "io/resolve.h"

enum { LOOKUP_POLL_MS = 10 };

struct db_connect {
	struct db_conninfo *conninfo;
	struct resolve **resolve; /* one per host; NULL where nothing is looked up */
	struct loop_io *io;
	struct loop_timer *poll;  /* the next look at the lookup */
	struct loop_timer *limit; /* the end of this attempt     */
	unsigned attempt;
	bool warned;
	PGconn *pg;
	void (*over)(void *owner, PGconn *pg, const char *why);
	void *owner;
};

/* Ends the attempt: pg stays with the owner when why is NULL. */
static void end_attempt(struct db_connect *c, const char *why)
{
	PGconn *pg = c->pg;
	char line[DB_WHY_MAX];

	if (why)
		db_result_one_line(why, line);
	loop_io_stop(c->io);
	loop_timer_stop(c->poll);
	loop_timer_stop(c->limit);
	c->attempt++;
	c->pg = NULL;
	if (!why) {
		c->over(c->owner, pg, "");
		return;
	}
	PQfinish(pg);
	c->over(c->owner, NULL, line);
}

static bool is_remote(const PGconn *pg)
{
	const char *host = PQhost(pg), *address = PQhostaddr(pg);

	return *host != '/' && *host != '@' && strncmp(address, "127.", 4) != 0 && strcmp(address, "::1") != 0;
}

/* libpq's default takes TLS where the server offers it, and whoever is in between can say that it does not. */
static bool demands_tls(PGconn *pg)
{
	static const char *const modes[] = { "require", "verify-ca", "verify-full" };
	PQconninfoOption *options = PQconninfo(pg);
	bool found = false;

	if (!options)
		abort();
	for (const PQconninfoOption *o = options; o->keyword; o++)
		for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
			found = found ||
			        (strcmp(o->keyword, "sslmode") == 0 && o->val && strcmp(o->val, modes[i]) == 0);
	PQconninfoFree(options);
	return found;
}

/* Once: it stays so until the settings change. */
static void warn_of_readers(struct db_connect *c)
{
	if (c->warned || !is_remote(c->pg) || demands_tls(c->pg))
		return;
	c->warned = true;
	log_warn("db.unguarded", "host=%s tls=%d why=\"%s\"", PQhost(c->pg), PQsslInUse(c->pg),
		"Postgres on another machine may be asked without encryption: add sslmode=verify-full to DATABASE_URL");
}

static void on_limit(void *owner)
{
	struct db_connect *c = owner;
	char why[DB_WHY_MAX];

	(void)snprintf(why, sizeof why, "cannot %s within %" PRIu32 " ms", c->pg ? "connect" : "look the host up",
		db_conninfo_timeout_ms(c->conninfo));
	end_attempt(c, why);
}

static void on_socket(void *owner, int fd, int events)
{
	struct db_connect *c = owner;
	PostgresPollingStatusType status;
	(void)fd;
	(void)events;

	loop_io_stop(c->io); /* libpq may close this socket and open another */
	status = PQconnectPoll(c->pg);
	if (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING)
		loop_io_set(c->io, PQsocket(c->pg), status == PGRES_POLLING_READING ? LOOP_READ : LOOP_WRITE);
	else if (status == PGRES_POLLING_OK && PQsetnonblocking(c->pg, 1) == 0) {
		warn_of_readers(c);
		end_attempt(c, NULL);
	} else {
		end_attempt(c, PQerrorMessage(c->pg));
	}
}

static void start_handshake(struct db_connect *c, unsigned host, const char *address)
{
	struct db_keywords words;

	db_conninfo_keywords(c->conninfo, host, address, &words);
	c->pg = PQconnectStartParams(words.name, words.value, 0);
	if (!c->pg)
		abort();
	if (PQstatus(c->pg) == CONNECTION_BAD)
		end_attempt(c, PQerrorMessage(c->pg));
	else
		loop_io_set(c->io, PQsocket(c->pg), LOOP_WRITE);
}

/* libpq would look the name up itself, and block on it. */
static void on_poll(void *owner)
{
	struct db_connect *c = owner;
	unsigned hosts = db_conninfo_hosts(c->conninfo), host = c->attempt % hosts;
	char text[RESOLVE_TEXT_MAX], why[DB_WHY_MAX];
	enum err err;

	if (!c->resolve[host]) {
		start_handshake(c, host, NULL);
		return;
	}
	err = resolve_step(c->resolve[host], c->attempt / hosts, text);
	if (err == ERR_OK) {
		start_handshake(c, host, text);
	} else if (err == ERR_RETRY) {
		loop_timer_set(c->poll, LOOKUP_POLL_MS);
	} else {
		(void)snprintf(
			why, sizeof why, "cannot look up host %s: %s", db_conninfo_lookup(c->conninfo, host), text);
		end_attempt(c, why);
	}
}

void db_connect_try(struct db_connect *c)
{
	loop_timer_set(c->limit, db_conninfo_timeout_ms(c->conninfo));
	loop_timer_set(c->poll, 0);
}

struct db_connect *db_connect_new(struct loop *loop, struct db_conninfo *conninfo,
	void (*over)(void *owner, PGconn *pg, const char *why), void *owner)
{
	struct db_connect *c = calloc(1, sizeof *c);
	const char *host;

	if (!c || !(c->resolve = calloc(db_conninfo_hosts(conninfo), sizeof *c->resolve)))
		abort();
	c->conninfo = conninfo;
	c->over = over;
	c->owner = owner;
	for (unsigned i = 0; i < db_conninfo_hosts(conninfo); i++)
		if ((host = db_conninfo_lookup(conninfo, i)) != NULL)
			c->resolve[i] = resolve_new(host);
	c->io = loop_io_new(loop, on_socket, c);
	c->poll = loop_timer_new(loop, on_poll, c);
	c->limit = loop_timer_new(loop, on_limit, c);
	return c;
}

void db_connect_free(struct db_connect *c)
{
	loop_io_free(c->io);
	loop_timer_free(c->poll);
	loop_timer_free(c->limit);
	PQfinish(c->pg);
	for (unsigned i = 0; i < db_conninfo_hosts(c->conninfo); i++)
		resolve_free(c->resolve[i]);
	free(c->resolve);
	db_conninfo_free(c->conninfo);
	free(c);
}
