/* One batch of changes per statement. */
#include "journal/trail.h"

#include <string.h>

#include "journal/call.h"

enum { COL_SEALED, COL_N, COL_HASH, COL_MORE };

static const char SEAL[] = "SELECT sealed,n,encode(hash,'hex'),more FROM keeper.audit_seal($1,$2)";

void trail_call_init(struct trail_call *call)
{
	*call = (struct trail_call){ 0 };
	call->state = call_state_new(&call->task);
}

void trail_call_fini(struct trail_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static bool parse_head(struct task *task, const struct db_result *r, const void **data)
{
	struct trail_call *call = container_of(task, struct trail_call, task);
	const char *hash = db_rows(r) == 1 ? db_get(r, 0, COL_HASH) : NULL;

	if (!hash || strlen(hash) + 1 != sizeof call->hash)
		return false;
	memcpy(call->hash, hash, sizeof call->hash);
	*data = call;
	return call_parse_u64(db_get(r, 0, COL_SEALED), &call->sealed) &&
	       call_parse_u64(db_get(r, 0, COL_N), &call->n) && call_parse_bool(db_get(r, 0, COL_MORE), &call->more);
}

void trail_seal(struct journal *j, struct trail_call *call, journal_done *done)
{
	call_begin_write(j, call->state, SEAL, parse_head, done);
	call_u64(call->state, TRAIL_BATCH);
	call_send(call->state, CALL_DEADLINE_MS);
}
