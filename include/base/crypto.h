/* SHA-2, HMAC, ed25519, the curve test, random bytes and memory for secrets. */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/key.h"

enum { CRYPTO_SEED_SIZE = 32, CRYPTO_SHA512_SIZE = 64 };

/* Once, before anything else here except crypto_sha256. False: no source of random bytes. */
NODISCARD bool crypto_init(void);

/* SHA-256 over the parts as if they were one string. */
void crypto_sha256(struct hash *out, const struct bytes *parts, size_t n_parts);
/* The same with SHA-512. What it worked on is wiped: the parts may be secrets. */
void crypto_sha512(uint8_t out[CRYPTO_SHA512_SIZE], const struct bytes *parts, size_t n_parts);
/* HMAC-SHA-256 (RFC 2104) over the parts; the key may have any length. */
void crypto_hmac_sha256(struct hash *out, struct bytes key, const struct bytes *parts, size_t n_parts);

/* What the chain accepts (ed25519-dalek verify_strict): S < L, key and R are points that do not
 * have small order, s*B - k*A == R without the cofactor. */
NODISCARD bool crypto_ed25519_verify(const struct pubkey *key, struct bytes message, const struct signature *signature);

/* The public key of a 32-byte seed. */
void crypto_ed25519_public_key(struct pubkey *out, const uint8_t seed[CRYPTO_SEED_SIZE]);

/* Deterministic signature (RFC 8032) with a 32-byte seed. The expanded key is wiped. */
void crypto_ed25519_sign(struct signature *out, struct bytes message, const uint8_t seed[CRYPTO_SEED_SIZE]);

/* True when the 32 bytes decode to a curve point, whatever its order: the validator's test for
 * program addresses. (libsodium's is_valid_point also asks for the prime-order subgroup and would
 * call 7 of 8 curve points "off curve".) */
NODISCARD bool crypto_on_curve(const uint8_t point[32]);

void crypto_random(void *out, size_t size);

/* Zeroes memory in a way the compiler cannot drop. */
void crypto_wipe(void *secret, size_t size);

/* Guarded pages, zero-filled. Returns NULL when memory is short. *locked says whether the pages
 * are really kept out of swap (RLIMIT_MEMLOCK may forbid it): the caller decides how loud to be. */
NODISCARD void *crypto_secret_alloc(size_t size, bool *locked);

/* Until it is shown again, whoever reads or writes it ends the process. */
void crypto_secret_hide(void *secret);
/* To be read, not to be written. */
void crypto_secret_show(void *secret);

/* Wipes and frees what crypto_secret_alloc returned, hidden or not; NULL is fine. */
void crypto_secret_free(void *secret);

/* Constant-time comparison of two secrets. */
NODISCARD bool crypto_secret_equal(const void *a, const void *b, size_t size);

#endif
