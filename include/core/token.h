/* Mints and token accounts of SPL Token and Token-2022, and the checked transfer. */
#ifndef CORE_TOKEN_H
#define CORE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/ix.h"

enum {
	TOKEN_MINT_SIZE = 82,
	TOKEN_ACCOUNT_SIZE = 165,
	TOKEN_TRANSFER_CHECKED = 12, /* first byte of the instruction's data */
	TOKEN_TRANSFER_CHECKED_SIZE = 10,
};

enum token_result {
	TOKEN_OK,
	TOKEN_WRONG_OWNER,   /* the account belongs to neither token program */
	TOKEN_WRONG_SIZE,    /* cannot be this kind of account */
	TOKEN_WRONG_KIND,    /* Token-2022 account type byte says something else */
	TOKEN_MALFORMED,     /* option or state byte out of range, extension list broken */
	TOKEN_UNINITIALIZED, /* exists, never initialized */
};

struct token_mint {
	bool is_2022;
	uint8_t decimals;
	uint64_t supply_amount;
	bool has_mint_authority;
	struct pubkey mint_authority;
	bool has_freeze_authority;
	struct pubkey freeze_authority;
	/* 0, or the ml error (6059..6066) of the extension for which create_pool refuses this mint;
	 * the first one in the account's order. */
	uint16_t forbidden;
};

struct token_account {
	bool is_2022;
	struct pubkey mint;
	struct pubkey owner;
	uint64_t amount;
	bool frozen;
	bool has_delegate;
	struct pubkey delegate;
	uint64_t delegated_amount;
	bool is_native;
	bool has_close_authority;
	struct pubkey close_authority;
	bool memo_required; /* Token-2022: incoming transfers without a memo fail */
};

/* owner_program = the owner of the account on chain. *out is undefined unless TOKEN_OK. */
NODISCARD enum token_result token_mint_decode(
	struct token_mint *out, const struct pubkey *owner_program, const uint8_t *data, size_t size);
NODISCARD enum token_result token_account_decode(
	struct token_account *out, const struct pubkey *owner_program, const uint8_t *data, size_t size);

/* TransferChecked: the program refuses a wrong mint or decimals. */
void token_transfer_checked(struct ix *out, const struct pubkey *token_program, const struct pubkey *source,
	const struct pubkey *mint, const struct pubkey *destination, const struct pubkey *authority, uint64_t amount,
	uint8_t decimals);

#endif
