/* A spent randomness account: reading it, and who still needs it. */
#include "engine/parts.h"

static void on_account(struct task *task, const struct reply *reply)
{
	struct chore *c = container_of(
		container_of(container_of(task, struct rpc_call, task), struct subject, rpc), struct chore, s);
	struct engine *e = c->s.e;
	const struct rpc_accounts *got = reply->data;
	const struct rpc_account *a;
	struct slot was;

	attempts_note(&c->facts->own.read, e->around.now_ms, reply->err == ERR_OK);
	subject_wake(&c->s);
	if (reply->err != ERR_OK || !engine_saw_slot(e, got->at, c->s.rpc.endpoint))
		return;
	a = &got->account[0];
	c->facts->at = got->at;
	c->facts->read_ms = e->around.now_ms;
	was = c->account.account.reveal_slot;
	c->account.presence = a->exists ? UNUSABLE : ABSENT;
	if (a->exists && pubkey_equal(&a->owner, &e->policy.switchboard.program) &&
		sb_randomness_decode(&c->account.account, a->data, a->len) == ACCOUNT_OK)
		c->account.presence = PRESENT;
	if (c->account.account.reveal_slot.n != was.n)
		c->account.named = NAMED_UNKNOWN;
}

static void read_account(struct chore *c)
{
	if (c->account.abandoned && chore_read(c->facts).kind == ACT_NONE) {
		house_read_named(c);
		return;
	}
	rpc_get_accounts(c->s.e->m.rpc, any_node(&c->s.rpc), &c->address, 1, CONFIRMED, c->facts->own.settle.rows.floor,
		on_account);
}

static void fill(const struct chore *c, struct compose *out, struct guard *guard)
{
	out->randomness = guard->randomness = c->address;
	out->lut_slot = guard->lut_slot = c->account.account.lut_slot;
}

/* A pool that names the account counts as much as a draw that has only picked it. */
static bool needed(const struct chore *c)
{
	const struct engine *e = c->s.e;

	if (pubkey_equal(&e->canary.randomness, &c->address) ||
		(c->account.abandoned && house_names_known_pool(e, &c->address)))
		return true;
	for (size_t i = 0; i < e->n_active; i++) {
		const struct draw *d = e->active[i];
		const struct pool_view *v = &d->facts.view;

		if (v->kind == VIEW_POOL && v->pool.status >= POOL_WINNER_SELECTED)
			continue;
		if (pubkey_equal(&d->randomness, &c->address) || pubkey_equal(&v->pool.randomness_account, &c->address))
			return true;
	}
	return false;
}

static struct action decide(struct chore *c)
{
	c->account.needed = needed(c);
	return decide_account(&c->account);
}

static bool end(struct chore *c)
{
	if (c->account.abandoned)
		house_let_go(c->s.e, &c->address);
	return true;
}

const struct chore_kind CHORE_ACCOUNT = { decide, read_account, fill, end };
