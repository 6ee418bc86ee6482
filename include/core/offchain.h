/* A draw whose stakes are in Postgres: what is known about it, and the one thing to do next. Pure. */
#ifndef CORE_OFFCHAIN_H
#define CORE_OFFCHAIN_H
#include "core/alpha.h"
#include "core/attempts.h"
#include "core/chore.h"
#include "core/ecvrf.h"
#include "core/select.h"

enum { OFFCHAIN_NAME = 41, OFFCHAIN_KEY = 801, OFFCHAIN_WHY = 201, OFFCHAIN_ID_TEXT = 37 };
enum { OFFCHAIN_PICKS_MAX = 1000, OFFCHAIN_ENTRIES_MAX = 10000000 };

/* keeper.offchain_draws.state */
enum offchain_state { OFFCHAIN_LOCKED, OFFCHAIN_DRAWN, OFFCHAIN_SETTLED, OFFCHAIN_DEFAULTED, OFFCHAIN_REFUNDED };
enum { OFFCHAIN_STATES = OFFCHAIN_REFUNDED + 1 };
const char *offchain_state_name(enum offchain_state state);

/* One row of keeper.offchain_facts: what Postgres last said. */
struct offchain_row {
	struct draw_id draw;
	uint64_t seq;              /* of the operator's locks */
	char id[OFFCHAIN_ID_TEXT]; /* the same as text */
	char source[OFFCHAIN_NAME], type[OFFCHAIN_NAME], key[OFFCHAIN_KEY];
	enum offchain_state state;
	bool beacon; /* its rules take SHA-512 of alpha, without a VRF */
	enum select_mode mode;
	uint64_t n, total_weight;
	struct hash root, rules, hash;
	struct pubkey vrf_key;      /* zero with beacon */
	struct slot slot;           /* S */
	int64_t deadline_s, now_ms; /* D, and what time it was; both by the database's clock */
	uint32_t prizes, alternates;
	char halted[OFFCHAIN_WHY]; /* empty: it is not */
	bool anchored;
	struct signature memo; /* finalized, as the journal has it; zero: none */
	struct slot memo_slot;
	struct pubkey memo_wallet; /* who signed it */
	struct slot block_slot;    /* 0: not known yet, nor the next three */
	struct hash blockhash;
	uint64_t round;
	int64_t due_s; /* of that round */
	bool beacon_known, beta_known;
	struct drand_signature signature;
	struct ecvrf_beta beta;
	char default_why[OFFCHAIN_NAME];
};

/* What alpha is made of, once the beacon is known. */
void offchain_alpha(uint8_t out[ALPHA_SIZE], const struct offchain_row *row);
/* In mode beacon: SHA-512 of alpha. */
void offchain_beacon_beta(struct ecvrf_beta *out, const uint8_t alpha[ALPHA_SIZE]);

/* While the block is not known: nodes of two hosts have to show the same one, where there are two. */
enum block_sight { BLOCK_UNSEEN, BLOCK_BY_ONE_NODE, BLOCK_NODES_DIFFER };

struct offchain_facts {
	const struct surroundings *around;
	struct offchain_row row;
	uint64_t row_ms; /* monotonic, when the row came */
	struct tip tip;
	int64_t chain_ms; /* Unix, the chain's clock as a node told it, carried on by ours; 0: none told it lately */
	size_t witnesses; /* so many hosts' nodes have to show the same block */
	bool source_known, has_key;
	bool block_found, beacon_found; /* by the nodes, by the relays                               */
	enum block_sight block_sight;
	bool bound;   /* a pool's 3000 slots run                                   */
	bool picked;  /* the winners were computed, from the entries of the locked root */
	bool refused; /* the last statement was: it is for a human, and not soon tried again */
	bool to_tell; /* ... and the row does not say why yet                               */
	struct attempts statement, block, beacon;
	struct attempts source; /* statements of its source in a row that were not done in time */
};
/* So long such a source is left alone: after one, and at most. */
enum { OFFCHAIN_SOURCE_BASE_MS = 5000, OFFCHAIN_SOURCE_MAX_MS = 600000 };

/* Milliseconds of Unix time by the database's clock. */
int64_t offchain_now_ms(const struct offchain_facts *f);

/* S, R and D follow the database's clock, and what may be known already follows the world's: a server that is late would lock rounds
 * that are out, one that is early would give up draws whose proof can still come. So far apart the two clocks may be. */
enum { OFFCHAIN_CLOCKS_S = 60 };
/* Either is 0 when it is not known: then they do not agree. */
bool offchain_clocks_agree(int64_t database_ms, int64_t chain_ms);

enum offchain_act {
	OFFCHAIN_WAIT, /* .reason says why, .until_ms (monotonic) when to look again, 0: on news */
	OFFCHAIN_NOTE_ANCHOR,
	OFFCHAIN_READ_BLOCK,
	OFFCHAIN_NOTE_BLOCK,
	OFFCHAIN_ASK_BEACON,
	OFFCHAIN_NOTE_BEACON,
	OFFCHAIN_PROVE,
	OFFCHAIN_READ_ENTRIES,
	OFFCHAIN_DRAW,
	OFFCHAIN_SETTLE,
	OFFCHAIN_DEFAULT,
	OFFCHAIN_REFUND,
	OFFCHAIN_TELL_HALT
};
struct offchain_action {
	enum offchain_act act;
	enum reason reason;
	uint64_t until_ms;
};
struct offchain_action decide_offchain(const struct offchain_facts *f);
/* Whose turn is first: that of draws whose source is well, nearest deadline first. Negative: a's, positive: b's. */
int offchain_order(const struct offchain_facts *a, const struct offchain_facts *b);

/* From so many entries on, reading and drawing waits for pools that are bound: the selection itself is one piece of work, of about 0.2 s
 * per million. */
enum { OFFCHAIN_LARGE = 100000 };

/* What is fixed at lock besides the entries: slot S and round R. allowance_s: so long the statement may take; one that takes longer
 * is refused by the table, because R would be too near. S is ANCHOR_SLOTS behind the end of the statement even when a slot takes
 * 200 ms, and R is due 60 s after S even when it takes 400 ms. If slots are slower still, R moves on by the published rule. */
enum { OFFCHAIN_ANCHOR_SLOTS = 150, OFFCHAIN_SLOTS_PER_S = 5, OFFCHAIN_BEACON_S = 120, OFFCHAIN_ROUND_GRID = 20 };
struct offchain_terms {
	struct slot slot;
	uint64_t round;
};
struct offchain_terms offchain_terms_of(struct slot confirmed, int64_t now_ms, unsigned allowance_s);

/* Whether what a source says is due may be locked at this moment. */
struct offchain_lock_facts {
	const struct surroundings *around;
	int64_t database_ms, chain_ms; /* as in offchain_facts                                        */
	bool tip_fresh;                /* S is counted from it                                      */
	bool can_anchor;               /* a memo that cannot be paid for would let the draw default */
	bool has_room;
	bool nodes_show;               /* enough nodes showed the same block lately                 */
	struct attempts source, tried; /* of its source's statements; of this lock                 */
};
/* WAIT_NONE: it may. */
enum reason offchain_may_lock(const struct offchain_lock_facts *f);
/* It waits for something that holds for all that are due. */
bool offchain_waits_for_all(enum reason reason);

/* The memo with the row's hash. Tip and deadline instead of accounts. */
struct anchor_facts {
	struct chore_facts chore;
	struct slot before; /* S */
	struct slot confirmed;
};
struct action decide_anchor(const struct anchor_facts *f);
/* So near S no memo is opened any more: it would land too late. */
enum { OFFCHAIN_ANCHOR_LEAD = 8, OFFCHAIN_ANCHOR_SETTLED = 64 };
bool offchain_wants_anchor(const struct offchain_facts *f);
#endif
