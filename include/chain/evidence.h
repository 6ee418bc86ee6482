/* What the public transactions of a pool prove about its draw, gathered one transaction after the other, oldest first.
 * Pure. Every transaction's signatures are verified; what programs called inside and what they logged is the node's word. */
#ifndef CHAIN_EVIDENCE_H
#define CHAIN_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "chain/rpc.h"
#include "core/calls.h"
#include "core/draw.h"
#include "core/event.h"
#include "core/ml.h"
#include "core/oracle_answer.h"
#include "core/pool.h"
#include "core/switchboard.h"

/* Where in the chain something happened. slot.n 0: it did not. */
struct seen_at {
	struct signature sig;
	struct slot slot;
	int64_t time; /* unix s; 0: the node does not say */
};

struct evidence_player {
	struct pubkey wallet;
	struct seen_at joined;
};

/* One commit of the randomness account, and the answer that revealed it. */
struct evidence_commit {
	struct seen_at at;
	struct pubkey oracle;
	struct slot seed_slot;
	struct hash seed_slothash;
	bool seed_known; /* the program's own event was in the log */
	struct seen_at revealed;
	struct pubkey reveal_oracle;
	struct oracle_answer answer;
};

/* What payout_winner moved out of the vault, by the token program's own instructions. */
struct evidence_moved {
	bool known;
	struct draw_payout amount;
	bool stray; /* something else left the vault in the same call */
};

enum { EVIDENCE_COMMITS = 16 };
struct evidence {
	struct pubkey pool;
	struct seen_at created;
	uint64_t pool_id; /* as create_pool makes it */
	struct ml_args terms;
	struct pubkey creator, mint, token_program;
	bool terms_changed; /* set_lock_duration was called */
	unsigned n_players; /* above PARTICIPANTS_MAX only if the node lies */
	struct evidence_player player[PARTICIPANTS_MAX];
	unsigned n_donations;
	uint64_t total_amount; /* bets and donations */
	bool overflow;
	struct seen_at unlocked, requested, selected, paid, cancelled, rent_claimed;
	struct pubkey randomness_account;
	unsigned n_commits; /* of the randomness account, around the request */
	struct evidence_commit commit[EVIDENCE_COMMITS];
	bool commits_lost; /* more than there is room for */
	bool event_known;  /* of the payout: the program's own event was in the log */
	struct event event;
	struct pubkey paid_to, paid_token; /* winner_pubkey and winner_token of payout_winner */
	struct pubkey dev_token, treasury_token;
	struct evidence_moved moved;
};

void evidence_begin(struct evidence *e, const struct pubkey *pool);

/* A transaction of the pool's address. CALLS_OK, or why it proves nothing. A create_pool begins a new pool: what was
 * gathered of the one before it at this address is gone. */
NODISCARD enum calls_result evidence_of_pool(
	struct evidence *e, const struct rpc_transaction *tx, const struct signature *sig);
/* A transaction of the randomness account: its commits and reveals. switchboard: the program. */
NODISCARD enum calls_result evidence_of_randomness(struct evidence *e, const struct rpc_transaction *tx,
	const struct signature *sig, const struct pubkey *switchboard);

/* The accounts as they are now; after claim_rent the first two are gone. */
struct evidence_accounts {
	bool has_pool, has_participants, has_randomness, has_oracle;
	struct pool_account pool; /* of the pool id that the evidence is about */
	struct participants_account participants;
	struct sb_randomness randomness;
	struct sb_oracle oracle; /* of the commit that was used */
};
enum { EVIDENCE_ACCOUNTS = 4 };
/* Which to ask for, once all transactions are in. */
void evidence_account_keys(struct pubkey keys[EVIDENCE_ACCOUNTS], const struct evidence *e);
void evidence_of_accounts(struct evidence_accounts *out, const struct evidence *e, const struct rpc_accounts *got,
	const struct pubkey *switchboard);

/* The commit that the draw used: the last one revealed before the winner was selected; NULL: none was. */
const struct evidence_commit *evidence_used(const struct evidence *e);
/* True when `a` is not after `b`. */
bool seen_before(const struct seen_at *a, const struct seen_at *b);

#endif
