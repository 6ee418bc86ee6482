/* Account bytes as a node would answer them, from the simulated state. */
#include <string.h>

#include "base/bytes.h"
#include "core/address.h"
#include "core/clock.h"
#include "core/pda.h"
#include "core/token.h"
#include "sim/sim.h"

enum { RENT = 2039280, MINT_DECIMALS = 9 };
static const uint64_t WALLET_LAMPORTS = 50000000000;

static void put_key(uint8_t *p, const struct pubkey *key)
{
	memcpy(p, key->b, PUBKEY_SIZE);
}

static void begin(struct rpc_account *out, uint8_t *buf, size_t len, const struct pubkey *owner)
{
	memset(buf, 0, len);
	*out = (struct rpc_account){ .exists = true, .owner = *owner, .lamports = RENT, .data = buf, .len = len };
}

static void put_terms(uint8_t *p, const struct pool_account *t)
{
	store_u64(p + 8, t->pool_id);
	memcpy(p + 16, t->salt.b, HASH_SIZE);
	put_key(p + 48, &t->mint);
	put_key(p + 80, &t->pool_token);
	put_key(p + 112, &t->creator);
	store_i64(p + 144, t->start_time);
	store_i64(p + 152, t->duration);
	store_i64(p + 160, t->expire_time);
	p[192] = t->max_participants;
	store_i64(p + 193, t->lock_duration);
	store_i64(p + 201, t->lock_start_time);
	store_u64(p + 209, t->bet_amount);
	put_key(p + 241, &t->dev_wallet);
	store_u16(p + 273, t->dev_fee_bps);
	store_u16(p + 275, t->burn_fee_bps);
	put_key(p + 277, &t->treasury_wallet);
	store_u16(p + 309, t->treasury_fee_bps);
	memcpy(p + 372, t->config_hash.b, HASH_SIZE);
	p[370] = p[371] = p[413] = 1;
	put_key(p + 423, &t->participants_account);
}

static void put_pool(struct rpc_account *out, uint8_t *buf, const struct sim_pool *pool, const struct pool_state *s)
{
	begin(out, buf, POOL_ACCOUNT_SIZE, &ADDRESS_ML);
	memcpy(buf, POOL_DISCRIMINATOR, 8);
	put_terms(buf, &pool->terms);
	store_i64(buf + 168, s->end_time);
	store_i64(buf + 176, s->unlock_time);
	store_u64(buf + 217, s->total_amount);
	store_u64(buf + 311, s->value.lo);
	store_u64(buf + 319, s->value.hi);
	put_key(buf + 327, &s->randomness);
	store_u64(buf + 359, s->commit_slot == 0 ? 0 : s->commit_slot + POLICY_DEADLINE_SLOTS);
	buf[POOL_STATUS_OFFSET] = (uint8_t)s->status;
	buf[369] = s->paused;
	store_u64(buf + 405, s->commit_slot);
	put_key(buf + 455, &s->winner);
}

static void put_participants(
	struct rpc_account *out, uint8_t *buf, const struct sim_pool *pool, const struct pool_state *s)
{
	begin(out, buf, PARTICIPANTS_ACCOUNT_SIZE, &ADDRESS_ML);
	memcpy(buf, PARTICIPANTS_DISCRIMINATOR, 8);
	for (size_t i = 0; i < PLAYERS; i++)
		put_key(buf + 8 + i * PUBKEY_SIZE, &pool->player[i]);
	buf[648] = s->count;
}

static void put_token(
	struct rpc_account *out, uint8_t *buf, const struct pubkey *mint, const struct pubkey *owner, uint64_t amount)
{
	begin(out, buf, TOKEN_ACCOUNT_SIZE, &ADDRESS_TOKEN);
	put_key(buf, mint);
	put_key(buf + 32, owner);
	store_u64(buf + 64, amount);
	buf[108] = 1;
}

static bool put_of_claims(struct rpc_account *out, uint8_t *buf, const struct pubkey *key, const struct state *state)
{
	struct pubkey ata;

	if (!world.policy.pay_referrals)
		return false;
	pda_ata(&ata, &world.treasury, &world.claim_mint, &ADDRESS_TOKEN);
	if (pubkey_equal(key, &ata)) {
		put_token(out, buf, &world.claim_mint, &world.treasury, claims_treasury_tokens(state));
		return true;
	}
	for (unsigned i = 0; i < CLAIMS; i++) {
		const struct sim_claim *claim = &world.claim[i];

		pda_ata(&ata, &claim->wallet, &world.claim_mint, &ADDRESS_TOKEN);
		if (!pubkey_equal(key, &ata) || !state->claim_ata[i])
			continue;
		put_token(out, buf, &world.claim_mint, &claim->wallet, claim->amount * state->claim_paid[i]);
		return true;
	}
	return false;
}

static void put_mint(struct rpc_account *out, uint8_t *buf)
{
	begin(out, buf, TOKEN_MINT_SIZE, &ADDRESS_TOKEN);
	store_u64(buf + 36, 1000000000000000000u);
	buf[44] = MINT_DECIMALS;
	buf[45] = 1;
}

static void put_clock(struct rpc_account *out, uint8_t *buf, const struct block *block)
{
	begin(out, buf, CLOCK_ACCOUNT_SIZE, &ADDRESS_CLOCK);
	store_u64(buf, block->slot.n);
	store_i64(buf + 32, block->unix_s);
}

static void put_randomness(struct rpc_account *out, uint8_t *buf, const struct rand_state *r, const struct block *block)
{
	begin(out, buf, SB_RANDOMNESS_SIZE, &world.net.program);
	memcpy(buf, SB_RANDOMNESS_DISCRIMINATOR, 8);
	put_key(buf + 8, &r->authority);
	put_key(buf + 40, &world.net.queue);
	memcpy(buf + 72, r->seed_slothash.b, HASH_SIZE);
	store_u64(buf + 104, r->seed_slot);
	if (r->reveal_slot == 0)
		put_key(buf + 112, &r->oracle);
	store_u64(buf + 144, r->reveal_slot);
	memcpy(buf + 152, r->value, sizeof r->value);
	store_u64(buf + 184, r->lut_slot);
	put_key(buf + 408, &r->oracle);
	store_i64(buf + 472, block->unix_s + 100000);
}

static void put_queue(struct rpc_account *out, uint8_t *buf)
{
	begin(out, buf, SB_QUEUE_SIZE, &world.net.program);
	memcpy(buf, SB_QUEUE_DISCRIMINATOR, 8);
	for (size_t i = 0; i < ORACLES; i++)
		put_key(buf + 1064 + i * PUBKEY_SIZE, &world.oracle[i].address);
	store_i64(buf + 5176, 600);
	store_u32(buf + 5204, ORACLES);
}

static void put_oracle(struct rpc_account *out, uint8_t *buf, const struct sim_oracle *o, const struct block *block)
{
	begin(out, buf, SB_ORACLE_SIZE, &world.net.program);
	memcpy(buf, SB_ORACLE_DISCRIMINATOR, 8);
	buf[72] = o->verified && block->ms >= o->verified_ms ? SB_ORACLE_VERIFIED : 1;
	store_i64(buf + 88, block->unix_s + 100000);
	put_key(buf + 192, &o->address);
	put_key(buf + 3472, &world.net.queue);
	store_i64(buf + 3512, block->unix_s - 10);
	memcpy(buf + 3584, "https://oracle", 14);
	buf[3656] = 1;
}

static bool put_of_pool(
	struct rpc_account *out, uint8_t *buf, const struct pubkey *key, unsigned i, const struct state *state)
{
	const struct sim_pool *pool = &world.pool[i];
	const struct pool_account *t = &pool->terms;

	if (pubkey_equal(key, &pool->address))
		put_pool(out, buf, pool, &state->pool[i]);
	else if (pubkey_equal(key, &t->participants_account))
		put_participants(out, buf, pool, &state->pool[i]);
	else if (pubkey_equal(key, &t->pool_token))
		put_token(out, buf, &t->mint, &pool->address, state->pool[i].vault_amount);
	else if (state->dev_ata[i] && pubkey_equal(key, &pool->dev_ata))
		put_token(out, buf, &t->mint, &t->dev_wallet, 0);
	else if (state->treasury_ata[i] && pubkey_equal(key, &pool->treasury_ata))
		put_token(out, buf, &t->mint, &t->treasury_wallet, 0);
	else if (pubkey_equal(key, &t->mint))
		put_mint(out, buf);
	else
		return false;
	return true;
}

static bool put_of_switchboard(struct rpc_account *out, uint8_t *buf, const struct pubkey *key,
	const struct state *state, const struct block *block)
{
	if (pubkey_equal(key, &world.net.queue)) {
		put_queue(out, buf);
		return true;
	}
	for (size_t i = 0; i < ORACLES; i++)
		if (pubkey_equal(key, &world.oracle[i].address)) {
			put_oracle(out, buf, &world.oracle[i], block);
			return true;
		}
	for (unsigned i = 0; i < state->n_rands; i++)
		if (pubkey_equal(key, &state->rand[i].address)) {
			put_randomness(out, buf, &state->rand[i], block);
			return true;
		}
	return false;
}

void account_encode(struct rpc_account *out, uint8_t buf[ACCOUNT_BYTES_MAX], const struct pubkey *key,
	const struct state *state, const struct block *block)
{
	*out = (struct rpc_account){ .exists = false };
	if (pubkey_equal(key, &ADDRESS_CLOCK)) {
		put_clock(out, buf, block);
		return;
	}
	if (pubkey_equal(key, &world.claim_mint)) {
		put_mint(out, buf);
		return;
	}
	if (put_of_claims(out, buf, key, state))
		return;
	if (pubkey_equal(key, &world.key) || pubkey_equal(key, &world.treasury)) {
		*out = (struct rpc_account){
			.exists = true, .owner = ADDRESS_SYSTEM, .lamports = WALLET_LAMPORTS, .data = buf
		};
		return;
	}
	for (unsigned i = 0; i < world.n_pools; i++)
		if (put_of_pool(out, buf, key, i, state))
			return;
	(void)put_of_switchboard(out, buf, key, state, block);
}
