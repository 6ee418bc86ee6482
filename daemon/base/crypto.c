/* What libsodium does for us, but for the points of crypto_curve.c. */
#include "base/crypto.h"

#include <sodium.h>

bool crypto_init(void)
{
	return sodium_init() >= 0;
}

void crypto_sha256(struct hash *out, const struct bytes *parts, size_t n_parts)
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < n_parts; i++)
		crypto_hash_sha256_update(&state, parts[i].p, parts[i].n);
	crypto_hash_sha256_final(&state, out->b);
}

void crypto_sha512(uint8_t out[CRYPTO_SHA512_SIZE], const struct bytes *parts, size_t n_parts)
{
	crypto_hash_sha512_state state;

	crypto_hash_sha512_init(&state);
	for (size_t i = 0; i < n_parts; i++)
		crypto_hash_sha512_update(&state, parts[i].p, parts[i].n);
	crypto_hash_sha512_final(&state, out);
	sodium_memzero(&state, sizeof state);
}

void crypto_hmac_sha256(struct hash *out, struct bytes key, const struct bytes *parts, size_t n_parts)
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key.p, key.n);
	for (size_t i = 0; i < n_parts; i++)
		crypto_auth_hmacsha256_update(&state, parts[i].p, parts[i].n);
	crypto_auth_hmacsha256_final(&state, out->b);
}

/* libsodium 1.0.18 refuses S >= L, small order and non-canonical encodings of key and R, and compares without the
 * cofactor. verify_strict takes non-canonical encodings that have no small order; nobody can sign for those (the
 * discrete logarithm of such a point is unknown), so no valid signature is refused here. */
bool crypto_ed25519_verify(const struct pubkey *key, struct bytes message, const struct signature *signature)
{
	return crypto_sign_ed25519_verify_detached(signature->b, message.p, message.n, key->b) == 0;
}

void crypto_ed25519_public_key(struct pubkey *out, const uint8_t seed[CRYPTO_SEED_SIZE])
{
	uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];

	crypto_sign_ed25519_seed_keypair(out->b, secret, seed);
	sodium_memzero(secret, sizeof secret);
}

void crypto_ed25519_sign(struct signature *out, struct bytes message, const uint8_t seed[CRYPTO_SEED_SIZE])
{
	uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];
	uint8_t public_key[crypto_sign_ed25519_PUBLICKEYBYTES];

	crypto_sign_ed25519_seed_keypair(public_key, secret, seed);
	crypto_sign_ed25519_detached(out->b, NULL, message.p, message.n, secret);
	sodium_memzero(secret, sizeof secret);
}

/* Adding asks only that both operands decode. The other operand is the identity. */
bool crypto_on_curve(const uint8_t point[32])
{
	static const uint8_t identity[32] = { 1 };
	uint8_t sum[32];

	return crypto_core_ed25519_add(sum, point, identity) == 0;
}

void crypto_random(void *out, size_t size)
{
	randombytes_buf(out, size);
}

void crypto_wipe(void *secret, size_t size)
{
	sodium_memzero(secret, size);
}

void *crypto_secret_alloc(size_t size, bool *locked)
{
	void *secret = sodium_malloc(size);

	*locked = false;
	if (secret == NULL)
		return NULL;
	/* sodium_malloc locks too, but keeps quiet when it may not. */
	*locked = sodium_mlock(secret, size) == 0;
	sodium_memzero(secret, size);
	return secret;
}

/* Both fail only for memory that is not sodium_malloc's. */
void crypto_secret_hide(void *secret)
{
	(void)sodium_mprotect_noaccess(secret);
}

void crypto_secret_show(void *secret)
{
	(void)sodium_mprotect_readonly(secret);
}

void crypto_secret_free(void *secret)
{
	sodium_free(secret);
}

bool crypto_secret_equal(const void *a, const void *b, size_t size)
{
	return sodium_memcmp(a, b, size) == 0;
}
