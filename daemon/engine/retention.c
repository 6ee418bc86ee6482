/* Old marks go once an hour, a batch per tick, and never while a pool is bound. */
#include <inttypes.h>

#include "base/log.h"
#include "engine/parts.h"

enum { EVERY_MS = 3600 * 1000, AGAIN_MS = 60 * 1000 };

void retention_init(struct engine *e)
{
	retention_call_init(&e->retention.call);
}

void retention_fini(struct engine *e)
{
	retention_call_fini(&e->retention.call);
}

bool retention_busy(const struct engine *e)
{
	return e->retention.call.task.busy;
}

static void on_batch(struct task *task, const struct reply *reply)
{
	struct retention_call *call = container_of(task, struct retention_call, task);
	struct engine *e = container_of(container_of(call, struct retention, call), struct engine, retention);
	struct retention *r = &e->retention;

	if (reply->err != ERR_OK) {
		log_warn("retention.failed", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
		r->next_ms = e->around.now_ms + AGAIN_MS;
		return;
	}
	r->deleted += call->deleted;
	r->after_id = call->more ? call->last_id : 0;
	r->next_ms = e->around.now_ms + (call->more ? e->config.tick_ms : EVERY_MS);
	if (call->more)
		return;
	if (r->deleted > 0)
		log_info("retention", "deleted=%" PRIu64, r->deleted);
	r->deleted = 0;
}

void retention_turn(struct engine *e)
{
	const struct claim_limits *claims = &e->config.claims;
	const int64_t limit = claims->max_age_s > claims->join_max_age_s ? claims->max_age_s : claims->join_max_age_s;

	if (!e->around.leader || e->policy.dry_run || e->around.stopping || e->counters.ticks == 0 || retention_busy(e))
		return;
	if (e->around.journal_down_since_ms != 0 || e->around.now_ms < e->retention.next_ms || engine_any_bound(e))
		return;
	retention_run(e->m.journal, &e->retention.call, e->retention.after_id, e->config.used_keep_s, (uint64_t)limit,
		on_batch);
}
