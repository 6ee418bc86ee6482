/* The rules of docs/certificate.md, one check each. */
#include "show/judge_draw.h"

#include <inttypes.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/drand_sig.h"
#include "core/merkle.h"

enum { ROUND_AFTER_LOCK_S = 120, US_PER_S = 1000000 };

struct judging_draw {
	struct judged *out;
	struct judged_draw *computed;
	const struct certificate_draw *draw;
	const struct certificate_lock *lock;
	const struct ticket *ticket;
	const uint8_t *stakes;
};

static enum check_state must(bool holds)
{
	return holds ? CHECK_OK : CHECK_WRONG;
}

/* ---- what was fixed before anybody could know ---- */

static void check_anchor(const struct judging_draw *j)
{
	const struct certificate_draw *d = j->draw;
	const struct certificate_lock *lock = j->lock;

	if (d->missing == MISSING_ANCHOR)
		return;
	judged_note(j->out, "anchor", must(d->anchor_slot.n > 0 && d->anchor_slot.n < lock->slot.n),
		"the lock was anchored in slot %" PRIu64 ", before slot %" PRIu64 " that it names", d->anchor_slot.n,
		lock->slot.n);
	judged_note(j->out, "anchor_wallet",
		must(crypto_on_curve(d->anchor_wallet.b) &&
			!(lock->has_vrf && pubkey_equal(&d->anchor_wallet, &lock->vrf_key))),
		"a key that can sign, and not the VRF's");
}

static void check_lock(const struct judging_draw *j)
{
	const struct certificate_lock *lock = j->lock;
	static const struct hash zero;
	struct hash chain;
	int64_t due = 0;
	bool known;

	judged_note(j->out, "lock_chain", must(lock->seq > 0 && (lock->seq == 1) == hash_equal(&lock->previous, &zero)),
		"lock %" PRIu64 ": the first one has no previous one, every other has", lock->seq);
	judged_note(j->out, "opened", must(lock->opened_us / US_PER_S <= (uint64_t)lock->at),
		"entries opened %" PRIu64 " us after 1970, before the lock at %" PRId64 " s", lock->opened_us,
		lock->at);

	drand_chain_hash(&chain, &DRAND_QUICKNET);
	judged_note(j->out, "drand_chain", must(hash_equal(&chain, &lock->drand)), "the lock names drand's quicknet");
	known = drand_time_of(&due, &DRAND_QUICKNET, lock->round);
	judged_note(j->out, "lock_round", must(known && due - ROUND_AFTER_LOCK_S >= lock->at),
		"round %" PRIu64 " was due at %" PRId64 ", at least %d s after the lock at %" PRId64, lock->round, due,
		ROUND_AFTER_LOCK_S, lock->at);
	judged_note(j->out, "deadline", must(known && lock->deadline > due),
		"%" PRId64 " is after the round that the lock names", lock->deadline);
}

/* What each ticket put in, and gets back where nothing is drawn. */
static void check_stakes(const struct judging_draw *j)
{
	uint64_t sum = 0;
	bool fits = true;
	struct hash root;

	stakes_root(&root, &j->lock->draw, j->stakes, j->lock->n);
	for (uint64_t i = 0; i < j->lock->n; i++)
		fits = !__builtin_add_overflow(sum, load_u64_be(j->stakes + i * STAKE_SIZE), &sum) && fits;
	judged_note(j->out, "stakes", must(hash_equal(&root, &j->lock->stakes_root) && fits && sum == j->lock->stakes),
		"the tickets' stakes are those that were locked, and %" PRIu64 " together, locked %" PRIu64, sum,
		j->lock->stakes);
}

static void check_tickets(const struct judging_draw *j)
{
	struct judged_draw *c = j->computed;
	struct merkle tree;
	struct hash leaf;
	enum select_result result;

	c->has_tickets = j->ticket != NULL;
	if (!c->has_tickets) {
		judged_note(j->out, "tickets", j->lock->n > 0 ? CHECK_UNKNOWN : CHECK_WRONG,
			"the certificate comes without its %" PRIu64 " tickets: nobody can compute the picks from it",
			j->lock->n);
		return;
	}
	merkle_begin(&tree);
	for (uint64_t i = 0; i < j->lock->n; i++) {
		ticket_leaf(&leaf, &j->lock->draw, i, &j->ticket[i]);
		merkle_add(&tree, &leaf, NULL);
	}
	merkle_end(&tree, &c->root, NULL);
	judged_note(j->out, "tickets", must(hash_equal(&c->root, &j->lock->root)),
		"the tree of the %" PRIu64 " tickets has the root that was locked", j->lock->n);
	result = select_total(&c->total_weight, j->ticket, (uint32_t)j->lock->n);
	judged_note(j->out, "total_weight", must(result == SELECT_OK && c->total_weight == j->lock->total_weight),
		"the tickets weigh %" PRIu64 ", locked %" PRIu64 "; %s", c->total_weight, j->lock->total_weight,
		select_result_text(result));
	check_stakes(j);
}

/* ---- what nobody could choose ---- */

static bool has_round(const struct judging_draw *j)
{
	return j->draw->missing == MISSING_NOTHING || j->draw->missing == MISSING_PROOF;
}

static void check_block(const struct judging_draw *j)
{
	const struct certificate_draw *d = j->draw;
	uint64_t round = 0;
	bool known;

	if (d->missing == MISSING_ANCHOR || d->missing == MISSING_BLOCK)
		return;
	judged_note(j->out, "block", must(d->block_slot.n >= j->lock->slot.n && d->block_parent.n < j->lock->slot.n),
		"slot %" PRIu64 " after %" PRIu64 " is the first block at or after slot %" PRIu64, d->block_slot.n,
		d->block_parent.n, j->lock->slot.n);
	if (d->missing == MISSING_ROUND)
		return;
	known = drand_round_after_block(&round, &DRAND_QUICKNET, j->lock->round, d->block_time);
	judged_note(j->out, "round", must(known && round == d->round),
		"used %" PRIu64 ", by the rule %" PRIu64 ", from round %" PRIu64 " and the block's time", d->round,
		round, j->lock->round);
}

static void check_drand(const struct judging_draw *j)
{
	if (!has_round(j))
		return;
	switch (drand_sig_check(&DRAND_QUICKNET, j->draw->round, &j->draw->signature)) {
	case DRAND_SIG_VALID:
		judged_note(j->out, "drand_signature", CHECK_OK, "BLS over the round by drand's key, checked here");
		break;
	case DRAND_SIG_FORGED:
		judged_note(j->out, "drand_signature", CHECK_WRONG, "it is not drand's signature of round %" PRIu64,
			j->draw->round);
		break;
	case DRAND_SIG_UNCHECKED:
		j->computed->drand_unchecked = true;
		/* A refund does not hang on it. */
		if (j->draw->missing == MISSING_NOTHING)
			judged_note(j->out, "drand_signature", CHECK_UNKNOWN,
				"not checked: this build has no library for pairings. Compare it with what a relay of "
				"drand "
				"gives for round %" PRIu64 ". Who checked it, by the operator's word: %s",
				j->draw->round, j->draw->checked_by);
		break;
	}
}

static void check_beta(const struct judging_draw *j, bool proven, const char *how)
{
	const struct ecvrf_beta *told = &j->draw->beta;

	judged_note(j->out, "beta", must(proven && memcmp(j->computed->vrf.beta.b, told->b, sizeof told->b) == 0), "%s",
		how);
}

static void check_randomness(const struct judging_draw *j)
{
	const struct certificate_draw *d = j->draw;
	const struct alpha alpha = { .draw = j->lock->draw,
		.n = j->lock->n,
		.total_weight = j->lock->total_weight,
		.root = j->lock->root,
		.rules = j->lock->rules,
		.slot = d->block_slot,
		.blockhash = d->blockhash,
		.round = d->round,
		.signature = d->signature };
	enum ecvrf_result result;

	if (!has_round(j))
		return;
	alpha_bytes(j->computed->alpha, &alpha);
	if (d->missing == MISSING_PROOF)
		return;
	if (!j->lock->has_vrf) {
		crypto_sha512(j->computed->vrf.beta.b, &(struct bytes){ j->computed->alpha, ALPHA_SIZE }, 1);
		check_beta(j, true, "SHA-512 of alpha: the lock says that there is no VRF");
		return;
	}
	result = ecvrf_verify(&j->computed->vrf, &j->lock->vrf_key, (struct bytes){ j->computed->alpha, ALPHA_SIZE },
		(struct bytes){ d->proof.b, sizeof d->proof.b });
	judged_note(j->out, "proof", must(result == ECVRF_OK), "%s", ecvrf_result_text(result));
	check_beta(j, result == ECVRF_OK, "the value that follows from the proof");
}

/* ---- who won ---- */

static bool same_pick(const struct certificate_pick *told, const struct select_pick *ours, const struct ticket *ticket)
{
	if (told->pick.empty || ours->empty)
		return told->pick.empty && ours->empty;
	return told->pick.attempt == ours->attempt && told->pick.number == ours->number &&
	       told->pick.total == ours->total && told->pick.entry == ours->entry &&
	       hash_equal(&told->participant, &ticket[ours->entry].participant);
}

static void check_picks(const struct judging_draw *j, void *memory)
{
	struct judged_draw *c = j->computed;
	const uint32_t n = j->lock->prizes + j->lock->alternates;
	struct select_input input = { .beta = c->vrf.beta,
		.draw = j->lock->draw,
		.root = j->lock->root,
		.ticket = j->ticket,
		.n = (uint32_t)j->lock->n,
		.prizes = j->lock->prizes,
		.alternates = j->lock->alternates,
		.mode = j->lock->mode };

	/* Nothing follows from a proof or a list that is not the right one. */
	if (!c->has_tickets || judged_first(j->out, CHECK_WRONG))
		return;
	c->picked = select_run(c->pick, &c->select_key, &input, memory) == SELECT_OK;
	judged_note(j->out, "picks", must(c->picked && j->draw->n_picks == n), "%u picks, by the lock %u",
		(unsigned)j->draw->n_picks, (unsigned)n);
	for (uint32_t p = 0; c->picked && p < n && p < j->draw->n_picks; p++)
		if (!same_pick(&j->draw->pick[p], &c->pick[p], j->ticket)) {
			judged_note(
				j->out, "pick", CHECK_WRONG, "pick %u is not the one that the rule gives", (unsigned)p);
			return;
		}
}

/* ---- who got what ---- */

/* The next candidate for a prize: its own pick, then the alternates in their order, none of them twice. */
static uint32_t next_candidate(const struct certificate_draw *draw, uint32_t candidate, uint32_t *alternate)
{
	do {
		if (*alternate == draw->n_picks)
			return CERTIFICATE_NO_PICK;
		candidate = (*alternate)++;
	} while (draw->pick[candidate].pick.empty);
	return candidate;
}

static bool award_follows(const struct certificate_draw *draw, uint32_t prize, uint32_t *alternate)
{
	const struct certificate_award *award = &draw->award[prize];
	uint32_t candidate = prize;

	if (draw->pick[prize].pick.empty)
		candidate = next_candidate(draw, candidate, alternate);
	for (uint32_t i = 0; i < award->refused_n; i++) {
		const struct certificate_refusal *refusal = &draw->refused[award->refused_from + i];

		if (candidate == CERTIFICATE_NO_PICK || refusal->pick != candidate || refusal->reason[0] == '\0')
			return false;
		candidate = next_candidate(draw, candidate, alternate);
	}
	return award->pick == candidate;
}

void judge_awards(struct judged *out, const struct certificate_draw *draw)
{
	const struct certificate_lock *lock = &draw->lock;
	uint32_t alternate = lock->prizes;

	judged_note(out, "prizes", must(draw->n_awards == lock->prizes), "%u awards, %u prizes were locked",
		(unsigned)draw->n_awards, (unsigned)lock->prizes);
	if (draw->n_awards != lock->prizes || draw->n_picks != lock->prizes + lock->alternates)
		return;
	for (uint32_t i = 0; i < draw->n_awards; i++) {
		if (draw->award[i].amount != lock->amount[i]) {
			judged_note(out, "amount", CHECK_WRONG, "prize %u is %" PRIu64 ", locked %" PRIu64, (unsigned)i,
				draw->award[i].amount, lock->amount[i]);
			return;
		}
		if (!award_follows(draw, i, &alternate)) {
			judged_note(out, "award", CHECK_WRONG,
				"prize %u did not go to its pick, or to the first alternate left after refusals with "
				"reasons",
				(unsigned)i);
			return;
		}
	}
	judged_note(
		out, "awards", CHECK_OK, "every prize went where the picks send it, with the amount that was locked");
}

static bool has_winner(const struct certificate_draw *draw)
{
	for (uint32_t i = 0; i < draw->n_awards; i++)
		if (draw->award[i].pick != CERTIFICATE_NO_PICK)
			return true;
	return false;
}

/* Who knows the winners must not choose. Only the rules' own text says whether they name a reason, and nothing in the file whether
 * it was true. */
static void check_refusals(const struct judging_draw *j)
{
	bool blind = true;
	int64_t due = 0;

	if (j->draw->n_refused == 0)
		return;
	blind = drand_time_of(&due, &DRAND_QUICKNET, j->lock->round);
	for (uint32_t i = 0; i < j->draw->n_refused; i++)
		blind = blind && j->draw->refused[i].at >= j->lock->at && j->draw->refused[i].at < due;
	judged_note(j->out, "refused_at", must(blind),
		"refused after the lock at %" PRId64 " and before round %" PRIu64 " was due at %" PRId64, j->lock->at,
		j->lock->round, due);
	judged_note(j->out, "refusals", CHECK_UNKNOWN,
		"%u winners were refused: the file does not hold the rules, nor whether the reasons are true",
		(unsigned)j->draw->n_refused);
}

/* ---- where nothing was drawn, or nobody was left to win it ---- */

static void check_default(const struct judging_draw *j)
{
	const struct certificate_draw *d = j->draw;

	judged_note(j->out, "default", must(d->defaulted_at >= j->lock->deadline),
		"nothing is drawn: no %s at %" PRId64 ", the deadline was %" PRId64,
		certificate_missing_name(d->missing), d->defaulted_at, j->lock->deadline);
}

static void check_refund(const struct judging_draw *j)
{
	const struct certificate_draw *d = j->draw;
	const bool due = d->missing != MISSING_NOTHING || !has_winner(d);

	if (!due && !d->has_refund)
		return;
	judged_note(j->out, "refund",
		must(due && d->has_refund && d->refunded == j->lock->stakes && d->refunded_at >= d->defaulted_at),
		"%" PRIu64 " units were given back, %" PRIu64 " staked by %" PRIu64
		" tickets: each its own stake, where "
		"nobody can win, and only there",
		d->refunded, j->lock->stakes, j->lock->n);
}

void judge_draw(struct judged *out, struct judged_draw *computed, const struct certificate_draw *draw,
	const struct ticket *ticket, const uint8_t *stakes, void *memory)
{
	const struct judging_draw j = { out, computed, draw, &draw->lock, ticket, stakes };

	check_lock(&j);
	check_anchor(&j);
	check_tickets(&j);
	check_block(&j);
	check_drand(&j);
	check_randomness(&j);
	if (draw->missing != MISSING_NOTHING) {
		check_default(&j);
	} else {
		check_picks(&j, memory);
		judge_awards(out, draw);
		check_refusals(&j);
	}
	check_refund(&j);
}
