/* certificate DRAW: the certificate of one draw, made again from the database. */
#ifndef SHOW_ISSUED_H
#define SHOW_ISSUED_H

#include "show/show.h"

/* draw: a UUID, or a pool's ADDRESS or ADDRESS:POOL_ID. Writes the bytes of the file to out, a part at a time. Returns 0; 64: there is no such
 * certificate, 69: the database did not give it, 74: it could not be written; each with one line on `complaints`. */
NODISCARD int show_issued(const struct show_config *config, const char *draw, FILE *out, FILE *complaints);

#endif
