/* Loads and stores on unaligned bytes, little-endian unless the name says otherwise, and a borrowed range of bytes. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/units.h"

/* Borrowed: the bytes belong to whoever made the range. p may be NULL when n is 0. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

/* The caller guarantees that the bytes are there. */
static inline uint16_t load_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load_u32(const uint8_t *p)
{
	return (uint32_t)load_u16(p) | (uint32_t)load_u16(p + 2) << 16;
}

static inline uint64_t load_u64(const uint8_t *p)
{
	return (uint64_t)load_u32(p) | (uint64_t)load_u32(p + 4) << 32;
}

static inline int64_t load_i64(const uint8_t *p)
{
	return (int64_t)load_u64(p);
}

static inline struct u128 load_u128(const uint8_t *p)
{
	return (struct u128){ .lo = load_u64(p), .hi = load_u64(p + 8) };
}

static inline void store_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void store_u32(uint8_t *p, uint32_t v)
{
	store_u16(p, (uint16_t)v);
	store_u16(p + 2, (uint16_t)(v >> 16));
}

static inline void store_u64(uint8_t *p, uint64_t v)
{
	store_u32(p, (uint32_t)v);
	store_u32(p + 4, (uint32_t)(v >> 32));
}

/* Big-endian, as the formats of the off-chain draws write numbers. */
static inline uint64_t load_u64_be(const uint8_t *p)
{
	return __builtin_bswap64(load_u64(p));
}

static inline void store_u32_be(uint8_t *p, uint32_t v)
{
	store_u32(p, __builtin_bswap32(v));
}

static inline void store_u64_be(uint8_t *p, uint64_t v)
{
	store_u64(p, __builtin_bswap64(v));
}

static inline void store_i64(uint8_t *p, int64_t v)
{
	store_u64(p, (uint64_t)v);
}

#endif
