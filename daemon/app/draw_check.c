/* Statements of sources against the database they are for. */
#include "app/draw_check.h"

#include <stdio.h>
#include <string.h>

#include "app/inspect.h"
#include "base/crypto.h"
#include "base/log.h"
#include "io/db_describe.h"

enum { WHY_MAX = 400, VALUE_MAX = 96, TIMEOUT_S = 5, SQL_MAX = SOURCE_FILE_MAX + 64 };

static bool refuse(const struct source_def *source, enum source_statement which, const char *why)
{
	char value[VALUE_MAX];

	(void)snprintf(value, sizeof value, "%s/%s", source->name, source_statement_name(which));
	log_error("config.invalid", "key=OFFCHAIN_SOURCES value=%s why=%s", value, why);
	return false;
}

/* As the database runs it: two of them stand inside of another statement. */
static void as_it_runs(char out[SQL_MAX], enum source_statement which, const char *sql)
{
	const bool inside = which == SOURCE_DUE || which == SOURCE_ENTRIES;
	size_t n = strlen(sql);

	while (n > 0 && strchr(" \t\r\n;", sql[n - 1]))
		n--;
	(void)snprintf(
		out, SQL_MAX, "%s%.*s%s", inside ? "SELECT * FROM (" : "", (int)n, sql, inside ? "\n) AS x" : "");
}

static bool kind_fits(char letter, enum db_kind kind)
{
	switch (letter) {
	case 'b':
		return kind == DB_BYTES;
	case 'n':
		return kind == DB_NUMBER;
	case 'a':
		return kind == DB_NUMBERS;
	case 'i':
		return kind == DB_MOMENT;
	default:
		return true;
	}
}

static const char *kind_text(char letter)
{
	switch (letter) {
	case 'b':
		return "bytea";
	case 'n':
		return "an exact number: integer, bigint or numeric";
	case 'a':
		return "an array of exact numbers";
	default:
		return "timestamptz";
	}
}

/* want: one of "name:letter name:letter". */
static bool column_fits(const struct source_def *source, enum source_statement which, const char *want, size_t len,
	const struct db_column *column, size_t n)
{
	const char letter = want[len + 1];
	char why[WHY_MAX];

	for (size_t i = 0; i < n; i++) {
		if (strlen(column[i].name) != len || strncmp(column[i].name, want, len) != 0)
			continue;
		if (kind_fits(letter, column[i].kind))
			return true;
		(void)snprintf(why, sizeof why, "its column %.63s is %.63s, but must be %s", column[i].name,
			column[i].type, kind_text(letter));
		return refuse(source, which, why);
	}
	(void)snprintf(why, sizeof why, "it lacks the column %.*s", (int)len, want);
	return refuse(source, which, why);
}

static bool statement_fits(struct db_describer *d, const struct source_def *source, enum source_statement which)
{
	struct db_column column[DB_COLUMNS_MAX];
	char sql[SQL_MAX], why[WHY_MAX];
	bool ok = true;
	size_t n;

	as_it_runs(sql, which, source->sql[which]);
	if (!db_describe(d, sql, which == SOURCE_DUE ? "bigint" : "text", column, &n, why, sizeof why))
		return refuse(source, which, why);
	for (const char *want = source_columns(which); *want != '\0';) {
		const size_t len = strcspn(want, ":");

		ok = column_fits(source, which, want, len, column, n) && ok;
		want += len + 2;
		want += *want == ' ';
	}
	return ok;
}

bool draw_sources_fit(const struct source_defs *sources, const struct config *config)
{
	char conninfo[CONNINFO_MAX], why[WHY_MAX] = "is too long";
	struct db_describer *d = NULL;
	bool ok = true;

	if (sources->n == 0)
		return true;
	if (database_conninfo(config, conninfo))
		d = db_describer_open(conninfo, TIMEOUT_S, why, sizeof why);
	crypto_wipe(conninfo, sizeof conninfo);
	if (!d) {
		log_warn("config.sources_unchecked", "sources=%zu why=%s", sources->n, why);
		return true;
	}
	for (size_t i = 0; i < sources->n; i++)
		for (unsigned which = 0; which < SOURCE_STATEMENTS; which++)
			ok = statement_fits(d, &sources->at[i], (enum source_statement)which) && ok;
	db_describer_close(d);
	return ok;
}
