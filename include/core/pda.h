/* Program derived addresses: the general rule and the ones we use. */
#ifndef CORE_PDA_H
#define CORE_PDA_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/key.h"

enum {
	PDA_SEEDS_MAX = 16, /* bump included */
	PDA_SEED_SIZE_MAX = 32,
};

enum pda_result {
	PDA_OK,
	PDA_ON_CURVE,       /* the hash is a curve point: not an address, try another bump */
	PDA_TOO_MANY_SEEDS, /* more than 16 */
	PDA_SEED_TOO_LONG,  /* more than 32 bytes */
	PDA_NO_BUMP,        /* none of 255..0 works (2^-256; pda_find only) */
};

/* SHA-256(seeds, program, "ProgramDerivedAddress"); the bump, if any, is the last seed. */
NODISCARD enum pda_result pda_create(
	struct pubkey *out, const struct bytes *seeds, size_t n_seeds, const struct pubkey *program);

/* The highest bump that works; seeds without the bump (at most 15). Costs about 18 us: do it once and keep it. */
NODISCARD enum pda_result pda_find(
	struct pubkey *out, uint8_t *bump, const struct bytes *seeds, size_t n_seeds, const struct pubkey *program);

/* The derivations below have fixed seeds, so only PDA_NO_BUMP could stop them; then the result is
 * the zero key, which no account of these kinds can have. They return the bump. */

/* Associated token account. The owner may be off the curve (a multisig treasury, a pool). */
uint8_t pda_ata(
	struct pubkey *out, const struct pubkey *owner, const struct pubkey *mint, const struct pubkey *token_program);
/* The ml pool and its participants account (ml_program: "pool", mint, salt; "participants", pool). */
uint8_t pda_pool(struct pubkey *out, const struct pubkey *mint, const struct hash *salt);
uint8_t pda_participants(struct pubkey *out, const struct pubkey *pool);

/* Switchboard On-Demand. sb = program id of the cluster's deployment. */
uint8_t pda_sb_state(struct pubkey *out, const struct pubkey *sb);
uint8_t pda_sb_lut_signer(struct pubkey *out, const struct pubkey *sb, const struct pubkey *randomness);
uint8_t pda_sb_lut(struct pubkey *out, const struct pubkey *lut_signer, uint64_t lut_slot);
uint8_t pda_sb_escrow(struct pubkey *out, const struct pubkey *randomness);
uint8_t pda_sb_stats(struct pubkey *out, const struct pubkey *sb, const struct pubkey *oracle);

#endif
