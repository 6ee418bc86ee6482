/* The engine's parts and the facts that they share. Only engine/ includes this. */
#ifndef ENGINE_PARTS_H
#define ENGINE_PARTS_H
#include "chain/gateway.h"
#include "core/costs.h"
#include "core/decide.h"
#include "engine/audit.h"
#include "engine/backend.h"
#include "engine/census.h"
#include "engine/certificates.h"
#include "engine/discovery.h"
#include "engine/draw.h"
#include "engine/engine.h"
#include "engine/heights.h"
#include "engine/house.h"
#include "engine/ingest.h"
#include "engine/offchain.h"
#include "engine/spending.h"
#include "engine/subject.h"
#include "engine/watch.h"
#include "journal/lease.h"
#include "journal/records.h"

/* A pool that the app registered. Idle pools cost one of these and nothing else. */
struct pool_entry {
	int64_t app_id;
	struct pubkey address;
	struct draw *draw; /* NULL: idle                                                        */
	struct slot at;    /* of raw; 0: not read yet                                           */
	uint64_t over_pool_id;
	int64_t due_s;                   /* INT64_MAX: not locked                                             */
	struct slot changed_at;          /* of the answer in which raw was new, and when that came           */
	uint64_t changed_ms, watched_ms; /* watched_ms: when it was last compared; 0: never               */
	struct ingest_job *job;          /* NULL: its history is read                                         */
	/* Small things last, side by side: there is one of these per pool. */
	uint16_t mismatches; /* a bit of each kind that stands, as last compared                  */
	uint8_t kind, status, reason, app_status;
	bool over; /* the draw over_pool_id is over and recorded                         */
	bool valid, listed, changed;
	uint16_t raw_len;
	uint8_t raw[POOL_ACCOUNT_SIZE]; /* as last read: an unchanged account costs one memcmp               */
};
struct pools {
	struct pool_entry **entry;
	size_t n, capacity;
	int64_t last_id;
};

/* A token account that draws wait for. */
struct ata {
	struct subject s;
	struct ata_facts facts;
	struct pubkey address, owner, mint, token_program;
};
enum { ATAS_MAX = 256 };
struct atas {
	struct ata *list[ATAS_MAX];
	size_t n;
};

/* What housekeeping is at. */
enum {
	HOUSE_MAX = HOUSE_ROWS_MAX + RECOVER_PAGE + REFERRAL_ROWS_MAX + OFFCHAIN_DRAWS_MAX + 32
}; /* and pools of the app's list */
/* Which claims there are. */
struct referrals {
	struct referral_call list;
	uint64_t due_ms, fence; /* fence: under which it was asked last */
};
struct house {
	struct recover recover;
	struct referrals referrals;
	struct house_call list;
	struct chore *chore[HOUSE_MAX];
	size_t n;
	uint64_t due_ms;    /* of the next list */
	int64_t chain_s;    /* when it was asked for last */
	uint64_t wanted_ms; /* one more after this: there will be something on it */
};

/* The queue's oracles as last read, and the canary. */
enum { ORACLES_MAX = RPC_ACCOUNTS_MAX };
struct oracle_entry {
	struct pubkey address;
	struct sb_oracle account;
	bool viable, seen;
	uint64_t silent_until_ms;
};
struct oracles {
	struct rpc_call rpc;
	struct sb_queue queue;
	struct slot at;
	struct oracle_entry entry[ORACLES_MAX];
	size_t n;
	uint64_t read_ms;
	bool queue_known;
	struct attempts read;
	int64_t chain_s;
};
struct canary {
	struct subject s;
	struct canary_facts facts;
	struct pubkey randomness;
	struct account_key *new_account;
	struct pubkey oracle, answered_oracle;
	struct gateway_call gateway;
};

enum { TICK_CALLS = 16, TICK_CHUNK = RPC_ACCOUNTS_MAX - 1, OBSERVE_MAX = 1000 };
struct tick_call {
	struct rpc_call rpc;
	struct engine *e;
	size_t first, n;
	bool with_wallet;
};
struct tick {
	struct lease_call lease;
	struct record_call observe;
	struct tick_call call[TICK_CALLS];
	bool running, reading, asked;
	uint64_t fence;   /* under which the rows in memory were loaded; 0: not the leader */
	int64_t database; /* as struct audit_state has it */
	size_t next, in_flight, failed;
	uint64_t started_ms, due_ms, asked_ms, count; /* asked: for the lease */
	struct pool_entry **pool;                     /* what this tick reads */
	size_t n_pools, pool_capacity;
	struct pool_change *change;
	struct pool_entry *changed_entry[OBSERVE_MAX];
	size_t n_changes;
};

/* What is asked often while anything is hot: our signatures, a blockhash, the finalized tip. */
struct pulse {
	struct rpc_call statuses, blockhash, epoch, clock;
	struct signature asked[RPC_STATUSES_MAX];
	size_t n_asked, n_statuses;
	uint64_t statuses_ms, epoch_ms, blockhash_asked_ms, clock_ms;
	size_t n_epochs;
	struct hash hash;
	struct height last_valid;
};

/* Proof of absence: node after node says how far its own finalized chain and its history go, then what it knows. */
struct witness {
	struct rpc_call rpc;
	struct engine *e;
	bool running;
	int endpoint;
	unsigned stage, given, hosts; /* hosts: bits of those that gave their proof in this round */
	struct absence proof;
	struct signature asked[RPC_STATUSES_MAX];
	size_t n_asked;
	uint64_t started_ms;
	uint64_t
		lone_since_ms; /* rounds in which one node alone answered began then; 0: the last one had more, or none */
};

struct rents {
	struct rpc_call rpc;
	struct lamports rent[COST_ACCOUNTS];
	unsigned stage;
	uint64_t asked_ms;
	bool known, failed;
};

struct engine {
	struct engine_config config;
	struct engine_modules m;
	struct policy policy;
	struct surroundings around;
	struct tip tip;
	struct slot seen[RPC_ENDPOINTS_MAX]; /* newest that each node told */
	uint64_t tip_ms, jump_logged_ms;
	struct pools pools;
	struct draw **active;
	size_t n_active, active_capacity;
	struct atas atas;
	struct house house;
	struct offchain *offchain; /* NULL: off */
	struct oracles oracles;
	struct canary canary;
	struct tick tick;
	struct pulse pulse;
	struct heights heights;
	struct witness witness;
	struct rents rents;
	struct ingest ingest;
	struct audit audit[AUDITS];
	struct discovery discovery;
	struct census census;
	struct spending spending;
	struct rebuild rebuild;
	struct submissions submissions;
	struct retention retention;
	struct settling settling;
	struct sealing sealing;
	struct certificates certificates;
	struct watch watch;
	int64_t chain_s;
	uint64_t chain_ms; /* newest Clock seen, and when                               */
	int64_t told_s;
	uint64_t told_ms; /* the last Clock that a node told, also one that is behind the newest, and when */
	bool lease_known;
	uint64_t woken_ms; /* when everybody was last woken because time passed */
	struct engine_snapshot counters;
	struct paid_snapshot paid;
};

/* Calls write the endpoint that answered into themselves; this asks for any again. */
static inline struct rpc_call *any_node(struct rpc_call *call)
{
	call->endpoint = RPC_ANY;
	return call;
}

/* pools.c */
struct pool_entry *pools_find(const struct engine *e, int64_t app_id); /* NULL: not known */
/* pools_seen(), and the draw of the pool hears of it. */
void pools_look(
	struct engine *e, struct pool_entry *p, const struct rpc_account *account, struct slot at, int64_t chain_s);
struct pool_entry *pools_add(struct engine *e, const struct lease_pool *row);
void pools_list(struct engine *e, const struct lease_pool *rows, size_t n, bool whole);
void pools_seen(
	struct engine *e, struct pool_entry *p, const struct rpc_account *account, struct slot at, int64_t chain_s);
void pool_view_of(
	struct pool_view *out, const struct pool_entry *p, int64_t chain_s, uint64_t read_ms, uint64_t pool_id);
void pools_free(struct pools *pools);
bool pools_near(const struct engine *e);
/* tick.c */
void tick_init(struct engine *e);
void tick_fini(struct engine *e);
void tick_turn(struct engine *e);
uint64_t tick_wake_ms(const struct engine *e);
bool tick_busy(const struct engine *e);
/* The next tick comes at once and reads the whole list. */
void tick_soon(struct engine *e);
/* pulse.c */
void pulse_init(struct engine *e);
void pulse_fini(struct engine *e);
void pulse_turn(struct engine *e);
bool pulse_busy(const struct engine *e);
/* The Clock is being asked for often: the next turn must come soon. */
bool pulse_urgent(const struct engine *e);
/* The slot that an answer of this endpoint is about becomes the tip when it is ahead. False: it is further ahead than time
 * allows and no other node has been near it. Nothing else in such an answer is believed. */
bool engine_saw_slot(struct engine *e, struct slot confirmed, int endpoint);
void engine_saw_clock(struct engine *e, int64_t chain_s);
/* witness.c */
void witness_init(struct engine *e);
void witness_fini(struct engine *e);
void witness_turn(struct engine *e);
bool witness_busy(const struct engine *e);
/* For some seconds now only one of several nodes has given proof. */
bool witness_lone(const struct engine *e);
/* atas.c */
void atas_want(struct engine *e, const struct pubkey *owner, const struct pubkey *mint,
	const struct pubkey *token_program, const struct pubkey *creator);
void atas_turn(struct engine *e);
void atas_free(struct engine *e);
/* house.c */
void house_init(struct engine *e);
void house_fini(struct engine *e);
void house_turn(struct engine *e);
bool house_busy(const struct engine *e);
/* Some chore is near its next move. */
bool house_hot(const struct engine *e);
/* This account is being closed: no draw may pick it. */
bool house_holds(const struct engine *e, const struct pubkey *randomness);
/* A draw is over: perhaps there is something to clean up. */
void house_soon(struct engine *e);
/* The journal learned of a pool that is over, not drawn by us. */
void house_left_over(struct engine *e);
/* oracles.c */
void oracles_init(struct engine *e);
void oracles_fini(struct engine *e);
void oracles_turn(struct engine *e);
/* A viable oracle that is not among `tried`; the one the canary proved first. False: none. */
bool oracles_choose(const struct engine *e, const struct pubkey *tried, size_t n_tried, struct pubkey *out);
/* Its gateway did not answer: the others come first for a while. */
void oracles_silent(struct engine *e, const struct pubkey *address);
void oracles_track(struct engine *e, const struct pubkey *address);
const struct oracle_entry *oracles_find(const struct engine *e, const struct pubkey *address);
/* canary.c */
void canary_init(struct engine *e);
void canary_fini(struct engine *e);
bool canary_busy(const struct engine *e);
void canary_turn(struct engine *e);
/* rents.c */
void rents_init(struct engine *e);
void rents_fini(struct engine *e);
void rents_turn(struct engine *e);
void rents_reprice(struct engine *e); /* the highest price is another one */
/* draw_accounts.c: a token account as it should be; strict: without delegate and close authority. */
struct token_view token_view_of(
	const struct rpc_account *a, const struct pubkey *mint, const struct pubkey *owner, bool strict);
/* A mint as create_pool accepts it; decimals: with PRESENT. */
enum presence mint_of(const struct rpc_account *a, uint8_t *decimals);
/* out: with PRESENT. */
enum presence participants_of_pool(struct participants_account *out, const struct rpc_account *a,
	const struct pubkey *address, const struct pool_account *pool);
/* counts.c: a row of the journal came into its state. before: ROW_STATES when it was not known. */
void count_row(struct engine *e, const struct row *row, enum row_state before, struct slot sent);
void count_breach(struct engine *e, enum breach what);
/* engine.c: every subject, for signatures and sleeping. */
struct subject *engine_subject(const struct engine *e, size_t index);
size_t engine_subject_count(const struct engine *e);
bool engine_hot(const struct engine *e);
/* Draws between request and select, or about to be, except d; d NULL: all. */
unsigned engine_bound_others(const struct engine *e, const struct draw *d);
/* Some pool's 3000 slots run. */
bool engine_any_bound(const struct engine *e);
/* Postgres has been away for so long that a bound pool's reveal goes through the local spool. */
bool journal_long_gone(const struct engine *e);
void engine_activate(struct engine *e, struct draw *d);
void guard_for(const struct engine *e, enum step step, struct guard *out);
#endif
