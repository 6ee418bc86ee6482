/* Pools that came and went between two looks at the program's accounts: found in the list of its own transactions. Only engine/
 * includes this. */
#ifndef ENGINE_CENSUS_H
#define ENGINE_CENSUS_H
#include "chain/rpc.h"
#include "core/attempts.h"
#include "journal/census.h"

struct engine;

enum census_stage {
	CENSUS_IDLE,
	CENSUS_EPOCH,
	CENSUS_BEGIN,
	CENSUS_LIST,
	CENSUS_ASK,
	CENSUS_FETCH,
	CENSUS_FOUND,
	CENSUS_NEXT,
	CENSUS_DONE
};
struct census_item {
	struct signature sig;
	struct slot slot;
};
struct census {
	struct engine *e;
	struct rpc_call rpc;
	struct census_call db;
	enum census_stage stage;
	uint64_t due_ms, fence;
	int64_t database; /* as struct tick has it: another one has another position */
	bool done_once, begun, failure_told;
	struct slot tip, upto;             /* finalized; and what is old enough to be judged */
	struct census_position at, newest; /* where it stands; the newest of this round */
	struct census_position listed, to; /* the newest of the round before; where it is to stand next */
	int endpoint;                      /* all pages of a round come from one node */
	struct signature before;
	bool last_page, short_list;
	unsigned short_of; /* rounds in a row in which the list ended before the position */
	struct census_item item[CENSUS_PAGE_MAX];
	size_t n_items, at_unknown;
	size_t fetches; /* of one transaction, in vain: one of each node */
	struct attempts pace;
	struct pools_made made;
};

/* census.c */
void census_init(struct engine *e);
void census_fini(struct engine *e);
void census_turn(struct engine *e);
bool census_busy(const struct engine *e);
/* The first round of this run is not over yet. */
bool census_pending(const struct engine *e);
#endif
