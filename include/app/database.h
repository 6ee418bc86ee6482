/* A connection of its own to the database of the settings. */
#ifndef APP_DATABASE_H
#define APP_DATABASE_H
#include <stdbool.h>

#include "io/db.h"
#include "ops/config.h"

/* name: in the log. NULL, and a line config.invalid: DATABASE_URL is malformed. */
struct db *database_open(struct loop *loop, const struct config *config, const char *name, bool read_only);
#endif
