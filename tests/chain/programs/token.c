/* SPL Token and Token-2022: reading mints and token accounts, calling the token and associated token programs. */
#include "token.h"

#include "known.h"

enum token_call { SET_AUTHORITY = 6, CLOSE_ACCOUNT = 9, TRANSFER_CHECKED = 12, BURN_CHECKED = 15 };
enum ata_call { ATA_CREATE = 0 };

#define AUTHORITY_ACCOUNT_OWNER 2
#define MULTISIG_LEN 355
#define TYPE_AT sizeof(struct token_account) /* Token-2022: what an account with extensions is */
#define TYPE_MINT 1
#define TYPE_ACCOUNT 2

bool token_is_program(const struct pubkey *key)
{
	return pubkey_equal(key, &KNOWN_TOKEN) || pubkey_equal(key, &KNOWN_TOKEN_2022);
}

static bool has_type(const struct account *a, uint64_t plain_len, uint8_t type)
{
	uint64_t len = account_len(a);

	if (len == plain_len)
		return true;
	if (pubkey_equal(a->owner, &KNOWN_TOKEN))
		return false;
	return len > TYPE_AT && len != MULTISIG_LEN && a->data[TYPE_AT] == type;
}

uint64_t token_check_mint(const struct account *a)
{
	if (!has_type(a, sizeof(struct token_mint), TYPE_MINT))
		return ERROR_INVALID_ACCOUNT_DATA;
	return token_mint_of(a)->initialized ? 0 : ERROR_UNINITIALIZED_ACCOUNT;
}

uint64_t token_check_account(const struct account *a)
{
	if (!has_type(a, sizeof(struct token_account), TYPE_ACCOUNT))
		return ERROR_INVALID_ACCOUNT_DATA;
	return token_account_of(a)->state ? 0 : ERROR_UNINITIALIZED_ACCOUNT;
}

NOINLINE bool token_is_ata(const struct pubkey *owner, const struct pubkey *mint, const struct pubkey *token_program,
	const struct pubkey *address)
{
	struct bytes seeds[3] = { { owner, 32 }, { token_program, 32 }, { mint, 32 } };
	uint8_t bump;

	return sbf_is_pda(seeds, 3, &KNOWN_ATA, address, &bump);
}

static uint64_t invoke(const struct input *in, const struct instruction *ix, const struct seeds *signer)
{
	return sol_invoke_signed_c(ix, in->accounts, in->count, signer, signer ? 1 : 0);
}

NOINLINE uint64_t token_transfer(const struct input *in, const struct token_transfer *what)
{
	uint8_t data[10];
	struct meta metas[4] = {
		{ what->from->key, true, false },
		{ what->mint->key, false, false },
		{ what->to->key, true, false },
		{ what->authority.account->key, false, true },
	};
	struct instruction ix = { what->mint->owner, metas, 4, data, sizeof(data) };

	data[0] = TRANSFER_CHECKED;
	store64(data + 1, what->amount);
	data[9] = token_mint_of(what->mint)->decimals;
	return invoke(in, &ix, what->authority.signer);
}

NOINLINE uint64_t token_burn(const struct input *in, const struct token_transfer *what)
{
	uint8_t data[10];
	struct meta metas[3] = {
		{ what->from->key, true, false },
		{ what->mint->key, true, false },
		{ what->authority.account->key, false, true },
	};
	struct instruction ix = { what->mint->owner, metas, 3, data, sizeof(data) };

	data[0] = BURN_CHECKED;
	store64(data + 1, what->amount);
	data[9] = token_mint_of(what->mint)->decimals;
	return invoke(in, &ix, what->authority.signer);
}

NOINLINE uint64_t token_close(const struct input *in, const struct account *account, const struct account *target,
	const struct token_authority *authority)
{
	uint8_t call = CLOSE_ACCOUNT;
	struct meta metas[3] = {
		{ account->key, true, false },
		{ target->key, true, false },
		{ authority->account->key, false, true },
	};
	struct instruction ix = { account->owner, metas, 3, &call, 1 };

	return invoke(in, &ix, authority->signer);
}

NOINLINE uint64_t token_give_away(
	const struct input *in, const struct account *account, const struct account *from, const struct pubkey *to)
{
	uint8_t data[35] = { SET_AUTHORITY, AUTHORITY_ACCOUNT_OWNER, 1 };
	struct meta metas[2] = { { account->key, true, false }, { from->key, false, true } };
	struct instruction ix = { account->owner, metas, 2, data, sizeof(data) };

	pubkey_copy(data + 3, to);
	return invoke(in, &ix, NULL);
}

NOINLINE uint64_t token_create_ata(const struct input *in, const struct token_ata *what)
{
	uint8_t call = ATA_CREATE;
	struct meta metas[6] = {
		{ what->payer->key, true, true },
		{ what->address->key, true, false },
		{ what->owner->key, false, false },
		{ what->mint->key, false, false },
		{ &KNOWN_SYSTEM, false, false },
		{ what->token_program->key, false, false },
	};
	struct instruction ix = { &KNOWN_ATA, metas, 6, &call, 1 };

	return invoke(in, &ix, NULL);
}
