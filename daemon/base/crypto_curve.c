/* The group that libsodium offers, made strict where it is lenient and the other way round. */
#include "base/crypto_curve.h"

#include <string.h>

#include <sodium.h>

static const struct curve_point IDENTITY = { { 1 } };

/* add() takes y >= p and x = 0 with a sign; what it writes is always canonical, so both show as a difference. */
bool curve_decodes(const struct curve_point *p)
{
	struct curve_point sum;

	return crypto_core_ed25519_add(sum.b, p->b, IDENTITY.b) == 0 && memcmp(sum.b, p->b, sizeof sum.b) == 0;
}

bool curve_is_identity(const struct curve_point *p)
{
	return memcmp(p->b, IDENTITY.b, sizeof p->b) == 0;
}

/* is_valid_point() of some releases misses a part of order 2 (CVE-2025-69277). 8 * (1/8 mod q) is 1 for the part of
 * order q and 0 for any other, so the point must come back as it was. scalarmult refuses the identity, and some parts
 * itself. */
bool curve_is_prime_order(const struct curve_point *p)
{
	static const struct curve_scalar eight = { { 8 } };
	struct curve_scalar eighth;
	struct curve_point part;

	if (!curve_decodes(p) || crypto_core_ed25519_scalar_invert(eighth.b, eight.b) != 0 ||
		!curve_mul(&part, &eighth, p))
		return false;
	curve_mul_cofactor(&part, &part);
	return memcmp(part.b, p->b, sizeof part.b) == 0;
}

/* Both fail only where an operand does not decode, which the caller has ruled out. */
void curve_add(struct curve_point *out, const struct curve_point *a, const struct curve_point *b)
{
	(void)crypto_core_ed25519_add(out->b, a->b, b->b);
}

void curve_sub(struct curve_point *out, const struct curve_point *a, const struct curve_point *b)
{
	(void)crypto_core_ed25519_sub(out->b, a->b, b->b);
}

/* Doublings: scalarmult refuses points with a part of small order, which is what this is for. */
void curve_mul_cofactor(struct curve_point *out, const struct curve_point *p)
{
	curve_add(out, p, p);
	curve_add(out, out, out);
	curve_add(out, out, out);
}

bool curve_mul(struct curve_point *out, const struct curve_scalar *n, const struct curve_point *p)
{
	return crypto_scalarmult_ed25519_noclamp(out->b, n->b, p->b) == 0;
}

bool curve_mul_base(struct curve_point *out, const struct curve_scalar *n)
{
	return crypto_scalarmult_ed25519_base_noclamp(out->b, n->b) == 0;
}

void curve_scalar_reduce(struct curve_scalar *out, const uint8_t wide[CURVE_WIDE_SIZE])
{
	crypto_core_ed25519_scalar_reduce(out->b, wide);
}

bool curve_scalar_is_reduced(const struct curve_scalar *n)
{
	uint8_t wide[CURVE_WIDE_SIZE] = { 0 };
	struct curve_scalar reduced;

	memcpy(wide, n->b, sizeof n->b);
	curve_scalar_reduce(&reduced, wide);
	return memcmp(reduced.b, n->b, sizeof n->b) == 0;
}

void curve_scalar_mul_add(struct curve_scalar *out, const struct curve_scalar *a, const struct curve_scalar *b,
	const struct curve_scalar *c)
{
	struct curve_scalar product;

	crypto_core_ed25519_scalar_mul(product.b, a->b, b->b);
	crypto_core_ed25519_scalar_add(out->b, product.b, c->b);
	sodium_memzero(&product, sizeof product);
}
