/* The two accounts of a pool of the ml program: Pool (488 bytes) and Participants (649 bytes). */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/key.h"
#include "base/units.h"
#include "core/account.h"

enum {
	POOL_ACCOUNT_SIZE = 488,
	POOL_VAULT_OFFSET = 80,
	POOL_DEV_WALLET_OFFSET = 241, /* for getProgramAccounts filters */
	POOL_RANDOMNESS_OFFSET = 327,
	POOL_PARTICIPANTS_OFFSET = 423,
	POOL_STATUS_OFFSET = 368,
	PARTICIPANTS_ACCOUNT_SIZE = 649,
	PARTICIPANTS_MAX = 20,
};

extern const uint8_t POOL_DISCRIMINATOR[8];
extern const uint8_t PARTICIPANTS_DISCRIMINATOR[8];

/* Wire bytes: borsh writes the ordinal. */
enum pool_status {
	POOL_OPEN = 0,
	POOL_LOCKED = 1,
	POOL_UNLOCKED = 2,
	POOL_RANDOMNESS_COMMITTED = 3,
	POOL_RANDOMNESS_REVEALED = 4, /* in the IDL, never stored */
	POOL_WINNER_SELECTED = 5,
	POOL_ENDED = 6,
	POOL_CANCELLED = 7,
	POOL_CLOSED = 8,
};

/* Values of status_reason; other bytes are possible in the account, hence not an enum field. */
enum {
	POOL_REASON_NONE = 0,
	POOL_REASON_EXPIRED = 1,
	POOL_REASON_PAUSED = 2,
	POOL_REASON_MAX_REACHED = 4,
	POOL_REASON_CANCELLED = 5,
	POOL_REASON_ADMIN_CLOSED = 6,
};

struct pool_account {
	uint64_t pool_id; /* an address can be reused: identify a pool by address and pool_id */
	struct hash salt;
	struct pubkey mint;
	struct pubkey pool_token; /* the vault */
	struct pubkey creator;
	int64_t start_time; /* all times: unix s of the Clock sysvar */
	int64_t duration;
	int64_t expire_time;
	int64_t end_time;    /* set by payout only */
	int64_t unlock_time; /* set by unlock */
	int64_t close_time;  /* set by cancel, admin_close, sweep, finalize; payout leaves it 0 */
	uint8_t max_participants;
	int64_t lock_duration;
	int64_t lock_start_time; /* 0 until full */
	uint64_t bet_amount;     /* "amount" on chain */
	uint64_t total_amount;
	uint64_t total_volume_amount;
	uint32_t total_joins;
	uint32_t total_donations;
	struct pubkey dev_wallet;
	uint16_t dev_fee_bps;
	uint16_t burn_fee_bps;
	struct pubkey treasury_wallet;
	uint16_t treasury_fee_bps;
	struct u128 randomness;
	struct pubkey randomness_account; /* zero until requested */
	struct slot randomness_deadline_slot;
	uint8_t bump;
	enum pool_status status;
	bool paused;
	uint8_t version;
	uint8_t schema;
	struct hash config_hash;
	bool allow_mock;
	struct slot randomness_commit_slot; /* slot of request_randomness, 0 before */
	bool initialized;
	int64_t last_join_time;
	uint8_t status_reason;
	struct pubkey participants_account;
	struct pubkey winner; /* zero until selected */
	bool processing;
};

struct participants_account {
	uint8_t raw_count;                    /* as stored; above 20 only in a corrupt account */
	uint8_t count;                        /* raw_count clamped to 20: entries of list that mean something */
	bool in_range;                        /* raw_count <= 20 */
	struct pubkey list[PARTICIPANTS_MAX]; /* entries from count on are leftovers */
};

/* Same verdicts as Anchor 0.31: extra bytes at the end are ignored; a bool other than 0 or 1 and a
 * status above 8 are ACCOUNT_CANNOT_DECODE. *out is undefined on failure. */
NODISCARD enum account_result pool_decode(struct pool_account *out, const uint8_t *data, size_t size);
NODISCARD enum account_result participants_decode(struct participants_account *out, const uint8_t *data, size_t size);

/* "Open" .. "Closed", as in the IDL. */
const char *pool_status_name(enum pool_status status);

#endif
