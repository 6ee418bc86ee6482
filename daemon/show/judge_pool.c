/* A pool's certificate as evidence: what `verify` judges from the chain, judged from the file. */
#include <string.h>

#include "core/address.h"
#include "show/judge_draw.h"

static struct seen_at seen_of(const struct certificate_seen *seen)
{
	return (struct seen_at){ seen->sig, seen->slot, seen->time };
}

static void add_commits(struct evidence *e, const struct certificate_pool *pool)
{
	e->n_commits = pool->n_commits;
	for (unsigned i = 0; i < pool->n_commits; i++) {
		const struct certificate_commit *c = &pool->commit[i];

		e->commit[i] = (struct evidence_commit){ .at = seen_of(&c->at),
			.oracle = c->oracle,
			.seed_slot = c->seed_slot,
			.seed_slothash = c->seed_slothash,
			.seed_known = true,
			.revealed = seen_of(&c->revealed),
			.reveal_oracle = c->reveal_oracle,
			.answer = c->answer };
	}
}

static void add_payout(struct evidence *e, const struct certificate_pool *pool)
{
	e->paid = seen_of(&pool->paid);
	e->paid_to = pool->winner;
	e->paid_token = pool->winner_token;
	e->dev_token = pool->dev_token;
	e->treasury_token = pool->treasury_token;
	e->moved = (struct evidence_moved){ .known = true, .amount = pool->payout };
}

static void to_evidence(struct evidence *e, const struct certificate_pool *pool)
{
	evidence_begin(e, &pool->address);
	e->created = seen_of(&pool->created);
	e->pool_id = pool->pool_id;
	e->terms = pool->terms;
	e->creator = pool->creator;
	e->mint = pool->mint;
	e->token_program = pool->token_program;
	e->n_players = pool->n_players;
	for (unsigned i = 0; i < pool->n_players; i++)
		e->player[i] = (struct evidence_player){ pool->player[i].wallet, seen_of(&pool->player[i].joined) };
	e->n_donations = pool->n_donations;
	e->total_amount = pool->total_amount;
	e->requested = seen_of(&pool->requested);
	e->selected = seen_of(&pool->selected);
	e->randomness_account = pool->randomness_account;
	add_commits(e, pool);
	add_payout(e, pool);
}

/* What the certificate says that the accounts held; the list of players is the signed one. */
static void to_accounts(
	struct evidence_accounts *a, const struct certificate_pool *pool, const struct evidence_commit *used)
{
	*a = (struct evidence_accounts){ .has_pool = true, .has_oracle = true, .has_randomness = true };
	a->pool = (struct pool_account){ .pool_id = draw_pool_id(&pool->terms.salt, pool->created.slot, &pool->creator),
		.config_hash = pool->config_hash,
		.start_time = pool->start_time,
		.winner = pool->winner,
		.randomness = pool->drawn.randomness };
	a->oracle.queue = a->randomness.queue = pool->queue;
	memcpy(a->oracle.signer, pool->oracle_signer, sizeof a->oracle.signer);
	if (used) {
		a->randomness.seed_slot = used->seed_slot;
		a->randomness.seed_slothash = used->seed_slothash;
		a->randomness.has_signer = true;
		memcpy(a->randomness.signer, pool->oracle_signer, sizeof a->randomness.signer);
	}
}

/* The only queues whose oracles count. A local chain has a copy of devnet's. */
static bool queue_of(const char *network, struct pubkey *queue)
{
	const bool mainnet = strcmp(network, "mainnet-beta") == 0;

	*queue = mainnet ? ADDRESS_SWITCHBOARD_QUEUE_MAINNET : ADDRESS_SWITCHBOARD_QUEUE_DEVNET;
	return mainnet || strcmp(network, "devnet") == 0 || strcmp(network, "localnet") == 0;
}

static bool total_holds(const struct certificate_pool *pool)
{
	uint64_t bets;

	if (__builtin_mul_overflow((uint64_t)pool->n_players, pool->terms.bet_amount, &bets))
		return false;
	return pool->n_donations == 0 ? pool->total_amount == bets : pool->total_amount > bets;
}

/* The chain cannot do it in another order; a file can say so. */
static bool is_in_order(const struct certificate_pool *p)
{
	if (p->created.slot.n == 0 || p->requested.slot.n < p->created.slot.n ||
		p->requested.slot.n > p->selected.slot.n || p->selected.slot.n > p->paid.slot.n)
		return false;
	for (unsigned i = 0; i < p->n_players; i++)
		if (p->player[i].joined.slot.n < p->created.slot.n || p->player[i].joined.slot.n > p->requested.slot.n)
			return false;
	return true;
}

void judge_pool(struct judged *out, struct evidence *e, const struct certificate_pool *pool)
{
	struct evidence_accounts accounts;
	struct sb_net net = { .queue = pool->queue };
	bool known = queue_of(pool->network, &net.queue);

	to_evidence(e, pool);
	to_accounts(&accounts, pool, evidence_used(e));
	judge(out, e, &accounts, &net, NULL);
	judged_note(out, "network", known ? CHECK_OK : CHECK_WRONG, "%s", pool->network);
	judged_note(out, "total", total_holds(pool) ? CHECK_OK : CHECK_WRONG,
		"the bets of all players, and what was donated");
	judged_note(out, "order", is_in_order(pool) ? CHECK_OK : CHECK_WRONG,
		"created, joined, requested, selected and paid in slots that follow each other");
	if (out->drawn_known)
		judged_note(out, "drawn",
			out->drawn.index == pool->drawn.index && out->drawn.normalized == pool->drawn.normalized
				? CHECK_OK
				: CHECK_WRONG,
			"the number, and the place among the players");
}
