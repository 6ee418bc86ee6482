/* Decides what to do next about a randomness account whose draw is over. Nothing here presses: every doubt waits. */
#include "core/chore.h"

enum { LOOK_MS = 1000, BASE_MS = 60000, MAX_MS = 3600000 };

/* Revealed and ours: an account that is committed again serves a draw that we do not know. */
static bool spent(const struct chore_facts *f)
{
	return f->presence == PRESENT && pubkey_equal(&f->account.authority, &f->policy->dev_wallet) &&
	       f->account.reveal_slot.n != 0;
}

/* Soon again: without this the pulse that fetches the blockhash would sleep. */
static struct action open_step(const struct chore_facts *f)
{
	struct action a = step_open(&f->own, f->around, f->policy, STEP_CLOSE_RANDOMNESS, f->at);

	if (a.kind == ACT_WAIT && a.until_ms == 0)
		a.until_ms = f->around->now_ms + LOOK_MS;
	return a;
}

/* What failed is tried again a minute later, then twice as late each time. */
static struct action close_account(const struct chore_facts *f)
{
	if (!step_simulated(&f->own, STEP_CLOSE_RANDOMNESS, f->at))
		return step_simulate(&f->own, f->around, STEP_CLOSE_RANDOMNESS, BASE_MS, MAX_MS);
	if (!f->own.simulation.ok)
		return action_wait_until(WAIT_SIMULATION_FAILED, attempts_next_ms(&f->own.simulate, BASE_MS, MAX_MS));
	if (!attempts_ready(&f->own.open, f->around->now_ms, BASE_MS, MAX_MS))
		return action_wait_until(WAIT_RETRY_LATER, attempts_next_ms(&f->own.open, BASE_MS, MAX_MS));
	return open_step(f);
}

static bool fresh(const struct chore_facts *f)
{
	return f->at.n != 0 && f->at.n >= f->own.settle.rows.floor.n &&
	       f->around->now_ms - f->read_ms <= POLICY_FRESH_MS;
}

static struct action read_account(const struct chore_facts *f)
{
	if (!attempts_ready(&f->own.read, f->around->now_ms, LOOK_MS, BASE_MS))
		return action_wait_until(WAIT_NODES_SILENT, attempts_next_ms(&f->own.read, LOOK_MS, BASE_MS));
	return action_of(ACT_READ);
}

static struct action next_step(const struct chore_facts *f)
{
	const uint64_t now = f->around->now_ms;
	const struct attempts *simulate = &f->own.simulate;

	if (f->own.settle.rows.failures >= POLICY_CHORE_FAILURES)
		return action_wait(WAIT_GIVEN_UP);
	if (f->needed)
		return action_wait_until(WAIT_NEEDED, now + LOOK_MS);
	if (f->draws_first)
		return action_wait_until(WAIT_DRAWS_FIRST, now + LOOK_MS);
	/* Before anything is read again: a node's no costs nothing but must not be asked for all the time either. */
	if (simulate->failures > 0 && !attempts_ready(simulate, now, BASE_MS, MAX_MS))
		return action_wait_until(WAIT_SIMULATION_FAILED, attempts_next_ms(simulate, BASE_MS, MAX_MS));
	if (!fresh(f))
		return read_account(f);
	if (f->presence == ABSENT)
		return action_wait(WAIT_OVER);
	/* Or a node that lags shows it as it was before its draw. */
	if (!spent(f))
		return action_wait_until(WAIT_NOT_SPENT, now + BASE_MS);
	return close_account(f);
}

static bool closed(const struct rows *rows)
{
	return rows->n > 0 && rows->row[rows->n - 1].state == ROW_FINAL;
}

struct action decide_chore(const struct chore_facts *f)
{
	const struct action settled = settle(&f->own.settle);

	if (!f->around->leader)
		return action_wait(WAIT_NOT_THE_LEADER);
	if (settled.kind != ACT_NONE)
		return settled;
	if (f->around->stopping)
		return action_wait(WAIT_STOPPING);
	if (!settle_all_closed(&f->own.settle.rows))
		return action_wait(WAIT_NOT_FINAL);
	return closed(&f->own.settle.rows) ? action_wait(WAIT_OVER) : next_step(f);
}
