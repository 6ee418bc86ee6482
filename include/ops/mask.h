/* What may be seen of a URL, and what of it the log must hide. */
#ifndef OPS_MASK_H
#define OPS_MASK_H

#include <stdbool.h>

enum { MASK_MAX = 512 };

/* The scheme, three stars for user and password, host:port, three stars for path and query. For Postgres
 * (keep_path) the user and the name of the database stay. A text that is no URL is three stars as a whole. */
void mask_url(char out[MASK_MAX], const char *url, bool keep_path);

/* Makes the password, and every part of path and query that is long enough to be a key, known to log_secret_add(). */
void mask_learn(const char *url);

#endif
