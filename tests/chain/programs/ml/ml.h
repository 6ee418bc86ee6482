/* The lottery program: account layouts, constants, and what every instruction handler receives. */
#ifndef ML_ML_H
#define ML_ML_H

#include "anchor.h"
#include "ml/errors.h"
#include "sbf.h"
#include "token.h"

#define MAX_PARTICIPANTS 20
#define MIN_TOKENS 20 /* smallest bet and donation, in whole tokens */
#define MIN_LOCK_DURATION 60
#define MAX_LOCK_DURATION 43200
#define OPEN_DURATION 604800
#define SWEEP_DELAY 604800
#define PAYOUT_TIMEOUT 604800
#define FORFEIT_DELAY 2592000
#define EMERGENCY_DELAY 86400
#define FORCE_EXPIRE_AGE 300
#define RANDOMNESS_SLOTS 3000
#define SEED_SLOTS 300
#define FEE_DENOMINATOR 10000

enum pool_status {
	OPEN,
	LOCKED,
	UNLOCKED,
	RANDOMNESS_COMMITTED,
	RANDOMNESS_REVEALED,
	WINNER_SELECTED,
	ENDED,
	CANCELLED,
	CLOSED,
	POOL_STATUSES
};

enum status_reason {
	REASON_NONE = 0,
	REASON_EXPIRED = 1,
	REASON_PAUSED = 2,
	REASON_MAX_REACHED = 4,
	REASON_CANCELLED = 5,
	REASON_ADMIN_CLOSED = 6
};

struct PACKED pool {
	uint64_t discriminator;
	uint64_t pool_id;
	uint8_t salt[32];
	struct pubkey mint;
	struct pubkey pool_token;
	struct pubkey creator;
	int64_t start_time;
	int64_t duration;
	int64_t expire_time;
	int64_t end_time;
	int64_t unlock_time;
	int64_t close_time;
	uint8_t max_participants;
	int64_t lock_duration;
	int64_t lock_start_time;
	uint64_t amount;
	uint64_t total_amount;
	uint64_t total_volume;
	uint32_t total_joins;
	uint32_t total_donations;
	struct pubkey dev_wallet;
	uint16_t dev_fee_bps;
	uint16_t burn_fee_bps;
	struct pubkey treasury_wallet;
	uint16_t treasury_fee_bps;
	uint64_t randomness[2]; /* u128, little-endian */
	struct pubkey randomness_account;
	uint64_t randomness_deadline_slot;
	uint8_t bump;
	uint8_t status;
	uint8_t paused;
	uint8_t version;
	uint8_t schema;
	uint8_t config_hash[32];
	uint8_t allow_mock;
	uint64_t randomness_commit_slot;
	uint8_t initialized;
	int64_t last_join_time;
	uint8_t status_reason;
	struct pubkey participants_account;
	struct pubkey winner;
	uint8_t processing;
};

struct PACKED participants {
	uint64_t discriminator;
	struct pubkey list[MAX_PARTICIPANTS];
	uint8_t count;
};

_Static_assert(sizeof(struct pool) == 488, "Pool");
_Static_assert(sizeof(struct participants) == 649, "Participants");

/* What an account is to an instruction. */
enum role {
	MINT,
	POOL,
	POOL_TOKEN,
	USER_TOKEN,
	WINNER_TOKEN,
	DEV_TOKEN,
	TREASURY_TOKEN,
	USER,
	WINNER,
	CREATOR_WALLET,
	CLOSE_TARGET,
	RANDOMNESS,
	TOKEN_PROGRAM,
	ATA_PROGRAM,
	SYSTEM_PROGRAM,
	RENT,
	PARTICIPANTS,
	ROLES
};

/* One call of the program. pool and participants point into the account data; args follow the discriminator. */
struct call {
	const struct input *in;
	const uint8_t *args;
	struct account *at[ROLES];
	struct pool *pool;
	struct participants *participants;
	struct clock clock;
	int64_t now;       /* clock.unix_time */
	uint8_t pool_bump; /* create_pool only */
};

static inline bool is_user(const struct call *c, const struct pubkey *key)
{
	return pubkey_equal(c->at[USER]->key, key);
}

static inline uint64_t vault_balance(const struct call *c)
{
	return token_account_of(c->at[POOL_TOKEN])->amount;
}

/* Checks shared by several handlers. A strict token account has neither delegate nor close authority. */
uint64_t check_token_program(const struct call *c);
uint64_t check_vault(const struct call *c);
uint64_t check_minimum(const struct call *c, uint64_t amount);
uint64_t check_config(const struct call *c);
uint64_t check_refundable(const struct call *c);
uint64_t check_ata(const struct call *c, enum role token, const struct pubkey *owner);
uint64_t check_token(const struct call *c, enum role token, const struct pubkey *owner);
uint64_t check_token_strict(const struct call *c, enum role token, const struct pubkey *owner);
void config_hash(const struct pool *pool, uint8_t *hash32);

/* Token movements; out of the vault the pool's PDA signs. Zero amounts are skipped. */
uint64_t pay_in(const struct call *c, uint64_t amount);
uint64_t pay_out(const struct call *c, enum role to, uint64_t amount);
uint64_t burn_from_vault(const struct call *c, uint64_t amount);
uint64_t close_vault(const struct call *c);

/* Instruction handlers. */
uint64_t create_pool(struct call *c);
uint64_t join_pool(struct call *c);
uint64_t donate(struct call *c);
uint64_t set_lock_duration(struct call *c);
uint64_t cancel_pool(struct call *c);
uint64_t admin_close_pool(struct call *c);
uint64_t sweep_expired_pool(struct call *c);
uint64_t unlock_pool(struct call *c);
uint64_t request_randomness(struct call *c);
uint64_t select_winner(struct call *c);
uint64_t payout_winner(struct call *c);
uint64_t claim_refund(struct call *c);
uint64_t claim_rent(struct call *c);
uint64_t finalize_forfeited_pool(struct call *c);
uint64_t pause_pool(struct call *c);
uint64_t unpause_pool(struct call *c);
uint64_t force_expire(struct call *c);

#endif
