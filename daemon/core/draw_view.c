/* Judges the accounts of a draw. */
#include "core/draw_view.h"

#include "core/address.h"
#include "core/pda.h"

struct token_view view_token(
	const struct raw_account *a, const struct pubkey *mint, const struct pubkey *owner, bool strict)
{
	struct token_account token;
	struct token_view out = { ABSENT, 0 };

	if (!a->exists)
		return out;
	out.presence = UNUSABLE;
	if (token_account_decode(&token, &a->owner, a->data, a->len) != TOKEN_OK)
		return out;
	out.amount = token.amount;
	if (!pubkey_equal(&token.mint, mint) || !pubkey_equal(&token.owner, owner) || token.frozen)
		return out;
	if (strict && (token.has_delegate || token.has_close_authority))
		return out;
	out.presence = PRESENT;
	return out;
}

enum presence view_participants(struct participants_account *out, const struct raw_account *a,
	const struct pubkey *address, const struct pool_account *pool)
{
	struct pubkey own;

	if (!a->exists)
		return ABSENT;
	pda_participants(&own, address);
	return pubkey_equal(&pool->participants_account, &own) && pubkey_equal(&a->owner, &ADDRESS_ML) &&
	                       participants_decode(out, a->data, a->len) == ACCOUNT_OK && out->in_range
	               ? PRESENT
	               : UNUSABLE;
}

enum presence view_mint(struct token_mint *out, bool *known, const struct raw_account *a)
{
	*known = a->exists && token_mint_decode(out, &a->owner, a->data, a->len) == TOKEN_OK;
	if (!a->exists)
		return ABSENT;
	return *known && out->forbidden == 0 ? PRESENT : UNUSABLE;
}

enum presence view_randomness(struct sb_randomness *out, const struct raw_account *a, const struct pubkey *switchboard)
{
	if (!a->exists)
		return ABSENT;
	return pubkey_equal(&a->owner, switchboard) && sb_randomness_decode(out, a->data, a->len) == ACCOUNT_OK
	               ? PRESENT
	               : UNUSABLE;
}
