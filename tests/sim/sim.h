/* The simulated world: one process, virtual time, a chain, nodes that lie within limits, a Postgres that forgets nothing
 * and daemons that are killed anywhere. One run at a time; everything here belongs to that run. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "chain/rpc.h"
#include "core/event.h"
#include "core/guard.h"
#include "core/pool.h"
#include "core/switchboard.h"
#include "engine/engine.h"
#include "journal/commits.h"
#include "journal/house.h"
#include "journal/referrals.h"
#include "journal/journal.h"
#include "journal/histories.h"
#include "journal/lease.h"
#include "journal/records.h"
#include "journal/watches.h"

enum {
	POOLS_MAX = 3,
	PLAYERS = 4,
	ORACLES = 2,
	NODES_MAX = 3,
	DAEMONS_MAX = 2,
	RANDS_MAX = 48,
	CLAIMS = 2,
	BLOCK_MS = 400,
	FINAL_DEPTH = 32, /* blocks behind the newest one that no fork undoes          */
	HASH_LIFE = 150,  /* blocks during which a blockhash is good                   */
	LAG_MAX = 130,
	PREHISTORY = 400, /* blocks before the daemons start                           */
	DEFAULT_RUNS = 100000,
};

/* ---- random.c: one stream, so a run is its seed ---- */
void random_seed(uint64_t seed);
uint32_t random_below(uint32_t n); /* n > 0 */
bool random_chance(unsigned per_mille);
void random_bytes(void *out, size_t n);
uint64_t random_mixed(uint64_t z); /* no chance: the same for the same z */

/* ---- scenario.c: what goes wrong, and how often (per mille of calls) ---- */
struct faults {
	unsigned lag, deep_lag;  /* a few blocks behind; up to LAG_MAX                            */
	unsigned rpc_lost, slow; /* no answer; answer after seconds                               */
	unsigned gateway_lost;   /* an oracle's gateway gives no answer */
	unsigned send_dropped, send_late, send_twice, send_doubt, send_hidden; /* hidden: OK said, never sent    */
	unsigned fail_landed;      /* a transaction lands and fails for no reason of its own        */
	unsigned too_early_absent; /* a node does not know a signature that it should know          */
	unsigned db_retry, db_lost_reply, db_late;
	unsigned fork_every_blocks; /* 0: none                                                       */
	unsigned fork_deep;         /* per mille of forks deeper than the confirmed block            */
};
struct scenario {
	const char *name;
	struct faults faults;
	bool strict;      /* the programs check what the real ones check; otherwise they accept everything        */
	bool split_brain; /* every daemon holds the lease                                                         */
	bool liar;        /* with two nodes or more: one answers "not found" about everything for ever            */
	bool forger;      /* with two nodes or more: one makes things up while things go wrong                    */
	bool node_down;   /* with two nodes or more: one is silent as long as things go wrong                     */
	bool bad_oracles; /* dead, slow, equivocating or refused ones                                             */
	bool gates;       /* pools that may not be bound at first, or never                                       */
	bool short_outage, spool_outage, deadline_outage; /* of Postgres                                           */
	bool sends_vanish; /* in an outage nothing that is sent arrives at first, for up to two lives of a blockhash          */
	unsigned daemons, nodes_min, nodes_max;
};
extern const struct scenario SCENARIOS[];
extern const size_t SCENARIO_COUNT;
/* Draws the world of one run. */
void scenario_begin(const struct scenario *s);

/* ---- forger.c: changes this node's answer now and then, if it is the one that makes things up ---- */
void forge_status(int node, struct rpc_status *out, struct slot at);
void forge_epoch(int node, struct rpc_epoch *out);
void forge_blockhash(int node, struct rpc_blockhash *out);

/* ---- chain.c, program.c: blocks and the state after each ---- */
enum oracle_kind { ORACLE_HONEST, ORACLE_SLOW, ORACLE_DEAD, ORACLE_CHANGING, ORACLE_REFUSED };
struct sim_oracle {
	struct pubkey address;
	enum oracle_kind kind;
	bool verified;
	uint64_t verified_ms; /* not before */
	uint64_t dies_ms;     /* its gateway, for good; 0: never */
};
/* What of a pool never changes. */
struct sim_pool {
	struct pool_account terms;
	struct pubkey address, dev_ata, treasury_ata;
	char subject[SUBJECT_TEXT];
	struct pubkey player[PLAYERS], player_ata[PLAYERS];
	struct pubkey recipient[PLAYERS]; /* whom a player plays for; zero: for himself */
	uint64_t unlocked_ms;   /* somebody else unlocks then; 0: nobody                                          */
	uint64_t gate_until_ms; /* not to be bound before; 0: no gate, UINT64_MAX: never                          */
	bool gate_is_pause, gate_is_vault;
	uint64_t payout_until_ms; /* payout fails before                                                            */
	bool payable;
};
struct pool_state {
	enum pool_status status;
	bool paused;
	struct pubkey randomness, winner;
	uint64_t commit_slot, total_amount, vault_amount;
	struct u128 value;
	int64_t unlock_time, end_time;
	uint8_t count;
};
struct rand_state {
	struct pubkey address, authority, oracle;
	struct hash seed_slothash;
	uint64_t seed_slot, reveal_slot, lut_slot;
	uint8_t value[32];
};
struct state {
	struct pool_state pool[POOLS_MAX];
	struct rand_state rand[RANDS_MAX];
	unsigned n_rands;
	bool dev_ata[POOLS_MAX], treasury_ata[POOLS_MAX];
	bool recipient_ata[POOLS_MAX][PLAYERS];
	bool claim_ata[CLAIMS];
	uint8_t claim_paid[CLAIMS]; /* times */
};
struct block {
	struct slot slot;
	struct hash hash;
	uint64_t ms;
	int64_t unix_s;
	uint32_t state;
};
enum external_kind { EXTERNAL_UNLOCK, EXTERNAL_UNPAUSE, EXTERNAL_VAULT, EXTERNAL_REVEAL };
/* What an executed transaction did, for the invariants. */
struct effects {
	int bind, select, pay; /* pool, or -1                                                                     */
	int created_ata; /* by a transaction of its own: 0 the developer's token account, 1 the treasury's, -1 none */
	struct draw_payout_fact {
		uint64_t winner, dev, burn, treasury;
		struct pubkey to;
		int64_t end_time;
	} paid;
	struct { /* from a sponsored winner to whom he plays for; amount 0: nothing */
		struct pubkey to;
		uint64_t amount;
	} passed_on;
	unsigned claim_times; /* so often the claim is paid that this transaction pays; 0: none */
	int orphaned;         /* pool whose randomness account was closed before its select, or -1                    */
	bool replaced;        /* a commit took the place of another one of a bound pool                          */
	struct rand_state old;
};
struct sim_tx {
	struct signature sig;
	uint16_t len;
	uint8_t bytes[ROW_TX_MAX];
	uint64_t arrives_ms[3]; /* 0: not under way                                                              */
	size_t hash_block;      /* index of the block whose hash it names; SIZE_MAX: none on this fork            */
	size_t landed;          /* index of its block; SIZE_MAX: not on chain                                     */
	bool failed;
	struct tx_failure failure;
	int pool;               /* that it names; -1: none                                                        */
	struct effects effects; /* once landed and not failed                                                     */
};
void chain_begin(void);
void chain_end(void);
void chain_external(enum external_kind kind, int pool, uint64_t ms);
/* The first PREHISTORY blocks, then one block after the other by itself. */
void chain_start(void);
size_t chain_tip(void);  /* index of the newest block */
size_t chain_root(void); /* index of the newest block that no fork undoes */
const struct block *chain_at(size_t index);
const struct state *chain_state(size_t index);
struct state *chain_newest_state(void); /* only before the first block of a run */
uint64_t chain_height(size_t index);
size_t chain_block_of(const struct hash *hash); /* index; SIZE_MAX: none whose hash may still be good */
const struct sim_tx *chain_find(const struct signature *sig);
/* Newest first, about this pool, finalized for a node at `index`. */
size_t chain_signatures(int pool, size_t index, struct rpc_signature_info *out, size_t max);
void chain_arrive(const uint8_t *tx, size_t len, uint64_t when_ms);
bool program_run(struct state *s, const uint8_t *tx, size_t len, const struct block *block, const struct block *before,
	struct tx_failure *failure, struct effects *effects);
void program_external(struct state *s, enum external_kind kind, int pool, const struct block *block);
struct rand_state *state_rand(struct state *s, const struct pubkey *address);
/* Some pool waits for the value of this account. */
int pool_bound_to(const struct state *s, const struct pubkey *randomness);

/* ---- accounts.c ---- */
enum { ACCOUNT_BYTES_MAX = 6280 };
/* The account as it is in `state` at `block`; data is written to buf. */
void account_encode(struct rpc_account *out, uint8_t buf[ACCOUNT_BYTES_MAX], const struct pubkey *key,
	const struct state *state, const struct block *block);

/* ---- fake_gateway.c ---- */
void oracle_sign(struct oracle_answer *answer, const struct pubkey *oracle, const struct pubkey *randomness,
	uint64_t seed_slot, const struct hash *seed_slothash, unsigned salt);
/* What the program thinks of an answer to the commit that `r` shows. */
bool oracle_accepted(const struct rand_state *r, const struct oracle_answer *answer);
const struct sim_oracle *oracle_find(const struct pubkey *address);

/* ---- database.c, ledger.c: Postgres; survives crashes. Each function is one statement. ---- */
struct statement;
struct db_step {
	struct row row;
	struct slot high;
};
struct db_subject {
	char text[SUBJECT_TEXT];
	struct db_step *step;
	size_t n, room;
};
struct db_payout {
	bool recorded;
	unsigned times;
	struct journal_payout payout;
};
void db_begin(void);
void db_end(void);
struct db_subject *db_subject(const char *text);
size_t db_subject_count(void);
struct db_subject *db_subject_at(size_t i);
const struct db_step *db_step_of(const struct signature *sig);
bool db_held(uint64_t fence); /* PK001 otherwise */
void db_rows(const char *subject, struct rows *out);
enum err db_open(uint64_t fence, const char *subject, uint64_t prev_seq, const struct row *row, struct slot lut_slot,
	bool import);
enum err db_close(uint64_t fence, const char *subject, uint64_t seq, const struct journal_outcome *outcome);
enum err db_reopen(uint64_t fence, const char *subject, uint64_t seq);
enum err db_settle(const char *subject, uint64_t seq, const struct journal_outcome *outcome);
enum err db_payout(uint64_t fence, const char *subject, const struct journal_payout *payout);
const struct db_payout *db_paid(int pool);
void ledger_begin(void);
bool ledger_claim(const char *draw, uint64_t seq, const struct pubkey *randomness, struct slot lut_slot);
void ledger_release(const char *draw, uint64_t seq, bool selected); /* seq 0: whatever it holds */
void ledger_free_account(const char *draw, struct commit_row *out);
/* Accounts that exist and that nobody holds, released idle_ms ago or earlier, but not the `keep` newest. */
size_t ledger_idle(struct pubkey *out, size_t max, size_t keep, uint64_t idle_ms);
enum err ledger_record(uint64_t fence, const char *draw, const struct commit_row *given, struct commit_row *out);
/* Some commit of this account has this answer. */
bool ledger_has_answer(const struct pubkey *randomness, const struct oracle_answer *answer);
/* The commit that an account shows; NULL: not in the ledger. */
const struct commit_row *ledger_find(
	const struct pubkey *randomness, uint64_t seed_slot, const struct hash *seed_slothash);
bool ledger_lease(const char *owner, uint64_t *fence);
uint64_t ledger_fence(void);

/* ---- fake_journal.c, fake_commits.c, spool.c: the client of one daemon ---- */
struct sim_spool; /* survives crashes */
struct sim_spool *spool_new(void);
void spool_delete(struct sim_spool *spool);
bool spool_has(const struct sim_spool *spool, const struct signature *sig);
bool spool_has_answer(
	const struct sim_spool *spool, const struct pubkey *randomness, const struct oracle_answer *answer);
void statements_end(void); /* those that no run will execute any more */
struct journal *sim_journal_new(int daemon, struct sim_spool *spool);
void sim_journal_free(struct journal *journal);
struct rpc *sim_rpc_new(int daemon);
void sim_rpc_free(struct rpc *rpc);
struct gateway *sim_gateway_new(int daemon);
void sim_gateway_free(struct gateway *gateway);
struct signer *sim_signer_new(const struct pubkey *key);
void sim_signer_free(struct signer *signer);

/* ---- events.c: what happens later ---- */
typedef void event_fire(void *owner);
struct event_ref {
	uint32_t slot, generation; /* generation 0: none */
};
void events_begin(void);
/* daemon -1: of the world, survives every crash. Otherwise it is a reply: a boundary, and a reason for a turn. */
struct event_ref event_at(uint64_t ms, int daemon, event_fire *fire, void *owner);
void event_cancel(struct event_ref ref);
uint64_t event_next_ms(void); /* UINT64_MAX: none */
void event_run_due(void);

/* ---- world.c ---- */
struct sim_daemon {
	struct engine *engine; /* NULL: killed */
	struct rpc *rpc;
	struct journal *journal;
	struct gateway *gateway;
	struct signer *signer;
	struct sim_spool *spool;
	uint64_t restart_ms, wake_ms;
	bool dirty, dying;
	unsigned boots;
	unsigned in_vain; /* turns in a row that it asked for at once, and nothing was new */
};
/* Of a referrer, in a token of its own. */
struct sim_claim {
	struct pubkey wallet;
	uint64_t amount;
};
struct outage {
	uint64_t from_ms, until_ms;
};
struct world {
	const struct scenario *scenario;
	struct faults faults;
	uint64_t seed, now_ms, start_ms, calm_ms; /* from calm_ms on nothing goes wrong any more */
	uint64_t boundaries, crash_at, next_crash_at, crashes;
	bool verbose, ended;
	unsigned n_pools, n_nodes, n_daemons;
	int liar;      /* node, or -1 */
	int forger;    /* likewise */
	int down;      /* likewise */
	int favourite; /* node that answers whenever any may; -1: each time another one */
	struct pubkey key, treasury, mint;
	struct sb_net net;
	struct policy policy;
	struct pubkey claim_mint;
	struct sim_claim claim[CLAIMS]; /* with policy.pay_referrals */
	struct sim_pool pool[POOLS_MAX];
	struct sim_oracle oracle[ORACLES];
	struct sim_daemon daemon[DAEMONS_MAX];
	struct outage outage[2];
	bool bind_opened;
	bool outage_after_bind;        /* the outage starts when the first pool is bound */
	uint64_t outage_ms, vanish_ms; /* of its beginning: nothing that is sent arrives */
};
extern struct world world;
/* One run. Returns the number of boundaries that it had. A violation ends the process. */
uint64_t world_run(const struct scenario *scenario, uint64_t seed, uint64_t crash_at, bool verbose);
/* A call starts or an answer arrives: true when the daemon is killed here. */
bool world_boundary(int daemon);
bool world_calm(void);
bool world_outage(void);
bool world_sends_vanish(void);
/* Chance of a fault that stops when calm comes. */
bool world_fault(unsigned per_mille);
void world_pool_bound(void);
int pool_of_address(const struct pubkey *address);
/* Whom this player of the pool plays for; NULL: for himself, or he is none. */
const struct pubkey *recipient_of(const struct sim_pool *pool, const struct pubkey *player);
int pool_of_subject(const char *text);

/* ---- claims.c ---- */
void claims_draw(void);
uint64_t claims_treasury_tokens(const struct state *s);
void claims_create_ata(struct state *s, const struct pubkey *address);
/* False: no transfer of a claim. */
bool claims_transfer(
	struct state *s, struct effects *effects, const struct pubkey *from, const struct pubkey *to, uint64_t amount);
/* Each is paid and final, or given up. */
bool claims_settled(void);
void claims_check_end(void);

/* ---- check.c: the invariants ---- */
void check_begin(void);
__attribute__((format(printf, 2, 3), noreturn)) void violation(const char *invariant, const char *format, ...);
void check_told_rows(int daemon, const char *subject, const struct rows *rows);
void check_daemon_died(int daemon);
void check_send(int daemon, const uint8_t *tx, size_t len);
/* A row is about to be added to what is there. */
void check_opening(const struct db_subject *subject, const struct row *row);
void check_open_rows(const struct db_subject *subject);
void check_landed(const struct sim_tx *tx, const struct effects *effects);
void check_signed_reveal(const struct guard *guard, const uint8_t *tx, size_t len);
void check_payout(int pool, const struct journal_payout *payout);
bool check_settled(unsigned pool); /* none of its rows is open, landed or stale */
bool check_finished(void);
void check_end(void);

#endif
