/* What --once, health and metrics look at: plain values, copied. No secrets, and nothing that grows with what users do:
 * every name in here is one of a closed list. Times are monotonic milliseconds; 0: never. */
#ifndef ENGINE_SNAPSHOT_H
#define ENGINE_SNAPSHOT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/units.h"
#include "core/journal_rows.h"
#include "core/offchain.h"
#include "core/pool.h"
#include "core/reasons.h"
#include "core/steps.h"

struct db;
struct engine;
struct rpc;

/* What must never happen. Each is an error line as well. */
#define BREACH_TABLE(X)                                                                                  \
	X(PAYOUT_RECORD, "payout_record")   /* a payout is not what the pool says, or nodes differ    */ \
	X(WIN_PASSED_ON, "win_passed_on")   /* a sponsored win lies in a wallet of the house          */ \
	X(OWN_SIGNATURES, "own_signatures") /* our key signed what is not in the journal             */  \
	X(SIGNED_STEP, "signed_step")       /* the signer refused what the engine composed                 */

#define X(name, text) BREACH_##name,
enum breach { BREACH_TABLE(X) BREACHES };
#undef X

/* Slots from the newest confirmed one that was known when a step was first sent to the one it landed in. */
#define LANDING_BOUNDS                      \
	{                                   \
		1, 2, 4, 8, 16, 32, 64, 150 \
	}
enum { LANDING_BUCKETS = 9 }; /* the last one has no bound */
struct landings {
	uint64_t bucket[LANDING_BUCKETS], slots;
};

/* Cheap: may be taken on every turn. What counts counts since the start of this process. */
struct engine_snapshot {
	uint64_t ticks; /* complete looks at all pools                                              */
	uint64_t last_tick_ms;
	uint64_t ticks_failed; /* looks of which some part was not answered */
	uint64_t tick_took_ms; /* the last one */
	uint64_t tick_late_ms; /* so much later than it was due the last one began */
	size_t pools, active;  /* known; with a draw that is near or under way                             */
	size_t due_unfinished; /* draws that are due and not over, and not waiting for a human or a player */
	size_t blocked;        /* due draws that wait for something outside (reason at WARN or ALERT)      */
	size_t mismatches;     /* that stand now, as far as the pools were compared: keeper.mismatches names them  */
	bool leader;
	bool audit_clear; /* see engine/audit.h: what the program does not guard may be opened            */
	bool rebuilt;     /* the history was read; due_unfinished says what is missing */
	uint64_t sends, opens, records;
	uint64_t steps[STEP_COUNT][ROW_STATES]; /* rows that came into this state */
	uint64_t fee_lamports;                  /* of steps that are final or failed on chain */
	struct landings landings;
	uint64_t submissions_accepted, submissions_rejected, submissions_revoked;
	uint64_t replays_refused; /* among the rejected: the hash was used before */
	uint64_t breaches[BREACHES];
	uint64_t offchain[OFFCHAIN_STATES]; /* draws of the database that came into this state */
	struct lamports wallet;
	bool wallet_known;
};
void engine_snapshot(const struct engine *e, struct engine_snapshot *out);

/* The kinds of pool beside the program's own nine. */
enum { POOLS_UNREAD = POOL_CLOSED + 1, POOLS_MISSING, POOLS_UNUSABLE, POOLS_STATES };
enum { SURVEY_SUBJECT = 96, SURVEY_LATE = 8 };

/* A draw of ours that is due, not paid, and waits neither for its creator nor for a human. */
struct late_draw {
	int64_t seconds; /* by the chain's clock */
	enum reason reason;
	char text[SURVEY_SUBJECT];
};

/* A walk over all pools and draws: only when somebody asks. */
struct engine_survey {
	size_t pools[POOLS_STATES];
	size_t draws[REASON_COUNT];  /* near or under way, by what they wait for */
	size_t chores[REASON_COUNT]; /* housekeeping and claims, likewise */
	size_t bound;                /* between request and select */
	size_t n_late;
	struct late_draw late[SURVEY_LATE]; /* the oldest of them, oldest first; seconds 0: none */
	size_t unsettled[ROW_STATES];       /* rows of the journal that are open, landed or stale */
	size_t oracles, oracles_viable;
	uint64_t canary_ms; /* an oracle's gateway last answered */
	bool runway_known;
	uint64_t runway; /* draws that the fee wallet can pay for, each at its highest price */
	struct slot confirmed, finalized;
	uint64_t slot_ms; /* the confirmed slot last moved */
	int64_t chain_s;  /* newest Clock */
	uint64_t journal_down_since_ms;
	size_t histories_unread;
	size_t offchain[OFFCHAIN_STATES]; /* draws of the database that are not over */
	size_t offchain_halted;
	size_t offchain_due;                 /* what a source says is due, and is not locked */
	size_t offchain_waits[REASON_COUNT]; /* all of these, by what they wait for */
	uint64_t offchain_overdue_s;         /* the longest that one of them is past its deadline */
};
void engine_survey(const struct engine *e, struct engine_survey *out);

/* The last certificates whose files are there, newest first. */
enum { CERTIFICATES_KEPT = 10, CERTIFICATE_FILE_TEXT = 128 };
struct certificates_snapshot {
	size_t n;
	char name[CERTIFICATES_KEPT][CERTIFICATE_FILE_TEXT];
};

/* The last payouts that were recorded since the start, newest first: what the transactions themselves said. */
enum { PAID_KEPT = 16 };
struct paid_draw {
	struct pubkey pool, mint, winner, recipient; /* recipient: who got a sponsored win; zero: the winner keeps it */
	struct pubkey randomness;                    /* the account */
	uint64_t pool_id, total, won, dev, burned, treasury; /* in base units */
	unsigned decimals;
	int64_t end_s; /* Unix */
	struct signature sig;
	struct slot slot;
};
struct paid_snapshot {
	size_t n;
	struct paid_draw draw[PAID_KEPT];
	struct certificates_snapshot certificates;
};
void engine_paid(const struct engine *e, struct paid_snapshot *out);

/* One endpoint, and one method asked of one endpoint. */
struct node_snapshot {
	const char *label; /* "rpc1" */
	bool well, down, sick, lagging;
	uint64_t lag, latency_us;
};
struct calls_snapshot {
	const char *label, *method;
	uint64_t ok, retry, unknown, refused, invalid, rate_limited;
};
enum { SNAPSHOT_NODES = 5, SNAPSHOT_CALLS = 80 };
struct outside_snapshot {
	size_t n_nodes, n_calls;
	struct node_snapshot node[SNAPSHOT_NODES];
	struct calls_snapshot call[SNAPSHOT_CALLS]; /* those that were ever asked */
	bool db_up, db_busy;
	unsigned db_waiting; /* statements that are not sent yet */
	uint64_t db_connects, db_ok, db_retry, db_unknown, db_refused;
	uint64_t db_us, db_last_us; /* from sending to the answer: all, the last */
};
void outside_snapshot(const struct rpc *rpc, const struct db *db, struct outside_snapshot *out);
#endif
