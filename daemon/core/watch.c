/* The invariants of a pool that its own accounts answer, and the names of all mismatches that the watch knows. */
#include "core/watch.h"

#include <string.h>

#include "base/bytes.h"
#include "core/draw.h"

#define X(id, scope, name, text) { SCOPE_##scope, name, text },
const struct mismatch_def MISMATCHES[MISMATCH_KINDS] = { MISMATCH_TABLE(X) };
#undef X
const char *const MISMATCH_SCOPES[] = { "chain", "keeper", "app" };

bool mismatch_from_name(const char *text, enum mismatch_kind *out)
{
	for (unsigned i = 0; i < MISMATCH_KINDS; i++)
		if (strcmp(MISMATCHES[i].name, text) == 0) {
			*out = (enum mismatch_kind)i;
			return true;
		}
	return false;
}

bool watch_players_fit(const struct pool_account *pool, unsigned count)
{
	if (pool->status == POOL_OPEN)
		return count >= 1 && count <= pool->max_participants;
	return count == pool->max_participants;
}

/* Nothing after select compares the hash: what happens to it then keeps nobody's prize. */
static bool hash_matters(enum pool_status status)
{
	return status < POOL_WINNER_SELECTED;
}

static struct invariant vault_at(enum mismatch_kind kind, bool ok, const struct pool_account *pool, uint64_t amount)
{
	return (struct invariant){ kind, ok, pool->total_amount, amount };
}

unsigned watch_chain(struct invariant out[INVARIANTS_MAX], const struct pool_account *pool,
	const struct token_view *vault, enum presence participants_presence,
	const struct participants_account *participants)
{
	const bool live = pool->status < POOL_ENDED, usable = vault->presence == PRESENT;
	const unsigned count = participants_presence == PRESENT ? participants->count : 0;
	struct hash hash;
	unsigned n = 0;

	draw_config_hash(&hash, pool);
	out[n++] = vault_at(MISMATCH_VAULT_UNUSABLE, !live || usable, pool, vault->amount);
	out[n++] = vault_at(
		MISMATCH_VAULT_SHORT, !live || !usable || vault->amount >= pool->total_amount, pool, vault->amount);
	out[n++] = vault_at(
		MISMATCH_VAULT_DUST, !live || !usable || vault->amount <= pool->total_amount, pool, vault->amount);
	out[n++] = (struct invariant){ MISMATCH_PARTICIPANTS, !live || watch_players_fit(pool, count),
		pool->max_participants, count };
	out[n++] = (struct invariant){ MISMATCH_CONFIG_HASH,
		!hash_matters(pool->status) || hash_equal(&hash, &pool->config_hash), load_u64(hash.b),
		load_u64(pool->config_hash.b) };
	return n;
}
