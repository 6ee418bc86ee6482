/* Which of the configured nodes to ask, from how each has answered so far. Pure: the clock is the caller's. */
#ifndef CHAIN_ENDPOINTS_H
#define CHAIN_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "chain/rpc.h"

enum {
	ENDPOINT_ERRORS_MAX = 3, /* transport errors in a row that open the circuit breaker                       */
	ENDPOINT_LAG_MAX = 50,   /* slots behind the highest seen: more is unhealthy (about 10 s at 214 ms)       */
	ENDPOINT_BACKOFF_MIN_MS = 500,
	ENDPOINT_BACKOFF_MAX_MS = 5000,
	ENDPOINT_PAUSE_MIN_MS = 1000,
	ENDPOINT_PAUSE_MAX_MS = 30000,
	ENDPOINT_RETRY_AFTER_MAX_S =
		60, /* an hour, as some providers answer, would outlast a bound pool's deadline      */
	ENDPOINT_NAME = 96,
};

/* An endpoint is down (breaker open: no calls), lagging or sick (calls only when no better one is there), or well.
 * What is not well is probed at probe_at; only a good answer makes it well again. */
struct endpoint {
	const char *url;          /* with its key */
	char label[8];            /* "rpc1" */
	char name[ENDPOINT_NAME]; /* "rpc1 (host:port)", without user, password, path and query: fit for the log */
	unsigned errors;          /* transport errors in a row */
	bool down;
	bool sick; /* said -32005 */
	bool lagging;
	uint64_t lag;           /* slots, when it last told one */
	enum commitment lag_at; /* ... at this commitment */
	uint64_t probe_at;      /* ms; when not well */
	unsigned backoff_ms;
	uint64_t quiet_until; /* ms; rate limited until then */
	unsigned pause_ms;    /* next pause without Retry-After */
	uint64_t latency_us;  /* moving average, 1/8 new; 0 = never answered */
};

struct endpoints {
	size_t n;
	struct endpoint at[RPC_ENDPOINTS_MAX];
	struct slot highest[FINALIZED + 1]; /* per commitment: finalized is always about 32 behind processed */
};

/* urls are borrowed. */
void endpoints_init(struct endpoints *endpoints, const struct rpc_endpoint_config *config, size_t n);

/* The best one that is not in the bit mask `tried`; -1 when there is none. Order: well before lagging or sick, then
 * fewest slots behind (in steps of 8: a few slots are only the time of asking), then latency. Down and rate limited
 * ones are never chosen. */
int endpoints_choose(const struct endpoints *endpoints, unsigned tried, uint64_t now_ms);
/* May this one be asked now? */
bool endpoint_open(const struct endpoint *endpoint, uint64_t now_ms);
bool endpoint_well(const struct endpoint *endpoint);

/* What happened. */
void endpoint_answered(struct endpoint *endpoint, uint64_t latency_us); /* anything in JSON-RPC: the transport works */
void endpoints_told_slot(struct endpoints *endpoints, int i, enum commitment at, struct slot slot, uint64_t now_ms);
void endpoint_failed(struct endpoint *endpoint, uint64_t now_ms);    /* no answer, or not JSON                     */
void endpoint_unhealthy(struct endpoint *endpoint, uint64_t now_ms); /* -32005                                     */
void endpoint_healthy(struct endpoint *endpoint);                    /* a result                                   */
void endpoint_rate_limited(struct endpoint *endpoint, uint32_t retry_after_s, uint64_t now_ms);
/* A probe that did not make it well: the next one later. */
void endpoint_probe_failed(struct endpoint *endpoint, uint64_t now_ms);

/* One line why none can be asked, "rpc1 rate limited for 800 ms, rpc2 down". */
void endpoints_explain(const struct endpoints *endpoints, uint64_t now_ms, char *out, size_t size);
/* Overwrites with * every occurrence of the URL's path and query in text: providers quote the key in their errors. */
void endpoint_hide_key(const struct endpoint *endpoint, char *text);

#endif
