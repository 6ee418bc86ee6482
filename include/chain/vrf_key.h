/* The VRF's keys: whoever has one sees the winners of draws before everybody else, and could withhold them. A key is read
 * once, lives in locked memory and proves alphas, nothing else: it signs no transaction. */
#ifndef CHAIN_VRF_KEY_H
#define CHAIN_VRF_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/key.h"
#include "core/ecvrf.h"

struct vrf_key;

/* text: as for signer_new(), an ed25519 key as Solana's tools write it; it stays the caller's, who wipes it. On failure NULL
 * and one line in why (never the key). */
struct vrf_key *vrf_key_new(const char *text, size_t len, char *why, size_t why_size);
void vrf_key_free(struct vrf_key *key); /* wipes; NULL is allowed */
/* False: it may be swapped. */
bool vrf_key_locked(const struct vrf_key *key);

/* What stands in keeper.vrf_keys and in certificates. */
void vrf_key_public(const struct vrf_key *key, struct pubkey *out);
/* ECVRF_OK or, for an alpha that no one will meet, ECVRF_NO_POINT. The same alpha gives the same proof; beta comes out of
 * ecvrf_verify(). Under a millisecond. */
NODISCARD enum ecvrf_result vrf_key_prove(struct vrf_key *key, struct ecvrf_proof *out, struct bytes alpha);

/* All that are here: the newest first, then earlier ones, under which draws may still be locked. */
enum { VRF_KEYS_MAX = 4 };
struct vrf_keys {
	size_t n;
	struct vrf_key *key[VRF_KEYS_MAX];
};
/* The one with this public key, or NULL: draws locked under it cannot be proven here. */
struct vrf_key *vrf_keys_find(const struct vrf_keys *keys, const struct pubkey *pubkey);

#endif
