/* The one statement of a quiet tick: renews the lease and lists what the app registered since. Courtesy only: the key
 * (subject, seq) is what keeps two daemons from doing harm; the fencing number is checked in every write. */
#ifndef JOURNAL_LEASE_H
#define JOURNAL_LEASE_H
#include "journal/journal.h"

struct lease_pool { /* a row of public.pools that is not ended, cancelled or closed, or whose
                                        draw is not over as far as keeper.draws knows                          */
	int64_t app_id;
	char address[64]; /* as it stands in the table: may be garbage                              */
	char status[24];
	bool agrees; /* count and pot are what keeper.draws has                                */
};
struct lease_call {
	struct task task;
	bool held; /* we hold the lease; otherwise `holder` does                             */
	uint64_t fence;
	char holder[96];
	size_t n;
	const struct lease_pool *pools; /* borrowed until the next start                          */
	bool submissions;               /* keeper.submissions holds rows that are not settled                      */
	bool unsealed;                  /* keeper.audit_queue holds rows                                           */
	int64_t database;               /* as struct audit_state has it                                            */
	bool whole;                     /* pools is the whole list, not only what is newer than after_id            */
	struct journal_call_state *state;
	struct lease_pool *list;
	size_t room; /* private                                                */
};
void lease_call_init(struct lease_call *call);
void lease_call_fini(struct lease_call *call);
/* after_id 0: the whole list. Read-only journals never take the lease and are told held = true, fence 0.
 * reply.data: the call. Also starts the import of what waits in the local spool, once the lease is held. */
void lease_tick(struct journal *j, struct lease_call *call, int64_t after_id, journal_done *done);
/* Gives the lease up at a clean stop, so that a successor need not wait for it to run out. */
void lease_release(struct journal *j, struct lease_call *call, journal_done *done);
#endif
