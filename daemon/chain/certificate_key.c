/* Signs the hashes of certificates. */
#include "chain/certificate_key.h"

#include <stdio.h>
#include <stdlib.h>

#include "chain/held_key.h"
#include "core/certificate.h"

struct certificate_key {
	struct held_key key;
};

struct certificate_key *certificate_key_new(const char *text, size_t len, char *why, size_t why_size)
{
	struct certificate_key *key = calloc(1, sizeof(*key));
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

void certificate_key_free(struct certificate_key *key)
{
	if (!key)
		return;
	held_key_free(&key->key);
	free(key);
}

bool certificate_key_locked(const struct certificate_key *key)
{
	return key->key.locked;
}

void certificate_key_public(const struct certificate_key *key, struct pubkey *out)
{
	*out = key->key.pubkey;
}

void certificate_key_sign(struct signature *out, const struct certificate_key *key, const struct hash *body)
{
	uint8_t message[CERTIFICATE_MESSAGE_SIZE];

	certificate_message(message, body);
	held_key_sign(out, &key->key, (struct bytes){ message, sizeof(message) });
}
