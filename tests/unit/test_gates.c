/* What must hold before a pool is bound: each thing alone keeps it from being bound, and is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/pda.h"
#include "unit/decide_fixture.h"

struct gate_case {
	void (*spoil)(struct fixture *x);
	enum reason reason;
	bool by_pool; /* the pool account alone says so */
};

#define SPOIL(name) static void name(struct fixture *x)

SPOIL(foreign_dev)
{
	x->f.view.pool.dev_wallet = key_of(66);
}
SPOIL(other_treasury)
{
	x->f.view.pool.treasury_wallet = key_of(66);
}
SPOIL(dev_fee)
{
	x->policy.max_dev_bps = 199;
}
SPOIL(burn_fee)
{
	x->policy.max_burn_bps = 99;
}
SPOIL(treasury_fee)
{
	x->policy.max_treasury_bps = 199;
}
SPOIL(mock_allowed)
{
	x->f.view.pool.allow_mock = true;
}
SPOIL(paused)
{
	x->f.view.pool.paused = true;
}
SPOIL(hash_changed)
{
	x->f.view.pool.lock_duration++;
	x->f.view.config_agrees = false;
}
SPOIL(overflow)
{
	x->f.view.pool.total_amount = UINT64_MAX / 199;
}
SPOIL(no_participants)
{
	x->f.accounts.participants_presence = ABSENT;
}
SPOIL(bad_participants)
{
	x->f.accounts.participants_presence = UNUSABLE;
}
SPOIL(count_out_of_range)
{
	x->f.accounts.participants.in_range = false;
}
SPOIL(nobody)
{
	x->f.accounts.participants.count = 0;
}
SPOIL(one_player_less)
{
	x->f.accounts.participants.count--;
}
SPOIL(one_player_more)
{
	x->f.accounts.participants.count++;
}
SPOIL(not_compared)
{
	x->f.watch.known = false;
}
SPOIL(contradicted)
{
	x->f.watch.blocked = true;
}
SPOIL(no_mint)
{
	x->f.accounts.mint_presence = ABSENT;
}
SPOIL(bad_mint)
{
	x->f.accounts.mint_presence = UNUSABLE;
}
SPOIL(no_vault)
{
	x->f.accounts.vault.presence = ABSENT;
}
SPOIL(bad_vault)
{
	x->f.accounts.vault.presence = UNUSABLE;
}
SPOIL(one_too_many)
{
	x->f.accounts.vault.amount++;
}
SPOIL(one_too_few)
{
	x->f.accounts.vault.amount--;
}
SPOIL(no_dev_ata)
{
	x->f.accounts.dev_ata.presence = ABSENT;
}
SPOIL(no_treasury_ata)
{
	x->f.accounts.treasury_ata.presence = ABSENT;
}
SPOIL(bad_dev_ata)
{
	x->f.accounts.dev_ata.presence = UNUSABLE;
}
SPOIL(bad_treasury_ata)
{
	x->f.accounts.treasury_ata.presence = UNUSABLE;
}
SPOIL(all_bound)
{
	x->around.bound = 2;
}
SPOIL(no_oracle)
{
	x->around.oracle_viable = false;
}
SPOIL(canary_old)
{
	x->around.canary_fresh = false;
}
SPOIL(poor)
{
	x->f.accounts.wallet.n = 12999999;
}
SPOIL(poor_for_two)
{
	x->around.bound = 1;
	x->f.accounts.wallet.n = 15999999;
}
SPOIL(costs_unknown)
{
	x->around.bind_cost.n = 0;
	x->policy.creator_day_lamports = 0; /* else its gate says it first */
}
SPOIL(journal_down)
{
	x->around.journal_down_since_ms = NOW_MS - 1;
}
SPOIL(journal_quiet)
{
	x->around.journal_ok_ms = NOW_MS - POLICY_JOURNAL_MS - 1;
}

static const struct gate_case CASES[] = {
	{ foreign_dev, WAIT_FOREIGN_DEV, true },
	{ other_treasury, WAIT_POLICY_TREASURY, true },
	{ dev_fee, WAIT_POLICY_FEES, true },
	{ burn_fee, WAIT_POLICY_FEES, true },
	{ treasury_fee, WAIT_POLICY_FEES, true },
	{ mock_allowed, WAIT_POLICY_MOCK, true },
	{ paused, WAIT_PAUSED, true },
	{ hash_changed, WAIT_CONFIG_HASH, true },
	{ overflow, WAIT_OVERFLOW, true },
	{ no_participants, WAIT_PARTICIPANTS_BAD, false },
	{ bad_participants, WAIT_PARTICIPANTS_BAD, false },
	{ count_out_of_range, WAIT_PARTICIPANTS_BAD, false },
	{ nobody, WAIT_PARTICIPANTS_BAD, false },
	{ one_player_less, WAIT_PARTICIPANTS_MISMATCH, false },
	{ one_player_more, WAIT_PARTICIPANTS_MISMATCH, false },
	{ not_compared, WAIT_WATCH_ASKED, false },
	{ contradicted, WAIT_KEEPER_MISMATCH, false },
	{ no_mint, WAIT_MINT_UNUSABLE, false },
	{ bad_mint, WAIT_MINT_UNUSABLE, false },
	{ no_vault, WAIT_VAULT_UNUSABLE, false },
	{ bad_vault, WAIT_VAULT_UNUSABLE, false },
	{ one_too_many, WAIT_VAULT_MISMATCH, false },
	{ one_too_few, WAIT_VAULT_MISMATCH, false },
	{ no_dev_ata, WAIT_ATA_MISSING, false },
	{ no_treasury_ata, WAIT_ATA_MISSING, false },
	{ bad_dev_ata, WAIT_ATA_UNUSABLE, false },
	{ bad_treasury_ata, WAIT_ATA_UNUSABLE, false },
	{ all_bound, WAIT_TOO_MANY_BOUND, false },
	{ no_oracle, WAIT_NO_ORACLE, false },
	{ canary_old, WAIT_CANARY_SILENT, false },
	{ poor, WAIT_WALLET_LOW, false },
	{ poor_for_two, WAIT_WALLET_LOW, false },
	{ costs_unknown, WAIT_WALLET_LOW, false },
	{ journal_down, WAIT_JOURNAL_SILENT, false },
	{ journal_quiet, WAIT_JOURNAL_SILENT, false },
};
enum { CASE_COUNT = sizeof CASES / sizeof CASES[0] };

static void test_open_when_all_is_well(void **unused)
{
	static struct fixture x;

	(void)unused;
	fixture_due(&x);
	assert_int_equal(gate_pool(&x.f), WAIT_NONE);
	assert_int_equal(gate_bind(&x.f), WAIT_NONE);
}

/* Alone it closes the gate, for the opening of a BIND and for the sending of one that is open. */
static void test_each_alone(void **unused)
{
	static struct fixture x;

	(void)unused;
	for (size_t i = 0; i < CASE_COUNT; i++) {
		const struct gate_case *c = &CASES[i];

		fixture_due(&x);
		fixture_simulated(&x, STEP_BIND, true);
		c->spoil(&x);
		if (gate_bind(&x.f) != c->reason)
			fail_msg("case %zu: %s", i, REASONS[gate_bind(&x.f)].name);
		assert_int_equal(gate_pool(&x.f), c->by_pool ? c->reason : WAIT_NONE);
		assert_int_equal(decide_draw(&x.f).reason, c->reason);
		fixture_row(&x, STEP_BIND, ROW_OPEN);
		assert_int_equal(decide_draw(&x.f).reason, c->reason);
	}
}

/* A bound pool has one exit: none of this stands in its way. */
static void test_none_stops_a_bound_pool(void **unused)
{
	static struct fixture x;

	(void)unused;
	for (size_t i = 0; i < CASE_COUNT; i++) {
		if (CASES[i].reason == WAIT_FOREIGN_DEV)
			continue; /* not ours to draw */
		fixture_answered(&x);
		CASES[i].spoil(&x);
		assert_int_equal(decide_draw(&x.f).kind, ACT_SIMULATE);
	}
}

/* Selected and unpaid: what waits, and what the program itself is asked about. */
static void test_payout_waits(void **unused)
{
	static const struct gate_case PAYOUT[] = {
		{ no_participants, WAIT_PARTICIPANTS_BAD, false },
		{ bad_mint, WAIT_MINT_UNUSABLE, false },
		{ one_player_less, WAIT_PARTICIPANTS_MISMATCH, false },
		{ no_vault, WAIT_VAULT_UNUSABLE, false },
		{ bad_vault, WAIT_VAULT_UNUSABLE, false },
		{ one_too_few, WAIT_VAULT_MISMATCH, false },
		{ not_compared, WAIT_WATCH_ASKED, false },
		{ contradicted, WAIT_KEEPER_MISMATCH, false },
		{ one_too_many, WAIT_NONE, false },
		{ hash_changed, WAIT_NONE, false },
		{ paused, WAIT_NONE, false },
	};
	static struct fixture x;

	(void)unused;
	for (size_t i = 0; i < sizeof PAYOUT / sizeof PAYOUT[0]; i++) {
		fixture_due(&x);
		x.f.view.pool.status = POOL_WINNER_SELECTED;
		PAYOUT[i].spoil(&x);
		assert_int_equal(gate_payout(&x.f), PAYOUT[i].reason);
		if (PAYOUT[i].reason == WAIT_NONE)
			assert_int_equal(decide_draw(&x.f).kind, ACT_SIMULATE);
		else
			assert_int_equal(decide_draw(&x.f).reason, PAYOUT[i].reason);
	}
}

/* A bound pool is selected alone when payout must not follow at once; what is not known yet parts nothing. */
static void test_pays_at_once(void **unused)
{
	static const struct gate_case ALONE[] = { { no_vault, 0, true }, { one_too_few, 0, true },
		{ one_too_many, 0, true }, { one_player_less, 0, true }, { contradicted, 0, true },
		{ bad_dev_ata, 0, true }, { bad_treasury_ata, 0, true }, { not_compared, 0, false },
		{ no_dev_ata, 0, false } };
	static struct fixture x;

	(void)unused;
	for (size_t i = 0; i < sizeof ALONE / sizeof ALONE[0]; i++) {
		fixture_answered(&x);
		ALONE[i].spoil(&x);
		assert_true(gate_pays_at_once(&x.f) != ALONE[i].by_pool);
		assert_int_equal(decide_draw(&x.f).step, ALONE[i].by_pool ? STEP_REVEAL_SELECT : STEP_DRAW);
	}
}

static void test_just_enough(void **unused)
{
	static struct fixture x;

	(void)unused;
	fixture_due(&x);
	x.f.accounts.wallet.n = 13000000;
	x.around.journal_ok_ms = NOW_MS - POLICY_JOURNAL_MS;
	assert_int_equal(gate_bind(&x.f), WAIT_NONE);
	x.around.bound = 1;
	x.f.accounts.wallet.n = 16000000;
	assert_int_equal(gate_bind(&x.f), WAIT_NONE);
	x.f.view.pool.allow_mock = x.policy.allow_mock = true;
	assert_int_equal(gate_bind(&x.f), WAIT_NONE);
}

/* What the creator's pools have cost today counts before a pool is bound, and never again: not for the BIND that is open,
 * not for what comes after it. */
static void test_creator_cap(void **unused)
{
	static struct fixture x;

	(void)unused;
	fixture_due(&x);
	x.f.creator.binds = 2;
	assert_int_equal(gate_bind(&x.f), WAIT_CREATOR_CAP);
	assert_int_equal(gate_pool(&x.f), WAIT_NONE);
	fixture_row(&x, STEP_BIND, ROW_OPEN);
	assert_int_equal(gate_bind(&x.f), WAIT_NONE);
	fixture_due(&x);
	x.f.creator.binds = UINT64_MAX;
	fixture_row(&x, STEP_BIND, ROW_EXPIRED);
	assert_int_equal(gate_bind(&x.f), WAIT_CREATOR_CAP);
	x.policy.creator_day_lamports = 0;
	assert_int_equal(gate_bind(&x.f), WAIT_NONE);
	fixture_due(&x);
	x.f.creator.known = false;
	assert_int_equal(gate_bind(&x.f), WAIT_JOURNAL_SILENT);
	fixture_answered(&x);
	x.f.creator.known = false;
	x.f.creator.binds = UINT64_MAX;
	assert_int_equal(decide_draw(&x.f).kind, ACT_SIMULATE);
}

/* Token accounts that the draw would need first count with it, and those made for the creator's other pools as well. They
 * are not made for a pool that would not be drawn then, be it due or near. */
static void test_creator_cap_before_accounts(void **unused)
{
	static struct fixture x;

	(void)unused;
	fixture_due(&x);
	x.f.accounts.dev_ata.presence = x.f.accounts.treasury_ata.presence = ABSENT;
	assert_int_equal(gate_bind(&x.f), WAIT_CREATOR_CAP);
	x.policy.creator_day_lamports = 30000000;
	assert_int_equal(gate_bind(&x.f), WAIT_ATA_MISSING);
	x.f.creator.atas = 1;
	assert_int_equal(gate_bind(&x.f), WAIT_CREATOR_CAP);
	x.f.view.pool.lock_start_time = CHAIN_S - 30;
	assert_int_equal(decide_draw(&x.f).reason, WAIT_CREATOR_CAP);
	x.f.creator.known = false;
	assert_int_equal(decide_draw(&x.f).reason, WAIT_JOURNAL_SILENT);
	/* Just started: the rents are not told yet. */
	x.f.creator.known = true;
	const struct surroundings priced = x.around;
	x.around.bind_cost = x.around.draw_cost = x.around.ata_cost = (struct lamports){ 0 };
	assert_int_equal(decide_draw(&x.f).reason, WAIT_NODES_SILENT);
	x.around = priced;
	x.f.creator = (struct creator_count){ .known = true, .binds = 1 };
	assert_int_equal(decide_draw(&x.f).reason, WAIT_ATA_MISSING);
	x.f.accounts.dev_ata.presence = PRESENT;
	x.f.creator.atas = 2;
	assert_int_equal(decide_draw(&x.f).reason, WAIT_CREATOR_CAP);
	x.f.creator.atas = UINT64_MAX / 2;
	assert_int_equal(decide_draw(&x.f).reason, WAIT_CREATOR_CAP);
}

struct listing_case {
	void (*spoil)(struct fixture *x);
	enum reason reason;
};

SPOIL(no_bet)
{
	x->f.view.pool.bet_amount = 0;
}
SPOIL(lonely)
{
	x->f.view.pool.max_participants = 1;
}
SPOIL(crowded)
{
	x->f.view.pool.max_participants = PARTICIPANTS_MAX + 1;
}
SPOIL(no_lock)
{
	x->f.view.pool.lock_duration = 0;
}
SPOIL(long_lock)
{
	x->f.view.pool.lock_duration = (int64_t)INT32_MAX + 1;
}
SPOIL(no_creator)
{
	x->f.view.pool.creator = (struct pubkey){ 0 };
}
SPOIL(never_created)
{
	x->f.view.pool.start_time = 0;
}
SPOIL(other_salt)
{
	x->f.view.pool.salt.b[0]++;
}

/* What the app never registered enters its tables only when nothing is wrong with it. */
static void test_listing(void **unused)
{
	static const struct listing_case cases[] = { { foreign_dev, WAIT_FOREIGN_DEV },
		{ other_treasury, WAIT_POLICY_TREASURY }, { dev_fee, WAIT_POLICY_FEES }, { burn_fee, WAIT_POLICY_FEES },
		{ treasury_fee, WAIT_POLICY_FEES }, { mock_allowed, WAIT_POLICY_MOCK }, { paused, WAIT_NONE },
		{ hash_changed, WAIT_CONFIG_HASH }, { overflow, WAIT_OVERFLOW }, { no_bet, WAIT_BAD_ACCOUNT },
		{ lonely, WAIT_BAD_ACCOUNT }, { crowded, WAIT_BAD_ACCOUNT }, { no_lock, WAIT_BAD_ACCOUNT },
		{ long_lock, WAIT_BAD_ACCOUNT }, { no_creator, WAIT_BAD_ACCOUNT }, { never_created, WAIT_BAD_ACCOUNT },
		{ other_salt, WAIT_BAD_ACCOUNT } };
	static struct fixture x;
	struct pubkey address;

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pool_account *pool = &x.f.view.pool;
		enum reason got;

		fixture_due(&x);
		pool->creator = key_of(5);
		pool->bet_amount = 1000;
		pool->start_time = CHAIN_S - 1000;
		draw_config_hash(&pool->config_hash, pool);
		pda_pool(&address, &pool->mint, &pool->salt);
		assert_int_equal(gate_listing(&x.policy, &address, pool), WAIT_NONE);
		cases[i].spoil(&x);
		got = gate_listing(&x.policy, &address, pool);
		if (got != cases[i].reason)
			fail_msg("case %zu: %s", i, REASONS[got].name);
	}
}

static void test_due_second(void **unused)
{
	struct pool_account pool = { .lock_start_time = 100, .lock_duration = 60 };

	(void)unused;
	assert_int_equal(draw_due_s(&pool), 160);
	pool.lock_start_time = INT64_MAX;
	assert_true(draw_due_s(&pool) == INT64_MAX);
	pool.lock_start_time = INT64_MAX - 60;
	assert_true(draw_due_s(&pool) == INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_when_all_is_well),
		cmocka_unit_test(test_each_alone),
		cmocka_unit_test(test_none_stops_a_bound_pool),
		cmocka_unit_test(test_payout_waits),
		cmocka_unit_test(test_pays_at_once),
		cmocka_unit_test(test_just_enough),
		cmocka_unit_test(test_creator_cap),
		cmocka_unit_test(test_creator_cap_before_accounts),
		cmocka_unit_test(test_listing),
		cmocka_unit_test(test_due_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
