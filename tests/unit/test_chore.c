/* Housekeeping of one spent randomness account: every doubt waits, and a failure never becomes a loop of fees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/chore.h"
#include "unit/decide_fixture.h"

enum { HOUR_MS = 3600000 };

static struct fixture base;
static struct chore_facts f;

/* Revealed, ours, simulated well: nothing is in the way. */
static void begin(void)
{
	fixture_due(&base);
	f = (struct chore_facts){ .policy = &base.policy, .around = &base.around, .own = base.f.own };
	f.own.price_known = true;
	f.at.n = SLOT;
	f.read_ms = NOW_MS - 100;
	f.presence = PRESENT;
	f.account.authority = base.policy.dev_wallet;
	f.account.seed_slot.n = SLOT - 100;
	f.account.reveal_slot.n = SLOT - 90;
	f.own.simulation = (struct simulation_fact){
		.done = true, .step = STEP_CLOSE_RANDOMNESS, .basis = { SLOT }, .ok = true
	};
}

static void expect(enum act kind, enum reason reason)
{
	const struct action a = decide_chore(&f);

	assert_int_equal(a.kind, kind);
	assert_int_equal(a.reason, reason);
	if (kind == ACT_OPEN || kind == ACT_SIMULATE)
		assert_int_equal(a.step, STEP_CLOSE_RANDOMNESS);
}

static void last_row(enum row_state state)
{
	f.own.settle.rows.n = 1;
	f.own.settle.rows.last_seq = 1;
	f.own.settle.rows.row[0] = (struct row){
		.seq = 1, .step = STEP_CLOSE_RANDOMNESS, .state = state, .last_valid = { HEIGHT + 100 }
	};
}

static void test_closes_what_is_spent(void **unused)
{
	(void)unused;
	begin();
	expect(ACT_OPEN, 0);
	assert_int_equal(decide_chore(&f).floor.n, SLOT);
	f.own.simulation.basis.n--;
	expect(ACT_SIMULATE, 0);
	f.own.price_known = false;
	expect(ACT_ASK_FEES, 0);
	begin();
	f.at.n = 0;
	expect(ACT_READ, 0);
	begin();
	f.read_ms = NOW_MS - POLICY_FRESH_MS - 1;
	expect(ACT_READ, 0);
	begin();
	f.own.settle.rows.floor.n = SLOT + 1;
	expect(ACT_READ, 0);
}

static void test_leaves_alone_what_may_be_used(void **unused)
{
	(void)unused;
	begin();
	f.account.reveal_slot.n = 0; /* committed again: by whom, we do not know */
	expect(ACT_WAIT, WAIT_NOT_SPENT);
	begin();
	f.account.authority = key_of(99);
	expect(ACT_WAIT, WAIT_NOT_SPENT);
	begin();
	f.presence = UNUSABLE;
	expect(ACT_WAIT, WAIT_NOT_SPENT);
	begin();
	f.needed = true;
	expect(ACT_WAIT, WAIT_NEEDED);
	begin();
	f.draws_first = true;
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

static void test_is_over(void **unused)
{
	(void)unused;
	begin();
	f.presence = ABSENT;
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
	assert_int_equal(decide_chore(&f).until_ms, NOW_MS + 1000);
}

static void test_failures_wait_longer_and_end(void **unused)
{
	(void)unused;
	begin();
	f.own.simulation.ok = false;
	f.own.simulate = (struct attempts){ 1, NOW_MS };
	expect(ACT_WAIT, WAIT_SIMULATION_FAILED);
	assert_int_equal(decide_chore(&f).until_ms, NOW_MS + 60000);
	f.own.simulate.failures = 20;
	assert_int_equal(decide_chore(&f).until_ms, NOW_MS + HOUR_MS);
	/* Nor is anything read meanwhile. */
	f.at.n = 0;
	expect(ACT_WAIT, WAIT_SIMULATION_FAILED);
	begin();
	f.own.open = (struct attempts){ 2, NOW_MS };
	expect(ACT_WAIT, WAIT_RETRY_LATER);
	assert_int_equal(decide_chore(&f).until_ms, NOW_MS + 120000);
	begin();
	last_row(ROW_FAILED);
	f.own.settle.rows.failures = POLICY_CHORE_FAILURES - 1;
	expect(ACT_OPEN, 0);
	f.own.settle.rows.failures = POLICY_CHORE_FAILURES;
	expect(ACT_HALT, WAIT_GIVEN_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closes_what_is_spent),
		cmocka_unit_test(test_leaves_alone_what_may_be_used),
		cmocka_unit_test(test_is_over),
		cmocka_unit_test(test_waits_for_a_blockhash_only_a_moment),
		cmocka_unit_test(test_failures_wait_longer_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
