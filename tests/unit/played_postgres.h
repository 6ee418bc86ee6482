/* A Postgres connection that is played: it stands in for io/db.c and answers each statement on the next turn of the loop. */
#ifndef UNIT_PLAYED_POSTGRES_H
#define UNIT_PLAYED_POSTGRES_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "io/db.h"
#include "io/loop.h"

enum { COLUMNS = 18, LOG_MAX = 16 };

struct db_result {
	enum err err;
	int rows;
	const char *column[COLUMNS];
	const char *sqlstate;
};

static struct {
	bool down, lease_lost;
	uint64_t down_for_ms;
	struct db_call *first;
	struct loop_defer defer;
	unsigned runs;
	char log[LOG_MAX][160]; /* verb and the parameter after the subject, of every statement but the ticks */
	unsigned n_log;
	enum err verdict[LOG_MAX]; /* of the n-th logged statement                                              */
	const char *sqlstate;      /* of a verdict of REFUSED                                                   */
} pg;

static struct loop *loop;

static void answer(struct db_call *call, enum err err, struct db_result *result)
{
	const struct reply reply = { err, result, err == ERR_OK ? "" : "played" };

	result->err = err;
	task_end(&call->task, &reply);
}

static void answer_tick(struct db_call *call)
{
	struct db_result result = { .rows = 1,
		.column = { pg.lease_lost ? "f" : "t", "5", "me", NULL, NULL, NULL, NULL, "f", "f", "1" } };

	answer(call, ERR_OK, &result);
}

static void answer_verb(struct db_call *call)
{
	struct db_result result = { .sqlstate = pg.sqlstate };
	const enum err err = pg.verdict[pg.n_log];
	const char *verb = strstr(call->sql, "keeper.") + 7;
	const char *subject = call->n > 1 ? call->param[1] : call->param[0];

	(void)snprintf(pg.log[pg.n_log++], sizeof pg.log[0], "%.*s %.6s %s", (int)strcspn(verb, "("), verb, subject,
		call->n > 2 ? call->param[2] : "");
	result.rows = err == ERR_OK && strstr(call->sql, "step_rows") == NULL;
	answer(call, err, &result);
}

static void run_next(struct loop_defer *defer)
{
	struct db_call *call = pg.first;
	struct db_result result = { .sqlstate = "" };

	pg.first = call->next;
	if (pg.first)
		loop_defer(loop, defer, run_next);
	if (pg.down)
		answer(call, ERR_RETRY, &result);
	else if (strstr(call->sql, "lease_tick"))
		answer_tick(call);
	else
		answer_verb(call);
}

void db_run(struct db *db, struct db_call *call, void (*done)(struct task *, const struct reply *))
{
	struct db_call **link = &pg.first;

	(void)db;
	task_begin(&call->task, done);
	pg.runs++;
	while (*link)
		link = &(*link)->next;
	*link = call;
	call->next = NULL;
	loop_defer(loop, &pg.defer, run_next);
}

void db_cancel(struct db *db, struct db_call *call)
{
	struct db_call **link = &pg.first;

	(void)db;
	while (*link && *link != call)
		link = &(*link)->next;
	if (*link)
		*link = call->next;
	if (!pg.first)
		loop_defer_cancel(loop, &pg.defer);
	call->task.busy = false;
}

int db_rows(const struct db_result *result)
{
	return result->err == ERR_OK ? result->rows : 0;
}

const char *db_get(const struct db_result *result, int row, int col)
{
	(void)row;
	return result->column[col];
}

const char *db_sqlstate(const struct db_result *result)
{
	return result->sqlstate ? result->sqlstate : "";
}

bool db_bytea(const struct db_result *result, int row, int col, void *out, size_t size, size_t *len)
{
	(void)result, (void)row, (void)col, (void)out, (void)size, (void)len;
	return false;
}

void db_bytea_text(const void *bytes, size_t len, char *text, size_t text_size)
{
	const unsigned char *at = bytes;

	(void)snprintf(text, text_size, "\\x");
	for (size_t i = 0; i < len; i++)
		(void)snprintf(text + 2 + 2 * i, text_size - 2 - 2 * i, "%02x", at[i]);
}

uint64_t db_down_since_ms(const struct db *db)
{
	(void)db;
	return pg.down ? loop_mono_ms() - pg.down_for_ms : 0;
}

#endif
