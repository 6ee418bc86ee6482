/* The moves that draws, token accounts and the canary share before a transaction is signed. */
#include "core/subject_facts.h"

bool step_simulated(const struct subject_facts *own, enum step step, struct slot basis)
{
	const struct simulation_fact *s = &own->simulation;

	return s->done && s->step == step && s->basis.n == basis.n;
}

struct action step_simulate(const struct subject_facts *own, const struct surroundings *around, enum step step,
	uint64_t base_ms, uint64_t max_ms)
{
	if (!own->price_known)
		return action_of(ACT_ASK_FEES);
	if (!attempts_ready(&own->simulate, around->now_ms, base_ms, max_ms))
		return action_wait_until(WAIT_NODES_SILENT, attempts_next_ms(&own->simulate, base_ms, max_ms));
	return (struct action){ .kind = ACT_SIMULATE, .step = step };
}

struct action step_open(const struct subject_facts *own, const struct surroundings *around, const struct policy *policy,
	enum step step, struct slot floor)
{
	const uint64_t base = 1000, max = 60000;

	if (!attempts_ready(&own->open, around->now_ms, base, max))
		return action_wait_until(WAIT_RETRY_LATER, attempts_next_ms(&own->open, base, max));
	if (policy->dry_run)
		return action_wait(WAIT_DRY_RUN);
	if (!around->blockhash_known || around->now_ms - around->blockhash_ms > POLICY_BLOCKHASH_MS)
		return action_wait(WAIT_NODES_SILENT);
	/* Else one node alone would say when the transaction cannot land any more. */
	if (step_unseen(step) && !around->heights_agree)
		return action_wait(WAIT_NODES_SILENT);
	return (struct action){ .kind = ACT_OPEN, .step = step, .floor = floor };
}
