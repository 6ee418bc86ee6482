/* A wallet as it is configured: its private key in base58. */
#ifndef UNIT_WALLET_FIXTURE_H
#define UNIT_WALLET_FIXTURE_H

#include <string.h>

#include "base/crypto.h"
#include "core/base58.h"

static inline void wallet_of(char text[SIGNATURE_TEXT], struct pubkey *pubkey, uint8_t seed)
{
	uint8_t secret[64];
	size_t n;

	memset(secret, seed, 32);
	crypto_ed25519_public_key(pubkey, secret);
	memcpy(secret + 32, pubkey->b, 32);
	assert_true(base58_encode(text, SIGNATURE_TEXT, &n, secret, sizeof secret));
}

#endif
