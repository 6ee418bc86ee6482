/* One draw, one decision: until it is bound, what nodes show of it, and what is out for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/decide_fixture.h"

#define CHANGE(name) static void name(struct fixture *x)

/* ---- before BIND ---- */
CHANGE(simulated_bind)
{
	fixture_simulated(x, STEP_BIND, true);
}
CHANGE(simulated_bind_no)
{
	fixture_simulated(x, STEP_BIND, false);
}
CHANGE(no_account)
{
	x->f.account_picked = false;
}
CHANGE(no_slot)
{
	x->f.own.settle.tip = (struct tip){ .confirmed_slot = x->f.own.settle.tip.confirmed_slot };
}
CHANGE(no_price)
{
	x->f.own.price_known = false;
}
CHANGE(old_accounts)
{
	x->f.accounts.read_ms = NOW_MS - POLICY_FRESH_MS - 1;
}
CHANGE(unread)
{
	x->f.view.at.n = 0;
}
CHANGE(below_floor)
{
	x->f.own.settle.rows.floor.n = SLOT + 1;
}
CHANGE(below_floor_paused)
{
	below_floor(x);
	x->f.own.read = (struct attempts){ 1, NOW_MS };
}
CHANGE(accounts_below_view)
{
	x->f.view.at.n = SLOT + 1;
}
CHANGE(accounts_wanted)
{
	x->f.accounts_wanted = true;
}
CHANGE(silent_nodes)
{
	old_accounts(x);
	x->f.own.read = (struct attempts){ 1, NOW_MS };
}
CHANGE(silent_simulation)
{
	x->f.own.simulate = (struct attempts){ 1, NOW_MS };
}
CHANGE(stale_hash)
{
	simulated_bind(x);
	x->around.blockhash_ms = NOW_MS - POLICY_BLOCKHASH_MS - 1;
}
CHANGE(no_hash)
{
	simulated_bind(x);
	x->around.blockhash_known = false;
}
CHANGE(dry_run)
{
	simulated_bind(x);
	x->policy.dry_run = true;
}
CHANGE(failed_before)
{
	simulated_bind(x);
	x->f.own.open = (struct attempts){ 1, NOW_MS };
}
CHANGE(gate_closed)
{
	x->around.canary_fresh = false;
}
CHANGE(pool_gate_closed)
{
	x->f.view.pool.paused = true;
}
CHANGE(unlocked)
{
	x->f.view.pool.status = POOL_UNLOCKED;
	simulated_bind(x);
}
CHANGE(unlocked_paused)
{
	x->f.view.pool.status = POOL_UNLOCKED;
	x->f.view.pool.paused = true;
}
CHANGE(unlocked_paused_old)
{
	unlocked_paused(x);
	old_accounts(x);
}
CHANGE(standby)
{
	x->around.leader = false;
}
CHANGE(stopping)
{
	x->around.stopping = true;
}

/* ---- before the lock time is over ---- */
static void due_in(struct fixture *x, int64_t s)
{
	x->f.view.pool.lock_start_time = CHAIN_S - 60 + s;
}
CHANGE(far)
{
	due_in(x, POLICY_NEAR_S + 1);
}
CHANGE(near)
{
	due_in(x, 10);
}
CHANGE(near_unread)
{
	near(x);
	x->f.accounts.at.n = 0;
}
CHANGE(near_no_ata)
{
	near(x);
	x->f.accounts.dev_ata.presence = ABSENT;
}
CHANGE(near_no_ata_old)
{
	near_no_ata(x);
	old_accounts(x);
}
CHANGE(near_no_ata_paused)
{
	near_no_ata(x);
	pool_gate_closed(x);
}
CHANGE(near_below_floor)
{
	near(x);
	below_floor(x);
}
CHANGE(newer_clock_says_due)
{
	due_in(x, 1);
	x->around.chain_s = x->f.view.chain_s + 1;
	old_accounts(x);
}
CHANGE(newer_clock_says_not_yet)
{
	due_in(x, 3);
	x->around.chain_s = x->f.view.chain_s + 2;
}

CHANGE(open_pool)
{
	x->f.view.pool.status = POOL_OPEN;
}
CHANGE(cancelled)
{
	x->f.view.pool.status = POOL_CANCELLED;
}
CHANGE(closed)
{
	x->f.view.pool.status = POOL_CLOSED;
}
CHANGE(view_missing)
{
	x->f.view.kind = VIEW_MISSING;
}
CHANGE(view_foreign)
{
	x->f.view.kind = VIEW_FOREIGN;
}
CHANGE(view_bad)
{
	x->f.view.kind = VIEW_BAD;
}
CHANGE(view_other)
{
	x->f.view.kind = VIEW_OTHER_DRAW;
}

/* ---- rows ---- */
CHANGE(bind_out)
{
	fixture_row(x, STEP_BIND, ROW_OPEN);
}
CHANGE(bind_out_gate_closed)
{
	bind_out(x);
	gate_closed(x);
}
CHANGE(bind_out_seen_bound)
{
	bind_out(x);
	x->f.view.pool.status = POOL_RANDOMNESS_COMMITTED;
}
CHANGE(bind_out_old_accounts)
{
	bind_out(x);
	old_accounts(x);
}
CHANGE(bind_out_below_floor)
{
	bind_out(x);
	below_floor(x);
}
CHANGE(bind_over)
{
	fixture_row(x, STEP_BIND, ROW_OPEN)->last_valid.n = HEIGHT - 1;
}
CHANGE(bind_over_pruned)
{
	bind_over(x);
	fixture_sight(x)->pruned = true;
}
CHANGE(bind_stale)
{
	fixture_row(x, STEP_BIND, ROW_STALE);
}
CHANGE(payout_final)
{
	fixture_row(x, STEP_PAYOUT, ROW_LANDED);
	*fixture_sight(x) = (struct sight){ .of = x->f.own.settle.rows.row[0].sig,
		.asked = true,
		.found = true,
		.confirmed = true,
		.finalized = true };
}
CHANGE(payout_final_failed)
{
	payout_final(x);
	x->f.own.settle.sight[0].failed = true;
}
CHANGE(bind_final)
{
	payout_final(x);
	x->f.own.settle.rows.row[0].step = STEP_BIND;
}
CHANGE(too_many_rows)
{
	for (int i = 0; i < ROWS_MAX - 1; i++)
		fixture_row(x, STEP_BIND, ROW_LANDED);
}

static const struct decide_case CASES[] = {
	{ "due", fixture_due, NULL, ACT_SIMULATE, STEP_BIND, 0 },
	{ "due, simulated", fixture_due, simulated_bind, ACT_OPEN, STEP_BIND, 0 },
	{ "due, refused", fixture_due, simulated_bind_no, ACT_WAIT, 0, WAIT_SIMULATION_FAILED },
	{ "due, no account", fixture_due, no_account, ACT_PICK_ACCOUNT, 0, 0 },
	{ "due, no recent slot", fixture_due, no_slot, ACT_WAIT, 0, WAIT_NODES_SILENT },
	{ "due, no price", fixture_due, no_price, ACT_ASK_FEES, 0, 0 },
	{ "due, accounts old", fixture_due, old_accounts, ACT_READ, 0, 0 },
	{ "due, accounts older than the view", fixture_due, accounts_below_view, ACT_READ, 0, 0 },
	{ "due, accounts wanted anew", fixture_due, accounts_wanted, ACT_READ, 0, 0 },
	{ "due, nodes silent", fixture_due, silent_nodes, ACT_WAIT, 0, WAIT_NODES_SILENT },
	{ "due, simulation unanswered", fixture_due, silent_simulation, ACT_WAIT, 0, WAIT_NODES_SILENT },
	{ "unread", fixture_due, unread, ACT_READ, 0, 0 },
	{ "R4 view below the floor", fixture_due, below_floor, ACT_READ, 0, 0 },
	{ "R4 still below the floor", fixture_due, below_floor_paused, ACT_WAIT, 0, WAIT_STALE_VIEW },
	{ "due, hash old", fixture_due, stale_hash, ACT_WAIT, 0, WAIT_NODES_SILENT },
	{ "due, no hash", fixture_due, no_hash, ACT_WAIT, 0, WAIT_NODES_SILENT },
	{ "due, dry run", fixture_due, dry_run, ACT_WAIT, 0, WAIT_DRY_RUN },
	{ "due, failed before", fixture_due, failed_before, ACT_WAIT, 0, WAIT_RETRY_LATER },
	{ "due, gate closed", fixture_due, gate_closed, ACT_WAIT, 0, WAIT_CANARY_SILENT },
	{ "due, pool gate closed", fixture_due, pool_gate_closed, ACT_WAIT, 0, WAIT_PAUSED },
	{ "unlocked", fixture_due, unlocked, ACT_OPEN, STEP_BIND, 0 },
	{ "unlocked, paused", fixture_due, unlocked_paused, ACT_WAIT, 0, WAIT_PAUSED },
	{ "unlocked, paused, accounts old", fixture_due, unlocked_paused_old, ACT_WAIT, 0, WAIT_PAUSED },
	{ "standby", fixture_due, standby, ACT_WAIT, 0, WAIT_NOT_THE_LEADER },
	{ "stopping", fixture_due, stopping, ACT_WAIT, 0, WAIT_STOPPING },
	{ "far", fixture_due, far, ACT_WAIT, 0, WAIT_TOO_EARLY },
	{ "near", fixture_due, near, ACT_WAIT, 0, WAIT_TOO_EARLY },
	{ "near, unread", fixture_due, near_unread, ACT_READ, 0, 0 },
	{ "near, no token account", fixture_due, near_no_ata, ACT_WAIT, 0, WAIT_ATA_MISSING },
	{ "near, no token account, paused", fixture_due, near_no_ata_paused, ACT_WAIT, 0, WAIT_PAUSED },
	{ "R4 near, view below the floor", fixture_due, near_below_floor, ACT_READ, 0, 0 },
	{ "near, no token account, old", fixture_due, near_no_ata_old, ACT_READ, 0, 0 },
	{ "due by a newer Clock than the view's", fixture_due, newer_clock_says_due, ACT_READ, 0, 0 },
	{ "not due by the newest Clock", fixture_due, newer_clock_says_not_yet, ACT_WAIT, 0, WAIT_TOO_EARLY },
	{ "open", fixture_due, open_pool, ACT_WAIT, 0, WAIT_OPEN_POOL },
	{ "cancelled", fixture_due, cancelled, ACT_WAIT, 0, WAIT_OVER },
	{ "closed", fixture_due, closed, ACT_WAIT, 0, WAIT_OVER },
	{ "missing", fixture_due, view_missing, ACT_WAIT, 0, WAIT_NO_ACCOUNT },
	{ "foreign", fixture_due, view_foreign, ACT_WAIT, 0, WAIT_NOT_A_POOL },
	{ "bad", fixture_due, view_bad, ACT_WAIT, 0, WAIT_BAD_ACCOUNT },
	{ "another draw", fixture_due, view_other, ACT_WAIT, 0, WAIT_OTHER_POOL_ID },
	{ "BIND out", fixture_due, bind_out, ACT_SEND, STEP_BIND, 0 },
	{ "BIND out, gate closed", fixture_due, bind_out_gate_closed, ACT_WAIT, 0, WAIT_CANARY_SILENT },
	{ "BIND out, bound already", fixture_due, bind_out_seen_bound, ACT_WAIT, 0, WAIT_IN_FLIGHT },
	{ "BIND out, accounts old", fixture_due, bind_out_old_accounts, ACT_READ, 0, 0 },
	{ "R4 BIND out, accounts below the floor", fixture_due, bind_out_below_floor, ACT_READ, 0, 0 },
	{ "BIND over", fixture_due, bind_over, ACT_PROVE, STEP_BIND, WAIT_PROVING_EXPIRY },
	{ "BIND over, pruned", fixture_due, bind_over_pruned, ACT_PROVE, STEP_BIND, WAIT_HISTORY_PRUNED },
	{ "BIND stale", fixture_due, bind_stale, ACT_WAIT, 0, WAIT_STALE_SUCCESSOR },
	{ "BIND final", fixture_due, bind_final, ACT_CLOSE, STEP_BIND, 0 },
	{ "payout final", fixture_due, payout_final, ACT_RECORD, STEP_PAYOUT, 0 },
	{ "payout final, failed", fixture_due, payout_final_failed, ACT_CLOSE, STEP_PAYOUT, 0 },
	{ "too many rows", fixture_due, too_many_rows, ACT_WAIT, 0, WAIT_NOT_FINAL },
};

/* Reasons of the gates are in test_gates.c, late ones in test_decide_bound.c, those of housekeeping in test_chore.c, those
 * of claims in test_referral.c, those of draws of the database in test_offchain.c; the others are the engine's own or nobody's. */
static bool elsewhere(enum reason r)
{
	return (r >= WAIT_POLICY_TREASURY && r <= WAIT_JOURNAL_SILENT) || r == WAIT_RECORD_MISMATCH ||
	       r == WAIT_TRANSACTION_TOO_BIG || r == WAIT_NONE || reason_is_late(r) ||
	       (r >= WAIT_NEEDED && r <= WAIT_GIVEN_UP) || (r >= WAIT_REFERRAL_OFF && r <= WAIT_REFERRAL_SOL) ||
	       (r >= WAIT_OFFCHAIN_ANCHOR && r <= WAIT_OFFCHAIN_HALTED);
}

static void test_every_row(void **unused)
{
	bool seen[REASON_COUNT] = { false };

	(void)unused;
	check_cases(CASES, sizeof CASES / sizeof CASES[0], seen);
	for (unsigned r = 0; r < REASON_COUNT; r++)
		if (!seen[r] && !elsewhere((enum reason)r))
			fail_msg("no case waits for %s", REASONS[r].name);
}

/* R4: what is opened says which view it was decided on. */
static void test_open_names_its_view(void **unused)
{
	static struct fixture x;
	struct action a;

	(void)unused;
	fixture_due(&x);
	fixture_simulated(&x, STEP_BIND, true);
	a = decide_draw(&x.f);
	assert_int_equal(a.kind, ACT_OPEN);
	assert_int_equal(a.floor.n, SLOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_open_names_its_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
