/* What the pools of each creator had us sign today: the journal's count, and what was opened since it was asked.
 * Only engine/ includes this. */
#ifndef ENGINE_SPENDING_H
#define ENGINE_SPENDING_H
#include "journal/discovery.h"

struct engine;

enum { SPENDERS_MAX = 256 };
struct spender {
	struct pubkey creator;
	bool wanted, asked;
	struct creator_count count;
	struct creator_count since; /* opened since the count was last asked for */
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
/* Something is to be signed for a pool of this creator: his count is kept fresh while it is asked for. */
struct creator_count spending_want(struct engine *e, const struct pubkey *creator);
/* A BIND for a pool of this creator, or a CREATE_ATA, goes to the journal now. */
void spending_opened(struct engine *e, const struct pubkey *creator, enum step step);
#endif
