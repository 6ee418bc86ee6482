/* ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381 (suite 3), verified by a stricter rule than the RFC's.
 *
 * Strict: the public key and Gamma must be the one encoding of a point of prime order, and s must be below q. The RFC's own
 * verifier also takes a Gamma or a key with a part of small order; a browser and this daemon could then disagree about a
 * proof. Honest proofs are never affected. There is one beta per key and alpha, but many proofs: never compare or order
 * proofs. */
#ifndef CORE_ECVRF_H
#define CORE_ECVRF_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/crypto_curve.h"
#include "base/err.h"
#include "base/key.h"

enum { ECVRF_PROOF_SIZE = 80, ECVRF_BETA_SIZE = 64, ECVRF_CHALLENGE_SIZE = 16 };

/* Gamma 32 | c 16 | s 32; the numbers are little-endian. */
struct ecvrf_proof {
	uint8_t b[ECVRF_PROOF_SIZE];
};

struct ecvrf_beta {
	uint8_t b[ECVRF_BETA_SIZE];
};

enum ecvrf_result {
	ECVRF_OK,
	ECVRF_BAD_KEY,       /* no canonical point of prime order                                     */
	ECVRF_BAD_LENGTH,    /* the proof has not 80 bytes                                            */
	ECVRF_BAD_GAMMA,     /* no canonical point of prime order                                     */
	ECVRF_BAD_S,         /* not below q, or 0                                                     */
	ECVRF_NO_POINT,      /* none of 256 tries gives a point for this alpha (2^-256)               */
	ECVRF_BAD_CHALLENGE, /* c is 0, or not that of this key, alpha and Gamma: the proof is forged */
};

/* What a verifier computes on the way; all of it is public. */
struct ecvrf_steps {
	struct curve_point h; /* the point that alpha is hashed to  */
	unsigned tries;       /* until it was found, from 1         */
	struct curve_point u, v;
	struct ecvrf_beta beta; /* zero unless the proof is valid */
};

/* seed: the 32 bytes of an ed25519 key, whose public key is the VRF's. ECVRF_OK or, for an alpha that no one will meet,
 * ECVRF_NO_POINT. Secrets are wiped; the proof does not depend on time or chance. */
NODISCARD enum ecvrf_result ecvrf_prove(
	struct ecvrf_proof *out, const uint8_t seed[CRYPTO_SEED_SIZE], struct bytes alpha);

/* beta may be believed only after ECVRF_OK. What was not reached is zero. */
NODISCARD enum ecvrf_result ecvrf_verify(
	struct ecvrf_steps *out, const struct pubkey *key, struct bytes alpha, struct bytes proof);

/* One sentence for people. */
const char *ecvrf_result_text(enum ecvrf_result result);

#endif
