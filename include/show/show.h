/* explain, status, verify and fairness: what an operator, or anybody, may want to know about pools. They read and never write, sign
 * nothing, need no key, and work while the daemon is down. */
#ifndef SHOW_SHOW_H
#define SHOW_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "core/policy.h"
#include "core/pool_name.h"

enum show_command { SHOW_EXPLAIN, SHOW_STATUS, SHOW_VERIFY, SHOW_FAIRNESS, SHOW_ISSUED };

struct show_config {
	enum show_command command;
	struct pool_name pool; /* with EXPLAIN and VERIFY                                 */
	const char *draw;      /* with EXPLAIN: this draw of the database instead; draw_name_fits() */
	bool all;              /* with STATUS: also each pool that is over              */
	bool json, colour;
	const char *conninfo; /* NULL: no database is set                                */
	unsigned db_timeout_ms;
	const char *const *rpc_urls;
	size_t n_rpc_urls;
	unsigned rpc_timeout_ms;
	const char *genesis;  /* base58 of the network's; NULL: any                      */
	const char *network;  /* its name                                                */
	struct policy policy; /* dev_wallet zero: this process holds no key              */
	const char *gateway_hosts;
	bool devnet;
};

/* Exit codes besides those of the README: what was found out about the draw. */
enum { SHOW_NOT_FAIR = 1, SHOW_REFUNDED = 3 };

/* Prints to `out`. Returns 0; verify: 0 fair, 1 not fair, 75 not decided yet, 69 it cannot be known; explain and status: 69
 * when the database or the chain did not answer and what they would have told is missing; fairness, which asks the
 * database alone: 0, 69, or 1 where the past draws are unlike fair ones. 64: there is no such pool (one
 * line on `complaints`), 78: an endpoint serves another network, 74: the output could not be written. */
NODISCARD int show_run(const struct show_config *config, FILE *out, FILE *complaints);

#endif
