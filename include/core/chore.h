/* Housekeeping: what is known about one thing that no draw needs any more, and what to do about it. Pure. */
#ifndef CORE_CHORE_H
#define CORE_CHORE_H
#include "core/action.h"
#include "core/draw_facts.h"

/* What all chores share. Nothing here presses: every doubt waits. */
struct chore_facts {
	const struct policy *policy;
	const struct surroundings *around;
	struct subject_facts own;
	struct slot at; /* of the accounts below; 0: not read yet                                      */
	uint64_t read_ms;
	bool draws_first; /* a bound draw runs late, or enough other chores are under way                */
};

/* Whether a pool that is not over names a randomness account, as the chain's own list says. */
enum named { NAMED_UNKNOWN, NAMED_BY_NONE, NAMED_BY_POOL };

/* A randomness account of ours whose draw is over, or (abandoned) that no draw here has ever had. */
struct account_facts {
	struct chore_facts chore;
	enum presence presence;
	struct sb_randomness account;
	bool needed; /* a draw or the canary uses it, or is about to                                 */
	bool abandoned;
	enum named named; /* of an abandoned one                                                             */
};
/* So many slots are a day at least, at five per second: nothing that was revealed longer ago is in use. */
enum { ABANDONED_SLOTS = 432000 };
struct action decide_account(const struct account_facts *f);

/* A pool that no draw is about. */
struct pool_facts {
	struct chore_facts chore;
	struct pool_view view; /* with the Clock of the same answer                                           */
	bool token_known;      /* the mint was read: its owner is the token program                       */
	enum presence participants_presence;
	struct participants_account participants;
	struct token_view vault, treasury_ata;
	struct lamports wallet;
	struct creator_count creator;
};
struct action decide_pool(const struct pool_facts *f);
/* Seconds until it is worth looking at this pool again; 0: never, it is gone. */
int64_t pool_next_look_s(const struct pool_facts *f);
/* Unix second of the chain's clock after which a pool that was never filled is swept. */
int64_t pool_sweep_s(const struct pool_account *pool);

/* A claim of the web backend, paid from the treasury's own wallet. The accounts are of a finalized view (R10). */
struct referral_facts {
	struct chore_facts chore;
	enum reason obstacle; /* what the journal says against it; WAIT_NONE: nothing             */
	enum presence mint;
	struct token_view from, to; /* the treasury's and the receiver's token account            */
	struct lamports wallet;     /* of the treasury                                            */
	struct lamports cost;       /* of one payment at most; 0: not known yet                   */
	uint64_t amount, also_out;  /* of this claim; of others of the same mint that are under way */
	unsigned others;            /* claims under way, of any mint                              */
};
struct action decide_referral(const struct referral_facts *f);

/* For the ones above, in this order; ACT_NONE: go on.
 * chore_settle: the rows that are out, the lease. chore_look: patience, then fresh accounts by chore_read.
 * chore_step: fees, simulation, opening. */
struct action chore_settle(const struct chore_facts *f);
struct action chore_look(const struct chore_facts *f);
struct action chore_read(const struct chore_facts *f);
struct action chore_step(const struct chore_facts *f, enum step step);
enum { CHORE_LOOK_MS = 1000, CHORE_BASE_MS = 60000, CHORE_MAX_MS = 3600000 };
#endif
