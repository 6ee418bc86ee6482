/* keeper.commits: every commit of a draw's randomness account and the one answer to each: the public anti-reroll ledger. */
#ifndef JOURNAL_COMMITS_H
#define JOURNAL_COMMITS_H
#include "journal/journal.h"

struct commit_row {
	bool known;
	unsigned n; /* 1, 2, ... per draw                                                     */
	struct pubkey randomness, oracle;
	struct slot seed_slot;
	struct hash seed_slothash;
	bool answered;
	struct oracle_answer answer; /* the first answer that was written; never replaced      */
	unsigned total;              /* commits of this draw so far                                            */
};
struct commit_call {
	struct task task;
	struct commit_row row;
	struct journal_call_state *state;
};
void commit_call_init(struct commit_call *call);
void commit_call_fini(struct commit_call *call);

/* Writes the commit (and, when given, its answer) if it is not there, and reads back what is: the first answer wins.
 * UNIQUE (randomness, seed_slot, seed_slothash). What became of the draw's other commits is written with it. reply.data: const struct commit_row *. While Postgres is away for over
 * 60 s and an answer is given, the record goes to the spool and is answered from it; row.n and row.total are then those of
 * the answer before, 0 when that was about another commit. REFUSED: the seed is recorded for another draw. */
void commits_record(struct journal *j, struct commit_call *call, const struct subject_key *draw,
	const struct pubkey *randomness, const struct pubkey *oracle, struct slot seed_slot,
	const struct hash *seed_slothash, const char *reason, const struct oracle_answer *answer, journal_done *done);
/* A randomness account of ours that exists and that this draw may bind: one it holds already, else one that no draw holds;
 * or .known false. (row.randomness, row.seed_slot = its lut_slot) */
void commits_free_account(
	struct journal *j, struct commit_call *call, const struct subject_key *draw, journal_done *done);
#endif
