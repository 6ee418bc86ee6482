/* The list of housekeeping: reads of migrations/V013 and V015. */
#include "journal/house.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "journal/call.h"

enum { COL_SUBJECT, COL_ADDRESS, COL_POOL_ID, COL_ABANDONED };

static const char WORK[] = "SELECT subject,address,pool_id,abandoned FROM keeper.house_work($1,$2,$3,$4,$5,$6)";
static const char ABANDONED[] = "SELECT subject,address,pool_id,abandoned FROM keeper.randomness_abandoned($1,$2)";
static const char NOTE[] = "SELECT keeper.leftover_note($1,$2,$3)";

void house_call_init(struct house_call *call)
{
	*call = (struct house_call){ 0 };
	call->state = call_state_new(&call->task);
}

void house_call_fini(struct house_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static bool parse_work(struct task *task, const struct db_result *r, const void **data)
{
	struct house_call *call = container_of(task, struct house_call, task);
	const int n = db_rows(r);

	call->n = 0;
	for (int i = 0; i < n && call->n < HOUSE_ROWS_MAX; i++) {
		struct house_row *row = &call->row[call->n];
		const char *subject = db_get(r, i, COL_SUBJECT), *address = db_get(r, i, COL_ADDRESS);

		if (!subject || !address || !call_parse_pubkey(address, &row->address) ||
			!call_parse_u64(db_get(r, i, COL_POOL_ID), &row->pool_id) ||
			!call_parse_bool(db_get(r, i, COL_ABANDONED), &row->abandoned))
			return false;
		(void)snprintf(row->subject.text, sizeof row->subject.text, "%s", subject);
		call->n++;
	}
	*data = call;
	return true;
}

void house_work(struct journal *j, struct house_call *call, const struct house_terms *terms, journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin(j, s, WORK, parse_work, done);
	call_text(s, terms->close ? "t" : "f");
	call_text(s, terms->pools ? "t" : "f");
	call_u64(s, terms->keep);
	call_u64(s, terms->idle_s);
	call_u64(s, terms->failures);
	call_u64(s, HOUSE_ROWS_MAX / 3); /* of each kind, so that none keeps the others out */
	call_send(s, CALL_DEADLINE_MS);
}

void house_abandoned(struct journal *j, struct house_call *call, const struct pubkey *accounts, size_t n,
	uint64_t failures, journal_done *done)
{
	struct journal_call_state *s = call->state;

	assert(n <= HOUSE_ROWS_MAX);
	call_begin(j, s, ABANDONED, parse_work, done);
	call_array_open(s);
	for (size_t i = 0; i < n; i++)
		call_item_pubkey(s, &accounts[i]);
	call_array_close(s);
	call_u64(s, failures);
	call_send(s, CALL_DEADLINE_MS);
}

static bool parse_note(struct task *task, const struct db_result *r, const void **data)
{
	(void)task;
	*data = NULL;
	return db_rows(r) == 1;
}

/* The draw of "pool:<address>:<id>" is "draw:<address>:<id>". */
void house_note(
	struct journal *j, struct house_call *call, const struct subject_key *pool, int64_t wait_s, journal_done *done)
{
	struct subject_key draw;

	(void)snprintf(draw.text, sizeof draw.text, "draw%s", pool->text + strlen("pool"));
	call_begin_write(j, call->state, NOTE, parse_note, done);
	call_text(call->state, draw.text);
	call_i64(call->state, wait_s);
	call_send(call->state, CALL_DEADLINE_MS);
}
