/* Whether this build computes draws as published. */
#ifndef APP_SELF_CHECK_H
#define APP_SELF_CHECK_H
#include <stdbool.h>

/* False, and a line start.failed: what cannot compute a draw must not begin one. */
bool computes_as_published(void);
#endif
