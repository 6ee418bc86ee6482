/* Small texts that all commands print alike. Private to show. */
#ifndef SHOW_PRINT_H
#define SHOW_PRINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/key.h"
#include "base/units.h"

enum { TIME_TEXT = 32, HEX_TEXT = 129, AMOUNT_TEXT = 48, SPAN_TEXT = 32, U128_TEXT = 40 };

/* "2026-11-21 09:40:00Z"; "-" for 0. */
const char *print_time(char out[TIME_TEXT], int64_t unix_s);
/* "in 1 h 20 min", "3 s ago". */
const char *print_span(char out[SPAN_TEXT], int64_t from_s, int64_t to_s);
const char *print_key(char out[PUBKEY_TEXT], const struct pubkey *key); /* "-" for zero */
const char *print_sig(char out[SIGNATURE_TEXT], const struct signature *sig);
/* Lower-case hex of at most 64 bytes. */
const char *print_hex(char out[HEX_TEXT], const void *bytes, size_t n);
/* Whole tokens with every digit: "12.000345". */
const char *print_amount(char out[AMOUNT_TEXT], uint64_t amount, unsigned decimals);
const char *print_u128(char out[U128_TEXT], struct u128 value);

#endif
