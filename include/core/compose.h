/* Puts the instructions of a step together into one unsigned legacy transaction. Pure. */
#ifndef CORE_COMPOSE_H
#define CORE_COMPOSE_H
#include "core/memo.h"
#include "core/oracle_answer.h"
#include "core/pool.h"
#include "core/steps.h"
#include "core/switchboard.h"
#include "core/tx.h"

/* What a transaction can name. Pointers are borrowed; a step ignores what it does not use. */
struct compose {
	const struct sb_net *net;
	struct pubkey payer; /* fee payer, authority and dev wallet: our key; PAY_REFERRAL: the treasury */
	struct pubkey pool;
	const struct pool_account *account;
	struct pubkey token_program, dev_ata, treasury_ata, winner;
	bool unlock, init; /* BIND: these two instructions are needed                     */
	struct pubkey randomness, oracle;
	uint64_t recent_slot;
	const struct oracle_answer *answer;   /* DRAW, REVEAL_SELECT                                          */
	bool make_dev_ata, make_treasury_ata; /* DRAW, PAYOUT                                                 */
	struct pubkey recipient; /* DRAW, PAYOUT: of a sponsored win; zero: the winner keeps it. PAY_REFERRAL    */
	uint64_t winner_amount;  /* what goes to the recipient                                            */
	uint8_t decimals;
	struct pubkey mint, ata_owner, ata; /* CREATE_ATA                                                   */
	uint64_t lut_slot;                  /* CLOSE_RANDOMNESS: as the account has it                      */
	struct memo anchor;                 /* ANCHOR: of the draw's row                                   */
	uint32_t unit_limit;
	uint64_t unit_price; /* compute units, micro-lamports per unit                       */
	struct hash blockhash;
};
NODISCARD enum tx_result compose_step(struct tx *out, enum step step, const struct compose *c);

/* Which instruction of a transaction (unsigned or signed) of `step` stands at index ix; IX_KINDS when there is none. */
enum ix_kind compose_kind_at(enum step step, const uint8_t *tx, size_t len, int ix);

/* Unit limits for a transaction that could not be simulated, from the costliest that was measured, doubled. */
uint32_t compose_fixed_limit(enum step step);
/* Simulated units with margin: bump searches of program addresses vary per key. */
uint32_t compose_limit(uint64_t simulated_units);
#endif
