/* vrf.json: proofs of RFC 9381 with every intermediate, and proofs that must be refused; the other parts of the file. */
#include <json-c/json.h>
#include <sodium.h>
#include <string.h>

#include "core/ecvrf.h"
#include "vrf.h"

void read_exact(struct check *check, struct json_object *object, const char *name, void *out, size_t size)
{
	const struct bytes bytes = read_hex(check, object, name);

	memset(out, 0, size);
	if (bytes.n != size)
		check_fail(check, "%s: %zu bytes, not %zu", name, bytes.n, size);
	else
		memcpy(out, bytes.p, size);
}

/* The prover tells no secrets, so its x and k are taken from what it gives out: x from the seed, k = s - c * x. */
static void expect_secrets(
	struct check *check, struct json_object *object, const uint8_t seed[32], const struct ecvrf_proof *proof)
{
	uint8_t x[crypto_hash_sha512_BYTES], c[32] = { 0 }, k[32], product[32], base[32];

	crypto_hash_sha512(x, seed, 32);
	x[0] &= 0xf8;
	x[31] = (uint8_t)((x[31] & 0x7f) | 0x40);
	expect_hex(check, object, "x", x, 32);
	memcpy(c, proof->b + 32, 16);
	crypto_core_ed25519_scalar_mul(product, c, x);
	crypto_core_ed25519_scalar_sub(k, proof->b + 48, product);
	expect_hex(check, object, "k", k, 32);
	check_that(check, crypto_scalarmult_ed25519_base_noclamp(base, k) == 0, "k has a multiple of the base");
	expect_hex(check, object, "U", base, 32);
}

static void run_valid(const struct suite *suite, struct json_object *object, const char *section, size_t i)
{
	uint8_t seed[32], alpha[256];
	struct bytes bytes;
	struct ecvrf_steps steps;
	struct ecvrf_proof proof;
	struct pubkey key;
	struct check check;

	check_begin(&check, suite, "%s[%zu]", section, i);
	note_unknown_members(
		suite, object, "name sk pk alpha x try_count tries H k k_unreduced_as_printed U V pi beta");
	read_exact(&check, object, "sk", seed, sizeof seed);
	bytes = read_hex(&check, object, "alpha");
	check_that(&check, bytes.n <= sizeof alpha, "alpha fits the test's buffer");
	memcpy(alpha, bytes.p, bytes.n);
	bytes.p = alpha;
	crypto_ed25519_public_key(&key, seed);
	expect_hex(&check, object, "pk", key.b, sizeof key.b);
	check_that(&check, ecvrf_prove(&proof, seed, bytes) == ECVRF_OK, "a proof is made");
	expect_hex(&check, object, "pi", proof.b, sizeof proof.b);
	expect_secrets(&check, object, seed, &proof);
	check_that(&check, ecvrf_verify(&steps, &key, bytes, (struct bytes){ proof.b, sizeof proof.b }) == ECVRF_OK,
		"the proof is valid");
	expect_u64(&check, object, "tries", steps.tries);
	expect_u64(&check, object, "try_count", steps.tries - 1);
	expect_hex(&check, object, "H", steps.h.b, sizeof steps.h.b);
	expect_hex(&check, object, "U", steps.u.b, sizeof steps.u.b);
	expect_hex(&check, object, "V", steps.v.b, sizeof steps.v.b);
	expect_hex(&check, object, "beta", steps.beta.b, sizeof steps.beta.b);
	check_end(&check);
}

static void run_invalid(const struct suite *suite, struct json_object *object, size_t i)
{
	static const struct ecvrf_beta none;
	struct ecvrf_steps steps;
	struct pubkey key;
	struct check check;
	enum ecvrf_result result;

	check_begin(&check, suite, "ecvrf_invalid[%zu]", i);
	note_unknown_members(suite, object, "name pk alpha pi rfc_plain_verifier strict");
	read_exact(&check, object, "pk", key.b, sizeof key.b);
	result = ecvrf_verify(&steps, &key, read_hex(&check, object, "alpha"), read_hex(&check, object, "pi"));
	expect_text(&check, object, "strict", result == ECVRF_OK ? "valid" : "invalid");
	check_that(&check, memcmp(&steps.beta, &none, sizeof none) == 0, "a refused proof gives no beta");
	check_end(&check);
}

void vectors_vrf(const struct suite *suite, struct json_object *root)
{
	static const char *const valid[] = { "ecvrf_rfc9381", "ecvrf_valid" };

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < section_size(suite, root, valid[k]); i++)
			run_valid(suite, section_at(root, valid[k], i), valid[k], i);
	for (size_t i = 0; i < section_size(suite, root, "ecvrf_invalid"); i++)
		run_invalid(suite, section_at(root, "ecvrf_invalid", i), i);
	vectors_vrf_merkle(suite, json_object_object_get(root, "merkle_rfc6962"));
	vectors_vrf_select(suite, root);
	vectors_vrf_drand(suite, json_object_object_get(root, "drand_quicknet"));
	note_unknown_members(
		suite, root, "about ecvrf_rfc9381 ecvrf_valid ecvrf_invalid select_sel1 drand_quicknet merkle_rfc6962");
}
