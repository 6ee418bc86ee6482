/* The journal as one daemon sees it: statements that never run, run without an answer, or run long after. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fake_journal.h"

enum { ANSWER_MS = 120, DEADLINE_MS = 5000, LATE_MS = 9000, SPOOL_AFTER_MS = 60000 };

/* ---- one call ---- */

static struct statement *statements;

static struct statement *statement_new(void)
{
	struct statement *st = calloc(1, sizeof *st);

	if (!st)
		abort();
	st->next = statements;
	st->link = &statements;
	if (statements)
		statements->link = &st->next;
	statements = st;
	return st;
}

void statement_free(struct statement *st)
{
	*st->link = st->next;
	if (st->next)
		st->next->link = st->link;
	free(st);
}

void statements_end(void)
{
	while (statements)
		statement_free(statements);
}

struct journal_call_state *call_new(struct task *task)
{
	struct journal_call_state *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->task = task;
	return s;
}

void call_free(struct journal_call_state *s)
{
	if (s->statement)
		s->statement->client = NULL;
	event_cancel(s->event);
	free(s);
}

struct statement *call_begin(struct journal *j, struct journal_call_state *s, enum verb verb, const char *subject,
	void (*take)(struct journal_call_state *s, const struct statement *st), journal_done *done)
{
	struct statement *st = statement_new();

	task_begin(s->task, done);
	s->journal = j;
	s->take = take;
	s->writes = verb != VERB_LOAD && verb != VERB_FREE_ACCOUNT && verb != VERB_READ;
	s->fenced = s->writes && verb != VERB_LEASE;
	st->verb = verb;
	st->fence = j->fence;
	memcpy(st->owner, j->owner, sizeof st->owner);
	if (subject)
		snprintf(st->subject, sizeof st->subject, "%s", subject);
	return st;
}

static void end_local(void *owner)
{
	struct journal_call_state *s = owner;
	const struct reply reply = { s->err, s->data, "local" };

	if (s->err == ERR_OK && s->known)
		check_told_rows(s->journal->daemon, s->subject.text, s->data);
	task_end(s->task, &reply);
}

void call_local(struct journal_call_state *s, struct statement *st, enum err err, const void *data)
{
	statement_free(st);
	s->err = err;
	s->data = data;
	if (!world_boundary(s->journal->daemon))
		s->event = event_at(world.now_ms + 1, s->journal->daemon, end_local, s);
}

bool call_spool_time(const struct journal *j)
{
	return j->failing_since_ms != 0 && world.now_ms - j->failing_since_ms > SPOOL_AFTER_MS;
}

/* ---- answers ---- */

static void note_answer(struct journal *j, const struct journal_call_state *s, const struct statement *st)
{
	if (s->err == ERR_RETRY || s->err == ERR_UNKNOWN) {
		if (j->failing_since_ms == 0)
			j->failing_since_ms = world.now_ms;
		return;
	}
	j->failing_since_ms = 0;
	if (s->err == ERR_OK && s->fenced)
		j->write_ok_ms = world.now_ms;
	if (st->lease_lost && st->fence == j->fence)
		j->fence = 0;
}

static void on_reply(void *owner)
{
	struct journal_call_state *s = owner;
	struct statement *st = s->statement;
	struct reply reply = { s->err, NULL, s->err == ERR_OK ? "" : "simulated" };

	s->statement = NULL;
	s->data = NULL;
	note_answer(s->journal, s, st);
	if (s->err == ERR_OK && s->take)
		s->take(s, st);
	reply.data = s->data;
	st->client = NULL;
	statement_free(st);
	task_end(s->task, &reply);
}

/* The answer of a statement that will not be waited for: it did not run, or nobody knows. */
static void on_no_answer(void *owner)
{
	struct journal_call_state *s = owner;
	const struct reply reply = { s->err, NULL, "simulated" };

	note_answer(s->journal, s, &(struct statement){ .fence = 0 });
	task_end(s->task, &reply);
}

/* ---- the server's side ---- */

static void run_lease(struct statement *st)
{
	st->held = ledger_lease(st->owner, &st->fence);
	st->err = ERR_OK;
}

static void run_statement(struct statement *st)
{
	switch (st->verb) {
	case VERB_LOAD:
	case VERB_READ:
		st->err = ERR_OK;
		break;
	case VERB_OPEN:
	case VERB_IMPORT:
		st->err = db_open(
			st->fence, st->subject, st->prev_seq, &st->row, st->lut_slot, st->verb == VERB_IMPORT);
		break;
	case VERB_CLOSE:
		st->err = db_close(st->fence, st->subject, st->seq, &st->outcome);
		break;
	case VERB_REOPEN:
		st->err = db_reopen(st->fence, st->subject, st->seq);
		break;
	case VERB_PAYOUT:
		st->err = db_payout(st->fence, st->subject, &st->payout);
		break;
	case VERB_COMMIT:
		st->err = ledger_record(st->fence, st->subject, &st->commit, &st->commit);
		break;
	case VERB_FREE_ACCOUNT:
		ledger_free_account(st->subject, &st->commit);
		st->err = ERR_OK;
		break;
	case VERB_LEASE:
		run_lease(st);
		return;
	case VERB_OTHER:
		st->err = db_held(st->fence) ? ERR_OK : ERR_REFUSED;
		break;
	}
	st->lease_lost = !db_held(st->fence) && st->err == ERR_REFUSED;
	if (st->subject[0] != '\0')
		db_rows(st->subject, &st->rows);
}

static void on_execute(void *owner)
{
	struct statement *st = owner;
	struct journal_call_state *s;

	if (world_outage())
		st->err = ERR_UNKNOWN; /* the connection broke before it ran */
	else
		run_statement(st);
	s = st->client;
	if (!s) {
		statement_free(st);
		return;
	}
	s->err = world_fault(world.faults.db_lost_reply) ? ERR_UNKNOWN : st->err;
	s->event = event_at(world.now_ms + 1 + random_below(ANSWER_MS), s->journal->daemon, on_reply, s);
}

static void execute_later(struct statement *st, uint64_t delay)
{
	event_at(world.now_ms + delay, -1, on_execute, st);
}

static void answer_without(struct journal_call_state *s, enum err err, uint64_t delay)
{
	s->err = err;
	s->event = event_at(world.now_ms + delay, s->journal->daemon, on_no_answer, s);
}

void call_run(struct journal_call_state *s, struct statement *st)
{
	const int daemon = s->journal->daemon;
	const bool was_dying = world.daemon[daemon].dying;

	if (s->fenced && st->fence == 0) {
		call_local(s, st, ERR_REFUSED, NULL);
	} else if (world_boundary(daemon)) {
		/* The kill came before the bytes left, or just after. */
		if (!was_dying && random_chance(500))
			execute_later(st, 1 + random_below(ANSWER_MS));
		else
			statement_free(st);
	} else if (world_outage() || world_fault(world.faults.db_retry)) {
		statement_free(st);
		answer_without(s, ERR_RETRY, random_chance(200) ? DEADLINE_MS : 1 + random_below(ANSWER_MS));
	} else if (world_fault(world.faults.db_late)) {
		execute_later(st, 1 + random_below(LATE_MS));
		answer_without(s, ERR_UNKNOWN, 1 + random_below(DEADLINE_MS));
	} else {
		st->client = s;
		s->statement = st;
		execute_later(st, 1 + random_below(ANSWER_MS));
	}
}

/* ---- verbs about steps ---- */

static void add_spooled(struct rows *rows, const struct journal *j, const char *subject)
{
	const struct row *row;

	while (rows->n < ROWS_MAX && (row = spool_after(j->spool, subject, rows->last_seq)) != NULL) {
		rows->row[rows->n++] = *row;
		rows->last_seq = row->seq;
		if (rows->floor.n < row->floor.n)
			rows->floor = row->floor;
	}
}

static void take_rows(struct journal_call_state *s, const struct statement *st)
{
	struct journal_call *call = container_of(s->task, struct journal_call, task);

	call->rows = st->rows;
	add_spooled(&call->rows, s->journal, st->subject);
	s->known = true;
	s->data = &call->rows;
	check_told_rows(s->journal->daemon, st->subject, &call->rows);
}

static void about(struct journal_call_state *s, const struct subject_key *subject)
{
	if (strcmp(s->subject.text, subject->text) == 0)
		return;
	s->subject = *subject;
	s->known = false;
}

static struct statement *begin(struct journal *j, struct journal_call *call, enum verb verb,
	const struct subject_key *subject, journal_done *done)
{
	about(call->state, subject);
	return call_begin(j, call->state, verb, subject->text, take_rows, done);
}

static void answer_from_memory(struct journal_call *call, struct statement *st)
{
	struct journal_call_state *s = call->state;
	uint64_t prev_seq;

	if (!s->known && spool_row(s->journal->spool, s->subject.text, &prev_seq)) {
		call->rows = (struct rows){ .last_seq = prev_seq };
		s->known = true;
	}
	add_spooled(&call->rows, s->journal, s->subject.text);
	call_local(s, st, ERR_OK, &call->rows);
}

void journal_load(struct journal *j, struct journal_call *call, const struct subject_key *subject, journal_done *done)
{
	struct statement *st = begin(j, call, VERB_LOAD, subject, done);
	uint64_t prev_seq;
	const bool spooled = spool_row(j->spool, subject->text, &prev_seq) != NULL;

	if (j->failing_since_ms != 0 && (spooled || (call->state->known && call_spool_time(j))))
		answer_from_memory(call, st);
	else
		call_run(call->state, st);
}

static void run_unless_spooled(struct journal_call *call, struct statement *st)
{
	uint64_t prev_seq;

	if (spool_row(call->state->journal->spool, st->subject, &prev_seq))
		call_local(call->state, st, ERR_RETRY, NULL);
	else
		call_run(call->state, st);
}

static void fill_row(struct statement *st, uint64_t prev_seq, const struct journal_new_row *row)
{
	st->prev_seq = prev_seq;
	st->lut_slot = row->lut_slot;
	st->row = (struct row){ .step = row->step,
		.sig = row->sig,
		.last_valid = row->last_valid,
		.floor = row->floor,
		.randomness = row->randomness,
		.oracle = row->oracle,
		.tx_len = row->tx_len };
	memcpy(st->row.tx, row->tx, row->tx_len);
}

void journal_open(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t prev_seq,
	const struct journal_new_row *row, journal_done *done)
{
	struct statement *st = begin(j, call, VERB_OPEN, subject, done);

	fill_row(st, prev_seq, row);
	run_unless_spooled(call, st);
}

void journal_spool(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t prev_seq,
	const struct journal_new_row *row, journal_done *done)
{
	struct statement *st = begin(j, call, VERB_OPEN, subject, done);

	fill_row(st, prev_seq, row);
	if (world.daemon[j->daemon].dying || j->fence == 0 || !step_spoolable(row->step) || !call_spool_time(j) ||
		!spool_add_step(j->spool, subject->text, prev_seq, &st->row)) {
		call_local(call->state, st, ERR_REFUSED, NULL);
		return;
	}
	if (call->rows.last_seq != prev_seq)
		call->state->known = false;
	answer_from_memory(call, st);
}

void journal_close(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t seq,
	const struct journal_outcome *outcome, journal_done *done)
{
	struct statement *st = begin(j, call, VERB_CLOSE, subject, done);

	st->seq = seq;
	st->outcome = *outcome;
	run_unless_spooled(call, st);
}

void journal_reopen(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t seq,
	journal_done *done)
{
	struct statement *st = begin(j, call, VERB_REOPEN, subject, done);

	st->seq = seq;
	run_unless_spooled(call, st);
}

void journal_record_payout(struct journal *j, struct journal_call *call, const struct subject_key *subject,
	const struct journal_payout *payout, journal_done *done)
{
	struct statement *st = begin(j, call, VERB_PAYOUT, subject, done);

	st->payout = *payout;
	run_unless_spooled(call, st);
}

/* ---- life ---- */

void journal_call_init(struct journal_call *call)
{
	*call = (struct journal_call){ 0 };
	call->state = call_new(&call->task);
}

void journal_call_fini(struct journal_call *call)
{
	call_free(call->state);
	call->state = NULL;
}

struct journal *sim_journal_new(int daemon, struct sim_spool *spool)
{
	struct journal *j = calloc(1, sizeof *j);

	if (!j)
		abort();
	j->daemon = daemon;
	j->spool = spool;
	snprintf(j->owner, sizeof j->owner, "host%d.%u", daemon, world.daemon[daemon].boots);
	j->import = call_new(&j->importing);
	return j;
}

void sim_journal_free(struct journal *j)
{
	call_free(j->import);
	free(j);
}

uint64_t journal_write_ok_ms(const struct journal *j)
{
	return j->write_ok_ms;
}

uint64_t journal_down_since_ms(const struct journal *j)
{
	return j->failing_since_ms;
}
