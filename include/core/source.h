/* A source of draws: the five statements of its file (docs/offchain.md). */
#ifndef CORE_SOURCE_H
#define CORE_SOURCE_H
#include <stddef.h>

/* Name in the file, and the columns that it must give with their types: b bytes, t any that is written as text, n numbers without
 * rounding, a a list of them, i moments. $1 is how many at most (due) or the key; $2 the draw. */
#define SOURCE_TABLE(X)                                                                    \
	X(DUE, "due", "type:t source_key:t")                                               \
	X(FREEZE, "freeze", "amounts:a currency:t alternates:n stake_units:n opened_at:i") \
	X(ENTRIES, "entries", "participant:b account:t ref:t weight:n stake:n")            \
	X(SETTLE, "settle", "winners:n paid_units:n")                                      \
	X(REFUND, "refund", "refunded_units:n")

#define X(name, text, columns) SOURCE_##name,
enum source_statement { SOURCE_TABLE(X) SOURCE_STATEMENTS };
#undef X
const char *source_statement_name(enum source_statement which);
const char *source_columns(enum source_statement which);

enum { SOURCE_NAME = 41, SOURCES_MAX = 16, SOURCE_FILE_MAX = 65536 };
struct source_def {
	char name[SOURCE_NAME];
	char *text; /* owned; the statements point into it */
	const char *sql[SOURCE_STATEMENTS];
};
struct source_defs {
	size_t n;
	struct source_def at[SOURCES_MAX];
};
/* NULL: there is none of this name. */
const struct source_def *source_find(const struct source_defs *defs, const char *name);
#endif
