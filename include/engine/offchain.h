/* Draws whose stakes are in Postgres, as one daemon drives them. Only engine/ includes this. */
#ifndef ENGINE_OFFCHAIN_H
#define ENGINE_OFFCHAIN_H
#include "chain/drand_relays.h"
#include "chain/rpc.h"
#include "chain/vrf_key.h"
#include "core/merkle.h"
#include "core/offchain.h"
#include "core/source.h"
#include "engine/snapshot.h"
#include "journal/offchain.h"

struct offchain_draw {
	struct offchain_facts facts;
	bool listed;
	bool said;          /* a verb brought its row after the look that is out had begun: that look is older */
	enum reason reason; /* as last logged */
	uint64_t wake_ms;
	struct offchain_block block;       /* with facts.block_found */
	struct drand_signature signature;  /* with facts.beacon_found */
	char checked_by[DRAND_CHECKED_BY]; /* likewise */
	char told[OFFCHAIN_WHY];           /* with facts.to_tell */
};

/* What a source says is due. */
struct offchain_candidate {
	const struct source_def *source;
	struct offchain_due due;
	struct attempts tried;
	unsigned slow;  /* so often the statement took longer than S and R allowed for */
	uint64_t after; /* the rows before its page, when its source last named it */
	bool listed;
	enum reason reason;     /* why it is not locked; WAIT_NONE: it is next */
	char why[OFFCHAIN_WHY]; /* what was said when it was tried last */
};
/* Per source: beyond that the ones of the oldest pages are forgotten, and with them when they failed. */
enum {
	OFFCHAIN_CANDIDATES_EACH = 8 * OFFCHAIN_DUE_MAX,
	OFFCHAIN_CANDIDATES_MAX = SOURCES_MAX * OFFCHAIN_CANDIDATES_EACH
};
enum { OFFCHAIN_TOLD_MAX = 256 };

/* The first block from a slot on, from node after node until two say the same. */
struct offchain_search {
	struct rpc_call rpc;
	bool running, probe;        /* probe: for no draw, but to see whether two nodes would show one */
	struct slot from, at, told; /* told: a lone node was, for that slot */
	int node, silent;           /* silent: the last one that showed no block */
	char why[OFFCHAIN_WHY];     /* it did not */
	size_t n;
	struct offchain_block answer[RPC_ENDPOINTS_MAX];
	int by[RPC_ENDPOINTS_MAX];
};

/* The picks of one draw: entries come in pieces, and their tree must have the root that was locked. */
struct offchain_pick {
	struct offchain_call call;
	struct draw_id of;
	bool reading, done;
	uint64_t n; /* entries so far */
	struct ticket *ticket;
	struct merkle tree;
	struct select_pick pick[OFFCHAIN_PICKS_MAX];
};

/* One verb at a time. */
struct offchain_lane {
	struct offchain *o;
	struct offchain_call call;
	struct draw_id of;
	enum offchain_act act;
	const struct source_def *source; /* whose statement it runs */
};

/* One source's statements. */
struct offchain_source {
	struct attempts due; /* "due": failures in a row, of any kind */
	struct attempts run; /* the others: those that were not done in time */
	char fault[OFFCHAIN_WHY];
	bool asked;     /* since the start, what is due */
	uint64_t after; /* behind so many rows begins the page of "due" that is asked for next */
};

/* Whether enough nodes show blocks: asked before a lock, because after it is too late. */
struct offchain_nodes {
	struct attempts asked;
	uint64_t shown_ms;      /* when two last showed the same one; 0: never */
	char why[OFFCHAIN_WHY]; /* they did not; "": not asked yet, or they do */
};

struct offchain {
	struct engine *e;
	struct offchain_call look, due;
	struct offchain_lane own, run;      /* verbs that are quick; those that run a source's statement */
	struct offchain_candidate *locking; /* what .run locks; NULL: it is about a draw */
	struct offchain_search search;
	struct offchain_nodes nodes;
	struct offchain_tell_call tell;
	bool looked;            /* since the start, at the draws that are not over */
	bool changed;           /* what is due waits for something else than was told */
	enum reason lock_waits; /* ... all of it, as last logged */
	bool clocks_differ;     /* likewise */
	uint64_t told_ms;
	struct offchain_pick pick;
	struct drand_call beacon;
	const struct source_def *asked; /* what is due, by the call that is out */
	struct offchain_source source[SOURCES_MAX];
	size_t next_source;
	uint64_t look_ms, ask_ms, fence; /* when the next look, and the next question what is due, may begin */
	int64_t clock_ms;                /* the database's, when the newest row came, and when that was; 0: not known */
	uint64_t clock_at_ms;
	struct offchain_draw *draw[OFFCHAIN_DRAWS_MAX]; /* by their turns */
	size_t n;
	struct offchain_candidate *candidate[OFFCHAIN_CANDIDATES_MAX];
	size_t n_candidates;
};

void offchain_init(struct engine *e);
void offchain_fini(struct engine *e);
void offchain_turn(struct engine *e);
uint64_t offchain_wake_ms(const struct engine *e);
bool offchain_busy(const struct engine *e);
void offchain_survey(const struct engine *e, struct engine_survey *out);
/* Adds to due_unfinished and blocked what is not over, and what nobody has asked for yet. */
void offchain_count(const struct engine *e, struct engine_snapshot *out);
/* Some draw waits for the chain. */
bool offchain_hot(const struct engine *e);
/* The next look comes at once. */
void offchain_soon(struct engine *e);
struct offchain_draw *offchain_find(const struct engine *e, const struct draw_id *id); /* NULL: it is not here */
/* Unix milliseconds of the chain's clock, and of the database's, carried on by ours; 0: not known, or not lately. */
int64_t offchain_chain_ms(const struct engine *e);
int64_t offchain_database_ms(const struct engine *e);
void offchain_saw_database(struct engine *e, int64_t now_ms);
/* The row as a verb returned it. */
void offchain_take_row(struct engine *e, const struct offchain_row *row);
/* NULL: there are no statements of this name. */
struct offchain_source *offchain_source(const struct engine *e, const char *name);
/* What became of a statement of this source that changes something. Refused is as good as done: it took no time. */
void offchain_note_run(
	struct engine *e, const struct source_def *source, const char *statement, const struct reply *reply);

/* offchain_draw.c: one draw's next move, when what it needs is free. */
void offchain_refresh(struct engine *e, struct offchain_draw *d);
/* What Postgres or a node said, without the code of our refusals, cut between two characters: Postgres takes no half of one. */
void offchain_why(char out[OFFCHAIN_WHY], const char *why);
void offchain_advance(struct engine *e, struct offchain_draw *d);
/* offchain_lock.c: one of those that are due, of sources that are well or of the others. */
void offchain_lock_next(struct engine *e, bool well);
void offchain_take_due(struct engine *e, const struct offchain_call *look);
/* offchain_waits.c: tells the log and the database what what is due waits for, when that has changed. */
void offchain_waits_turn(struct engine *e);
/* offchain_block.c */
bool offchain_nodes_show(const struct engine *e);
/* Asks them, unless they did not show one just now. */
void offchain_probe(struct engine *e);
void offchain_search_begin(struct engine *e, struct slot from);
void offchain_search_turn(struct engine *e);
/* offchain_pick.c */
void offchain_pick_begin(struct engine *e, const struct offchain_draw *d);
void offchain_pick_turn(struct engine *e);
void offchain_pick_drop(struct engine *e);
/* offchain_anchor.c: the memos that are wanted, as chores. */
void offchain_list_anchors(struct engine *e);
#endif
