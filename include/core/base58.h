/* Base58 (Bitcoin alphabet) of keys, signatures and short byte strings. Strict: no blanks, no other bytes. */
#ifndef CORE_BASE58_H
#define CORE_BASE58_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/key.h"

/* Writes the text and a NUL; returns the length without the NUL. */
size_t base58_pubkey(char out[PUBKEY_TEXT], const struct pubkey *key);
size_t base58_signature(char out[SIGNATURE_TEXT], const struct signature *signature);
size_t base58_hash(char out[PUBKEY_TEXT], const struct hash *hash);

/* True only when the n characters are base58 of exactly 32 (64) bytes. *out is undefined on failure. */
NODISCARD bool base58_to_pubkey(struct pubkey *out, const char *text, size_t n);
NODISCARD bool base58_to_signature(struct signature *out, const char *text, size_t n);
NODISCARD bool base58_to_hash(struct hash *out, const char *text, size_t n);

enum {
	BASE58_BYTES_MAX = 1232, /* the largest instruction data that fits a packet */
	BASE58_TEXT_MAX = 1683,  /* ceil(1232 * log 256 / log 58) */
};

/* Any length up to the maxima above, quadratic. False: too long for cap (which counts the NUL). */
NODISCARD bool base58_encode(char *out, size_t cap, size_t *out_n, const uint8_t *bytes, size_t n);

/* False: a character outside of the alphabet, or more bytes than cap. Empty text is zero bytes. */
NODISCARD bool base58_decode(uint8_t *out, size_t cap, size_t *out_n, const char *text, size_t n);

#endif
