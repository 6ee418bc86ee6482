/* Points and scalars of edwards25519, for the VRF. Nothing here clamps, and nothing here takes an encoding that RFC 8032
 * would not write. */
#ifndef BASE_CRYPTO_CURVE_H
#define BASE_CRYPTO_CURVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { CURVE_POINT_SIZE = 32, CURVE_SCALAR_SIZE = 32, CURVE_WIDE_SIZE = 64 };

struct curve_point {
	uint8_t b[CURVE_POINT_SIZE];
};

/* Little-endian. Reduced (below the group's order q) wherever a function makes one. */
struct curve_scalar {
	uint8_t b[CURVE_SCALAR_SIZE];
};

/* True when the bytes are the one encoding of a point on the curve, of whatever order. */
NODISCARD bool curve_decodes(const struct curve_point *p);
/* True when the bytes are the one encoding of a point of order q: not the identity, and no part of small order. */
NODISCARD bool curve_is_prime_order(const struct curve_point *p);
NODISCARD bool curve_is_identity(const struct curve_point *p);

/* The points must decode; out may be one of them. */
void curve_add(struct curve_point *out, const struct curve_point *a, const struct curve_point *b);
void curve_sub(struct curve_point *out, const struct curve_point *a, const struct curve_point *b);
/* 8 * p, for any p that decodes. */
void curve_mul_cofactor(struct curve_point *out, const struct curve_point *p);
/* n * p in constant time. False when n is 0 mod q, or p is not of order q: there is no result then. */
NODISCARD bool curve_mul(struct curve_point *out, const struct curve_scalar *n, const struct curve_point *p);
NODISCARD bool curve_mul_base(struct curve_point *out, const struct curve_scalar *n);

/* 64 bytes mod q. */
void curve_scalar_reduce(struct curve_scalar *out, const uint8_t wide[CURVE_WIDE_SIZE]);
NODISCARD bool curve_scalar_is_reduced(const struct curve_scalar *n);
/* a * b + c mod q, in constant time. */
void curve_scalar_mul_add(struct curve_scalar *out, const struct curve_scalar *a, const struct curve_scalar *b,
	const struct curve_scalar *c);

#endif
