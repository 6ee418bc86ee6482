/* Looks a host name up without blocking the loop, for libraries that would. */
#ifndef IO_RESOLVE_H
#define IO_RESOLVE_H

#include <stddef.h>

#include "base/err.h"

struct resolve;
enum { RESOLVE_TEXT_MAX = 64 };

/* For one name, copied. Never NULL. */
struct resolve *resolve_new(const char *host);
/* A lookup that cannot be stopped any more is left to end by itself, with its memory. */
void resolve_free(struct resolve *resolve); /* NULL is allowed */

/* Starts a lookup when none is out, else asks how it goes. Call it every few milliseconds:
 *   OK       text is a numeric address: number pick (modulo their count) of those found; the next call looks up again
 *   RETRY    still looking
 *   REFUSED  text says why there is no address; the next call looks up again */
NODISCARD enum err resolve_step(struct resolve *resolve, unsigned pick, char text[RESOLVE_TEXT_MAX]);

#endif
