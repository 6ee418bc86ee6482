/* The arithmetic of a draw, as the program does it. */
#include "core/draw.h"

#include <string.h>

#include "base/bytes.h"
#include "base/crypto.h"

enum { FEE_DENOMINATOR = 10000, CREATOR_REFUND_DIVISOR = 20 };

enum draw_result draw_winner(struct drawn *out, uint64_t pool_id, const uint8_t value[32], uint8_t count)
{
	static const uint8_t zero[32];
	uint8_t id[8];
	const struct bytes parts[] = { { id, sizeof id }, { value, 16 } };
	struct hash hash;

	if (count == 0)
		return DRAW_NO_PARTICIPANTS;
	if (memcmp(value, zero, sizeof zero) == 0)
		return DRAW_NOT_RESOLVED;
	store_u64(id, pool_id);
	crypto_sha256(&hash, parts, 2);
	out->randomness = load_u128(value);
	out->normalized = load_u64(hash.b);
	out->index = (uint8_t)(out->normalized % count);
	return DRAW_OK;
}

void draw_mock_value(uint8_t out[32], uint64_t pool_id, struct slot slot, const struct pubkey *creator)
{
	uint8_t id[8];
	uint8_t at[8];
	const struct bytes parts[] = { { id, sizeof id }, { at, sizeof at }, { creator->b, PUBKEY_SIZE } };
	struct hash hash;

	store_u64(id, pool_id);
	store_u64(at, slot.n);
	crypto_sha256(&hash, parts, 3);
	memcpy(out, hash.b, HASH_SIZE);
}

static bool fee(uint64_t *out, uint64_t total_amount, uint16_t bps)
{
	uint64_t product;

	if (__builtin_mul_overflow(total_amount, (uint64_t)bps, &product))
		return false;
	*out = product / FEE_DENOMINATOR;
	return true;
}

enum draw_result draw_payout(struct draw_payout *out, uint64_t total_amount, uint16_t dev_fee_bps,
	uint16_t burn_fee_bps, uint16_t treasury_fee_bps)
{
	uint64_t left = total_amount;

	if (!fee(&out->dev_amount, total_amount, dev_fee_bps) || !fee(&out->burn_amount, total_amount, burn_fee_bps) ||
		!fee(&out->treasury_amount, total_amount, treasury_fee_bps))
		return DRAW_OVERFLOW;
	if (__builtin_sub_overflow(left, out->dev_amount, &left) ||
		__builtin_sub_overflow(left, out->burn_amount, &left) ||
		__builtin_sub_overflow(left, out->treasury_amount, &left))
		return DRAW_OVERFLOW;
	out->winner_amount = left;
	return DRAW_OK;
}

void draw_refund(struct draw_refund *out, uint64_t bet_amount, bool is_creator)
{
	out->burn_amount = is_creator ? bet_amount / CREATOR_REFUND_DIVISOR : 0;
	out->refund_amount = bet_amount - out->burn_amount;
}

void draw_config_hash(struct hash *out, const struct pool_account *pool)
{
	uint8_t shape[17]; /* max_participants, lock_duration, bet */
	uint8_t dev_and_burn[4];
	uint8_t rest[18]; /* treasury fee, start_time, duration */
	const struct bytes parts[] = {
		{ pool->salt.b, HASH_SIZE },
		{ shape, sizeof shape },
		{ pool->dev_wallet.b, PUBKEY_SIZE },
		{ dev_and_burn, sizeof dev_and_burn },
		{ pool->treasury_wallet.b, PUBKEY_SIZE },
		{ rest, sizeof rest },
	};

	shape[0] = pool->max_participants;
	store_i64(shape + 1, pool->lock_duration);
	store_u64(shape + 9, pool->bet_amount);
	store_u16(dev_and_burn, pool->dev_fee_bps);
	store_u16(dev_and_burn + 2, pool->burn_fee_bps);
	store_u16(rest, pool->treasury_fee_bps);
	store_i64(rest + 2, pool->start_time);
	store_i64(rest + 10, pool->duration);
	crypto_sha256(out, parts, sizeof parts / sizeof parts[0]);
}

bool draw_config_agrees(const struct pool_account *pool)
{
	struct hash expected;

	draw_config_hash(&expected, pool);
	return hash_equal(&expected, &pool->config_hash);
}

uint64_t draw_pool_id(const struct hash *salt, struct slot slot, const struct pubkey *creator)
{
	uint8_t at[8];
	const struct bytes parts[] = { { salt->b, HASH_SIZE }, { at, sizeof at }, { creator->b, PUBKEY_SIZE } };
	struct hash hash;

	store_u64(at, slot.n);
	crypto_sha256(&hash, parts, 3);
	return load_u64(hash.b);
}
