/* Decides what to do next about a randomness account whose draw is over. */
#include "core/chore.h"

/* Revealed and ours: an account that is committed again serves a draw that we do not know. */
static bool spent(const struct account_facts *f)
{
	return f->presence == PRESENT && pubkey_equal(&f->account.authority, &f->chore.policy->dev_wallet) &&
	       f->account.reveal_slot.n != 0;
}

static bool closed(const struct rows *rows)
{
	return rows->n > 0 && rows->row[rows->n - 1].state == ROW_FINAL;
}

struct action decide_account(const struct account_facts *f)
{
	const uint64_t now = f->chore.around->now_ms;
	struct action a = chore_settle(&f->chore);

	if (a.kind != ACT_NONE)
		return a;
	if (closed(&f->chore.own.settle.rows))
		return action_wait(WAIT_OVER);
	if (f->needed)
		return action_wait_until(WAIT_NEEDED, now + CHORE_LOOK_MS);
	a = chore_look(&f->chore);
	if (a.kind != ACT_NONE)
		return a;
	if (f->presence == ABSENT)
		return action_wait(WAIT_OVER);
	/* Or a node that lags shows it as it was before its draw. */
	if (!spent(f))
		return action_wait_until(WAIT_NOT_SPENT, now + CHORE_BASE_MS);
	return chore_step(&f->chore, STEP_CLOSE_RANDOMNESS);
}
