/* What the daemon would know about one draw, read now: from the chain and from the journal, as far as they answer. Its own
 * decision on these facts is what it waits for or does next. Private to show. */
#ifndef SHOW_FACTS_H
#define SHOW_FACTS_H

#include "core/decide.h"
#include "show/ask.h"
#include "show/commands.h"

enum { RECORD_TEXT = 96, MISMATCHES_TEXT = 480 };

/* keeper.draws, as text; empty where NULL. */
struct draw_record {
	bool known;
	struct pubkey address;
	uint64_t pool_id, total_amount, winner_amount, dev_amount, burn_amount, treasury_amount;
	int32_t app_id; /* 0: none */
	enum pool_status status;
	struct slot status_slot, payout_slot;
	unsigned decimals; /* 255: unknown */
	int64_t lock_start_time, lock_duration, unlock_time, end_time, paid_at;
	bool projected;
	struct pubkey winner;
	struct signature payout_sig;
};

/* keeper.lease and keeper.audits: who drives, with which key. */
struct keeper_record {
	char owner[RECORD_TEXT]; /* empty: nobody */
	bool lease_valid;
	struct pubkey wallet; /* zero: not known */
};

struct facts {
	struct draw_facts draw;
	struct policy policy;
	struct surroundings around;
	struct draw_record record;
	struct keeper_record keeper;
	bool chain, journal;              /* did they answer everything                          */
	char mismatches[MISMATCHES_TEXT]; /* what keeper.mismatches says of it now; empty: nothing */
	bool decided;
	struct action action;
	/* What the decision takes for granted, one sentence each; NULL: nothing more. */
	const char *assumed[6];
	unsigned n_assumed;
};

/* Reads everything. keeper.draws tells which pool id is meant when the name does not. */
void facts_read(struct show *s, const struct show_pool *pool, struct facts *out);

/* Nothing read yet; then whose pools are ours, from out->keeper and the pool in out->draw.view. */
void facts_begin(struct show *s, struct facts *out);
void facts_choose_wallets(struct facts *out);
/* The journal's part; needs out->record. */
void facts_read_record(struct show *s, const struct show_pool *pool, struct facts *out);
void facts_read_journal(struct show *s, struct facts *out);
/* False: the database does not tell it. */
NODISCARD bool facts_read_keeper(struct show *s, struct keeper_record *out);
void facts_assume(struct facts *out, const char *what);

#endif
