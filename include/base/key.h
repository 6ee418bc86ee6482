/* Public keys, signatures and hashes: fixed bytes by value, compared in one place. */
#ifndef BASE_KEY_H
#define BASE_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	PUBKEY_SIZE = 32,
	SIGNATURE_SIZE = 64,
	HASH_SIZE = 32,
	PUBKEY_TEXT = 45,    /* buffer for base58 and NUL: at most 44 digits, ceil(32 * log 256 / log 58) */
	SIGNATURE_TEXT = 89, /* the same for 64 bytes: at most 88 digits */
};

struct pubkey {
	uint8_t b[PUBKEY_SIZE];
};

struct signature {
	uint8_t b[SIGNATURE_SIZE];
};

/* A blockhash, a slot hash, SHA-256 output, a salt. */
struct hash {
	uint8_t b[HASH_SIZE];
};

static inline bool pubkey_equal(const struct pubkey *a, const struct pubkey *b)
{
	return memcmp(a->b, b->b, PUBKEY_SIZE) == 0;
}

/* True for 32 zero bytes: "not set" in accounts, and also the address of the System program. */
static inline bool pubkey_is_zero(const struct pubkey *a)
{
	static const struct pubkey zero;

	return pubkey_equal(a, &zero);
}

static inline bool signature_equal(const struct signature *a, const struct signature *b)
{
	return memcmp(a->b, b->b, SIGNATURE_SIZE) == 0;
}

/* True for 64 zero bytes: a signature slot nobody has filled yet. */
static inline bool signature_is_zero(const struct signature *a)
{
	static const struct signature zero;

	return signature_equal(a, &zero);
}

static inline bool hash_equal(const struct hash *a, const struct hash *b)
{
	return memcmp(a->b, b->b, HASH_SIZE) == 0;
}

/* True for 32 zero bytes: no hash. */
static inline bool hash_is_zero(const struct hash *a)
{
	static const struct hash zero;

	return hash_equal(a, &zero);
}

#endif
