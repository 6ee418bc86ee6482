/* Changes of the money tables are sealed once a minute while there are any, in batches that hold nothing up for long. The line
 * in the log is what a cut or a new chain is found by later. */
#include <inttypes.h>

#include "base/log.h"
#include "engine/parts.h"

enum { EVERY_MS = 60 * 1000 };

void sealing_init(struct engine *e)
{
	trail_call_init(&e->sealing.call);
}

void sealing_fini(struct engine *e)
{
	trail_call_fini(&e->sealing.call);
}

bool sealing_busy(const struct engine *e)
{
	return e->sealing.call.task.busy;
}

static void on_sealed(struct task *task, const struct reply *reply)
{
	struct trail_call *call = container_of(task, struct trail_call, task);
	struct sealing *s = container_of(call, struct sealing, call);

	s->wanted = reply->err == ERR_OK && call->more;
	if (reply->err != ERR_OK)
		log_warn("trail.failed", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
	else if (call->sealed > 0)
		log_info("trail.sealed", "rows=%" PRIu64 " head=%" PRIu64 ":%s", call->sealed, call->n, call->hash);
}

void sealing_want(struct engine *e)
{
	if (e->around.now_ms >= e->sealing.next_ms)
		e->sealing.wanted = true;
}

void sealing_turn(struct engine *e)
{
	if (!e->sealing.wanted || sealing_busy(e) || !e->around.leader || e->policy.dry_run || e->around.stopping ||
		e->around.journal_down_since_ms != 0)
		return;
	e->sealing.next_ms = e->around.now_ms + EVERY_MS;
	trail_seal(e->m.journal, &e->sealing.call, on_sealed);
}
