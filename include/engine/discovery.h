/* Pools of our dev wallet that nobody registered: looked for on the chain once a minute. Only engine/ includes this. */
#ifndef ENGINE_DISCOVERY_H
#define ENGINE_DISCOVERY_H
#include "chain/rpc.h"
#include "core/pool.h"
#include "journal/discovery.h"
#include "journal/records.h"

struct engine;

/* Pools that need no further look: a set that only grows, and is emptied when it is full or another fence begins.
 * Each is half a SHA-256 of its key: at 100,000 pools the keys themselves would take 10 MB. */
struct known_pool {
	uint64_t half[2];
};
struct known_pools {
	struct known_pool *slot; /* all-zero: free */
	size_t n, capacity;
};
bool known_has(const struct known_pools *known, const struct discovery_key *key);
void known_add(struct known_pools *known, const struct discovery_key *key);
void known_clear(struct known_pools *known);

/* Pools per look, each with its mint and its participants. */
enum { FOUND_MAX = 49 };

struct found_pool {
	struct discovery_key key;
	struct slot at;
	struct pool_account pool;
	bool registered, ours;
	unsigned participants, decimals;
	bool mint_usable;
};

enum discovery_stage {
	DISCOVERY_IDLE,
	DISCOVERY_CLOCK,
	DISCOVERY_LIST,
	DISCOVERY_ASK,
	DISCOVERY_POOLS,
	DISCOVERY_MORE,
	DISCOVERY_OBSERVE,
	DISCOVERY_NOTE,
	DISCOVERY_PUBLISH
};
struct discovery {
	struct engine *e;
	struct rpc_call list, read;
	const struct rpc_program *program; /* in list */
	struct record_call observe;
	struct discovery_call db;
	enum discovery_stage stage;
	uint64_t due_ms, fence;
	bool done_once, refusal_told, failure_told, may_wait, wrote;
	int endpoint;   /* that is asked for the list; the last one that gave it */
	unsigned asked; /* bit per endpoint, in this round */
	unsigned refused;
	size_t next;
	struct discovery_key ask[DISCOVERY_ASK_MAX];
	size_t n_ask, at_news;
	struct found_pool found[FOUND_MAX];
	size_t n_found;
	struct pool_change change[FOUND_MAX];
	struct discovery_note note[FOUND_MAX];
	size_t n_notes;
	struct known_pools known;
};

/* The round begins again soon; what is noted already is not asked for again. */
void discovery_fail(struct discovery *d, const char *what, const struct reply *reply);
/* discovery_read.c: the chain's time, then the pools that are news, then their mints and players. */
void discovery_read_clock(struct discovery *d);
void discovery_read_pools(struct discovery *d);
void discovery_read_more(struct discovery *d);
/* discovery.c */
void discovery_init(struct engine *e);
void discovery_fini(struct engine *e);
void discovery_turn(struct engine *e);
bool discovery_busy(const struct engine *e);
/* The first look at the chain's own list is not over yet. */
bool discovery_pending(const struct engine *e);
#endif
