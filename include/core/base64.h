/* Base64, standard alphabet, padding required, canonical: one text per byte string. */
#ifndef CORE_BASE64_H
#define CORE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Buffer for the text of n bytes, NUL included. */
#define BASE64_TEXT(n) (((size_t)(n) + 2) / 3 * 4 + 1)

/* Writes BASE64_TEXT(n) bytes including the NUL; returns the length without it. */
size_t base64_encode(char *out, const uint8_t *bytes, size_t n);

/* False: length not a multiple of 4, a byte outside of the alphabet, '=' anywhere but at the end,
 * unused bits not zero, or more bytes than cap. *out is undefined on failure. */
NODISCARD bool base64_decode(uint8_t *out, size_t cap, size_t *out_n, const char *text, size_t n);

#endif
