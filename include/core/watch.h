/* The invariants of a pool that its own accounts answer, and the names of all mismatches that the watch knows. */
#ifndef CORE_WATCH_H
#define CORE_WATCH_H
#include "core/draw_facts.h"

/* scope: chain (two accounts disagree), keeper (our records with the chain), app (schema public with the chain). The names
 * are those of keeper.mismatches.kind. */
#define MISMATCH_TABLE(X)                                                                                      \
	X(VAULT_SHORT, CHAIN, "vault_short", "the vault holds less than total_amount")                         \
	X(VAULT_DUST, CHAIN, "vault_dust", "the vault holds more than total_amount")                           \
	X(VAULT_UNUSABLE, CHAIN, "vault_unusable", "the vault is missing, frozen or not this pool's")          \
	X(PARTICIPANTS, CHAIN, "participants",                                                                 \
		"the participants account does not hold as many players as the pool's status demands")         \
	X(CONFIG_HASH, CHAIN, "config_hash", "config_hash does not recompute")                                 \
	X(PLAYERS, KEEPER, "players", "joins minus refunds in keeper.calls are not the participants on chain") \
	X(AMOUNT, KEEPER, "amount", "the amounts in keeper.calls do not add up to total_amount on chain")      \
	X(ROW, KEEPER, "row", "the row in keeper.draws is not what the chain shows")                           \
	X(APP_POOL, APP, "app_pool", "public.pools has no row with this pool's address")                       \
	X(APP_STATUS, APP, "app_status", "public.pools.status is not the chain's")                             \
	X(APP_COUNT, APP, "app_count", "public.pools.participants_count is not the chain's")                   \
	X(APP_POT, APP, "app_pot", "public.pools.total_pot is not the chain's")                                \
	X(APP_PARTICIPANTS, APP, "app_participants", "players that joined on chain are missing in public.participants")

enum mismatch_scope { SCOPE_CHAIN, SCOPE_KEEPER, SCOPE_APP };
#define X(id, scope, name, text) MISMATCH_##id,
enum mismatch_kind { MISMATCH_TABLE(X) MISMATCH_KINDS };
#undef X
struct mismatch_def {
	enum mismatch_scope scope;
	const char *name, *text;
};
extern const struct mismatch_def MISMATCHES[MISMATCH_KINDS];
extern const char *const MISMATCH_SCOPES[];
bool mismatch_from_name(const char *text, enum mismatch_kind *out);

/* One chain invariant of one pool. Of config_hash the values are the first eight bytes, little-endian. */
struct invariant {
	enum mismatch_kind kind;
	bool ok;
	uint64_t expected, found;
};
enum { INVARIANTS_MAX = 5 };
/* What two accounts of one answer say, for the pool's status; every invariant is judged, so that one that is right again is
 * known to be. participants: used when participants_presence is PRESENT. Returns how many of `out` are filled. */
unsigned watch_chain(struct invariant out[INVARIANTS_MAX], const struct pool_account *pool,
	const struct token_view *vault, enum presence participants_presence,
	const struct participants_account *participants);

/* A locked pool is full and stays so until it is paid; an open one has its creator. */
bool watch_players_fit(const struct pool_account *pool, unsigned count);
#endif
