/* Account-level checks of the lottery program: one rule per account of an instruction, as Anchor derives them. */
#include "ml/accounts.h"

#include "discriminators.h"
#include "known.h"
#include "system.h"

static const char *const names[ROLES] = {
	[MINT] = "mint",
	[POOL] = "pool",
	[POOL_TOKEN] = "pool_token",
	[USER_TOKEN] = "user_token",
	[WINNER_TOKEN] = "winner_token",
	[DEV_TOKEN] = "dev_token",
	[TREASURY_TOKEN] = "treasury_token",
	[USER] = "user",
	[WINNER] = "winner_pubkey",
	[CREATOR_WALLET] = "creator_wallet",
	[CLOSE_TARGET] = "close_target",
	[RANDOMNESS] = "randomness",
	[TOKEN_PROGRAM] = "token_program",
	[ATA_PROGRAM] = "associated_token_program",
	[SYSTEM_PROGRAM] = "system_program",
	[RENT] = "rent",
	[PARTICIPANTS] = "participants",
};

static uint64_t decode_pool(struct call *c)
{
	const struct account *a = c->at[POOL];
	const struct pool *pool = (const struct pool *)a->data;

	TRY(anchor_check_owned(a, c->in->program, ACCOUNT_POOL, names[POOL]));
	REQUIRE_ACCOUNT(account_len(a) >= sizeof(*pool), AccountDidNotDeserialize, names[POOL]);
	REQUIRE_ACCOUNT(pool->status < POOL_STATUSES, AccountDidNotDeserialize, names[POOL]);
	REQUIRE_ACCOUNT((pool->paused | pool->allow_mock | pool->initialized | pool->processing) <= 1,
		AccountDidNotDeserialize, names[POOL]);
	c->pool = (struct pool *)a->data;
	return 0;
}

static uint64_t decode_participants(struct call *c)
{
	const struct account *a = c->at[PARTICIPANTS];

	TRY(anchor_check_owned(a, c->in->program, ACCOUNT_PARTICIPANTS, names[PARTICIPANTS]));
	REQUIRE_ACCOUNT(account_len(a) >= sizeof(struct participants), AccountDidNotDeserialize, names[PARTICIPANTS]);
	c->participants = (struct participants *)a->data;
	return 0;
}

static uint64_t decode_token(const struct account *a, const struct rule *rule)
{
	bool absent = pubkey_equal(a->owner, &KNOWN_SYSTEM) && *a->lamports == 0;

	REQUIRE_ACCOUNT(!absent, AccountNotInitialized, names[rule->role]);
	REQUIRE_ACCOUNT(token_is_program(a->owner), AccountOwnedByWrongProgram, names[rule->role]);
	return rule->kind == KIND_MINT ? token_check_mint(a) : token_check_account(a);
}

static uint64_t decode_program(const struct account *a, const struct rule *rule)
{
	const struct pubkey *expected = &KNOWN_SYSTEM;

	if (rule->kind == KIND_TOKEN_PROGRAM) {
		REQUIRE_ACCOUNT(token_is_program(a->key), InvalidProgramId, names[rule->role]);
		return 0;
	}
	if (rule->kind == KIND_ATA_PROGRAM)
		expected = &KNOWN_ATA;
	REQUIRE_ACCOUNT(pubkey_equal(a->key, expected), InvalidProgramId, names[rule->role]);
	return 0;
}

static uint64_t decode(struct call *c, const struct rule *rule)
{
	const struct account *a = c->at[rule->role];

	switch (rule->kind) {
	case KIND_POOL:
		return decode_pool(c);
	case KIND_PARTICIPANTS:
		return decode_participants(c);
	case KIND_MINT:
	case KIND_TOKEN_ACCOUNT:
		return decode_token(a, rule);
	case KIND_SIGNER:
		REQUIRE_ACCOUNT(a->signer, AccountNotSigner, names[rule->role]);
		return 0;
	case KIND_TOKEN_PROGRAM:
	case KIND_ATA_PROGRAM:
	case KIND_SYSTEM_PROGRAM:
		return decode_program(a, rule);
	case KIND_RENT:
		REQUIRE_ACCOUNT(pubkey_equal(a->key, &KNOWN_RENT), AccountSysvarMismatch, names[rule->role]);
		return 0;
	case KIND_UNCHECKED:
	case KIND_NEW_POOL:
	case KIND_NEW_ATA:
	case KIND_NEW_PARTICIPANTS:
		return 0;
	}
	return 0;
}

static uint64_t create_pda(struct call *c, enum role role, const struct seeds *signer, uint64_t space)
{
	struct new_account what = { c->at[USER], c->at[role], c->in->program, space, signer };

	return system_create(c->in, &what);
}

static NOINLINE uint64_t open_pool(struct call *c)
{
	struct account *a = c->at[POOL];
	struct bytes list[4] = { { "pool", 4 }, { c->at[MINT]->key, 32 }, { c->args, 32 }, { &c->pool_bump, 1 } };
	struct seeds signer = { list, 4 };

	REQUIRE_ACCOUNT(sbf_is_pda(list, 3, c->in->program, a->key, &c->pool_bump), ConstraintSeeds, names[POOL]);
	if (!pubkey_equal(a->owner, &KNOWN_SYSTEM))
		return decode_pool(c);
	TRY(create_pda(c, POOL, &signer, sizeof(struct pool)));
	c->pool = (struct pool *)a->data;
	c->pool->discriminator = ACCOUNT_POOL;
	return 0;
}

static NOINLINE uint64_t open_participants(struct call *c)
{
	struct account *a = c->at[PARTICIPANTS];
	uint8_t bump = 0;
	struct bytes list[3] = { { "participants", 12 }, { c->at[POOL]->key, 32 }, { &bump, 1 } };
	struct seeds signer = { list, 3 };

	REQUIRE_ACCOUNT(sbf_is_pda(list, 2, c->in->program, a->key, &bump), ConstraintSeeds, names[PARTICIPANTS]);
	TRY(create_pda(c, PARTICIPANTS, &signer, sizeof(struct participants)));
	c->participants = (struct participants *)a->data;
	c->participants->discriminator = ACCOUNT_PARTICIPANTS;
	return 0;
}

static NOINLINE uint64_t open_ata(struct call *c, const struct rule *rule)
{
	const struct account *a = c->at[rule->role];
	const struct account *owner = c->at[rule->owner];
	const char *name = names[rule->role];
	struct token_ata what = { c->at[USER], a, owner, c->at[MINT], c->at[TOKEN_PROGRAM] };

	if (pubkey_equal(a->owner, &KNOWN_SYSTEM))
		return token_create_ata(c->in, &what);
	TRY(decode_token(a, rule));
	REQUIRE_ACCOUNT(pubkey_equal(&token_account_of(a)->mint, c->at[MINT]->key), ConstraintTokenMint, name);
	REQUIRE_ACCOUNT(pubkey_equal(&token_account_of(a)->owner, owner->key), ConstraintTokenOwner, name);
	REQUIRE_ACCOUNT(token_is_ata(owner->key, c->at[MINT]->key, c->at[TOKEN_PROGRAM]->key, a->key),
		ConstraintAssociated, name);
	return 0;
}

static uint64_t open(struct call *c, const struct rule *rule)
{
	if (rule->kind == KIND_NEW_POOL)
		return open_pool(c);
	if (rule->kind == KIND_NEW_ATA)
		return open_ata(c, rule);
	if (rule->kind == KIND_NEW_PARTICIPANTS)
		return open_participants(c);
	return 0;
}

static NOINLINE uint64_t check_participants_address(const struct call *c)
{
	const struct pubkey *key = c->at[PARTICIPANTS]->key;
	struct bytes seeds[2] = { { "participants", 12 }, { c->at[POOL]->key, 32 } };
	uint8_t bump;

	REQUIRE_ACCOUNT(sbf_is_pda(seeds, 2, c->in->program, key, &bump), ConstraintSeeds, names[PARTICIPANTS]);
	return 0;
}

static uint64_t check_ata_rule(const struct call *c, const struct rule *rule, const struct pubkey *owner)
{
	REQUIRE_ACCOUNT(token_is_ata(owner, c->at[MINT]->key, c->at[TOKEN_PROGRAM]->key, c->at[rule->role]->key),
		InvalidParticipantToken, names[rule->role]);
	return 0;
}

static uint64_t check_relation(const struct call *c, const struct rule *rule)
{
	const struct account *a = c->at[rule->role];
	const struct token_account *token = token_account_of(a);
	const struct pubkey *mint;

	if (rule->constraint == NONE)
		return 0;
	mint = c->at[MINT]->key;
	switch (rule->constraint) {
	case NONE:
		return 0;
	case HAS_MINT:
		REQUIRE_ACCOUNT(pubkey_equal(&c->pool->mint, mint), InvalidMint, names[rule->role]);
		return 0;
	case HAS_MINT_UNNAMED:
		REQUIRE_ACCOUNT(pubkey_equal(&c->pool->mint, mint), ConstraintHasOne, names[rule->role]);
		return 0;
	case VAULT:
		REQUIRE_ACCOUNT(pubkey_equal(&token->mint, mint), InvalidMint, names[rule->role]);
		REQUIRE_ACCOUNT(
			pubkey_equal(&token->owner, c->at[POOL]->key), InvalidParticipantToken, names[rule->role]);
		return 0;
	case VAULT_UNNAMED:
		REQUIRE_ACCOUNT(pubkey_equal(&token->mint, mint) && pubkey_equal(&token->owner, c->at[POOL]->key),
			ConstraintRaw, names[rule->role]);
		return 0;
	case ATA_OF_USER:
		return check_ata_rule(c, rule, c->at[USER]->key);
	case ATA_OF_TREASURY:
		return check_ata_rule(c, rule, &c->pool->treasury_wallet);
	}
	return 0;
}

static uint64_t check_constraints(const struct call *c, const struct rule *rule)
{
	const struct account *a = c->at[rule->role];
	bool participants = rule->kind == KIND_PARTICIPANTS;

	if (participants)
		TRY(check_participants_address(c));
	REQUIRE_ACCOUNT(a->writable || !rule->writable, ConstraintMut, names[rule->role]);
	if (participants)
		REQUIRE_ACCOUNT(pubkey_equal(a->key, &c->pool->participants_account), InvalidParticipantsPda,
			names[PARTICIPANTS]);
	return check_relation(c, rule);
}

uint64_t accounts_load(struct call *c, const struct rule *rules, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		REQUIRE_ACCOUNT(i < c->in->count, AccountNotEnoughKeys, names[rules[i].role]);
		c->at[rules[i].role] = &c->in->accounts[i];
		TRY(decode(c, &rules[i]));
	}
	for (uint64_t i = 0; i < count; i++)
		TRY(open(c, &rules[i]));
	for (uint64_t i = 0; i < count; i++)
		TRY(check_constraints(c, &rules[i]));
	return 0;
}
