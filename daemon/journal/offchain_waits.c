/* What is due and not locked, for people to read (migrations/V021). */
#include "journal/call.h"
#include "journal/offchain.h"

static const char TELL[] = "SELECT keeper.offchain_tell($1,$2,$3,$4,$5)";

void offchain_tell_init(struct offchain_tell_call *call)
{
	*call = (struct offchain_tell_call){ .state = call_state_new(&call->task) };
}

void offchain_tell_fini(struct offchain_tell_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static bool parse_told(struct task *task, const struct db_result *r, const void **data)
{
	*data = task;
	return db_rows(r) == 1;
}

enum column { TOLD_SOURCE, TOLD_KEY, TOLD_REASON, TOLD_WHY, TOLD_COLUMNS };

static const char *told(const struct offchain_waiting *w, enum column column)
{
	const char *const values[TOLD_COLUMNS] = { w->source, w->key, w->reason, w->why };

	return values[column];
}

void offchain_tell(struct journal *j, struct offchain_tell_call *call, const struct offchain_waiting *list, size_t n,
	journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin_write(j, s, TELL, parse_told, done);
	call_via(s, j->aside);
	for (unsigned column = 0; column < TOLD_COLUMNS; column++) {
		call_array_open(s);
		for (size_t i = 0; i < n; i++)
			call_item_any(s, told(&list[i], (enum column)column));
		call_array_close(s);
	}
	call_send(s, CALL_BATCH_DEADLINE_MS);
}
