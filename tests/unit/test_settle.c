/* What happens to signed transactions: each state of a row, and each thing that nodes can say about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/settle.h"

enum { VALID = 1000, NOW = 100000, RESEND = 2000 };

struct settle_case {
	const char *name;
	enum row_state state;
	enum step step;
	struct sight seen; /* .of is filled in                                    */
	bool of_another, away, lone;
	bool past; /* the chain is past the blockhash's life              */
	unsigned witnesses;
	uint64_t sent_ms;
	enum act kind;
	enum row_state outcome;
	enum reason reason;
};

#define SEEN .asked = true
#define FOUND SEEN, .found = true
#define CONFIRMED_AT FOUND, .confirmed = true
#define FINAL_AT CONFIRMED_AT, .finalized = true

static const struct settle_case CASES[] = {
	{ .name = "never sent", .state = ROW_OPEN, .kind = ACT_SEND },
	{ .name = "sent just now", .state = ROW_OPEN, .sent_ms = NOW - 1, .kind = ACT_WAIT, .reason = WAIT_IN_FLIGHT },
	{ .name = "sent a while ago", .state = ROW_OPEN, .sent_ms = NOW - RESEND, .kind = ACT_SEND },
	{ .name = "processed only",
		.state = ROW_OPEN,
		.seen = { FOUND },
		.sent_ms = NOW,
		.kind = ACT_WAIT,
		.reason = WAIT_IN_FLIGHT },
	{ .name = "confirmed", .state = ROW_OPEN, .seen = { CONFIRMED_AT }, .kind = ACT_CLOSE, .outcome = ROW_LANDED },
	{ .name = "confirmed, failed",
		.state = ROW_OPEN,
		.seen = { CONFIRMED_AT, .failed = true },
		.kind = ACT_CLOSE,
		.outcome = ROW_LANDED },
	{ .name = "final", .state = ROW_OPEN, .seen = { FINAL_AT }, .kind = ACT_CLOSE, .outcome = ROW_FINAL },
	{ .name = "final, failed",
		.state = ROW_OPEN,
		.seen = { FINAL_AT, .failed = true },
		.kind = ACT_CLOSE,
		.outcome = ROW_FAILED },
	{ .name = "a claim, final says one node of two",
		.step = STEP_PAY_REFERRAL,
		.state = ROW_LANDED,
		.witnesses = 2,
		.seen = { FINAL_AT, .final_by = { 1, 0 } },
		.kind = ACT_NONE },
	{ .name = "an anchor, final says one node of two",
		.step = STEP_ANCHOR,
		.state = ROW_LANDED,
		.witnesses = 2,
		.seen = { FINAL_AT, .final_by = { 1, 0 } },
		.kind = ACT_NONE },
	{ .name = "an anchor, final says the one node that is left",
		.step = STEP_ANCHOR,
		.state = ROW_LANDED,
		.witnesses = 2,
		.lone = true,
		.seen = { FINAL_AT, .final_by = { 1, 0 } },
		.kind = ACT_CLOSE,
		.outcome = ROW_FINAL },
	{ .name = "a claim, failed says one node of two",
		.step = STEP_PAY_REFERRAL,
		.state = ROW_LANDED,
		.witnesses = 2,
		.seen = { FINAL_AT, .failed = true, .final_by = { 0, 1 } },
		.kind = ACT_NONE },
	{ .name = "a claim that is out, failed says one node of two",
		.step = STEP_PAY_REFERRAL,
		.state = ROW_OPEN,
		.witnesses = 2,
		.seen = { FINAL_AT, .failed = true, .final_by = { 0, 1 } },
		.kind = ACT_CLOSE,
		.outcome = ROW_LANDED },
	{ .name = "a claim, final say two",
		.step = STEP_PAY_REFERRAL,
		.state = ROW_LANDED,
		.witnesses = 2,
		.seen = { FINAL_AT, .failed = true, .final_by = { 2, 1 } },
		.kind = ACT_CLOSE,
		.outcome = ROW_FINAL },
	{ .name = "a claim, failed say two",
		.step = STEP_PAY_REFERRAL,
		.state = ROW_OPEN,
		.witnesses = 2,
		.seen = { FINAL_AT, .final_by = { 0, 2 } },
		.kind = ACT_CLOSE,
		.outcome = ROW_FAILED },
	{ .name = "a claim, each says something else",
		.step = STEP_PAY_REFERRAL,
		.state = ROW_LANDED,
		.witnesses = 2,
		.seen = { FINAL_AT, .final_by = { 1, 1 } },
		.kind = ACT_HALT,
		.reason = WAIT_REFERRAL_DISPUTED },
	{ .name = "a claim, the other one does not know it",
		.step = STEP_PAY_REFERRAL,
		.state = ROW_LANDED,
		.witnesses = 2,
		.seen = { FINAL_AT, .final_by = { 1, 0 }, .gone_by = 1 },
		.kind = ACT_HALT,
		.reason = WAIT_REFERRAL_DISPUTED },
	{ .name = "a claim, the only node says final",
		.step = STEP_PAY_REFERRAL,
		.state = ROW_LANDED,
		.seen = { FINAL_AT, .final_by = { 1, 0 } },
		.kind = ACT_CLOSE,
		.outcome = ROW_FINAL },
	{ .name = "R6 another one is final",
		.state = ROW_OPEN,
		.seen = { FINAL_AT },
		.of_another = true,
		.sent_ms = NOW,
		.kind = ACT_WAIT,
		.reason = WAIT_IN_FLIGHT },
	{ .name = "over", .state = ROW_OPEN, .past = true, .kind = ACT_PROVE, .reason = WAIT_PROVING_EXPIRY },
	{ .name = "over, history is short",
		.state = ROW_OPEN,
		.past = true,
		.seen = { SEEN, .pruned = true },
		.kind = ACT_PROVE,
		.reason = WAIT_HISTORY_PRUNED },
	{ .name = "R3 not found is no proof",
		.state = ROW_OPEN,
		.past = true,
		.seen = { SEEN },
		.kind = ACT_PROVE,
		.reason = WAIT_PROVING_EXPIRY },
	{ .name = "proven by the only node",
		.state = ROW_OPEN,
		.past = true,
		.seen = { SEEN, .absent_by = 1 },
		.kind = ACT_CLOSE,
		.outcome = ROW_EXPIRED },
	{ .name = "proven by one of two",
		.state = ROW_OPEN,
		.past = true,
		.witnesses = 2,
		.seen = { SEEN, .absent_by = 1 },
		.kind = ACT_PROVE,
		.reason = WAIT_PROVING_EXPIRY },
	{ .name = "proven by both",
		.state = ROW_OPEN,
		.past = true,
		.witnesses = 2,
		.seen = { SEEN, .absent_by = 2 },
		.kind = ACT_CLOSE,
		.outcome = ROW_EXPIRED },
	{ .name = "one left, guarded",
		.state = ROW_OPEN,
		.past = true,
		.witnesses = 2,
		.lone = true,
		.seen = { SEEN, .absent_by = 1 },
		.kind = ACT_CLOSE,
		.outcome = ROW_EXPIRED },
	{ .name = "one left, not guarded",
		.state = ROW_OPEN,
		.step = STEP_RECOMMIT,
		.past = true,
		.witnesses = 2,
		.lone = true,
		.seen = { SEEN, .absent_by = 1 },
		.kind = ACT_PROVE,
		.reason = WAIT_PROVING_EXPIRY },
	{ .name = "found after all",
		.state = ROW_OPEN,
		.past = true,
		.seen = { FOUND, .absent_by = 1 },
		.kind = ACT_PROVE,
		.reason = WAIT_PROVING_EXPIRY },
	{ .name = "stands", .state = ROW_LANDED, .kind = ACT_NONE },
	{ .name = "stands, confirmed", .state = ROW_LANDED, .seen = { CONFIRMED_AT }, .kind = ACT_NONE },
	{ .name = "landed, final", .state = ROW_LANDED, .seen = { FINAL_AT }, .kind = ACT_CLOSE, .outcome = ROW_FINAL },
	{ .name = "landed, final, failed",
		.state = ROW_LANDED,
		.seen = { FINAL_AT, .failed = true },
		.kind = ACT_CLOSE,
		.outcome = ROW_FAILED },
	{ .name = "landed, another one is gone",
		.state = ROW_LANDED,
		.seen = { SEEN, .gone_by = 1 },
		.of_another = true,
		.kind = ACT_NONE },
	{ .name = "R9 gone", .state = ROW_LANDED, .seen = { SEEN, .gone_by = 1 }, .kind = ACT_REOPEN },
	{ .name = "gone says one of two",
		.state = ROW_LANDED,
		.witnesses = 2,
		.seen = { SEEN, .gone_by = 1 },
		.kind = ACT_NONE },
	{ .name = "stale is never sent", .state = ROW_STALE, .kind = ACT_WAIT, .reason = WAIT_STALE_SUCCESSOR },
	{ .name = "stale, landed again",
		.state = ROW_STALE,
		.seen = { CONFIRMED_AT },
		.kind = ACT_WAIT,
		.reason = WAIT_STALE_SUCCESSOR },
	{ .name = "stale, final", .state = ROW_STALE, .seen = { FINAL_AT }, .kind = ACT_CLOSE, .outcome = ROW_FINAL },
	{ .name = "stale, over", .state = ROW_STALE, .past = true, .kind = ACT_PROVE, .reason = WAIT_PROVING_EXPIRY },
	{ .name = "stale, over, found",
		.state = ROW_STALE,
		.past = true,
		.seen = { FOUND },
		.kind = ACT_WAIT,
		.reason = WAIT_STALE_SUCCESSOR },
	{ .name = "stale, proven",
		.state = ROW_STALE,
		.past = true,
		.seen = { SEEN, .absent_by = 1 },
		.kind = ACT_CLOSE,
		.outcome = ROW_EXPIRED },
	{ .name = "final row", .state = ROW_FINAL, .seen = { SEEN, .gone_by = 1 }, .kind = ACT_NONE },
	{ .name = "failed row", .state = ROW_FAILED, .kind = ACT_NONE },
	{ .name = "expired row", .state = ROW_EXPIRED, .past = true, .kind = ACT_NONE },
	{ .name = "away, landing waits", .state = ROW_OPEN, .away = true, .seen = { CONFIRMED_AT }, .kind = ACT_NONE },
	{ .name = "away, gone waits",
		.state = ROW_LANDED,
		.away = true,
		.seen = { SEEN, .gone_by = 1 },
		.kind = ACT_NONE },
	{ .name = "away, open is sent", .state = ROW_OPEN, .away = true, .kind = ACT_SEND },
};

static void add(struct settle_facts *f, enum row_state state, enum step step)
{
	struct row *row = &f->rows.row[f->rows.n++];

	*row = (struct row){ .seq = f->rows.n, .state = state, .step = step, .last_valid = { VALID } };
	row->sig.b[0] = (uint8_t)row->seq;
	f->rows.last_seq = row->seq;
}

static void fill(struct settle_facts *f, const struct settle_case *c)
{
	*f = (struct settle_facts){
		.now_ms = NOW, .resend_ms = RESEND, .sent_ms = c->sent_ms, .journal_away = c->away, .lone_node = c->lone
	};
	f->witnesses = c->witnesses ? c->witnesses : 1;
	f->tip.confirmed_height.n = VALID + (c->past ? 1 : 0);
	add(f, c->state, c->step);
	f->sight[0] = c->seen;
	f->sight[0].of.b[0] = c->of_another ? 99 : 1;
}

static void test_one_row(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		const struct settle_case *c = &CASES[i];
		struct settle_facts f;
		struct action a;

		fill(&f, c);
		a = settle(&f);
		if (a.kind != c->kind || a.outcome != c->outcome || a.reason != c->reason)
			fail_msg("%s: kind %d outcome %d reason %s", c->name, (int)a.kind, (int)a.outcome,
				REASONS[a.reason].name);
		if (a.kind != ACT_NONE && a.kind != ACT_WAIT && a.kind != ACT_HALT)
			assert_int_equal(a.seq, 1);
	}
}

/* What failed, where it landed and how goes into the row. */
static void test_close_carries_what_was_seen(void **unused)
{
	struct settle_facts f = { .witnesses = 1 };
	struct action a;

	(void)unused;
	add(&f, ROW_OPEN, STEP_DRAW);
	f.sight[0] = (struct sight){ CONFIRMED_AT, .of = f.rows.row[0].sig, .failed = true, .landed = { 55 },
		.failure = { 4, true, 6040 } };
	a = settle(&f);
	assert_int_equal(a.kind, ACT_CLOSE);
	assert_int_equal(a.landed.n, 55);
	assert_true(a.failed && a.failure.ix == 4 && a.failure.custom && a.failure.code == 6040);
	assert_int_equal(a.step, STEP_DRAW);
}

static void see(struct settle_facts *f, unsigned row, struct sight seen)
{
	seen.of = f->rows.row[row].sig;
	f->sight[row] = seen;
}

static void test_order_of_rows(void **unused)
{
	struct settle_facts f = { .witnesses = 1, .now_ms = NOW, .resend_ms = RESEND };
	struct action a;

	(void)unused;
	/* R9: the row that vanished is sent again although its successor only waits, */
	add(&f, ROW_OPEN, STEP_BIND);
	add(&f, ROW_STALE, STEP_DRAW);
	a = settle(&f);
	assert_true(a.kind == ACT_SEND && a.seq == 1);
	/* and nothing new is opened while they are out. */
	f.sent_ms = NOW;
	a = settle(&f);
	assert_true(a.kind == ACT_WAIT && a.reason == WAIT_IN_FLIGHT);
	/* Waiting for the first does not hide what is known about the second. */
	see(&f, 1, (struct sight){ FINAL_AT });
	a = settle(&f);
	assert_true(a.kind == ACT_CLOSE && a.seq == 2 && a.outcome == ROW_FINAL);
	/* The lower row goes first. */
	see(&f, 0, (struct sight){ FINAL_AT });
	a = settle(&f);
	assert_true(a.kind == ACT_CLOSE && a.seq == 1);
}

static void test_all_closed(void **unused)
{
	static const bool CLOSED[ROW_STATES] = { [ROW_FINAL] = true, [ROW_FAILED] = true, [ROW_EXPIRED] = true };
	struct settle_facts f = { .witnesses = 1 };

	(void)unused;
	assert_true(settle_all_closed(&f.rows));
	add(&f, ROW_FINAL, STEP_BIND);
	add(&f, ROW_FINAL, STEP_DRAW);
	for (unsigned state = 0; state < ROW_STATES; state++) {
		f.rows.row[1].state = (enum row_state)state;
		assert_int_equal(settle_all_closed(&f.rows), CLOSED[state]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_row),
		cmocka_unit_test(test_close_carries_what_was_seen),
		cmocka_unit_test(test_order_of_rows),
		cmocka_unit_test(test_all_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
