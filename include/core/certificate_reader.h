/* Reads the one form a certificate may have: JSON of objects, arrays and strings, keys in their order, no blanks.
 *
 * The caller names what must come next; anything else is the fault, told once with its place. After a fault every read
 * gives zeros and changes nothing, so the callers look at `failed` once, at the end. */
#ifndef CORE_CERTIFICATE_READER_H
#define CORE_CERTIFICATE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/key.h"

enum { READER_DEPTH = 8, READER_WHY = 160 };

struct certificate_reader {
	const char *text; /* borrowed */
	size_t n, at;
	unsigned depth;
	const char *last[READER_DEPTH]; /* the key before, of each open object; NULL: none yet */
	bool failed;
	char why[READER_WHY]; /* one line */
};

/* One newline may stand behind the text. Only printable ASCII may be in it. */
void reader_begin(struct certificate_reader *r, const char *text, size_t n);
/* Nothing may be left. */
void reader_finish(struct certificate_reader *r);
/* The first fault stays. */
void reader_fail(struct certificate_reader *r, const char *key, const char *why);

/* key NULL: an element of an array. */
void reader_object(struct certificate_reader *r, const char *key);
void reader_object_end(struct certificate_reader *r);
void reader_array(struct certificate_reader *r, const char *key);
/* True while another element follows; eats the commas, and at last the bracket. */
NODISCARD bool reader_more(struct certificate_reader *r);
/* Whether this key comes next, in an object; reads nothing. */
NODISCARD bool reader_next_is(const struct certificate_reader *r, const char *key);
/* Whether the object that is open has no more keys. */
NODISCARD bool reader_at_end(const struct certificate_reader *r);

/* A string without escapes: printable ASCII but " and \. Borrowed from the text. */
const char *reader_string(struct certificate_reader *r, const char *key, size_t *n);
/* The same as a NUL-terminated copy; longer than cap - 1 is a fault. */
void reader_text(struct certificate_reader *r, const char *key, char *out, size_t cap);
/* Decimal digits without sign or leading zeros; above max is a fault. */
uint64_t reader_number(struct certificate_reader *r, const char *key, uint64_t max);
/* Lower-case hex of exactly n bytes. */
void reader_hex(struct certificate_reader *r, const char *key, void *out, size_t n);
/* "yes" or "no". */
bool reader_yes(struct certificate_reader *r, const char *key);
/* Base58. */
void reader_pubkey(struct certificate_reader *r, const char *key, struct pubkey *out);
void reader_signature(struct certificate_reader *r, const char *key, struct signature *out);

#endif
