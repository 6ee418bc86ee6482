/* The key that signs certificates. It is read once, lives in locked memory, and signs only the 40 bytes of
 * docs/certificate.md: no transaction is that short. */
#ifndef CHAIN_CERTIFICATE_KEY_H
#define CHAIN_CERTIFICATE_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/key.h"

struct certificate_key;

/* Text and failure as for vrf_key_new(). */
struct certificate_key *certificate_key_new(const char *text, size_t len, char *why, size_t why_size);
void certificate_key_free(struct certificate_key *key); /* wipes; NULL is allowed */
bool certificate_key_locked(const struct certificate_key *key);

void certificate_key_public(const struct certificate_key *key, struct pubkey *out);
/* ed25519 over "PKCERT01" and the hash of a certificate's body: what certificate_signed() verifies. */
void certificate_key_sign(struct signature *out, const struct certificate_key *key, const struct hash *body);

#endif
