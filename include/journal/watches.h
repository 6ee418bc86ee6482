/* keeper.mismatches: what of a pool does not agree with the chain. One statement compares many pools, keeps what changed,
 * and says what stands. */
#ifndef JOURNAL_WATCHES_H
#define JOURNAL_WATCHES_H
#include "core/watch.h"
#include "journal/journal.h"

/* A pool as one answer of a node showed it. */
struct watched {
	struct subject_key draw;
	struct slot at;
	struct pool_account pool;
	bool participants_known;
	unsigned participants;
	bool observed;  /* keeper.draws has had the time to learn of it                              */
	unsigned quiet; /* ticks since the pool account changed                                      */
	unsigned n_invariants;
	struct invariant invariant[INVARIANTS_MAX];
};
enum { WATCHED_MAX = 64, MISMATCH_VALUE_TEXT = 160 };
struct mismatch {
	struct subject_key draw;
	enum mismatch_kind kind;
	char expected[MISMATCH_VALUE_TEXT], found[MISMATCH_VALUE_TEXT];
};
struct watch_call {
	struct task task;
	size_t n;
	const struct mismatch *mismatches; /* of all given draws, borrowed until the next start */
	struct journal_call_state *state;
	struct mismatch *list;
	size_t room; /* private */
};
void watch_call_init(struct watch_call *call);
void watch_call_fini(struct watch_call *call);
/* pools are copied; n up to WATCHED_MAX. A read-only journal compares and keeps nothing. reply.data: the call. */
void watches_compare(
	struct journal *j, struct watch_call *call, const struct watched *pools, size_t n, journal_done *done);
#endif
