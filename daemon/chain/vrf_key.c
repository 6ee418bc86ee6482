/* Proves with a key that is in sight only meanwhile. */
#include "chain/vrf_key.h"

#include <stdio.h>
#include <stdlib.h>

#include "chain/held_key.h"

struct vrf_key {
	struct held_key key;
};

struct vrf_key *vrf_key_new(const char *text, size_t len, char *why, size_t why_size)
{
	struct vrf_key *key = calloc(1, sizeof(*key));
	const char *wrong;

	if (!key)
		abort();
	wrong = held_key_read(&key->key, text, len);
	if (!wrong)
		return key;
	snprintf(why, why_size, "%s", wrong);
	free(key);
	return NULL;
}

void vrf_key_free(struct vrf_key *key)
{
	if (!key)
		return;
	held_key_free(&key->key);
	free(key);
}

bool vrf_key_locked(const struct vrf_key *key)
{
	return key->key.locked;
}

void vrf_key_public(const struct vrf_key *key, struct pubkey *out)
{
	*out = key->key.pubkey;
}

enum ecvrf_result vrf_key_prove(struct vrf_key *key, struct ecvrf_proof *out, struct bytes alpha)
{
	const enum ecvrf_result result = ecvrf_prove(out, held_key_show(&key->key), alpha);

	held_key_hide(&key->key);
	return result;
}

struct vrf_key *vrf_keys_find(const struct vrf_keys *keys, const struct pubkey *pubkey)
{
	for (size_t i = 0; i < keys->n; i++)
		if (pubkey_equal(&keys->key[i]->key.pubkey, pubkey))
			return keys->key[i];
	return NULL;
}
