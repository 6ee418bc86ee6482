/* What must hold before a pool is bound to randomness: after request_randomness its pot has one exit. */
#include "core/decide.h"
#include "core/draw.h"

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

enum reason gate_pool(const struct draw_facts *f)
{
	const struct pool_account *pool = &f->view.pool;
	struct draw_payout split;
	struct hash expected;
	enum reason policy;

	if (!pubkey_equal(&pool->dev_wallet, &f->policy->dev_wallet))
		return WAIT_FOREIGN_DEV;
	policy = gate_policy(f->policy, pool);
	if (policy != WAIT_NONE)
		return policy;
	if (pool->paused)
		return WAIT_PAUSED;
	draw_config_hash(&expected, pool);
	if (!hash_equal(&expected, &pool->config_hash))
		return WAIT_CONFIG_HASH;
	if (draw_payout(&split, pool->total_amount, pool->dev_fee_bps, pool->burn_fee_bps, pool->treasury_fee_bps) !=
		DRAW_OK)
		return WAIT_OVERFLOW;
	return WAIT_NONE;
}

static enum reason gate_accounts(const struct draw_facts *f)
{
	const struct draw_accounts *a = &f->accounts;

	if (a->participants_presence != PRESENT || !a->participants.in_range || a->participants.count == 0)
		return WAIT_PARTICIPANTS_BAD;
	if (a->mint_presence != PRESENT)
		return WAIT_MINT_UNUSABLE;
	if (a->vault.presence != PRESENT)
		return WAIT_VAULT_UNUSABLE;
	if (a->vault.amount != f->view.pool.total_amount)
		return WAIT_VAULT_MISMATCH;
	if (a->dev_ata.presence == ABSENT || a->treasury_ata.presence == ABSENT)
		return WAIT_ATA_MISSING;
	if (a->dev_ata.presence == UNUSABLE || a->treasury_ata.presence == UNUSABLE)
		return WAIT_ATA_UNUSABLE;
	return WAIT_NONE;
}

/* bound is at most max_bound, so the product stays far below 2^64. */
static bool wallet_funded(const struct draw_facts *f)
{
	const uint64_t need = f->around->bind_cost.n + f->around->draw_cost.n * (f->around->bound + 1u);

	/* Unknown costs are no costs to reckon with: the rents are asked for at start. */
	return f->around->bind_cost.n != 0 && f->accounts.wallet.n >= need;
}

enum reason gate_bind(const struct draw_facts *f)
{
	const struct surroundings *around = f->around;
	const enum reason pool = gate_pool(f);
	enum reason accounts;

	if (pool != WAIT_NONE)
		return pool;
	accounts = gate_accounts(f);
	if (accounts != WAIT_NONE)
		return accounts;
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
