/* Checks and token movements that several instructions of the lottery program share. */
#include "ml/ml.h"

uint64_t check_token_program(const struct call *c)
{
	REQUIRE(pubkey_equal(c->at[MINT]->owner, c->at[TOKEN_PROGRAM]->key), InvalidTokenProgram);
	return 0;
}

uint64_t check_vault(const struct call *c)
{
	REQUIRE(pubkey_equal(c->at[POOL_TOKEN]->key, &c->pool->pool_token), PoolTokenMismatch);
	return 0;
}

uint64_t check_minimum(const struct call *c, uint64_t amount)
{
	uint64_t minimum = MIN_TOKENS;

	for (uint8_t i = 0; i < token_mint_of(c->at[MINT])->decimals; i++)
		REQUIRE(!mul_overflows(minimum, 10, &minimum), Overflow);
	REQUIRE(amount >= minimum, InvalidAmount);
	return 0;
}

NOINLINE void config_hash(const struct pool *pool, uint8_t *hash32)
{
	struct bytes parts[11] = {
		{ pool->salt, 32 },
		{ &pool->max_participants, 1 },
		{ &pool->lock_duration, 8 },
		{ &pool->amount, 8 },
		{ &pool->dev_wallet, 32 },
		{ &pool->dev_fee_bps, 2 },
		{ &pool->burn_fee_bps, 2 },
		{ &pool->treasury_wallet, 32 },
		{ &pool->treasury_fee_bps, 2 },
		{ &pool->start_time, 8 },
		{ &pool->duration, 8 },
	};

	sol_sha256(parts, 11, hash32);
}

uint64_t check_config(const struct call *c)
{
	uint8_t hash[32];

	config_hash(c->pool, hash);
	REQUIRE(pubkey_equal(hash, c->pool->config_hash), ConfigMismatch);
	return 0;
}

uint64_t check_refundable(const struct call *c)
{
	uint8_t reason = c->pool->status_reason;

	REQUIRE(c->pool->status == CANCELLED, InvalidPoolStatus);
	REQUIRE(reason == REASON_EXPIRED || reason == REASON_CANCELLED || reason == REASON_ADMIN_CLOSED,
		InvalidPoolStatus);
	return 0;
}

uint64_t check_ata(const struct call *c, enum role token, const struct pubkey *owner)
{
	REQUIRE(token_is_ata(owner, c->at[MINT]->key, c->at[TOKEN_PROGRAM]->key, c->at[token]->key),
		InvalidParticipantToken);
	return 0;
}

uint64_t check_token(const struct call *c, enum role token, const struct pubkey *owner)
{
	const struct token_account *account = token_account_of(c->at[token]);

	REQUIRE(pubkey_equal(&account->mint, c->at[MINT]->key), InvalidMint);
	REQUIRE(pubkey_equal(&account->owner, owner), InvalidParticipantToken);
	REQUIRE(account->state != TOKEN_STATE_FROZEN, FrozenAccount);
	return 0;
}

uint64_t check_token_strict(const struct call *c, enum role token, const struct pubkey *owner)
{
	const struct token_account *account = token_account_of(c->at[token]);

	TRY(check_token(c, token, owner));
	REQUIRE(account->has_delegate == 0, HasDelegate);
	REQUIRE(account->has_close_authority == 0, HasCloseAuthority);
	return 0;
}

uint64_t pay_in(const struct call *c, uint64_t amount)
{
	struct token_transfer what = {
		c->at[USER_TOKEN],
		c->at[MINT],
		c->at[POOL_TOKEN],
		{ c->at[USER], NULL },
		amount,
	};

	return token_transfer(c->in, &what);
}

/* Calls the token program on the vault with the pool's PDA as signer. */
struct vault_signer {
	struct bytes seeds[4];
	struct seeds list;
	struct token_authority authority;
};

static void sign_for_vault(const struct call *c, struct vault_signer *signer)
{
	struct pool *pool = c->pool;

	signer->seeds[0].data = "pool";
	signer->seeds[0].len = 4;
	signer->seeds[1].data = &pool->mint;
	signer->seeds[1].len = 32;
	signer->seeds[2].data = pool->salt;
	signer->seeds[2].len = 32;
	signer->seeds[3].data = &pool->bump;
	signer->seeds[3].len = 1;
	signer->list.list = signer->seeds;
	signer->list.count = 4;
	signer->authority.account = c->at[POOL];
	signer->authority.signer = &signer->list;
}

uint64_t pay_out(const struct call *c, enum role to, uint64_t amount)
{
	struct vault_signer signer;
	struct token_transfer what = { c->at[POOL_TOKEN], c->at[MINT], c->at[to], { NULL, NULL }, amount };

	if (amount == 0)
		return 0;
	sign_for_vault(c, &signer);
	what.authority = signer.authority;
	return token_transfer(c->in, &what);
}

uint64_t burn_from_vault(const struct call *c, uint64_t amount)
{
	struct vault_signer signer;
	struct token_transfer what = { c->at[POOL_TOKEN], c->at[MINT], NULL, { NULL, NULL }, amount };

	if (amount == 0)
		return 0;
	sign_for_vault(c, &signer);
	what.authority = signer.authority;
	return token_burn(c->in, &what);
}

uint64_t close_vault(const struct call *c)
{
	struct vault_signer signer;

	sign_for_vault(c, &signer);
	return token_close(c->in, c->at[POOL_TOKEN], c->at[CLOSE_TARGET], &signer.authority);
}
