/* One Postgres connection, one statement in flight, never blocking, safe behind pgBouncer. */
#ifndef IO_DB_H
#define IO_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/task.h"
#include "io/db_conninfo.h"
#include "io/loop.h"

struct db;
struct db_result;

/* pgBouncer in transaction mode: no session state is ever made, a statement
 * is a transaction, and it is sent unnamed with text parameters. */
enum { DB_PARAMS_MAX = 24 };

struct db_config {
	const char *conninfo; /* URI or key=value text, as libpq; through db_conninfo_clean() first */
	const char *name;     /* in log lines and texts: "journal" */
	bool read_only;       /* see db_run() */
};

/* Copies the config and starts connecting; from then on it reconnects by
 * itself (0.1 s, doubling to 0.5 s: draws wait for it; several hosts are tried in turn). Each change is logged as
 * db.up or db.down. PGOPTIONS, PGGEQO, PGTZ and PGDATESTYLE are taken out of the environment: pgBouncer
 * refuses the first two, and all of them change how statements behave. NULL, with one line without secrets in why, when the conninfo is malformed. */
struct db *db_new(struct loop *loop, const struct db_config *config, char *why, size_t why_size);
/* Calls still queued or in flight are cancelled. Not from inside a done(). NULL is allowed. */
void db_free(struct db *db);

/* Lives in its owner until done() or db_cancel(). task must be zero before its first use. */
struct db_call {
	struct task task; /* reply.data is a const struct db_result *, never NULL, for every err */
	const char *sql;  /* one statement with $1..$n; borrowed as long as the call */
	int n;
	const char *param[DB_PARAMS_MAX]; /* text, NULL for SQL NULL; borrowed likewise */
	uint32_t deadline_ms;             /* > 0; from db_run() to done(), queue and reconnecting included */
	bool writes;                      /* it changes something */
	struct db_call *next;             /* private */
	uint64_t expires;                 /* private */
};

/* Queues one statement; statements run in the order of these calls.
 *   OK       done and committed; rows in the result
 *   RETRY    never sent (deadline passed in the queue), or rolled back: SQLSTATE 40 53 55P03 57014,
 *            and 25006 (the server became a standby; we reconnect)
 *   UNKNOWN  sent, then: connection lost, deadline passed, SQLSTATE 08 57P 40003, any FATAL or PANIC
 *   REFUSED  any other SQLSTATE; see db_sqlstate()
 * The deadline of a statement in flight ends the connection: there is no other bound
 * that holds through a pooler, and a cancel request would block.
 *
 * read_only (dry run): a call with writes set is refused here (REFUSED), and every other statement runs
 * between BEGIN READ ONLY and ROLLBACK, so the server refuses (25006, REFUSED) what forgot to say that it
 * writes. Three round trips; works through pgBouncer because a transaction stays on one server. */
void db_run(struct db *db, struct db_call *call, void (*done)(struct task *, const struct reply *));
/* done() is not called after this. A statement in flight still runs to its end on
 * the server. Allowed at any time, also when not busy. */
void db_cancel(struct db *db, struct db_call *call);

/* The result is borrowed until done() returns. Rows and columns count from 0. */
int db_rows(const struct db_result *result);                          /* 0 unless ERR_OK */
const char *db_get(const struct db_result *result, int row, int col); /* text; NULL is SQL NULL */
size_t db_get_len(const struct db_result *result, int row, int col);
const char *db_sqlstate(const struct db_result *result); /* 5 characters, or "" */
/* A bytea column (hex form, \x...): false when NULL, not hex, or longer than size bytes. */
NODISCARD bool db_bytea(const struct db_result *result, int row, int col, void *out, size_t size, size_t *len);
/* Writes bytes as a bytea parameter, "\x0a0b"; text_size must be at least 2 * len + 3. */
void db_bytea_text(const void *bytes, size_t len, char *text, size_t text_size);

bool db_up(const struct db *db);                /* connected and usable */
unsigned db_pending(const struct db *db);       /* queued and in flight */
uint64_t db_down_since_ms(const struct db *db); /* loop_mono_ms() of the loss, or of db_new(); 0 while up */
const char *db_last_error(const struct db *db); /* one line without secrets; "" when there was none */
/* Since db_new(). us: from sending to the answer, of statements whose answer came. */
struct db_stats {
	uint64_t connects, ok, retry, unknown, refused;
	uint64_t us, last_us;
	bool busy;        /* a statement is in flight */
	unsigned waiting; /* ... and so many are not sent yet */
};
struct db_stats db_stats(const struct db *db);
/* PQbackendPID: differs from SELECT pg_backend_pid() behind a pooler. 0 while down. */
int db_backend_pid(const struct db *db);

#endif
