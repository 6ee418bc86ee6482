/* Which of our wallets are audited, and what their audits say together. */
#include "engine/parts.h"

/* HOLD_FINAL: the lists are finalized, and heights confirmed. */
enum { FRESH_ROUNDS = 3, HOLD_FINAL = 64 };

void audit_init(struct engine *e)
{
	for (size_t i = 0; i < AUDITS; i++) {
		e->audit[i].e = e;
		rpc_call_init(&e->audit[i].rpc);
		audit_call_init(&e->audit[i].db);
	}
}

void audit_fini(struct engine *e)
{
	for (size_t i = 0; i < AUDITS; i++) {
		rpc_call_fini(&e->audit[i].rpc);
		audit_call_fini(&e->audit[i].db);
	}
}

/* The treasury signs nothing unless claims are paid. */
static size_t audits(const struct engine *e)
{
	return e->policy.pay_referrals ? AUDITS : AUDIT_TREASURY;
}

bool audit_busy(const struct engine *e)
{
	return audit_of_busy(&e->audit[AUDIT_DEV]) || audit_of_busy(&e->audit[AUDIT_TREASURY]);
}

bool audit_pending(const struct engine *e)
{
	for (size_t i = 0; e->config.audit_ms != 0 && i < audits(e); i++)
		if (!e->audit[i].done_once)
			return true;
	return false;
}

static bool through(const struct audit *a)
{
	return a->complete_ms != 0 && a->e->tick.fence != 0 && a->complete_fence == a->e->tick.fence;
}

bool audit_through(const struct engine *e)
{
	for (size_t i = 0; i < audits(e); i++)
		if (!through(&e->audit[i]))
			return false;
	return true;
}

void audit_hasten(struct engine *e)
{
	for (size_t i = 0; i < AUDITS; i++)
		e->audit[i].due_ms = e->around.now_ms;
}

/* By the round that is complete, not by the one that has only begun. */
static bool held(const struct audit *a)
{
	return a->state.hold.n != 0 && a->complete_height.n < a->state.hold.n + HOLD_FINAL;
}

static bool clear(const struct audit *a)
{
	const struct engine *e = a->e;

	return through(a) && audit_going_on(a) &&
	       e->around.now_ms - a->complete_ms <= FRESH_ROUNDS * e->config.audit_ms && !held(a);
}

bool audit_clear(const struct engine *e)
{
	for (size_t i = 0; i < audits(e); i++)
		if (!clear(&e->audit[i]))
			return false;
	return true;
}

/* Draws never wait for it: the program guards their steps. */
void audit_turn(struct engine *e)
{
	if (e->config.audit_ms == 0 || !e->around.leader || e->policy.dry_run || e->around.stopping ||
		e->tick.fence == 0 || e->around.journal_down_since_ms != 0)
		return;
	for (size_t i = 0; i < audits(e); i++)
		audit_advance(&e->audit[i]);
}
