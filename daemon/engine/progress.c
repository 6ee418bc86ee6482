/* What long work says of itself while nothing else does: one line every few seconds, and none when it is quick. */
#include "base/log.h"
#include "core/base58.h"
#include "engine/parts.h"

enum { EACH_MS = 5000 };

static bool is_due(struct progress *p, uint64_t now)
{
	if (p->since_ms == 0)
		p->since_ms = now;
	if (now - p->since_ms < EACH_MS)
		return false;
	p->since_ms = now;
	p->told = true;
	return true;
}

/* Nobody knows how long the list is before it is at its end: until then the total grows. */
static void tell_rebuild(const struct engine *e)
{
	const struct ingest *in = &e->ingest;
	const size_t done = e->rebuild.transactions + e->rebuild.gaps + in->step.n_reads + in->step.n_gaps;
	char pool[PUBKEY_TEXT];

	base58_pubkey(pool, &e->config.rebuild);
	log_info("rebuild.progress", "pool=%s doing=%s done=%zu total=%zu", pool, in->list.more ? "list" : "read", done,
		done + in->list.n + in->list.cut);
}

/* Its last line says that it is through; who was quick says nothing. */
static void start_turn(struct ingest *in, uint64_t now)
{
	const bool through = in->n_start_done == in->n_start;

	if (through ? in->progress.told : is_due(&in->progress, now))
		log_info("ingest.progress", "done=%zu total=%zu", in->n_start_done, in->n_start);
	if (through)
		in->progress = (struct progress){ 0 };
}

void progress_turn(struct engine *e)
{
	struct ingest *in = &e->ingest;

	if (!e->around.leader || e->policy.dry_run)
		return;
	if (!rebuild_asked(e))
		start_turn(in, e->around.now_ms);
	else if (!e->rebuild.job_done && in->job && is_due(&in->progress, e->around.now_ms))
		tell_rebuild(e);
}
