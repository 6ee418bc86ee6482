/* Why a draw waits or halts: the closed list that log, metrics and `explain` share.
 * LEVEL: INFO is normal waiting, WARN means something outside must change, ALERT means a human must look now.
 * WHOSE: a draw that is due and waits so for long turns readiness red when it is OURS to get on with, or BOUND when its 3000
 * slots run; what somebody else can bring about by making or spoiling a pool is OTHERS. */
#ifndef CORE_REASONS_H
#define CORE_REASONS_H
#include <stdbool.h>

#define REASON_TABLE(X) \
	X(NONE,                INFO,  OURS,   "nothing to wait for") \
	X(STALE_VIEW,          INFO,  OURS,   "the nodes show a state older than what was already acted on") \
	X(OPEN_POOL,           INFO,  OURS,   "the pool is open for players") \
	X(TOO_EARLY,           INFO,  OURS,   "the lock time is not over") \
	X(IN_FLIGHT,           INFO,  OURS,   "a transaction is out; its fate is not known yet") \
	X(NOT_FINAL,           INFO,  OURS,   "done, waiting for the cluster to finalize it") \
	X(PROVING_EXPIRY,      INFO,  OURS,   "a transaction's blockhash is over; proving that it never landed") \
	X(STALE_SUCCESSOR,     WARN,  OURS,   "a fork undid a step; waiting until its successor is final or expired") \
	X(NOT_THE_LEADER,      INFO,  OURS,   "another poolkeeper holds the lease") \
	X(DRY_RUN,             INFO,  OURS,   "dry run: the transaction would be opened here") \
	X(STOPPING,            INFO,  OURS,   "poolkeeper is stopping: nothing new is opened") \
	X(FOREIGN_DEV,         WARN,  BOUND,  "dev_wallet of this pool is not our key") \
	X(NOT_A_POOL,          WARN,  BOUND,  "the address does not hold a pool of the ml program") \
	X(BAD_ACCOUNT,         WARN,  BOUND,  "the pool account cannot be decoded, or a field is out of range") \
	X(NO_ACCOUNT,          WARN,  BOUND,  "the pool account does not exist on chain") \
	X(OTHER_POOL_ID,       INFO,  BOUND,  "the address holds a newer pool; this draw is over") \
	X(PAUSED,              WARN,  BOUND,  "the pool is paused") \
	X(POLICY_TREASURY,     WARN,  BOUND,  "treasury_wallet of the pool is not the configured one") \
	X(POLICY_FEES,         WARN,  BOUND,  "the pool's fees are outside the configured policy") \
	X(POLICY_MOCK,         WARN,  BOUND,  "the pool allows mock randomness") \
	X(CONFIG_HASH,         ALERT, BOUND,  "config_hash does not recompute: select would fail for ever") \
	X(VAULT_MISMATCH,      ALERT, BOUND,  "the vault does not hold exactly total_amount: payout would fail for ever") \
	X(PARTICIPANTS_MISMATCH, ALERT, BOUND,  "the participants account does not hold the players that a locked pool has") \
	X(KEEPER_MISMATCH,     ALERT, BOUND,  "our own records of this pool are not what the chain shows: see keeper.mismatches") \
	X(WATCH_ASKED,         INFO,  OURS,   "our own records of this pool are being compared with the chain") \
	X(VAULT_UNUSABLE,      ALERT, BOUND,  "the vault is missing, frozen or not this pool's") \
	X(OVERFLOW,            ALERT, BOUND,  "total_amount times fees overflows: payout would fail for ever") \
	X(PARTICIPANTS_BAD,    ALERT, BOUND,  "the participants account is not this pool's, or its count is out of range") \
	X(MINT_UNUSABLE,       WARN,  BOUND,  "the mint is missing or has an extension that the program forbids") \
	X(ATA_MISSING,         INFO,  OURS,   "a token account that payout needs is being created") \
	X(ATA_UNUSABLE,        WARN,  BOUND,  "a token account that payout needs is frozen or has a delegate or close authority") \
	X(SPONSOR_MAPPING,     WARN,  BOUND,  "sponsored_participants does not name exactly one valid wallet for an auxiliary wallet") \
	X(SPONSOR_KEY,         WARN,  OURS,   "the key of an auxiliary wallet is missing: its win could not be passed on") \
	X(NO_ORACLE,           WARN,  OURS,   "no oracle is verified, alive and on the allow-list") \
	X(CANARY_SILENT,       WARN,  OURS,   "no oracle's gateway answered our canary within the last minute") \
	X(WALLET_LOW,          WARN,  OURS,   "the fee wallet cannot pay for this draw and the ones already bound") \
	X(CREATOR_CAP,         WARN,  BOUND,  "the pools of this creator have cost as much as they may today; it goes on after midnight UTC") \
	X(TOO_MANY_BOUND,      INFO,  OURS,   "as many pools as allowed are between request and select") \
	X(JOURNAL_SILENT,      WARN,  OURS,   "Postgres did not confirm a write in the last seconds") \
	X(SIMULATION_FAILED,   WARN,  OURS,   "the node says that the next transaction would fail") \
	X(NODES_SILENT,        WARN,  OURS,   "no node answered") \
	X(ORACLE_ASKED,        INFO,  OURS,   "waiting for the oracle's answer") \
	X(ANSWER_REFUSED,      ALERT, OURS,   "the program refuses the oracle's answer") \
	X(FOREIGN_RANDOMNESS,  ALERT, OTHERS, "the randomness account is not under our key: waiting for somebody's reveal") \
	X(DEADLINE_PASSED,     ALERT, OTHERS, "3000 slots passed since the request: the program will never select a winner") \
	X(PAUSED_BOUND,        ALERT, BOUND,  "the pool is paused while its 3000 slots run: unpause it, or its pot is lost") \
	X(PAYOUT_BLOCKED,      ALERT, BOUND,  "payout fails on chain; trying again later") \
	X(RETRY_LATER,         WARN,  OURS,   "the last transaction failed; trying again later") \
	X(HISTORY_PRUNED,      ALERT, OURS,   "no node's history reaches back to our transaction: its fate cannot be proven") \
	X(RECORD_MISMATCH,     ALERT, OTHERS, "the payout on chain is not what the pool's own rules say") \
	X(TRANSACTION_TOO_BIG, ALERT, OURS,   "the transaction does not fit into 1232 bytes") \
	X(NEEDED,              INFO,  OTHERS, "housekeeping: a draw uses it, or is about to") \
	X(DRAWS_FIRST,         INFO,  OTHERS, "housekeeping: draws go first") \
	X(NOT_SPENT,           WARN,  OTHERS, "housekeeping: the randomness account is not ours, or not revealed: it is left alone") \
	X(GIVEN_UP,            ALERT, OTHERS, "housekeeping: failed on chain three times, nothing more is sent") \
	X(REFERRAL_OFF,        INFO,  OTHERS, "referral: payouts are off, or were off since the claim was made: it is not paid by itself") \
	X(REFERRAL_AUDIT,      INFO,  OTHERS, "referral: every signature of the treasury and the dev wallet must be accounted for first") \
	X(REFERRAL_FOREIGN,    ALERT, OTHERS, "referral: the treasury's key signed what the journal does not hold: check what was paid, then switch payouts off and on") \
	X(REFERRAL_CHANGED,    ALERT, OTHERS, "referral: the app's row was changed or deleted after it was taken in: see keeper.referral_payouts") \
	X(REFERRAL_DISPUTED,   ALERT, OTHERS, "referral: nodes tell different fates of its transaction: it is neither paid again nor counted as paid") \
	X(REFERRAL_AMOUNT,     WARN,  OTHERS, "referral: the amount is not a whole number of base units above zero") \
	X(REFERRAL_MINT,       WARN,  OTHERS, "referral: the mint is no address, not there, or has an extension with which what arrives may differ") \
	X(REFERRAL_WALLET,     WARN,  OTHERS, "referral: not exactly one wallet of this referrer is known in its own case") \
	X(REFERRAL_CAP,        WARN,  OTHERS, "referral: the claim is above REFERRAL_MAX_BASE_UNITS") \
	X(REFERRAL_DAY_CAP,    WARN,  OTHERS, "referral: as many claims as REFERRAL_MAX_PER_DAY allows were opened today; it goes on after midnight UTC") \
	X(REFERRAL_NOT_COVERED, WARN, OTHERS, "referral: with the other claims it is more than this referrer's shares of this mint") \
	X(REFERRAL_RECEIVER,   WARN,  OTHERS, "referral: the receiver's token account is frozen, not his, or has a delegate or close authority") \
	X(REFERRAL_TOKENS,     WARN,  OTHERS, "referral: the treasury's token account is missing, unusable or too poor") \
	X(REFERRAL_SOL,        WARN,  OTHERS, "referral: the treasury has too few SOL for the fee and a token account's rent") \
	X(OFFCHAIN_ANCHOR,     INFO,  OTHERS, "draw of the database: the memo with its row's hash is on the way") \
	X(OFFCHAIN_ANCHOR_LATE, ALERT, OTHERS, "draw of the database: no memo can be in a slot before S any more; it defaults at its deadline, and stakes are refunded") \
	X(OFFCHAIN_SLOT,       INFO,  OTHERS, "draw of the database: waiting for the first finalized block from slot S on") \
	X(OFFCHAIN_ONE_NODE,   WARN,  OTHERS, "draw of the database: only one node shows the block at slot S, two have to; offchain.no_block says which one does not") \
	X(OFFCHAIN_WITNESS,    ALERT, OTHERS, "draw of the database: rules without a VRF need nodes of two hosts, or one alone could choose the block; set SOLANA_RPC_URL_2, or it defaults at its deadline") \
	X(OFFCHAIN_NODES_DIFFER, WARN, OTHERS, "draw of the database: two nodes show different blocks at slot S") \
	X(OFFCHAIN_ROUND,      INFO,  OTHERS, "draw of the database: its drand round is not due yet") \
	X(OFFCHAIN_RELAYS,     WARN,  OTHERS, "draw of the database: no two drand relays gave the same signature of its round yet") \
	X(OFFCHAIN_KEY,        ALERT, OTHERS, "draw of the database: the VRF key of its lock is not here; without it the draw defaults at its deadline") \
	X(OFFCHAIN_NO_SOURCE,  ALERT, OTHERS, "draw of the database: OFFCHAIN_SOURCES has no statements of its source") \
	X(OFFCHAIN_RETRY,      WARN,  OTHERS, "draw of the database: Postgres did not take the last statement; it is tried again") \
	X(OFFCHAIN_SOURCE,     WARN,  OTHERS, "draw of the database: a statement of its source was not done in time; it is tried again after a while, other sources go first") \
	X(OFFCHAIN_CLOCKS,     WARN,  OTHERS, "draw of the database: its clock and the chain's differ by more than a minute, or no node tells the chain's: nothing is locked or given up until they agree; see NTP on the database's server") \
	X(OFFCHAIN_AUDIT,      INFO,  OTHERS, "draw of the database: nothing is locked before every signature of the dev wallet is accounted for; the audit's lines say what is missing") \
	X(OFFCHAIN_NODES,      WARN,  OTHERS, "draw of the database: nothing is locked before two nodes, where there are two, show the same finalized block; offchain.no_block says which one does not") \
	X(OFFCHAIN_ROOM,       INFO,  OTHERS, "draw of the database: as many draws of its source as fit are locked and not over") \
	X(OFFCHAIN_NOT_LOCKED, WARN,  OTHERS, "draw of the database: it was not locked, nothing of it was kept; it is tried again after a while") \
	X(OFFCHAIN_HALTED,     ALERT, OTHERS, "draw of the database: halted, see halted_why of keeper.offchain_draws; tried again after a while") \
	X(OVER,                INFO,  OTHERS, "the draw is over and recorded")

enum reason_level { REASON_INFO, REASON_WARN, REASON_ALERT };
enum reason_whose { WHOSE_OTHERS, WHOSE_OURS, WHOSE_BOUND };
#define X(name, level, whose, text) WAIT_##name,
enum reason { REASON_TABLE(X) REASON_COUNT };
#undef X

struct reason_def {
	const char *name;
	enum reason_level level;
	enum reason_whose whose;
	const char *text;
};
extern const struct reason_def REASONS[REASON_COUNT];

/* Writes the reason named `text` to *out; false when there is none. */
bool reason_from_name(const char *text, enum reason *out);
#endif
