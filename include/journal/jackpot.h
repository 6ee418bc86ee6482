/* The jackpots of config/sources/jackpots for the pages that show and fill them: connections of their own, so that no
 * draw's statement ever stands behind a wager. */
#ifndef JOURNAL_JACKPOT_H
#define JOURNAL_JACKPOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/task.h"
#include "core/wager.h"
#include "io/db.h"
#include "io/loop.h"

enum { JACKPOT_CONNECTIONS_MAX = 20, JACKPOT_NAME = 32 };

struct jackpot_db {
	struct db *db[JACKPOT_CONNECTIONS_MAX];
	char name[JACKPOT_CONNECTIONS_MAX][JACKPOT_NAME];
	size_t n;
	uint32_t deadline_ms;
};
/* n of them, from 1 to JACKPOT_CONNECTIONS_MAX. deadline_ms: for every statement, its wait for a connection included.
 * False, with one line without secrets in why, when the conninfo is malformed. */
NODISCARD bool jackpot_db_init(struct jackpot_db *j, struct loop *loop, const char *conninfo, size_t n, bool read_only,
	uint32_t deadline_ms, char *why, size_t why_size);
/* Zeroed is allowed. What is out is cancelled. */
void jackpot_db_fini(struct jackpot_db *j);
size_t jackpot_db_busy(const struct jackpot_db *j); /* connections with a statement */
size_t jackpot_db_up(const struct jackpot_db *j);

/* reply.data: const char *, one JSON text, borrowed, when ERR_OK. Otherwise enum jackpot_fault says what it means. */
enum jackpot_fault {
	JACKPOT_SOUND,
	JACKPOT_AWAY,     /* nothing was done: no connection, no answer in time, or rolled back */
	JACKPOT_DOUBT,    /* nobody knows whether it was done                        */
	JACKPOT_MISSING,  /* the schema is not there, or the role has no right to it */
	JACKPOT_CONFLICT, /* the key was used for another wager                      */
	JACKPOT_REFUSED,  /* anything else that Postgres says no to                  */
};
struct jackpot_call { /* zero before its first use */
	struct task task;
	enum jackpot_fault fault;
	struct db_call db;
	struct db *on; /* whose call it is or was */
	struct wager wager;
	char cents[24];
};
typedef void jackpot_done(struct task *task, const struct reply *reply);

void jackpot_pools(struct jackpot_db *j, struct jackpot_call *call, jackpot_done *done);
void jackpot_totals(struct jackpot_db *j, struct jackpot_call *call, jackpot_done *done);
/* Adds the wager, once per key. The same wager again: the same text, and nothing is added. wager is copied. */
void jackpot_contribute(struct jackpot_db *j, struct jackpot_call *call, const struct wager *wager, jackpot_done *done);

#endif
