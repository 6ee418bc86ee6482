/* A node that makes things up: what became of a transaction, how long its blockhash lives, how far the chain is. */
#include "sim/sim.h"

enum { FORGED = 150, AHEAD_MAX = 100000, A_LITTLE = 400, SLOTS_BACK = 20 };

static bool forges(int node)
{
	return node == world.forger && world_fault(FORGED);
}

/* Never in a slot that the node itself does not know yet: such an answer is malformed. */
void forge_status(int node, struct rpc_status *out, struct slot at)
{
	if (!forges(node))
		return;
	*out = (struct rpc_status){
		.found = true, .confirmed = true, .finalized = random_chance(700), .failed = random_chance(600)
	};
	out->landed.n = at.n - random_below(SLOTS_BACK);
}

/* A little too low is not so easily told from a node that lags. */
static uint64_t forged_height(uint64_t height)
{
	if (random_chance(300))
		return height - random_below(A_LITTLE);
	return random_chance(500) ? height + random_below(AHEAD_MAX) : random_below((uint32_t)height);
}

void forge_epoch(int node, struct rpc_epoch *out)
{
	if (forges(node))
		out->height.n = forged_height(out->height.n);
}

void forge_blockhash(int node, struct rpc_blockhash *out)
{
	if (forges(node))
		out->last_valid.n = forged_height(out->last_valid.n);
	if (forges(node))
		random_bytes(out->hash.b, HASH_SIZE);
}
