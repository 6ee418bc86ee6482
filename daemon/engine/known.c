/* A hash set of pools by address and id: open addressing, at most half full. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "engine/discovery.h"

enum { KNOWN_FIRST = 1024, KNOWN_MAX = 1 << 20 };

static size_t place_of(const struct known_pools *known, const struct discovery_key *key)
{
	const uint64_t mixed = (load_u64(key->address.b) ^ key->pool_id) * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(mixed >> 20) & (known->capacity - 1);

	while (!pubkey_is_zero(&known->slot[at].address)) {
		if (known->slot[at].pool_id == key->pool_id && pubkey_equal(&known->slot[at].address, &key->address))
			break;
		at = (at + 1) & (known->capacity - 1);
	}
	return at;
}

bool known_has(const struct known_pools *known, const struct discovery_key *key)
{
	return known->n > 0 && !pubkey_is_zero(&known->slot[place_of(known, key)].address);
}

static void grow(struct known_pools *known)
{
	struct known_pools bigger = { .capacity = known->capacity ? 2 * known->capacity : KNOWN_FIRST };

	bigger.slot = calloc(bigger.capacity, sizeof *bigger.slot);
	if (!bigger.slot)
		abort();
	for (size_t i = 0; i < known->capacity; i++)
		if (!pubkey_is_zero(&known->slot[i].address))
			bigger.slot[place_of(&bigger, &known->slot[i])] = known->slot[i];
	bigger.n = known->n;
	free(known->slot);
	*known = bigger;
}

void known_add(struct known_pools *known, const struct discovery_key *key)
{
	size_t at;

	if (pubkey_is_zero(&key->address))
		return;
	/* A node that makes pools up must not fill the memory: all are looked at again. */
	if (known->n >= KNOWN_MAX)
		known_clear(known);
	if (2 * (known->n + 1) > known->capacity)
		grow(known);
	at = place_of(known, key);
	known->n += pubkey_is_zero(&known->slot[at].address);
	known->slot[at] = *key;
}

void known_clear(struct known_pools *known)
{
	free(known->slot);
	*known = (struct known_pools){ 0 };
}
