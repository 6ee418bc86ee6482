/* Pages of claims, and answers as array parameters. */
#include "journal/submissions.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "journal/call.h"

enum {
	COL_ID,
	COL_SIGNATURE,
	COL_POOL,
	COL_WALLET,
	COL_OPERATION,
	COL_AMOUNT,
	COL_ACCEPTED,
	COL_SLOT,
	COL_SEEN,
	COL_WAITED
};
enum { COL_RESULT_ID, COL_STATE, COL_REASON, COL_FINAL };

static const char PAGE[] = "SELECT id,signature,pool,wallet,operation,amount,accepted,slot,seen_height,waited_ms "
			   "FROM keeper.submissions_page($1,$2,$3,$4,$5)";
static const char ANSWER[] = "SELECT id,state,reason,final FROM keeper.submissions_answer($1,$2,$3,$4,$5,$6)";

void submissions_call_init(struct submissions_call *call)
{
	*call = (struct submissions_call){ 0 };
	call->state = call_state_new(&call->task);
}

void submissions_call_fini(struct submissions_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

/* SQL NULL: 0. */
static bool parse_u64_or_null(const char *text, uint64_t *out)
{
	*out = 0;
	return !text || call_parse_u64(text, out);
}

static bool parse_row(const struct db_result *r, int i, struct submission *row)
{
	struct claim *claim = &row->claim;
	size_t len = SIGNATURE_SIZE;

	*row = (struct submission){ 0 };
	claim->has_amount = db_get(r, i, COL_AMOUNT) != NULL;
	return call_parse_i64(db_get(r, i, COL_ID), &row->id) &&
	       db_bytea(r, i, COL_SIGNATURE, claim->sig.b, sizeof claim->sig.b, &len) && len == SIGNATURE_SIZE &&
	       call_parse_pubkey(db_get(r, i, COL_POOL), &claim->pool) &&
	       call_parse_pubkey(db_get(r, i, COL_WALLET), &claim->wallet) &&
	       claim_operation(&claim->operation, db_get(r, i, COL_OPERATION)) &&
	       parse_u64_or_null(db_get(r, i, COL_AMOUNT), &claim->amount) &&
	       call_parse_bool(db_get(r, i, COL_ACCEPTED), &row->accepted) &&
	       parse_u64_or_null(db_get(r, i, COL_SLOT), &row->slot.n) &&
	       parse_u64_or_null(db_get(r, i, COL_SEEN), &row->seen.n) &&
	       call_parse_u64(db_get(r, i, COL_WAITED), &row->waited_ms);
}

static bool parse_page(struct task *task, const struct db_result *r, const void **data)
{
	struct submissions_call *call = container_of(task, struct submissions_call, task);

	call->n = (size_t)db_rows(r);
	if (call->n > SUBMISSIONS_PAGE)
		return false;
	for (size_t i = 0; i < call->n; i++)
		if (!parse_row(r, (int)i, &call->as.row[i]))
			return false;
	*data = call;
	return true;
}

void submissions_page(struct journal *j, struct submissions_call *call, int64_t after_id, struct height height,
	uint64_t height_age_ms, journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin_write(j, s, PAGE, parse_page, done);
	call_i64(s, after_id);
	call_u64(s, SUBMISSIONS_PAGE);
	call_u64(s, height.n);
	call_u64(s, height_age_ms);
	call_send(s, CALL_DEADLINE_MS);
}

static void copy_text(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text ? text : "");
}

static bool parse_results(struct task *task, const struct db_result *r, const void **data)
{
	struct submissions_call *call = container_of(task, struct submissions_call, task);

	call->n = (size_t)db_rows(r);
	if (call->n > SUBMISSIONS_PAGE)
		return false;
	for (size_t i = 0; i < call->n; i++) {
		struct submission_result *out = &call->as.result[i];

		if (!call_parse_i64(db_get(r, (int)i, COL_RESULT_ID), &out->id) ||
			!call_parse_bool(db_get(r, (int)i, COL_FINAL), &out->final))
			return false;
		copy_text(out->state, sizeof out->state, db_get(r, (int)i, COL_STATE));
		copy_text(out->reason, sizeof out->reason, db_get(r, (int)i, COL_REASON));
	}
	*data = call;
	return true;
}

static void item_u64_or_null(struct journal_call_state *s, uint64_t value)
{
	if (value)
		call_item_u64(s, value);
	else
		call_item_text(s, NULL);
}

/* One line per parameter of keeper.submissions_answer, in its order; a is the answer. */
#define ANSWER_COLUMNS(COLUMN)                                    \
	COLUMN(call_item_i64(s, a->id))                           \
	COLUMN(call_item_text(s, claim_verdict_text(a->verdict))) \
	COLUMN(item_u64_or_null(s, a->slot.n))                    \
	COLUMN(item_u64_or_null(s, (uint64_t)a->block_time))      \
	COLUMN(call_item_text(s, a->final ? "t" : "f"))

void submissions_answer(struct journal *j, struct submissions_call *call, const struct submission_answer *answers,
	size_t n, journal_done *done)
{
	struct journal_call_state *s = call->state;

	assert(n <= SUBMISSIONS_PAGE);
	call_begin_write(j, s, ANSWER, parse_results, done);
#define COLUMN(item)                                                            \
	call_array_open(s);                                                     \
	for (const struct submission_answer *a = answers; a < answers + n; a++) \
		item;                                                           \
	call_array_close(s);
	ANSWER_COLUMNS(COLUMN)
#undef COLUMN
	call_send(s, CALL_BATCH_DEADLINE_MS);
}
