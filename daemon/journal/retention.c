/* One batch of old rows per statement. */
#include "journal/retention.h"

#include "journal/call.h"

enum { COL_DELETED, COL_LAST_ID, COL_MORE };

static const char RETAIN[] = "SELECT deleted,last_id,more FROM keeper.retain($1,$2,$3,$4,$5)";

void retention_call_init(struct retention_call *call)
{
	*call = (struct retention_call){ 0 };
	call->state = call_state_new(&call->task);
}

void retention_call_fini(struct retention_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static bool parse_batch(struct task *task, const struct db_result *r, const void **data)
{
	struct retention_call *call = container_of(task, struct retention_call, task);

	*data = call;
	return db_rows(r) == 1 && call_parse_u64(db_get(r, 0, COL_DELETED), &call->deleted) &&
	       call_parse_i64(db_get(r, 0, COL_LAST_ID), &call->last_id) &&
	       call_parse_bool(db_get(r, 0, COL_MORE), &call->more);
}

void retention_run(struct journal *j, struct retention_call *call, int64_t after_id, uint64_t keep_s,
	uint64_t age_limit_s, journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin_write(j, s, RETAIN, parse_batch, done);
	call_i64(s, after_id);
	call_u64(s, keep_s);
	call_u64(s, age_limit_s);
	call_u64(s, RETENTION_BATCH);
	call_send(s, CALL_DEADLINE_MS);
}
