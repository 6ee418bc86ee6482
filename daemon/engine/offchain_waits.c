/* What is due and not locked has no row that could say what it waits for: the log and keeper.offchain_waits do. */
#include <string.h>

#include "base/log.h"
#include "engine/parts.h"

enum { TELL_EVERY_MS = 1000 };

static const char *why_of(const struct offchain *o, const struct offchain_candidate *c)
{
	if (c->reason == WAIT_OFFCHAIN_NODES)
		return o->nodes.why;
	if (c->reason == WAIT_OFFCHAIN_SOURCE)
		return o->source[c->source - o->e->m.sources->at].fault;
	return c->reason == WAIT_OFFCHAIN_NOT_LOCKED ? c->why : "";
}

/* One line for all of them, when it changes. That no node answers is told by who asked it. */
static void log_all(struct engine *e)
{
	struct offchain *o = e->offchain;
	const struct offchain_candidate *first = o->n_candidates > 0 ? o->candidate[0] : NULL;
	const enum reason all = first && offchain_waits_for_all(first->reason) ? first->reason : WAIT_NONE;

	if (all == o->lock_waits || all == WAIT_NODES_SILENT)
		return;
	if (all == WAIT_OFFCHAIN_NODES && o->nodes.why[0] == '\0') /* they are being asked */
		return;
	o->lock_waits = all;
	if (all == WAIT_NONE)
		log_info("offchain.locks", "reason=%s next=%s", REASONS[all].name, first ? "lock" : "none_due");
	else
		log_event(REASONS[all].level == REASON_INFO ? LOG_AT_INFO : LOG_AT_WARN, "offchain.locks",
			"reason=%s due=%zu why=\"%s\" detail=\"%s\" next=wait", REASONS[all].name, o->n_candidates,
			REASONS[all].text, why_of(o, first));
}

static void on_told(struct task *task, const struct reply *reply)
{
	struct offchain *o = container_of(container_of(task, struct offchain_tell_call, task), struct offchain, tell);

	if (reply->err == ERR_OK)
		return;
	o->changed = true;
	log_warn("offchain.waits_failed", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
}

static void tell(struct engine *e)
{
	struct offchain *o = e->offchain;
	struct offchain_waiting list[OFFCHAIN_TOLD_MAX];
	size_t n = 0;

	for (size_t i = 0; i < o->n_candidates && n < OFFCHAIN_TOLD_MAX; i++) {
		const struct offchain_candidate *c = o->candidate[i];

		list[n++] = (struct offchain_waiting){ c->source->name, c->due.key, REASONS[c->reason].name,
			why_of(o, c) };
	}
	o->changed = false;
	o->told_ms = e->around.now_ms;
	offchain_tell(e->m.journal, &o->tell, list, n, on_told);
}

void offchain_waits_turn(struct engine *e)
{
	struct offchain *o = e->offchain;

	log_all(e);
	if (o->changed && !o->tell.task.busy && e->around.now_ms - o->told_ms >= TELL_EVERY_MS)
		tell(e);
}
