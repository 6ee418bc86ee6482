/* Everything that is known about one draw when it is decided what to do next: chain, journal, ledger, surroundings. */
#ifndef CORE_DRAW_FACTS_H
#define CORE_DRAW_FACTS_H
#include <stdbool.h>
#include <stdint.h>
#include "core/oracle_answer.h"
#include "core/policy.h"
#include "core/pool.h"
#include "core/sponsor.h"
#include "core/subject_facts.h"
#include "core/token.h"

/* What is at an address that should hold something of ours. */
enum presence { ABSENT, UNUSABLE, PRESENT };

/* The pool account as a node showed it at slot `at` (confirmed). at.n 0: not read yet. */
struct pool_view {
	struct slot at;
	enum { VIEW_MISSING, VIEW_FOREIGN, VIEW_BAD, VIEW_OTHER_DRAW, VIEW_POOL } kind;
	struct pool_account pool; /* with VIEW_POOL                                                        */
	bool config_agrees;       /* with VIEW_POOL: its config_hash is that of its fields                 */
	int64_t chain_s;          /* Clock sysvar of the same answer                                       */
	uint64_t read_ms;         /* monotonic, when that answer came                                      */
};
/* Takes in what is at the address: kind, and with VIEW_POOL what is in it; at and the times stay. owner NULL: nothing is there;
 * pool_id NULL: any draw's. Once per answer: a draw is decided far more often, and the hash is most of what that would cost. */
void pool_view_take(
	struct pool_view *view, const struct pubkey *owner, const uint8_t *data, size_t len, const uint64_t *pool_id);

/* UNUSABLE: wrong mint or owner, frozen, delegated or with a close authority. */
struct token_view {
	enum presence presence;
	uint64_t amount;
};

/* All other accounts of the draw, of one answer. at.n 0: not read yet. */
struct draw_accounts {
	struct slot at;
	uint64_t read_ms;
	enum presence participants_presence;
	struct participants_account participants;
	enum presence mint_presence;
	struct pubkey token_program;
	uint8_t decimals;
	bool decimals_known; /* the mint was read once: decimals never change */
	struct token_view vault, dev_ata, treasury_ata;
	enum presence randomness_presence;
	struct sb_randomness randomness;
	struct lamports wallet;
};

/* The ledger row of the commit that the randomness account shows. */
struct commit_fact {
	bool known;
	struct slot seed_slot;
	struct hash seed_slothash;
	struct pubkey oracle;
	unsigned n;
	bool answered;
	struct oracle_answer answer;
	unsigned refused_by; /* nodes in whose simulation the program refused this answer's reveal    */
};

/* What Postgres said when our records were last compared with these accounts. Mismatches of the app's tables are not in it. */
struct watch_fact {
	bool known;   /* of a pool that is not bound: compared with the accounts as they are here    */
	bool blocked; /* a record of ours contradicts the chain                                    */
};

/* What the pools of one creator had us sign today (UTC), what is in flight included. */
struct creator_count {
	bool known;
	uint64_t binds, atas;
};

struct draw_facts {
	const struct policy *policy;
	const struct surroundings *around;
	struct subject_facts own;
	struct pool_view view;
	struct draw_accounts accounts;
	bool accounts_wanted; /* another randomness account than the one read: read again              */
	struct watch_fact watch;
	struct commit_fact commit;
	bool account_picked; /* BIND: we know which randomness account to use, or that it is a new one */
	struct creator_count creator;
	struct attempts note, record, sponsor;
	struct sponsors sponsors;
	bool rescue_possible; /* an oracle that this draw has not tried yet is viable                  */
	bool recorded;
};
#endif
