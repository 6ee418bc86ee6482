/* Where the text of each setting comes from: the environment, over --env-file, over --config, over the default. */
#ifndef OPS_SOURCES_H
#define OPS_SOURCES_H

#include "ops/config.h"
#include "ops/faults.h"

struct source {
	const char *text;  /* NULL: not set                                                          */
	const char *where; /* "environment", the file's name, "default", "credential"; NULL: not set */
	unsigned line;     /* in the file; 0 elsewhere                                               */
};

struct sources;

/* Reads both files (each may be NULL) and the environment; faults of their form are added to faults. In --config every
 * name must be a setting; --env-file and the environment are shared with other programs, so there only slips of our
 * names are faults (in the environment: a warning). Never NULL. */
struct sources *sources_read(const struct config_files *files, struct faults *faults);
/* Wipes what was read: texts end here. */
void sources_free(struct sources *sources);

/* Without the default. */
struct source sources_find(const struct sources *sources, const struct setting *setting);

#endif
