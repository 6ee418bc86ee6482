/* One call of a journal verb: its parameters as text, the statement, and what its answer says about Postgres. */
#include "journal/call.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/base58.h"

struct journal_call_state *call_state_new(struct task *task)
{
	struct journal_call_state *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->task = task;
	buf_heap(&s->text, CALL_PARAMS_TEXT_MAX);
	return s;
}

void call_state_free(struct journal_call_state *s)
{
	if (!s)
		return;
	if (s->journal && s->task->busy) {
		db_cancel(s->via, &s->db);
		loop_defer_cancel(s->journal->loop, &s->defer);
	}
	s->task->busy = false;
	buf_free(&s->text);
	free(s);
}

/* ---- parameters ---- */

void call_begin(struct journal *j, struct journal_call_state *s, const char *sql, call_parse *parse, journal_done *done)
{
	task_begin(s->task, done);
	s->journal = j;
	s->via = j->db;
	s->sql = sql;
	s->parse = parse;
	s->writes = false;
	s->fenced = false;
	s->n = 0;
	buf_reset(&s->text);
}

void call_begin_write(
	struct journal *j, struct journal_call_state *s, const char *sql, call_parse *parse, journal_done *done)
{
	call_begin(j, s, sql, parse, done);
	s->writes = true;
	s->fenced = true;
	call_u64(s, j->fence);
}

void call_via(struct journal_call_state *s, struct db *db)
{
	assert(db);
	s->via = db;
}

static void begin_param(struct journal_call_state *s)
{
	assert(s->n < DB_PARAMS_MAX);
	s->at[s->n++] = s->text.len;
}

void call_text(struct journal_call_state *s, const char *text)
{
	begin_param(s);
	if (text)
		buf_add(&s->text, text, strlen(text) + 1);
	else
		s->at[s->n - 1] = SIZE_MAX;
}

void call_u64(struct journal_call_state *s, uint64_t value)
{
	begin_param(s);
	buf_fmt(&s->text, "%" PRIu64, value);
	buf_char(&s->text, '\0');
}

void call_u64_or_null(struct journal_call_state *s, uint64_t value)
{
	if (value)
		call_u64(s, value);
	else
		call_text(s, NULL);
}

void call_i64(struct journal_call_state *s, int64_t value)
{
	begin_param(s);
	buf_fmt(&s->text, "%" PRId64, value);
	buf_char(&s->text, '\0');
}

void call_pubkey(struct journal_call_state *s, const struct pubkey *key)
{
	char text[PUBKEY_TEXT];

	if (!pubkey_is_zero(key))
		(void)base58_pubkey(text, key);
	call_text(s, pubkey_is_zero(key) ? NULL : text);
}

void call_signature(struct journal_call_state *s, const struct signature *sig)
{
	char text[SIGNATURE_TEXT];

	if (!signature_is_zero(sig))
		(void)base58_signature(text, sig);
	call_text(s, signature_is_zero(sig) ? NULL : text);
}

void call_bytes(struct journal_call_state *s, const void *bytes, size_t n)
{
	char text[2 * ROW_TX_MAX + 3];

	assert(n <= ROW_TX_MAX);
	if (n)
		db_bytea_text(bytes, n, text, sizeof text);
	call_text(s, n ? text : NULL);
}

void call_array_open(struct journal_call_state *s)
{
	begin_param(s);
	buf_char(&s->text, '{');
}

void call_item_text(struct journal_call_state *s, const char *text)
{
	/* Not the first item: the array has more than its brace. */
	if (s->text.len > s->at[s->n - 1] + 1)
		buf_char(&s->text, ',');
	buf_str(&s->text, text ? text : "NULL");
}

void call_item_any(struct journal_call_state *s, const char *text)
{
	call_item_text(s, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_char(&s->text, '\\');
		buf_char(&s->text, *text);
	}
	buf_char(&s->text, '"');
}

void call_item_u64(struct journal_call_state *s, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRIu64, value);
	call_item_text(s, text);
}

void call_item_i64(struct journal_call_state *s, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRId64, value);
	call_item_text(s, text);
}

void call_item_pubkey(struct journal_call_state *s, const struct pubkey *key)
{
	char text[PUBKEY_TEXT];

	if (!pubkey_is_zero(key))
		(void)base58_pubkey(text, key);
	call_item_text(s, pubkey_is_zero(key) ? NULL : text);
}

void call_item_bytes(struct journal_call_state *s, const void *bytes, size_t n)
{
	/* A backslash is doubled inside an array. */
	char text[2 * SIGNATURE_SIZE + 4] = "\\";

	assert(n <= SIGNATURE_SIZE);
	db_bytea_text(bytes, n, text + 1, sizeof text - 1);
	call_item_text(s, text);
}

void call_item_signature(struct journal_call_state *s, const struct signature *sig)
{
	call_item_bytes(s, sig->b, SIGNATURE_SIZE);
}

void call_array_close(struct journal_call_state *s)
{
	buf_char(&s->text, '}');
	buf_char(&s->text, '\0');
}

const char *call_param(const struct journal_call_state *s, int i)
{
	return s->at[i] == SIZE_MAX ? NULL : s->text.data + s->at[i];
}

/* ---- answers ---- */

static void end_local(struct loop_defer *defer)
{
	struct journal_call_state *s = container_of(defer, struct journal_call_state, defer);
	const struct reply reply = { s->err, s->data, s->why };

	task_end(s->task, &reply);
}

void call_answer(struct journal_call_state *s, enum err err, const void *data, const char *why)
{
	s->err = err;
	s->data = data;
	(void)snprintf(s->why, sizeof s->why, "%s", why);
	loop_defer(s->journal->loop, &s->defer, end_local);
}

/* A pooler keeps our connection while the server behind it is away: only answers show that it is there. */
static void note_reach(struct journal *j, enum err err)
{
	switch (err) {
	case ERR_OK:
	case ERR_REFUSED:
	case ERR_INVALID:
		j->failing_since_ms = 0;
		return;
	case ERR_RETRY:
	case ERR_UNKNOWN:
		if (j->failing_since_ms == 0)
			j->failing_since_ms = loop_mono_ms();
		return;
	}
}

static void note_lease(struct journal *j, const struct db_result *result, const char *why)
{
	if (strcmp(db_sqlstate(result), "PK001") != 0 || j->fence == 0)
		return;
	log_warn("lease.lost", "fence=%" PRIu64 " why=%s next=standby", j->fence, why);
	j->fence = 0;
}

static void on_answer(struct task *task, const struct reply *answer)
{
	struct journal_call_state *s = container_of(
		container_of(task, struct db_call, task), struct journal_call_state, db);
	struct reply reply = { answer->err, NULL, answer->why };

	if (s->via == s->journal->db)
		note_reach(s->journal, answer->err);
	if (answer->err == ERR_OK && !s->parse(s->task, answer->data, &reply.data)) {
		reply = (struct reply){ ERR_INVALID, NULL,
			"Postgres answered rows that this version cannot read: check the migrations" };
		s->journal->unreadable = true;
		log_error("journal.unreadable", "statement=%s why=%s next=human", s->sql, reply.why);
	}
	if (answer->err == ERR_OK && s->fenced && s->via == s->journal->db)
		s->journal->write_ok_ms = loop_mono_ms();
	if (answer->err == ERR_REFUSED)
		note_lease(s->journal, answer->data, answer->why);
	task_end(s->task, &reply);
}

void call_send(struct journal_call_state *s, uint32_t deadline_ms)
{
	if (s->writes && s->journal->read_only) {
		call_answer(s, ERR_REFUSED, NULL, "dry run: nothing is written");
		return;
	}
	if (s->fenced && s->journal->fence == 0) {
		call_answer(s, ERR_REFUSED, NULL, "the lease is not held: another poolkeeper writes");
		return;
	}
	if (!buf_ok(&s->text)) {
		call_answer(s, ERR_INVALID, NULL, "the parameters do not fit into 4 MiB: send fewer rows at once");
		return;
	}
	s->db.sql = s->sql;
	s->db.n = s->n;
	for (int i = 0; i < s->n; i++)
		s->db.param[i] = call_param(s, i);
	s->db.deadline_ms = deadline_ms;
	s->db.writes = s->writes;
	db_run(s->via, &s->db, on_answer);
}

bool call_spool_time(const struct journal *j)
{
	const uint64_t since = journal_down_since_ms(j);

	return since != 0 && loop_mono_ms() - since > SPOOL_AFTER_MS;
}

/* ---- results ---- */

bool call_parse_u64(const char *text, uint64_t *out)
{
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0';
}

bool call_parse_i64(const char *text, int64_t *out)
{
	char *end;

	if (!text || (text[0] != '-' && (text[0] < '0' || text[0] > '9')))
		return false;
	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0';
}

bool call_parse_pubkey(const char *text, struct pubkey *out)
{
	*out = (struct pubkey){ 0 };
	return !text || base58_to_pubkey(out, text, strlen(text));
}

bool call_parse_bool(const char *text, bool *out)
{
	if (!text || (strcmp(text, "t") != 0 && strcmp(text, "f") != 0))
		return false;
	*out = text[0] == 't';
	return true;
}

bool call_parse_places(const struct db_result *result, size_t *place, size_t *n, size_t max)
{
	*n = (size_t)db_rows(result);
	if (*n > max)
		return false;
	for (size_t i = 0; i < *n; i++) {
		uint64_t at;

		if (!call_parse_u64(db_get(result, (int)i, 0), &at) || at == 0 || at > max)
			return false;
		place[i] = (size_t)at - 1;
	}
	return true;
}
