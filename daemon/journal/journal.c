/* The verbs of keeper.steps, each one call of a function of migrations/V003 or V004. */
#include "journal/journal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/base58.h"
#include "journal/call.h"
#include "journal/spooled.h"

/* Columns of keeper.step_row, in its order. */
#define COLUMNS                                                                                                  \
	"seq,step,state,sig,tx,last_valid,floor_slot,landed_slot,failed,failure_ix,failure_custom,failure_code," \
	"randomness,oracle,last_seq,floor,draw_spent,failures"
enum {
	COL_SEQ,
	COL_STEP,
	COL_STATE,
	COL_SIG,
	COL_TX,
	COL_LAST_VALID,
	COL_FLOOR_SLOT,
	COL_LANDED,
	COL_FAILED,
	COL_FAILURE_IX,
	COL_FAILURE_CUSTOM,
	COL_FAILURE_CODE,
	COL_RANDOMNESS,
	COL_ORACLE,
	COL_LAST_SEQ,
	COL_FLOOR,
	COL_DRAW_SPENT,
	COL_FAILURES
};

static const char LOAD[] = "SELECT " COLUMNS " FROM keeper.step_rows($1)";
static const char OPEN[] = "SELECT " COLUMNS " FROM keeper.step_open($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)";
static const char CLOSE[] = "SELECT " COLUMNS " FROM keeper.step_close($1,$2,$3,$4,$5,$6,$7,$8,$9)";
static const char REOPEN[] = "SELECT " COLUMNS " FROM keeper.step_reopen($1,$2,$3)";
static const char RECORD_PAYOUT[] =
	"SELECT " COLUMNS " FROM keeper.payout_record($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)";

static const char IN_SPOOL[] = "a step of this subject waits in the local spool: it is imported first";

/* ---- rows ---- */

static bool parse_failure(const struct db_result *r, int i, struct row *row)
{
	const char *ix = db_get(r, i, COL_FAILURE_IX);
	int64_t at;
	uint64_t code;

	if (!call_parse_bool(db_get(r, i, COL_FAILED), &row->landed_failed))
		return false;
	if (!row->landed_failed)
		return true;
	if (!call_parse_i64(ix, &at) || !call_parse_u64(db_get(r, i, COL_FAILURE_CODE), &code) ||
		!call_parse_bool(db_get(r, i, COL_FAILURE_CUSTOM), &row->failure.custom))
		return false;
	row->failure.ix = (int)at;
	row->failure.code = (uint32_t)code;
	return true;
}

static bool parse_row(const struct db_result *r, int i, struct row *row)
{
	const char *step = db_get(r, i, COL_STEP), *state = db_get(r, i, COL_STATE), *sig = db_get(r, i, COL_SIG);
	const char *landed = db_get(r, i, COL_LANDED);
	size_t tx_len;

	*row = (struct row){ 0 };
	if (!step || !state || !sig || !step_from_name(step, &row->step) || !row_state_from_name(state, &row->state) ||
		!base58_to_signature(&row->sig, sig, strlen(sig)) ||
		!db_bytea(r, i, COL_TX, row->tx, sizeof row->tx, &tx_len))
		return false;
	row->tx_len = (uint16_t)tx_len;
	return call_parse_u64(db_get(r, i, COL_SEQ), &row->seq) &&
	       call_parse_u64(db_get(r, i, COL_LAST_VALID), &row->last_valid.n) &&
	       call_parse_u64(db_get(r, i, COL_FLOOR_SLOT), &row->floor.n) &&
	       (!landed || call_parse_u64(landed, &row->landed.n)) &&
	       call_parse_pubkey(db_get(r, i, COL_RANDOMNESS), &row->randomness) &&
	       call_parse_pubkey(db_get(r, i, COL_ORACLE), &row->oracle) && parse_failure(r, i, row);
}

static bool parse_aggregates(const struct db_result *r, struct rows *rows)
{
	uint64_t failures;

	if (!call_parse_u64(db_get(r, 0, COL_LAST_SEQ), &rows->last_seq) ||
		!call_parse_u64(db_get(r, 0, COL_FLOOR), &rows->floor.n) ||
		!call_parse_bool(db_get(r, 0, COL_DRAW_SPENT), &rows->draw_spent) ||
		!call_parse_u64(db_get(r, 0, COL_FAILURES), &failures))
		return false;
	rows->failures = (uint32_t)failures;
	return true;
}

/* Spooled steps stand where their import will put them. */
static void add_spooled(struct rows *rows, const struct spooled *spooled, const struct subject_key *subject)
{
	const struct row *row;

	while (rows->n < ROWS_MAX && (row = spooled_after(spooled, subject, rows->last_seq)) != NULL) {
		rows->row[rows->n++] = *row;
		rows->last_seq = row->seq;
		if (rows->floor.n < row->floor.n)
			rows->floor = row->floor;
	}
}

static bool parse_rows(struct task *task, const struct db_result *r, const void **data)
{
	struct journal_call *call = container_of(task, struct journal_call, task);
	struct rows *rows = &call->rows;
	const int n = db_rows(r);

	call->state->known = false;
	*rows = (struct rows){ 0 };
	if (n > ROWS_MAX || (n > 0 && !parse_aggregates(r, rows)))
		return false;
	for (int i = 0; i < n; i++)
		if (!parse_row(r, i, &rows->row[i]))
			return false;
	rows->n = (unsigned)n;
	add_spooled(rows, call->state->journal->spooled, &call->state->subject);
	call->state->known = true;
	*data = rows;
	return true;
}

/* ---- verbs ---- */

/* Rows of another subject are forgotten. */
static void about(struct journal_call *call, const struct subject_key *subject)
{
	if (strcmp(call->state->subject.text, subject->text) == 0)
		return;
	call->state->subject = *subject;
	call->state->known = false;
}

/* While a step waits in the spool Postgres does not know the subject's last row: a write would be about an older one. */
static bool waits_in_spool(const struct journal *j, const struct subject_key *subject)
{
	uint64_t prev_seq;

	return spooled_row(j->spooled, subject, &prev_seq) != NULL;
}

static void send_unless_spooled(struct journal_call *call)
{
	struct journal_call_state *s = call->state;

	if (waits_in_spool(s->journal, &s->subject))
		call_answer(s, ERR_RETRY, NULL, IN_SPOOL);
	else
		call_send(s, CALL_DEADLINE_MS);
}

/* The rows that Postgres returned last, as far as this call saw them, and what is in the spool. */
static void answer_from_memory(struct journal_call *call)
{
	uint64_t prev_seq;

	if (!call->state->known && spooled_row(call->state->journal->spooled, &call->state->subject, &prev_seq)) {
		call->rows = (struct rows){ .last_seq = prev_seq };
		call->state->known = true;
	}
	add_spooled(&call->rows, call->state->journal->spooled, &call->state->subject);
	call_answer(call->state, ERR_OK, &call->rows, "");
}

void journal_load(struct journal *j, struct journal_call *call, const struct subject_key *subject, journal_done *done)
{
	call_begin(j, call->state, LOAD, parse_rows, done);
	about(call, subject);
	call_text(call->state, subject->text);
	if (journal_down_since_ms(j) && (waits_in_spool(j, subject) || (call->state->known && call_spool_time(j))))
		answer_from_memory(call);
	else
		call_send(call->state, CALL_DEADLINE_MS);
}

static void begin_row(struct journal *j, struct journal_call *call, const struct subject_key *subject,
	uint64_t prev_seq, const struct journal_new_row *row, journal_done *done)
{
	struct journal_call_state *s = call->state;

	assert(row->tx_len > 0 && row->tx_len <= ROW_TX_MAX);
	call_begin_write(j, s, OPEN, parse_rows, done);
	about(call, subject);
	call_text(s, subject->text);
	call_u64(s, prev_seq);
	call_text(s, STEPS[row->step].name);
	call_signature(s, &row->sig);
	call_bytes(s, row->tx, row->tx_len);
	call_u64(s, row->last_valid.n);
	call_u64(s, row->floor.n);
	call_pubkey(s, &row->randomness);
	call_pubkey(s, &row->oracle);
	call_u64_or_null(s, row->lut_slot.n);
}

void journal_open(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t prev_seq,
	const struct journal_new_row *row, journal_done *done)
{
	begin_row(j, call, subject, prev_seq, row, done);
	call_pubkey(call->state, &row->creator);
	send_unless_spooled(call);
}

void journal_spool(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t prev_seq,
	const struct journal_new_row *row, journal_done *done)
{
	char why[JOURNAL_WHY_TEXT] = "";
	enum err err = ERR_REFUSED;

	begin_row(j, call, subject, prev_seq, row, done);
	if (j->read_only)
		(void)snprintf(why, sizeof why, "dry run: nothing is written");
	else if (j->fence == 0)
		(void)snprintf(why, sizeof why, "the lease was not held when Postgres went away");
	else if (!step_spoolable(row->step))
		(void)snprintf(why, sizeof why, "only REVEAL_SELECT and SELECT may go through the spool, not %s",
			STEPS[row->step].name);
	else if (!call_spool_time(j))
		(void)snprintf(
			why, sizeof why, "Postgres has not been away for %d s: use the journal", SPOOL_AFTER_MS / 1000);
	else
		err = spooled_append(j->spooled, SPOOLED_STEP, call->state, why, sizeof why);
	if (err == ERR_OK && call->rows.last_seq != prev_seq)
		call->state->known = false;
	if (err == ERR_OK)
		answer_from_memory(call);
	else
		call_answer(call->state, err, NULL, why);
}

void journal_close(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t seq,
	const struct journal_outcome *outcome, journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin_write(j, s, CLOSE, parse_rows, done);
	about(call, subject);
	call_text(s, subject->text);
	call_u64(s, seq);
	call_text(s, row_state_name(outcome->outcome));
	call_u64_or_null(s, outcome->landed.n);
	call_text(s, outcome->failed ? "t" : "f");
	call_i64(s, outcome->failure.ix < 0 ? -1 : outcome->failure.ix);
	call_text(s, outcome->failure.custom ? "t" : "f");
	call_u64(s, outcome->failure.code);
	send_unless_spooled(call);
}

void journal_reopen(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t seq,
	journal_done *done)
{
	call_begin_write(j, call->state, REOPEN, parse_rows, done);
	about(call, subject);
	call_text(call->state, subject->text);
	call_u64(call->state, seq);
	send_unless_spooled(call);
}

void journal_record_payout(struct journal *j, struct journal_call *call, const struct subject_key *subject,
	const struct journal_payout *payout, journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin_write(j, s, RECORD_PAYOUT, parse_rows, done);
	about(call, subject);
	call_text(s, subject->text);
	call_u64(s, payout->seq);
	call_pubkey(s, &payout->pool);
	call_u64(s, payout->pool_id);
	call_pubkey(s, &payout->winner);
	call_pubkey(s, &payout->mint);
	call_u64(s, payout->total_amount);
	call_u64(s, payout->winner_amount);
	call_u64(s, payout->dev_amount);
	call_u64(s, payout->burn_amount);
	call_u64(s, payout->treasury_amount);
	call_u64(s, payout->decimals);
	call_i64(s, payout->end_time);
	call_signature(s, &payout->sig);
	call_u64(s, payout->slot.n);
	call_pubkey(s, &payout->recipient);
	call_text(s, payout->clear_chat ? "t" : "f");
	send_unless_spooled(call);
}

/* ---- life ---- */

void journal_call_init(struct journal_call *call)
{
	*call = (struct journal_call){ 0 };
	call->state = call_state_new(&call->task);
}

void journal_call_fini(struct journal_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

struct journal *journal_new(struct loop *loop, struct db *db, const char *spool_dir, const char *owner, bool read_only)
{
	struct journal *j = calloc(1, sizeof *j);

	if (!j)
		abort();
	j->loop = loop;
	j->db = db;
	j->read_only = read_only;
	(void)snprintf(j->owner, sizeof j->owner, "%s", owner);
	/* A dry run must not lock the directory of the daemon that works. */
	j->spooled = spooled_new(j, read_only ? NULL : spool_dir);
	return j;
}

void journal_aside(struct journal *j, struct db *verbs, struct db *sources)
{
	j->aside = verbs;
	j->sources = sources;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	spooled_free(j->spooled);
	free(j);
}

uint64_t journal_write_ok_ms(const struct journal *j)
{
	return j->write_ok_ms;
}

bool journal_unreadable(const struct journal *j)
{
	return j->unreadable;
}

uint64_t journal_down_since_ms(const struct journal *j)
{
	const uint64_t down = db_down_since_ms(j->db), failing = j->failing_since_ms;

	return down == 0 || (failing != 0 && failing < down) ? failing : down;
}
