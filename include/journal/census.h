/* keeper.census: how far the list of the program's own transactions is read. */
#ifndef JOURNAL_CENSUS_H
#define JOURNAL_CENSUS_H
#include "core/calls.h"
#include "journal/journal.h"

enum { CENSUS_PAGE_MAX = 1000 };

struct census_position {
	struct signature
		sig; /* newest one that was judged; zero: none yet, only what is younger than the slot counts */
	struct slot slot;
};
struct census_call {
	struct task task;
	struct census_position at;       /* of census_begin                                   */
	size_t n;                        /* of census_unknown                                 */
	size_t unknown[CENSUS_PAGE_MAX]; /* places among what was asked for, in their order   */
	struct journal_call_state *state;
};
void census_call_init(struct census_call *call);
void census_call_fini(struct census_call *call);

/* slot: where the first look of a database begins. */
void census_begin(struct journal *j, struct census_call *call, struct slot slot, journal_done *done);
/* Which of these are of no pool whose history is recorded. n up to CENSUS_PAGE_MAX. */
void census_unknown(
	struct journal *j, struct census_call *call, const struct signature *sigs, size_t n, journal_done *done);
/* The histories of pools that were made in this slot are to be read, by whoever holds the lease next. */
void census_found(struct journal *j, struct census_call *call, const struct pools_made *made, struct slot slot,
	journal_done *done);
/* Moves the position, never back. */
void census_done(struct journal *j, struct census_call *call, const struct census_position *to, journal_done *done);
#endif
