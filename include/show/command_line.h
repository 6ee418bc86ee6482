/* The commands that only read, from the command line and the settings to the exit code. */
#ifndef SHOW_COMMAND_LINE_H
#define SHOW_COMMAND_LINE_H

#include "base/err.h"
#include "ops/config.h"
#include "ops/options.h"

/* Runs explain, status, verify, fairness or certificate; prints to stdout. config: of config_load_reader(). Returns the exit code of
 * show_run() or show_issued(). */
NODISCARD int show_command_line(const struct options *options, const struct config *config);

/* verify FILE: needs no settings. Returns the exit code of show_certificate(). */
NODISCARD int show_certificate_line(const struct options *options);

#endif
