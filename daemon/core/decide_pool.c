/* Decides what to do next about a pool that no draw is about: one that was never filled, or one that is over. */
#include "core/chore.h"
#include "core/decide.h"

enum { WEEK_S = 604800, MONTH_S = 2592000, DAY_S = 86400, SLACK_S = 60 };

/* The program says later than this, by a Clock that may be a little behind ours. Chain data: an absurd sum must not wrap
 * into the past. */
static int64_t later_than(int64_t since_s, int64_t delay_s)
{
	int64_t due;

	return __builtin_add_overflow(since_s, delay_s + SLACK_S, &due) ? INT64_MAX : due;
}

int64_t pool_sweep_s(const struct pool_account *pool)
{
	return later_than(pool->expire_time, WEEK_S);
}

/* Payout leaves close_time 0, and then the program would let us take the creator's rent at once: he has his month too. */
static int64_t month_over_s(const struct pool_account *pool)
{
	return later_than(pool->close_time > pool->end_time ? pool->close_time : pool->end_time, MONTH_S);
}

/* Somebody can still fetch a refund. Pausing a cancelled pool overwrites the reason, and ends all refunds (H4). */
static bool owes_refunds(const struct pool_facts *f)
{
	const uint8_t reason = f->view.pool.status_reason;

	return f->view.pool.status == POOL_CANCELLED && f->participants.count > 0 &&
	       (reason == POOL_REASON_EXPIRED || reason == POOL_REASON_CANCELLED || reason == POOL_REASON_ADMIN_CLOSED);
}

static bool over(const struct pool_facts *f)
{
	const enum pool_status status = f->view.pool.status;

	return status == POOL_ENDED || status == POOL_CANCELLED || status == POOL_CLOSED;
}

/* Which step this pool's own state asks for; STEP_COUNT: none, or not yet. */
static enum step step_for(const struct pool_facts *f)
{
	const struct policy *policy = f->chore.policy;
	const struct pool_account *pool = &f->view.pool;

	if (f->view.kind != VIEW_POOL || !f->token_known || !pubkey_equal(&pool->dev_wallet, &policy->dev_wallet))
		return STEP_COUNT;
	if (pool->status == POOL_OPEN)
		return policy->sweep && f->view.chain_s > pool_sweep_s(pool) ? STEP_SWEEP : STEP_COUNT;
	if (!over(f) || f->participants_presence != PRESENT || f->view.chain_s <= month_over_s(pool))
		return STEP_COUNT;
	if (owes_refunds(f))
		return policy->finalize && pool->close_time != 0 ? STEP_FINALIZE : STEP_COUNT;
	return policy->claim_rent && f->participants.count == 0 ? STEP_CLAIM_RENT : STEP_COUNT;
}

/* Refunds name the treasury's token account although they do not use it (H16); forfeiting pays to it. */
static bool wants_ata(const struct pool_facts *f, enum step step)
{
	return f->view.kind == VIEW_POOL && f->token_known && f->treasury_ata.presence == ABSENT && owes_refunds(f) &&
	       (f->chore.policy->refund_atas || step == STEP_FINALIZE) &&
	       pubkey_equal(&f->view.pool.dev_wallet, &f->chore.policy->dev_wallet) &&
	       gate_policy(f->chore.policy, &f->view.pool) == WAIT_NONE;
}

/* What the draws at hand may cost stays in the wallet. Unknown costs are no costs to reckon with. */
static bool wallet_low(const struct pool_facts *f)
{
	const struct surroundings *around = f->chore.around;

	return around->bind_cost.n == 0 ||
	       f->wallet.n < around->bind_cost.n + around->draw_cost.n * (around->bound + 1u);
}

static enum reason gate(const struct pool_facts *f, enum step step)
{
	const struct pool_account *pool = &f->view.pool;
	const enum reason policy = gate_policy(f->chore.policy, pool);

	if (policy != WAIT_NONE)
		return policy;
	if (pool->paused && step != STEP_CLAIM_RENT)
		return WAIT_PAUSED;
	if (step == STEP_FINALIZE && f->treasury_ata.presence != PRESENT)
		return WAIT_ATA_UNUSABLE;
	/* One unit of dust locks the rent for ever (H17); a cancelled pool's is burned. */
	if (step == STEP_CLAIM_RENT && pool->status != POOL_CANCELLED && f->vault.amount != 0)
		return WAIT_VAULT_MISMATCH;
	return WAIT_NONE;
}

/* The instruction names no pool id: its bytes go out only while the address still holds the pool that they were signed for,
 * and that pool still asks for them. */
static struct action send(const struct pool_facts *f, struct action a)
{
	const struct action read = chore_read(&f->chore);

	if (read.kind != ACT_NONE)
		return read;
	return step_for(f) == a.step ? a : action_wait(WAIT_IN_FLIGHT);
}

/* Where nothing is to be done, or not yet, the chore is over: it is listed again when there is. */
struct action decide_pool(const struct pool_facts *f)
{
	struct action a = chore_settle(&f->chore);
	enum reason reason;
	enum step step;

	if (a.kind == ACT_SEND)
		return send(f, a);
	if (a.kind == ACT_NONE)
		a = chore_look(&f->chore);
	if (a.kind != ACT_NONE)
		return a;
	step = step_for(f);
	if (step == STEP_COUNT && !wants_ata(f, step))
		return action_wait(WAIT_OVER);
	if (wallet_low(f))
		return action_wait_until(WAIT_WALLET_LOW, f->chore.around->now_ms + CHORE_BASE_MS);
	if (wants_ata(f, step)) {
		reason = gate_creator(f->chore.policy, f->chore.around, &f->creator, f->chore.around->ata_cost.n);
		return action_wait_until(reason == WAIT_NONE ? WAIT_ATA_MISSING : reason,
			f->chore.around->now_ms + (reason == WAIT_CREATOR_CAP ? CHORE_BASE_MS : CHORE_LOOK_MS));
	}
	reason = gate(f, step);
	if (reason != WAIT_NONE)
		return action_wait_until(reason, step == STEP_SWEEP ? f->chore.around->now_ms + CHORE_MAX_MS : 0);
	return chore_step(&f->chore, step);
}

/* At least once a day: settings and pauses change. */
int64_t pool_next_look_s(const struct pool_facts *f)
{
	int64_t left;

	if (f->view.kind == VIEW_MISSING || f->view.kind == VIEW_OTHER_DRAW)
		return 0;
	if (f->view.kind != VIEW_POOL || __builtin_sub_overflow(month_over_s(&f->view.pool), f->view.chain_s, &left))
		return DAY_S;
	return left > 0 && left < DAY_S ? left : DAY_S;
}
