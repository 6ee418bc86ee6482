/* Decides what to do next for one token account that payouts need. */
#include "core/decide.h"

/* What the draws at hand may cost stays in the wallet. Unknown costs are no costs to reckon with. */
static bool wallet_low(const struct ata_facts *f)
{
	const struct surroundings *around = f->around;

	return around->ata_cost.n == 0 ||
	       f->wallet.n < around->bind_cost.n + around->draw_cost.n * (around->bound + 1u) + around->ata_cost.n;
}

static enum reason gate(const struct ata_facts *f)
{
	return wallet_low(f) ? WAIT_WALLET_LOW : gate_creator(f->policy, f->around, &f->creator, f->around->ata_cost.n);
}

static struct action create(const struct ata_facts *f)
{
	if (!step_simulated(&f->own, STEP_CREATE_ATA, f->at))
		return step_simulate(&f->own, f->around, STEP_CREATE_ATA, 300, 5000);
	if (!f->own.simulation.ok)
		return action_wait_until(WAIT_SIMULATION_FAILED, attempts_next_ms(&f->own.simulate, 1000, 60000));
	return step_open(&f->own, f->around, f->policy, STEP_CREATE_ATA, f->at);
}

struct action decide_ata(const struct ata_facts *f)
{
	const struct action settled = settle(&f->own.settle);
	enum reason reason;

	if (!f->around->leader)
		return action_wait(WAIT_NOT_THE_LEADER);
	if (settled.kind != ACT_NONE)
		return settled;
	if (f->around->stopping)
		return action_wait(WAIT_STOPPING);
	if (!f->wanted || (f->presence != ABSENT && f->at.n != 0))
		return action_wait(WAIT_OVER);
	if (f->at.n < f->own.settle.rows.floor.n || f->at.n == 0 || f->around->now_ms - f->read_ms > POLICY_FRESH_MS) {
		if (!attempts_ready(&f->own.read, f->around->now_ms, 200, 5000))
			return action_wait_until(WAIT_NODES_SILENT, attempts_next_ms(&f->own.read, 200, 5000));
		return action_of(ACT_READ);
	}
	if (!settle_all_closed(&f->own.settle.rows))
		return action_wait(WAIT_NOT_FINAL);
	reason = gate(f);
	return reason == WAIT_NONE ? create(f) : action_wait_until(reason, f->around->now_ms + 1000);
}
