/* What accounts cost today: asked of a node, never assumed, since the rate was changed several times. */
#include "core/costs.h"
#include "engine/parts.h"

enum { RENTS_KEEP_MS = 3600000, RETRY_MS = 1000 };

void rents_init(struct engine *e)
{
	rpc_call_init(&e->rents.rpc);
}

void rents_fini(struct engine *e)
{
	rpc_call_fini(&e->rents.rpc);
}

static void compute_costs(struct engine *e)
{
	costs_of(e->rents.rent, e->policy.price_cap, &e->around.bind_cost, &e->around.draw_cost, &e->around.ata_cost);
}

static void on_rent(struct task *task, const struct reply *reply)
{
	struct rents *r = container_of(container_of(task, struct rpc_call, task), struct rents, rpc);
	struct engine *e = container_of(r, struct engine, rents);

	r->asked_ms = e->around.now_ms;
	r->failed = reply->err != ERR_OK;
	if (r->failed)
		return;
	r->rent[r->stage] = *(const struct lamports *)reply->data;
	r->stage++;
	if (r->stage < COST_ACCOUNTS)
		return;
	r->stage = 0;
	compute_costs(e);
	r->known = true;
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
	rpc_get_rent(e->m.rpc, any_node(&r->rpc), COST_SIZE[r->stage], on_rent);
}
