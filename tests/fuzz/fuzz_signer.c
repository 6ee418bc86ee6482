/* Any bytes as a packet to the signer process: what is read of it is all of it, and it never signs for a stranger's programs. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/signer.h"
#include "chain/signer_protocol.h"
#include "core/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct signer *key_of_zeros(void)
{
	char text[300] = "[", why[200];
	uint8_t seed[CRYPTO_SEED_SIZE] = { 0 };
	struct pubkey key;
	size_t n = 1;

	assert(crypto_init());
	crypto_ed25519_public_key(&key, seed);
	for (size_t i = 0; i < 64; i++)
		n += (size_t)snprintf(
			text + n, sizeof text - n, "%u%s", i < 32 ? 0 : key.b[i - 32], i < 63 ? "," : "]");
	return signer_new(text, n, why, sizeof why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct signer *signer;
	uint8_t again[SIGNER_PACKET_MAX];
	const uint8_t *message;
	struct signature sig;
	struct guard guard;
	struct pubkey treasury;
	char why[300] = "";
	size_t n;

	if (!signer)
		signer = key_of_zeros();
	assert(signer);
	memset(treasury.b, 0x77, PUBKEY_SIZE);
	if (size > SIGNER_PACKET_MAX || !signer_ask_decode(&guard, &message, &n, data, size))
		return 0;
	assert(signer_ask_encode(again, &guard, message, n) == size && memcmp(again, data, size) == 0);
	if (signer_serve(signer, &treasury, &guard, message, n, &sig, why, sizeof why) == ERR_OK) {
		assert(pubkey_equal(&guard.ml_program, &ADDRESS_ML));
		assert(pubkey_is_zero(&guard.treasury) || pubkey_equal(&guard.treasury, &treasury));
		assert(crypto_ed25519_verify(signer_pubkey(signer), (struct bytes){ message, n }, &sig));
	} else {
		assert(why[0] != '\0');
	}
	return 0;
}
