/* What housekeeping has to look at, as the journal knows it. */
#ifndef JOURNAL_HOUSE_H
#define JOURNAL_HOUSE_H
#include "journal/journal.h"

enum { HOUSE_ROWS_MAX = 64 };
struct house_row {
	struct subject_key subject;
	struct pubkey address; /* the randomness account, or the pool's */
	uint64_t pool_id;      /* 0 for an account                       */
	bool abandoned;        /* an account that no draw ever had       */
};
struct house_call {
	struct task task;
	struct house_row row[HOUSE_ROWS_MAX];
	size_t n;
	struct journal_call_state *state;
};
void house_call_init(struct house_call *call);
void house_call_fini(struct house_call *call); /* cancels */

struct house_terms {
	bool close; /* also list spent accounts, except `keep` of them and those used within idle_s          */
	bool pools; /* also list pools that are over                                                    */
	uint64_t keep, idle_s;
	uint64_t failures; /* steps that failed so often are not listed any more */
};
/* Our housekeeping's transactions that are out, then accounts to be closed; at most HOUSE_ROWS_MAX. Changes nothing.
 * reply.data: the call. */
void house_work(struct journal *j, struct house_call *call, const struct house_terms *terms, journal_done *done);
/* Which of these randomness accounts of our key no draw ever had, nobody holds, and no transaction that is out names; without
 * those whose closing failed so often. Changes nothing. reply.data: the call. */
void house_abandoned(struct journal *j, struct house_call *call, const struct pubkey *accounts, size_t n,
	uint64_t failures, journal_done *done);
/* A pool that is over was looked at: again in wait_s seconds, or (0) never, it is gone. No data. */
void house_note(
	struct journal *j, struct house_call *call, const struct subject_key *pool, int64_t wait_s, journal_done *done);
#endif
