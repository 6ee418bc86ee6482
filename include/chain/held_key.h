/* A private key as it is held here: read once from a text, in locked memory, and hidden there except while it is used.
 * Private to the owners of keys (signer.h, vrf_key.h, certificate_key.h). */
#ifndef CHAIN_HELD_KEY_H
#define CHAIN_HELD_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/key.h"

struct held_key {
	struct pubkey pubkey;
	uint8_t *secret; /* seed, then public key; NULL: no key. Only the seed is used after it is read */
	bool locked;     /* false: it may be swapped */
};

/* text: base58 of 64 bytes or a JSON array of 64 numbers (seed then public key, which must match the seed), as Solana's tools
 * write it. It stays the caller's, who wipes it. NULL, or one line that says why it is no key: then *key is zero. */
NODISCARD const char *held_key_read(struct held_key *key, const char *text, size_t len);
/* A fresh one. */
void held_key_make(struct held_key *key);
/* Wipes; *key is zero afterwards. */
void held_key_free(struct held_key *key);

/* The seed may be read between the two, and only then. */
const uint8_t *held_key_show(const struct held_key *key);
void held_key_hide(const struct held_key *key);

/* ed25519. */
void held_key_sign(struct signature *out, const struct held_key *key, struct bytes message);

#endif
