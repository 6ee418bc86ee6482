/* Decides what to do next for one draw. */
#include "core/decide.h"

/* The accounts of the draw as they are now: not older than what we know of the pool, than any step of ours (R4), or
 * than a few seconds. */
static bool accounts_fresh(const struct draw_facts *f)
{
	const struct draw_accounts *a = &f->accounts;

	return a->at.n != 0 && !f->accounts_wanted && a->at.n >= f->view.at.n &&
	       a->at.n >= f->own.settle.rows.floor.n && f->around->now_ms - a->read_ms <= POLICY_FRESH_MS;
}

static struct action read_accounts(const struct draw_facts *f)
{
	const bool lagging = f->view.at.n < f->own.settle.rows.floor.n;

	if (!attempts_ready(&f->own.read, f->around->now_ms, 200, 5000))
		return action_wait_until(
			lagging ? WAIT_STALE_VIEW : WAIT_NODES_SILENT, attempts_next_ms(&f->own.read, 200, 5000));
	return action_of(ACT_READ);
}

static struct action open_step(const struct draw_facts *f, enum step step)
{
	return step_open(&f->own, f->around, f->policy, step, f->accounts.at);
}

static bool simulated(const struct draw_facts *f, enum step step)
{
	return step_simulated(&f->own, step, f->accounts.at);
}

static struct action simulate(const struct draw_facts *f, enum step step)
{
	return step_simulate(&f->own, f->around, step, 300, 5000);
}

static struct action note_sponsors(const struct draw_facts *f)
{
	if (!attempts_ready(&f->sponsor, f->around->now_ms, 200, 5000))
		return action_wait_until(WAIT_JOURNAL_SILENT, attempts_next_ms(&f->sponsor, 200, 5000));
	return action_of(ACT_NOTE_SPONSORS);
}

static bool sponsors_fresh(const struct draw_facts *f)
{
	return f->sponsors.known && f->around->now_ms - f->sponsors.read_ms <= POLICY_FRESH_MS;
}

/* Locked or unlocked, and due. Nothing presses here: whatever is missing, waiting is safe for ever. */
static struct action bind(const struct draw_facts *f)
{
	enum reason gate;

	if (!accounts_fresh(f))
		return read_accounts(f);
	gate = gate_bind(f);
	if (gate != WAIT_NONE)
		return action_wait_until(gate, f->around->now_ms + 1000);
	if (!sponsors_fresh(f))
		return note_sponsors(f);
	gate = gate_sponsors(f);
	if (gate != WAIT_NONE)
		return action_wait_until(gate, f->around->now_ms + 1000);
	/* A new randomness account names a recent slot. */
	if (f->own.settle.tip.finalized_slot.n == 0)
		return action_wait_until(WAIT_NODES_SILENT, f->around->now_ms + 200);
	if (!f->account_picked)
		return action_of(ACT_PICK_ACCOUNT);
	if (!simulated(f, STEP_BIND))
		return simulate(f, STEP_BIND);
	if (!f->own.simulation.ok)
		return action_wait_until(WAIT_SIMULATION_FAILED, attempts_next_ms(&f->own.simulate, 1000, 60000));
	return open_step(f, STEP_BIND);
}

static int64_t chain_now(const struct draw_facts *f)
{
	return f->around->chain_s > f->view.chain_s ? f->around->chain_s : f->view.chain_s;
}

/* Not due by the newest Clock that we know. The program goes by it, so close to the due second it is asked for often. */
static struct action before_due(const struct draw_facts *f, int64_t due_s)
{
	const uint64_t now = f->around->now_ms;
	enum reason cost;

	if (due_s - chain_now(f) > POLICY_NEAR_S)
		return action_wait(WAIT_TOO_EARLY);
	/* What takes a transaction of its own is made now, so that the draw is not late. */
	if (f->accounts.at.n == 0)
		return read_accounts(f);
	if (f->accounts.dev_ata.presence != ABSENT && f->accounts.treasury_ata.presence != ABSENT)
		return action_wait(WAIT_TOO_EARLY);
	if (!accounts_fresh(f))
		return read_accounts(f);
	cost = gate_draw_cost(f);
	return action_wait_until(cost == WAIT_NONE ? WAIT_ATA_MISSING : cost, now + 1000);
}

static struct action locked(const struct draw_facts *f)
{
	const enum reason pool = gate_pool(f);
	const int64_t due_s = draw_due_s(&f->view.pool);

	if (pool != WAIT_NONE)
		return action_wait(pool);
	return chain_now(f) >= due_s ? bind(f) : before_due(f, due_s);
}

/* The simulation failed only after select_winner: the winner can be selected, paying must wait. */
static bool only_payout_fails(const struct draw_facts *f)
{
	const struct simulation_fact *s = &f->own.simulation;

	return simulated(f, STEP_DRAW) && !s->ok &&
	       (s->failed_at == IX_CREATE_ATA || s->failed_at == IX_PAYOUT || s->failed_at == IX_PASS_ON);
}

static bool past_deadline(const struct draw_facts *f)
{
	return f->own.settle.tip.confirmed_slot.n > f->view.pool.randomness_commit_slot.n + POLICY_DEADLINE_SLOTS;
}

/* No node could simulate for long. Past the deadline only a simulation is worth asking for: sending costs fees. */
static bool simulation_overdue(const struct draw_facts *f)
{
	const struct slot since = f->own.simulation.wanted_since;

	return since.n != 0 && f->own.settle.tip.confirmed_slot.n > since.n + POLICY_SIMULATE_SLOTS &&
	       !past_deadline(f);
}

/* A node said that the reveal or the selection would fail. What it means for a bound pool; the program is the judge of
 * its own deadline, for a slot that some node tells may be wrong. */
static struct action refused_select(const struct draw_facts *f)
{
	enum { ML_PAUSED = 6042, ML_RANDOMNESS_EXPIRED = 6047 };
	const struct simulation_fact *s = &f->own.simulation;
	const bool by_select = s->failed_at == IX_SELECT && s->failure.custom;
	const uint64_t soon = attempts_next_ms(&f->own.simulate, 300, 2000);

	if (by_select && s->failure.code == ML_PAUSED)
		return action_wait_until(WAIT_PAUSED_BOUND, soon);
	if (by_select && s->failure.code == ML_RANDOMNESS_EXPIRED && past_deadline(f))
		return action_wait_until(WAIT_DEADLINE_PASSED, f->around->now_ms + 60000);
	return action_wait_until(WAIT_SIMULATION_FAILED, soon);
}

/* Postgres has been away for long and the 3000 slots run: what stops them goes through the local spool. */
static bool spool_time(const struct draw_facts *f)
{
	const uint64_t down = f->around->journal_down_since_ms;

	return down != 0 && f->around->now_ms > down + POLICY_SPOOL_AFTER_MS;
}

static struct action select_now(const struct draw_facts *f, enum step step)
{
	struct action a = open_step(f, step);

	if (a.kind == ACT_OPEN && spool_time(f))
		a.kind = ACT_SPOOL;
	return a;
}

/* Steps that wait in the spool are not closed before Postgres is back. Another one goes there when none of them did
 * anything; then a simulation has to say first that it would work. */
static struct action through_spool(const struct draw_facts *f, enum step step)
{
	const struct settle_facts *settle = &f->own.settle;
	bool again = false;

	for (unsigned i = 0; i < settle->rows.n; i++) {
		if (!settle->rows.row[i].spooled)
			continue;
		again = true;
		if (!settle_spent(settle, i))
			return action_wait(WAIT_IN_FLIGHT);
	}
	if (again && !simulated(f, step) && !simulation_overdue(f))
		return simulate(f, step);
	if (again && !f->own.simulation.ok && !simulation_overdue(f))
		return refused_select(f);
	return select_now(f, step);
}

/* So often an oracle is asked before it counts as silent: the budget alone may have passed while nobody asked. */
enum { ASKS_MIN = 3 };

/* A commit may be replaced only when nobody can use it: no answer came in the budget, or two nodes say that the
 * program refuses it. Re-committing has no guard in the program, so everything before it must be closed. */
static bool rescue_allowed(const struct draw_facts *f)
{
	const bool refused = f->commit.answered && f->commit.refused_by >= f->own.settle.witnesses;
	const bool silent = !f->commit.answered && f->own.ask.failures >= ASKS_MIN &&
	                    f->own.settle.tip.confirmed_slot.n > f->commit.seed_slot.n + f->policy->oracle_budget_slots;

	/* Without Postgres a new commit cannot be written down first: then the oracle that has it is asked on and on. */
	return (refused || silent) && f->rescue_possible && f->around->journal_down_since_ms == 0 &&
	       settle_all_closed(&f->own.settle.rows) && f->own.settle.tip.finalized_slot.n >= f->commit.seed_slot.n;
}

static struct action rescue(const struct draw_facts *f)
{
	if (!simulated(f, STEP_RECOMMIT))
		return simulate(f, STEP_RECOMMIT);
	if (!f->own.simulation.ok)
		return action_wait_until(WAIT_SIMULATION_FAILED, attempts_next_ms(&f->own.simulate, 1000, 10000));
	return open_step(f, STEP_RECOMMIT);
}

static struct action ask_oracle(const struct draw_facts *f)
{
	/* A rescue that does not get through must not silence the oracle that is committed to. */
	if (rescue_allowed(f)) {
		const struct action a = rescue(f);

		if (a.kind != ACT_WAIT && a.kind != ACT_HALT)
			return a;
	}
	if (!attempts_ready(&f->own.ask, f->around->now_ms, 250, 5000))
		return action_wait_until(WAIT_ORACLE_ASKED, attempts_next_ms(&f->own.ask, 250, 5000));
	return action_of(ACT_ASK_ORACLE);
}

/* The answer is in the ledger. Pay in the same transaction when that works; stopping the clock comes first. */
static struct action reveal(const struct draw_facts *f)
{
	const bool alone = f->own.settle.rows.draw_spent || !gate_pays_at_once(f);
	const enum step step = alone ? STEP_REVEAL_SELECT : STEP_DRAW;

	/* Refused for good. First of all, for its own simulation takes the place of the one that said so. */
	if (rescue_allowed(f))
		return rescue(f);
	if (spool_time(f))
		return through_spool(f, STEP_REVEAL_SELECT);
	if (simulation_overdue(f))
		return select_now(f, STEP_REVEAL_SELECT);
	if (!simulated(f, step) && !only_payout_fails(f))
		return simulate(f, step);
	if (simulated(f, step) && f->own.simulation.ok)
		return step == STEP_DRAW ? open_step(f, step) : select_now(f, step);
	if (only_payout_fails(f))
		return select_now(f, STEP_REVEAL_SELECT);
	if (f->commit.refused_by > 0)
		return action_wait_until(WAIT_ANSWER_REFUSED, f->around->now_ms + 500);
	return refused_select(f);
}

/* Somebody else revealed. */
static struct action select_winner(const struct draw_facts *f)
{
	if (spool_time(f))
		return through_spool(f, STEP_SELECT);
	if (!simulated(f, STEP_SELECT) && !simulation_overdue(f))
		return simulate(f, STEP_SELECT);
	if (!f->own.simulation.ok && !simulation_overdue(f))
		return refused_select(f);
	return select_now(f, STEP_SELECT);
}

static bool commit_matches(const struct draw_facts *f)
{
	const struct sb_randomness *r = &f->accounts.randomness;

	return f->commit.known && f->commit.seed_slot.n == r->seed_slot.n &&
	       hash_equal(&f->commit.seed_slothash, &r->seed_slothash);
}

/* A RECOMMIT of ours may still take the place of the commit that the account shows: a fork undid it, it failed and is
 * not final, or Postgres may yet run the statement that opens it. An answer to the shown commit would be one that we then throw away. */
static bool may_be_replaced(const struct draw_facts *f)
{
	const struct rows *rows = &f->own.settle.rows;

	if (f->own.settle.tip.confirmed_height.n <= f->own.unsure_until.n)
		return true;
	for (unsigned i = 0; i < rows->n; i++)
		if (rows->row[i].step == STEP_RECOMMIT && row_unsettled(&rows->row[i]) &&
			!pubkey_equal(&rows->row[i].oracle, &f->accounts.randomness.oracle))
			return true;
	return false;
}

/* Between request and select: the 3000 slots run, and no gate of ours stands in the way. */
static struct action bound(const struct draw_facts *f)
{
	const struct sb_randomness *r = &f->accounts.randomness;

	if (!pubkey_equal(&f->view.pool.dev_wallet, &f->policy->dev_wallet))
		return action_wait(WAIT_FOREIGN_DEV);
	if (!accounts_fresh(f))
		return read_accounts(f);
	if (f->accounts.randomness_presence == PRESENT && r->reveal_slot.n != 0)
		return select_winner(f);
	if (f->accounts.randomness_presence != PRESENT || !pubkey_equal(&r->authority, &f->policy->dev_wallet))
		return action_wait_until(WAIT_FOREIGN_RANDOMNESS, f->around->now_ms + 1000);
	if (may_be_replaced(f))
		return action_wait_until(WAIT_NOT_FINAL, f->around->now_ms + 1000);
	if (!commit_matches(f)) {
		if (!attempts_ready(&f->note, f->around->now_ms, 200, 5000))
			return action_wait_until(WAIT_JOURNAL_SILENT, attempts_next_ms(&f->note, 200, 5000));
		return action_of(ACT_NOTE_COMMIT);
	}
	/* Asked once: whom the win is for decides only how it is paid. */
	if (!f->sponsors.known && f->sponsor.failures == 0 && f->around->journal_down_since_ms == 0)
		return action_of(ACT_NOTE_SPONSORS);
	return f->commit.answered ? reveal(f) : ask_oracle(f);
}

/* The last simulation of this step, of whatever accounts, said no. */
static bool simulated_no(const struct draw_facts *f, enum step step)
{
	return f->own.simulation.done && f->own.simulation.step == step && !f->own.simulation.ok;
}

/* Selected and unpaid: no clock runs, so failures wait longer and longer (H7). */
static struct action payout(const struct draw_facts *f)
{
	const uint64_t base = 5000, max = 3600000;
	enum reason gate;

	if (!pubkey_equal(&f->view.pool.dev_wallet, &f->policy->dev_wallet))
		return action_wait(WAIT_FOREIGN_DEV);
	if (!accounts_fresh(f))
		return read_accounts(f);
	gate = gate_payout(f);
	if (gate != WAIT_NONE)
		return action_wait_until(gate, f->around->now_ms + 1000);
	if (!f->sponsors.known)
		return note_sponsors(f);
	gate = gate_pass_on(f);
	if (gate != WAIT_NONE)
		return action_wait_until(gate, f->around->now_ms + 60000);
	if (simulated(f, STEP_PAYOUT) && f->own.simulation.ok)
		return open_step(f, STEP_PAYOUT);
	if (!attempts_ready(&f->own.simulate, f->around->now_ms, base, max))
		return action_wait_until(simulated_no(f, STEP_PAYOUT) ? WAIT_PAYOUT_BLOCKED : WAIT_NODES_SILENT,
			attempts_next_ms(&f->own.simulate, base, max));
	return step_simulate(&f->own, f->around, STEP_PAYOUT, base, max);
}

/* Amounts in whole tokens are part of the record, so the mint must have been read. */
static struct action record(const struct draw_facts *f, struct action a)
{
	if (!f->accounts.decimals_known && f->view.kind == VIEW_POOL)
		return read_accounts(f);
	if (!f->sponsors.known)
		return note_sponsors(f);
	if (!attempts_ready(&f->record, f->around->now_ms, 500, 30000))
		return action_wait_until(WAIT_NOT_FINAL, attempts_next_ms(&f->record, 500, 30000));
	a.kind = ACT_RECORD;
	return a;
}

/* Paid. The money facts are written once the block that says so is final. */
static struct action ended(const struct draw_facts *f)
{
	if (f->recorded)
		return action_wait(settle_all_closed(&f->own.settle.rows) ? WAIT_OVER : WAIT_NOT_FINAL);
	if (!settle_all_closed(&f->own.settle.rows))
		return action_wait(WAIT_NOT_FINAL);
	return record(f, action_of(ACT_RECORD));
}

static struct action by_status(const struct draw_facts *f)
{
	switch (f->view.pool.status) {
	case POOL_OPEN:
		return action_wait(WAIT_OPEN_POOL);
	case POOL_LOCKED:
		return locked(f);
	case POOL_UNLOCKED: {
		const enum reason pool = gate_pool(f);

		return pool != WAIT_NONE ? action_wait(pool) : bind(f);
	}
	case POOL_RANDOMNESS_COMMITTED:
	case POOL_RANDOMNESS_REVEALED:
		return bound(f);
	case POOL_WINNER_SELECTED:
		return payout(f);
	case POOL_ENDED:
		return ended(f);
	case POOL_CANCELLED:
	case POOL_CLOSED:
		break;
	}
	return action_wait(WAIT_OVER);
}

/* The least status of a pool in which the step took effect; what is not here leaves no trace in the status. */
static const enum pool_status STATUS_AFTER[STEP_COUNT] = {
	[STEP_BIND] = POOL_RANDOMNESS_COMMITTED,
	[STEP_REVEAL_SELECT] = POOL_WINNER_SELECTED,
	[STEP_SELECT] = POOL_WINNER_SELECTED,
	[STEP_DRAW] = POOL_ENDED,
	[STEP_PAYOUT] = POOL_ENDED,
};

/* The pool is again as it was before a step that landed, and no node has told of the step's signature since: a fork undid
 * it, and its bytes may land again (R9). Not for long: a node that never tells of signatures must not hold a pool back. */
static bool undone(const struct draw_facts *f)
{
	const struct settle_facts *settle = &f->own.settle;

	for (unsigned i = 0; i < settle->rows.n; i++) {
		const struct row *row = &settle->rows.row[i];
		const struct sight *seen = &settle->sight[i];

		if (row->state == ROW_LANDED && !row->landed_failed && f->view.pool.status < STATUS_AFTER[row->step] &&
			(!seen->found || seen->at.n < f->view.at.n) && f->view.at.n < row->landed.n + POLICY_FORK_SLOTS)
			return true;
	}
	return false;
}

static struct action next_step(const struct draw_facts *f)
{
	/* R4: a node that lags shows the pool as it was before what we already acted on. */
	if (f->view.at.n == 0 || f->view.at.n < f->own.settle.rows.floor.n)
		return read_accounts(f);
	switch (f->view.kind) {
	case VIEW_MISSING:
		return action_wait(WAIT_NO_ACCOUNT);
	case VIEW_FOREIGN:
		return action_wait(WAIT_NOT_A_POOL);
	case VIEW_BAD:
		return action_wait(WAIT_BAD_ACCOUNT);
	case VIEW_OTHER_DRAW:
		return action_wait(WAIT_OTHER_POOL_ID);
	case VIEW_POOL:
		break;
	}
	if (undone(f))
		return action_wait_until(WAIT_NOT_FINAL, f->around->now_ms + 200);
	return by_status(f);
}

static bool pays(enum step step)
{
	return step == STEP_DRAW || step == STEP_PAYOUT;
}

/* The gates bind the sending of a BIND as much as its opening. */
static struct action send_bind(const struct draw_facts *f, struct action send)
{
	const enum pool_status status = f->view.pool.status;
	enum reason gate;

	if (f->view.kind != VIEW_POOL || (status != POOL_LOCKED && status != POOL_UNLOCKED))
		return action_wait(WAIT_IN_FLIGHT);
	if (!accounts_fresh(f))
		return read_accounts(f);
	gate = gate_bind(f);
	if (gate == WAIT_NONE && !f->sponsors.known)
		return note_sponsors(f);
	if (gate == WAIT_NONE)
		gate = gate_sponsors(f);
	return gate == WAIT_NONE ? send : action_wait_until(gate, f->around->now_ms + 1000);
}

/* A final payout is closed together with its
 * money facts, in one statement. */
static struct action refine(const struct draw_facts *f, struct action a)
{
	if (a.kind == ACT_SEND && a.step == STEP_BIND)
		a = send_bind(f, a);
	if (a.kind == ACT_CLOSE && a.outcome == ROW_FINAL && pays(a.step))
		return record(f, a);
	return a;
}

struct action decide_draw(const struct draw_facts *f)
{
	const struct action settled = refine(f, settle(&f->own.settle));

	if (!f->around->leader)
		return action_wait(WAIT_NOT_THE_LEADER);
	if (settled.kind != ACT_NONE)
		return settled;
	if (f->around->stopping)
		return action_wait(WAIT_STOPPING);
	if (f->own.settle.rows.n >= ROWS_MAX - 1 && !settle_all_closed(&f->own.settle.rows))
		return action_wait(WAIT_NOT_FINAL);
	return next_step(f);
}
