/* The draw computed again, check by check. */
#include "show/judge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chain/oracle_sig.h"
#include "core/base58.h"
#include "core/pda.h"

enum { POOL_DURATION_S = 604800 };

struct judging {
	struct judged *out;
	const struct evidence *e;
	const struct evidence_accounts *a;
	const struct sb_net *net;
};

const char *check_state_name(enum check_state state)
{
	static const char *const NAME[] = { "ok", "wrong", "unknown", "gone" };

	return NAME[state];
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const NAME[] = { "fair", "not fair", "not decided yet", "cannot be known",
		"no draw: refunded" };

	return NAME[verdict];
}

void judged_note(struct judged *out, const char *name, enum check_state state, const char *format, ...)
{
	struct check *check = &out->check[out->n < CHECKS_MAX ? out->n++ : CHECKS_MAX - 1];
	va_list args;

	check->name = name;
	check->state = state;
	va_start(args, format);
	(void)vsnprintf(check->text, sizeof check->text, format, args);
	va_end(args);
}

void judged_conclude(struct judged *out, enum verdict verdict, const char *why)
{
	out->verdict = verdict;
	snprintf(out->why, sizeof out->why, "%s", why);
}

static enum check_state must(bool holds)
{
	return holds ? CHECK_OK : CHECK_WRONG;
}

/* ---- what the pool is ---- */

static void check_address(const struct judging *j)
{
	struct pubkey own;

	pda_pool(&own, &j->e->mint, &j->e->terms.salt);
	judged_note(j->out, "address", must(pubkey_equal(&own, &j->e->pool)),
		"derived from the mint and the salt that were signed");
	if (j->a->has_pool)
		judged_note(j->out, "pool_id", must(j->a->pool.pool_id == j->e->pool_id),
			"account %" PRIu64 ", from salt, creation slot and creator %" PRIu64, j->a->pool.pool_id,
			j->e->pool_id);
	else
		judged_note(
			j->out, "pool_id", CHECK_GONE, "from salt, creation slot and creator %" PRIu64, j->e->pool_id);
}

/* The signed terms, as config_hash covers them. */
static void check_terms(const struct judging *j)
{
	const struct ml_args *terms = &j->e->terms;
	struct pool_account pool = { .salt = terms->salt,
		.max_participants = terms->max_participants,
		.lock_duration = terms->lock_duration,
		.bet_amount = terms->bet_amount,
		.dev_wallet = terms->dev_wallet,
		.dev_fee_bps = terms->dev_fee_bps,
		.burn_fee_bps = terms->burn_fee_bps,
		.treasury_wallet = terms->treasury_wallet,
		.treasury_fee_bps = terms->treasury_fee_bps,
		.start_time = j->a->has_pool ? j->a->pool.start_time : j->e->created.time,
		.duration = POOL_DURATION_S };

	draw_config_hash(&j->out->config_hash, &pool);
	if (!j->a->has_pool)
		judged_note(j->out, "config_hash", CHECK_GONE,
			"computed from the signed terms; the account that stored it is gone");
	else
		judged_note(j->out, "config_hash", must(hash_equal(&j->out->config_hash, &j->a->pool.config_hash)),
			"the account's, against the terms that the creator signed");
	if (j->e->terms_changed)
		judged_note(j->out, "terms", CHECK_WRONG, "the lock time was changed after the creation");
}

static void check_players(const struct judging *j)
{
	const struct participants_account *list = &j->a->participants;
	const unsigned n = j->e->n_players;

	judged_note(j->out, "players", must(n == j->e->terms.max_participants && n <= PARTICIPANTS_MAX),
		"%u signed their entry, the pool has %u places", n, (unsigned)j->e->terms.max_participants);
	if (!j->a->has_participants || n > PARTICIPANTS_MAX) {
		judged_note(j->out, "participants", CHECK_GONE,
			"the account with the list is gone; the signed entries count");
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		if (pubkey_equal(&list->list[i], &j->e->player[i].wallet))
			continue;
		judged_note(j->out, "participants", CHECK_WRONG,
			"place %u of the account's list is not who signed as player %u", i, i);
		return;
	}
	/* payout only zeroes the count and leaves the keys. */
	judged_note(j->out, "participants", must(list->count == n || (list->count == 0 && j->e->paid.slot.n != 0)),
		"the account's list is that of the signed entries, in their order");
}

/* ---- the randomness ---- */

/* Whoever may commit again after an answer came can draw until he likes the winner. */
static void check_commits(const struct judging *j, const struct evidence_commit *used)
{
	const struct evidence *e = j->e;
	const struct evidence_commit *bound = NULL;
	unsigned after = 0, answered = 0;

	for (unsigned i = 0; i < e->n_commits; i++) {
		const struct evidence_commit *c = &e->commit[i];

		if (e->selected.slot.n != 0 && c->at.slot.n > e->selected.slot.n)
			continue;
		if (seen_before(&c->at, &e->requested)) {
			bound = c;
			continue;
		}
		after++;
		if (i > 0 && e->commit[i - 1].revealed.slot.n != 0 &&
			!seen_before(&e->commit[i - 1].revealed, &e->requested))
			answered++;
	}
	if (!bound || e->commits_lost)
		judged_note(
			j->out, "commit", CHECK_UNKNOWN, "the commit before the request is not among the transactions");
	else if (bound->revealed.slot.n != 0 && bound->revealed.slot.n < e->requested.slot.n)
		judged_note(j->out, "commit", CHECK_WRONG, "the pool was bound to an answer that was public already");
	else if (!signature_equal(&bound->at.sig, &e->requested.sig))
		judged_note(j->out, "commit", CHECK_UNKNOWN,
			"committed in another transaction than the request: the answer may have been known");
	else
		judged_note(j->out, "commit", CHECK_OK,
			"in the same transaction as the request: nobody could know the answer");
	if (answered > 0)
		judged_note(j->out, "one_answer", CHECK_WRONG, "%u public answers were thrown away after the request",
			answered);
	else if (after > 0)
		judged_note(j->out, "one_answer", CHECK_UNKNOWN,
			"%u commits after the request; whether an answer to an earlier one was known is not on chain",
			after);
	else if (used)
		judged_note(
			j->out, "one_answer", CHECK_OK, "the pool was bound to one commit, and its answer was used");
}

static void check_queue(const struct judging *j)
{
	const struct evidence_accounts *a = j->a;

	if (!a->has_oracle)
		judged_note(j->out, "oracle", CHECK_UNKNOWN,
			"the oracle's account is gone, or not the Switchboard program's");
	else
		judged_note(j->out, "oracle", must(pubkey_equal(&a->oracle.queue, &j->net->queue)),
			"belongs to the network's Switchboard queue");
	if (a->has_randomness)
		judged_note(j->out, "queue", must(pubkey_equal(&a->randomness.queue, &j->net->queue)),
			"the randomness account belongs to the network's Switchboard queue");
	else
		judged_note(j->out, "queue", CHECK_GONE, "the randomness account is closed");
}

/* The account still holds this very commit, with the key that the program copied when it was made. */
static bool account_has(const struct evidence_accounts *a, const struct evidence_commit *c)
{
	return a->has_randomness && a->randomness.has_signer && a->randomness.seed_slot.n == c->seed_slot.n &&
	       hash_equal(&a->randomness.seed_slothash, &c->seed_slothash);
}

static void check_answer(const struct judging *j, const struct evidence_commit *c)
{
	const struct evidence_accounts *a = j->a;
	const struct pubkey *account = &j->e->randomness_account;

	judged_note(j->out, "answered_by", must(pubkey_equal(&c->oracle, &c->reveal_oracle)),
		"the oracle that was committed to");
	if (!c->seed_known) {
		judged_note(j->out, "oracle_signature", CHECK_UNKNOWN,
			"the log of the commit is lost: no slot hash to check against");
		return;
	}
	if (account_has(a, c))
		judged_note(j->out, "oracle_signature",
			must(oracle_sig_valid(
				account, &c->seed_slothash, c->seed_slot, &c->answer, a->randomness.signer)),
			"secp256k1 over account, slot hash, slot and value, by the key in the randomness account");
	else if (a->has_oracle &&
		 oracle_sig_valid(account, &c->seed_slothash, c->seed_slot, &c->answer, a->oracle.signer))
		judged_note(j->out, "oracle_signature", CHECK_OK,
			"secp256k1 over account, slot hash, slot and value, by the oracle's key");
	else
		judged_note(j->out, "oracle_signature", CHECK_UNKNOWN,
			"not by the key that the oracle has today; the Switchboard program accepted it then");
}

/* ---- the winner and the money ---- */

static void check_randomness(const struct judging *j)
{
	const struct u128 ours = j->out->drawn.randomness;

	if (j->a->has_pool && j->e->selected.slot.n != 0)
		judged_note(j->out, "randomness", must(u128_equal(j->a->pool.randomness, ours)),
			"the pool's, against the first half of the oracle's value");
	if (j->e->event_known)
		judged_note(j->out, "paid_randomness", must(u128_equal(j->e->event.as.winner.randomness, ours)),
			"that the payout tells, against the first half of the oracle's value");
}

static void check_winner(const struct judging *j, const struct evidence_commit *used)
{
	const struct evidence *e = j->e;
	char ours[PUBKEY_TEXT], theirs[PUBKEY_TEXT];

	if (!used || e->n_players == 0 || e->n_players > PARTICIPANTS_MAX ||
		draw_winner(&j->out->drawn, e->pool_id, used->answer.value, (uint8_t)e->n_players) != DRAW_OK) {
		judged_note(j->out, "winner", used ? CHECK_WRONG : CHECK_UNKNOWN,
			used ? "the value or the list gives no winner"
			     : "no oracle's answer is among the transactions");
		return;
	}
	j->out->drawn_known = true;
	j->out->winner = e->player[j->out->drawn.index].wallet;
	base58_pubkey(ours, &j->out->winner);
	check_randomness(j);
	if (j->a->has_pool) {
		base58_pubkey(theirs, &j->a->pool.winner);
		judged_note(j->out, "winner", must(pubkey_equal(&j->a->pool.winner, &j->out->winner)),
			"the pool's %s, computed %s", theirs, ours);
	}
	if (e->paid.slot.n != 0) {
		base58_pubkey(theirs, &e->paid_to);
		judged_note(j->out, "paid_winner", must(pubkey_equal(&e->paid_to, &j->out->winner)),
			"paid %s, computed %s", theirs, ours);
	}
}

static bool same_split(const struct draw_payout *a, const struct draw_payout *b)
{
	return a->winner_amount == b->winner_amount && a->dev_amount == b->dev_amount &&
	       a->burn_amount == b->burn_amount && a->treasury_amount == b->treasury_amount;
}

static void check_receivers(const struct judging *j)
{
	const struct evidence *e = j->e;
	struct pubkey winner, dev, treasury;

	pda_ata(&winner, &e->paid_to, &e->mint, &e->token_program);
	pda_ata(&dev, &e->terms.dev_wallet, &e->mint, &e->token_program);
	pda_ata(&treasury, &e->terms.treasury_wallet, &e->mint, &e->token_program);
	judged_note(j->out, "receivers",
		must(pubkey_equal(&winner, &e->paid_token) && pubkey_equal(&dev, &e->dev_token) &&
			pubkey_equal(&treasury, &e->treasury_token)),
		"the token accounts are those of winner, dev wallet and treasury");
}

static void check_money(const struct judging *j)
{
	const struct evidence *e = j->e;
	const struct ml_args *terms = &e->terms;
	const struct draw_payout *split = &j->out->split;
	struct draw_payout told = { 0 };

	j->out->split_known = !e->overflow && draw_payout(&j->out->split, e->total_amount, terms->dev_fee_bps,
						      terms->burn_fee_bps, terms->treasury_fee_bps) == DRAW_OK;
	if (e->paid.slot.n == 0)
		return;
	if (!j->out->split_known) {
		judged_note(j->out, "split", CHECK_WRONG, "the total times the fees overflows: nothing could be paid");
		return;
	}
	if (e->event_known) {
		told = (struct draw_payout){ e->event.as.winner.winner_amount, e->event.as.winner.dev_amount,
			e->event.as.winner.burn_amount, e->event.as.winner.treasury_amount };
		judged_note(j->out, "split", must(same_split(&told, split)),
			"the payout tells winner %" PRIu64 " dev %" PRIu64 " burn %" PRIu64 " treasury %" PRIu64,
			told.winner_amount, told.dev_amount, told.burn_amount, told.treasury_amount);
	}
	if (!e->moved.known)
		judged_note(j->out, "moved", CHECK_UNKNOWN, "the node does not tell what the token program moved");
	else
		judged_note(j->out, "moved", must(!e->moved.stray && same_split(&e->moved.amount, split)),
			"out of the vault to winner %" PRIu64 " dev %" PRIu64 " burn %" PRIu64 " treasury %" PRIu64
			"%s",
			e->moved.amount.winner_amount, e->moved.amount.dev_amount, e->moved.amount.burn_amount,
			e->moved.amount.treasury_amount, e->moved.stray ? ", and more to others" : "");
	check_receivers(j);
}

/* ---- the verdict ---- */

const struct check *judged_first(const struct judged *out, enum check_state state)
{
	for (unsigned i = 0; i < out->n; i++)
		if (out->check[i].state == state)
			return &out->check[i];
	return NULL;
}

static void conclude(struct judged *out, const struct evidence *e, const char *gap)
{
	const struct check *wrong = judged_first(out, CHECK_WRONG), *unknown = judged_first(out, CHECK_UNKNOWN);
	char why[sizeof out->why];

	if (wrong) {
		snprintf(why, sizeof why, "%s: %.150s", wrong->name, wrong->text);
		judged_conclude(out, VERDICT_NOT_FAIR, why);
	} else if (gap) {
		judged_conclude(out, VERDICT_UNKNOWN, gap);
	} else if (e->cancelled.slot.n != 0) {
		judged_conclude(out, VERDICT_UNKNOWN, "the pool was cancelled: nothing was drawn");
	} else if (e->selected.slot.n == 0) {
		judged_conclude(out, VERDICT_NOT_DECIDED, "the winner is not selected");
	} else if (unknown) {
		snprintf(why, sizeof why, "%s: %.150s", unknown->name, unknown->text);
		judged_conclude(out, VERDICT_UNKNOWN, why);
	} else if (e->paid.slot.n == 0) {
		judged_conclude(out, VERDICT_NOT_DECIDED, "the winner is selected and not paid");
	} else {
		judged_conclude(out, VERDICT_FAIR, "the chain did what the rules say, with the oracle's value");
	}
}

void judge(struct judged *out, const struct evidence *e, const struct evidence_accounts *accounts,
	const struct sb_net *net, const char *gap)
{
	const struct judging j = { out, e, accounts, net };
	const struct evidence_commit *used = evidence_used(e);

	*out = (struct judged){ 0 };
	if (e->created.slot.n == 0) {
		judged_conclude(out, VERDICT_UNKNOWN,
			gap ? gap : "no pool was created at this address, as far as the chain is finalized");
		return;
	}
	check_address(&j);
	check_terms(&j);
	if (e->cancelled.slot.n == 0 && e->requested.slot.n != 0 && !gap) {
		check_players(&j);
		check_commits(&j, used);
	}
	if (e->cancelled.slot.n == 0 && e->selected.slot.n != 0 && !gap) {
		check_queue(&j);
		if (used)
			check_answer(&j, used);
		check_winner(&j, used);
		check_money(&j);
	}
	conclude(out, e, gap);
}
