/* The first finalized block from a slot on. A node that has lost a block calls its slot skipped; the parent of the next one shows
 * it. With two nodes or more, two must show the same block: who chose it would choose among winners. */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "engine/parts.h"

enum { SKIPPED_MAX = 4000 };

static size_t witnesses(const struct engine *e)
{
	return rpc_endpoint_count(e->m.rpc) > 1 ? 2 : 1;
}

/* Without a second witness every draw defaults: somebody has to mend that node before. */
static void tell_silent(struct engine *e, struct offchain_search *s)
{
	if (s->n != 1 || s->told.n == s->from.n)
		return;
	s->told = s->from;
	log_warn("offchain.no_block", "node=%s slot=%" PRIu64 " why=\"%s\" next=retry",
		rpc_endpoint_label(e->m.rpc, s->silent), s->from.n, s->why);
}

/* Every draw with this slot hears of it. */
static void tell_draws(struct engine *e, const struct offchain_block *found)
{
	struct offchain *o = e->offchain;
	const enum block_sight sight = found || o->search.n == 0 ? BLOCK_UNSEEN
	                               : o->search.n == 1        ? BLOCK_BY_ONE_NODE
	                                                         : BLOCK_NODES_DIFFER;

	if (!found)
		tell_silent(e, &o->search);
	for (size_t i = 0; i < o->n; i++) {
		struct offchain_draw *d = o->draw[i];

		if (d->facts.row.slot.n != o->search.from.n || d->facts.row.block_slot.n != 0)
			continue;
		d->facts.block_found = found != NULL;
		d->facts.block_sight = sight;
		if (found)
			d->block = *found;
		d->wake_ms = 0;
		attempts_note(&d->facts.block, e->around.now_ms, found != NULL);
	}
}

/* why: this node shows no block; NULL: it does. */
static void next_node(struct engine *e, const char *why)
{
	struct offchain_search *s = &e->offchain->search;

	if (why) {
		s->silent = s->node;
		snprintf(s->why, sizeof s->why, "%s", why);
	}
	s->node++;
	s->at = s->from;
	s->running = (size_t)s->node < rpc_endpoint_count(e->m.rpc);
	if (!s->running)
		tell_draws(e, NULL);
}

static void take(struct engine *e, const struct rpc_block *block)
{
	struct offchain_search *s = &e->offchain->search;
	const struct offchain_block found = { block->slot, block->parent, block->hash, block->time };
	size_t same = 1;

	if (found.parent.n >= s->from.n) {
		next_node(e, "it has lost the block before");
		return;
	}
	for (size_t i = 0; i < s->n; i++)
		same += s->answer[i].slot.n == found.slot.n && hash_equal(&s->answer[i].hash, &found.hash) &&
		        s->answer[i].time == found.time;
	s->answer[s->n++] = found;
	s->running = same < witnesses(e);
	if (s->running)
		next_node(e, NULL);
	else
		tell_draws(e, &found);
}

static void on_block(struct task *task, const struct reply *reply)
{
	struct offchain_search *s = container_of(
		container_of(task, struct rpc_call, task), struct offchain_search, rpc);
	struct offchain *o = container_of(s, struct offchain, search);
	const bool skipped = reply->err == ERR_REFUSED &&
	                     (s->rpc.rpc_code == RPC_SLOT_SKIPPED || s->rpc.rpc_code == RPC_SLOT_SKIPPED_OR_LOST);

	if (reply->err == ERR_OK)
		take(o->e, reply->data);
	else if (skipped && s->at.n - s->from.n < SKIPPED_MAX)
		s->at.n++;
	else
		next_node(o->e, reply->why);
}

void offchain_search_begin(struct engine *e, struct slot from)
{
	struct offchain_search *s = &e->offchain->search;

	s->from = s->at = from;
	s->node = 0;
	s->n = 0;
	s->running = true;
}

void offchain_search_turn(struct engine *e)
{
	struct offchain_search *s = &e->offchain->search;

	if (!s->running || s->rpc.task.busy)
		return;
	s->rpc.endpoint = s->node;
	rpc_get_block(e->m.rpc, &s->rpc, s->at, on_block);
}
