/* The verbs of draws whose stakes are in Postgres (migrations/V020, V021). They run on two connections of their own: those that run
 * a source's statements (due, lock, settle, refund) may take a minute, and neither the others nor the pools' statements wait for them. */
#ifndef JOURNAL_OFFCHAIN_H
#define JOURNAL_OFFCHAIN_H
#include "core/offchain.h"
#include "journal/journal.h"

enum { OFFCHAIN_DRAWS_MAX = 128, OFFCHAIN_DUE_MAX = 64, OFFCHAIN_PIECE = 4096, OFFCHAIN_ENTRY_SIZE = 40 };

/* Of keeper.offchain_facts AS f: what a row is read from. */
#define OFFCHAIN_COLUMNS                                                                      \
	"f.draw,f.seq,f.source,f.source_key,f.type,f.state,f.randomness,f.select_mode,f.n,"   \
	"f.total_weight,f.root,f.rules_hash,f.hash,f.vrf_key,f.slot,f.deadline_s,f.now_ms,"   \
	"f.prizes,f.alternates,f.halted_why,f.anchored,f.memo_sig,f.memo_slot,f.memo_wallet," \
	"f.block_slot,f.blockhash,f.round,f.due_s,f.drand_signature,f.beta,f.default_why"
enum { OFFCHAIN_COLUMNS_N = 31 };
struct db_result;
/* The first columns of the result are these. False: no row of ours. */
NODISCARD bool offchain_read_row(const struct db_result *result, int row, struct offchain_row *out);

/* What a source says is due. */
struct offchain_due {
	char type[OFFCHAIN_NAME], key[OFFCHAIN_KEY];
};
struct offchain_call {
	struct task task;
	struct journal_call_state *state;
	size_t n; /* rows: draws that are not over; or the one that a verb is about */
	struct offchain_row row[OFFCHAIN_DRAWS_MAX];
	size_t n_due;
	struct offchain_due due[OFFCHAIN_DUE_MAX];
	int64_t now_ms;           /* with n_due: the database's clock */
	char fault[OFFCHAIN_WHY]; /* of the source's statement "due"; empty: none */
	uint8_t *piece;           /* of offchain_entries(): participant 32, weight 8 big-endian each; owned */
	size_t piece_n;           /* entries in it */
};
void offchain_call_init(struct offchain_call *call);
void offchain_call_fini(struct offchain_call *call); /* cancels */

/* The draws that are not over; and what a source's statement says is due, behind the first `after`, OFFCHAIN_DUE_MAX at most. They
 * change nothing, and work without the lease. */
void offchain_work(struct journal *j, struct offchain_call *call, journal_done *done);
void offchain_ask_due(
	struct journal *j, struct offchain_call *call, const char *due, uint64_t after, journal_done *done);

/* What is due and not locked, and why; the list of keeper.offchain_waits becomes this one. */
struct offchain_waiting {
	const char *source, *key, *reason, *why; /* why: "" where the reason says it all */
};
struct offchain_tell_call {
	struct task task;
	struct journal_call_state *state;
};
void offchain_tell_init(struct offchain_tell_call *call);
void offchain_tell_fini(struct offchain_tell_call *call); /* cancels */
void offchain_tell(struct journal *j, struct offchain_tell_call *call, const struct offchain_waiting *list, size_t n,
	journal_done *done);

/* The verbs. ERR_OK: row[0] is the draw as it is now, changed by this call or earlier. ERR_REFUSED: reply.why says why, and
 * nothing of it was kept. */
struct offchain_locking {
	const char *source, *key, *type, *freeze, *entries; /* the last two are statements */
	const struct pubkey *vrf_key; /* all that are here: the database says which one the draw has */
	size_t n_vrf_keys;
	struct offchain_terms terms;
	int64_t chain_s;  /* the chain's clock: refused where the database's is more than a minute from it */
	size_t witnesses; /* nodes of so many hosts are asked for the block                               */
};
void offchain_lock(
	struct journal *j, struct offchain_call *call, const struct offchain_locking *locking, journal_done *done);
void offchain_anchor(
	struct journal *j, struct offchain_call *call, const struct offchain_row *draw, journal_done *done);
struct offchain_block {
	struct slot slot, parent;
	struct hash hash;
	int64_t time;
};
void offchain_block(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const struct offchain_block *block, journal_done *done);
/* checked_by: one line for the certificate. */
void offchain_beacon(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const struct drand_signature *signature, const char *checked_by, journal_done *done);
/* proof NULL: in mode beacon there is none. */
void offchain_prove(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const uint8_t alpha[ALPHA_SIZE], const struct ecvrf_proof *proof, const struct ecvrf_beta *beta,
	journal_done *done);
/* The picks of row->prizes + row->alternates. When the database computes other ones the draw comes back halted. */
void offchain_draw(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const struct select_pick *pick, journal_done *done);
void offchain_settle(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const char *statement, journal_done *done);
void offchain_default(struct journal *j, struct offchain_call *call, const struct offchain_row *draw, int64_t chain_s,
	journal_done *done);
void offchain_refund(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const char *statement, journal_done *done);
void offchain_halt(struct journal *j, struct offchain_call *call, const struct offchain_row *draw, const char *why,
	journal_done *done);

/* OFFCHAIN_PIECE entries at most from `first` on, into call->piece. */
void offchain_entries(struct journal *j, struct offchain_call *call, const struct offchain_row *draw, uint64_t first,
	journal_done *done);
#endif
