/* From a decision to a committed row: fees, simulation, signature. Nothing here sends. */
#include <inttypes.h>

#include "base/log.h"
#include "core/price.h"
#include "engine/parts.h"
#include "engine/subject.h"

enum { PRICE_KEEP_MS = 60000, SILENCES_MAX = 3 };

static struct subject *of_rpc(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct subject, rpc);
}

static void on_fees(struct task *task, const struct reply *reply)
{
	struct subject *s = of_rpc(task);
	const struct rpc_fees *fees = reply->err == ERR_OK ? reply->data : NULL;

	/* No answer is not worth waiting for: the fallback is a setting. */
	s->price = price_choose(&s->e->policy, fees ? fees->price : NULL, fees ? fees->n : 0, s->own->open.failures);
	s->price_ms = s->e->around.now_ms;
	s->own->price_known = true;
	subject_wake(s);
}

void subject_ask_fees(struct subject *s, const struct pubkey *writable, size_t n)
{
	rpc_get_fees(s->e->m.rpc, any_node(&s->rpc), writable, n, on_fees);
}

static void too_big(struct subject *s, enum tx_result result)
{
	const struct action halt = action_wait(WAIT_TRANSACTION_TOO_BIG);

	log_error("tx.unbuildable", "subject=%s why=\"%s\" next=human", s->key.text, tx_result_text(result));
	subject_wait(s, &halt);
}

static void log_simulation(const struct subject *s, const struct rpc_simulation *sim)
{
	log_warn("tx.simulation_failed", "subject=%s step=%s at=%s ix=%d code=%" PRIu32 " slot=%" PRIu64 " log=%s",
		s->key.text, STEPS[s->in_step].name, ix_kind_name(s->own->simulation.failed_at), sim->failure.ix,
		sim->failure.custom ? sim->failure.code : 0u, sim->at.n, sim->log);
}

/* A node that does not answer says nothing about the step: for that alone the pauses stay short. */
static void note_silence(struct attempts *simulate, uint64_t now_ms)
{
	const unsigned before = simulate->failures;

	attempts_note(simulate, now_ms, false);
	if (before >= SILENCES_MAX)
		simulate->failures = before;
}

static void on_simulated(struct task *task, const struct reply *reply)
{
	struct subject *s = of_rpc(task);
	struct simulation_fact *fact = &s->own->simulation;
	const struct rpc_simulation *sim = reply->data;

	if (reply->err != ERR_OK || !engine_saw_slot(s->e, sim->at, s->rpc.endpoint)) {
		note_silence(&s->own->simulate, s->e->around.now_ms);
		subject_wake(s);
		return;
	}
	fact->done = true;
	fact->wanted_since.n = 0;
	fact->step = s->in_step;
	fact->basis = s->in_basis;
	fact->ok = sim->ok;
	fact->units = sim->units;
	fact->failure = sim->failure;
	if (!sim->ok) {
		fact->failed_at = compose_kind_at(s->in_step, s->composed.bytes, s->composed.size, sim->failure.ix);
		log_simulation(s, sim);
	}
	if (s->simulated)
		s->simulated(s, s->rpc.endpoint);
	attempts_note(&s->own->simulate, s->e->around.now_ms, sim->ok);
	subject_wake(s);
}

void subject_simulate(struct subject *s, const struct action *a, struct compose *c, struct slot basis)
{
	enum tx_result result;

	c->unit_limit = compose_fixed_limit(a->step);
	c->unit_price = s->price;
	c->blockhash = s->e->pulse.hash;
	result = compose_step(&s->composed, a->step, c);
	if (result != TX_OK) {
		too_big(s, result);
		return;
	}
	s->in_step = a->step;
	s->in_basis = basis;
	s->rpc.endpoint = s->simulate_at;
	rpc_simulate(s->e->m.rpc, &s->rpc, s->composed.bytes, s->composed.size, basis, on_simulated);
}

/* An old price is asked for again before the next step. */
static void forget_preparation(struct subject *s)
{
	s->own->simulation = (struct simulation_fact){ 0 };
	if (s->e->around.now_ms - s->price_ms > PRICE_KEEP_MS)
		s->own->price_known = false;
}

static bool sign(
	struct subject *s, const struct guard *guard, const struct account_key *extra, struct journal_new_row *row)
{
	const struct bytes message = tx_message(&s->composed);
	size_t len = 0;
	char why[160];
	const enum err err = signer_sign(
		s->e->m.signer, extra, guard, message.p, message.n, s->signed_tx, &len, &row->sig, why, sizeof why);

	if (err != ERR_OK) {
		if (err == ERR_RETRY) {
			log_warn("signer.away", "subject=%s step=%s why=%s next=retry", s->key.text,
				STEPS[guard->step].name, why);
		} else {
			count_breach(s->e, BREACH_SIGNED_STEP);
			log_error("tx.refused_by_signer", "subject=%s step=%s why=%s next=human", s->key.text,
				STEPS[guard->step].name, why);
		}
		attempts_note(&s->own->open, s->e->around.now_ms, false);
		return false;
	}
	row->tx = s->signed_tx;
	row->tx_len = (uint16_t)len;
	return true;
}

void subject_open(struct subject *s, const struct action *a, struct compose *c, struct guard *guard,
	const struct account_key *extra, struct slot lut_slot)
{
	const bool simulated = s->own->simulation.done && s->own->simulation.step == a->step && s->own->simulation.ok;
	struct journal_new_row row = { .step = a->step,
		.floor = a->floor,
		.last_valid = STEPS[a->step].guarded ? s->e->pulse.last_valid : heights_last_valid(s->e),
		.randomness = c->randomness,
		.oracle = c->oracle,
		.creator = s->creator,
		.lut_slot = lut_slot };
	enum tx_result result;

	c->unit_limit = simulated ? compose_limit(s->own->simulation.units) : compose_fixed_limit(a->step);
	c->unit_price = s->own->price_known ? s->price : s->e->policy.price_fallback;
	c->blockhash = s->e->pulse.hash;
	result = compose_step(&s->composed, a->step, c);
	if (result != TX_OK) {
		too_big(s, result);
		return;
	}
	guard->max_fee_lamports = price_fee(c->unit_limit, s->e->policy.price_cap, s->composed.n_signatures).n;
	if (!sign(s, guard, extra, &row))
		return;
	forget_preparation(s);
	s->opening = true;
	s->opening_valid = row.last_valid;
	s->e->counters.opens++;
	if (a->kind == ACT_SPOOL)
		journal_spool(
			s->e->m.journal, &s->journal, &s->key, s->own->settle.rows.last_seq, &row, subject_rows_done);
	else
		journal_open(
			s->e->m.journal, &s->journal, &s->key, s->own->settle.rows.last_seq, &row, subject_rows_done);
}
