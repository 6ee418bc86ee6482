/* The jackpot service's pages: /api/jackpot/pools, /api/jackpot/contribute, /api/metrics/jackpot, /api/health/jackpot. */
#ifndef APP_JACKPOT_H
#define APP_JACKPOT_H

#include <stdbool.h>

#include "io/loop.h"
#include "ops/config.h"
#include "ops/health_later.h"

struct jackpot;

/* Takes the token out of the settings. NULL where JACKPOT_CONNECTION_POOL_SIZE is 0. A database that is away, or has not got
 * the schema, is no fault here: the pages say so, with 503. */
struct jackpot *jackpot_new(struct loop *loop, struct config *config, bool dry_run);
/* Whoever waits is told that this daemon stops. Before health_http_free(). NULL is allowed. */
void jackpot_free(struct jackpot *jackpot);
/* owner NULL and no functions where jackpot is NULL. */
struct later_pages jackpot_pages(struct jackpot *jackpot);

#endif
