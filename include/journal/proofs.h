/* What the certificate of a pool's draw says: what the journal knows of it, and what was found (migrations/V022). */
#ifndef JOURNAL_PROOFS_H
#define JOURNAL_PROOFS_H
#include "core/pool.h"
#include "journal/journal.h"

enum {
	PROOF_READS = 32,
	PROOF_COMMITS = 16, /* as many as a certificate holds */
	PROOF_WORD = 128,
	PROOF_WHY = 32,
};

struct proof_player {
	struct pubkey wallet;
	struct signature sig;
	struct slot slot;
	int64_t time; /* unix s */
};
/* A commit as keeper.commits has it. */
struct proof_commit {
	struct pubkey oracle;
	struct slot seed_slot;
	struct hash seed_slothash;
	char reason[PROOF_WORD], fate[PROOF_WORD];
};
/* One paid draw. The players are in no order: the chain's list is. */
struct proof_work {
	char draw[SUBJECT_TEXT];
	struct pubkey address;
	uint64_t pool_id;
	uint64_t total, donations;
	char why[PROOF_WHY]; /* not empty: why there is nothing to be found */
	unsigned n_players, n_reads, n_commits;
	struct proof_player player[PARTICIPANTS_MAX];
	struct signature read[PROOF_READS]; /* transactions to be fetched, oldest first */
	struct proof_commit commit[PROOF_COMMITS];
};

struct proof_call {
	struct task task;
	bool found, waits;      /* of next; waits: there are draws whose history is not read yet */
	struct proof_work work; /* with found */
	char why[PROOF_WHY];    /* of add: the reason that was kept, or empty */
	bool added;             /* of add: by this call */
	struct journal_call_state *state;
};
void proof_call_init(struct proof_call *call);
void proof_call_fini(struct proof_call *call);

void proof_next(struct journal *j, struct proof_call *call, journal_done *done);
/* call->work.draw has this member, or NULL and a reason of keeper.pool_proofs. Of a member that is not what the journal recorded the
 * reason is kept instead, or nothing where that is NULL; call->why says it either way. */
void proof_add(struct journal *j, struct proof_call *call, const char *member, const char *why, journal_done *done);
#endif
