/* Program addresses without SHA-256 and the search for a bump, which would cost more than everything else in a run. The
 * same seeds, mixed: as stable as the real ones and different for different seeds, and nothing here asks whether a point
 * is on the curve. */
#include "core/address.h"
#include "core/pda.h"
#include "sim/sim.h"

static uint8_t hash_of(struct pubkey *out, const struct pubkey *a, const struct pubkey *b, const struct pubkey *c)
{
	uint64_t seed[3 * PUBKEY_SIZE / sizeof(uint64_t)], lane[PUBKEY_SIZE / sizeof(uint64_t)] = { 1, 2, 3, 4 };

	memcpy(seed, a->b, PUBKEY_SIZE);
	memcpy(seed + 4, b->b, PUBKEY_SIZE);
	memcpy(seed + 8, c->b, PUBKEY_SIZE);
	for (size_t i = 0; i < 12; i++)
		for (size_t l = 0; l < 4; l++)
			lane[l] = random_mixed(lane[l] ^ seed[i]);
	memcpy(out->b, lane, PUBKEY_SIZE);
	return 255;
}

/* A name in the place of a key. */
static struct pubkey name(const char *text)
{
	struct pubkey out = { 0 };

	memcpy(out.b, text, strlen(text));
	return out;
}

uint8_t pda_ata(
	struct pubkey *out, const struct pubkey *owner, const struct pubkey *mint, const struct pubkey *token_program)
{
	return hash_of(out, owner, token_program, mint);
}

uint8_t pda_pool(struct pubkey *out, const struct pubkey *mint, const struct hash *salt)
{
	struct pubkey key;

	memcpy(key.b, salt->b, PUBKEY_SIZE);
	return hash_of(out, mint, &key, &ADDRESS_ML);
}

uint8_t pda_participants(struct pubkey *out, const struct pubkey *pool)
{
	const struct pubkey kind = name("participants");

	return hash_of(out, &kind, pool, &ADDRESS_ML);
}

uint8_t pda_sb_state(struct pubkey *out, const struct pubkey *sb)
{
	const struct pubkey kind = name("state");

	return hash_of(out, &kind, sb, sb);
}

uint8_t pda_sb_lut_signer(struct pubkey *out, const struct pubkey *sb, const struct pubkey *randomness)
{
	const struct pubkey kind = name("lut signer");

	return hash_of(out, &kind, sb, randomness);
}

uint8_t pda_sb_lut(struct pubkey *out, const struct pubkey *lut_signer, uint64_t lut_slot)
{
	struct pubkey kind = name("lut");

	store_u64(kind.b + 24, lut_slot);
	return hash_of(out, &kind, lut_signer, &ADDRESS_LOOKUP_TABLE);
}

uint8_t pda_sb_escrow(struct pubkey *out, const struct pubkey *randomness)
{
	return pda_ata(out, randomness, &ADDRESS_WSOL, &ADDRESS_TOKEN);
}

uint8_t pda_sb_stats(struct pubkey *out, const struct pubkey *sb, const struct pubkey *oracle)
{
	const struct pubkey kind = name("stats");

	return hash_of(out, &kind, sb, oracle);
}
