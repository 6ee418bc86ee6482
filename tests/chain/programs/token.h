/* SPL Token and Token-2022: reading mints and token accounts, calling the token and associated token programs. */
#ifndef PROGRAMS_TOKEN_H
#define PROGRAMS_TOKEN_H

#include "sbf.h"

/* The 82 bytes every mint starts with. */
struct PACKED token_mint {
	uint32_t has_authority;
	struct pubkey authority;
	uint64_t supply;
	uint8_t decimals;
	uint8_t initialized;
	uint32_t has_freeze_authority;
	struct pubkey freeze_authority;
};

/* The 165 bytes every token account starts with. */
struct PACKED token_account {
	struct pubkey mint;
	struct pubkey owner;
	uint64_t amount;
	uint32_t has_delegate;
	struct pubkey delegate;
	uint8_t state;
	uint32_t is_native;
	uint64_t native_reserve;
	uint64_t delegated_amount;
	uint32_t has_close_authority;
	struct pubkey close_authority;
};

_Static_assert(sizeof(struct token_mint) == 82, "spl-token Mint");
_Static_assert(sizeof(struct token_account) == 165, "spl-token Account");

#define TOKEN_STATE_FROZEN 2

/* Who moves tokens: the authority signed the transaction, or (signer set) is a PDA of the calling program. */
struct token_authority {
	const struct account *account;
	const struct seeds *signer;
};

struct token_transfer {
	const struct account *from;
	const struct account *mint;
	const struct account *to;
	struct token_authority authority;
	uint64_t amount;
};

struct token_ata {
	const struct account *payer;
	const struct account *address;
	const struct account *owner;
	const struct account *mint;
	const struct account *token_program;
};

bool token_is_program(const struct pubkey *key);

/* Reads without copying. Errors as Anchor's InterfaceAccount gives them: built-in InvalidAccountData for other data,
 * UninitializedAccount. The account must belong to a token program. */
uint64_t token_check_mint(const struct account *a);
uint64_t token_check_account(const struct account *a);

static inline const struct token_mint *token_mint_of(const struct account *a)
{
	return (const struct token_mint *)a->data;
}

static inline const struct token_account *token_account_of(const struct account *a)
{
	return (const struct token_account *)a->data;
}

/* Address of the associated token account. */
bool token_is_ata(const struct pubkey *owner, const struct pubkey *mint, const struct pubkey *token_program,
	const struct pubkey *address);

/* The calls run under the token program that owns the mint (or token account). */
uint64_t token_transfer(const struct input *in, const struct token_transfer *what);
uint64_t token_burn(const struct input *in, const struct token_transfer *what); /* what->to is not used */
uint64_t token_close(const struct input *in, const struct account *account, const struct account *target,
	const struct token_authority *authority);
uint64_t token_give_away(
	const struct input *in, const struct account *account, const struct account *from, const struct pubkey *to);
uint64_t token_create_ata(const struct input *in, const struct token_ata *what);

#endif
