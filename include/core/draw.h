/* The arithmetic of a draw: who wins, who gets how much, and the program's two other hashes. */
#ifndef CORE_DRAW_H
#define CORE_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/key.h"
#include "base/units.h"
#include "core/pool.h"

enum draw_result {
	DRAW_OK = 0,
	DRAW_OVERFLOW = 6009,        /* total * bps does not fit 64 bits: the payout can never succeed */
	DRAW_NOT_RESOLVED = 6019,    /* revealed value is all zero */
	DRAW_NO_PARTICIPANTS = 6020, /* nobody to draw */
};

struct drawn {
	struct u128 randomness; /* first 16 bytes of the value, as pool.randomness will hold it */
	uint64_t normalized;
	uint8_t index; /* into participants.list */
};

/* n = u64le(SHA-256(u64le(pool_id) || value[0..16])), index = n mod count. */
NODISCARD enum draw_result draw_winner(struct drawn *out, uint64_t pool_id, const uint8_t value[32], uint8_t count);

/* Value of a mock pool (SHA-256 of pool_id, slot, creator; first half counts). Read only: we never send mock randomness. */
void draw_mock_value(uint8_t out[32], uint64_t pool_id, struct slot slot, const struct pubkey *creator);

struct draw_payout {
	uint64_t winner_amount;
	uint64_t dev_amount;
	uint64_t burn_amount;
	uint64_t treasury_amount;
};

/* fee = total * bps / 10000, floored, in the order dev, burn, treasury; the winner gets the rest.
 * DRAW_OVERFLOW also when the fees exceed the total (bps above 10000 in sum: no created pool has that). */
NODISCARD enum draw_result draw_payout(struct draw_payout *out, uint64_t total_amount, uint16_t dev_fee_bps,
	uint16_t burn_fee_bps, uint16_t treasury_fee_bps);

struct draw_refund {
	uint64_t refund_amount;
	uint64_t burn_amount;
};

/* The creator loses bet / 20, which is burned; others get the whole bet. */
void draw_refund(struct draw_refund *out, uint64_t bet_amount, bool is_creator);

/* What config_hash of this pool must be; uses only the eleven fields that create_pool hashed. */
void draw_config_hash(struct hash *out, const struct pool_account *pool);
bool draw_config_agrees(const struct pool_account *pool);

/* pool_id given at creation: first 8 bytes of SHA-256(salt, slot, creator). */
uint64_t draw_pool_id(const struct hash *salt, struct slot slot, const struct pubkey *creator);

#endif
