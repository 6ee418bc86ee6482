/* What accounts cost today: asked of a node, never assumed, since the rate was changed several times. */
#include "core/compose.h"
#include "core/price.h"
#include "engine/parts.h"

enum {
	RENTS_KEEP_MS = 3600000,
	RETRY_MS = 1000,
	LUT_SIZE = 152,
	ESCROW_SIZE = 165,
	ATA_2022_SIZE = 170,
	EMPTY_SIZE = 0
};

struct rent_row {
	size_t size;
	size_t offset;
};
static const struct rent_row SIZES[] = {
	{ EMPTY_SIZE, offsetof(struct rents, empty) },
	{ SB_RANDOMNESS_SIZE, offsetof(struct rents, randomness) },
	{ ESCROW_SIZE, offsetof(struct rents, escrow) },
	{ LUT_SIZE, offsetof(struct rents, lut) },
	{ ATA_2022_SIZE, offsetof(struct rents, ata_2022) },
};
enum { SIZES_COUNT = sizeof SIZES / sizeof SIZES[0] };

void rents_init(struct engine *e)
{
	rpc_call_init(&e->rents.rpc);
}

void rents_fini(struct engine *e)
{
	rpc_call_fini(&e->rents.rpc);
}

/* The dearest case of each transaction: a new randomness account, a new winner account, the highest price allowed. */
static void compute_costs(struct engine *e)
{
	const struct rents *r = &e->rents;

	e->around.bind_cost.n = r->empty.n + r->randomness.n + r->escrow.n + r->lut.n +
	                        price_fee(compose_fixed_limit(STEP_BIND), e->policy.price_cap, 2).n;
	e->around.draw_cost.n = r->ata_2022.n + price_fee(compose_fixed_limit(STEP_DRAW), e->policy.price_cap, 1).n;
	e->rents.known = true;
}

static void on_rent(struct task *task, const struct reply *reply)
{
	struct rents *r = container_of(container_of(task, struct rpc_call, task), struct rents, rpc);
	struct engine *e = container_of(r, struct engine, rents);

	r->asked_ms = e->around.now_ms;
	r->failed = reply->err != ERR_OK;
	if (r->failed)
		return;
	*(struct lamports *)(void *)((char *)r + SIZES[r->stage].offset) = *(const struct lamports *)reply->data;
	r->stage++;
	if (r->stage < SIZES_COUNT)
		return;
	r->stage = 0;
	compute_costs(e);
}

void rents_reprice(struct engine *e)
{
	if (e->rents.known)
		compute_costs(e);
}

void rents_turn(struct engine *e)
{
	struct rents *r = &e->rents;
	const uint64_t pause = r->failed ? RETRY_MS : r->stage > 0 ? 0 : r->known ? RENTS_KEEP_MS : 0;

	if (r->rpc.task.busy || (r->asked_ms != 0 && e->around.now_ms < r->asked_ms + pause))
		return;
	rpc_get_rent(e->m.rpc, any_node(&r->rpc), SIZES[r->stage].size, on_rent);
}
