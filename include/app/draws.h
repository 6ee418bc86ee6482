/* What draws whose stakes are in Postgres need besides the pools: sources, relays, a connection for their verbs and one that a
 * source's statement may keep busy for a minute. */
#ifndef APP_DRAWS_H
#define APP_DRAWS_H
#include <stdbool.h>

#include "base/err.h"
#include "core/source.h"
#include "ops/config.h"

struct db;
struct drand_relays;
struct http;
struct journal;
struct loop;

struct draws {
	struct source_defs sources; /* n 0: there are no such draws, and nothing else is here */
	struct drand_relays *relays;
	struct db *verbs, *statements;
};
/* False: a fault of the settings, which was named. draws_close() afterwards in any case. */
NODISCARD bool draws_open(struct draws *out, struct loop *loop, struct http *http, struct journal *journal,
	const struct config *config, bool dry_run);
/* After the journal was freed. */
void draws_close(struct draws *draws);
#endif
