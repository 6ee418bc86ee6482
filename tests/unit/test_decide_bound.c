/* One draw, one decision: from request to record, where 3000 slots run and nothing of ours stands in the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/decide_fixture.h"

#define CHANGE(name) static void name(struct fixture *x)

CHANGE(old_accounts)
{
	x->f.accounts.read_ms = NOW_MS - POLICY_FRESH_MS - 1;
}
CHANGE(gate_closed)
{
	x->around.canary_fresh = false;
}
/* ---- bound ---- */
CHANGE(simulated_draw)
{
	fixture_simulated(x, STEP_DRAW, true);
}
CHANGE(simulated_recommit)
{
	fixture_simulated(x, STEP_RECOMMIT, true);
}
CHANGE(draw_refused_at_payout)
{
	fixture_simulated(x, STEP_DRAW, false);
	x->f.own.simulation.failed_at = IX_PAYOUT;
}
CHANGE(draw_refused_at_select)
{
	fixture_simulated(x, STEP_DRAW, false);
	x->f.own.simulation.failed_at = IX_SELECT;
}
static void select_says(struct fixture *x, uint32_t code)
{
	draw_refused_at_select(x);
	x->f.own.simulation.failure = (struct tx_failure){ 3, true, code };
}
CHANGE(paused_bound)
{
	select_says(x, 6042);
}
CHANGE(expired)
{
	x->f.view.pool.randomness_commit_slot.n = SLOT - POLICY_DEADLINE_SLOTS - 1;
	select_says(x, 6047);
}
CHANGE(draw_spent)
{
	x->f.own.settle.rows.draw_spent = true;
}
CHANGE(draw_spent_simulated)
{
	draw_spent(x);
	fixture_simulated(x, STEP_REVEAL_SELECT, true);
}
CHANGE(vault_wrong)
{
	x->f.accounts.vault.amount++;
}
CHANGE(nobody_simulates)
{
	x->f.own.simulation.wanted_since.n = SLOT - POLICY_SIMULATE_SLOTS - 1;
}
CHANGE(journal_long_gone)
{
	x->around.journal_down_since_ms = NOW_MS - POLICY_SPOOL_AFTER_MS - 1;
}
static struct sight *spooled(struct fixture *x)
{
	journal_long_gone(x);
	x->f.own.settle.journal_away = true;
	fixture_row(x, STEP_REVEAL_SELECT, ROW_OPEN)->spooled = true;
	return fixture_sight(x);
}
CHANGE(spooled_landed)
{
	struct sight *sight = spooled(x);

	sight->found = sight->confirmed = true;
}
CHANGE(spooled_failed)
{
	spooled_landed(x);
	x->f.own.settle.sight[0].failed = true;
}
CHANGE(spooled_absent)
{
	spooled(x)->absent_by = 1;
}
CHANGE(spooled_absent_simulated)
{
	spooled_absent(x);
	fixture_simulated(x, STEP_REVEAL_SELECT, true);
}
CHANGE(spooled_absent_refused)
{
	spooled_absent(x);
	fixture_simulated(x, STEP_REVEAL_SELECT, false);
}
CHANGE(spooled_absent_other)
{
	spooled_absent_simulated(x);
	x->f.own.settle.sight[0].of.b[0] = 99;
	x->f.own.settle.sent_ms = NOW_MS;
}
/* DRAW landed, and the pool is bound again. */
static struct sight *undone(struct fixture *x, enum step step)
{
	simulated_draw(x);
	fixture_row(x, step, ROW_LANDED)->landed.n = SLOT - 3;
	return fixture_sight(x);
}
CHANGE(undone_not_looked_up)
{
	struct sight *sight = undone(x, STEP_DRAW);

	sight->at.n = SLOT - 1;
	sight->found = sight->confirmed = true;
}
CHANGE(undone_not_found)
{
	undone(x, STEP_DRAW)->at.n = SLOT;
}
CHANGE(undone_but_found)
{
	struct sight *sight = undone(x, STEP_DRAW);

	sight->at.n = SLOT;
	sight->found = sight->confirmed = true;
}
CHANGE(undone_for_long)
{
	undone(x, STEP_DRAW)->at.n = SLOT - 1;
	x->f.own.settle.rows.row[0].landed.n = SLOT - POLICY_FORK_SLOTS;
}
CHANGE(undone_was_a_failure)
{
	undone(x, STEP_DRAW)->at.n = SLOT - 1;
	x->f.own.settle.rows.row[0].landed_failed = true;
}
CHANGE(bind_stands)
{
	undone(x, STEP_BIND)->at.n = SLOT - 1;
}
CHANGE(journal_just_gone)
{
	x->around.journal_down_since_ms = NOW_MS - POLICY_SPOOL_AFTER_MS;
	simulated_draw(x);
}
CHANGE(commit_unknown)
{
	x->f.commit.known = false;
}
CHANGE(seed_changed)
{
	x->f.accounts.randomness.seed_slothash.b[0]++;
}
CHANGE(seed_slot_changed)
{
	x->f.accounts.randomness.seed_slot.n++;
}
CHANGE(note_failed)
{
	commit_unknown(x);
	x->f.note = (struct attempts){ 1, NOW_MS };
}
CHANGE(asked_just_now)
{
	x->f.own.ask = (struct attempts){ 1, NOW_MS };
}
CHANGE(foreign_authority)
{
	x->f.accounts.randomness.authority = key_of(66);
}
CHANGE(no_randomness)
{
	x->f.accounts.randomness_presence = ABSENT;
}
CHANGE(foreign_dev_bound)
{
	x->f.view.pool.dev_wallet = key_of(66);
}
CHANGE(revealed)
{
	x->f.accounts.randomness.reveal_slot.n = SLOT - 5;
}
CHANGE(revealed_simulated)
{
	revealed(x);
	fixture_simulated(x, STEP_SELECT, true);
}
CHANGE(revealed_refused)
{
	revealed(x);
	fixture_simulated(x, STEP_SELECT, false);
}
CHANGE(revealed_postgres_gone)
{
	revealed(x);
	journal_long_gone(x);
}
CHANGE(revealed_spooled_failed)
{
	spooled_failed(x);
	revealed(x);
}
CHANGE(silent_oracle)
{
	x->f.commit.seed_slot.n = x->f.accounts.randomness.seed_slot.n = SLOT - 101;
	x->f.own.ask = (struct attempts){ 3, 1 };
}
CHANGE(silent_never_asked)
{
	silent_oracle(x);
	x->f.own.ask.failures = 0;
}
CHANGE(silent_in_budget)
{
	silent_oracle(x);
	x->f.commit.seed_slot.n = x->f.accounts.randomness.seed_slot.n = SLOT - 100;
}
CHANGE(silent_nobody_else)
{
	silent_oracle(x);
	x->f.rescue_possible = false;
}
CHANGE(silent_bind_not_final)
{
	silent_oracle(x);
	fixture_row(x, STEP_BIND, ROW_LANDED);
}
CHANGE(silent_seed_not_final)
{
	silent_oracle(x);
	x->f.own.settle.tip.finalized_slot.n = SLOT - 102;
}
CHANGE(silent_postgres_gone)
{
	silent_oracle(x);
	x->around.journal_down_since_ms = NOW_MS - 1;
}
CHANGE(silent_simulated)
{
	silent_oracle(x);
	simulated_recommit(x);
}
CHANGE(silent_refused)
{
	silent_oracle(x);
	fixture_simulated(x, STEP_RECOMMIT, false);
}
CHANGE(answer_refused)
{
	draw_refused_at_select(x);
	x->f.own.simulation.failed_at = IX_REVEAL;
	x->f.commit.refused_by = 1;
}
CHANGE(refused_by_one_of_two)
{
	answer_refused(x);
	x->f.own.settle.witnesses = 2;
}
CHANGE(refused_simulated)
{
	x->f.commit.refused_by = 1;
	simulated_recommit(x);
}
CHANGE(replaced_later)
{
	fixture_row(x, STEP_RECOMMIT, ROW_LANDED)->oracle = key_of(10);
}
CHANGE(may_appear_yet)
{
	x->f.own.unsure_until.n = HEIGHT;
}
CHANGE(cannot_appear)
{
	x->f.own.unsure_until.n = HEIGHT - 1;
}
CHANGE(replaced)
{
	fixture_row(x, STEP_RECOMMIT, ROW_LANDED);
}

/* ---- after select ---- */
CHANGE(selected)
{
	x->f.view.pool.status = POOL_WINNER_SELECTED;
}
CHANGE(selected_simulated)
{
	selected(x);
	fixture_simulated(x, STEP_PAYOUT, true);
}
CHANGE(selected_old)
{
	selected_simulated(x);
	old_accounts(x);
}
CHANGE(selected_blocked)
{
	selected(x);
	fixture_simulated(x, STEP_PAYOUT, false);
	x->f.own.simulate = (struct attempts){ 1, NOW_MS };
}
CHANGE(selected_silent)
{
	selected(x);
	x->f.own.simulate = (struct attempts){ 1, NOW_MS };
}
CHANGE(selected_foreign)
{
	selected(x);
	foreign_dev_bound(x);
}
CHANGE(selected_no_players)
{
	selected(x);
	x->f.accounts.participants_presence = ABSENT;
}
CHANGE(ended)
{
	x->f.view.pool.status = POOL_ENDED;
}
CHANGE(ended_unsettled)
{
	ended(x);
	fixture_row(x, STEP_DRAW, ROW_LANDED);
}
CHANGE(ended_recorded)
{
	ended(x);
	x->f.recorded = true;
}
CHANGE(ended_record_failed)
{
	ended(x);
	x->f.record = (struct attempts){ 1, NOW_MS };
}
CHANGE(ended_mint_unread)
{
	ended(x);
	x->f.accounts.decimals_known = false;
}
static const struct decide_case CASES[] = {
	{ "bound", fixture_bound, NULL, ACT_ASK_ORACLE, 0, 0 },
	{ "bound, commit unknown", fixture_bound, commit_unknown, ACT_NOTE_COMMIT, 0, 0 },
	{ "bound, seed changed", fixture_bound, seed_changed, ACT_NOTE_COMMIT, 0, 0 },
	{ "bound, seed slot changed", fixture_bound, seed_slot_changed, ACT_NOTE_COMMIT, 0, 0 },
	{ "bound, ledger silent", fixture_bound, note_failed, ACT_WAIT, 0, WAIT_JOURNAL_SILENT },
	{ "bound, asked", fixture_bound, asked_just_now, ACT_WAIT, 0, WAIT_ORACLE_ASKED },
	{ "bound, foreign account", fixture_bound, foreign_authority, ACT_HALT, 0, WAIT_FOREIGN_RANDOMNESS },
	{ "bound, no account", fixture_bound, no_randomness, ACT_HALT, 0, WAIT_FOREIGN_RANDOMNESS },
	{ "bound, foreign dev", fixture_bound, foreign_dev_bound, ACT_WAIT, 0, WAIT_FOREIGN_DEV },
	{ "bound, accounts old", fixture_bound, old_accounts, ACT_READ, 0, 0 },
	{ "bound, no gate counts", fixture_bound, gate_closed, ACT_ASK_ORACLE, 0, 0 },
	{ "silent", fixture_bound, silent_oracle, ACT_SIMULATE, STEP_RECOMMIT, 0 },
	{ "silent, simulated", fixture_bound, silent_simulated, ACT_OPEN, STEP_RECOMMIT, 0 },
	{ "silent, but never asked", fixture_bound, silent_never_asked, ACT_ASK_ORACLE, 0, 0 },
	{ "silent, in the budget", fixture_bound, silent_in_budget, ACT_ASK_ORACLE, 0, 0 },
	{ "silent, nobody else", fixture_bound, silent_nobody_else, ACT_ASK_ORACLE, 0, 0 },
	{ "silent, Postgres gone", fixture_bound, silent_postgres_gone, ACT_ASK_ORACLE, 0, 0 },
	{ "silent, RECOMMIT refused", fixture_bound, silent_refused, ACT_ASK_ORACLE, 0, 0 },
	{ "silent for long, then answered", fixture_answered, silent_oracle, ACT_SIMULATE, STEP_DRAW, 0 },
	{ "R10 silent, BIND not final", fixture_bound, silent_bind_not_final, ACT_ASK_ORACLE, 0, 0 },
	{ "R10 silent, seed not final", fixture_bound, silent_seed_not_final, ACT_ASK_ORACLE, 0, 0 },
	{ "RECOMMIT undone by a fork", fixture_bound, replaced_later, ACT_WAIT, 0, WAIT_NOT_FINAL },
	{ "RECOMMIT may appear yet", fixture_bound, may_appear_yet, ACT_WAIT, 0, WAIT_NOT_FINAL },
	{ "RECOMMIT cannot appear", fixture_bound, cannot_appear, ACT_ASK_ORACLE, 0, 0 },
	{ "RECOMMIT landed", fixture_bound, replaced, ACT_ASK_ORACLE, 0, 0 },
	{ "answered", fixture_answered, NULL, ACT_SIMULATE, STEP_DRAW, 0 },
	{ "answered, simulated", fixture_answered, simulated_draw, ACT_OPEN, STEP_DRAW, 0 },
	{ "R9 answered again, DRAW not looked up", fixture_answered, undone_not_looked_up, ACT_WAIT, 0,
		WAIT_NOT_FINAL },
	{ "R9 answered again, DRAW not found", fixture_answered, undone_not_found, ACT_WAIT, 0, WAIT_NOT_FINAL },
	{ "answered again, DRAW found", fixture_answered, undone_but_found, ACT_OPEN, STEP_DRAW, 0 },
	{ "answered again, nobody tells of DRAW", fixture_answered, undone_for_long, ACT_OPEN, STEP_DRAW, 0 },
	{ "answered, DRAW failed", fixture_answered, undone_was_a_failure, ACT_OPEN, STEP_DRAW, 0 },
	{ "answered, BIND landed", fixture_answered, bind_stands, ACT_OPEN, STEP_DRAW, 0 },
	{ "answered, payout fails", fixture_answered, draw_refused_at_payout, ACT_OPEN, STEP_REVEAL_SELECT, 0 },
	{ "answered, select fails", fixture_answered, draw_refused_at_select, ACT_WAIT, 0, WAIT_SIMULATION_FAILED },
	{ "answered, paused", fixture_answered, paused_bound, ACT_HALT, 0, WAIT_PAUSED_BOUND },
	{ "answered, too late", fixture_answered, expired, ACT_HALT, 0, WAIT_DEADLINE_PASSED },
	{ "answered, DRAW was tried", fixture_answered, draw_spent, ACT_SIMULATE, STEP_REVEAL_SELECT, 0 },
	{ "answered, DRAW was tried, simulated", fixture_answered, draw_spent_simulated, ACT_OPEN, STEP_REVEAL_SELECT,
		0 },
	{ "answered, vault wrong", fixture_answered, vault_wrong, ACT_SIMULATE, STEP_REVEAL_SELECT, 0 },
	{ "answered, nobody simulates", fixture_answered, nobody_simulates, ACT_OPEN, STEP_REVEAL_SELECT, 0 },
	{ "answered, Postgres gone for long", fixture_answered, journal_long_gone, ACT_SPOOL, STEP_REVEAL_SELECT, 0 },
	{ "revealed, Postgres gone for long", fixture_bound, revealed_postgres_gone, ACT_SPOOL, STEP_SELECT, 0 },
	{ "revealed, spooled reveal failed", fixture_bound, revealed_spooled_failed, ACT_SIMULATE, STEP_SELECT, 0 },
	{ "spooled, landed", fixture_answered, spooled_landed, ACT_WAIT, 0, WAIT_IN_FLIGHT },
	{ "spooled, failed", fixture_answered, spooled_failed, ACT_SIMULATE, STEP_REVEAL_SELECT, 0 },
	{ "spooled, absent", fixture_answered, spooled_absent, ACT_SIMULATE, STEP_REVEAL_SELECT, 0 },
	{ "spooled, absent, simulated", fixture_answered, spooled_absent_simulated, ACT_SPOOL, STEP_REVEAL_SELECT, 0 },
	{ "spooled, absent, refused", fixture_answered, spooled_absent_refused, ACT_WAIT, 0, WAIT_SIMULATION_FAILED },
	{ "R6 spooled, another is absent", fixture_answered, spooled_absent_other, ACT_WAIT, 0, WAIT_IN_FLIGHT },
	{ "answered, Postgres gone", fixture_answered, journal_just_gone, ACT_OPEN, STEP_DRAW, 0 },
	{ "answer refused", fixture_answered, answer_refused, ACT_SIMULATE, STEP_RECOMMIT, 0 },
	{ "answer refused, RECOMMIT simulated", fixture_answered, refused_simulated, ACT_OPEN, STEP_RECOMMIT, 0 },
	{ "answer refused by one of two", fixture_answered, refused_by_one_of_two, ACT_HALT, 0, WAIT_ANSWER_REFUSED },
	{ "revealed", fixture_answered, revealed, ACT_SIMULATE, STEP_SELECT, 0 },
	{ "revealed, simulated", fixture_answered, revealed_simulated, ACT_OPEN, STEP_SELECT, 0 },
	{ "revealed, refused", fixture_answered, revealed_refused, ACT_WAIT, 0, WAIT_SIMULATION_FAILED },
	{ "selected", fixture_due, selected, ACT_SIMULATE, STEP_PAYOUT, 0 },
	{ "selected, simulated", fixture_due, selected_simulated, ACT_OPEN, STEP_PAYOUT, 0 },
	{ "selected, accounts old", fixture_due, selected_old, ACT_READ, 0, 0 },
	{ "selected, blocked", fixture_due, selected_blocked, ACT_HALT, 0, WAIT_PAYOUT_BLOCKED },
	{ "selected, nodes silent", fixture_due, selected_silent, ACT_WAIT, 0, WAIT_NODES_SILENT },
	{ "selected, foreign dev", fixture_due, selected_foreign, ACT_WAIT, 0, WAIT_FOREIGN_DEV },
	{ "selected, no players", fixture_due, selected_no_players, ACT_HALT, 0, WAIT_PARTICIPANTS_BAD },
	{ "ended", fixture_due, ended, ACT_RECORD, 0, 0 },
	{ "ended, not final", fixture_due, ended_unsettled, ACT_WAIT, 0, WAIT_NOT_FINAL },
	{ "ended, record failed", fixture_due, ended_record_failed, ACT_WAIT, 0, WAIT_NOT_FINAL },
	{ "ended, mint unread", fixture_due, ended_mint_unread, ACT_READ, 0, 0 },
	{ "ended, recorded", fixture_due, ended_recorded, ACT_WAIT, 0, WAIT_OVER },
};

static void test_every_row(void **unused)
{
	bool seen[REASON_COUNT] = { false };

	(void)unused;
	check_cases(CASES, sizeof CASES / sizeof CASES[0], seen);
	for (unsigned r = 0; r < REASON_COUNT; r++)
		if (!seen[r] && reason_is_late((enum reason)r))
			fail_msg("no case waits for %s", REASONS[r].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
