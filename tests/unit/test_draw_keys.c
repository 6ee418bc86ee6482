/* The keys of draws without a chain program: what they prove and sign, and that it is the public key's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/certificate_key.h"
#include "chain/vrf_key.h"
#include "core/certificate.h"

enum { KEY_TEXT = 400 };

/* As solana-keygen writes it. */
static void write_key(char out[KEY_TEXT], struct pubkey *pubkey, uint8_t first)
{
	uint8_t seed[CRYPTO_SEED_SIZE] = { first };
	size_t n = 0;

	crypto_ed25519_public_key(pubkey, seed);
	for (size_t i = 0; i < 64; i++)
		n += (size_t)snprintf(
			out + n, KEY_TEXT - n, "%c%u", i ? ',' : '[', i < 32 ? seed[i] : pubkey->b[i - 32]);
	snprintf(out + n, KEY_TEXT - n, "]");
}

static struct vrf_key *make(uint8_t first, struct pubkey *pubkey)
{
	char text[KEY_TEXT], why[200];

	write_key(text, pubkey, first);
	return vrf_key_new(text, strlen(text), why, sizeof why);
}

static void test_a_proof_is_its_keys(void **state)
{
	const struct bytes alpha = { (const uint8_t *)"alpha", 5 };
	struct pubkey pubkey, other, said;
	struct vrf_key *key = make(1, &pubkey), *another = make(2, &other);
	struct ecvrf_proof proof, again;
	struct ecvrf_steps steps;

	(void)state;
	assert_non_null(key);
	vrf_key_public(key, &said);
	assert_memory_equal(said.b, pubkey.b, PUBKEY_SIZE);
	assert_int_equal(vrf_key_prove(key, &proof, alpha), ECVRF_OK);
	assert_int_equal(vrf_key_prove(key, &again, alpha), ECVRF_OK);
	assert_memory_equal(proof.b, again.b, sizeof proof.b);
	assert_int_equal(ecvrf_verify(&steps, &pubkey, alpha, (struct bytes){ proof.b, sizeof proof.b }), ECVRF_OK);
	assert_int_not_equal(ecvrf_verify(&steps, &other, alpha, (struct bytes){ proof.b, sizeof proof.b }), ECVRF_OK);
	vrf_key_free(key);
	vrf_key_free(another);
}

/* After a rotation the draws of both keys are proven, each with its own. */
static void test_each_draw_finds_its_key(void **state)
{
	struct pubkey first, second, third;
	struct vrf_keys keys = { .n = 2, .key = { make(1, &first), make(2, &second) } };
	struct vrf_key *stranger = make(3, &third);

	(void)state;
	assert_ptr_equal(vrf_keys_find(&keys, &first), keys.key[0]);
	assert_ptr_equal(vrf_keys_find(&keys, &second), keys.key[1]);
	assert_null(vrf_keys_find(&keys, &third));
	for (size_t i = 0; i < keys.n; i++)
		vrf_key_free(keys.key[i]);
	vrf_key_free(stranger);
}

static void test_a_certificate_is_signed(void **state)
{
	static struct certificate certificate; /* large */
	char text[KEY_TEXT], why[200];
	struct certificate_key *key;

	(void)state;
	write_key(text, &certificate.key, 4);
	key = certificate_key_new(text, strlen(text), why, sizeof why);
	assert_non_null(key);
	memset(certificate.hash.b, 0x5a, HASH_SIZE);
	certificate_key_sign(&certificate.signature, key, &certificate.hash);
	assert_true(certificate_signed(&certificate));
	certificate.hash.b[0] ^= 1;
	assert_false(certificate_signed(&certificate));
	certificate_key_free(key);
}

static void test_texts_that_are_no_keys(void **state)
{
	char why[200] = "";

	(void)state;
	assert_null(vrf_key_new("topsecret", 9, why, sizeof why));
	assert_null(strstr(why, "topsecret"));
	assert_non_null(strstr(why, "neither base58"));
	why[0] = '\0';
	assert_null(certificate_key_new("[1,2]", 5, why, sizeof why));
	assert_non_null(strstr(why, "neither base58"));
	vrf_key_free(NULL);
	certificate_key_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_proof_is_its_keys),
		cmocka_unit_test(test_each_draw_finds_its_key),
		cmocka_unit_test(test_a_certificate_is_signed),
		cmocka_unit_test(test_texts_that_are_no_keys),
	};

	return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
