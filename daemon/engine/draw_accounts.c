/* Reads every account of a draw at one slot and judges what is at each address. */
#include "base/log.h"
#include "core/address.h"
#include "core/clock.h"
#include "core/draw_view.h"
#include "core/pda.h"
#include "engine/draw_parts.h"
#include "engine/parts.h"

/* Position of each account in the request. The randomness account comes last: it is not always known. */
enum {
	AT_POOL,
	AT_CLOCK,
	AT_PARTICIPANTS,
	AT_VAULT,
	AT_MINT,
	AT_DEV_ATA,
	AT_TREASURY_ATA,
	AT_WALLET,
	AT_RANDOMNESS,
	AT_MAX
};

/* The token program is only known once the mint was read, and the ATAs hang from it: the first answer finds it. */
static void derive_atas(struct draw *d, const struct pubkey *token_program)
{
	const struct pool_account *pool = &d->facts.view.pool;

	if (d->addresses_known && pubkey_equal(&d->token_program, token_program))
		return;
	d->token_program = *token_program;
	pda_ata(&d->dev_ata, &pool->dev_wallet, &pool->mint, token_program);
	pda_ata(&d->treasury_ata, &pool->treasury_wallet, &pool->mint, token_program);
	d->addresses_known = true;
}

static struct raw_account raw_of(const struct rpc_account *a)
{
	return (struct raw_account){ a->exists, a->owner, a->data, a->len };
}

struct token_view token_view_of(
	const struct rpc_account *a, const struct pubkey *mint, const struct pubkey *owner, bool strict)
{
	const struct raw_account raw = raw_of(a);

	return view_token(&raw, mint, owner, strict);
}

enum presence mint_of(const struct rpc_account *a, uint8_t *decimals)
{
	const struct raw_account raw = raw_of(a);
	struct token_mint mint;
	bool known;
	const enum presence presence = view_mint(&mint, &known, &raw);

	if (known)
		*decimals = mint.decimals;
	return presence;
}

enum presence participants_of_pool(struct participants_account *out, const struct rpc_account *a,
	const struct pubkey *address, const struct pool_account *pool)
{
	const struct raw_account raw = raw_of(a);

	return view_participants(out, &raw, address, pool);
}

static void see_participants(struct draw *d, const struct rpc_account *a)
{
	struct draw_accounts *out = &d->facts.accounts;

	out->participants_presence = participants_of_pool(&out->participants, a, &d->address, &d->facts.view.pool);
}

static void see_mint(struct draw *d, const struct rpc_account *a)
{
	struct draw_accounts *out = &d->facts.accounts;
	const struct raw_account raw = raw_of(a);
	struct token_mint mint;
	bool known;

	out->mint_presence = view_mint(&mint, &known, &raw);
	if (!known)
		return;
	out->token_program = a->owner;
	out->decimals = mint.decimals;
	out->decimals_known = true;
	derive_atas(d, &a->owner);
}

static void see_randomness(struct draw *d, const struct rpc_account *a)
{
	struct draw_accounts *out = &d->facts.accounts;
	const struct raw_account raw = raw_of(a);

	out->randomness_presence = view_randomness(&out->randomness, &raw, &d->s.e->policy.switchboard.program);
}

static bool see_clock(struct draw *d, const struct rpc_account *a, int64_t *chain_s)
{
	struct clock_sysvar clock;

	if (!a->exists || !clock_decode(&clock, a->data, a->len))
		return false;
	*chain_s = clock.unix_time;
	engine_saw_clock(d->s.e, clock.unix_time);
	return true;
}

static void see_tokens(struct draw *d, const struct rpc_accounts *got, bool atas_asked)
{
	struct draw_accounts *out = &d->facts.accounts;
	const struct pool_account *pool = &d->facts.view.pool;

	out->vault = token_view_of(&got->account[AT_VAULT], &pool->mint, &d->address, false);
	if (!atas_asked)
		return;
	out->dev_ata = token_view_of(&got->account[AT_DEV_ATA], &pool->mint, &pool->dev_wallet, true);
	out->treasury_ata = token_view_of(&got->account[AT_TREASURY_ATA], &pool->mint, &pool->treasury_wallet, true);
}

/* The pool in the same answer is newer than what the tick saw, or as new. */
static bool see_pool(struct draw *d, const struct rpc_accounts *got)
{
	struct pool_view view;
	int64_t chain_s;

	if (!see_clock(d, &got->account[AT_CLOCK], &chain_s) || got->at.n < d->facts.view.at.n)
		return false;
	pools_seen(d->s.e, d->pool, &got->account[AT_POOL], got->at, chain_s);
	pool_view_of(&view, d->pool, chain_s, d->s.e->around.now_ms, d->pool_id);
	draw_observe(d, &view);
	return view.kind == VIEW_POOL;
}

static void on_accounts(struct task *task, const struct reply *reply)
{
	struct draw *d = container_of(
		container_of(container_of(task, struct rpc_call, task), struct subject, rpc), struct draw, s);
	const struct rpc_accounts *got = reply->data;
	const bool atas_asked = d->addresses_known;
	const uint64_t now = d->s.e->around.now_ms;

	attempts_note(&d->facts.own.read, now, reply->err == ERR_OK);
	subject_wake(&d->s);
	if (reply->err != ERR_OK)
		return;
	if (!engine_saw_slot(d->s.e, got->at, d->s.rpc.endpoint) || !see_pool(d, got)) {
		attempts_note(&d->facts.own.read, now, false);
		return;
	}
	see_participants(d, &got->account[AT_PARTICIPANTS]);
	see_mint(d, &got->account[AT_MINT]);
	see_tokens(d, got, atas_asked);
	d->facts.accounts.wallet.n = got->account[AT_WALLET].lamports;
	d->s.e->counters.wallet = d->facts.accounts.wallet;
	d->s.e->counters.wallet_known = true;
	if (got->n > AT_RANDOMNESS)
		see_randomness(d, &got->account[AT_RANDOMNESS]);
	else
		d->facts.accounts.randomness_presence = ABSENT;
	/* Without the ATAs the picture is not complete: the next read has them. */
	if (atas_asked || d->facts.accounts.mint_presence != PRESENT) {
		d->facts.accounts.at = got->at;
		d->facts.accounts.read_ms = now;
		watch_draw(d);
	}
}

/* Older than this would be dropped anyway. */
static struct slot newest(const struct draw *d)
{
	const struct slot floor = d->facts.own.settle.rows.floor, view = d->facts.view.at;

	return floor.n > view.n ? floor : view;
}

/* Before the first answer the pool is all that is known, and its own fields name the rest. */
void draw_read_accounts(struct draw *d)
{
	const struct pool_account *pool = &d->facts.view.pool;
	struct pubkey keys[AT_MAX];
	size_t n = AT_RANDOMNESS;

	keys[AT_POOL] = d->address;
	keys[AT_CLOCK] = ADDRESS_CLOCK;
	keys[AT_PARTICIPANTS] = pool->participants_account;
	keys[AT_VAULT] = pool->pool_token;
	keys[AT_MINT] = pool->mint;
	keys[AT_DEV_ATA] = d->addresses_known ? d->dev_ata : ADDRESS_CLOCK;
	keys[AT_TREASURY_ATA] = d->addresses_known ? d->treasury_ata : ADDRESS_CLOCK;
	keys[AT_WALLET] = d->s.e->policy.dev_wallet;
	if (!pubkey_is_zero(&d->randomness))
		keys[n++] = d->randomness;
	rpc_get_accounts(d->s.e->m.rpc, any_node(&d->s.rpc), keys, n, CONFIRMED, newest(d), on_accounts);
}

void draw_want_atas(struct draw *d)
{
	const struct pool_account *pool = &d->facts.view.pool;

	if (d->facts.accounts.dev_ata.presence == ABSENT)
		atas_want(d->s.e, &pool->dev_wallet, &pool->mint, &d->token_program, &pool->creator);
	if (d->facts.accounts.treasury_ata.presence == ABSENT)
		atas_want(d->s.e, &pool->treasury_wallet, &pool->mint, &d->token_program, &pool->creator);
}
