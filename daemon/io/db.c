/* libpq's asynchronous calls on the event loop. */
#include "io/db.h"

#include <assert.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/db_connect.h"
#include "io/db_result.h"

enum { BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 500, SAY_AGAIN_MS = 60000 };

/* What the statement in flight is, for a read-only db; else always PHASE_STATEMENT. */
enum phase { PHASE_BEGIN, PHASE_STATEMENT, PHASE_END };

struct db {
	struct loop *loop;
	struct loop_io *io;
	struct loop_timer *retry;  /* the next attempt to connect       */
	struct loop_timer *expiry; /* the earliest deadline of all calls */
	struct loop_defer refuse, broken;
	char *name;
	bool read_only;

	struct db_connect *connect;
	PGconn *pg; /* NULL: down */
	uint32_t backoff_ms;
	uint64_t down_since, said_at;
	unsigned failures;
	char last_error[DB_WHY_MAX];
	struct db_stats stats;

	struct db_call *first, **last; /* not sent yet */
	struct db_call *refused;       /* writes on a read-only db, until the loop says so */
	unsigned pending;
	bool busy; /* a statement is in flight */
	enum phase phase;
	struct db_call *flying; /* its call; NULL when that was cancelled */
	uint64_t flying_expires, sent_us;
	PGresult *result, *answer; /* of this phase; of the statement, kept during PHASE_END */
};

static void pump(struct db *db);
static void hang_up(struct db *db, const char *why);

static void on_notice(void *owner, const char *message)
{
	struct db *db = owner;

	log_debug("db.notice", "db=%s text=%s", db->name, message);
}

/* ---- the end of a call ---- */

static void arm_expiry(struct db *db)
{
	uint64_t now = loop_mono_ms(), first = db->busy ? db->flying_expires : UINT64_MAX;

	for (const struct db_call *call = db->first; call; call = call->next)
		if (call->expires < first)
			first = call->expires;
	if (first == UINT64_MAX)
		loop_timer_stop(db->expiry);
	else
		loop_timer_set(db->expiry, first > now ? first - now : 0);
}

static void count(struct db_stats *stats, enum err err)
{
	stats->ok += err == ERR_OK;
	stats->retry += err == ERR_RETRY;
	stats->unknown += err == ERR_UNKNOWN;
	stats->refused += err == ERR_REFUSED || err == ERR_INVALID;
}

static void end_call(struct db *db, struct db_call *call, enum err err, PGresult *pg, const char *why)
{
	struct db_result result = { pg, err };
	struct reply reply = { .err = err, .data = &result, .why = err == ERR_OK ? "" : why };

	db->pending--;
	count(&db->stats, err);
	task_end(&call->task, &reply);
}

/* Ends the statement in flight. Everything about it is cleared before done(), which may start the next one. */
static void end_flight(struct db *db, enum err err, PGresult *pg, const char *why)
{
	struct db_call *call = db->flying;

	db->flying = NULL;
	db->busy = false;
	arm_expiry(db);
	if (call)
		end_call(db, call, err, pg, why);
}

static void take_out(struct db *db, struct db_call **link)
{
	struct db_call *call = *link;

	*link = call->next;
	if (db->last == &call->next)
		db->last = link;
}

/* The oldest overdue call of the queue, out of it; NULL when there is none. */
static struct db_call *take_overdue(struct db *db)
{
	uint64_t now = loop_mono_ms();

	for (struct db_call **link = &db->first; *link; link = &(*link)->next)
		if ((*link)->expires <= now) {
			struct db_call *call = *link;
			take_out(db, link);
			return call;
		}
	return NULL;
}

static void on_expiry(void *owner)
{
	struct db *db = owner;
	struct db_call *call;
	char why[2 * DB_WHY_MAX];

	if (db->busy && db->flying_expires <= loop_mono_ms())
		hang_up(db, "no answer within the deadline of the statement");
	while ((call = take_overdue(db)) != NULL) {
		(void)snprintf(why, sizeof why, "not sent within %" PRIu32 " ms: %s", call->deadline_ms,
			db->pg            ? "other statements took too long"
			: *db->last_error ? db->last_error
					  : "connecting");
		end_call(db, call, ERR_RETRY, NULL, why);
	}
	arm_expiry(db);
}

/* ---- the connection ---- */

static void disconnect(struct db *db)
{
	loop_io_stop(db->io);
	loop_defer_cancel(db->loop, &db->broken);
	if (db->pg)
		db->down_since = loop_mono_ms();
	PQfinish(db->pg);
	db->pg = NULL;
	loop_timer_set(db->retry, db->backoff_ms);
}

static void say_down(struct db *db)
{
	uint64_t now = loop_mono_ms();

	if (++db->failures > 1 && now - db->said_at < SAY_AGAIN_MS)
		return;
	db->said_at = now;
	log_warn("db.down", "db=%s why=%s streak=%u next=retry in_ms=%" PRIu32, db->name, db->last_error, db->failures,
		db->backoff_ms);
}

/* The connection is of no more use. What is in flight may have happened; what is queued did not, and waits. */
static void hang_up(struct db *db, const char *why)
{
	PGresult *result = db->result, *answer = db->answer;
	bool fatal = result && PQresultStatus(result) == PGRES_FATAL_ERROR;
	char text[DB_WHY_MAX];

	if (fatal)
		db_result_explain(result, text);
	else
		db_result_one_line(why, text);
	memcpy(db->last_error, text, sizeof text);
	db->result = db->answer = NULL;
	disconnect(db);
	say_down(db);
	db->backoff_ms = db->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : db->backoff_ms * 2;
	if (db->busy)
		end_flight(db, ERR_UNKNOWN, fatal ? result : NULL, text);
	PQclear(result);
	PQclear(answer);
}

static void on_broken(struct loop_defer *defer)
{
	struct db *db = container_of(defer, struct db, broken);

	hang_up(db, PQerrorMessage(db->pg));
}

/* May run inside db_run(), so a failure is left to the loop. */
static void send_phase(struct db *db)
{
	static const char *const frame[] = { [PHASE_BEGIN] = "BEGIN READ ONLY", [PHASE_END] = "ROLLBACK" };
	const struct db_call *call = db->flying;
	int sent;

	if (db->phase == PHASE_STATEMENT)
		sent = PQsendQueryParams(db->pg, call->sql, call->n, NULL, call->param, NULL, NULL, 0);
	else
		sent = PQsendQueryParams(db->pg, frame[db->phase], 0, NULL, NULL, NULL, NULL, 0);
	if (!sent)
		loop_defer(db->loop, &db->broken, on_broken);
	else
		loop_io_set(db->io, PQsocket(db->pg), LOOP_READ | LOOP_WRITE);
}

/* The statement is answered and its transaction is over. */
static void end_statement(struct db *db, PGresult *result)
{
	enum err err = db_result_judge(result, db->read_only);
	char why[DB_WHY_MAX] = "";
	bool standby = err == ERR_RETRY && db_result_is_standby(result);

	db->stats.last_us = loop_mono_us() - db->sent_us;
	db->stats.us += db->stats.last_us;

	if (err != ERR_OK)
		db_result_explain(result, why);
	if (PQstatus(db->pg) == CONNECTION_BAD || standby) {
		memcpy(db->last_error, why, sizeof why);
		disconnect(db);
		say_down(db);
	}
	end_flight(db, err, result, why);
	PQclear(result);
	pump(db);
}

/* ReadyForQuery has come: only now is the transaction of this phase over. */
static void end_phase(struct db *db)
{
	PGresult *result = db->result;
	bool ok = result && db_result_judge(result, db->read_only) == ERR_OK;
	PGresult *answer = db->answer;

	if (!result || (!ok && db->phase != PHASE_STATEMENT)) {
		hang_up(db, "the server gave no answer");
		return;
	}
	db->result = NULL;
	if (db->phase == PHASE_END || !db->read_only) {
		db->answer = NULL;
		if (answer)
			PQclear(result); /* of the ROLLBACK */
		end_statement(db, answer ? answer : result);
		return;
	}
	if (db->phase == PHASE_BEGIN && db->flying) {
		PQclear(result);
		db->phase = PHASE_STATEMENT;
	} else { /* the statement is done, or was cancelled before it was sent */
		db->answer = result;
		db->phase = PHASE_END;
	}
	send_phase(db);
}

static void collect(struct db *db)
{
	PGresult *result;

	while (db->pg && !PQisBusy(db->pg)) {
		result = PQgetResult(db->pg);
		if (!result) {
			if (db->busy)
				end_phase(db);
			else if (PQstatus(db->pg) == CONNECTION_BAD)
				hang_up(db, PQerrorMessage(db->pg));
			return;
		}
		assert(PQresultStatus(result) < PGRES_COPY_OUT || PQresultStatus(result) > PGRES_COPY_IN);
		PQclear(db->result); /* an error after CommandComplete (a failed COMMIT) replaces the success */
		db->result = result;
	}
}

static void on_socket(void *owner, int fd, int events)
{
	struct db *db = owner;
	int flush;
	(void)fd;

	if ((events & LOOP_READ) && !PQconsumeInput(db->pg)) {
		hang_up(db, PQerrorMessage(db->pg));
		return;
	}
	flush = PQflush(db->pg);
	if (flush < 0) {
		hang_up(db, PQerrorMessage(db->pg));
		return;
	}
	loop_io_set(db->io, PQsocket(db->pg), flush ? LOOP_READ | LOOP_WRITE : LOOP_READ);
	collect(db);
}

/* ---- connecting ---- */

static void on_retry(void *owner)
{
	struct db *db = owner;

	db_connect_try(db->connect);
}

static void on_connect_over(void *owner, PGconn *pg, const char *why)
{
	struct db *db = owner;

	if (!pg) {
		hang_up(db, why);
		return;
	}
	db->pg = pg;
	(void)PQsetNoticeProcessor(pg, on_notice, db);
	log_info("db.up", "db=%s host=%s port=%s pid=%d down_ms=%" PRIu64, db->name, PQhost(pg), PQport(pg),
		PQbackendPID(pg), loop_mono_ms() - db->down_since);
	db->down_since = 0;
	db->stats.connects++;
	db->failures = 0;
	db->backoff_ms = BACKOFF_MIN_MS;
	loop_io_set(db->io, PQsocket(pg), LOOP_READ);
	pump(db);
}

/* ---- calls ---- */

/* Sends the oldest waiting statement when the connection is free. */
static void pump(struct db *db)
{
	struct db_call *call = db->first;

	if (!db->pg || db->busy || !call)
		return;
	take_out(db, &db->first);
	db->busy = true;
	db->flying = call;
	db->flying_expires = call->expires;
	db->phase = db->read_only ? PHASE_BEGIN : PHASE_STATEMENT;
	db->sent_us = loop_mono_us();
	send_phase(db);
}

/* One per turn, so that a caller who asks again at once cannot hold the loop. */
static void on_refuse(struct loop_defer *defer)
{
	struct db *db = container_of(defer, struct db, refuse);
	struct db_call *call = db->refused;

	db->refused = call->next;
	if (db->refused)
		loop_defer(db->loop, &db->refuse, on_refuse);
	end_call(db, call, ERR_REFUSED, NULL, "dry run: nothing is written");
}

void db_run(struct db *db, struct db_call *call, void (*done)(struct task *, const struct reply *))
{
	struct db_call **link = &db->refused;

	assert(call->n >= 0 && call->n <= DB_PARAMS_MAX && call->deadline_ms > 0);
	task_begin(&call->task, done);
	call->next = NULL;
	call->expires = loop_mono_ms() + call->deadline_ms;
	db->pending++;
	if (db->read_only && call->writes) {
		while (*link)
			link = &(*link)->next;
		*link = call;
		loop_defer(db->loop, &db->refuse, on_refuse);
		return;
	}
	*db->last = call;
	db->last = &call->next;
	pump(db);
	arm_expiry(db);
}

void db_cancel(struct db *db, struct db_call *call)
{
	struct db_call **link;

	if (!call->task.busy)
		return;
	call->task.busy = false;
	db->pending--;
	if (db->flying == call) {
		db->flying = NULL;
		return;
	}
	for (link = &db->first; *link && *link != call;)
		link = &(*link)->next;
	if (*link) {
		take_out(db, link);
		arm_expiry(db);
		return;
	}
	for (link = &db->refused; *link != call;)
		link = &(*link)->next;
	*link = call->next;
	if (!db->refused)
		loop_defer_cancel(db->loop, &db->refuse);
}

/* ---- the object ---- */

static void clean_environment(void)
{
	static const char *const names[] = { "PGOPTIONS", "PGGEQO", "PGTZ", "PGDATESTYLE" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		(void)unsetenv(names[i]); /* libpq ignores an empty options keyword and asks the environment */
}

struct db *db_new(struct loop *loop, const struct db_config *config, char *why, size_t why_size)
{
	struct db_conninfo *conninfo = db_conninfo_parse(config->conninfo, why, why_size);
	struct db *db;

	if (!conninfo)
		return NULL;
	clean_environment();
	db = calloc(1, sizeof *db);
	if (!db || !(db->name = strdup(config->name)))
		abort();
	db->loop = loop;
	db->read_only = config->read_only;
	db->last = &db->first;
	db->backoff_ms = BACKOFF_MIN_MS;
	db->down_since = loop_mono_ms();
	db->io = loop_io_new(loop, on_socket, db);
	db->connect = db_connect_new(loop, conninfo, on_connect_over, db);
	db->retry = loop_timer_new(loop, on_retry, db);
	db->expiry = loop_timer_new(loop, on_expiry, db);
	loop_timer_set(db->retry, 0);
	return db;
}

void db_free(struct db *db)
{
	if (!db)
		return;
	if (db->flying)
		db_cancel(db, db->flying);
	while (db->first)
		db_cancel(db, db->first);
	while (db->refused)
		db_cancel(db, db->refused);
	loop_defer_cancel(db->loop, &db->broken);
	loop_io_free(db->io);
	loop_timer_free(db->retry);
	loop_timer_free(db->expiry);
	PQclear(db->result);
	PQclear(db->answer);
	PQfinish(db->pg);
	db_connect_free(db->connect);
	free(db->name);
	free(db);
}

bool db_up(const struct db *db)
{
	return db->pg != NULL;
}

unsigned db_pending(const struct db *db)
{
	return db->pending;
}

uint64_t db_down_since_ms(const struct db *db)
{
	return db->pg ? 0 : db->down_since;
}

const char *db_last_error(const struct db *db)
{
	return db->last_error;
}

struct db_stats db_stats(const struct db *db)
{
	struct db_stats stats = db->stats;

	stats.busy = db->busy;
	stats.waiting = db->pending - (db->flying ? 1 : 0);
	return stats;
}

int db_backend_pid(const struct db *db)
{
	return db->pg ? PQbackendPID(db->pg) : 0;
}
