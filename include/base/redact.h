/* Hides registered secrets wherever they occur in a text. */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include <stdbool.h>
#include <stddef.h>

enum { REDACT_MIN = 6, REDACT_MAX = 512, REDACT_SECRETS = 64, REDACT_TEXT_MAX = 4096 };

/* Only its length and a keyed 64-bit hash are kept, no copy. False, and nothing will be hidden,
 * when it is shorter than REDACT_MIN (it would hide ordinary words), longer than REDACT_MAX,
 * or one too many. The same secret twice is once. */
bool redact_add(const char *secret);

/* Replaces, in place, each run of secret bytes by ***; returns the new length,
 * never more than len. len <= REDACT_TEXT_MAX; no NUL is read or written. */
size_t redact(char *text, size_t len);

#endif
