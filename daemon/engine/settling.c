/* What a payout's record had to leave undone: app rows and players that became known only later. */
#include <inttypes.h>

#include "base/log.h"
#include "engine/parts.h"

enum { EVERY_TICKS = 12 };

void settling_init(struct engine *e)
{
	record_call_init(&e->settling.call);
}

void settling_fini(struct engine *e)
{
	record_call_fini(&e->settling.call);
}

bool settling_busy(const struct engine *e)
{
	return e->settling.call.task.busy;
}

static void on_settled(struct task *task, const struct reply *reply)
{
	struct settling *s = container_of(container_of(task, struct record_call, task), struct settling, call);

	if (reply->err != ERR_OK) {
		log_warn("settle.retry", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
		return;
	}
	if (s->call.written != s->waiting)
		log_info("settle.rest", "waiting=%zu", s->call.written);
	s->waiting = s->call.written;
	s->fence = s->asked_fence;
	s->records = s->asked_records;
}

/* After the start, after each payout, and then for as long as some draw waits. */
void settling_turn(struct engine *e)
{
	struct settling *s = &e->settling;
	const bool news = s->fence != e->tick.fence || s->records != e->counters.records || s->waiting > 0;

	if (!news || settling_busy(e) || e->around.now_ms < s->due_ms || !e->around.leader || e->policy.dry_run ||
		e->around.stopping || e->around.journal_down_since_ms != 0)
		return;
	s->due_ms = e->around.now_ms + EVERY_TICKS * e->config.tick_ms;
	s->asked_fence = e->tick.fence;
	s->asked_records = e->counters.records;
	records_settle_rest(e->m.journal, &s->call, e->config.clear_chat, on_settled);
}
