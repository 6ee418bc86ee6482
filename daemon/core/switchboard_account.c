/* Switchboard account layouts and the commit event. */
#include "core/switchboard.h"

#include <string.h>

#include "base/bytes.h"

const uint8_t SB_RANDOMNESS_DISCRIMINATOR[8] = { 0x0a, 0x42, 0xe5, 0x87, 0xdc, 0xef, 0xd9, 0x72 };
const uint8_t SB_QUEUE_DISCRIMINATOR[8] = { 0xd9, 0xc2, 0x37, 0x7f, 0xb8, 0x53, 0x8a, 0x01 };
const uint8_t SB_ORACLE_DISCRIMINATOR[8] = { 0x80, 0x1e, 0x10, 0xf1, 0xaa, 0x49, 0x37, 0x36 };

static const uint8_t COMMIT_EVENT_DISCRIMINATOR[8] = { 0x58, 0x3c, 0xac, 0x5a, 0x70, 0x0a, 0xce, 0x93 };
enum { COMMIT_EVENT_SIZE = 112 };

static struct pubkey load_key(const uint8_t *p)
{
	struct pubkey key;

	memcpy(key.b, p, PUBKEY_SIZE);
	return key;
}

static struct hash load_hash(const uint8_t *p)
{
	struct hash hash;

	memcpy(hash.b, p, HASH_SIZE);
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

enum account_result sb_randomness_decode(struct sb_randomness *out, const uint8_t *data, size_t size)
{
	enum account_result result = check_head(data, size, SB_RANDOMNESS_DISCRIMINATOR, SB_RANDOMNESS_SIZE_MIN);

	if (result != ACCOUNT_OK)
		return result;
	memset(out, 0, sizeof *out);
	out->authority = load_key(data + 8);
	out->queue = load_key(data + 40);
	out->seed_slothash = load_hash(data + 72);
	out->seed_slot.n = load_u64(data + 104);
	out->oracle = load_key(data + 112);
	out->reveal_slot.n = load_u64(data + 144);
	memcpy(out->value, data + 152, SB_VALUE_SIZE);
	out->lut_slot = load_u64(data + 184);
	out->has_signer = size >= SB_RANDOMNESS_SIZE;
	if (out->has_signer) {
		memcpy(out->signer, data + 408, SB_SECP_KEY_SIZE);
		out->signer_expiration = load_i64(data + 472);
	}
	return ACCOUNT_OK;
}

enum account_result sb_queue_decode(struct sb_queue *out, const uint8_t *data, size_t size)
{
	enum account_result result = check_head(data, size, SB_QUEUE_DISCRIMINATOR, SB_QUEUE_SIZE);

	if (result != ACCOUNT_OK)
		return result;
	out->authority = load_key(data + 8);
	for (size_t i = 0; i < SB_QUEUE_ORACLES_MAX; i++)
		out->oracles[i] = load_key(data + 1064 + i * PUBKEY_SIZE);
	out->max_quote_verification_age = load_i64(data + 5160);
	out->last_heartbeat = load_i64(data + 5168);
	out->node_timeout = load_i64(data + 5176);
	out->oracle_min_stake = load_u64(data + 5184);
	out->allow_authority_override_after = load_i64(data + 5192);
	out->mr_enclaves_len = load_u32(data + 5200);
	out->oracle_keys_len = load_u32(data + 5204);
	out->reward = load_u32(data + 5208);
	out->curr_idx = load_u32(data + 5212);
	out->mint = load_key(data + 5224);
	out->n_oracles = SB_QUEUE_ORACLES_MAX;
	if (out->oracle_keys_len < SB_QUEUE_ORACLES_MAX)
		out->n_oracles = (uint8_t)out->oracle_keys_len;
	return ACCOUNT_OK;
}

enum account_result sb_oracle_decode(struct sb_oracle *out, const uint8_t *data, size_t size)
{
	enum account_result result = check_head(data, size, SB_ORACLE_DISCRIMINATOR, SB_ORACLE_SIZE);

	if (result != ACCOUNT_OK)
		return result;
	out->enclave_signer = load_key(data + 8);
	out->mr_enclave = load_hash(data + 40);
	out->verification_status = data[72];
	out->verification_time = load_i64(data + 80);
	out->valid_until = load_i64(data + 88);
	memcpy(out->signer, data + 192, SB_SECP_KEY_SIZE);
	out->authority = load_key(data + 3440);
	out->queue = load_key(data + 3472);
	out->created_at = load_i64(data + 3504);
	out->last_heartbeat = load_i64(data + 3512);
	memcpy(out->gateway_uri, data + 3584, SB_GATEWAY_URI_TEXT - 1);
	out->gateway_uri[SB_GATEWAY_URI_TEXT - 1] = '\0';
	out->permissions = load_u64(data + 3648);
	out->is_on_queue = data[3656] != 0;
	out->lut_slot = load_u64(data + 3664);
	out->operator= load_key(data + 3680);
	return ACCOUNT_OK;
}

bool sb_commit_event_decode(struct sb_commit_event *out, const uint8_t *data, size_t size)
{
	if (size < COMMIT_EVENT_SIZE || memcmp(data, COMMIT_EVENT_DISCRIMINATOR, 8) != 0)
		return false;
	out->randomness = load_key(data + 8);
	out->oracle = load_key(data + 40);
	out->slot.n = load_u64(data + 72);
	out->slothash = load_hash(data + 80);
	return true;
}
