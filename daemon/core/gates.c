/* What must hold before a pool is bound to randomness: after request_randomness its pot has one exit. */
#include "core/decide.h"
#include "core/address.h"
#include "core/draw.h"
#include "core/pda.h"
#include "core/watch.h"

int64_t draw_due_s(const struct pool_account *pool)
{
	int64_t due;

	/* Both are chain data: an absurd sum must not wrap into the past. */
	if (__builtin_add_overflow(pool->lock_start_time, pool->lock_duration, &due))
		return INT64_MAX;
	return due;
}

enum reason gate_policy(const struct policy *policy, const struct pool_account *pool)
{
	if (!pubkey_equal(&pool->treasury_wallet, &policy->treasury))
		return WAIT_POLICY_TREASURY;
	if (pool->dev_fee_bps > policy->max_dev_bps || pool->burn_fee_bps > policy->max_burn_bps ||
		pool->treasury_fee_bps > policy->max_treasury_bps)
		return WAIT_POLICY_FEES;
	if (pool->allow_mock && !policy->allow_mock)
		return WAIT_POLICY_MOCK;
	return WAIT_NONE;
}

void pool_view_take(
	struct pool_view *view, const struct pubkey *owner, const uint8_t *data, size_t len, const uint64_t *pool_id)
{
	view->config_agrees = false;
	if (!owner)
		view->kind = VIEW_MISSING;
	else if (!pubkey_equal(owner, &ADDRESS_ML))
		view->kind = VIEW_FOREIGN;
	else if (pool_decode(&view->pool, data, len) != ACCOUNT_OK)
		view->kind = VIEW_BAD;
	else if (pool_id && view->pool.pool_id != *pool_id)
		view->kind = VIEW_OTHER_DRAW;
	else
		view->kind = VIEW_POOL;
	if (view->kind == VIEW_POOL)
		view->config_agrees = draw_config_agrees(&view->pool);
}

static enum reason gate_arithmetic(const struct pool_account *pool, bool config_agrees)
{
	struct draw_payout split;

	if (!config_agrees)
		return WAIT_CONFIG_HASH;
	if (draw_payout(&split, pool->total_amount, pool->dev_fee_bps, pool->burn_fee_bps, pool->treasury_fee_bps) !=
		DRAW_OK)
		return WAIT_OVERFLOW;
	return WAIT_NONE;
}

enum reason gate_pool(const struct draw_facts *f)
{
	const struct pool_account *pool = &f->view.pool;
	enum reason policy;

	if (!pubkey_equal(&pool->dev_wallet, &f->policy->dev_wallet))
		return WAIT_FOREIGN_DEV;
	policy = gate_policy(f->policy, pool);
	if (policy != WAIT_NONE)
		return policy;
	return pool->paused ? WAIT_PAUSED : gate_arithmetic(pool, f->view.config_agrees);
}

/* What create_pool never lets through, or what the app's columns cannot hold. */
static bool fields_sane(const struct pubkey *address, const struct pool_account *pool)
{
	struct pubkey own;

	pda_pool(&own, &pool->mint, &pool->salt);
	return pubkey_equal(&own, address) && !pubkey_is_zero(&pool->creator) && pool->bet_amount > 0 &&
	       pool->max_participants >= 2 && pool->max_participants <= PARTICIPANTS_MAX && pool->start_time > 0 &&
	       pool->lock_duration > 0 && pool->lock_duration <= INT32_MAX;
}

enum reason gate_listing(const struct policy *policy, const struct pubkey *address, const struct pool_account *pool)
{
	enum reason reason;

	if (!pubkey_equal(&pool->dev_wallet, &policy->dev_wallet))
		return WAIT_FOREIGN_DEV;
	reason = gate_policy(policy, pool);
	if (reason == WAIT_NONE && !fields_sane(address, pool))
		reason = WAIT_BAD_ACCOUNT;
	return reason == WAIT_NONE ? gate_arithmetic(pool, draw_config_agrees(pool)) : reason;
}

static enum reason gate_accounts(const struct draw_facts *f)
{
	const struct draw_accounts *a = &f->accounts;

	if (a->participants_presence != PRESENT || !a->participants.in_range || a->participants.count == 0)
		return WAIT_PARTICIPANTS_BAD;
	if (!watch_players_fit(&f->view.pool, a->participants.count))
		return WAIT_PARTICIPANTS_MISMATCH;
	if (a->mint_presence != PRESENT)
		return WAIT_MINT_UNUSABLE;
	if (a->vault.presence != PRESENT)
		return WAIT_VAULT_UNUSABLE;
	if (a->vault.amount != f->view.pool.total_amount)
		return WAIT_VAULT_MISMATCH;
	if (a->dev_ata.presence == UNUSABLE || a->treasury_ata.presence == UNUSABLE)
		return WAIT_ATA_UNUSABLE;
	return WAIT_NONE;
}

/* Our own records: not knowing yet is no agreement. */
static enum reason gate_watch(const struct draw_facts *f)
{
	if (!f->watch.known)
		return WAIT_WATCH_ASKED;
	return f->watch.blocked ? WAIT_KEEPER_MISMATCH : WAIT_NONE;
}

enum reason gate_payout(const struct draw_facts *f)
{
	const struct draw_accounts *a = &f->accounts;

	if (a->participants_presence != PRESENT)
		return WAIT_PARTICIPANTS_BAD;
	if (a->mint_presence != PRESENT)
		return WAIT_MINT_UNUSABLE;
	if (!watch_players_fit(&f->view.pool, a->participants.count))
		return WAIT_PARTICIPANTS_MISMATCH;
	if (a->vault.presence != PRESENT)
		return WAIT_VAULT_UNUSABLE;
	if (a->vault.amount < f->view.pool.total_amount)
		return WAIT_VAULT_MISMATCH;
	return gate_watch(f);
}

/* A win that cannot be passed on is not paid at all. With more token accounts to make the transaction would not fit. */
static bool can_pass_on(const struct draw_facts *f)
{
	const struct draw_accounts *a = &f->accounts;

	if (!f->sponsors.known || gate_pass_on(f) != WAIT_NONE)
		return false;
	return !sponsored_win(f) || (a->dev_ata.presence == PRESENT && a->treasury_ata.presence == PRESENT);
}

/* What is not known yet of our records does not hold the payout back here: the 3000 slots run, and the transaction is one either way. */
bool gate_pays_at_once(const struct draw_facts *f)
{
	const struct draw_accounts *a = &f->accounts;

	return a->participants_presence == PRESENT && a->mint_presence == PRESENT && a->vault.presence == PRESENT &&
	       watch_players_fit(&f->view.pool, a->participants.count) &&
	       a->vault.amount == f->view.pool.total_amount && a->dev_ata.presence != UNUSABLE &&
	       a->treasury_ata.presence != UNUSABLE && !(f->watch.known && f->watch.blocked) && can_pass_on(f);
}

/* bound is at most max_bound, so the product stays far below 2^64. */
static bool wallet_funded(const struct draw_facts *f)
{
	const uint64_t need = f->around->bind_cost.n + f->around->draw_cost.n * (f->around->bound + 1u);

	/* Unknown costs are no costs to reckon with: the rents are asked for at start. */
	return f->around->bind_cost.n != 0 && f->accounts.wallet.n >= need;
}

/* A BIND of ours that may still land is paid for already: its sending adds nothing. */
static bool has_bind(const struct rows *rows)
{
	for (unsigned i = 0; i < rows->n; i++)
		if (rows->row[i].step == STEP_BIND && row_unsettled(&rows->row[i]))
			return true;
	return false;
}

/* Everything is reckoned with the most that it can cost. */
enum reason gate_creator(const struct policy *policy, const struct surroundings *around,
	const struct creator_count *creator, uint64_t next)
{
	uint64_t binds, atas, sum;

	if (policy->creator_day_lamports == 0)
		return WAIT_NONE;
	if (!creator->known)
		return WAIT_JOURNAL_SILENT;
	/* What nobody has told the price of is not free. */
	if (around->bind_cost.n == 0)
		return WAIT_NODES_SILENT;
	if (__builtin_mul_overflow(creator->binds, around->bind_cost.n + around->draw_cost.n, &binds) ||
		__builtin_mul_overflow(creator->atas, around->ata_cost.n, &atas) ||
		__builtin_add_overflow(binds, atas, &sum) || __builtin_add_overflow(sum, next, &sum))
		return WAIT_CREATOR_CAP;
	return sum > policy->creator_day_lamports ? WAIT_CREATOR_CAP : WAIT_NONE;
}

enum reason gate_draw_cost(const struct draw_facts *f)
{
	const struct surroundings *around = f->around;
	const uint64_t atas = (f->accounts.dev_ata.presence == ABSENT ? 1u : 0u) +
	                      (f->accounts.treasury_ata.presence == ABSENT ? 1u : 0u);

	if (has_bind(&f->own.settle.rows))
		return WAIT_NONE;
	return gate_creator(
		f->policy, around, &f->creator, around->bind_cost.n + around->draw_cost.n + around->ata_cost.n * atas);
}

/* Last of what the pool itself shows: a token account is made for this reason, and only for a pool that would be drawn then. */
static enum reason gate_atas(const struct draw_facts *f)
{
	const struct draw_accounts *a = &f->accounts;

	return a->dev_ata.presence == ABSENT || a->treasury_ata.presence == ABSENT ? WAIT_ATA_MISSING : WAIT_NONE;
}

enum reason gate_bind(const struct draw_facts *f)
{
	const struct surroundings *around = f->around;
	const enum reason pool = gate_pool(f);
	enum reason part;

	if (pool != WAIT_NONE)
		return pool;
	part = gate_accounts(f);
	if (part == WAIT_NONE)
		part = gate_draw_cost(f);
	if (part == WAIT_NONE)
		part = gate_atas(f);
	if (part == WAIT_NONE)
		part = gate_watch(f);
	if (part != WAIT_NONE)
		return part;
	if (around->bound >= f->policy->max_bound)
		return WAIT_TOO_MANY_BOUND;
	if (!around->oracle_viable)
		return WAIT_NO_ORACLE;
	if (!around->canary_fresh)
		return WAIT_CANARY_SILENT;
	if (!wallet_funded(f))
		return WAIT_WALLET_LOW;
	if (around->journal_down_since_ms != 0 || around->now_ms - around->journal_ok_ms > POLICY_JOURNAL_MS)
		return WAIT_JOURNAL_SILENT;
	return WAIT_NONE;
}
