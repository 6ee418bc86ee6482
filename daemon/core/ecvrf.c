/* Proves and verifies by RFC 9381, 5.1 to 5.4. */
#include "core/ecvrf.h"

#include <string.h>

enum { SUITE = 0x03, TAG_CURVE = 0x01, TAG_CHALLENGE = 0x02, TAG_BETA = 0x03, TAG_END = 0x00, TRIES = 256 };

static struct bytes of_point(const struct curve_point *p)
{
	return (struct bytes){ p->b, sizeof p->b };
}

/* 5.4.1.1, salted with the key. The test for a candidate is that it lies on the curve, whatever its order: asking for
 * more would stop at a later try, with another beta. */
static bool hash_to_curve(struct curve_point *h, unsigned *tries, const struct curve_point *key, struct bytes alpha)
{
	static const uint8_t head[] = { SUITE, TAG_CURVE };
	uint8_t tail[] = { 0, TAG_END }, digest[CRYPTO_SHA512_SIZE];
	const struct bytes parts[] = { { head, sizeof head }, of_point(key), alpha, { tail, sizeof tail } };

	for (unsigned i = 0; i < TRIES; i++) {
		tail[0] = (uint8_t)i;
		crypto_sha512(digest, parts, 4);
		memcpy(h->b, digest, sizeof h->b);
		if (!curve_decodes(h))
			continue;
		curve_mul_cofactor(h, h);
		if (curve_is_identity(h))
			continue;
		*tries = i + 1;
		return true;
	}
	return false;
}

/* 5.4.3, as a scalar: 16 bytes, the rest zero. */
static void challenge(struct curve_scalar *c, const struct curve_point *key, const struct curve_point *h,
	const struct curve_point *gamma, const struct curve_point *u, const struct curve_point *v)
{
	static const uint8_t head[] = { SUITE, TAG_CHALLENGE }, end[] = { TAG_END };
	const struct bytes parts[] = { { head, sizeof head }, of_point(key), of_point(h), of_point(gamma), of_point(u),
		of_point(v), { end, sizeof end } };
	uint8_t digest[CRYPTO_SHA512_SIZE];

	crypto_sha512(digest, parts, 7);
	*c = (struct curve_scalar){ { 0 } };
	memcpy(c->b, digest, ECVRF_CHALLENGE_SIZE);
}

static void beta_of(struct ecvrf_beta *out, const struct curve_point *gamma)
{
	static const uint8_t head[] = { SUITE, TAG_BETA }, end[] = { TAG_END };
	struct curve_point cleared;
	const struct bytes parts[] = { { head, sizeof head }, of_point(&cleared), { end, sizeof end } };

	curve_mul_cofactor(&cleared, gamma);
	crypto_sha512(out->b, parts, 3);
}

/* ---- proving ---- */

struct secrets {
	uint8_t expanded[CRYPTO_SHA512_SIZE], wide[CURVE_WIDE_SIZE];
	struct curve_scalar x, k;
};

/* 5.1: the scalar of the key, and in expanded[32..] what the nonce is made with. */
static void expand(struct secrets *s, const uint8_t seed[CRYPTO_SEED_SIZE])
{
	const struct bytes part = { seed, CRYPTO_SEED_SIZE };

	crypto_sha512(s->expanded, &part, 1);
	memcpy(s->x.b, s->expanded, sizeof s->x.b);
	s->x.b[0] &= 0xf8;
	s->x.b[31] = (uint8_t)((s->x.b[31] & 0x7f) | 0x40);
}

/* 5.4.2.2. The nonce belongs to this h: used for another one it would give the key away. */
static void make_nonce(struct secrets *s, const struct curve_point *h)
{
	const struct bytes parts[] = { { s->expanded + 32, 32 }, of_point(h) };

	crypto_sha512(s->wide, parts, 2);
	curve_scalar_reduce(&s->k, s->wide);
}

static bool prove(struct ecvrf_proof *out, struct secrets *s, struct bytes alpha)
{
	struct curve_point key, h, gamma, u, v;
	struct curve_scalar c, answer;
	unsigned tries;

	if (!curve_mul_base(&key, &s->x) || !hash_to_curve(&h, &tries, &key, alpha) || !curve_mul(&gamma, &s->x, &h))
		return false;
	make_nonce(s, &h);
	if (!curve_mul_base(&u, &s->k) || !curve_mul(&v, &s->k, &h))
		return false;
	challenge(&c, &key, &h, &gamma, &u, &v);
	curve_scalar_mul_add(&answer, &c, &s->x, &s->k);
	memcpy(out->b, gamma.b, 32);
	memcpy(out->b + 32, c.b, ECVRF_CHALLENGE_SIZE);
	memcpy(out->b + 48, answer.b, 32);
	return true;
}

enum ecvrf_result ecvrf_prove(struct ecvrf_proof *out, const uint8_t seed[CRYPTO_SEED_SIZE], struct bytes alpha)
{
	struct secrets s;
	bool proven;

	expand(&s, seed);
	proven = prove(out, &s, alpha);
	crypto_wipe(&s, sizeof s);
	return proven ? ECVRF_OK : ECVRF_NO_POINT;
}

/* ---- verifying ---- */

/* out = a - c * p. */
static bool sub_mul(
	struct curve_point *out, const struct curve_point *a, const struct curve_scalar *c, const struct curve_point *p)
{
	struct curve_point product;

	if (!curve_mul(&product, c, p))
		return false;
	curve_sub(out, a, &product);
	return true;
}

enum ecvrf_result ecvrf_verify(
	struct ecvrf_steps *out, const struct pubkey *key, struct bytes alpha, struct bytes proof)
{
	struct curve_point y, gamma, sb, sh;
	struct curve_scalar c = { { 0 } }, s, expected;

	*out = (struct ecvrf_steps){ .tries = 0 };
	memcpy(y.b, key->b, sizeof y.b);
	if (!curve_is_prime_order(&y))
		return ECVRF_BAD_KEY;
	if (proof.n != ECVRF_PROOF_SIZE)
		return ECVRF_BAD_LENGTH;
	memcpy(gamma.b, proof.p, sizeof gamma.b);
	memcpy(c.b, proof.p + 32, ECVRF_CHALLENGE_SIZE);
	memcpy(s.b, proof.p + 48, sizeof s.b);
	if (!curve_is_prime_order(&gamma))
		return ECVRF_BAD_GAMMA;
	if (!curve_scalar_is_reduced(&s))
		return ECVRF_BAD_S;
	if (!hash_to_curve(&out->h, &out->tries, &y, alpha))
		return ECVRF_NO_POINT;
	/* Multiplying fails for s = 0 here, and for c = 0 below. */
	if (!curve_mul_base(&sb, &s) || !curve_mul(&sh, &s, &out->h))
		return ECVRF_BAD_S;
	if (!sub_mul(&out->u, &sb, &c, &y) || !sub_mul(&out->v, &sh, &c, &gamma))
		return ECVRF_BAD_CHALLENGE;
	challenge(&expected, &y, &out->h, &gamma, &out->u, &out->v);
	if (!crypto_secret_equal(expected.b, c.b, sizeof c.b))
		return ECVRF_BAD_CHALLENGE;
	beta_of(&out->beta, &gamma);
	return ECVRF_OK;
}

const char *ecvrf_result_text(enum ecvrf_result result)
{
	static const char *const TEXT[] = { "the proof is valid",
		"the public key is not the canonical encoding of a point of prime order",
		"the proof does not have 80 bytes", "Gamma is not the canonical encoding of a point of prime order",
		"s is 0 or not below the group's order", "no point was found for alpha",
		"the challenge is not that of this key, alpha and Gamma" };

	return TEXT[result];
}
