/* Rounds and hashes of drand. */
#include "core/drand.h"

#include <string.h>

#include "base/bytes.h"
#include "base/crypto.h"

const struct drand_chain DRAND_QUICKNET = { .period_s = 3,
	.genesis = 1692803367,
	.key = { 0x83, 0xcf, 0x0f, 0x28, 0x96, 0xad, 0xee, 0x7e, 0xb8, 0xb5, 0xf0, 0x1f, 0xca, 0xd3, 0x91, 0x22, 0x12,
		0xc4, 0x37, 0xe0, 0x07, 0x3e, 0x91, 0x1f, 0xb9, 0x00, 0x22, 0xd3, 0xe7, 0x60, 0x18, 0x3c, 0x8c, 0x4b,
		0x45, 0x0b, 0x6a, 0x0a, 0x6c, 0x3a, 0xc6, 0xa5, 0x77, 0x6a, 0x2d, 0x10, 0x64, 0x51, 0x0d, 0x1f, 0xec,
		0x75, 0x8c, 0x92, 0x1c, 0xc2, 0x2b, 0x0e, 0x17, 0xe6, 0x3a, 0xaf, 0x4b, 0xcb, 0x5e, 0xd6, 0x63, 0x04,
		0xde, 0x9c, 0xf8, 0x09, 0xbd, 0x27, 0x4c, 0xa7, 0x3b, 0xab, 0x4a, 0xf5, 0xa6, 0xe9, 0xc7, 0x6a, 0x4b,
		0xc0, 0x9e, 0x76, 0xea, 0xe8, 0x99, 0x1e, 0xf5, 0xec, 0xe4, 0x5a },
	.group = { { 0xf4, 0x77, 0xd5, 0xc8, 0x9f, 0x21, 0xa1, 0x7c, 0x86, 0x3a, 0x7f, 0x93, 0x7c, 0x6a, 0x6d, 0x15,
		0x85, 0x94, 0x14, 0xd2, 0xbe, 0x09, 0xcd, 0x44, 0x8d, 0x42, 0x79, 0xaf, 0x33, 0x1c, 0x5d, 0x3e } },
	.beacon = "quicknet" };

void drand_chain_hash(struct hash *out, const struct drand_chain *chain)
{
	uint8_t head[12];
	const struct bytes parts[] = { { head, sizeof head }, { chain->key, DRAND_KEY_SIZE },
		{ chain->group.b, HASH_SIZE }, { (const uint8_t *)chain->beacon, strlen(chain->beacon) } };

	store_u32_be(head, chain->period_s);
	store_u64_be(head + 4, (uint64_t)chain->genesis);
	crypto_sha256(out, parts, 4);
}

bool drand_round_at(uint64_t *out, const struct drand_chain *chain, int64_t unix_s)
{
	if (unix_s < chain->genesis)
		return false;
	*out = ((uint64_t)unix_s - (uint64_t)chain->genesis) / chain->period_s + 1;
	return true;
}

bool drand_time_of(int64_t *out, const struct drand_chain *chain, uint64_t round)
{
	uint64_t after;

	return round > 0 && !__builtin_mul_overflow(round - 1, (uint64_t)chain->period_s, &after) &&
	       !__builtin_add_overflow(chain->genesis, after, out);
}

bool drand_round_after_block(uint64_t *out, const struct drand_chain *chain, uint64_t locked_round, int64_t block_time)
{
	const int64_t step_s = (int64_t)chain->period_s * DRAND_STEP_ROUNDS;
	int64_t due, missing;
	uint64_t more = 0;

	if (!drand_time_of(&due, chain, locked_round) ||
		__builtin_add_overflow(block_time, (int64_t)DRAND_AFTER_BLOCK_S, &missing) ||
		__builtin_sub_overflow(missing, due, &missing))
		return false;
	if (missing > 0)
		more = ((uint64_t)missing + (uint64_t)step_s - 1) / (uint64_t)step_s * DRAND_STEP_ROUNDS;
	return !__builtin_add_overflow(locked_round, more, out);
}

void drand_message(struct hash *out, uint64_t round)
{
	uint8_t number[8];
	const struct bytes part = { number, sizeof number };

	store_u64_be(number, round);
	crypto_sha256(out, &part, 1);
}

void drand_randomness(struct hash *out, const struct drand_signature *signature)
{
	const struct bytes part = { signature->b, sizeof signature->b };

	crypto_sha256(out, &part, 1);
}
