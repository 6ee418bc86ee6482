/* Loads the sources of draws: one directory each below OFFCHAIN_SOURCES, with statements.sql. */
#ifndef OPS_DRAW_SOURCES_H
#define OPS_DRAW_SOURCES_H
#include <stdbool.h>

#include "base/err.h"
#include "core/source.h"

/* Every fault is one line config.invalid. directory NULL: there are none, and that is no fault. crypto_init() first. */
NODISCARD bool draw_sources_load(struct source_defs *out, const char *directory);
void draw_sources_free(struct source_defs *defs);

/* draw_source_file.c. a-z0-9_, beginning with a letter, at most 40: what a rules text may name. */
bool source_name_fits(const char *name);
/* text: the file, changed and kept by def. Lines "-- name: x" begin statements, each of the five once; before the first one only
 * comments. False: one line in why. */
NODISCARD bool source_parse(struct source_def *def, char *text, char *why, size_t why_size);
#endif
