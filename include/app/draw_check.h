/* --check-config: what each statement of each source would give. */
#ifndef APP_DRAW_CHECK_H
#define APP_DRAW_CHECK_H
#include <stdbool.h>

#include "core/source.h"
#include "ops/config.h"

/* Prepares them against the database, in a transaction that is rolled back. One config.invalid line per fault, which names source,
 * statement and column. Nothing is asked without sources. */
NODISCARD bool draw_sources_fit(const struct source_defs *sources, const struct config *config);
#endif
