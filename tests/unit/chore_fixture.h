/* A chore that nothing stands against: read just now, its price known, its step simulated well. */
#ifndef UNIT_CHORE_FIXTURE_H
#define UNIT_CHORE_FIXTURE_H

#include "core/chore.h"
#include "unit/decide_fixture.h"

static inline struct chore_facts chore_fixture(struct fixture *base, enum step step)
{
	struct chore_facts f;

	fixture_due(base);
	f = (struct chore_facts){ .policy = &base->policy,
		.around = &base->around,
		.own = base->f.own,
		.at = { SLOT },
		.read_ms = NOW_MS - 100 };
	f.own.price_known = true;
	f.own.simulation = (struct simulation_fact){ .done = true, .step = step, .basis = { SLOT }, .ok = true };
	return f;
}

static inline void chore_last_row(struct chore_facts *f, enum step step, enum row_state state)
{
	f->own.settle.rows.n = 1;
	f->own.settle.rows.last_seq = 1;
	f->own.settle.rows.row[0] = (struct row){
		.seq = 1, .step = step, .state = state, .last_valid = { HEIGHT + 100 }, .landed = { SLOT }
	};
}

static inline void chore_expect(struct action a, enum step step, enum act kind, enum reason reason)
{
	assert_int_equal(a.kind, kind);
	assert_int_equal(a.reason, reason);
	if (kind == ACT_OPEN || kind == ACT_SIMULATE)
		assert_int_equal(a.step, step);
}

#endif
