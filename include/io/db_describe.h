/* What a statement would give, as Postgres says without running it: for --check-config, which may wait. */
#ifndef IO_DB_DESCRIBE_H
#define IO_DB_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct db_describer;

/* Connects and begins a transaction that is never committed: through pgBouncer it stays on one server, and leaves nothing there.
 * NULL, with one line without secrets in why. conninfo: through db_conninfo_clean() first. */
struct db_describer *db_describer_open(const char *conninfo, unsigned timeout_s, char *why, size_t why_size);
void db_describer_close(struct db_describer *d); /* rolls back; NULL is allowed */

enum { DB_COLUMNS_MAX = 64, DB_COLUMN_NAME = 64 };
enum db_kind { DB_OTHER, DB_BYTES, DB_NUMBER, DB_NUMBERS, DB_MOMENT };
struct db_column {
	char name[DB_COLUMN_NAME];
	char type[DB_COLUMN_NAME]; /* as Postgres calls it */
	enum db_kind kind;
};
/* $1 is of the type first, "text" or "bigint", and $2 a uuid. False: Postgres refuses the statement, and why says why. */
NODISCARD bool db_describe(struct db_describer *d, const char *sql, const char *first, struct db_column *out, size_t *n,
	char *why, size_t why_size);
#endif
