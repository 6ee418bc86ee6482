/* A finished logfmt line as one JSON object; for log.c. */
#ifndef BASE_LOG_JSON_H
#define BASE_LOG_JSON_H

#include <stddef.h>

#include "base/log.h"

/* A field k=v and its blank, the shortest there is, doubles; everything else grows by less. */
enum { LOG_JSON_MAX = 2 * LOG_LINE_MAX + 16 };

/* line: prefix (<4>, kept as it is), fields k=v and k="v" separated by one blank, and a newline, len bytes in all, as
 * log_event() makes them. All values become strings: a u64 does not fit a JSON number. Returns the length; nothing is
 * terminated. */
size_t log_json(char out[LOG_JSON_MAX], const char *line, size_t len);

#endif
