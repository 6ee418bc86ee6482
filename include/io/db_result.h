/* What one answer of Postgres means; for db.c. Its users see db.h only. */
#ifndef IO_DB_RESULT_H
#define IO_DB_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct pg_result; /* libpq's PGresult */

struct db_result {
	struct pg_result *pg; /* NULL when none came */
	enum err err;
};

enum { DB_WHY_MAX = 400 };

/* The table of db_run() in db.h. pg is not NULL. */
enum err db_result_judge(const struct pg_result *pg, bool read_only);
/* The server refuses to write: it has become a standby. */
bool db_result_is_standby(const struct pg_result *pg);
/* "23505 duplicate key value violates ...": one line without secrets. pg is not NULL. */
void db_result_explain(const struct pg_result *pg, char why[DB_WHY_MAX]);
/* Any text of libpq's as one line without secrets. */
void db_result_one_line(const char *text, char line[DB_WHY_MAX]);

#endif
