/* The chain as rows: keeper.draws exactly, public.* as a projection for the existing web backend, and verified user
 * transactions. Changes of many pools go in one unnest() statement. */
#ifndef JOURNAL_RECORDS_H
#define JOURNAL_RECORDS_H
#include "core/pool.h"
#include "journal/journal.h"

struct pool_change {
	int64_t app_id;
	struct pubkey address;
	struct slot at;
	struct pool_account pool;
	unsigned participants;
	unsigned decimals;
};
struct record_call {
	struct task task;
	size_t written;             /* rows that the statement changed */
	struct signature watermark; /* of records_watermark() */
	struct journal_call_state *state;
};
void record_call_init(struct record_call *call);
void record_call_fini(struct record_call *call);
/* Upserts keeper.draws (never to an older slot) and sets status, counts, pot, lock_start_time and randomness_account in
 * public.pools where they differ; where nothing differs nothing is written. "ended" in public.pools comes with
 * journal_record_payout() only, because it takes the pool off the list of lease_tick(). n up to 1000. participants above 20:
 * unknown, not written. decimals 255: unknown, pot not written. app_id 0: the app does not know it. reply.data: the call. */
void records_observe(
	struct journal *j, struct record_call *call, const struct pool_change *changes, size_t n, journal_done *done);

/* One verified instruction of the ml program in a finalized user transaction. */
struct user_call {
	struct signature sig;
	unsigned ix;
	int inner; /* inner -1: top level                             */
	struct slot slot;
	int64_t block_time;
	struct pubkey pool, user;
	uint64_t pool_id;
	int64_t app_id;
	char instruction[32];
	bool has_amount;
	uint64_t amount;
	unsigned decimals;
};
/* keeper.calls exactly once per (sig, ix, inner) and the watermark of the draw's signature list (NULL or zero: it stays), in one
 * statement. What the backend failed to write of a call (public.used_transactions, transactions, participants) follows in the
 * same statement once the call is older than the backend's age limit of 300 s; for younger ones with the next call of this
 * function for this draw, n = 0 included. n up to 1000. instruction: as in the IDL, "join_pool". reply.data: the call. */
void records_calls(struct journal *j, struct record_call *call, const struct subject_key *draw,
	const struct user_call *calls, size_t n, const struct signature *watermark, journal_done *done);
/* The newest signature of this draw that is recorded; all zero when none. reply.data: const struct signature *. */
void records_watermark(struct journal *j, struct record_call *call, const struct subject_key *draw, journal_done *done);
#endif
