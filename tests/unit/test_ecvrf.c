/* The strict rule: proofs that RFC 9381's own verifier takes and this one refuses, and every bit of a proof. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "core/ecvrf.h"

static const uint8_t SEED[32] = { 7, 1, 4 };
static const uint8_t ALPHA[] = "alpha of a draw";
static const struct bytes alpha = { ALPHA, sizeof ALPHA };
/* A point of order 8; its multiples have the orders 8, 4, 2 and 1. */
static const uint8_t TORSION[32] = { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
	0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 };

static struct bytes of(const struct ecvrf_proof *proof)
{
	return (struct bytes){ proof->b, sizeof proof->b };
}

static void test_proves_and_verifies(void **unused)
{
	static const struct ecvrf_beta none;
	struct ecvrf_proof proof, again;
	struct ecvrf_steps steps;
	struct pubkey key, other;

	(void)unused;
	crypto_ed25519_public_key(&key, SEED);
	assert_int_equal(ecvrf_prove(&proof, SEED, alpha), ECVRF_OK);
	assert_int_equal(ecvrf_prove(&again, SEED, alpha), ECVRF_OK);
	assert_memory_equal(&proof, &again, sizeof proof);
	assert_int_equal(ecvrf_verify(&steps, &key, alpha, of(&proof)), ECVRF_OK);
	assert_memory_not_equal(&steps.beta, &none, sizeof none);
	for (size_t bit = 0; bit < 8 * sizeof proof.b; bit++) {
		proof.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(ecvrf_verify(&steps, &key, alpha, of(&proof)), ECVRF_OK);
		assert_memory_equal(&steps.beta, &none, sizeof none);
		proof.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(ecvrf_verify(&steps, &key, alpha, (struct bytes){ proof.b, 79 }), ECVRF_BAD_LENGTH);
	assert_int_equal(
		ecvrf_verify(&steps, &key, (struct bytes){ ALPHA, sizeof ALPHA - 1 }, of(&proof)), ECVRF_BAD_CHALLENGE);
	crypto_ed25519_public_key(&other, (const uint8_t[32]){ 8 });
	assert_int_equal(ecvrf_verify(&steps, &other, alpha, of(&proof)), ECVRF_BAD_CHALLENGE);
}

static void torsion(uint8_t out[32], unsigned times)
{
	memcpy(out, TORSION, 32);
	for (unsigned i = 1; i < times; i++)
		assert_int_equal(crypto_core_ed25519_add(out, out, TORSION), 0);
}

/* ---- a prover who cheats: a part of small order in Gamma or in the key ---- */

struct forged {
	uint8_t key[32], gamma[32];
	struct ecvrf_proof proof;
};

static void sha512(uint8_t out[64], const uint8_t *const part[], const size_t *n, size_t parts)
{
	crypto_hash_sha512_state state;

	crypto_hash_sha512_init(&state);
	for (size_t i = 0; i < parts; i++)
		crypto_hash_sha512_update(&state, part[i], n[i]);
	crypto_hash_sha512_final(&state, out);
}

static void find_h(uint8_t h[32], const uint8_t key[32])
{
	uint8_t tail[2] = { 0, 0 }, digest[64], head[2] = { 3, 1 };
	static const uint8_t identity[32] = { 1 };

	for (unsigned ctr = 0; ctr < 256; ctr++) {
		tail[0] = (uint8_t)ctr;
		sha512(digest, (const uint8_t *const[]){ head, key, ALPHA, tail },
			(const size_t[]){ 2, 32, sizeof ALPHA, 2 }, 4);
		if (crypto_core_ed25519_add(h, digest, identity) != 0 || memcmp(h, digest, 32) != 0)
			continue;
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(crypto_core_ed25519_add(h, h, h), 0);
		return;
	}
	fail();
}

/* Tries nonces until c is a multiple of 8, so that the part of small order cancels: the RFC's equations hold then. */
static void forge(struct forged *f, unsigned key_times, unsigned gamma_times)
{
	uint8_t x[64], h[32], t[32], k[32], u[32], v[32], c[64], wide[32] = { 0 }, product[32], head[2] = { 3, 2 },
								 end = 0;

	crypto_hash_sha512(x, SEED, sizeof SEED);
	x[0] &= 0xf8;
	x[31] = (uint8_t)((x[31] & 0x7f) | 0x40);
	assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(f->key, x), 0);
	if (key_times > 0) {
		torsion(t, key_times);
		assert_int_equal(crypto_core_ed25519_add(f->key, f->key, t), 0);
	}
	find_h(h, f->key);
	assert_int_equal(crypto_scalarmult_ed25519_noclamp(f->gamma, x, h), 0);
	if (gamma_times > 0) {
		torsion(t, gamma_times);
		assert_int_equal(crypto_core_ed25519_add(f->gamma, f->gamma, t), 0);
	}
	do {
		crypto_core_ed25519_scalar_random(k);
		assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(u, k), 0);
		assert_int_equal(crypto_scalarmult_ed25519_noclamp(v, k, h), 0);
		sha512(c, (const uint8_t *const[]){ head, f->key, h, f->gamma, u, v, &end },
			(const size_t[]){ 2, 32, 32, 32, 32, 32, 1 }, 7);
	} while ((c[0] & 7) != 0);
	memcpy(wide, c, 16);
	crypto_core_ed25519_scalar_mul(product, wide, x);
	memcpy(f->proof.b, f->gamma, 32);
	memcpy(f->proof.b + 32, c, 16);
	crypto_core_ed25519_scalar_add(f->proof.b + 48, product, k);
}

/* The RFC's verifier asks less; the forged proofs pass its equations, c * torsion being nothing. */
static void test_small_order_parts_are_refused(void **unused)
{
	static const struct {
		unsigned key, gamma;
		enum ecvrf_result result;
	} CASES[] = { { 0, 1, ECVRF_BAD_GAMMA }, { 0, 2, ECVRF_BAD_GAMMA }, { 0, 4, ECVRF_BAD_GAMMA },
		{ 1, 0, ECVRF_BAD_KEY }, { 2, 0, ECVRF_BAD_KEY }, { 4, 0, ECVRF_BAD_KEY } };
	struct ecvrf_steps steps;
	struct forged f;
	struct pubkey key;

	(void)unused;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		forge(&f, CASES[i].key, CASES[i].gamma);
		memcpy(key.b, f.key, sizeof key.b);
		assert_int_equal(ecvrf_verify(&steps, &key, alpha, of(&f.proof)), CASES[i].result);
	}
	forge(&f, 0, 0); /* the same prover without a part of small order: another proof, the same beta */
	memcpy(key.b, f.key, sizeof key.b);
	assert_int_equal(ecvrf_verify(&steps, &key, alpha, of(&f.proof)), ECVRF_OK);
}

/* The guard stands even where libsodium's own test for the subgroup misses a part of order 2 (CVE-2025-69277). */
static void test_prime_order(void **unused)
{
	struct curve_point base, p;

	(void)unused;
	assert_true(curve_mul_base(&base, &(struct curve_scalar){ { 5 } }));
	assert_true(curve_is_prime_order(&base));
	for (unsigned times = 1; times < 8; times++) {
		torsion(p.b, times);
		assert_false(curve_is_prime_order(&p));
		curve_add(&p, &p, &base);
		assert_true(curve_decodes(&p));
		assert_false(curve_is_prime_order(&p));
	}
	p = (struct curve_point){ { 1 } };
	assert_true(curve_is_identity(&p));
	assert_true(curve_decodes(&p));
	assert_false(curve_is_prime_order(&p));
	p.b[31] = 0x80; /* x = 0 with a sign */
	assert_false(curve_decodes(&p));
	memset(p.b, 0xff, sizeof p.b); /* y = p + 1, the identity again */
	p.b[0] = 0xee;
	p.b[31] = 0x7f;
	assert_false(curve_decodes(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proves_and_verifies),
		cmocka_unit_test(test_small_order_parts_are_refused),
		cmocka_unit_test(test_prime_order),
	};

	return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
