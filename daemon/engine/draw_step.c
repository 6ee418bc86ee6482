/* Turns a decided step of a draw into a composed, simulated and signed transaction. */
#include <inttypes.h>

#include "base/log.h"
#include "core/draw.h"
#include "core/pda.h"
#include "engine/draw_parts.h"
#include "engine/parts.h"

/* Every account that some step of this draw writes and that others may fight over. */
void draw_ask_fees(struct draw *d)
{
	const struct pool_account *pool = &d->facts.view.pool;
	const struct sponsored *sponsored = sponsored_win(&d->facts);
	struct pubkey winner, writable[11] = { d->s.e->policy.dev_wallet, d->address, pool->pool_token, pool->mint,
		d->dev_ata, d->treasury_ata, d->s.e->policy.switchboard.queue, pool->participants_account };
	size_t n = 8;

	if (!pubkey_is_zero(&d->randomness))
		writable[n++] = d->randomness;
	if (expected_winner(&d->facts, &winner))
		pda_ata(&writable[n++], &winner, &pool->mint, &d->token_program);
	if (sponsored)
		pda_ata(&writable[n++], &sponsored->recipient, &pool->mint, &d->token_program);
	subject_ask_fees(&d->s, writable, n);
}

static bool needs_new_oracle(enum step step)
{
	return step == STEP_BIND || step == STEP_RECOMMIT;
}

static bool account_exists(const struct draw *d)
{
	return d->facts.accounts.randomness_presence == PRESENT;
}

static bool pays(enum step step)
{
	return step == STEP_DRAW || step == STEP_PAYOUT;
}

/* Whom the winner is, and whom a sponsored win is passed on to. */
static bool fill_winner(const struct draw *d, struct compose *c)
{
	const struct pool_account *pool = &d->facts.view.pool;
	const struct sponsored *s = sponsored_win(&d->facts);
	struct draw_payout split;

	if (!d->facts.sponsors.known || gate_pass_on(&d->facts) != WAIT_NONE ||
		!expected_winner(&d->facts, &c->winner) ||
		draw_payout(&split, pool->total_amount, pool->dev_fee_bps, pool->burn_fee_bps,
			pool->treasury_fee_bps) != DRAW_OK)
		return false;
	c->winner_amount = split.winner_amount;
	c->decimals = d->facts.accounts.decimals;
	if (s)
		c->recipient = s->recipient;
	return true;
}

/* False: something that the step needs is not there; the next turn decides anew. */
static bool fill(struct draw *d, enum step step, struct compose *c)
{
	const struct pool_account *pool = &d->facts.view.pool;
	const struct engine *e = d->s.e;

	*c = (struct compose){ .net = &e->policy.switchboard,
		.payer = e->policy.dev_wallet,
		.pool = d->address,
		.account = pool,
		.token_program = d->token_program,
		.dev_ata = d->dev_ata,
		.treasury_ata = d->treasury_ata,
		.randomness = d->randomness,
		.recent_slot = e->tip.finalized_slot.n,
		.answer = &d->facts.commit.answer };
	c->unlock = pool->status == POOL_LOCKED;
	c->init = step == STEP_BIND && !account_exists(d);
	c->make_dev_ata = d->facts.accounts.dev_ata.presence == ABSENT;
	c->make_treasury_ata = d->facts.accounts.treasury_ata.presence == ABSENT;
	if (needs_new_oracle(step)) {
		if (!draw_choose_oracle(d, &d->oracle))
			return false;
		c->oracle = d->oracle;
	} else {
		c->oracle = d->facts.commit.oracle;
	}
	/* The journal says that it exists: it was closed since a backup that was restored, or a node lied when it was made. */
	if (step == STEP_BIND && c->init && !d->new_account) {
		draw_pick_new(d);
		c->randomness = d->randomness;
	}
	return !pays(step) || fill_winner(d, c);
}

static void not_now(struct draw *d)
{
	d->randomness = (struct pubkey){ 0 };
	attempts_note(&d->facts.own.simulate, d->s.e->around.now_ms, false);
	subject_wake(&d->s);
}

void draw_simulate(struct draw *d, const struct action *a)
{
	struct compose c;

	if (a->step == STEP_DRAW || a->step == STEP_REVEAL_SELECT || a->step == STEP_SELECT)
		if (d->facts.own.simulation.wanted_since.n == 0)
			d->facts.own.simulation.wanted_since = d->s.e->tip.confirmed_slot;
	if (!fill(d, a->step, &c)) {
		not_now(d);
		return;
	}
	subject_simulate(&d->s, a, &c, d->facts.accounts.at);
}

/* The answer's signature itself is refused. Other errors of a reveal mean that our view of the account is old: somebody
 * revealed it or committed again. */
static bool answer_refused(const struct simulation_fact *f)
{
	enum { SB_INVALID_SECP_SIGNATURE = 6016, SB_SECP_RECOVER_FAILURE = 6033 };

	return !f->ok && f->failed_at == IX_REVEAL && f->failure.custom &&
	       (f->failure.code == SB_INVALID_SECP_SIGNATURE || f->failure.code == SB_SECP_RECOVER_FAILURE);
}

/* The program refuses the answer: another node must say so too before anything follows from it. */
void draw_simulated(struct subject *s, int endpoint)
{
	struct draw *d = container_of(s, struct draw, s);
	const struct simulation_fact *f = &s->own->simulation;
	const size_t nodes = rpc_endpoint_count(s->e->m.rpc);

	/* Before everything is final the node may have simulated on a fork with another seed: that says nothing. */
	if (!answer_refused(f) || !settle_all_closed(&s->own->settle.rows)) {
		s->simulate_at = RPC_ANY;
		if (!f->ok && f->failed_at == IX_REVEAL)
			d->facts.accounts.at.n = 0;
		return;
	}
	if (s->simulate_at != RPC_ANY || d->facts.commit.refused_by == 0)
		d->facts.commit.refused_by++;
	s->simulate_at = nodes > 1 && endpoint >= 0 ? (int)(((size_t)endpoint + 1) % nodes) : RPC_ANY;
	s->own->simulation.done = d->facts.commit.refused_by >= s->own->settle.witnesses;
	log_warn("oracle.answer_refused", "subject=%s commit=%u nodes=%u code=%" PRIu32 " next=%s", s->key.text,
		d->facts.commit.n, d->facts.commit.refused_by, f->failure.code,
		s->own->simulation.done ? "rescue" : "ask_another_node");
}

void draw_open(struct draw *d, const struct action *a)
{
	struct guard guard;
	struct compose c;
	bool creates;

	if (!fill(d, a->step, &c)) {
		not_now(d);
		return;
	}
	creates = a->step == STEP_BIND && c.init;
	guard_for(d->s.e, a->step, &guard);
	guard.pool = d->address;
	guard.randomness = d->randomness;
	guard.mint = d->facts.view.pool.mint;
	guard.token_program = d->token_program;
	if (!pubkey_is_zero(&c.recipient)) {
		guard.auxiliary = c.winner;
		guard.recipient = c.recipient;
		guard.pass_on_amount = c.winner_amount;
		guard.pass_on_decimals = c.decimals;
	}
	d->s.in_step = a->step;
	if (a->step == STEP_BIND)
		spending_opened(d->s.e, &d->facts.view.pool.creator, STEP_BIND);
	subject_open(
		&d->s, a, &c, &guard, creates ? d->new_account : NULL, (struct slot){ creates ? c.recent_slot : 0 });
}
