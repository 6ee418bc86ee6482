/* The verbs of migrations/V006 about pools that came and went. */
#include "journal/census.h"

#include <assert.h>

#include "journal/call.h"

static const char BEGIN[] = "SELECT signature,slot FROM keeper.census_begin($1,$2)";
static const char UNKNOWN[] = "SELECT n FROM keeper.census_unknown($1)";
static const char FOUND[] = "SELECT keeper.census_found($1,$2,$3)";
static const char DONE[] = "SELECT keeper.census_done($1,$2,$3)";

void census_call_init(struct census_call *call)
{
	*call = (struct census_call){ 0 };
	call->state = call_state_new(&call->task);
}

void census_call_fini(struct census_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static bool parse_position(struct task *task, const struct db_result *r, const void **data)
{
	struct census_call *call = container_of(task, struct census_call, task);
	size_t len = SIGNATURE_SIZE;

	call->at = (struct census_position){ 0 };
	*data = call;
	return db_rows(r) == 1 &&
	       (!db_get(r, 0, 0) ||
		       (db_bytea(r, 0, 0, call->at.sig.b, SIGNATURE_SIZE, &len) && len == SIGNATURE_SIZE)) &&
	       call_parse_u64(db_get(r, 0, 1), &call->at.slot.n);
}

void census_begin(struct journal *j, struct census_call *call, struct slot slot, journal_done *done)
{
	call_begin_write(j, call->state, BEGIN, parse_position, done);
	call_u64(call->state, slot.n);
	call_send(call->state, CALL_DEADLINE_MS);
}

static bool parse_unknown(struct task *task, const struct db_result *r, const void **data)
{
	struct census_call *call = container_of(task, struct census_call, task);

	*data = call;
	return call_parse_places(r, call->unknown, &call->n, CENSUS_PAGE_MAX);
}

void census_unknown(
	struct journal *j, struct census_call *call, const struct signature *sigs, size_t n, journal_done *done)
{
	struct journal_call_state *s = call->state;

	assert(n <= CENSUS_PAGE_MAX);
	call_begin(j, s, UNKNOWN, parse_unknown, done);
	call_array_open(s);
	for (size_t i = 0; i < n; i++)
		call_item_signature(s, &sigs[i]);
	call_array_close(s);
	call_send(s, CALL_BATCH_DEADLINE_MS);
}

static bool parse_written(struct task *task, const struct db_result *r, const void **data)
{
	uint64_t written;

	*data = container_of(task, struct census_call, task);
	return db_rows(r) == 1 && call_parse_u64(db_get(r, 0, 0), &written);
}

void census_found(struct journal *j, struct census_call *call, const struct pools_made *made, struct slot slot,
	journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin_write(j, s, FOUND, parse_written, done);
	call_array_open(s);
	for (size_t i = 0; i < made->n; i++)
		call_item_pubkey(s, &made->pool[i]);
	call_array_close(s);
	call_u64(s, slot.n);
	call_send(s, CALL_DEADLINE_MS);
}

void census_done(struct journal *j, struct census_call *call, const struct census_position *to, journal_done *done)
{
	call_begin_write(j, call->state, DONE, parse_written, done);
	call_bytes(call->state, to->sig.b, SIGNATURE_SIZE);
	call_u64(call->state, to->slot.n);
	call_send(call->state, CALL_DEADLINE_MS);
}
