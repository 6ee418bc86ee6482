/* Signs what the guard allows, with a hash in the place of a signature: deterministic, like the real ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/signer.h"
#include "sim/sim.h"

struct signer {
	struct pubkey key;
};
struct account_key {
	struct pubkey key;
};

struct signer *sim_signer_new(const struct pubkey *key)
{
	struct signer *signer = calloc(1, sizeof *signer);

	if (!signer)
		abort();
	signer->key = *key;
	return signer;
}

void sim_signer_free(struct signer *signer)
{
	free(signer);
}

struct account_key *account_key_new(void)
{
	struct account_key *key = calloc(1, sizeof *key);

	if (!key)
		abort();
	random_bytes(key->key.b, sizeof key->key.b);
	return key;
}

void account_key_free(struct account_key *key)
{
	free(key);
}

const struct pubkey *account_key_pubkey(const struct account_key *key)
{
	return &key->key;
}

/* The last byte makes S too large for a real signature: whoever verifies it finds out quickly. */
static void sign(struct signature *sig, const struct pubkey *key, const uint8_t *message, size_t len)
{
	const struct bytes parts[] = { { key->b, PUBKEY_SIZE }, { message, len } };
	struct hash hash;

	crypto_sha256(&hash, parts, 2);
	memcpy(sig->b, hash.b, HASH_SIZE);
	memcpy(sig->b + HASH_SIZE, key->b, HASH_SIZE);
	sig->b[SIGNATURE_SIZE - 1] = 0xff;
}

bool signer_has(const struct signer *signer, const struct pubkey *auxiliary)
{
	(void)signer;
	for (unsigned i = 0; i < world.n_pools; i++)
		if (recipient_of(&world.pool[i], auxiliary))
			return true;
	return false;
}

enum err signer_sign(const struct signer *signer, const struct account_key *extra, const struct guard *allowed,
	const uint8_t *message, size_t message_len, uint8_t *out, size_t *out_len, struct signature *sig, char *why,
	size_t why_size)
{
	const struct pubkey *other = !pubkey_is_zero(&allowed->auxiliary) ? &allowed->auxiliary
	                             : extra                              ? &extra->key
	                                                                  : NULL;
	const size_t n = other ? 2 : 1, head = 1 + n * SIGNATURE_SIZE;
	struct signature second;

	if (!pubkey_equal(&allowed->payer, allowed->step == STEP_PAY_REFERRAL ? &world.treasury : &signer->key))
		violation("I4", "a key is to sign what is not its own to pay");
	if (!guard_allows(allowed, message, message_len, why, why_size))
		violation("I4", "the guard refuses what the engine composed: %s", why);
	if (message[0] != n || (extra && !pubkey_equal(&extra->key, &allowed->randomness)) ||
		head + message_len > ROW_TX_MAX) {
		snprintf(why, why_size, "not the keys that the message needs");
		return ERR_REFUSED;
	}
	sign(sig, &allowed->payer, message, message_len);
	out[0] = (uint8_t)n;
	memcpy(out + 1, sig->b, SIGNATURE_SIZE);
	if (other) {
		sign(&second, other, message, message_len);
		memcpy(out + 1 + SIGNATURE_SIZE, second.b, SIGNATURE_SIZE);
	}
	memcpy(out + head, message, message_len);
	*out_len = head + message_len;
	check_signed_reveal(allowed, out, *out_len);
	return ERR_OK;
}
