/* The ml program: its 17 instructions, both ways, and the names of its errors. */
#ifndef CORE_ML_H
#define CORE_ML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/key.h"
#include "core/ix.h"

enum ml_ix {
	ML_CREATE_POOL,
	ML_JOIN_POOL,
	ML_DONATE,
	ML_SET_LOCK_DURATION,
	ML_CANCEL_POOL,
	ML_ADMIN_CLOSE_POOL,
	ML_SWEEP_EXPIRED_POOL,
	ML_UNLOCK_POOL,
	ML_REQUEST_RANDOMNESS,
	ML_SELECT_WINNER,
	ML_PAYOUT_WINNER,
	ML_CLAIM_REFUND,
	ML_CLAIM_RENT,
	ML_FINALIZE_FORFEITED_POOL,
	ML_PAUSE_POOL,
	ML_UNPAUSE_POOL,
	ML_FORCE_EXPIRE,
};
enum { ML_IX_COUNT = 17 };

/* The part an account plays in an instruction; names as in the IDL. */
enum ml_role {
	ML_MINT,
	ML_POOL,
	ML_POOL_TOKEN,
	ML_USER,
	ML_USER_TOKEN,
	ML_CREATOR_WALLET,
	ML_DEV_TOKEN,
	ML_TREASURY_TOKEN,
	ML_WINNER_TOKEN,
	ML_WINNER_PUBKEY,
	ML_CLOSE_TARGET,
	ML_RANDOMNESS,
	ML_PARTICIPANTS,
	ML_TOKEN_PROGRAM,
	ML_ATA_PROGRAM, /* the last three are filled in by ml_build */
	ML_SYSTEM_PROGRAM,
	ML_RENT_SYSVAR,
};
enum { ML_ROLE_COUNT = 17 };

struct ml_accounts {
	struct pubkey of[ML_ROLE_COUNT]; /* accounts.of[ML_POOL] = ...; roles the instruction has not are ignored */
};

/* Arguments of all instructions; each uses its own (create_pool all but set_lock_duration's sense). */
struct ml_args {
	uint64_t bet_amount;   /* create_pool, join_pool, donate: "amount" */
	int64_t lock_duration; /* create_pool, set_lock_duration */
	struct hash salt;      /* create_pool from here on */
	uint8_t max_participants;
	struct pubkey dev_wallet;
	uint16_t dev_fee_bps;
	uint16_t burn_fee_bps;
	struct pubkey treasury_wallet;
	uint16_t treasury_fee_bps;
	bool allow_mock;
};

/* args may be NULL for the 13 instructions that have none. */
void ml_build(struct ix *out, enum ml_ix which, const struct ml_accounts *accounts, const struct ml_args *args);

/* Which instruction these data bytes are, with its arguments, when sent to the ml program (the caller compares the
 * program id). Bytes after the arguments are ignored, as Anchor does. False: unknown or too short. */
NODISCARD bool ml_parse(enum ml_ix *which, struct ml_args *args, const uint8_t *data, size_t size);

/* Position of a role in the instruction's account list, or -1 when it has none. */
int ml_position(enum ml_ix which, enum ml_role role);

/* Number of accounts the instruction takes: fewer in a transaction means it failed with 3005. */
size_t ml_account_count(enum ml_ix which);

/* "payout_winner" and so on; as in the IDL. */
const char *ml_name(enum ml_ix which);
const char *ml_role_name(enum ml_role role);

/* IDL name of 6000..6068, Anchor's name of its own codes (100..5999), or NULL. Small numbers come from the system or
 * token program: find out which program failed before asking. */
const char *ml_error_name(uint32_t code);

#endif
