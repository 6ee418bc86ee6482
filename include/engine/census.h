/* Pools that came and went between two looks at the program's accounts: found in the list of its own transactions. Only engine/
 * includes this. */
#ifndef ENGINE_CENSUS_H
#define ENGINE_CENSUS_H
#include "chain/rpc.h"
#include "core/attempts.h"
#include "core/calls.h"
#include "engine/discovery.h"
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
	bool begun, failure_told;
	size_t rounds;         /* that ended, since the start */
	struct slot tip, upto; /* finalized; and what is old enough to be judged */
	struct census_position at, newest,
		to;                    /* where it stands; the newest of this round; where it is to stand next */
	struct census_position listed; /* the newest of the last whole list, by the node `listed_by`, -1: none yet */
	int listed_by, endpoint;       /* all pages of a round come from one node */
	uint64_t agreed_ms;            /* when two hosts had last listed one after the other */
	struct signature before, last; /* the next page follows `before` and begins with `last` */
	struct attempts pace;          /* of a page */
	bool last_page, short_list;
	bool left;                          /* some transaction of this round is not handed out yet */
	unsigned short_nodes, short_rounds; /* whose list ended before the position: a bit of each */
	struct census_item item[CENSUS_PAGE_MAX];
	size_t n_items, at_unknown;
	unsigned asked; /* for one transaction: a bit of each node */
	bool waits;     /* one of them said that it is to be asked again */
	struct pools_made made;
	struct known_pools judged; /* what is in no recorded history and made no pool of ours, or one that is written */
};

static inline struct census *census_of_rpc(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct census, rpc);
}
static inline struct census *census_of_db(struct task *task)
{
	return container_of(container_of(task, struct census_call, task), struct census, db);
}
/* census.c */
void census_init(struct engine *e);
void census_fini(struct engine *e);
void census_turn(struct engine *e);
bool census_busy(const struct engine *e);
/* The first rounds of this run, one of each host that is believed, are not over yet. */
bool census_pending(const struct engine *e);
/* The round begins at the top again soon; what was judged is remembered, and what was found is written. */
void census_fail(struct census *c, const char *what, const struct reply *reply);
/* census_read.c: the page that was listed. */
void census_ask(struct census *c);
void census_fetch(struct census *c);
void census_write_found(struct census *c);
/* By which judged transactions are remembered: a signature is as good as a hash of itself. */
struct discovery_key census_name(const struct signature *sig);
/* Pools that a transaction made are written with census_found(), and read soon. */
void census_tell_found(struct engine *e, const struct pools_made *made, const struct signature *sig, struct slot slot);
#endif
