/* Decides what to do next for the canary account. */
#include "core/decide.h"

/* After so many silent answers the canary is committed to another oracle, or again to the only one: a gateway may
 * have forgotten an old commit. */
enum { SILENT_ANSWERS = 3, RECOMMIT_MS = 60000, RECOMMIT_MAX_MS = 3600000 };

static struct action commit(const struct canary_facts *f, enum step step)
{
	if (!f->candidate_known)
		return action_wait_until(WAIT_NO_ORACLE, f->around->now_ms + 1000);
	if (!step_simulated(&f->own, step, f->at))
		return step_simulate(&f->own, f->around, step, 300, 5000);
	if (!f->own.simulation.ok)
		return action_wait_until(WAIT_SIMULATION_FAILED, attempts_next_ms(&f->own.simulate, 1000, 30000));
	return step_open(&f->own, f->around, f->policy, step, f->at);
}

/* Asked anew well before the last answer is too old to count. */
static struct action probe(const struct canary_facts *f)
{
	const uint64_t now = f->around->now_ms;

	if (f->answered_ms != 0 && now - f->answered_ms < POLICY_CANARY_MS / 2)
		return action_wait_until(WAIT_NONE, f->answered_ms + POLICY_CANARY_MS / 2);
	if ((!f->oracle_listed || f->own.ask.failures >= SILENT_ANSWERS) &&
		attempts_ready(&f->recommit, now, RECOMMIT_MS, RECOMMIT_MAX_MS))
		return settle_all_closed(&f->own.settle.rows) ? commit(f, STEP_CANARY_COMMIT)
		                                              : action_wait(WAIT_NOT_FINAL);
	if (!f->oracle_listed)
		return action_wait_until(WAIT_NO_ORACLE, now + 1000);
	if (!attempts_ready(&f->own.ask, now, 500, 5000))
		return action_wait_until(WAIT_CANARY_SILENT, attempts_next_ms(&f->own.ask, 500, 5000));
	return action_of(ACT_ASK_ORACLE);
}

struct action decide_canary(const struct canary_facts *f)
{
	const struct action settled = settle(&f->own.settle);
	const uint64_t now = f->around->now_ms;

	if (!f->around->leader)
		return action_wait(WAIT_NOT_THE_LEADER);
	if (settled.kind != ACT_NONE)
		return settled;
	if (f->around->stopping)
		return action_wait(WAIT_STOPPING);
	if (!f->wanted)
		return action_wait(WAIT_NONE);
	if (f->at.n < f->own.settle.rows.floor.n || f->at.n == 0 || now - f->read_ms > POLICY_FRESH_MS) {
		if (!attempts_ready(&f->own.read, now, 200, 5000))
			return action_wait_until(WAIT_NODES_SILENT, attempts_next_ms(&f->own.read, 200, 5000));
		return action_of(ACT_READ);
	}
	if (f->presence != PRESENT)
		return settle_all_closed(&f->own.settle.rows) ? commit(f, STEP_CANARY_INIT)
		                                              : action_wait(WAIT_NOT_FINAL);
	return probe(f);
}
