/* Program derived addresses. */
#include "core/pda.h"

#include <string.h>

#include "base/crypto.h"
#include "core/address.h"

static const char MARKER[] = "ProgramDerivedAddress";

#define TEXT_SEED(text)                                   \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define KEY_SEED(key)                 \
	{                             \
		(key)->b, PUBKEY_SIZE \
	}

enum pda_result pda_create(struct pubkey *out, const struct bytes *seeds, size_t n_seeds, const struct pubkey *program)
{
	struct bytes part[PDA_SEEDS_MAX + 2];
	struct hash hash;

	if (n_seeds > PDA_SEEDS_MAX)
		return PDA_TOO_MANY_SEEDS;
	for (size_t i = 0; i < n_seeds; i++) {
		if (seeds[i].n > PDA_SEED_SIZE_MAX)
			return PDA_SEED_TOO_LONG;
		part[i] = seeds[i];
	}
	part[n_seeds] = (struct bytes)KEY_SEED(program);
	part[n_seeds + 1] = (struct bytes)TEXT_SEED(MARKER);
	crypto_sha256(&hash, part, n_seeds + 2);
	if (crypto_on_curve(hash.b))
		return PDA_ON_CURVE;
	memcpy(out->b, hash.b, PUBKEY_SIZE);
	return PDA_OK;
}

enum pda_result pda_find(
	struct pubkey *out, uint8_t *bump, const struct bytes *seeds, size_t n_seeds, const struct pubkey *program)
{
	struct bytes seed[PDA_SEEDS_MAX];
	enum pda_result result = PDA_ON_CURVE;

	if (n_seeds >= PDA_SEEDS_MAX)
		return PDA_TOO_MANY_SEEDS;
	for (size_t i = 0; i < n_seeds; i++)
		seed[i] = seeds[i];
	seed[n_seeds] = (struct bytes){ bump, 1 };
	for (unsigned tries = 0; tries < 256 && result == PDA_ON_CURVE; tries++) {
		*bump = (uint8_t)(255 - tries);
		result = pda_create(out, seed, n_seeds + 1, program);
	}
	return result == PDA_ON_CURVE ? PDA_NO_BUMP : result;
}

static uint8_t find_fixed(struct pubkey *out, const struct bytes *seeds, size_t n_seeds, const struct pubkey *program)
{
	uint8_t bump;

	if (pda_find(out, &bump, seeds, n_seeds, program) != PDA_OK)
		memset(out, 0, sizeof *out);
	return bump;
}

uint8_t pda_ata(
	struct pubkey *out, const struct pubkey *owner, const struct pubkey *mint, const struct pubkey *token_program)
{
	const struct bytes seeds[] = { KEY_SEED(owner), KEY_SEED(token_program), KEY_SEED(mint) };

	return find_fixed(out, seeds, 3, &ADDRESS_ATA);
}

uint8_t pda_pool(struct pubkey *out, const struct pubkey *mint, const struct hash *salt)
{
	const struct bytes seeds[] = { TEXT_SEED("pool"), KEY_SEED(mint), { salt->b, HASH_SIZE } };

	return find_fixed(out, seeds, 3, &ADDRESS_ML);
}

uint8_t pda_participants(struct pubkey *out, const struct pubkey *pool)
{
	const struct bytes seeds[] = { TEXT_SEED("participants"), KEY_SEED(pool) };

	return find_fixed(out, seeds, 2, &ADDRESS_ML);
}

uint8_t pda_sb_state(struct pubkey *out, const struct pubkey *sb)
{
	const struct bytes seeds[] = { TEXT_SEED("STATE") };

	return find_fixed(out, seeds, 1, sb);
}

uint8_t pda_sb_lut_signer(struct pubkey *out, const struct pubkey *sb, const struct pubkey *randomness)
{
	const struct bytes seeds[] = { TEXT_SEED("LutSigner"), KEY_SEED(randomness) };

	return find_fixed(out, seeds, 2, sb);
}

uint8_t pda_sb_lut(struct pubkey *out, const struct pubkey *lut_signer, uint64_t lut_slot)
{
	uint8_t slot[8];
	const struct bytes seeds[] = { KEY_SEED(lut_signer), { slot, sizeof slot } };

	store_u64(slot, lut_slot);
	return find_fixed(out, seeds, 2, &ADDRESS_LOOKUP_TABLE);
}

uint8_t pda_sb_escrow(struct pubkey *out, const struct pubkey *randomness)
{
	return pda_ata(out, randomness, &ADDRESS_WSOL, &ADDRESS_TOKEN);
}

uint8_t pda_sb_stats(struct pubkey *out, const struct pubkey *sb, const struct pubkey *oracle)
{
	const struct bytes seeds[] = { TEXT_SEED("OracleRandomnessStats"), KEY_SEED(oracle) };

	return find_fixed(out, seeds, 2, sb);
}
