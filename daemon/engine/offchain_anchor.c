/* The memo with a draw's name and the hash of its row, as a chore of housekeeping: the chain's part of a lock. */
#include <stdio.h>

#include "engine/parts.h"

/* There are no accounts to read: what is signed depends on the row alone. */
static void read_nothing(struct chore *c)
{
	c->facts->at = c->s.e->tip.confirmed_slot;
	c->facts->read_ms = c->s.e->around.now_ms;
	subject_wake(&c->s);
}

static void fill(const struct chore *c, struct compose *out, struct guard *guard)
{
	out->anchor = guard->anchor = c->anchored;
}

static struct action decide(struct chore *c)
{
	c->anchor.confirmed = c->s.e->tip.confirmed_slot;
	return decide_anchor(&c->anchor);
}

/* Final: the draw wants to hear of it. */
static bool end(struct chore *c)
{
	if (c->s.e->offchain)
		offchain_soon(c->s.e);
	return true;
}

const struct chore_kind CHORE_ANCHOR = { decide, read_nothing, fill, end };

void offchain_list_anchors(struct engine *e)
{
	const struct offchain *o = e->offchain;

	house_unlist(e, &CHORE_ANCHOR);
	for (size_t i = 0; i < o->n; i++) {
		struct offchain_draw *d = o->draw[i];
		struct subject_key key;
		struct chore *c;
		struct memo memo;

		offchain_refresh(e, d);
		if (!offchain_wants_anchor(&d->facts) || !memo_anchor(&memo, d->facts.row.seq, d->facts.row.source,
								 d->facts.row.key, &d->facts.row.hash))
			continue;
		(void)snprintf(key.text, sizeof key.text, "offchain:%s", d->facts.row.id);
		c = house_chore(e, &key, &CHORE_ANCHOR);
		if (!c)
			continue;
		c->anchored = memo;
		c->anchor.before = d->facts.row.slot;
		subject_wake(&c->s);
	}
}
