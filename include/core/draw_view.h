/* What the accounts of a draw hold, judged as payout and select will. Pure: the bytes are the caller's. */
#ifndef CORE_DRAW_VIEW_H
#define CORE_DRAW_VIEW_H
#include "core/draw_facts.h"

/* An account as a node gave it. exists false: everything else is zero. */
struct raw_account {
	bool exists;
	struct pubkey owner;
	const uint8_t *data;
	size_t len;
};

/* strict: no delegate and no close authority, which the program refuses where it pays to. */
struct token_view view_token(
	const struct raw_account *a, const struct pubkey *mint, const struct pubkey *owner, bool strict);
/* address: of the pool. */
enum presence view_participants(struct participants_account *out, const struct raw_account *a,
	const struct pubkey *address, const struct pool_account *pool);
/* *known: it is a mint of a token program, whatever its extensions; then *out is filled. */
enum presence view_mint(struct token_mint *out, bool *known, const struct raw_account *a);
/* switchboard: the program of this network. */
enum presence view_randomness(struct sb_randomness *out, const struct raw_account *a, const struct pubkey *switchboard);
#endif
