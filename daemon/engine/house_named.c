/* Which pools name an abandoned randomness account: those in memory, and those on the chain's own list. */
#include <string.h>

#include "core/address.h"
#include "engine/parts.h"

bool house_names_known_pool(const struct engine *e, const struct pubkey *account)
{
	for (size_t i = 0; i < e->pools.n; i++) {
		const struct pool_entry *p = e->pools.entry[i];

		if (p->kind == VIEW_POOL && p->status < POOL_ENDED &&
			memcmp(p->raw + POOL_RANDOMNESS_OFFSET, account->b, PUBKEY_SIZE) == 0)
			return true;
	}
	return false;
}

static struct chore *of_task(struct task *task)
{
	return container_of(
		container_of(container_of(task, struct rpc_call, task), struct subject, rpc), struct chore, s);
}

/* What cannot be read is taken for a pool that is not over. */
static bool names(const struct rpc_account *a, const struct pubkey *account)
{
	struct pool_account pool;

	if (!a->exists || !pubkey_equal(&a->owner, &ADDRESS_ML))
		return false;
	if (pool_decode(&pool, a->data, a->len) != ACCOUNT_OK)
		return true;
	return pool.status < POOL_ENDED && pubkey_equal(&pool.randomness_account, account);
}

static void on_pools(struct task *task, const struct reply *reply)
{
	struct chore *c = of_task(task);
	struct engine *e = c->s.e;
	const struct rpc_accounts *got = reply->data;

	attempts_note(&c->facts->own.read, e->around.now_ms, reply->err == ERR_OK);
	subject_wake(&c->s);
	if (reply->err != ERR_OK || !engine_saw_slot(e, got->at, c->s.rpc.endpoint))
		return;
	c->account.named = NAMED_BY_NONE;
	for (size_t i = 0; i < got->n; i++)
		if (names(&got->account[i], &c->address))
			c->account.named = NAMED_BY_POOL;
	c->n_named = 0;
}

/* Another node's turn after a no: many refuse such lists. A list from before the account was read says nothing. */
static void on_list(struct task *task, const struct reply *reply)
{
	struct chore *c = of_task(task);
	struct engine *e = c->s.e;
	struct recover *r = &e->house.recover;
	const struct rpc_program *got = reply->data;
	const bool ok = reply->err == ERR_OK && engine_saw_slot(e, got->at, c->s.rpc.endpoint) &&
	                got->at.n >= c->facts->at.n;

	attempts_note(&c->facts->own.read, e->around.now_ms, ok);
	subject_wake(&c->s);
	if (!ok) {
		r->endpoint = (int)(((size_t)r->endpoint + 1) % rpc_endpoint_count(e->m.rpc));
		return;
	}
	c->account.named = got->n == 0 ? NAMED_BY_NONE : got->n > RPC_ACCOUNTS_MAX ? NAMED_BY_POOL : NAMED_UNKNOWN;
	if (c->account.named != NAMED_UNKNOWN)
		return;
	for (size_t i = 0; i < got->n; i++)
		c->pool_named[i] = got->account[i].address;
	c->n_named = got->n;
}

void house_read_named(struct chore *c)
{
	struct engine *e = c->s.e;

	if (c->n_named > 0) {
		rpc_get_accounts(
			e->m.rpc, any_node(&c->s.rpc), c->pool_named, c->n_named, CONFIRMED, c->facts->at, on_pools);
		return;
	}
	c->s.rpc.endpoint = e->house.recover.endpoint;
	rpc_get_program(
		e->m.rpc, &c->s.rpc, &ADDRESS_ML, POOL_ACCOUNT_SIZE, POOL_RANDOMNESS_OFFSET, &c->address, on_list);
}
