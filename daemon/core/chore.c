/* What all housekeeping has in common: it waits for everybody else, and a failure never becomes a loop of fees. */
#include "core/chore.h"

/* Soon again: without this the pulse that fetches the blockhash would sleep. */
static struct action open_step(const struct chore_facts *f, enum step step)
{
	struct action a = step_open(&f->own, f->around, f->policy, step, f->at);

	if (a.kind == ACT_WAIT && a.until_ms == 0)
		a.until_ms = f->around->now_ms + CHORE_LOOK_MS;
	return a;
}

/* What a node or the chain refused is tried again a minute later, then twice as late each time. A node that only lags behind
 * the one that was read from says nothing, and is asked again soon: a minute later it would lag again. */
static struct action may_simulate(const struct chore_facts *f)
{
	const bool refused = f->own.simulation.done && !f->own.simulation.ok;
	const uint64_t base = refused ? CHORE_BASE_MS : CHORE_LOOK_MS, max = refused ? CHORE_MAX_MS : CHORE_BASE_MS;

	if (f->own.simulate.failures == 0 || attempts_ready(&f->own.simulate, f->around->now_ms, base, max))
		return action_of(ACT_NONE);
	return action_wait_until(
		refused ? WAIT_SIMULATION_FAILED : WAIT_NODES_SILENT, attempts_next_ms(&f->own.simulate, base, max));
}

struct action chore_step(const struct chore_facts *f, enum step step)
{
	const uint64_t base = CHORE_BASE_MS, max = CHORE_MAX_MS;

	if (!step_simulated(&f->own, step, f->at))
		return step_simulate(&f->own, f->around, step, CHORE_LOOK_MS, CHORE_BASE_MS);
	if (!f->own.simulation.ok)
		return action_wait_until(WAIT_SIMULATION_FAILED, attempts_next_ms(&f->own.simulate, base, max));
	if (!attempts_ready(&f->own.open, f->around->now_ms, base, max))
		return action_wait_until(WAIT_RETRY_LATER, attempts_next_ms(&f->own.open, base, max));
	return open_step(f, step);
}

static bool fresh(const struct chore_facts *f)
{
	return f->at.n != 0 && f->at.n >= f->own.settle.rows.floor.n &&
	       f->around->now_ms - f->read_ms <= POLICY_FRESH_MS;
}

struct action chore_read(const struct chore_facts *f)
{
	const uint64_t base = CHORE_LOOK_MS, max = CHORE_BASE_MS;

	if (fresh(f))
		return action_of(ACT_NONE);
	if (!attempts_ready(&f->own.read, f->around->now_ms, base, max))
		return action_wait_until(WAIT_NODES_SILENT, attempts_next_ms(&f->own.read, base, max));
	return action_of(ACT_READ);
}

struct action chore_look(const struct chore_facts *f)
{
	struct action a;

	if (f->own.settle.rows.failures >= POLICY_CHORE_FAILURES)
		return action_wait(WAIT_GIVEN_UP);
	if (f->draws_first)
		return action_wait_until(WAIT_DRAWS_FIRST, f->around->now_ms + CHORE_LOOK_MS);
	/* Before anything is read again: a node's no costs nothing but must not be asked for all the time either. */
	a = may_simulate(f);
	return a.kind != ACT_NONE ? a : chore_read(f);
}

struct action chore_settle(const struct chore_facts *f)
{
	const struct action settled = settle(&f->own.settle);

	if (!f->around->leader)
		return action_wait(WAIT_NOT_THE_LEADER);
	if (settled.kind != ACT_NONE)
		return settled;
	if (f->around->stopping)
		return action_wait(WAIT_STOPPING);
	return settle_all_closed(&f->own.settle.rows) ? settled : action_wait(WAIT_NOT_FINAL);
}
