/* How often the pools of each creator were bound today: the journal's count, and what was opened since it was asked.
 * Only engine/ includes this. */
#ifndef ENGINE_SPENDING_H
#define ENGINE_SPENDING_H
#include "journal/discovery.h"

struct engine;

enum { SPENDERS_MAX = 256 };
struct spender {
	struct pubkey creator;
	bool known, wanted, asked;
	uint64_t binds;
	uint64_t since; /* opened since the count was last asked for */
	uint64_t read_ms;
};
struct spending {
	struct discovery_call db;
	struct spender spender[SPENDERS_MAX];
	size_t n;
	size_t asked[DISCOVERY_CREATORS_MAX];
	size_t n_asked;
	uint64_t failed_ms;
};
void spending_init(struct engine *e);
void spending_fini(struct engine *e);
void spending_turn(struct engine *e);
/* Counts are asked for anew. */
void spending_doubt(struct engine *e);
/* A pool of this creator is near: its count is kept fresh. False: not known yet. */
bool spending_want(struct engine *e, const struct pubkey *creator, uint64_t *binds);
/* A BIND for a pool of this creator goes to the journal now. */
void spending_opened(struct engine *e, const struct pubkey *creator);
#endif
