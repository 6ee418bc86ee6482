/* Housekeeping: every doubt waits, a failure never becomes a loop of fees, and a pool is touched only when its time has come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/chore_fixture.h"

enum { HOUR_MS = 3600000 };

static struct fixture base;
static struct account_facts account;
static struct chore_facts *const f = &account.chore;

/* Revealed, ours, simulated well: nothing is in the way. */
static void begin(void)
{
	account = (struct account_facts){ .chore = chore_fixture(&base, STEP_CLOSE_RANDOMNESS), .presence = PRESENT };
	account.account.authority = base.policy.dev_wallet;
	account.account.seed_slot.n = SLOT - 100;
	account.account.reveal_slot.n = SLOT - 90;
}

static void expect(enum act kind, enum reason reason)
{
	chore_expect(decide_account(&account), STEP_CLOSE_RANDOMNESS, kind, reason);
}

static void last_row(enum row_state state)
{
	chore_last_row(f, STEP_CLOSE_RANDOMNESS, state);
}

static void test_closes_what_is_spent(void **unused)
{
	(void)unused;
	begin();
	expect(ACT_OPEN, 0);
	assert_int_equal(decide_account(&account).floor.n, SLOT);
	f->own.simulation.basis.n--;
	expect(ACT_SIMULATE, 0);
	f->own.price_known = false;
	expect(ACT_ASK_FEES, 0);
	begin();
	f->at.n = 0;
	expect(ACT_READ, 0);
	begin();
	f->read_ms = NOW_MS - POLICY_FRESH_MS - 1;
	expect(ACT_READ, 0);
	begin();
	f->own.settle.rows.floor.n = SLOT + 1;
	expect(ACT_READ, 0);
}

static void test_leaves_alone_what_may_be_used(void **unused)
{
	(void)unused;
	begin();
	account.account.reveal_slot.n = 0; /* committed again: by whom, we do not know */
	expect(ACT_WAIT, WAIT_NOT_SPENT);
	begin();
	account.account.authority = key_of(99);
	expect(ACT_WAIT, WAIT_NOT_SPENT);
	begin();
	account.presence = UNUSABLE;
	expect(ACT_WAIT, WAIT_NOT_SPENT);
	begin();
	account.needed = true;
	expect(ACT_WAIT, WAIT_NEEDED);
	begin();
	f->draws_first = true;
	expect(ACT_WAIT, WAIT_DRAWS_FIRST);
	begin();
	base.around.leader = false;
	expect(ACT_WAIT, WAIT_NOT_THE_LEADER);
	begin();
	base.around.stopping = true;
	expect(ACT_WAIT, WAIT_STOPPING);
	begin();
	base.policy.dry_run = true;
	expect(ACT_WAIT, WAIT_DRY_RUN);
}

/* Of another keeper, or of a lost database: only what nobody can be waiting for any more. */
static void begin_abandoned(void)
{
	begin();
	account.abandoned = true;
	account.named = NAMED_BY_NONE;
	account.account.reveal_slot.n = 7;
	f->at.n = f->own.simulation.basis.n = 7 + ABANDONED_SLOTS + 1;
}

static void test_abandoned_ones_are_closed_when_old_and_unnamed(void **unused)
{
	(void)unused;
	begin_abandoned();
	expect(ACT_OPEN, 0);
	account.named = NAMED_UNKNOWN;
	expect(ACT_READ, 0);
	f->own.read = (struct attempts){ 1, NOW_MS };
	expect(ACT_WAIT, WAIT_NODES_SILENT);
	assert_int_equal(decide_account(&account).until_ms, NOW_MS + CHORE_LOOK_MS);
	begin_abandoned();
	account.named = NAMED_BY_POOL;
	expect(ACT_WAIT, WAIT_NEEDED);
	begin_abandoned();
	account.account.reveal_slot.n++;
	expect(ACT_WAIT, WAIT_NOT_SPENT);
	account.account.reveal_slot.n = UINT64_MAX;
	expect(ACT_WAIT, WAIT_NOT_SPENT);
	/* The next round looks again: nothing is kept in memory for it. */
	assert_int_equal(decide_account(&account).until_ms, 0);
	begin_abandoned();
	account.account.reveal_slot.n = 0;
	expect(ACT_WAIT, WAIT_NOT_SPENT);
	assert_int_equal(decide_account(&account).until_ms, 0);
	begin_abandoned();
	account.account.authority = key_of(99);
	expect(ACT_WAIT, WAIT_NOT_SPENT);
	begin_abandoned();
	account.needed = true;
	expect(ACT_WAIT, WAIT_NEEDED);
	assert_int_equal(decide_account(&account).until_ms, 0);
}

static void test_is_over(void **unused)
{
	(void)unused;
	begin();
	account.presence = ABSENT;
	expect(ACT_WAIT, WAIT_OVER);
	begin();
	last_row(ROW_FINAL);
	expect(ACT_WAIT, WAIT_OVER);
	last_row(ROW_LANDED);
	expect(ACT_WAIT, WAIT_NOT_FINAL);
	last_row(ROW_OPEN);
	expect(ACT_SEND, 0);
}

/* A stale blockhash is fetched while something is about to happen: that must be soon. */
static void test_waits_for_a_blockhash_only_a_moment(void **unused)
{
	(void)unused;
	begin();
	base.around.blockhash_known = false;
	expect(ACT_WAIT, WAIT_NODES_SILENT);
	assert_int_equal(decide_account(&account).until_ms, NOW_MS + 1000);
}

static void test_failures_wait_longer_and_end(void **unused)
{
	(void)unused;
	begin();
	f->own.simulation.ok = false;
	f->own.simulate = (struct attempts){ 1, NOW_MS };
	expect(ACT_WAIT, WAIT_SIMULATION_FAILED);
	assert_int_equal(decide_account(&account).until_ms, NOW_MS + 60000);
	f->own.simulate.failures = 20;
	assert_int_equal(decide_account(&account).until_ms, NOW_MS + HOUR_MS);
	/* Nor is anything read meanwhile. */
	f->at.n = 0;
	expect(ACT_WAIT, WAIT_SIMULATION_FAILED);
	/* When the pause is over, the no still stands for the accounts that it was about. */
	begin();
	f->own.simulation.ok = false;
	f->own.simulate = (struct attempts){ 1, NOW_MS - 60000 };
	assert_int_equal(decide_account(&account).reason, WAIT_SIMULATION_FAILED);
	f->at.n++;
	expect(ACT_SIMULATE, 0);
	begin();
	f->own.open = (struct attempts){ 2, NOW_MS };
	expect(ACT_WAIT, WAIT_RETRY_LATER);
	assert_int_equal(decide_account(&account).until_ms, NOW_MS + 120000);
	begin();
	last_row(ROW_FAILED);
	f->own.settle.rows.failures = POLICY_CHORE_FAILURES - 1;
	expect(ACT_OPEN, 0);
	f->own.settle.rows.failures = POLICY_CHORE_FAILURES;
	expect(ACT_HALT, WAIT_GIVEN_UP);
}

/* A node that lags behind the one that was read from does so each time: it gets the moment that it needs. */
static void test_silence_is_no_refusal(void **unused)
{
	(void)unused;
	begin();
	f->own.simulation.done = false;
	f->own.simulate = (struct attempts){ 3, NOW_MS };
	expect(ACT_WAIT, WAIT_NODES_SILENT);
	assert_int_equal(decide_account(&account).until_ms, NOW_MS + 4000);
	f->own.simulate.last_ms = NOW_MS - 4000;
	expect(ACT_SIMULATE, 0);
}

/* ---- a pool that was never filled ---- */

static struct pool_facts pool;

static void begin_pool(void)
{
	const struct chore_facts chore = chore_fixture(&base, STEP_SWEEP);

	base.policy.sweep = true;
	pool = (struct pool_facts){ .chore = chore,
		.view = base.f.view,
		.token_known = true,
		.participants_presence = PRESENT,
		.vault = { PRESENT, 0 },
		.treasury_ata = { PRESENT, 0 },
		.wallet = { 1000000000 } };
	pool.view.pool.status = POOL_OPEN;
	pool.view.pool.expire_time = CHAIN_S - 604800 - 61;
}

static void expect_pool(enum act kind, enum reason reason)
{
	chore_expect(decide_pool(&pool), pool.chore.own.simulation.step, kind, reason);
}

static void test_sweeps_when_the_time_has_come(void **unused)
{
	(void)unused;
	begin_pool();
	expect_pool(ACT_OPEN, 0);
	pool.view.pool.expire_time++; /* the program's Clock may be behind ours */
	expect_pool(ACT_WAIT, WAIT_OVER);
	pool.view.pool.expire_time = INT64_MAX;
	expect_pool(ACT_WAIT, WAIT_OVER);
	begin_pool();
	pool.chore.own.simulation.done = false;
	expect_pool(ACT_SIMULATE, 0);
	begin_pool();
	pool.chore.at.n = 0;
	expect_pool(ACT_READ, 0);
}

static void test_sweeps_only_what_it_may(void **unused)
{
	(void)unused;
	for (enum pool_status status = POOL_LOCKED; status <= POOL_CLOSED; status++) {
		begin_pool();
		pool.view.pool.status = status;
		expect_pool(ACT_WAIT, WAIT_OVER);
	}
	begin_pool();
	base.policy.sweep = false;
	expect_pool(ACT_WAIT, WAIT_OVER);
	begin_pool();
	pool.view.kind = VIEW_OTHER_DRAW;
	expect_pool(ACT_WAIT, WAIT_OVER);
	begin_pool();
	pool.view.pool.dev_wallet = key_of(99);
	expect_pool(ACT_WAIT, WAIT_OVER);
	begin_pool();
	pool.token_known = false;
	expect_pool(ACT_WAIT, WAIT_OVER);
	begin_pool();
	pool.view.pool.treasury_wallet = key_of(99);
	expect_pool(ACT_WAIT, WAIT_POLICY_TREASURY);
	begin_pool();
	pool.view.pool.allow_mock = true;
	expect_pool(ACT_WAIT, WAIT_POLICY_MOCK);
	begin_pool();
	pool.view.pool.paused = true;
	expect_pool(ACT_WAIT, WAIT_PAUSED);
	/* A config hash that does not recompute (H3) is a reason more: nobody can join it. */
	begin_pool();
	pool.view.pool.lock_duration++;
	expect_pool(ACT_OPEN, 0);
}

/* Cancelled a month ago; `count` players have not fetched their refunds. */
static void begin_over(enum step step, enum pool_status status, unsigned count)
{
	begin_pool();
	base.policy.finalize = base.policy.claim_rent = base.policy.refund_atas = true;
	pool.chore.own.simulation.step = step;
	pool.view.pool.status = status;
	pool.view.pool.status_reason = POOL_REASON_CANCELLED;
	pool.view.pool.close_time = CHAIN_S - 2592000 - 61;
	pool.participants.count = (uint8_t)count;
	pool.participants.in_range = true;
}

static void test_forfeits_after_a_month(void **unused)
{
	(void)unused;
	begin_over(STEP_FINALIZE, POOL_CANCELLED, 1);
	expect_pool(ACT_OPEN, 0);
	pool.view.pool.close_time++;
	expect_pool(ACT_WAIT, WAIT_OVER);
	begin_over(STEP_FINALIZE, POOL_CANCELLED, 1);
	base.policy.finalize = false;
	expect_pool(ACT_WAIT, WAIT_OVER);
	begin_over(STEP_FINALIZE, POOL_CANCELLED, 1);
	pool.view.pool.close_time = 0;
	expect_pool(ACT_WAIT, WAIT_OVER);
	/* H4: the program would refuse for ever. */
	begin_over(STEP_FINALIZE, POOL_CANCELLED, 1);
	pool.view.pool.status_reason = POOL_REASON_PAUSED;
	expect_pool(ACT_WAIT, WAIT_OVER);
	begin_over(STEP_FINALIZE, POOL_CANCELLED, 1);
	pool.view.pool.paused = true;
	expect_pool(ACT_WAIT, WAIT_PAUSED);
	begin_over(STEP_FINALIZE, POOL_CANCELLED, 1);
	pool.treasury_ata.presence = UNUSABLE;
	expect_pool(ACT_WAIT, WAIT_ATA_UNUSABLE);
	begin_over(STEP_FINALIZE, POOL_CANCELLED, 1);
	pool.view.pool.treasury_wallet = key_of(99);
	expect_pool(ACT_WAIT, WAIT_POLICY_TREASURY);
}

static void test_takes_rent_of_what_is_over_and_empty(void **unused)
{
	static const enum pool_status statuses[] = { POOL_ENDED, POOL_CANCELLED, POOL_CLOSED };

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		begin_over(STEP_CLAIM_RENT, statuses[i], 0);
		expect_pool(ACT_OPEN, 0);
		pool.view.pool.paused = true; /* the program does not mind */
		expect_pool(ACT_OPEN, 0);
		base.policy.claim_rent = false;
		expect_pool(ACT_WAIT, WAIT_OVER);
	}
	/* The program would allow it at once, the creator has his month all the same. */
	begin_over(STEP_CLAIM_RENT, POOL_ENDED, 0);
	pool.view.pool.close_time = 0;
	pool.view.pool.end_time = CHAIN_S - 2592000 - 60;
	expect_pool(ACT_WAIT, WAIT_OVER);
	pool.view.pool.end_time--;
	expect_pool(ACT_OPEN, 0);
	/* H17: one unit of dust. */
	pool.vault.amount = 1;
	expect_pool(ACT_HALT, WAIT_VAULT_MISMATCH);
	assert_int_equal(decide_pool(&pool).until_ms, 0); /* its place on the list is for others */
	pool.view.pool.status = POOL_CANCELLED;
	expect_pool(ACT_OPEN, 0);
	pool.participants_presence = UNUSABLE;
	expect_pool(ACT_WAIT, WAIT_OVER);
	begin_over(STEP_CLAIM_RENT, POOL_ENDED, 1);
	expect_pool(ACT_WAIT, WAIT_OVER);
	for (enum pool_status status = POOL_OPEN; status <= POOL_WINNER_SELECTED; status++) {
		begin_over(STEP_CLAIM_RENT, status, 0);
		base.policy.sweep = false;
		expect_pool(ACT_WAIT, WAIT_OVER);
	}
}

/* H16: claim_refund names the treasury's account. */
static void test_makes_the_account_that_refunds_need(void **unused)
{
	(void)unused;
	begin_over(STEP_FINALIZE, POOL_CANCELLED, 1);
	pool.view.pool.close_time = CHAIN_S - 10;
	pool.treasury_ata.presence = ABSENT;
	pool.creator.known = true;
	expect_pool(ACT_WAIT, WAIT_ATA_MISSING);
	pool.wallet.n = base.around.bind_cost.n + base.around.draw_cost.n - 1;
	expect_pool(ACT_WAIT, WAIT_WALLET_LOW);
	pool.wallet.n++;
	expect_pool(ACT_WAIT, WAIT_ATA_MISSING);
	pool.creator.atas = 14;
	expect_pool(ACT_WAIT, WAIT_CREATOR_CAP);
	pool.creator.atas = 13;
	expect_pool(ACT_WAIT, WAIT_ATA_MISSING);
	pool.view.pool.treasury_wallet = key_of(99);
	expect_pool(ACT_WAIT, WAIT_OVER);
	pool.view.pool.treasury_wallet = base.policy.treasury;
	pool.participants.count = 0;
	expect_pool(ACT_WAIT, WAIT_OVER);
	pool.participants.count = 1;
	base.policy.refund_atas = false;
	expect_pool(ACT_WAIT, WAIT_OVER);
	/* To forfeit it is needed anyway. */
	pool.view.pool.close_time = CHAIN_S - 2592000 - 61;
	expect_pool(ACT_WAIT, WAIT_ATA_MISSING);
}

static void test_looks_again_in_time(void **unused)
{
	(void)unused;
	begin_over(STEP_CLAIM_RENT, POOL_CANCELLED, 1);
	assert_int_equal(pool_next_look_s(&pool), 86400);
	pool.view.pool.close_time = CHAIN_S - 2592000;
	assert_int_equal(pool_next_look_s(&pool), 60);
	pool.view.pool.close_time = CHAIN_S;
	assert_int_equal(pool_next_look_s(&pool), 86400);
	pool.view.kind = VIEW_BAD;
	assert_int_equal(pool_next_look_s(&pool), 86400);
	pool.view.kind = VIEW_MISSING;
	assert_int_equal(pool_next_look_s(&pool), 0);
	pool.view.kind = VIEW_OTHER_DRAW;
	assert_int_equal(pool_next_look_s(&pool), 0);
}

/* The address may hold another pool by now: the bytes say nothing about its id. */
static void test_an_old_sweep_is_not_sent_to_another_pool(void **unused)
{
	struct rows *rows = &pool.chore.own.settle.rows;

	(void)unused;
	begin_pool();
	rows->n = 1;
	rows->last_seq = 1;
	rows->row[0] = (struct row){ .seq = 1, .step = STEP_SWEEP, .state = ROW_OPEN, .last_valid = { HEIGHT + 100 } };
	expect_pool(ACT_SEND, 0);
	pool.view.kind = VIEW_OTHER_DRAW;
	expect_pool(ACT_WAIT, WAIT_IN_FLIGHT);
	begin_pool();
	*rows = (struct rows){ .n = 1, .last_seq = 1 };
	rows->row[0] = (struct row){ .seq = 1, .step = STEP_SWEEP, .state = ROW_OPEN, .last_valid = { HEIGHT + 100 } };
	pool.view.pool.status = POOL_CANCELLED;
	expect_pool(ACT_WAIT, WAIT_IN_FLIGHT);
	pool.chore.read_ms = NOW_MS - POLICY_FRESH_MS - 1;
	expect_pool(ACT_READ, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closes_what_is_spent),
		cmocka_unit_test(test_leaves_alone_what_may_be_used),
		cmocka_unit_test(test_abandoned_ones_are_closed_when_old_and_unnamed),
		cmocka_unit_test(test_is_over),
		cmocka_unit_test(test_waits_for_a_blockhash_only_a_moment),
		cmocka_unit_test(test_failures_wait_longer_and_end),
		cmocka_unit_test(test_silence_is_no_refusal),
		cmocka_unit_test(test_sweeps_when_the_time_has_come),
		cmocka_unit_test(test_sweeps_only_what_it_may),
		cmocka_unit_test(test_forfeits_after_a_month),
		cmocka_unit_test(test_takes_rent_of_what_is_over_and_empty),
		cmocka_unit_test(test_makes_the_account_that_refunds_need),
		cmocka_unit_test(test_looks_again_in_time),
		cmocka_unit_test(test_an_old_sweep_is_not_sent_to_another_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
