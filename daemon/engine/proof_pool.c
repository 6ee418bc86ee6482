/* A pool's draw as its certificate tells it: what the transactions and accounts say, and from the journal what the chain does not
 * know: why a commit was made, and what became of it. Nothing is filled in that neither has. */
#include <stdio.h>
#include <string.h>

#include "chain/oracle_sig.h"
#include "engine/proofs.h"

static struct certificate_seen seen_of(const struct seen_at *at)
{
	return (struct certificate_seen){ at->sig, at->slot, at->time };
}

static bool is_whole(const struct evidence *e, const struct proof_work *work)
{
	return e->created.slot.n != 0 && e->pool_id == work->pool_id && e->requested.slot.n != 0 &&
	       e->selected.slot.n != 0 && e->paid.slot.n != 0 && e->moved.known && !e->moved.stray &&
	       !e->commits_lost && evidence_used(e) != NULL;
}

static void take_chain(struct certificate_pool *out, const struct evidence *e, const struct pool_account *pool)
{
	out->address = e->pool;
	out->creator = e->creator;
	out->mint = e->mint;
	out->token_program = e->token_program;
	out->randomness_account = e->randomness_account;
	out->pool_id = e->pool_id;
	out->terms = e->terms;
	out->start_time = pool->start_time;
	out->config_hash = pool->config_hash;
	out->created = seen_of(&e->created);
	out->requested = seen_of(&e->requested);
	out->selected = seen_of(&e->selected);
	out->paid = seen_of(&e->paid);
	out->winner = e->paid_to;
	out->winner_token = e->paid_token;
	out->dev_token = e->dev_token;
	out->treasury_token = e->treasury_token;
	out->payout = e->moved.amount;
}

/* The chain's list has the order in which they stand to be drawn; payout leaves it. */
static bool take_players(
	struct certificate_pool *out, const struct proof_work *work, const struct participants_account *list)
{
	for (unsigned i = 0; i < work->n_players; i++) {
		const struct proof_player *player = NULL;

		for (unsigned k = 0; k < work->n_players && !player; k++)
			if (pubkey_equal(&work->player[k].wallet, &list->list[i]))
				player = &work->player[k];
		if (!player)
			return false;
		out->player[i].wallet = player->wallet;
		out->player[i].joined = (struct certificate_seen){ player->sig, player->slot, player->time };
	}
	out->n_players = work->n_players;
	return true;
}

static bool same_commit(const struct evidence_commit *c, const struct proof_commit *row)
{
	return c->seed_slot.n == row->seed_slot.n && hash_equal(&c->seed_slothash, &row->seed_slothash) &&
	       pubkey_equal(&c->oracle, &row->oracle);
}

static bool take_commit(struct certificate_commit *out, const struct evidence_commit *c, const struct proof_work *work)
{
	*out = (struct certificate_commit){ .at = seen_of(&c->at),
		.revealed = seen_of(&c->revealed),
		.oracle = c->oracle,
		.reveal_oracle = c->reveal_oracle,
		.seed_slot = c->seed_slot,
		.seed_slothash = c->seed_slothash,
		.answer = c->answer };
	for (unsigned i = 0; c->seed_known && i < work->n_commits; i++)
		if (same_commit(c, &work->commit[i])) {
			memcpy(out->reason, work->commit[i].reason, sizeof out->reason);
			memcpy(out->fate, work->commit[i].fate, sizeof out->fate);
			return true;
		}
	return false;
}

static bool take_commits(struct certificate_pool *out, const struct evidence *e, const struct proof_work *work)
{
	_Static_assert((int)EVIDENCE_COMMITS <= (int)CERTIFICATE_COMMITS_MAX, "all that are gathered fit");
	_Static_assert((int)PROOF_WORD == (int)CERTIFICATE_TEXT, "reasons are copied as they are");

	out->n_commits = e->n_commits;
	for (unsigned i = 0; i < e->n_commits; i++)
		if (!take_commit(&out->commit[i], &e->commit[i], work))
			return false;
	return true;
}

/* The key that made the answer: the account's copy of it while it still holds this commit, else the oracle's own. */
static bool take_oracle(struct certificate_pool *out, const struct evidence *e, const struct evidence_accounts *a)
{
	const struct evidence_commit *used = evidence_used(e);
	const uint8_t *keys[] = { a->has_randomness && a->randomness.has_signer ? a->randomness.signer : NULL,
		a->has_oracle ? a->oracle.signer : NULL };

	if (!a->has_oracle || (a->has_randomness && !pubkey_equal(&a->randomness.queue, &a->oracle.queue)))
		return false;
	out->queue = a->oracle.queue;
	for (size_t i = 0; i < 2; i++)
		if (keys[i] && oracle_sig_valid(&e->randomness_account, &used->seed_slothash, used->seed_slot,
				       &used->answer, keys[i])) {
			memcpy(out->oracle_signer, keys[i], sizeof out->oracle_signer);
			return true;
		}
	return false;
}

static bool take_draw(struct certificate_pool *out, const struct evidence *e)
{
	const struct evidence_commit *used = evidence_used(e);

	return draw_winner(&out->drawn, e->pool_id, used->answer.value, (uint8_t)out->n_players) == DRAW_OK &&
	       pubkey_equal(&out->player[out->drawn.index].wallet, &e->paid_to);
}

const char *proof_pool(struct certificate_pool *out, const struct proof_work *work, const struct evidence *e,
	const struct evidence_accounts *a, const char *network)
{
	*out = (struct certificate_pool){ .n_donations = (unsigned)work->donations, .total_amount = work->total };
	snprintf(out->network, sizeof out->network, "%s", network);
	if (!is_whole(e, work))
		return "bad_transaction";
	if (e->terms_changed)
		return "terms_changed";
	if (!a->has_pool || !a->has_participants)
		return "account_gone";
	take_chain(out, e, &a->pool);
	if (!take_players(out, work, &a->participants))
		return "order_unknown";
	if (!take_commits(out, e, work))
		return "no_commit_row";
	if (!take_oracle(out, e, a))
		return "no_oracle_key";
	return take_draw(out, e) ? NULL : "records_differ";
}
