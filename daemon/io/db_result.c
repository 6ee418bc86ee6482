/* Reads libpq's results: values, what an SQLSTATE allows, and texts fit for a log. */
#include "io/db_result.h"

#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "io/db.h"

/* ---- what it means ---- */

static const char *field(const PGresult *pg, int code)
{
	const char *text = pg ? PQresultErrorField(pg, code) : NULL;

	return text ? text : "";
}

static bool starts(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

enum err db_result_judge(const PGresult *pg, bool read_only)
{
	const char *state = field(pg, PG_DIAG_SQLSTATE);
	ExecStatusType status = PQresultStatus(pg);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return ERR_OK;
	/* FATAL and PANIC, say for a full disk under a COMMIT: the server ended the connection
	 * and has not said what became of the transaction, whatever the SQLSTATE. */
	if (!*state || strcmp(field(pg, PG_DIAG_SEVERITY_NONLOCALIZED), "ERROR") != 0)
		return ERR_UNKNOWN;
	if (starts(state, "08") || starts(state, "57P") || strcmp(state, "40003") == 0)
		return ERR_UNKNOWN;
	if (starts(state, "40") || starts(state, "53") || strcmp(state, "55P03") == 0 || strcmp(state, "57014") == 0)
		return ERR_RETRY;
	return db_result_is_standby(pg) && !read_only ? ERR_RETRY : ERR_REFUSED;
}

bool db_result_is_standby(const PGresult *pg)
{
	return strcmp(field(pg, PG_DIAG_SQLSTATE), "25006") == 0;
}

void db_result_one_line(const char *text, char line[DB_WHY_MAX])
{
	size_t len = 0;

	for (; *text && len < DB_WHY_MAX - 3; text++) {
		if (*text != '\n') {
			line[len++] = *text;
		} else if (text[1]) {
			line[len++] = ';';
			line[len++] = ' ';
		}
	}
	line[redact(line, len)] = '\0';
}

void db_result_explain(const PGresult *pg, char why[DB_WHY_MAX])
{
	const char *state = field(pg, PG_DIAG_SQLSTATE);
	char text[DB_WHY_MAX];

	(void)snprintf(text, sizeof text, "%s %s", state, field(pg, PG_DIAG_MESSAGE_PRIMARY));
	db_result_one_line(*state ? text : PQresultErrorMessage(pg), why);
}

/* ---- values ---- */

int db_rows(const struct db_result *result)
{
	return result->err == ERR_OK ? PQntuples(result->pg) : 0;
}

const char *db_get(const struct db_result *result, int row, int col)
{
	assert(row >= 0 && row < db_rows(result) && col >= 0 && col < PQnfields(result->pg));
	return PQgetisnull(result->pg, row, col) ? NULL : PQgetvalue(result->pg, row, col);
}

size_t db_get_len(const struct db_result *result, int row, int col)
{
	assert(row >= 0 && row < db_rows(result) && col >= 0 && col < PQnfields(result->pg));
	return (size_t)PQgetlength(result->pg, row, col);
}

const char *db_sqlstate(const struct db_result *result)
{
	return field(result->pg, PG_DIAG_SQLSTATE);
}

/* ---- bytea ---- */

static int nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool db_bytea(const struct db_result *result, int row, int col, void *out, size_t size, size_t *len)
{
	const char *text = db_get(result, row, col);
	unsigned char *byte = out;
	size_t n;
	int high, low;

	if (!text || text[0] != '\\' || text[1] != 'x')
		return false;
	n = db_get_len(result, row, col) - 2;
	if (n % 2 != 0 || n / 2 > size)
		return false;
	for (size_t i = 0; i < n / 2; i++) {
		high = nibble(text[2 + 2 * i]);
		low = nibble(text[3 + 2 * i]);
		if (high < 0 || low < 0)
			return false;
		byte[i] = (unsigned char)(high << 4 | low);
	}
	*len = n / 2;
	return true;
}

void db_bytea_text(const void *bytes, size_t len, char *text, size_t text_size)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *byte = bytes;

	assert(len < SIZE_MAX / 2 - 2 && text_size >= 2 * len + 3);
	*text++ = '\\';
	*text++ = 'x';
	for (size_t i = 0; i < len; i++) {
		*text++ = digits[byte[i] >> 4];
		*text++ = digits[byte[i] & 15];
	}
	*text = '\0';
}
