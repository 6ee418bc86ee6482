/* Decoding the Pool and Participants accounts. */
#include "core/pool.h"

#include <string.h>

#include "base/bytes.h"

const uint8_t POOL_DISCRIMINATOR[8] = { 0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc };
const uint8_t PARTICIPANTS_DISCRIMINATOR[8] = { 0xae, 0x1c, 0x6b, 0xe4, 0xa4, 0xfa, 0x53, 0xaa };

/* A reader that walks packed fields in order; the size was checked before the first one. */
struct cursor {
	const uint8_t *p;
	bool valid; /* false once a bool was neither 0 nor 1 */
};

static const uint8_t *take(struct cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	c->p += n;
	return p;
}

static uint8_t take_u8(struct cursor *c)
{
	return *take(c, 1);
}
static uint16_t take_u16(struct cursor *c)
{
	return load_u16(take(c, 2));
}
static uint32_t take_u32(struct cursor *c)
{
	return load_u32(take(c, 4));
}
static uint64_t take_u64(struct cursor *c)
{
	return load_u64(take(c, 8));
}
static int64_t take_i64(struct cursor *c)
{
	return load_i64(take(c, 8));
}
static struct slot take_slot(struct cursor *c)
{
	return (struct slot){ take_u64(c) };
}

static bool take_bool(struct cursor *c)
{
	uint8_t byte = take_u8(c);

	if (byte > 1)
		c->valid = false;
	return byte == 1;
}

static struct pubkey take_key(struct cursor *c)
{
	struct pubkey key;

	memcpy(key.b, take(c, PUBKEY_SIZE), PUBKEY_SIZE);
	return key;
}

static struct hash take_hash(struct cursor *c)
{
	struct hash hash;

	memcpy(hash.b, take(c, HASH_SIZE), HASH_SIZE);
	return hash;
}

static enum account_result check_head(const uint8_t *data, size_t size, const uint8_t discriminator[8], size_t size_min)
{
	if (size < 8)
		return ACCOUNT_NO_DISCRIMINATOR;
	if (memcmp(data, discriminator, 8) != 0)
		return ACCOUNT_WRONG_DISCRIMINATOR;
	return size < size_min ? ACCOUNT_CANNOT_DECODE : ACCOUNT_OK;
}

static void take_terms(struct pool_account *out, struct cursor *c)
{
	out->pool_id = take_u64(c);
	out->salt = take_hash(c);
	out->mint = take_key(c);
	out->pool_token = take_key(c);
	out->creator = take_key(c);
	out->start_time = take_i64(c);
	out->duration = take_i64(c);
	out->expire_time = take_i64(c);
	out->end_time = take_i64(c);
	out->unlock_time = take_i64(c);
	out->close_time = take_i64(c);
	out->max_participants = take_u8(c);
	out->lock_duration = take_i64(c);
	out->lock_start_time = take_i64(c);
	out->bet_amount = take_u64(c);
	out->total_amount = take_u64(c);
	out->total_volume_amount = take_u64(c);
	out->total_joins = take_u32(c);
	out->total_donations = take_u32(c);
	out->dev_wallet = take_key(c);
	out->dev_fee_bps = take_u16(c);
	out->burn_fee_bps = take_u16(c);
	out->treasury_wallet = take_key(c);
	out->treasury_fee_bps = take_u16(c);
}

static void take_progress(struct pool_account *out, uint8_t *status, struct cursor *c)
{
	out->randomness = load_u128(take(c, 16));
	out->randomness_account = take_key(c);
	out->randomness_deadline_slot = take_slot(c);
	out->bump = take_u8(c);
	*status = take_u8(c);
	out->paused = take_bool(c);
	out->version = take_u8(c);
	out->schema = take_u8(c);
	out->config_hash = take_hash(c);
	out->allow_mock = take_bool(c);
	out->randomness_commit_slot = take_slot(c);
	out->initialized = take_bool(c);
	out->last_join_time = take_i64(c);
	out->status_reason = take_u8(c);
	out->participants_account = take_key(c);
	out->winner = take_key(c);
	out->processing = take_bool(c);
}

enum account_result pool_decode(struct pool_account *out, const uint8_t *data, size_t size)
{
	enum account_result result = check_head(data, size, POOL_DISCRIMINATOR, POOL_ACCOUNT_SIZE);
	struct cursor c = { .valid = true };
	uint8_t status;

	if (result != ACCOUNT_OK)
		return result;
	c.p = data + 8;
	take_terms(out, &c);
	take_progress(out, &status, &c);
	if (!c.valid || status > POOL_CLOSED)
		return ACCOUNT_CANNOT_DECODE;
	out->status = (enum pool_status)status;
	return ACCOUNT_OK;
}

enum account_result participants_decode(struct participants_account *out, const uint8_t *data, size_t size)
{
	enum account_result result = check_head(data, size, PARTICIPANTS_DISCRIMINATOR, PARTICIPANTS_ACCOUNT_SIZE);
	struct cursor c = { .valid = true };

	if (result != ACCOUNT_OK)
		return result;
	c.p = data + 8;
	for (size_t i = 0; i < PARTICIPANTS_MAX; i++)
		out->list[i] = take_key(&c);
	out->raw_count = take_u8(&c);
	out->in_range = out->raw_count <= PARTICIPANTS_MAX;
	out->count = out->in_range ? out->raw_count : PARTICIPANTS_MAX;
	return ACCOUNT_OK;
}

const char *pool_status_name(enum pool_status status)
{
	switch (status) {
	case POOL_OPEN:
		return "Open";
	case POOL_LOCKED:
		return "Locked";
	case POOL_UNLOCKED:
		return "Unlocked";
	case POOL_RANDOMNESS_COMMITTED:
		return "RandomnessCommitted";
	case POOL_RANDOMNESS_REVEALED:
		return "RandomnessRevealed";
	case POOL_WINNER_SELECTED:
		return "WinnerSelected";
	case POOL_ENDED:
		return "Ended";
	case POOL_CANCELLED:
		return "Cancelled";
	case POOL_CLOSED:
		return "Closed";
	}
	return "?";
}
