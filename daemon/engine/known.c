/* A hash set of pools by address and id: open addressing, at most half full. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crypto.h"
#include "engine/discovery.h"

enum { KNOWN_FIRST = 1024, KNOWN_MAX = 1 << 20 };

static struct known_pool name_of(const struct discovery_key *key)
{
	uint8_t id[sizeof key->pool_id];
	struct known_pool name;
	struct hash hash;

	store_u64(id, key->pool_id);
	crypto_sha256(&hash, (const struct bytes[]){ { key->address.b, sizeof key->address.b }, { id, sizeof id } }, 2);
	memcpy(&name, hash.b, sizeof name);
	return name;
}

static bool is_free(const struct known_pool *slot)
{
	return slot->half[0] == 0 && slot->half[1] == 0;
}

static size_t place_of(const struct known_pools *known, const struct known_pool *name)
{
	size_t at = (size_t)name->half[0] & (known->capacity - 1);

	while (!is_free(&known->slot[at]) && memcmp(&known->slot[at], name, sizeof *name) != 0)
		at = (at + 1) & (known->capacity - 1);
	return at;
}

bool known_has(const struct known_pools *known, const struct discovery_key *key)
{
	const struct known_pool name = name_of(key);

	return known->n > 0 && !is_free(&known->slot[place_of(known, &name)]);
}

static void grow(struct known_pools *known)
{
	struct known_pools bigger = { .capacity = known->capacity ? 2 * known->capacity : KNOWN_FIRST };

	bigger.slot = calloc(bigger.capacity, sizeof *bigger.slot);
	if (!bigger.slot)
		abort();
	for (size_t i = 0; i < known->capacity; i++)
		if (!is_free(&known->slot[i]))
			bigger.slot[place_of(&bigger, &known->slot[i])] = known->slot[i];
	bigger.n = known->n;
	free(known->slot);
	*known = bigger;
}

void known_add(struct known_pools *known, const struct discovery_key *key)
{
	const struct known_pool name = name_of(key);
	size_t at;

	/* A node that makes pools up must not fill the memory: all are looked at again. */
	if (known->n >= KNOWN_MAX)
		known_clear(known);
	if (2 * (known->n + 1) > known->capacity)
		grow(known);
	at = place_of(known, &name);
	known->n += is_free(&known->slot[at]);
	known->slot[at] = name;
}

void known_clear(struct known_pools *known)
{
	free(known->slot);
	*known = (struct known_pools){ 0 };
}
