/* Decides what to do next about a randomness account whose draw is over. */
#include "core/chore.h"

/* Revealed and ours: an account that is committed again serves a draw that we do not know. */
static bool spent(const struct account_facts *f)
{
	return f->presence == PRESENT && pubkey_equal(&f->account.authority, &f->chore.policy->dev_wallet) &&
	       f->account.reveal_slot.n != 0;
}

/* A pool takes only an account that was committed within 300 slots, is dead 3000 slots later, and to commit again undoes the
 * reveal. So its age says already that nobody waits for it; the list of pools that name it is asked for all the same, and
 * the next round of recovery looks again at what is not to be closed now. */
static struct action let_go(const struct account_facts *f)
{
	const struct attempts *read = &f->chore.own.read;
	const uint64_t base = CHORE_LOOK_MS, max = CHORE_BASE_MS;

	if (f->account.reveal_slot.n >= f->chore.at.n || f->chore.at.n - f->account.reveal_slot.n <= ABANDONED_SLOTS)
		return action_wait(WAIT_NOT_SPENT);
	if (f->named == NAMED_BY_POOL)
		return action_wait(WAIT_NEEDED);
	if (f->named == NAMED_BY_NONE)
		return action_of(ACT_NONE);
	if (!attempts_ready(read, f->chore.around->now_ms, base, max))
		return action_wait_until(WAIT_NODES_SILENT, attempts_next_ms(read, base, max));
	return action_of(ACT_READ);
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
		return action_wait_until(WAIT_NEEDED, f->abandoned ? 0 : now + CHORE_LOOK_MS);
	a = chore_look(&f->chore);
	if (a.kind != ACT_NONE)
		return a;
	if (f->presence == ABSENT)
		return action_wait(WAIT_OVER);
	/* Or a node that lags shows it as it was before its draw. */
	if (!spent(f))
		return action_wait_until(WAIT_NOT_SPENT, f->abandoned ? 0 : now + CHORE_BASE_MS);
	a = f->abandoned ? let_go(f) : a;
	if (a.kind != ACT_NONE)
		return a;
	return chore_step(&f->chore, STEP_CLOSE_RANDOMNESS);
}
