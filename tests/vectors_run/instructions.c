/* instructions.json: all instructions of the ml program, built, recognised again, and their accounts derived. */
#include <json-c/json.h>
#include <string.h>

#include "core/address.h"
#include "core/ml.h"
#include "core/pda.h"
#include "ix_json.h"

static bool find_ix(const char *name, enum ml_ix *out)
{
	for (size_t i = 0; i < ML_IX_COUNT; i++) {
		*out = (enum ml_ix)i;
		if (strcmp(ml_name(*out), name) == 0)
			return true;
	}
	return false;
}

/* Fills the roles that the case names; each named account must be a role of this instruction, at that position. */
static void read_accounts(struct check *check, struct json_object *object, enum ml_ix which, struct ml_accounts *out)
{
	struct json_object *accounts = member(check, object, "accounts");
	struct json_object_iter at;
	int position = 0;

	memset(out, 0, sizeof *out);
	if (accounts == NULL)
		return;
	json_object_object_foreachC(accounts, at)
	{
		size_t role = 0;

		while (role < ML_ROLE_COUNT && strcmp(ml_role_name((enum ml_role)role), at.key) != 0)
			role++;
		if (role == ML_ROLE_COUNT || ml_position(which, (enum ml_role)role) != position) {
			check_fail(check, "accounts: %s is not at position %d", at.key, position);
			return;
		}
		out->of[role] = read_key(check, accounts, at.key);
		position++;
	}
	check_that(check, ml_account_count(which) == (size_t)position, "all accounts are named");
}

static void read_args(struct check *check, struct json_object *args, enum ml_ix which, struct ml_args *out)
{
	memset(out, 0, sizeof *out);
	if (which == ML_SET_LOCK_DURATION)
		out->lock_duration = read_i64(check, args, "new_lock_duration");
	if (which == ML_CREATE_POOL || which == ML_JOIN_POOL || which == ML_DONATE)
		out->bet_amount = read_u64(check, args, "amount");
	if (which != ML_CREATE_POOL)
		return;
	out->salt = read_hash(check, args, "salt");
	out->max_participants = (uint8_t)read_u64(check, args, "max_participants");
	out->lock_duration = read_i64(check, args, "lock_duration");
	out->dev_wallet = read_key(check, args, "dev_wallet");
	out->dev_fee_bps = (uint16_t)read_u64(check, args, "dev_fee_bps");
	out->burn_fee_bps = (uint16_t)read_u64(check, args, "burn_fee_bps");
	out->treasury_wallet = read_key(check, args, "treasury_wallet");
	out->treasury_fee_bps = (uint16_t)read_u64(check, args, "treasury_fee_bps");
	out->allow_mock = read_bool(check, args, "allow_mock");
}

static bool same_args(const struct ml_args *a, const struct ml_args *b)
{
	return a->bet_amount == b->bet_amount && a->lock_duration == b->lock_duration &&
	       hash_equal(&a->salt, &b->salt) && a->max_participants == b->max_participants &&
	       pubkey_equal(&a->dev_wallet, &b->dev_wallet) && a->dev_fee_bps == b->dev_fee_bps &&
	       a->burn_fee_bps == b->burn_fee_bps && pubkey_equal(&a->treasury_wallet, &b->treasury_wallet) &&
	       a->treasury_fee_bps == b->treasury_fee_bps && a->allow_mock == b->allow_mock;
}

static void check_ata(struct check *check, const struct ml_accounts *accounts, enum ml_ix which, enum ml_role role,
	const struct pubkey *owner, const struct pubkey *mint, const struct pubkey *token_program)
{
	struct pubkey ata;

	if (ml_position(which, role) < 0)
		return;
	pda_ata(&ata, owner, mint, token_program);
	if (!pubkey_equal(&ata, &accounts->of[role]))
		check_fail(check, "accounts: %s is not the ATA derived from context", ml_role_name(role));
}

static void check_same(struct check *check, const struct ml_accounts *accounts, enum ml_ix which, enum ml_role role,
	const struct pubkey *key)
{
	if (ml_position(which, role) >= 0 && !pubkey_equal(key, &accounts->of[role]))
		check_fail(check, "accounts: %s is not what context says", ml_role_name(role));
}

/* Where the accounts come from. user_token of donate may be any account of the user's, so it is left alone there. */
static void check_context(
	struct check *check, struct json_object *context, enum ml_ix which, const struct ml_accounts *accounts)
{
	struct pubkey mint = read_key(check, context, "mint");
	struct pubkey token_program = read_key(check, context, "token_program");
	struct pubkey creator = read_key(check, context, "creator");
	struct pubkey dev = read_key(check, context, "dev_wallet");
	struct pubkey treasury = read_key(check, context, "treasury_wallet");
	struct pubkey winner = read_key(check, context, "winner");
	struct hash salt = read_hash(check, context, "salt");
	struct pubkey pool;
	struct pubkey participants;

	pda_pool(&pool, &mint, &salt);
	pda_participants(&participants, &pool);
	check_same(check, accounts, which, ML_MINT, &mint);
	check_same(check, accounts, which, ML_TOKEN_PROGRAM, &token_program);
	check_same(check, accounts, which, ML_POOL, &pool);
	check_same(check, accounts, which, ML_PARTICIPANTS, &participants);
	check_same(check, accounts, which, ML_CREATOR_WALLET, &creator);
	check_same(check, accounts, which, ML_WINNER_PUBKEY, &winner);
	check_ata(check, accounts, which, ML_POOL_TOKEN, &pool, &mint, &token_program);
	check_ata(check, accounts, which, ML_DEV_TOKEN, &dev, &mint, &token_program);
	check_ata(check, accounts, which, ML_TREASURY_TOKEN, &treasury, &mint, &token_program);
	check_ata(check, accounts, which, ML_WINNER_TOKEN, &winner, &mint, &token_program);
	if (which != ML_DONATE)
		check_ata(check, accounts, which, ML_USER_TOKEN, &accounts->of[ML_USER], &mint, &token_program);
}

static void run_case(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct ml_accounts accounts;
	struct ml_args args;
	struct ml_args parsed;
	struct ix ix;
	enum ml_ix which;
	enum ml_ix again;
	size_t n;
	const char *name;

	check_begin(&check, suite, "cases[%zu]", i);
	note_unknown_members(suite, object, "name args accounts context program_id metas data");
	name = read_text(&check, object, "name", &n);
	if (!find_ix(name, &which)) {
		check_fail(&check, "name: %s is no instruction we know", name);
		check_end(&check);
		return;
	}
	read_accounts(&check, object, which, &accounts);
	read_args(&check, member(&check, object, "args"), which, &args);
	ml_build(&ix, which, &accounts, &args);
	expect_ix(&check, object, &IX_NAMES, &ix);
	check_that(&check, ml_parse(&again, &parsed, ix.data, ix.data_size) && again == which,
		"the data is recognised as this instruction");
	check_that(&check, same_args(&args, &parsed), "the arguments are read back");
	if (member_exists(object, "context"))
		check_context(&check, json_object_object_get(object, "context"), which, &accounts);
	check_end(&check);
}

static void expect_discriminators(struct check *check, struct json_object *discriminators)
{
	struct json_object_iter at;

	json_object_object_foreachC(discriminators, at)
	{
		struct ml_args args;
		enum ml_ix which;
		struct bytes data = read_hex(check, discriminators, at.key);
		uint8_t padded[256] = { 0 };

		memcpy(padded, data.p, data.n < 8 ? data.n : 8);
		if (!ml_parse(&which, &args, padded, sizeof padded) || strcmp(ml_name(which), at.key) != 0)
			check_fail(check, "discriminators: %s is not recognised", at.key);
	}
}

static void run_meta(const struct suite *suite, struct json_object *meta)
{
	struct check check;
	struct json_object *discriminators;

	check_begin(&check, suite, "meta");
	expect_key(&check, meta, "program_id", &ADDRESS_ML);
	discriminators = member(&check, meta, "discriminators");
	if (discriminators != NULL)
		expect_discriminators(&check, discriminators);
	check_end(&check);
}

void vectors_instructions(const struct suite *suite, struct json_object *root)
{
	if (member_exists(root, "meta"))
		run_meta(suite, json_object_object_get(root, "meta"));
	for (size_t i = 0; i < section_size(suite, root, "cases"); i++)
		run_case(suite, section_at(root, "cases", i), i);
	note_unknown_members(suite, root, "meta cases");
}
