/* Why a draw waits or halts: the closed list that log, metrics and `explain` share.
 * LEVEL: INFO is normal waiting, WARN means something outside must change, ALERT means a human must look now. */
#ifndef CORE_REASONS_H
#define CORE_REASONS_H

#define REASON_TABLE(X) \
	X(NONE,                INFO,  "nothing to wait for") \
	X(STALE_VIEW,          INFO,  "the nodes show a state older than what was already acted on") \
	X(OPEN_POOL,           INFO,  "the pool is open for players") \
	X(TOO_EARLY,           INFO,  "the lock time is not over") \
	X(IN_FLIGHT,           INFO,  "a transaction is out; its fate is not known yet") \
	X(NOT_FINAL,           INFO,  "done, waiting for the cluster to finalize it") \
	X(PROVING_EXPIRY,      INFO,  "a transaction's blockhash is over; proving that it never landed") \
	X(STALE_SUCCESSOR,     WARN,  "a fork undid a step; waiting until its successor is final or expired") \
	X(NOT_THE_LEADER,      INFO,  "another poolkeeper holds the lease") \
	X(DRY_RUN,             INFO,  "dry run: the transaction would be opened here") \
	X(STOPPING,            INFO,  "poolkeeper is stopping: nothing new is opened") \
	X(FOREIGN_DEV,         WARN,  "dev_wallet of this pool is not our key") \
	X(NOT_A_POOL,          WARN,  "the address does not hold a pool of the ml program") \
	X(BAD_ACCOUNT,         WARN,  "the pool account cannot be decoded, or a field is out of range") \
	X(NO_ACCOUNT,          WARN,  "the pool account does not exist on chain") \
	X(OTHER_POOL_ID,       INFO,  "the address holds a newer pool; this draw is over") \
	X(PAUSED,              WARN,  "the pool is paused") \
	X(POLICY_TREASURY,     WARN,  "treasury_wallet of the pool is not the configured one") \
	X(POLICY_FEES,         WARN,  "the pool's fees are outside the configured policy") \
	X(POLICY_MOCK,         WARN,  "the pool allows mock randomness") \
	X(CONFIG_HASH,         ALERT, "config_hash does not recompute: select would fail for ever") \
	X(VAULT_MISMATCH,      ALERT, "the vault does not hold exactly total_amount: payout would fail for ever") \
	X(PARTICIPANTS_MISMATCH, ALERT, "the participants account does not hold the players that a locked pool has") \
	X(KEEPER_MISMATCH,     ALERT, "our own records of this pool are not what the chain shows: see keeper.mismatches") \
	X(WATCH_ASKED,         INFO,  "our own records of this pool are being compared with the chain") \
	X(VAULT_UNUSABLE,      ALERT, "the vault is missing, frozen or not this pool's") \
	X(OVERFLOW,            ALERT, "total_amount times fees overflows: payout would fail for ever") \
	X(PARTICIPANTS_BAD,    ALERT, "the participants account is not this pool's, or its count is out of range") \
	X(MINT_UNUSABLE,       WARN,  "the mint is missing or has an extension that the program forbids") \
	X(ATA_MISSING,         INFO,  "a token account that payout needs is being created") \
	X(ATA_UNUSABLE,        WARN,  "a token account that payout needs is frozen or has a delegate or close authority") \
	X(SPONSOR_MAPPING,     WARN,  "sponsored_participants does not name exactly one valid wallet for an auxiliary wallet") \
	X(SPONSOR_KEY,         WARN,  "the key of an auxiliary wallet is missing: its win could not be passed on") \
	X(NO_ORACLE,           WARN,  "no oracle is verified, alive and on the allow-list") \
	X(CANARY_SILENT,       WARN,  "no oracle's gateway answered our canary within the last minute") \
	X(WALLET_LOW,          WARN,  "the fee wallet cannot pay for this draw and the ones already bound") \
	X(CREATOR_CAP,         WARN,  "the pools of this creator have cost as much as they may today; it goes on after midnight UTC") \
	X(TOO_MANY_BOUND,      INFO,  "as many pools as allowed are between request and select") \
	X(JOURNAL_SILENT,      WARN,  "Postgres did not confirm a write in the last seconds") \
	X(SIMULATION_FAILED,   WARN,  "the node says that the next transaction would fail") \
	X(NODES_SILENT,        WARN,  "no node answered") \
	X(ORACLE_ASKED,        INFO,  "waiting for the oracle's answer") \
	X(ANSWER_REFUSED,      ALERT, "the program refuses the oracle's answer") \
	X(FOREIGN_RANDOMNESS,  ALERT, "the randomness account is not under our key: waiting for somebody's reveal") \
	X(DEADLINE_PASSED,     ALERT, "3000 slots passed since the request: the program will never select a winner") \
	X(PAUSED_BOUND,        ALERT, "the pool is paused while its 3000 slots run: unpause it, or its pot is lost") \
	X(PAYOUT_BLOCKED,      ALERT, "payout fails on chain; trying again later") \
	X(RETRY_LATER,         WARN,  "the last transaction failed; trying again later") \
	X(HISTORY_PRUNED,      ALERT, "no node's history reaches back to our transaction: its fate cannot be proven") \
	X(RECORD_MISMATCH,     ALERT, "the payout on chain is not what the pool's own rules say") \
	X(TRANSACTION_TOO_BIG, ALERT, "the transaction does not fit into 1232 bytes") \
	X(NEEDED,              INFO,  "housekeeping: a draw uses it, or is about to") \
	X(DRAWS_FIRST,         INFO,  "housekeeping: draws go first") \
	X(NOT_SPENT,           WARN,  "housekeeping: the randomness account is not ours, or not revealed: it is left alone") \
	X(GIVEN_UP,            ALERT, "housekeeping: failed on chain three times, nothing more is sent") \
	X(OVER,                INFO,  "the draw is over and recorded")

enum reason_level { REASON_INFO, REASON_WARN, REASON_ALERT };
#define X(name, level, text) WAIT_##name,
enum reason { REASON_TABLE(X) REASON_COUNT };
#undef X

struct reason_def { const char *name; enum reason_level level; const char *text; };
extern const struct reason_def REASONS[REASON_COUNT];
#endif
