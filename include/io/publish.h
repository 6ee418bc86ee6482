/* A file that others may read at any time: under its name it is there whole or not at all. Plain POSIX calls that wait for the
 * disk, so it is written in pieces, each a few milliseconds. */
#ifndef IO_PUBLISH_H
#define IO_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { PUBLISH_NAME_MAX = 128 };

struct publish;

/* Whether <dir>/<name> is there. */
bool publish_done(const char *dir, const char *name);
/* Another file of the directory begins with the same so many characters: its name. */
bool publish_other(const char *dir, const char *name, size_t same, char other[PUBLISH_NAME_MAX]);

/* Begins <dir>/.<name>.part; dir is made, with mode 0755, when it does not exist (its parent must). name: below
 * PUBLISH_NAME_MAX characters, letters, digits, dots and minuses, no dot first. What an interrupted process left is begun anew.
 * All failures put one line in why:
 *   REFUSED  the name is none
 *   RETRY    the disk said no, or another process writes this file now */
NODISCARD enum err publish_begin(struct publish **out, const char *dir, const char *name, char *why, size_t why_size);
/* Returns when the bytes are on the disk. */
NODISCARD enum err publish_add(struct publish *publish, const char *bytes, size_t n, char *why, size_t why_size);
/* Gives the file its name. OK: it is there, also after a power cut. *publish is freed in any case. */
NODISCARD enum err publish_end(struct publish *publish, char *why, size_t why_size);
/* Leaves nothing behind. NULL is allowed. */
void publish_drop(struct publish *publish);

#endif
