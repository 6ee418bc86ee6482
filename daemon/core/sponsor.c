/* Whom a win is for, and whether it can be passed on. */
#include "core/sponsor.h"

#include "core/decide.h"
#include "core/draw.h"

const struct sponsored *sponsors_find(const struct sponsors *sponsors, const struct pubkey *player)
{
	for (unsigned i = 0; i < sponsors->n; i++)
		if (pubkey_equal(&sponsors->of[i].auxiliary, player))
			return &sponsors->of[i];
	return NULL;
}

/* Known from the oracle's answer before anything is revealed; afterwards the chain says it. */
bool expected_winner(const struct draw_facts *f, struct pubkey *out)
{
	const struct pool_account *pool = &f->view.pool;
	const struct participants_account *players = &f->accounts.participants;
	struct drawn drawn;

	if (!pubkey_is_zero(&pool->winner)) {
		*out = pool->winner;
		return true;
	}
	if (!f->commit.answered ||
		draw_winner(&drawn, pool->pool_id, f->commit.answer.value, players->count) != DRAW_OK)
		return false;
	*out = players->list[drawn.index];
	return true;
}

const struct sponsored *sponsored_win(const struct draw_facts *f)
{
	struct pubkey winner;

	return expected_winner(f, &winner) ? sponsors_find(&f->sponsors, &winner) : NULL;
}

static enum reason gate_one(const struct sponsored *s)
{
	if (!s->valid)
		return WAIT_SPONSOR_MAPPING;
	return s->key ? WAIT_NONE : WAIT_SPONSOR_KEY;
}

enum reason gate_sponsors(const struct draw_facts *f)
{
	for (unsigned i = 0; i < f->sponsors.n; i++) {
		const enum reason reason = gate_one(&f->sponsors.of[i]);

		if (reason != WAIT_NONE)
			return reason;
	}
	return WAIT_NONE;
}

enum reason gate_pass_on(const struct draw_facts *f)
{
	const struct sponsored *s = sponsored_win(f);

	return s ? gate_one(s) : WAIT_NONE;
}
