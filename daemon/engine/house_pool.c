/* A pool that no draw is about: which ones are overdue, and reading one with all that hangs from it. */
#include <inttypes.h>
#include <stdio.h>

#include "core/address.h"
#include "core/base58.h"
#include "core/clock.h"
#include "core/pda.h"
#include "engine/parts.h"

enum { AT_POOL, AT_CLOCK, AT_PARTICIPANTS, AT_MINT, AT_VAULT, AT_TREASURY_ATA, AT_WALLET, AT_MAX };

/* The pool names its mint and vault, the mint's owner is the token program, and from that hangs the treasury's account: the
 * first answers find them. True: this one was about all of them. */
static bool addresses_known(struct chore *c, const struct pool_account *pool, const struct rpc_account *mint)
{
	struct pubkey ata;

	if (!pubkey_equal(&c->mint, &pool->mint) || !pubkey_equal(&c->vault, &pool->pool_token)) {
		c->mint = pool->mint;
		c->vault = pool->pool_token;
		return false;
	}
	c->token_program = mint->owner;
	c->pool.token_known = mint->exists && (pubkey_equal(&mint->owner, &ADDRESS_TOKEN) ||
						      pubkey_equal(&mint->owner, &ADDRESS_TOKEN_2022));
	pda_ata(&ata, &pool->treasury_wallet, &pool->mint, &mint->owner);
	if (c->pool.token_known && !pubkey_equal(&c->treasury_ata, &ata)) {
		c->treasury_ata = ata;
		return false;
	}
	return true;
}

static void see_rest(struct chore *c, const struct pool_account *pool, const struct rpc_accounts *got)
{
	const struct rpc_account *list = &got->account[AT_PARTICIPANTS];

	c->pool.participants_presence = list->exists ? UNUSABLE : ABSENT;
	if (list->exists && pubkey_equal(&list->owner, &ADDRESS_ML) &&
		participants_decode(&c->pool.participants, list->data, list->len) == ACCOUNT_OK &&
		c->pool.participants.in_range)
		c->pool.participants_presence = PRESENT;
	c->pool.vault = token_view_of(&got->account[AT_VAULT], &pool->mint, &c->address, false);
	c->pool.treasury_ata = token_view_of(&got->account[AT_TREASURY_ATA], &pool->mint, &pool->treasury_wallet, true);
}

static void on_accounts(struct task *task, const struct reply *reply)
{
	struct chore *c = container_of(
		container_of(container_of(task, struct rpc_call, task), struct subject, rpc), struct chore, s);
	struct engine *e = c->s.e;
	const struct rpc_accounts *got = reply->data;
	struct pool_view view = { .read_ms = e->around.now_ms };
	const struct rpc_account *pool;
	struct clock_sysvar clock;

	attempts_note(&c->facts->own.read, e->around.now_ms, reply->err == ERR_OK);
	subject_wake(&c->s);
	if (reply->err != ERR_OK || !engine_saw_slot(e, got->at, c->s.rpc.endpoint) ||
		!clock_decode(&clock, got->account[AT_CLOCK].data, got->account[AT_CLOCK].len))
		return;
	pool = &got->account[AT_POOL];
	view.at = got->at;
	view.chain_s = clock.unix_time;
	pool_view_take(&view, pool->exists ? &pool->owner : NULL, pool->data, pool->len, &c->pool_id);
	if (view.kind == VIEW_POOL && !addresses_known(c, &view.pool, &got->account[AT_MINT]))
		return;
	if (view.kind == VIEW_POOL)
		see_rest(c, &view.pool, got);
	c->pool.view = view;
	c->pool.wallet.n = got->account[AT_WALLET].lamports;
	c->facts->at = got->at;
	c->facts->read_ms = view.read_ms;
}

static struct pubkey or_clock(const struct pubkey *key)
{
	return pubkey_is_zero(key) ? ADDRESS_CLOCK : *key;
}

static void read_pool(struct chore *c)
{
	struct pubkey keys[AT_MAX];

	keys[AT_POOL] = c->address;
	keys[AT_CLOCK] = ADDRESS_CLOCK;
	pda_participants(&keys[AT_PARTICIPANTS], &c->address);
	keys[AT_MINT] = or_clock(&c->mint);
	keys[AT_VAULT] = or_clock(&c->vault);
	keys[AT_TREASURY_ATA] = or_clock(&c->treasury_ata);
	keys[AT_WALLET] = c->s.e->policy.dev_wallet;
	rpc_get_accounts(c->s.e->m.rpc, any_node(&c->s.rpc), keys, AT_MAX, CONFIRMED, c->facts->own.settle.rows.floor,
		on_accounts);
}

static void fill(const struct chore *c, struct compose *out, struct guard *guard)
{
	out->pool = guard->pool = c->address;
	out->account = &c->pool.view.pool;
	guard->mint = c->mint;
	out->token_program = guard->token_program = c->token_program;
	out->treasury_ata = c->treasury_ata;
	guard->treasury = c->s.e->policy.treasury;
}

void house_want_ata(struct chore *c)
{
	const struct pool_account *pool = &c->pool.view.pool;

	atas_want(c->s.e, &pool->treasury_wallet, &c->mint, &c->token_program, &pool->creator);
}

static struct action decide(struct chore *c)
{
	if (c->pool.view.kind == VIEW_POOL && c->s.e->policy.creator_day_lamports != 0)
		c->pool.creator = spending_want(c->s.e, &c->pool.view.pool.creator);
	return decide_pool(&c->pool);
}

/* Said or not: a pool that is listed again too early costs a look. */
static void on_noted(struct task *task, const struct reply *reply)
{
	(void)reply;
	container_of(container_of(task, struct house_call, task), struct chore, note)->noted = true;
}

static bool end(struct chore *c)
{
	const bool open = c->pool.view.kind == VIEW_POOL && c->pool.view.pool.status == POOL_OPEN;

	if (c->facts->at.n == 0 || !c->listed || c->noted || open)
		return !c->note.task.busy;
	if (!c->note.task.busy) {
		const int64_t wait_s = pool_next_look_s(&c->pool);

		house_note(c->s.e->m.journal, &c->note, &c->s.key, wait_s, on_noted);
		house_within(c->s.e, (uint64_t)(wait_s + 1) * 1000);
	}
	return false;
}

const struct chore_kind CHORE_POOL = { decide, read_pool, fill, end };

static bool overdue(const struct engine *e, const struct pool_entry *p, struct pool_account *pool)
{
	return p->kind == VIEW_POOL && p->status == POOL_OPEN && pool_decode(pool, p->raw, p->raw_len) == ACCOUNT_OK &&
	       pubkey_equal(&pool->dev_wallet, &e->policy.dev_wallet) && gate_policy(&e->policy, pool) == WAIT_NONE &&
	       e->chain_s > pool_sweep_s(pool);
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
