/* A pool that no draw is about: which ones are overdue, and reading one with its mint and the Clock. */
#include <inttypes.h>
#include <stdio.h>

#include "core/address.h"
#include "core/base58.h"
#include "core/clock.h"
#include "engine/parts.h"

enum { AT_POOL, AT_CLOCK, AT_MINT, AT_MAX };

static void see_pool(struct pool_view *view, const struct rpc_account *a, uint64_t pool_id)
{
	view->kind = VIEW_MISSING;
	if (!a->exists)
		return;
	view->kind = VIEW_FOREIGN;
	if (!pubkey_equal(&a->owner, &ADDRESS_ML))
		return;
	view->kind = VIEW_BAD;
	if (pool_decode(&view->pool, a->data, a->len) != ACCOUNT_OK)
		return;
	view->kind = view->pool.pool_id == pool_id ? VIEW_POOL : VIEW_OTHER_DRAW;
}

static void see_mint(struct chore *c, const struct rpc_account *a)
{
	c->pool.token_known = a->exists &&
	                      (pubkey_equal(&a->owner, &ADDRESS_TOKEN) || pubkey_equal(&a->owner, &ADDRESS_TOKEN_2022));
	c->token_program = a->owner;
}

static void on_accounts(struct task *task, const struct reply *reply)
{
	struct chore *c = container_of(
		container_of(container_of(task, struct rpc_call, task), struct subject, rpc), struct chore, s);
	struct engine *e = c->s.e;
	const struct rpc_accounts *got = reply->data;
	struct pool_view view = { .read_ms = e->around.now_ms };
	struct clock_sysvar clock;

	attempts_note(&c->facts->own.read, e->around.now_ms, reply->err == ERR_OK);
	subject_wake(&c->s);
	if (reply->err != ERR_OK || !engine_saw_slot(e, got->at, c->s.rpc.endpoint) ||
		!clock_decode(&clock, got->account[AT_CLOCK].data, got->account[AT_CLOCK].len))
		return;
	view.at = got->at;
	view.chain_s = clock.unix_time;
	see_pool(&view, &got->account[AT_POOL], c->pool_id);
	/* The pool says which mint: the next answer has it. */
	if (view.kind == VIEW_POOL && !pubkey_equal(&c->mint, &view.pool.mint)) {
		c->mint = view.pool.mint;
		return;
	}
	see_mint(c, &got->account[AT_MINT]);
	c->pool.view = view;
	c->facts->at = got->at;
	c->facts->read_ms = view.read_ms;
}

static void read_pool(struct chore *c)
{
	struct pubkey keys[AT_MAX];

	keys[AT_POOL] = c->address;
	keys[AT_CLOCK] = ADDRESS_CLOCK;
	keys[AT_MINT] = pubkey_is_zero(&c->mint) ? ADDRESS_CLOCK : c->mint;
	rpc_get_accounts(c->s.e->m.rpc, any_node(&c->s.rpc), keys, AT_MAX, CONFIRMED, c->facts->own.settle.rows.floor,
		on_accounts);
}

static void fill(const struct chore *c, struct compose *out, struct guard *guard)
{
	out->pool = guard->pool = c->address;
	out->account = &c->pool.view.pool;
	guard->mint = c->mint;
	out->token_program = guard->token_program = c->token_program;
}

static struct action decide(struct chore *c)
{
	return decide_pool(&c->pool);
}

const struct chore_kind CHORE_POOL = { decide, read_pool, fill };

static bool overdue(const struct engine *e, const struct pool_entry *p, struct pool_account *pool)
{
	return p->kind == VIEW_POOL && p->status == POOL_OPEN && pool_decode(pool, p->raw, p->raw_len) == ACCOUNT_OK &&
	       pubkey_equal(&pool->dev_wallet, &e->policy.dev_wallet) && e->chain_s > pool_sweep_s(pool);
}

void house_add_pools(struct engine *e)
{
	for (size_t i = 0; e->policy.sweep && i < e->pools.n; i++) {
		const struct pool_entry *p = e->pools.entry[i];
		struct pool_account pool;
		struct house_row row = { .address = p->address };
		char text[PUBKEY_TEXT];

		if (!overdue(e, p, &pool))
			continue;
		base58_pubkey(text, &p->address);
		row.pool_id = pool.pool_id;
		snprintf(row.subject.text, sizeof row.subject.text, "pool:%s:%" PRIu64, text, pool.pool_id);
		house_add(e, &row);
	}
}
