/* Prepares statements without a name and asks what they give. Blocks: nothing else runs in --check-config. */
#include "io/db_describe.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/db_result.h"

enum { OID_TEXT = 25, OID_BIGINT = 20, OID_UUID = 2950 };

struct db_describer {
	PGconn *pg;
};

static bool run(PGconn *pg, const char *sql)
{
	PGresult *result = PQexec(pg, sql);
	const bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;

	PQclear(result);
	return ok;
}

struct db_describer *db_describer_open(const char *conninfo, unsigned timeout_s, char *why, size_t why_size)
{
	struct db_describer *d = calloc(1, sizeof *d);
	char limit[16], line[DB_WHY_MAX];
	const char *const keys[] = { "dbname", "connect_timeout", NULL }, *const values[] = { conninfo, limit, NULL };

	if (!d)
		abort();
	(void)snprintf(limit, sizeof limit, "%u", timeout_s);
	d->pg = PQconnectdbParams(keys, values, 1);
	if (PQstatus(d->pg) == CONNECTION_OK && run(d->pg, "BEGIN READ ONLY"))
		return d;
	db_result_one_line(PQerrorMessage(d->pg), line);
	(void)snprintf(why, why_size, "%s", line);
	db_describer_close(d);
	return NULL;
}

void db_describer_close(struct db_describer *d)
{
	if (!d)
		return;
	(void)run(d->pg, "ROLLBACK");
	PQfinish(d->pg);
	free(d);
}

static const struct {
	Oid oid;
	enum db_kind kind;
	const char *name;
} TYPES[] = { { 17, DB_BYTES, "bytea" }, { 21, DB_NUMBER, "smallint" }, { 23, DB_NUMBER, "integer" },
	{ 20, DB_NUMBER, "bigint" }, { 1700, DB_NUMBER, "numeric" }, { 1005, DB_NUMBERS, "smallint[]" },
	{ 1007, DB_NUMBERS, "integer[]" }, { 1016, DB_NUMBERS, "bigint[]" }, { 1231, DB_NUMBERS, "numeric[]" },
	{ 1184, DB_MOMENT, "timestamptz" }, { 1114, DB_OTHER, "timestamp without time zone" }, { 25, DB_OTHER, "text" },
	{ 1043, DB_OTHER, "varchar" }, { 16, DB_OTHER, "boolean" }, { 701, DB_OTHER, "double precision" },
	{ 700, DB_OTHER, "real" }, { 2950, DB_OTHER, "uuid" }, { 3802, DB_OTHER, "jsonb" },
	{ 1082, DB_OTHER, "date" } };

static void take_column(struct db_column *out, const PGresult *result, int i)
{
	const Oid oid = PQftype(result, i);

	(void)snprintf(out->name, sizeof out->name, "%s", PQfname(result, i));
	(void)snprintf(out->type, sizeof out->type, "type %u", oid);
	out->kind = DB_OTHER;
	for (size_t k = 0; k < sizeof TYPES / sizeof TYPES[0]; k++) {
		if (TYPES[k].oid != oid)
			continue;
		out->kind = TYPES[k].kind;
		(void)snprintf(out->type, sizeof out->type, "%s", TYPES[k].name);
	}
}

/* After an error the transaction takes nothing more until it is taken back to here. */
static PGresult *prepare(PGconn *pg, const char *sql, const char *first)
{
	const Oid types[] = { strcmp(first, "bigint") == 0 ? OID_BIGINT : OID_TEXT, OID_UUID };
	PGresult *result = PQprepare(pg, "", sql, 2, types);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		return result;
	PQclear(result);
	return PQdescribePrepared(pg, "");
}

bool db_describe(struct db_describer *d, const char *sql, const char *first, struct db_column *out, size_t *n,
	char *why, size_t why_size)
{
	char line[DB_WHY_MAX];
	PGresult *result;
	bool ok;

	*n = 0;
	(void)run(d->pg, "SAVEPOINT described");
	result = prepare(d->pg, sql, first);
	ok = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!ok) {
		db_result_explain(result, line);
		(void)snprintf(why, why_size, "%s", line);
	}
	for (int i = 0; ok && i < PQnfields(result) && i < DB_COLUMNS_MAX; i++)
		take_column(&out[(*n)++], result, i);
	PQclear(result);
	(void)run(d->pg, "ROLLBACK TO SAVEPOINT described");
	return ok;
}
