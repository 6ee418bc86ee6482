/* What happens later, in order of time and then of planning: a binary heap over a table of slots. */
#include <stdlib.h>

#include "sim/sim.h"

enum { EVENTS_MAX = 8192 };

struct event_slot {
	uint64_t ms, order;
	uint32_t generation; /* of what waits in it */
	int daemon;
	event_fire *fire; /* NULL: cancelled */
	void *owner;
};

static struct event_slot slots[EVENTS_MAX];
static uint32_t heap[EVENTS_MAX], unused[EVENTS_MAX];
static size_t n_heap, n_unused;
static uint64_t order;
static uint32_t generation;

void events_begin(void)
{
	n_heap = 0;
	n_unused = 0;
	order = 0;
	for (uint32_t i = EVENTS_MAX; i-- > 0;)
		unused[n_unused++] = i;
}

static bool before(uint32_t a, uint32_t b)
{
	return slots[a].ms != slots[b].ms ? slots[a].ms < slots[b].ms : slots[a].order < slots[b].order;
}

static void swap(size_t a, size_t b)
{
	const uint32_t kept = heap[a];

	heap[a] = heap[b];
	heap[b] = kept;
}

static void sift_up(size_t at)
{
	for (; at > 0 && before(heap[at], heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(at, (at - 1) / 2);
}

static void sift_down(size_t at)
{
	for (size_t least = at;; at = least) {
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < n_heap; child++)
			if (before(heap[child], heap[least]))
				least = child;
		if (least == at)
			return;
		swap(at, least);
	}
}

struct event_ref event_at(uint64_t ms, int daemon, event_fire *fire, void *owner)
{
	uint32_t slot;

	if (n_unused == 0)
		abort();
	slot = unused[--n_unused];
	if (++generation == 0)
		generation = 1;
	slots[slot] = (struct event_slot){ ms, order++, generation, daemon, fire, owner };
	heap[n_heap++] = slot;
	sift_up(n_heap - 1);
	return (struct event_ref){ slot, generation };
}

void event_cancel(struct event_ref ref)
{
	if (ref.generation != 0 && slots[ref.slot].generation == ref.generation)
		slots[ref.slot].fire = NULL;
}

static void pop(void)
{
	unused[n_unused++] = heap[0];
	slots[heap[0]].generation = 0;
	heap[0] = heap[--n_heap];
	sift_down(0);
}

uint64_t event_next_ms(void)
{
	while (n_heap > 0 && !slots[heap[0]].fire)
		pop();
	return n_heap > 0 ? slots[heap[0]].ms : UINT64_MAX;
}

void event_run_due(void)
{
	while (event_next_ms() <= world.now_ms) {
		const struct event_slot e = slots[heap[0]];

		pop();
		if (e.daemon >= 0) {
			if (world.daemon[e.daemon].dying || world_boundary(e.daemon))
				continue;
			world.daemon[e.daemon].dirty = true;
		}
		e.fire(e.owner);
	}
}
