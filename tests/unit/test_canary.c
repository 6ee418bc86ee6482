/* The two small subjects: the canary, and a token account that payouts need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/decide_fixture.h"

static struct fixture base;
static struct canary_facts canary;
static struct ata_facts ata;

/* Committed to a viable oracle that answered long ago. */
static void begin(void)
{
	fixture_due(&base);
	canary = (struct canary_facts){ .policy = &base.policy, .around = &base.around, .own = base.f.own };
	canary.at.n = SLOT;
	canary.read_ms = NOW_MS - 100;
	canary.presence = PRESENT;
	canary.wanted = canary.oracle_listed = canary.candidate_known = true;
	canary.answered_ms = NOW_MS - POLICY_CANARY_MS;
	ata = (struct ata_facts){ .policy = &base.policy, .around = &base.around, .own = base.f.own };
	ata.at.n = SLOT;
	ata.read_ms = NOW_MS - 100;
	ata.presence = ABSENT;
	ata.wallet.n = 1000000000;
	ata.creator.known = true;
	ata.wanted = true;
}

static void simulated(struct subject_facts *own, enum step step, bool ok)
{
	own->simulation = (struct simulation_fact){ .done = true, .step = step, .basis = { SLOT }, .ok = ok };
}

static void out(struct subject_facts *own, enum step step, enum row_state state)
{
	own->settle.rows.n = 1;
	own->settle.rows.row[0] = (struct row){
		.seq = 1, .step = step, .state = state, .last_valid = { HEIGHT + 100 }
	};
}

static void expect(struct action a, enum act kind, enum step step, enum reason reason)
{
	assert_int_equal(a.kind, kind);
	assert_int_equal(a.step, step);
	assert_int_equal(a.reason, reason);
}

static void test_canary_is_asked(void **unused)
{
	(void)unused;
	begin();
	expect(decide_canary(&canary), ACT_ASK_ORACLE, 0, 0);
	canary.own.ask = (struct attempts){ 1, NOW_MS };
	expect(decide_canary(&canary), ACT_WAIT, 0, WAIT_CANARY_SILENT);
	/* Well before the answer is too old. */
	begin();
	canary.answered_ms = NOW_MS - POLICY_CANARY_MS / 2 + 1;
	expect(decide_canary(&canary), ACT_WAIT, 0, WAIT_NONE);
	assert_int_equal(decide_canary(&canary).until_ms, NOW_MS + 1);
}

static void test_canary_moves_on(void **unused)
{
	(void)unused;
	begin();
	canary.own.ask.failures = 3;
	expect(decide_canary(&canary), ACT_SIMULATE, STEP_CANARY_COMMIT, 0);
	simulated(&canary.own, STEP_CANARY_COMMIT, true);
	expect(decide_canary(&canary), ACT_OPEN, STEP_CANARY_COMMIT, 0);
	simulated(&canary.own, STEP_CANARY_COMMIT, false);
	expect(decide_canary(&canary), ACT_WAIT, 0, WAIT_SIMULATION_FAILED);
	/* R10: the program does not refuse a second commit. */
	out(&canary.own, STEP_CANARY_COMMIT, ROW_LANDED);
	expect(decide_canary(&canary), ACT_WAIT, 0, WAIT_NOT_FINAL);
	begin();
	canary.oracle_listed = false;
	expect(decide_canary(&canary), ACT_SIMULATE, STEP_CANARY_COMMIT, 0);
	canary.candidate_known = false;
	expect(decide_canary(&canary), ACT_WAIT, 0, WAIT_NO_ORACLE);
	/* Each commit costs a fee: not again and again. */
	canary.candidate_known = true;
	canary.recommit = (struct attempts){ 1, NOW_MS };
	expect(decide_canary(&canary), ACT_WAIT, 0, WAIT_NO_ORACLE);
}

static void test_canary_is_made(void **unused)
{
	(void)unused;
	begin();
	canary.presence = ABSENT;
	expect(decide_canary(&canary), ACT_SIMULATE, STEP_CANARY_INIT, 0);
	simulated(&canary.own, STEP_CANARY_INIT, true);
	expect(decide_canary(&canary), ACT_OPEN, STEP_CANARY_INIT, 0);
	out(&canary.own, STEP_CANARY_INIT, ROW_LANDED);
	expect(decide_canary(&canary), ACT_WAIT, 0, WAIT_NOT_FINAL);
}

static void test_canary_rests(void **unused)
{
	(void)unused;
	begin();
	canary.wanted = false;
	expect(decide_canary(&canary), ACT_WAIT, 0, WAIT_NONE);
	out(&canary.own, STEP_CANARY_COMMIT, ROW_OPEN);
	expect(decide_canary(&canary), ACT_SEND, STEP_CANARY_COMMIT, 0);
	base.around.leader = false;
	expect(decide_canary(&canary), ACT_WAIT, 0, WAIT_NOT_THE_LEADER);
	begin();
	base.around.stopping = true;
	expect(decide_canary(&canary), ACT_WAIT, 0, WAIT_STOPPING);
}

static void test_canary_reads_first(void **unused)
{
	(void)unused;
	begin();
	canary.at.n = 0;
	expect(decide_canary(&canary), ACT_READ, 0, 0);
	begin();
	canary.own.settle.rows.floor.n = SLOT + 1;
	expect(decide_canary(&canary), ACT_READ, 0, 0);
	begin();
	canary.read_ms = NOW_MS - POLICY_FRESH_MS - 1;
	expect(decide_canary(&canary), ACT_READ, 0, 0);
	canary.own.read = (struct attempts){ 1, NOW_MS };
	expect(decide_canary(&canary), ACT_WAIT, 0, WAIT_NODES_SILENT);
}

static void test_ata_is_made_once(void **unused)
{
	(void)unused;
	begin();
	expect(decide_ata(&ata), ACT_SIMULATE, STEP_CREATE_ATA, 0);
	simulated(&ata.own, STEP_CREATE_ATA, true);
	expect(decide_ata(&ata), ACT_OPEN, STEP_CREATE_ATA, 0);
	simulated(&ata.own, STEP_CREATE_ATA, false);
	expect(decide_ata(&ata), ACT_WAIT, 0, WAIT_SIMULATION_FAILED);
	out(&ata.own, STEP_CREATE_ATA, ROW_LANDED);
	expect(decide_ata(&ata), ACT_WAIT, 0, WAIT_NOT_FINAL);
	ata.presence = PRESENT;
	expect(decide_ata(&ata), ACT_WAIT, 0, WAIT_OVER);
	out(&ata.own, STEP_CREATE_ATA, ROW_OPEN);
	expect(decide_ata(&ata), ACT_SEND, STEP_CREATE_ATA, 0);
}

static void test_ata_waits(void **unused)
{
	(void)unused;
	begin();
	ata.wanted = false;
	expect(decide_ata(&ata), ACT_WAIT, 0, WAIT_OVER);
	begin();
	ata.at.n = 0;
	expect(decide_ata(&ata), ACT_READ, 0, 0);
	ata.own.read = (struct attempts){ 1, NOW_MS };
	expect(decide_ata(&ata), ACT_WAIT, 0, WAIT_NODES_SILENT);
	begin();
	ata.own.settle.rows.floor.n = SLOT + 1;
	expect(decide_ata(&ata), ACT_READ, 0, 0);
	base.around.stopping = true;
	expect(decide_ata(&ata), ACT_WAIT, 0, WAIT_STOPPING);
	base.around.leader = false;
	expect(decide_ata(&ata), ACT_WAIT, 0, WAIT_NOT_THE_LEADER);
}

/* What bound pools need stays in the wallet, and what one creator's pools may cost holds here too. */
static void test_ata_costs(void **unused)
{
	(void)unused;
	begin();
	base.around.bound = 1;
	ata.wallet.n = 10000000 + 2 * 3000000 + 2000000;
	expect(decide_ata(&ata), ACT_SIMULATE, STEP_CREATE_ATA, 0);
	ata.wallet.n--;
	expect(decide_ata(&ata), ACT_WAIT, 0, WAIT_WALLET_LOW);
	begin();
	base.around.ata_cost.n = 0;
	expect(decide_ata(&ata), ACT_WAIT, 0, WAIT_WALLET_LOW);
	begin();
	ata.creator.atas = 13;
	expect(decide_ata(&ata), ACT_SIMULATE, STEP_CREATE_ATA, 0);
	ata.creator.atas = 14;
	expect(decide_ata(&ata), ACT_WAIT, 0, WAIT_CREATOR_CAP);
	ata.creator.known = false;
	expect(decide_ata(&ata), ACT_WAIT, 0, WAIT_JOURNAL_SILENT);
	base.policy.creator_day_lamports = 0;
	expect(decide_ata(&ata), ACT_SIMULATE, STEP_CREATE_ATA, 0);
	/* A row that may be on chain is paid for already. */
	ata.wallet.n = 0;
	out(&ata.own, STEP_CREATE_ATA, ROW_OPEN);
	expect(decide_ata(&ata), ACT_SEND, STEP_CREATE_ATA, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canary_is_asked),
		cmocka_unit_test(test_canary_moves_on),
		cmocka_unit_test(test_canary_is_made),
		cmocka_unit_test(test_canary_rests),
		cmocka_unit_test(test_canary_reads_first),
		cmocka_unit_test(test_ata_is_made_once),
		cmocka_unit_test(test_ata_waits),
		cmocka_unit_test(test_ata_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
