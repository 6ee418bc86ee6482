/* The first finalized block from a slot on. A node that has lost a block calls its slot skipped; the parent of the next one shows
 * it. With nodes of two hosts or more, two must show the same block: who chose it would choose among winners. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/parts.h"

enum { SKIPPED_MAX = 4000 };
/* A probe is about a slot that each node that is well has finalized. What it found holds for so long. */
enum { PROBE_BEHIND = 100, PROBE_BASE_MS = 1000, PROBE_MAX_MS = 15000, SHOWN_MS = 60000 };

static void log_silent(struct engine *e, const struct offchain_search *s)
{
	log_warn("offchain.no_block", "node=%s slot=%" PRIu64 " why=\"%s\" next=retry",
		rpc_endpoint_label(e->m.rpc, s->silent), s->from.n, s->why);
}

/* Without a second witness every draw defaults: somebody has to mend that node before. */
static void tell_silent(struct engine *e, struct offchain_search *s)
{
	if (s->n != 1 || s->told.n == s->from.n)
		return;
	s->told = s->from;
	log_silent(e, s);
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

/* The nodes as such: what is locked now will need them. */
static void tell_nodes(struct engine *e, bool shown)
{
	struct offchain *o = e->offchain;
	struct offchain_nodes *nodes = &o->nodes;
	const struct offchain_search *s = &o->search;
	char why[OFFCHAIN_WHY] = "", text[2 * OFFCHAIN_WHY];

	attempts_note(&nodes->asked, e->around.now_ms, shown);
	if (shown) {
		nodes->shown_ms = e->around.now_ms;
	} else if (s->n >= rpc_witnesses(e->m.rpc)) {
		snprintf(why, sizeof why, "the nodes show different blocks");
	} else {
		snprintf(text, sizeof text, "%s shows none: %s", rpc_endpoint_label(e->m.rpc, s->silent), s->why);
		offchain_why(why, text);
		if (s->probe && nodes->why[0] == '\0')
			log_silent(e, s);
	}
	o->changed = o->changed || strcmp(why, nodes->why) != 0;
	memcpy(nodes->why, why, sizeof why);
}

static void end(struct engine *e, const struct offchain_block *found)
{
	struct offchain_search *s = &e->offchain->search;

	s->running = false;
	tell_nodes(e, found != NULL);
	if (!s->probe)
		tell_draws(e, found);
}

/* Another endpoint of a host that has answered is the same witness. */
static bool host_answered(const struct engine *e, int node)
{
	const struct offchain_search *s = &e->offchain->search;

	for (size_t i = 0; i < s->n; i++)
		if (rpc_host_of(e->m.rpc, s->by[i]) == rpc_host_of(e->m.rpc, node))
			return true;
	return false;
}

/* why: this node shows no block; NULL: it does. */
static void next_node(struct engine *e, const char *why)
{
	struct offchain_search *s = &e->offchain->search;

	if (why) {
		s->silent = s->node;
		snprintf(s->why, sizeof s->why, "%s", why);
	}
	do
		s->node++;
	while ((size_t)s->node < rpc_endpoint_count(e->m.rpc) && host_answered(e, s->node));
	s->at = s->from;
	if ((size_t)s->node >= rpc_endpoint_count(e->m.rpc))
		end(e, NULL);
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
	s->by[s->n] = s->node;
	s->answer[s->n++] = found;
	if (same < rpc_witnesses(e->m.rpc))
		next_node(e, NULL);
	else
		end(e, &found);
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

static void begin(struct engine *e, struct slot from, bool probe)
{
	struct offchain_search *s = &e->offchain->search;

	s->probe = probe;
	s->from = s->at = from;
	s->node = 0;
	s->n = 0;
	s->running = true;
}

void offchain_search_begin(struct engine *e, struct slot from)
{
	begin(e, from, false);
}

bool offchain_nodes_show(const struct engine *e)
{
	const struct offchain_nodes *nodes = &e->offchain->nodes;

	return nodes->shown_ms != 0 && nodes->asked.failures == 0 && e->around.now_ms - nodes->shown_ms <= SHOWN_MS;
}

void offchain_probe(struct engine *e)
{
	const uint64_t tip = e->tip.confirmed_slot.n;
	const struct slot from = { tip > PROBE_BEHIND ? tip - PROBE_BEHIND : 1 };

	if (!e->offchain->search.running &&
		attempts_ready(&e->offchain->nodes.asked, e->around.now_ms, PROBE_BASE_MS, PROBE_MAX_MS))
		begin(e, from, true);
}

void offchain_search_turn(struct engine *e)
{
	struct offchain_search *s = &e->offchain->search;

	if (!s->running || s->rpc.task.busy)
		return;
	s->rpc.endpoint = s->node;
	rpc_get_block(e->m.rpc, &s->rpc, s->at, on_block);
}
