/* A draw that is due and for which everything is as it should be; tests spoil one thing at a time. */
#ifndef UNIT_DECIDE_FIXTURE_H
#define UNIT_DECIDE_FIXTURE_H

#include <string.h>

#include "core/decide.h"
#include "core/draw.h"
#include "unit/key_fixture.h"

enum { NOW_MS = 1000000, CHAIN_S = 1795000000, SLOT = 5000, HEIGHT = 4000, TOTAL = 4000000 };

struct fixture {
	struct policy policy;
	struct surroundings around;
	struct draw_facts f;
};

static inline void fixture_pool(struct pool_account *pool)
{
	*pool = (struct pool_account){ .pool_id = 77,
		.mint = key_of(3),
		.dev_wallet = key_of(1),
		.treasury_wallet = key_of(2),
		.dev_fee_bps = 200,
		.burn_fee_bps = 100,
		.treasury_fee_bps = 200,
		.max_participants = 4,
		.lock_duration = 60,
		.lock_start_time = CHAIN_S - 61,
		.total_amount = TOTAL,
		.status = POOL_LOCKED };
	draw_config_hash(&pool->config_hash, pool);
}

static inline void fixture_surroundings(struct surroundings *around)
{
	*around = (struct surroundings){ .now_ms = NOW_MS,
		.leader = true,
		.oracle_viable = true,
		.canary_fresh = true,
		.oracle = key_of(9),
		.bind_cost = { 10000000 },
		.draw_cost = { 3000000 },
		.ata_cost = { 2000000 },
		.journal_ok_ms = NOW_MS - 1000,
		.blockhash_ms = NOW_MS - 1000,
		.blockhash_known = true };
}

static inline void fixture_accounts(struct draw_accounts *a)
{
	*a = (struct draw_accounts){ .at = { SLOT },
		.read_ms = NOW_MS - 100,
		.participants_presence = PRESENT,
		.participants = { .count = 4, .raw_count = 4, .in_range = true },
		.mint_presence = PRESENT,
		.decimals_known = true,
		.vault = { PRESENT, TOTAL },
		.dev_ata = { PRESENT, 0 },
		.treasury_ata = { PRESENT, 0 },
		.wallet = { 1000000000 } };
}

static inline void fixture_due(struct fixture *x)
{
	memset(x, 0, sizeof *x);
	x->policy = (struct policy){ .dev_wallet = key_of(1),
		.treasury = key_of(2),
		.max_dev_bps = 500,
		.max_burn_bps = 500,
		.max_treasury_bps = 500,
		.max_bound = 2,
		.creator_day_lamports = 28000000, /* two draws and one token account */
		.oracle_budget_slots = 100,
		.price_floor = 1000,
		.price_cap = 100000,
		.price_fallback = 5000 };
	fixture_surroundings(&x->around);
	x->f.policy = &x->policy;
	x->f.around = &x->around;
	x->f.view = (struct pool_view){
		.at = { SLOT }, .kind = VIEW_POOL, .config_agrees = true, .chain_s = CHAIN_S, .read_ms = NOW_MS - 100
	};
	fixture_pool(&x->f.view.pool);
	fixture_accounts(&x->f.accounts);
	x->f.sponsors = (struct sponsors){ .known = true, .read_ms = NOW_MS - 100 };
	x->f.watch.known = true;
	x->f.account_picked = true;
	x->f.creator = (struct creator_count){ .known = true, .binds = 1 };
	x->f.rescue_possible = true;
	x->f.own.price_known = true;
	x->f.own.settle.now_ms = NOW_MS;
	x->f.own.settle.resend_ms = POLICY_RESEND_MS;
	x->f.own.settle.witnesses = 1;
	x->f.own.settle.tip = (struct tip){ { SLOT - 32 }, { HEIGHT - 32 }, { SLOT }, { HEIGHT } };
}

static inline void fixture_simulated(struct fixture *x, enum step step, bool ok)
{
	x->f.own.simulation = (struct simulation_fact){
		.done = true, .step = step, .basis = { SLOT }, .ok = ok, .failed_at = IX_KINDS
	};
}

/* Bound to our randomness account, the commit is in the ledger, the oracle has not answered. */
static inline void fixture_bound(struct fixture *x)
{
	struct sb_randomness *r = &x->f.accounts.randomness;

	fixture_due(x);
	x->f.view.pool.status = POOL_RANDOMNESS_COMMITTED;
	x->f.view.pool.randomness_account = key_of(8);
	x->f.view.pool.randomness_commit_slot.n = SLOT - 50;
	x->f.accounts.randomness_presence = PRESENT;
	*r = (struct sb_randomness){
		.authority = key_of(1), .oracle = key_of(9), .seed_slot = { SLOT - 51 }, .seed_slothash = { { 5 } }
	};
	x->f.commit = (struct commit_fact){
		.known = true, .seed_slot = r->seed_slot, .seed_slothash = r->seed_slothash, .oracle = r->oracle, .n = 1
	};
}

static inline void fixture_answered(struct fixture *x)
{
	fixture_bound(x);
	x->f.commit.answered = true;
	x->f.commit.answer.value[0] = 1;
}

static inline struct row *fixture_row(struct fixture *x, enum step step, enum row_state state)
{
	struct rows *rows = &x->f.own.settle.rows;
	struct row *row = &rows->row[rows->n++];

	*row = (struct row){ .seq = ++rows->last_seq,
		.step = step,
		.state = state,
		.last_valid = { HEIGHT + 100 },
		.oracle = key_of(9) };
	row->sig.b[0] = (uint8_t)row->seq;
	return row;
}

static inline struct sight *fixture_sight(struct fixture *x)
{
	const unsigned last = x->f.own.settle.rows.n - 1;
	struct sight *sight = &x->f.own.settle.sight[last];

	sight->of = x->f.own.settle.rows.row[last].sig;
	sight->asked = true;
	return sight;
}

struct decide_case {
	const char *name;
	void (*begin)(struct fixture *x);
	void (*change)(struct fixture *x); /* NULL: nothing */
	enum act kind;
	enum step step;
	enum reason reason;
};

static inline struct action decide_case(const struct decide_case *c)
{
	static struct fixture x;

	c->begin(&x);
	if (c->change)
		c->change(&x);
	return decide_draw(&x.f);
}

static inline void check_cases(const struct decide_case *cases, size_t n, bool seen[REASON_COUNT])
{
	for (size_t i = 0; i < n; i++) {
		const struct decide_case *c = &cases[i];
		const struct action a = decide_case(c);

		if (a.kind != c->kind || a.step != c->step || a.reason != c->reason)
			fail_msg("%s: kind %d step %s reason %s", c->name, (int)a.kind, STEPS[a.step].name,
				REASONS[a.reason].name);
		/* A waiting draw is looked at again by itself, unless only news can help. */
		if (a.until_ms != 0)
			assert_true(a.until_ms > NOW_MS && a.until_ms <= NOW_MS + 3600000);
		seen[a.reason] = true;
	}
}

/* What only a bound, selected or paid draw waits for. */
static inline bool reason_is_late(enum reason r)
{
	return r == WAIT_ORACLE_ASKED || r == WAIT_ANSWER_REFUSED || r == WAIT_FOREIGN_RANDOMNESS ||
	       r == WAIT_DEADLINE_PASSED || r == WAIT_PAUSED_BOUND || r == WAIT_PAYOUT_BLOCKED || r == WAIT_FOREIGN_DEV;
}

#endif
