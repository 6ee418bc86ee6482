/* One chore of housekeeping, and what the kinds do differently; only engine/house*.c use the functions. */
#ifndef ENGINE_HOUSE_H
#define ENGINE_HOUSE_H
#include "chain/rpc.h"
#include "core/chore.h"
#include "core/memo.h"
#include "core/offchain.h"
#include "engine/subject.h"
#include "journal/house.h"
#include "journal/referrals.h"

/* Randomness accounts of our key, a page of the chain's own list after the other; once an hour. */
enum { RECOVER_PAGE = 32 };
enum recover_stage { RECOVER_IDLE, RECOVER_LIST, RECOVER_PAGES };
struct recover {
	struct rpc_call list;
	const struct rpc_program *program; /* in list */
	struct house_call ask;
	enum recover_stage stage;
	struct house_row row[RECOVER_PAGE]; /* unknown ones that are looked at now */
	size_t n, next;
	int endpoint; /* that is asked for lists; the last one that gave one */
	unsigned asked, refused;
	uint64_t due_ms;
	bool told;
};

struct chore {
	struct subject s;
	const struct chore_kind *kind;
	struct chore_facts *facts; /* inside one of the next four */
	struct account_facts account;
	struct pool_facts pool;
	struct referral_facts referral;
	struct anchor_facts anchor;
	struct memo anchored;
	struct pubkey payer; /* of its transactions */
	/* Of a claim: the receiver, the claim's mint, and as vault the receiver's token account. */
	struct pubkey address, mint, token_program, vault, treasury_ata;
	uint8_t decimals; /* of the mint */
	uint64_t pool_id;
	struct house_call note; /* of a pool that is over: when to look again */
	bool noted;
	struct pubkey pool_named[RPC_ACCOUNTS_MAX]; /* by these pools, as the chain's list says */
	size_t n_named;
	bool listed; /* by the newest list */
};
struct chore_kind {
	struct action (*decide)(struct chore *c);
	void (*read)(struct chore *c);
	void (*fill)(const struct chore *c, struct compose *out, struct guard *guard);
	/* Nothing more is to be done now. False: one more call is needed, or is out. */
	bool (*end)(struct chore *c);
};
extern const struct chore_kind CHORE_ACCOUNT, CHORE_POOL, CHORE_REFERRAL, CHORE_ANCHOR;

/* A transaction of it is being committed, or may yet land or be undone. */
static inline bool chore_under_way(const struct chore *c)
{
	return c->s.opening || subject_unsettled(&c->s);
}

/* The chore of this subject, made when it is not there and there is room; counts as listed. NULL: no room. */
struct chore *house_chore(struct engine *e, const struct subject_key *key, const struct chore_kind *kind);
void house_add(struct engine *e, const struct house_row *row);
/* What was listed is not any more, until it is listed again. NULL: all of house_work(). */
void house_unlist(struct engine *e, const struct chore_kind *kind);
/* The list is asked for in so many ms at the latest. */
void house_within(struct engine *e, uint64_t ms);
/* house_abandoned.c: accounts of our key that the journal does not know. */
void house_recover_init(struct engine *e);
void house_recover_fini(struct engine *e);
void house_recover_turn(struct engine *e);
bool house_recover_busy(const struct engine *e);
/* Those that are looked at now stay on the list. */
void house_add_abandoned(struct engine *e);
/* Looked at; the next round asks again. */
void house_let_go(struct engine *e, const struct pubkey *account);
/* house_named.c: which pools name an abandoned account. */
void house_read_named(struct chore *c);
bool house_names_known_pool(const struct engine *e, const struct pubkey *account);
/* house_referral.c: claims of referrers. */
void house_referrals_init(struct engine *e);
void house_referrals_fini(struct engine *e);
void house_referrals_turn(struct engine *e);
bool house_referrals_busy(const struct engine *e);
/* Settings changed. */
void house_referrals_soon(struct engine *e);
/* house_pool.c: pools of the app's list that are overdue. */
void house_add_pools(struct engine *e);
void house_want_ata(struct chore *c);
#endif
