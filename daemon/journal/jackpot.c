/* Three statements, each answered as one JSON text that Postgres writes. */
#include "journal/jackpot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char POOLS[] = "SELECT jackpot.pools_json()";
static const char TOTALS[] = "SELECT jackpot.totals_json()";
static const char CONTRIBUTE[] = "SELECT jackpot.contribute_json($1,$2,$3,$4)";

bool jackpot_db_init(struct jackpot_db *j, struct loop *loop, const char *conninfo, size_t n, bool read_only,
	uint32_t deadline_ms, char *why, size_t why_size)
{
	*j = (struct jackpot_db){ .deadline_ms = deadline_ms };
	for (; j->n < n; j->n++) {
		(void)snprintf(j->name[j->n], JACKPOT_NAME, "jackpot%zu", j->n + 1);
		const struct db_config config = { conninfo, j->name[j->n], read_only };
		j->db[j->n] = db_new(loop, &config, why, why_size);
		if (!j->db[j->n]) {
			jackpot_db_fini(j);
			return false;
		}
	}
	return true;
}

void jackpot_db_fini(struct jackpot_db *j)
{
	while (j->n > 0)
		db_free(j->db[--j->n]);
}

size_t jackpot_db_busy(const struct jackpot_db *j)
{
	size_t busy = 0;

	for (size_t i = 0; i < j->n; i++)
		busy += db_pending(j->db[i]) > 0;
	return busy;
}

size_t jackpot_db_up(const struct jackpot_db *j)
{
	size_t up = 0;

	for (size_t i = 0; i < j->n; i++)
		up += db_up(j->db[i]);
	return up;
}

/* The one with the least to do, of those that are up when there are any. */
static struct db *pick(const struct jackpot_db *j)
{
	struct db *best = j->db[0];

	for (size_t i = 1; i < j->n; i++) {
		struct db *db = j->db[i];

		if (db_up(db) != db_up(best) ? db_up(db) : db_pending(db) < db_pending(best))
			best = db;
	}
	return best;
}

static bool is_one_of(const char *sqlstate, const char *const list[])
{
	for (; *list; list++)
		if (strcmp(sqlstate, *list) == 0)
			return true;
	return false;
}

static enum jackpot_fault judge(enum err err, const char *sqlstate)
{
	/* schema, table, column, function; privilege */
	static const char *const missing[] = { "3F000", "42P01", "42703", "42883", "42501", NULL };

	switch (err) {
	case ERR_OK:
		return JACKPOT_SOUND;
	case ERR_RETRY:
		return JACKPOT_AWAY;
	case ERR_UNKNOWN:
		return JACKPOT_DOUBT;
	case ERR_REFUSED:
	case ERR_INVALID:
		break;
	}
	if (is_one_of(sqlstate, missing))
		return JACKPOT_MISSING;
	return strcmp(sqlstate, "23505") == 0 ? JACKPOT_CONFLICT : JACKPOT_REFUSED;
}

static void on_answer(struct task *task, const struct reply *answer)
{
	struct jackpot_call *call = container_of(container_of(task, struct db_call, task), struct jackpot_call, db);
	struct reply reply = { answer->err, NULL, answer->why };

	if (answer->err == ERR_OK && db_rows(answer->data) == 1)
		reply.data = db_get(answer->data, 0, 0);
	if (answer->err == ERR_OK && !reply.data)
		reply = (struct reply){ ERR_INVALID, NULL, "the jackpots schema answers without a text" };
	call->fault = judge(reply.err, db_sqlstate(answer->data));
	task_end(&call->task, &reply);
}

static void run(struct jackpot_db *j, struct jackpot_call *call, const char *sql, bool writes, jackpot_done *done)
{
	task_begin(&call->task, done);
	call->on = pick(j);
	call->db.sql = sql;
	call->db.writes = writes;
	call->db.deadline_ms = j->deadline_ms;
	db_run(call->on, &call->db, on_answer);
}

void jackpot_pools(struct jackpot_db *j, struct jackpot_call *call, jackpot_done *done)
{
	run(j, call, POOLS, false, done);
}

void jackpot_totals(struct jackpot_db *j, struct jackpot_call *call, jackpot_done *done)
{
	run(j, call, TOTALS, false, done);
}

void jackpot_contribute(struct jackpot_db *j, struct jackpot_call *call, const struct wager *wager, jackpot_done *done)
{
	call->wager = *wager;
	(void)snprintf(call->cents, sizeof call->cents, "%" PRIu64, wager->cents);
	call->db.n = 4;
	call->db.param[0] = call->wager.key;
	call->db.param[1] = call->wager.user;
	call->db.param[2] = call->wager.game;
	call->db.param[3] = call->cents;
	run(j, call, CONTRIBUTE, true, done);
}
