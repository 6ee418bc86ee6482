/* The command line. */
#ifndef OPS_OPTIONS_H
#define OPS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/key.h"
#include "ops/config.h"
#include "core/pool_name.h"

enum options_mode {
	MODE_RUN,
	MODE_ONCE,
	MODE_REBUILD,
	MODE_CHECK_CONFIG,
	MODE_PRINT_CONFIG,
	MODE_EXPLAIN, /* the four that show and never write */
	MODE_STATUS,
	MODE_VERIFY,
	MODE_CERTIFICATE,
	MODE_FAIRNESS,
	MODE_VRF_KEY,
	MODE_PRINT_LIFECYCLE,
	MODE_PRINT_ENV_EXAMPLE,
	MODE_PRINT_SETTINGS,
	MODE_PRINT_METRICS,
	MODE_PRINT_EVENTS,
	MODE_VERSION,
	MODE_HELP,
};

struct options {
	enum options_mode mode;
	bool dry_run;
	bool json; /* with EXPLAIN, STATUS, VERIFY, FAIRNESS */
	bool all;  /* with STATUS */
	bool has_pool;
	struct pool_name pool;     /* with EXPLAIN, VERIFY */
	const char *draw;          /* with CERTIFICATE; with EXPLAIN: instead of a pool; borrowed from argv */
	const char *certificate;   /* with VERIFY: this file instead of a pool, borrowed from argv */
	struct pubkey rebuild;     /* with MODE_REBUILD: the pool */
	struct config_files files; /* borrowed from argv */
};

/* False (exit 64): why is one line that names the argument. Nothing is abbreviated; --env-file and --config take their
 * value as the next argument or after =. */
NODISCARD bool options_parse(struct options *out, int argc, char *const *argv, char *why, size_t why_size);

/* The commands that read and show. */
bool options_shows(enum options_mode mode);
/* The modes that drive draws, and so need every setting. */
bool options_drives(enum options_mode mode);
/* The modes that need the settings; all others only print. */
bool options_runs(enum options_mode mode);
/* What a printing mode prints. Returns 0, or EX_IOERR (74) when it could not be written. */
NODISCARD int options_print(enum options_mode mode, FILE *out);

#endif
