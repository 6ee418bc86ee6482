/* Deletes old rows of public.used_transactions and keeper.submissions, a small batch per statement. */
#ifndef JOURNAL_RETENTION_H
#define JOURNAL_RETENTION_H
#include "journal/journal.h"

enum { RETENTION_BATCH = 1000 };

struct retention_call {
	struct task task;
	uint64_t deleted;
	int64_t last_id; /* where the next batch begins */
	bool more;
	struct journal_call_state *state;
};
void retention_call_init(struct retention_call *call);
void retention_call_fini(struct retention_call *call);
/* Looks at RETENTION_BATCH used transactions after that id. Nothing younger than a day over age_limit_s goes, whatever
 * keep_s says. reply.data: the call. */
void retention_run(struct journal *j, struct retention_call *call, int64_t after_id, uint64_t keep_s,
	uint64_t age_limit_s, journal_done *done);
#endif
