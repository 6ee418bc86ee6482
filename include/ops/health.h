/* Is useful work being done? The facts, the judgement, and the pages that show both. Pure: nothing here asks anybody. */
#ifndef OPS_HEALTH_H
#define OPS_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/snapshot.h"

enum {
	HEALTH_TICKS_MISSED = 3, /* so many ticks may be missed, and then ...             */
	HEALTH_GRACE_MS = 2000,  /* ... so much time, before a look counts as overdue     */
	HEALTH_OVERDUE_S = 120,  /* a draw that is ours to do is usually paid in half this */
};

enum health_phase { HEALTH_PHASE_STARTING, HEALTH_PHASE_RUNNING, HEALTH_PHASE_STOPPING };

struct health_facts {
	enum health_phase phase;
	uint64_t now_ms, started_ms; /* monotonic */
	int64_t wall_ms;             /* Unix */
	uint64_t tick_ms;
	const char *network;
	bool dry_run, engine_known; /* engine_known: the engine turns, and the next two are its */
	struct engine_snapshot engine;
	struct engine_survey survey;
	struct outside_snapshot outside;
	struct paid_snapshot paid;
	struct certificates_snapshot certificates;
	const char *certificate_url; /* of the folder that they are published in; NULL: not known */
};

/* X(name, label): in the order in which they are shown. */
#define HEALTH_CHECK_TABLE(X)                                                                            \
	X(RUNNING, "running")   /* started, and not stopping                                          */ \
	X(TICK, "tick")         /* the whole list was looked at lately                                */ \
	X(RPC, "rpc")           /* some endpoint is well                                              */ \
	X(SLOT, "slot")         /* the chain's newest slot moves                                      */ \
	X(DATABASE, "database") /* Postgres answers                                                   */ \
	X(WALLET, "wallet")     /* the fee wallet can pay for a draw                                  */ \
	X(DRAWS, "draws")       /* no draw that is ours to do is long overdue; a standby has none     */

#define X(name, label) HEALTH_##name,
enum health_check { HEALTH_CHECK_TABLE(X) HEALTH_CHECKS };
#undef X
extern const char *const HEALTH_CHECK_NAMES[HEALTH_CHECKS];

struct health_verdict {
	bool ready; /* every check is ok */
	bool ok[HEALTH_CHECKS];
	char why[HEALTH_CHECKS][200]; /* "" when ok; printable, without quotes or secrets */
};
void health_judge(const struct health_facts *facts, struct health_verdict *out);

/* "leader", "standby", "dry_run", or "starting". */
const char *health_role(const struct health_facts *facts);

/* The pages. Each is complete after a call, and never longer than HEALTH_PAGE_MAX. */
enum { HEALTH_PAGE_MAX = 128 * 1024 };
struct health_page {
	const char *path, *type;
	void (*write)(struct buf *out, const struct health_facts *facts, const struct health_verdict *verdict);
	enum health_fails { FAILS_NEVER, FAILS_UNREADY, FAILS_DATABASE } fails;
	const char *(*policy)(void); /* the Content-Security-Policy; NULL: of what no browser shows */
};
/* NULL: there is no such page. */
const struct health_page *health_page_find(const char *path);
/* The HTTP status: 200, or 503 when what the page is about is not well. */
unsigned health_page_status(const struct health_page *page, const struct health_verdict *verdict);

#endif
