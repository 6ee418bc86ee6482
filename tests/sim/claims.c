/* Claims of referrers: the app's table, the treasury's tokens, and that each claim is paid once. Neither the token program nor
 * this database knows that a claim was paid before: only the engine's own rules stand between. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "core/pda.h"
#include "sim/fake_journal.h"

enum { PER_MILLE = 400, AMOUNT_MAX = 1000000 };

static const uint64_t TOKENS = 100 * (uint64_t)AMOUNT_MAX;

void claims_draw(void)
{
	world.policy.pay_referrals = random_chance(PER_MILLE);
	world.policy.referral_max_units = AMOUNT_MAX;
	world.policy.referral_max_per_day = CLAIMS;
	random_bytes(world.claim_mint.b, PUBKEY_SIZE);
	for (unsigned i = 0; i < CLAIMS; i++) {
		random_bytes(world.claim[i].wallet.b, PUBKEY_SIZE);
		world.claim[i].amount = 1 + random_below(AMOUNT_MAX);
		chain_newest_state()->claim_ata[i] = random_chance(300);
	}
}

/* ---- on chain ---- */

uint64_t claims_treasury_tokens(const struct state *s)
{
	uint64_t left = TOKENS;

	for (unsigned i = 0; i < CLAIMS; i++)
		left -= world.claim[i].amount * s->claim_paid[i];
	return left;
}

static struct pubkey ata_of(const struct pubkey *owner)
{
	struct pubkey ata;

	pda_ata(&ata, owner, &world.claim_mint, &ADDRESS_TOKEN);
	return ata;
}

void claims_create_ata(struct state *s, const struct pubkey *address)
{
	for (unsigned i = 0; i < CLAIMS; i++) {
		const struct pubkey ata = ata_of(&world.claim[i].wallet);

		s->claim_ata[i] = s->claim_ata[i] || pubkey_equal(&ata, address);
	}
}

bool claims_transfer(
	struct state *s, struct effects *effects, const struct pubkey *from, const struct pubkey *to, uint64_t amount)
{
	const struct pubkey treasury = ata_of(&world.treasury);

	for (unsigned i = 0; pubkey_equal(from, &treasury) && i < CLAIMS; i++) {
		const struct pubkey ata = ata_of(&world.claim[i].wallet);

		if (!pubkey_equal(&ata, to) || !s->claim_ata[i] || amount != world.claim[i].amount)
			continue;
		effects->claim_times = ++s->claim_paid[i];
		return true;
	}
	return false;
}

/* ---- in the database ---- */

static struct db_subject *subject_of(unsigned claim)
{
	char text[SUBJECT_TEXT];

	snprintf(text, sizeof text, "referral:%u", claim + 1);
	return db_subject(text);
}

static bool has(const struct db_subject *s, bool (*is)(const struct row *row))
{
	for (size_t i = 0; i < s->n; i++)
		if (is(&s->step[i].row))
			return true;
	return false;
}

static bool is_final(const struct row *row)
{
	return row->state == ROW_FINAL;
}

void referral_call_init(struct referral_call *call)
{
	*call = (struct referral_call){ 0 };
	call->state = call_new(&call->task);
}

void referral_call_fini(struct referral_call *call)
{
	call_free(call->state);
	call->state = NULL;
}

static void take_claims(struct journal_call_state *s, const struct statement *st)
{
	struct referral_call *call = container_of(s->task, struct referral_call, task);

	call->n = 0;
	for (unsigned i = 0; i < CLAIMS; i++) {
		const struct db_subject *subject = subject_of(i);
		struct referral_row *row = &call->row[call->n];

		if (has(subject, is_final) || !(has(subject, row_unsettled) || st->seq == REFERRALS_ON))
			continue;
		*row = (struct referral_row){ .wallet = world.claim[i].wallet,
			.mint = world.claim_mint,
			.units = world.claim[i].amount,
			.obstacle = WAIT_NONE,
			.work = true };
		snprintf(row->subject.text, sizeof row->subject.text, "%s", subject->text);
		call->n++;
	}
	s->data = call;
}

void referrals_work(
	struct journal *j, struct referral_call *call, const struct referral_terms *terms, journal_done *done)
{
	struct statement *st = call_begin(j, call->state, VERB_OTHER, NULL, take_claims, done);

	st->seq = terms->payouts;
	call_run(call->state, st);
}

/* ---- I10 ---- */

static bool given_up(const struct db_subject *s)
{
	unsigned failed = 0;

	for (size_t i = 0; i < s->n; i++)
		failed += s->step[i].row.state == ROW_FAILED;
	return failed >= POLICY_CHORE_FAILURES;
}

bool claims_settled(void)
{
	for (unsigned i = 0; world.policy.pay_referrals && i < CLAIMS; i++) {
		const struct db_subject *s = subject_of(i);

		if (has(s, row_unsettled) || !(has(s, is_final) || given_up(s)))
			return false;
	}
	return true;
}

void claims_check_end(void)
{
	if (!claims_settled())
		violation("I10", "a claim is never paid, or its transaction never settled");
	for (unsigned i = 0; world.policy.pay_referrals && i < CLAIMS; i++) {
		const unsigned paid = chain_state(chain_tip())->claim_paid[i];

		if (paid != (has(subject_of(i), is_final) ? 1 : 0))
			violation("I10", "claim %u is paid %u times on chain, its journal says otherwise", i, paid);
	}
}
