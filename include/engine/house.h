/* One chore of housekeeping, and what the two kinds do differently; only engine/house*.c use the functions. */
#ifndef ENGINE_HOUSE_H
#define ENGINE_HOUSE_H
#include "core/chore.h"
#include "engine/subject.h"
#include "journal/house.h"

struct chore {
	struct subject s;
	const struct chore_kind *kind;
	struct chore_facts *facts; /* inside one of the next two */
	struct account_facts account;
	struct pool_facts pool;
	struct pubkey address, mint, token_program, vault, treasury_ata;
	uint64_t pool_id;
	struct house_call note; /* of a pool that is over: when to look again */
	bool noted;
	bool listed; /* by the newest list */
};
struct chore_kind {
	struct action (*decide)(struct chore *c);
	void (*read)(struct chore *c);
	void (*fill)(const struct chore *c, struct compose *out, struct guard *guard);
	/* Nothing more is to be done now. False: one more call is needed, or is out. */
	bool (*end)(struct chore *c);
};
extern const struct chore_kind CHORE_ACCOUNT, CHORE_POOL;

/* The chore of this subject, made when it is not there and there is room; counts as listed. */
void house_add(struct engine *e, const struct house_row *row);
/* The list is asked for in so many ms at the latest. */
void house_within(struct engine *e, uint64_t ms);
/* house_pool.c: pools of the app's list that are overdue. */
void house_add_pools(struct engine *e);
void house_want_ata(struct chore *c);
#endif
