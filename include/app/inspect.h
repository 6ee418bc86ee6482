/* --check-config and --print-config. */
#ifndef APP_INSPECT_H
#define APP_INSPECT_H

#include <stddef.h>

#include "base/err.h"
#include "ops/config.h"

enum { CONNINFO_MAX = 4096 };

/* DATABASE_URL without what Prisma and pgBouncer users append and libpq does not know. False: longer than fits. */
NODISCARD bool database_conninfo(const struct config *config, char out[CONNINFO_MAX]);

/* What can be seen beyond the form of the settings: the keys themselves, libpq's view of the URL, and, where a VRF key
 * is set, what the database knows of it, and what the statements of sources of draws would give. code: what
 * config_load() said; what it has named already is not named again. Returns the exit code. Takes the keys. */
NODISCARD int inspect_config(struct config *config, int code);

/* To stdout. Returns code, or EX_IOERR. */
NODISCARD int print_config(const struct config *config, int code);

#endif
