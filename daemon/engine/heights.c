/* How high the chain is, as each node tells it. A slot says little about a height, so what one node tells is held against the
 * last that two of them agreed on: too high, and rows would never end; too low, and they would end before their transactions. */
#include "engine/heights.h"

#include "engine/parts.h"

/* SLACK: of nodes that lag, and of finalized against confirmed heights. AGE: what is older is not compared any more. FRESH: what
 * an unguarded step needs. MARGIN: what two fresh answers may lie apart by their age and their commitments. SECOND, DISPUTED:
 * how long a second host is waited for after a start, and how long where it says otherwise: a bound pool cannot wait for ever. */
enum { SLACK = 512, BLOCK_MS_MIN = 20, AGE_MS = 60000, FRESH_MS = 15000, MARGIN = 64, LIFE = 150 };
enum { SECOND_MS = 5000, DISPUTED_MS = 30000 };

static bool heard(const struct told_height *told, uint64_t now_ms, uint64_t within_ms)
{
	return told->at_ms != 0 && now_ms - told->at_ms <= within_ms;
}

static bool close_to(const struct told_height *older, const struct told_height *newer)
{
	const uint64_t passed = (newer->at_ms - older->at_ms) / BLOCK_MS_MIN;

	return newer->height.n <= older->height.n + SLACK + passed && older->height.n <= newer->height.n + SLACK;
}

/* The lower of two hosts' that agree: a lie cannot lift it step by step. */
static void agree(struct heights *h, const struct rpc *rpc, int endpoint)
{
	const struct told_height *mine = &h->told[endpoint];

	for (size_t i = 0; i < rpc_endpoint_count(rpc); i++) {
		const struct told_height *other = &h->told[i];

		if (rpc_host_of(rpc, (int)i) == rpc_host_of(rpc, endpoint) || !heard(other, mine->at_ms, AGE_MS) ||
			!close_to(other, mine))
			continue;
		h->agreed = other->height.n < mine->height.n ? *other : *mine;
	}
}

static bool believed(const struct told_height *agreed, const struct told_height *told)
{
	const uint64_t slots = told->slot.n > agreed->slot.n ? told->slot.n - agreed->slot.n : 0;

	return told->height.n <= agreed->height.n + SLACK + slots && told->height.n + SLACK >= agreed->height.n;
}

static bool several(unsigned hosts)
{
	return (hosts & (hosts - 1)) != 0;
}

static bool waited(const struct heights *h, const struct rpc *rpc, uint64_t now_ms)
{
	unsigned hosts = 0;

	for (size_t i = 0; i < rpc_endpoint_count(rpc); i++)
		if (h->told[i].at_ms != 0)
			hosts |= 1U << rpc_host_of(rpc, (int)i);
	return now_ms - h->first_ms >= (several(hosts) ? DISPUTED_MS : SECOND_MS);
}

bool heights_saw(struct engine *e, struct slot slot, struct height height, int endpoint)
{
	struct heights *h = &e->heights;

	if (rpc_witnesses(e->m.rpc) == 1 || endpoint < 0)
		return true;
	if (h->first_ms == 0)
		h->first_ms = e->around.now_ms;
	h->told[endpoint] = (struct told_height){ slot, height, e->around.now_ms };
	agree(h, e->m.rpc, endpoint);
	if (h->agreed.at_ms == 0)
		return waited(h, e->m.rpc, e->around.now_ms);
	return believed(&h->agreed, &h->told[endpoint]);
}

bool heights_unknown(const struct engine *e)
{
	const struct heights *h = &e->heights;

	return rpc_witnesses(e->m.rpc) > 1 && h->agreed.at_ms == 0 &&
	       (h->first_ms == 0 || e->around.now_ms - h->first_ms < DISPUTED_MS);
}

bool heights_agree(const struct engine *e)
{
	const struct heights *h = &e->heights;
	unsigned hosts = 0;

	if (rpc_witnesses(e->m.rpc) == 1)
		return true;
	for (size_t i = 0; i < rpc_endpoint_count(e->m.rpc); i++) {
		if (!heard(&h->told[i], e->around.now_ms, FRESH_MS))
			continue;
		if (!believed(&h->agreed, &h->told[i]))
			return false;
		hosts |= 1U << rpc_host_of(e->m.rpc, (int)i);
	}
	return several(hosts) && heard(&h->agreed, e->around.now_ms, FRESH_MS);
}

/* Not by what nobody believes: the row would never end. */
struct height heights_last_valid(const struct engine *e)
{
	const struct heights *h = &e->heights;
	struct height last = e->pulse.last_valid;

	for (size_t i = 0; i < rpc_endpoint_count(e->m.rpc); i++) {
		const struct told_height *told = &h->told[i];

		if (h->agreed.at_ms != 0 && heard(told, e->around.now_ms, FRESH_MS) && believed(&h->agreed, told) &&
			told->height.n + LIFE > last.n)
			last.n = told->height.n + LIFE;
	}
	last.n += MARGIN;
	return last;
}
