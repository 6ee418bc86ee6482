/* The instructions of the ml program, from one table. */
#include "core/ml.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "core/address.h"

enum { W = 0x40, S = 0x80, ROLE = 0x1f, ACCOUNTS_MAX = 12 };

enum args {
	ARGS_NONE,
	ARGS_AMOUNT,   /* bet_amount u64 */
	ARGS_DURATION, /* lock_duration i64 */
	ARGS_CREATE,
};

static const struct def {
	const char *name;
	uint8_t discriminator[8];
	enum args args;
	uint8_t n_accounts;
	uint8_t account[ACCOUNTS_MAX]; /* role and flags, in order */
} DEF[ML_IX_COUNT] = {
	[ML_CREATE_POOL] = { "create_pool", { 0xe9, 0x92, 0xd1, 0x8e, 0xcf, 0x68, 0x40, 0xbc }, ARGS_CREATE, 10,
		{ ML_MINT | W, ML_POOL | W, ML_USER_TOKEN | W, ML_USER | W | S, ML_POOL_TOKEN | W, ML_TOKEN_PROGRAM,
			ML_ATA_PROGRAM, ML_SYSTEM_PROGRAM, ML_RENT_SYSVAR, ML_PARTICIPANTS | W } },
	[ML_JOIN_POOL] = { "join_pool", { 0x0e, 0x41, 0x3e, 0x10, 0x74, 0x11, 0xc3, 0x6b }, ARGS_AMOUNT, 7,
		{ ML_MINT | W, ML_POOL | W, ML_POOL_TOKEN | W, ML_USER_TOKEN | W, ML_USER | W | S, ML_TOKEN_PROGRAM,
			ML_PARTICIPANTS | W } },
	[ML_DONATE] = { "donate", { 0x79, 0xba, 0xda, 0xd3, 0x49, 0x46, 0xc4, 0xb4 }, ARGS_AMOUNT, 7,
		{ ML_MINT | W, ML_POOL | W, ML_POOL_TOKEN | W, ML_USER_TOKEN | W, ML_USER | W | S, ML_TOKEN_PROGRAM,
			ML_PARTICIPANTS } },
	[ML_SET_LOCK_DURATION] = { "set_lock_duration", { 0xc5, 0xc6, 0x83, 0x4b, 0x19, 0x74, 0x14, 0x6f },
		ARGS_DURATION, 3, { ML_POOL | W, ML_USER | W | S, ML_PARTICIPANTS } },
	[ML_CANCEL_POOL] = { "cancel_pool", { 0xd3, 0x0b, 0x1b, 0x64, 0xfc, 0x73, 0x39, 0x4d }, ARGS_NONE, 6,
		{ ML_MINT | W, ML_POOL | W, ML_POOL_TOKEN | W, ML_USER | W | S, ML_TOKEN_PROGRAM, ML_SYSTEM_PROGRAM } },
	[ML_ADMIN_CLOSE_POOL] = { "admin_close_pool", { 0x53, 0x69, 0xb2, 0xbc, 0x3d, 0x7d, 0x75, 0xc8 }, ARGS_NONE, 7,
		{ ML_MINT | W, ML_POOL | W, ML_POOL_TOKEN | W, ML_CREATOR_WALLET | W, ML_USER | W | S, ML_TOKEN_PROGRAM,
			ML_SYSTEM_PROGRAM } },
	[ML_SWEEP_EXPIRED_POOL] = { "sweep_expired_pool", { 0xb6, 0x04, 0xa1, 0xdd, 0x62, 0xbc, 0x49, 0x91 }, ARGS_NONE,
		7,
		{ ML_MINT | W, ML_POOL | W, ML_POOL_TOKEN | W, ML_USER | W | S, ML_TOKEN_PROGRAM, ML_SYSTEM_PROGRAM,
			ML_PARTICIPANTS } },
	[ML_UNLOCK_POOL] = { "unlock_pool", { 0x33, 0x13, 0xea, 0x9c, 0xff, 0xb7, 0x59, 0xfe }, ARGS_NONE, 3,
		{ ML_POOL | W, ML_USER | W | S, ML_PARTICIPANTS } },
	[ML_REQUEST_RANDOMNESS] = { "request_randomness", { 0xd5, 0x05, 0xad, 0xa6, 0x25, 0xec, 0x1f, 0x12 }, ARGS_NONE,
		4, { ML_RANDOMNESS, ML_POOL | W, ML_USER | S, ML_PARTICIPANTS } },
	[ML_SELECT_WINNER] = { "select_winner", { 0x77, 0x42, 0x2c, 0xec, 0x4f, 0x9e, 0x52, 0x33 }, ARGS_NONE, 4,
		{ ML_POOL | W, ML_RANDOMNESS, ML_USER | S, ML_PARTICIPANTS } },
	[ML_PAYOUT_WINNER] = { "payout_winner", { 0xc0, 0xf1, 0x9d, 0x9e, 0x82, 0x96, 0x0a, 0x08 }, ARGS_NONE, 12,
		{ ML_MINT | W, ML_POOL | W, ML_POOL_TOKEN | W, ML_WINNER_TOKEN | W, ML_DEV_TOKEN | W,
			ML_TREASURY_TOKEN | W, ML_TOKEN_PROGRAM, ML_ATA_PROGRAM, ML_SYSTEM_PROGRAM, ML_WINNER_PUBKEY,
			ML_USER | W | S, ML_PARTICIPANTS | W } },
	[ML_CLAIM_REFUND] = { "claim_refund", { 0x0f, 0x10, 0x1e, 0xa1, 0xff, 0xe4, 0x61, 0x3c }, ARGS_NONE, 8,
		{ ML_MINT | W, ML_POOL | W, ML_POOL_TOKEN | W, ML_USER_TOKEN | W, ML_TREASURY_TOKEN | W,
			ML_USER | W | S, ML_TOKEN_PROGRAM, ML_PARTICIPANTS | W } },
	[ML_CLAIM_RENT] = { "claim_rent", { 0x39, 0xe9, 0x33, 0x89, 0x66, 0x65, 0x1a, 0x65 }, ARGS_NONE, 7,
		{ ML_POOL | W, ML_MINT | W, ML_POOL_TOKEN | W, ML_CLOSE_TARGET | W, ML_USER | W | S, ML_TOKEN_PROGRAM,
			ML_PARTICIPANTS | W } },
	[ML_FINALIZE_FORFEITED_POOL] = { "finalize_forfeited_pool", { 0xc1, 0xd6, 0x89, 0x78, 0xf9, 0x09, 0x3b, 0xa1 },
		ARGS_NONE, 7,
		{ ML_MINT | W, ML_POOL | W, ML_POOL_TOKEN | W, ML_TREASURY_TOKEN | W, ML_USER | W | S, ML_TOKEN_PROGRAM,
			ML_PARTICIPANTS | W } },
	[ML_PAUSE_POOL] = { "pause_pool", { 0xa0, 0x0f, 0x0c, 0xbd, 0xa0, 0x00, 0xf3, 0xf5 }, ARGS_NONE, 3,
		{ ML_POOL | W, ML_USER | W | S, ML_PARTICIPANTS } },
	[ML_UNPAUSE_POOL] = { "unpause_pool", { 0xf1, 0x94, 0x81, 0xf3, 0xde, 0x7d, 0x7d, 0xa0 }, ARGS_NONE, 3,
		{ ML_POOL | W, ML_USER | W | S, ML_PARTICIPANTS } },
	[ML_FORCE_EXPIRE] = { "force_expire", { 0xb5, 0xe9, 0xe1, 0x96, 0xd5, 0x39, 0x91, 0xa9 }, ARGS_NONE, 2,
		{ ML_POOL | W, ML_USER | S } },
};

static const char *const ROLE_NAME[ML_ROLE_COUNT] = {
	[ML_MINT] = "mint",
	[ML_POOL] = "pool",
	[ML_POOL_TOKEN] = "pool_token",
	[ML_USER] = "user",
	[ML_USER_TOKEN] = "user_token",
	[ML_CREATOR_WALLET] = "creator_wallet",
	[ML_DEV_TOKEN] = "dev_token",
	[ML_TREASURY_TOKEN] = "treasury_token",
	[ML_WINNER_TOKEN] = "winner_token",
	[ML_WINNER_PUBKEY] = "winner_pubkey",
	[ML_CLOSE_TARGET] = "close_target",
	[ML_RANDOMNESS] = "randomness",
	[ML_PARTICIPANTS] = "participants",
	[ML_TOKEN_PROGRAM] = "token_program",
	[ML_ATA_PROGRAM] = "associated_token_program",
	[ML_SYSTEM_PROGRAM] = "system_program",
	[ML_RENT_SYSVAR] = "rent",
};

enum { CREATE_ARGS_SIZE = 120 };

static size_t args_size(enum args args)
{
	switch (args) {
	case ARGS_NONE:
		return 0;
	case ARGS_AMOUNT:
	case ARGS_DURATION:
		return 8;
	case ARGS_CREATE:
		return CREATE_ARGS_SIZE;
	}
	return 0;
}

static void put_args(struct ix *out, enum args kind, const struct ml_args *args)
{
	switch (kind) {
	case ARGS_NONE:
		break;
	case ARGS_AMOUNT:
		ix_u64(out, args->bet_amount);
		break;
	case ARGS_DURATION:
		ix_u64(out, (uint64_t)args->lock_duration);
		break;
	case ARGS_CREATE:
		ix_bytes(out, args->salt.b, HASH_SIZE);
		ix_u8(out, args->max_participants);
		ix_u64(out, (uint64_t)args->lock_duration);
		ix_u64(out, args->bet_amount);
		ix_bytes(out, args->dev_wallet.b, PUBKEY_SIZE);
		ix_u16(out, args->dev_fee_bps);
		ix_u16(out, args->burn_fee_bps);
		ix_bytes(out, args->treasury_wallet.b, PUBKEY_SIZE);
		ix_u16(out, args->treasury_fee_bps);
		ix_u8(out, args->allow_mock ? 1 : 0);
		break;
	}
}

static const struct pubkey *account_of(const struct ml_accounts *accounts, enum ml_role role)
{
	if (role == ML_ATA_PROGRAM)
		return &ADDRESS_ATA;
	if (role == ML_SYSTEM_PROGRAM)
		return &ADDRESS_SYSTEM;
	if (role == ML_RENT_SYSVAR)
		return &ADDRESS_RENT;
	return &accounts->of[role];
}

void ml_build(struct ix *out, enum ml_ix which, const struct ml_accounts *accounts, const struct ml_args *args)
{
	const struct def *def = &DEF[which];

	assert(args != NULL || def->args == ARGS_NONE);
	ix_begin(out, &ADDRESS_ML);
	ix_bytes(out, def->discriminator, sizeof def->discriminator);
	put_args(out, def->args, args);
	for (size_t i = 0; i < def->n_accounts; i++) {
		uint8_t entry = def->account[i];
		unsigned flags = (entry & W ? IX_WRITE : 0u) | (entry & S ? IX_SIGN : 0u);

		ix_account(out, account_of(accounts, (enum ml_role)(entry & ROLE)), (enum ix_flag)flags);
	}
}

/* False when allow_mock is neither 0 nor 1. p has CREATE_ARGS_SIZE bytes. */
static bool take_create(struct ml_args *args, const uint8_t *p)
{
	memcpy(args->salt.b, p, HASH_SIZE);
	args->max_participants = p[32];
	args->lock_duration = load_i64(p + 33);
	args->bet_amount = load_u64(p + 41);
	memcpy(args->dev_wallet.b, p + 49, PUBKEY_SIZE);
	args->dev_fee_bps = load_u16(p + 81);
	args->burn_fee_bps = load_u16(p + 83);
	memcpy(args->treasury_wallet.b, p + 85, PUBKEY_SIZE);
	args->treasury_fee_bps = load_u16(p + 117);
	args->allow_mock = p[119] == 1;
	return p[119] <= 1;
}

static bool take_args(struct ml_args *args, enum args kind, const uint8_t *p, size_t size)
{
	if (size < args_size(kind))
		return false;
	memset(args, 0, sizeof *args);
	switch (kind) {
	case ARGS_NONE:
		return true;
	case ARGS_AMOUNT:
		args->bet_amount = load_u64(p);
		return true;
	case ARGS_DURATION:
		args->lock_duration = load_i64(p);
		return true;
	case ARGS_CREATE:
		return take_create(args, p);
	}
	return false;
}

bool ml_parse(enum ml_ix *which, struct ml_args *args, const uint8_t *data, size_t size)
{
	if (size < 8)
		return false;
	for (size_t i = 0; i < ML_IX_COUNT; i++) {
		if (memcmp(data, DEF[i].discriminator, 8) != 0)
			continue;
		*which = (enum ml_ix)i;
		return take_args(args, DEF[i].args, data + 8, size - 8);
	}
	return false;
}

int ml_position(enum ml_ix which, enum ml_role role)
{
	const struct def *def = &DEF[which];

	for (size_t i = 0; i < def->n_accounts; i++)
		if ((def->account[i] & ROLE) == role)
			return (int)i;
	return -1;
}

size_t ml_account_count(enum ml_ix which)
{
	return DEF[which].n_accounts;
}

const char *ml_name(enum ml_ix which)
{
	return DEF[which].name;
}

const char *ml_role_name(enum ml_role role)
{
	return ROLE_NAME[role];
}
