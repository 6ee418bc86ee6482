/* Everything that happened to a pool, one line per transaction: what the journal recorded and what the chain lists. Private
 * to show. */
#ifndef SHOW_TIMELINE_H
#define SHOW_TIMELINE_H

#include "show/facts.h"

enum { MOMENT_WHAT = 128, MOMENT_STATE = 64 };

struct moment {
	struct signature sig;
	struct slot slot; /* 0: not on chain, as far as known */
	int64_t time;     /* unix s; 0: unknown               */
	char what[MOMENT_WHAT];
	struct pubkey who;
	char state[MOMENT_STATE]; /* "final", "failed at instruction 3: 6042 Paused" */
	unsigned order;           /* within its slot, as the chain lists it; else as the journal does */
	bool ours, bad, in_journal, on_chain;
	bool fee_known;
	struct lamports fee;
};
struct timeline {
	struct moment *moment; /* in their order, what is not on chain last */
	size_t n, room;
	char gap[SHOW_WHY]; /* what the chain's list lacks; empty: nothing */
};

/* journal: keeper.calls and keeper.steps of the draw; chain: the address's transactions, with their fees. */
void timeline_read(struct show *s, const struct facts *facts, struct timeline *out);
void timeline_free(struct timeline *timeline);

#endif
