/* --rebuild: one pool's history from its creation on, as if nothing of it were recorded. Nothing is deleted. */
#include <inttypes.h>

#include "base/log.h"
#include "core/base58.h"
#include "engine/parts.h"

bool rebuild_asked(const struct engine *e)
{
	return !pubkey_is_zero(&e->config.rebuild);
}

/* Missing: what could not be read, or everything when nothing of the address is a pool's. */
size_t rebuild_left(const struct engine *e)
{
	const struct rebuild *r = &e->rebuild;

	return r->job_done && r->calls > 0 ? r->gaps : 1;
}

void rebuild_turn(struct engine *e)
{
	struct rebuild *r = &e->rebuild;
	char pool[PUBKEY_TEXT];

	if (!r->asked) {
		ingest_add(e, &e->config.rebuild, (struct slot){ 0 })->whole = true;
		r->asked = true;
		e->ingest.watch.next_ms = e->ingest.project_ms = UINT64_MAX;
	}
	ingest_turn(e);
	if (!r->job_done || r->told)
		return;
	r->told = true;
	base58_pubkey(pool, &e->config.rebuild);
	log_info("rebuild.done", "pool=%s transactions=%zu calls=%zu changed=%zu gaps=%zu", pool, r->transactions,
		r->calls, r->changed, r->gaps);
}
