/* Draws of the database: one thing at a time in the one order, every doubt waits, and at the deadline the wait is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/offchain.h"
#include "unit/decide_fixture.h"

enum { S = 5000, NOW_S = 1692806000, D = NOW_S + 600 };

static struct fixture base;
static struct offchain_facts f;
static struct anchor_facts anchor;

/* Just locked, everything there, nothing known yet. */
static void begin(void)
{
	fixture_due(&base);
	f = (struct offchain_facts){ .around = &base.around,
		.row = { .state = OFFCHAIN_LOCKED, .n = 10, .slot = { S }, .deadline_s = D, .now_ms = NOW_S * 1000LL },
		.row_ms = NOW_MS,
		.tip = { .confirmed_slot = { S - 100 }, .finalized_slot = { S - 132 } },
		.chain_ms = NOW_S * 1000LL,
		.witnesses = 2,
		.source_known = true,
		.has_key = true };
	base.around.leader = true;
}

static void expect(enum offchain_act act)
{
	assert_int_equal(decide_offchain(&f).act, act);
}

static void expect_wait(enum reason reason)
{
	const struct offchain_action a = decide_offchain(&f);

	assert_int_equal(a.act, OFFCHAIN_WAIT);
	if (a.reason != reason)
		fail_msg("waits for %s, not for %s", REASONS[a.reason].name, REASONS[reason].name);
}

/* Up to and with one of the things that are recorded, in their order. */
static void anchored(void)
{
	begin();
	f.row.anchored = true;
	f.tip.finalized_slot.n = S;
}

static void with_block(void)
{
	anchored();
	f.row.block_slot.n = S + 1;
	f.row.round = 1000;
	f.row.due_s = NOW_S - 1;
}

static void with_beacon(void)
{
	with_block();
	f.row.beacon_known = true;
}

static void with_beta(void)
{
	with_beacon();
	f.row.beta_known = true;
}

static void test_each_thing_in_its_order(void **unused)
{
	(void)unused;
	begin();
	expect_wait(WAIT_OFFCHAIN_ANCHOR);
	assert_true(offchain_wants_anchor(&f));
	f.row.memo.b[0] = 1;
	f.row.memo_slot.n = S - 1;
	expect(OFFCHAIN_NOTE_ANCHOR);
	assert_false(offchain_wants_anchor(&f));
	anchored();
	expect(OFFCHAIN_READ_BLOCK);
	f.block_found = true;
	expect(OFFCHAIN_NOTE_BLOCK);
	with_block();
	expect(OFFCHAIN_ASK_BEACON);
	f.beacon_found = true;
	expect(OFFCHAIN_NOTE_BEACON);
	with_beacon();
	expect(OFFCHAIN_PROVE);
	with_beta();
	expect(OFFCHAIN_READ_ENTRIES);
	f.picked = true;
	expect(OFFCHAIN_DRAW);
	f.row.state = OFFCHAIN_DRAWN;
	expect(OFFCHAIN_SETTLE);
	f.row.state = OFFCHAIN_SETTLED;
	expect_wait(WAIT_OVER);
	f.row.state = OFFCHAIN_DEFAULTED;
	expect(OFFCHAIN_REFUND);
	f.row.state = OFFCHAIN_REFUNDED;
	expect_wait(WAIT_OVER);
}

static void test_a_memo_in_slot_s_is_none(void **unused)
{
	(void)unused;
	begin();
	f.row.memo.b[0] = 1;
	f.row.memo_slot.n = S;
	expect_wait(WAIT_OFFCHAIN_ANCHOR_LATE);
	begin();
	f.tip.confirmed_slot.n = S + OFFCHAIN_ANCHOR_SETTLED - 1; /* what is out may have landed before S */
	expect_wait(WAIT_OFFCHAIN_ANCHOR);
	f.tip.confirmed_slot.n++;
	expect_wait(WAIT_OFFCHAIN_ANCHOR_LATE);
	assert_false(offchain_wants_anchor(&f));
}

static void test_nothing_is_read_before_its_time(void **unused)
{
	(void)unused;
	anchored();
	f.tip.finalized_slot.n = S - 1;
	expect_wait(WAIT_OFFCHAIN_SLOT);
	with_block();
	f.row.due_s = NOW_S + 30;
	expect_wait(WAIT_OFFCHAIN_ROUND);
	assert_int_equal(decide_offchain(&f).until_ms, NOW_MS + 30000);
	base.around.now_ms += 30000;
	expect(OFFCHAIN_ASK_BEACON);
}

/* Only what runs a statement of the source waits for it, and a draw that is halted says so. */
static void test_a_slow_source_is_left_alone(void **unused)
{
	(void)unused;
	with_beta();
	f.picked = true;
	f.source = (struct attempts){ .failures = 2, .last_ms = NOW_MS };
	expect(OFFCHAIN_DRAW);
	f.row.state = OFFCHAIN_DRAWN;
	expect_wait(WAIT_OFFCHAIN_SOURCE);
	assert_int_equal(decide_offchain(&f).until_ms, NOW_MS + 10000);
	f.row.state = OFFCHAIN_DEFAULTED;
	expect_wait(WAIT_OFFCHAIN_SOURCE);
	f.refused = true;
	f.statement = (struct attempts){ .failures = 1, .last_ms = NOW_MS };
	expect_wait(WAIT_OFFCHAIN_HALTED);
	base.around.now_ms += 60000;
	expect(OFFCHAIN_REFUND);
	f.source = (struct attempts){ .failures = 30, .last_ms = base.around.now_ms };
	expect_wait(WAIT_OFFCHAIN_SOURCE);
	assert_int_equal(decide_offchain(&f).until_ms, base.around.now_ms + 600000);
}

static void test_whose_turn_is_first(void **unused)
{
	struct offchain_facts other;

	(void)unused;
	begin();
	other = f;
	other.row.deadline_s++;
	assert_true(offchain_order(&f, &other) < 0 && offchain_order(&other, &f) > 0);
	f.source.failures = 1; /* the other's deadline is later, but its source is well */
	assert_true(offchain_order(&f, &other) > 0 && offchain_order(&other, &f) < 0);
	other.source.failures = 9;
	assert_true(offchain_order(&f, &other) < 0 && offchain_order(&other, &f) > 0);
	other.row.deadline_s--;
	assert_int_equal(offchain_order(&f, &other), 0);
}

/* The database's clock, carried on by ours. */
static void test_at_the_deadline_the_wait_is_over(void **unused)
{
	void (*const until[])(void) = { begin, anchored, with_block, with_beacon };

	(void)unused;
	for (size_t i = 0; i < sizeof until / sizeof until[0]; i++) {
		until[i]();
		f.chain_ms += 600000;
		base.around.now_ms += 600000 - 1;
		assert_int_not_equal(decide_offchain(&f).act, OFFCHAIN_DEFAULT);
		base.around.now_ms++;
		expect(OFFCHAIN_DEFAULT);
	}
	with_beta(); /* its value is known: it is drawn, however late */
	base.around.now_ms += 600000;
	expect(OFFCHAIN_READ_ENTRIES);
	with_beacon(); /* without a VRF nobody can withhold a value once the round is known */
	f.row.beacon = true;
	base.around.now_ms += 600000;
	expect(OFFCHAIN_PROVE);
	with_block();
	f.row.beacon = true;
	f.chain_ms += 600000;
	base.around.now_ms += 600000;
	expect(OFFCHAIN_DEFAULT);
}

/* A minute apart they agree, one millisecond more and nobody knows whether D is past: what can be done goes on. */
static void test_no_default_while_the_clocks_differ(void **unused)
{
	static const int64_t agree[] = { D * 1000LL - 60000, D * 1000LL, D * 1000LL + 60000 };
	static const int64_t differ[] = { 0, NOW_S * 1000LL, D * 1000LL - 60001, D * 1000LL + 60001 };

	(void)unused;
	for (size_t i = 0; i < sizeof agree / sizeof agree[0]; i++) {
		begin();
		base.around.now_ms += 600000;
		f.chain_ms = agree[i];
		expect(OFFCHAIN_DEFAULT);
		assert_false(offchain_wants_anchor(&f));
	}
	for (size_t i = 0; i < sizeof differ / sizeof differ[0]; i++) {
		begin();
		base.around.now_ms += 600000;
		f.chain_ms = differ[i];
		expect_wait(WAIT_OFFCHAIN_CLOCKS);
		assert_true(offchain_wants_anchor(&f));
		anchored();
		base.around.now_ms += 600000;
		f.chain_ms = differ[i];
		expect(OFFCHAIN_READ_BLOCK);
		with_beacon();
		base.around.now_ms += 600000;
		f.chain_ms = differ[i];
		expect(OFFCHAIN_PROVE);
	}
	begin(); /* before D the clocks hold nothing up */
	f.chain_ms = 0;
	expect_wait(WAIT_OFFCHAIN_ANCHOR);
	assert_false(offchain_clocks_agree(0, 0));
}

/* Whoever knows the round and then names the block names the winner: only a VRF keeps a lone node from that. */
static void test_without_a_vrf_one_node_is_not_enough(void **unused)
{
	(void)unused;
	anchored();
	f.witnesses = 1;
	expect(OFFCHAIN_READ_BLOCK);
	f.row.beacon = f.block_found = true;
	expect_wait(WAIT_OFFCHAIN_WITNESS);
	f.witnesses = 2;
	expect(OFFCHAIN_NOTE_BLOCK);
}

/* ---- what is due ---- */

static struct offchain_lock_facts lock_facts(void)
{
	begin();
	base.around.audit_clear = true;
	return (struct offchain_lock_facts){ .around = &base.around,
		.database_ms = NOW_S * 1000LL,
		.chain_ms = NOW_S * 1000LL,
		.tip_fresh = true,
		.can_anchor = true,
		.has_room = true,
		.nodes_show = true };
}

static void expect_lock(const struct offchain_lock_facts *l, enum reason reason, bool all)
{
	const enum reason got = offchain_may_lock(l);

	if (got != reason)
		fail_msg("waits for %s, not for %s", REASONS[got].name, REASONS[reason].name);
	assert_int_equal(offchain_waits_for_all(got), all);
}

/* Each alone, and the nodes last: they are asked for nothing that would not be locked then. */
static void test_what_is_due_is_locked_when_nothing_stands_in_the_way(void **unused)
{
	const struct attempts failed = { .failures = 1, .last_ms = NOW_MS };
	struct offchain_lock_facts l = lock_facts();

	(void)unused;
	expect_lock(&l, WAIT_NONE, false);
	l.nodes_show = false;
	expect_lock(&l, WAIT_OFFCHAIN_NODES, true);
	l.tried = failed;
	expect_lock(&l, WAIT_OFFCHAIN_NOT_LOCKED, false);
	l.source = failed;
	expect_lock(&l, WAIT_OFFCHAIN_SOURCE, false);
	l.has_room = false;
	expect_lock(&l, WAIT_OFFCHAIN_ROOM, false);
	l.chain_ms += 60001;
	expect_lock(&l, WAIT_OFFCHAIN_CLOCKS, true);
	l.can_anchor = false;
	expect_lock(&l, WAIT_WALLET_LOW, true);
	base.around.audit_clear = false;
	expect_lock(&l, WAIT_OFFCHAIN_AUDIT, true);
	l.tip_fresh = false;
	expect_lock(&l, WAIT_NODES_SILENT, true);
	l = lock_facts();
	l.tried = failed;
	base.around.now_ms += OFFCHAIN_SOURCE_BASE_MS;
	expect_lock(&l, WAIT_NONE, false);
	l.chain_ms -= 60001;
	expect_lock(&l, WAIT_OFFCHAIN_CLOCKS, true);
	l.chain_ms = 0;
	expect_lock(&l, WAIT_OFFCHAIN_CLOCKS, true);
}

static void test_what_is_missing_waits(void **unused)
{
	(void)unused;
	with_beacon();
	f.has_key = false;
	expect_wait(WAIT_OFFCHAIN_KEY);
	f.row.beacon = true;
	expect(OFFCHAIN_PROVE);
	with_beta();
	f.row.state = OFFCHAIN_DRAWN;
	f.source_known = false;
	expect_wait(WAIT_OFFCHAIN_NO_SOURCE);
	f.row.state = OFFCHAIN_DEFAULTED;
	expect_wait(WAIT_OFFCHAIN_NO_SOURCE);
	begin();
	base.around.leader = false;
	expect_wait(WAIT_NOT_THE_LEADER);
	begin();
	base.around.stopping = true;
	expect_wait(WAIT_STOPPING);
}

static void test_nodes_and_relays_are_asked_again_later(void **unused)
{
	(void)unused;
	anchored();
	attempts_note(&f.block, NOW_MS, false);
	expect_wait(WAIT_OFFCHAIN_SLOT);
	f.block_sight = BLOCK_BY_ONE_NODE;
	expect_wait(WAIT_OFFCHAIN_ONE_NODE);
	f.block_sight = BLOCK_NODES_DIFFER;
	expect_wait(WAIT_OFFCHAIN_NODES_DIFFER);
	base.around.now_ms += 1000;
	expect(OFFCHAIN_READ_BLOCK);
	with_block();
	attempts_note(&f.beacon, NOW_MS, false);
	expect_wait(WAIT_OFFCHAIN_RELAYS);
	base.around.now_ms += 1000;
	expect(OFFCHAIN_ASK_BEACON);
}

static void test_refused_is_told_and_tried_a_minute_later(void **unused)
{
	(void)unused;
	with_beta();
	f.row.state = OFFCHAIN_DRAWN;
	attempts_note(&f.statement, NOW_MS, false);
	expect_wait(WAIT_OFFCHAIN_RETRY);
	base.around.now_ms = NOW_MS + 1000;
	expect(OFFCHAIN_SETTLE);
	f.refused = f.to_tell = true;
	expect(OFFCHAIN_TELL_HALT);
	f.to_tell = false;
	expect_wait(WAIT_OFFCHAIN_HALTED);
	base.around.now_ms = NOW_MS + 60000;
	expect(OFFCHAIN_SETTLE);
}

static void test_a_large_draw_waits_for_bound_pools(void **unused)
{
	(void)unused;
	with_beta();
	f.bound = true;
	expect(OFFCHAIN_READ_ENTRIES);
	f.row.n = OFFCHAIN_LARGE;
	expect_wait(WAIT_DRAWS_FIRST);
	f.bound = false;
	expect(OFFCHAIN_READ_ENTRIES);
}

static int64_t time_of(uint64_t round)
{
	int64_t at;

	assert_true(drand_time_of(&at, &DRAND_QUICKNET, round));
	return at;
}

/* For every second of some minutes: on the grid, far enough from lock and from S, and no grid point earlier would do. */
static void test_terms_of_a_lock(void **unused)
{
	static const unsigned allowances[] = { 5, 90 };

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		for (int64_t s = 0; s < 200; s++) {
			const unsigned a = allowances[i];
			const int64_t now_s = NOW_S + s;
			const struct offchain_terms t = offchain_terms_of((struct slot){ 777 }, now_s * 1000, a);
			const int64_t slot_s = now_s + (int64_t)(t.slot.n - 777) * 2 / 5, due_s = time_of(t.round);
			const int64_t lock_s = now_s + a + 120, after_s = slot_s + 60;

			assert_int_equal(t.slot.n, 777 + 150 + 5 * a);
			assert_int_equal(t.round % 20, 0);
			assert_true(due_s >= lock_s && due_s >= after_s);
			assert_true(due_s - 60 < lock_s || due_s - 60 < after_s + 1);
		}
	}
	assert_int_equal(offchain_terms_of((struct slot){ 0 }, 1692806364000 - 130000, 5).round, 1000);
	assert_int_equal(offchain_terms_of((struct slot){ 0 }, 1692806364000 - 129999, 5).round, 1020);
}

static void test_beta_without_a_vrf(void **unused)
{
	uint8_t alpha[ALPHA_SIZE];
	struct ecvrf_beta beta;
	const struct bytes part = { alpha, ALPHA_SIZE };
	uint8_t want[CRYPTO_SHA512_SIZE];

	(void)unused;
	with_beacon();
	offchain_alpha(alpha, &f.row);
	assert_memory_equal(alpha, "PFDRAW01", 8);
	offchain_beacon_beta(&beta, alpha);
	crypto_sha512(want, &part, 1);
	assert_memory_equal(beta.b, want, sizeof want);
}

/* ---- the memo ---- */

static void begin_anchor(void)
{
	fixture_due(&base);
	anchor = (struct anchor_facts){ .chore = { .policy = &base.policy, .around = &base.around, .own = base.f.own },
		.before = { S },
		.confirmed = { S - 100 } };
	anchor.chore.own.price_known = true;
	anchor.chore.at.n = SLOT;
	anchor.chore.read_ms = NOW_MS - 100;
	anchor.chore.own.simulation = (struct simulation_fact){
		.done = true, .step = STEP_ANCHOR, .basis = { SLOT }, .ok = true
	};
}

static void test_a_memo_is_opened_while_it_can_be_in_time(void **unused)
{
	(void)unused;
	begin_anchor();
	assert_int_equal(decide_anchor(&anchor).kind, ACT_OPEN);
	assert_int_equal(decide_anchor(&anchor).step, STEP_ANCHOR);
	anchor.confirmed.n = S - OFFCHAIN_ANCHOR_LEAD - 1;
	assert_int_equal(decide_anchor(&anchor).kind, ACT_OPEN);
	anchor.confirmed.n++;
	assert_int_equal(decide_anchor(&anchor).reason, WAIT_OFFCHAIN_ANCHOR_LATE);
	begin_anchor();
	anchor.chore.own.settle.rows = (struct rows){ .n = 1,
		.last_seq = 1,
		.row[0] = { .seq = 1, .step = STEP_ANCHOR, .state = ROW_FINAL, .landed = { S - 50 } } };
	assert_int_equal(decide_anchor(&anchor).reason, WAIT_OVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_thing_in_its_order),
		cmocka_unit_test(test_a_memo_in_slot_s_is_none),
		cmocka_unit_test(test_nothing_is_read_before_its_time),
		cmocka_unit_test(test_a_slow_source_is_left_alone),
		cmocka_unit_test(test_whose_turn_is_first),
		cmocka_unit_test(test_at_the_deadline_the_wait_is_over),
		cmocka_unit_test(test_no_default_while_the_clocks_differ),
		cmocka_unit_test(test_without_a_vrf_one_node_is_not_enough),
		cmocka_unit_test(test_what_is_due_is_locked_when_nothing_stands_in_the_way),
		cmocka_unit_test(test_what_is_missing_waits),
		cmocka_unit_test(test_nodes_and_relays_are_asked_again_later),
		cmocka_unit_test(test_refused_is_told_and_tried_a_minute_later),
		cmocka_unit_test(test_a_large_draw_waits_for_bound_pools),
		cmocka_unit_test(test_terms_of_a_lock),
		cmocka_unit_test(test_beta_without_a_vrf),
		cmocka_unit_test(test_a_memo_is_opened_while_it_can_be_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
