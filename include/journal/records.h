/* The chain as rows: keeper.draws exactly, public.* as a projection for the existing web backend. Changes of many pools go
 * in one unnest() statement. */
#ifndef JOURNAL_RECORDS_H
#define JOURNAL_RECORDS_H
#include "core/pool.h"
#include "core/sponsor.h"
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
	size_t written;           /* rows that the statement changed; draws that still wait */
	struct sponsors sponsors; /* of records_sponsors() */
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
/* Paid draws that wait for their app row or for players whose joins were not recorded yet: written to schema public, and
 * the referrers' shares, where that is possible now. reply.data: the call; .written: draws that still wait. */
void records_settle_rest(struct journal *j, struct record_call *call, bool clear_chat, journal_done *done);
/* Whom the sponsored ones among the draw's players play for, by the app's table, matched by public key. Until the draw has a
 * step it is read anew, and kept; from then on what was kept last is the answer, whatever the table says. look: nothing is
 * kept. app_id below 1: the app does not know the pool. reply.data: const struct sponsors *, without read_ms and keys. */
void records_sponsors(struct journal *j, struct record_call *call, const struct subject_key *draw, int64_t app_id,
	const struct pubkey *players, size_t n, bool look, journal_done *done);
#endif
