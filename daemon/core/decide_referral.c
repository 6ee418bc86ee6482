/* Decides what to do next about a referrer's claim. No program refuses a second payment: every doubt waits (R10). */
#include "core/chore.h"

static bool paid(const struct rows *rows)
{
	return rows->n > 0 && rows->row[rows->n - 1].state == ROW_FINAL;
}

/* What is under way from the same wallet may not be in the finalized view yet. */
static enum reason short_of(const struct referral_facts *f)
{
	if (f->from.presence != PRESENT || f->from.amount < f->amount || f->from.amount - f->amount < f->also_out)
		return WAIT_REFERRAL_TOKENS;
	if (f->cost.n == 0 || f->wallet.n / (f->others + 1u) < f->cost.n)
		return WAIT_REFERRAL_SOL;
	return WAIT_NONE;
}

static enum reason gate(const struct referral_facts *f)
{
	if (f->mint != PRESENT)
		return WAIT_REFERRAL_MINT;
	if (f->to.presence == UNUSABLE)
		return WAIT_REFERRAL_RECEIVER;
	return short_of(f);
}

/* Before anything is read: whether this claim may be paid now at all. */
static struct action may_pay(const struct referral_facts *f)
{
	const struct surroundings *around = f->chore.around;

	if (!f->chore.policy->pay_referrals)
		return action_wait(WAIT_REFERRAL_OFF);
	if (f->obstacle != WAIT_NONE)
		return action_wait(f->obstacle);
	if (!around->audit_clear)
		return action_wait_until(WAIT_REFERRAL_AUDIT, around->now_ms + CHORE_LOOK_MS);
	return action_of(ACT_NONE);
}

struct action decide_referral(const struct referral_facts *f)
{
	struct action a = chore_settle(&f->chore);
	enum reason reason;

	if (a.kind != ACT_NONE)
		return a;
	if (paid(&f->chore.own.settle.rows))
		return action_wait(WAIT_OVER);
	a = may_pay(f);
	if (a.kind == ACT_NONE)
		a = chore_look(&f->chore);
	if (a.kind != ACT_NONE)
		return a;
	reason = gate(f);
	if (reason != WAIT_NONE)
		return action_wait_until(reason, f->chore.around->now_ms + CHORE_BASE_MS);
	return chore_step(&f->chore, STEP_PAY_REFERRAL);
}
