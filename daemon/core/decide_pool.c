/* Decides what to do next about a pool that no draw is about: so far, one that was never filled. */
#include "core/chore.h"
#include "core/decide.h"

enum { SWEEP_DELAY_S = 604800, SLACK_S = 60 };

/* The program says later than expire_time + SWEEP_DELAY_S, by a Clock that may be a little behind ours. */
int64_t pool_sweep_s(const struct pool_account *pool)
{
	int64_t due;

	/* Chain data: an absurd sum must not wrap into the past. */
	if (__builtin_add_overflow(pool->expire_time, SWEEP_DELAY_S + SLACK_S, &due))
		return INT64_MAX;
	return due;
}

/* Where nothing is to be done, or not yet, the chore is over: it is listed again when there is. */
static enum reason may_sweep(const struct pool_facts *f)
{
	const struct policy *policy = f->chore.policy;
	const struct pool_account *pool = &f->view.pool;

	if (!policy->sweep || f->view.kind != VIEW_POOL || pool->status != POOL_OPEN || !f->token_known ||
		!pubkey_equal(&pool->dev_wallet, &policy->dev_wallet) || f->view.chain_s <= pool_sweep_s(pool))
		return WAIT_OVER;
	if (gate_policy(policy, pool) != WAIT_NONE)
		return gate_policy(policy, pool);
	return pool->paused ? WAIT_PAUSED : WAIT_NONE;
}

/* The instruction names no pool id: its bytes go out only while the address still holds the pool that they were signed for. */
static struct action send(const struct pool_facts *f, struct action a)
{
	const struct action read = chore_read(&f->chore);

	if (read.kind != ACT_NONE)
		return read;
	return f->view.kind == VIEW_POOL && f->view.pool.status == POOL_OPEN ? a : action_wait(WAIT_IN_FLIGHT);
}

struct action decide_pool(const struct pool_facts *f)
{
	struct action a = chore_settle(&f->chore);
	enum reason gate;

	if (a.kind == ACT_SEND)
		return send(f, a);
	if (a.kind == ACT_NONE)
		a = chore_look(&f->chore);
	if (a.kind != ACT_NONE)
		return a;
	gate = may_sweep(f);
	if (gate != WAIT_NONE)
		return action_wait_until(gate, f->chore.around->now_ms + CHORE_MAX_MS);
	return chore_step(&f->chore, STEP_SWEEP);
}
