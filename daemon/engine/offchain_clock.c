/* The database's clock beside the chain's: locks and defaults wait while they differ (core/decide_offchain.c). */
#include <inttypes.h>

#include "base/log.h"
#include "engine/parts.h"

/* A chain that stands still says the same second again and again, and is behind soon; this one is for nodes that say nothing. */
enum { TOLD_LATELY_MS = 30000 };

int64_t offchain_chain_ms(const struct engine *e)
{
	const uint64_t lately = 2 * e->config.tick_ms > TOLD_LATELY_MS ? 2 * e->config.tick_ms : TOLD_LATELY_MS;
	const uint64_t since = e->around.now_ms - e->told_ms;

	return e->told_s == 0 || since > lately ? 0 : e->told_s * 1000 + (int64_t)since;
}

int64_t offchain_database_ms(const struct engine *e)
{
	const struct offchain *o = e->offchain;

	return o->clock_ms == 0 ? 0 : o->clock_ms + (int64_t)(e->around.now_ms - o->clock_at_ms);
}

static void log_change(struct engine *e, int64_t database_ms, int64_t chain_ms)
{
	const int64_t ahead_s = (database_ms - chain_ms) / 1000;

	if (e->offchain->clocks_differ)
		log_warn("offchain.clocks",
			"database_s=%" PRId64 " chain_s=%" PRId64 " database_ahead_s=%" PRId64 " next=wait",
			database_ms / 1000, chain_ms / 1000, ahead_s);
	else
		log_info("offchain.clocks",
			"database_s=%" PRId64 " chain_s=%" PRId64 " database_ahead_s=%" PRId64 " next=go_on",
			database_ms / 1000, chain_ms / 1000, ahead_s);
}

void offchain_saw_database(struct engine *e, int64_t now_ms)
{
	struct offchain *o = e->offchain;
	const int64_t chain_ms = offchain_chain_ms(e);
	const bool differ = !offchain_clocks_agree(now_ms, chain_ms);

	o->clock_ms = now_ms;
	o->clock_at_ms = e->around.now_ms;
	if (chain_ms == 0 || differ == o->clocks_differ)
		return;
	o->clocks_differ = differ;
	log_change(e, now_ms, chain_ms);
}
