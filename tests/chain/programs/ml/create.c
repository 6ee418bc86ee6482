/* create_pool: checks of the mint and the terms, then the first bet. */
#include "ml/events.h"

enum extension {
	EXTENSION_END = 0,
	TRANSFER_FEE = 1,
	MINT_CLOSE_AUTHORITY = 3,
	CONFIDENTIAL_TRANSFER = 4,
	DEFAULT_ACCOUNT_STATE = 6,
	NON_TRANSFERABLE = 9,
	INTEREST_BEARING = 10,
	PERMANENT_DELEGATE = 12,
	TRANSFER_HOOK = 14
};

#define EXTENSIONS_AT 166 /* base padded to 165 bytes, then one byte of account type */
#define STATE_INITIALIZED 1

/* Borsh, packed: exactly the bytes after the discriminator. */
struct PACKED terms {
	uint8_t salt[32];
	uint8_t max_participants;
	int64_t lock_duration;
	uint64_t amount;
	struct pubkey dev_wallet;
	uint16_t dev_fee_bps;
	uint16_t burn_fee_bps;
	struct pubkey treasury_wallet;
	uint16_t treasury_fee_bps;
	uint8_t allow_mock;
};

_Static_assert(sizeof(struct terms) == 120, "create_pool arguments");

/* Values of the extension at this offset, or NULL. Only extensions known when the program was written are looked for:
 * newer ones pass. */
static const uint8_t *find_extension(const struct account *mint, enum extension wanted, uint64_t *len)
{
	uint64_t end = account_len(mint);
	uint64_t at = EXTENSIONS_AT;

	while (at + 4 <= end) {
		uint64_t type = load16(mint->data + at);
		*len = load16(mint->data + at + 2);
		if (type == EXTENSION_END || at + 4 + *len > end)
			return NULL;
		if (type == (uint64_t)wanted)
			return mint->data + at + 4;
		at += 4 + *len;
	}
	return NULL;
}

static bool has(const struct account *mint, enum extension wanted)
{
	uint64_t len;

	return find_extension(mint, wanted, &len) != NULL;
}

static NOINLINE uint64_t check_extensions(const struct account *mint)
{
	const uint8_t *value;
	uint64_t len;

	REQUIRE(!has(mint, TRANSFER_FEE), ForbiddenTransferFee);
	REQUIRE(!has(mint, TRANSFER_HOOK), ForbiddenTransferHook);
	REQUIRE(!has(mint, CONFIDENTIAL_TRANSFER), ForbiddenConfidentialTransfer);
	REQUIRE(!has(mint, NON_TRANSFERABLE), ForbiddenNonTransferable);
	REQUIRE(!has(mint, INTEREST_BEARING), ForbiddenInterestBearing);
	REQUIRE(!has(mint, PERMANENT_DELEGATE), ForbiddenPermanentDelegate);
	value = find_extension(mint, MINT_CLOSE_AUTHORITY, &len);
	REQUIRE(!value || pubkey_zero(value), ForbiddenMintCloseAuthority);
	value = find_extension(mint, DEFAULT_ACCOUNT_STATE, &len);
	REQUIRE(!value || *value == STATE_INITIALIZED, ForbiddenDefaultAccountState);
	return 0;
}

/* Rust adds the three u16 with overflow checks: the panic ends the program without an error code. */
static uint64_t check_fees(const struct terms *terms)
{
	uint32_t sum = (uint32_t)terms->dev_fee_bps + terms->burn_fee_bps + terms->treasury_fee_bps;

	if (sum > UINT16_MAX) {
		LOG("panicked: attempt to add with overflow");
		abort();
	}
	REQUIRE(sum <= FEE_DENOMINATOR, ExcessiveFees);
	return 0;
}

static NOINLINE uint64_t check_mint(const struct call *c)
{
	const struct token_mint *mint = token_mint_of(c->at[MINT]);
	uint8_t decimals = mint->decimals;

	REQUIRE(mint->has_freeze_authority == 0, MintHasFreezeAuthority);
	REQUIRE(mint->has_authority == 0 || pubkey_zero(&mint->authority), MintHasMintAuthority);
	TRY(check_extensions(c->at[MINT]));
	REQUIRE(mint->supply > 0, ZeroSupply);
	REQUIRE(decimals == 6 || decimals == 8 || decimals == 9 || decimals == 10, InvalidDecimals);
	return 0;
}

static NOINLINE uint64_t check_terms(const struct call *c, const struct terms *terms)
{
	REQUIRE(!c->pool->initialized, AlreadyInitialized);
	TRY(check_token_program(c));
	TRY(check_fees(terms));
	TRY(check_mint(c));
	REQUIRE(terms->max_participants <= MAX_PARTICIPANTS, TooManyParticipants);
	REQUIRE(terms->max_participants >= 2, InvalidParticipantRange);
	TRY(check_minimum(c, terms->amount));
	REQUIRE(terms->lock_duration >= MIN_LOCK_DURATION && terms->lock_duration <= MAX_LOCK_DURATION,
		InvalidLockDuration);
	return 0;
}

static NOINLINE uint64_t new_pool_id(const struct call *c, const struct terms *terms)
{
	struct bytes parts[3] = { { terms->salt, 32 }, { &c->clock.slot, 8 }, { c->at[USER]->key, 32 } };
	uint8_t hash[32];

	sol_sha256(parts, 3, hash);
	return load64(hash);
}

static NOINLINE void fill_pool(const struct call *c, const struct terms *terms)
{
	struct pool *pool = c->pool;

	pool->pool_id = new_pool_id(c, terms);
	pubkey_copy(pool->salt, terms->salt);
	pubkey_copy(&pool->mint, c->at[MINT]->key);
	pubkey_copy(&pool->pool_token, c->at[POOL_TOKEN]->key);
	pubkey_copy(&pool->creator, c->at[USER]->key);
	pool->start_time = c->now;
	pool->duration = OPEN_DURATION;
	pool->expire_time = c->now + OPEN_DURATION;
	pool->max_participants = terms->max_participants;
	pool->lock_duration = terms->lock_duration;
	pool->amount = terms->amount;
	pool->total_amount = terms->amount;
	pool->total_volume = terms->amount;
	pool->total_joins = 1;
	pubkey_copy(&pool->dev_wallet, &terms->dev_wallet);
	pool->dev_fee_bps = terms->dev_fee_bps;
	pool->burn_fee_bps = terms->burn_fee_bps;
	pubkey_copy(&pool->treasury_wallet, &terms->treasury_wallet);
	pool->treasury_fee_bps = terms->treasury_fee_bps;
	pool->bump = c->pool_bump;
	pool->status = OPEN;
	pool->version = 1;
	pool->schema = 1;
#ifdef MAINNET
	pool->allow_mock = false;
#else
	pool->allow_mock = terms->allow_mock;
#endif
	pool->last_join_time = c->now;
	pubkey_copy(&pool->participants_account, c->at[PARTICIPANTS]->key);
	config_hash(pool, pool->config_hash);
}

uint64_t create_pool(struct call *c)
{
	const struct terms *terms = (const struct terms *)c->args;
	const struct pubkey *user = c->at[USER]->key;

	TRY(check_terms(c, terms));
	fill_pool(c, terms);
	TRY(check_token(c, USER_TOKEN, user));
	REQUIRE(token_account_of(c->at[USER_TOKEN])->amount >= terms->amount, InsufficientFunds);
	TRY(pay_in(c, terms->amount));
	pubkey_copy(&c->participants->list[0], user);
	c->participants->count = 1;
	emit_state(c, REASON_NONE);
	emit_activity(c, ACTION_CREATED, terms->amount, 1);
	c->pool->initialized = true;
	return 0;
}
