/* What metrics count: additions to numbers in memory, nothing else. */
#include "core/price.h"
#include "engine/parts.h"

void count_breach(struct engine *e, enum breach what)
{
	e->counters.breaches[what]++;
}

static void count_landing(struct landings *l, uint64_t slots)
{
	static const uint64_t bounds[LANDING_BUCKETS - 1] = LANDING_BOUNDS;
	size_t i = 0;

	while (i < LANDING_BUCKETS - 1 && slots > bounds[i])
		i++;
	l->bucket[i]++;
	l->slots += slots;
}

/* A row that was open when this process started was sent by another one: when, is not known. */
void count_row(struct engine *e, const struct row *row, enum row_state before, struct slot sent)
{
	struct engine_snapshot *c = &e->counters;
	const bool was_out = before == ROW_OPEN || before == ROW_STALE;
	const bool settled = row->state == ROW_FINAL || row->state == ROW_FAILED;

	if (before == ROW_STATES && row->state != ROW_OPEN)
		return;
	c->steps[row->step][row->state]++;
	if (settled)
		c->fee_lamports += price_of(row->tx, row->tx_len).n;
	if (was_out && (settled || row->state == ROW_LANDED) && sent.n != 0 && row->landed.n >= sent.n)
		count_landing(&c->landings, row->landed.n - sent.n);
}
