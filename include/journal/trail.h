/* Seals what keeper.audit_queue holds: the rows go to the end of keeper.audit_trail, a hash chain (migrations/V017). */
#ifndef JOURNAL_TRAIL_H
#define JOURNAL_TRAIL_H
#include "journal/journal.h"

enum { TRAIL_BATCH = 200, TRAIL_HASH_TEXT = 65 };

struct trail_call {
	struct task task;
	uint64_t sealed;            /* rows, of this statement                              */
	uint64_t n;                 /* the last row of the trail                            */
	char hash[TRAIL_HASH_TEXT]; /* its hash, in hex                                     */
	bool more;                  /* the next batch may find some, too                    */
	struct journal_call_state *state;
};
void trail_call_init(struct trail_call *call);
void trail_call_fini(struct trail_call *call);
/* TRAIL_BATCH rows at most. reply.data: the call. */
void trail_seal(struct journal *j, struct trail_call *call, journal_done *done);
#endif
