/* What a message may contain to be signed for a step: re-parsed from its bytes, nothing is believed. Pure. */
#ifndef CORE_GUARD_H
#define CORE_GUARD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/key.h"
#include "core/memo.h"
#include "core/steps.h"

struct guard {
	enum step step;
	struct pubkey payer; /* our key: fee payer, authority, the pool's dev wallet; PAY_REFERRAL: the treasury */
	struct pubkey ml_program, switchboard_program;
	struct pubkey queue;            /* of the randomness account: whose oracles are believed                    */
	struct pubkey pool, randomness; /* the only ones that the message may name; zero where the step has none    */
	struct pubkey mint, token_program; /* for token accounts and payout                                */
	struct pubkey auxiliary,
		recipient; /* of a sponsored win: the only winner, and to whom it goes on; zero: none. PAY_REFERRAL: the referrer */
	uint64_t pass_on_amount;
	uint8_t pass_on_decimals;
	struct pubkey treasury;    /* wallet to which rent and forfeited refunds go */
	uint64_t lut_slot;         /* of the randomness account that is closed                       */
	struct memo anchor;        /* the only memo that there may be; empty: none                        */
	uint64_t max_fee_lamports; /* base fee plus compute limit times price                                  */
};
/* True when `message` (legacy, unsigned) is exactly a `step` for these accounts. Otherwise why says what is not.
 * What may differ is read from the message (blockhash, compute limit and price, the oracle and its answer, the slot of
 * randomness_init, the winner, owners of new token accounts, the treasury's token account); from that and the guard the
 * one message of this form is built again, and every byte must be the same. */
bool guard_allows(const struct guard *guard, const uint8_t *message, size_t len, char *why, size_t why_size);
#endif
