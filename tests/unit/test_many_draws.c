/* Very many small draws with random betas: SEL-1's winners come as often as they should, and each prize's money goes to one winner or
 * stays, whatever picks are empty, refused or replaced. 100,000 draws; a million with POOLKEEPER_TEST_FULL.
 *
 * Exact: for each small draw the probability of every whole sequence of picks is computed by walking the rule with fractions of live
 * weight. How often a sequence of probability q comes in n draws is binomial, so by Bernstein's inequality it misses nq by t or more
 * with a probability of at most 2 exp(-t^2 / (2nq(1-q) + 2t/3)). t is taken so that this is 1e-9: with the 99 sequences here a
 * correct rule fails with one seed in ten million, and the seed is fixed. No approximation is made, however rare a sequence is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "core/select.h"
#include "show/judge_draw.h"

enum {
	FEW = 100000,
	MANY = 1000000,
	TICKETS = 5,
	PICKS = 5,
	SHAPES = 8,
	SEQUENCES = 7776 /* 6^5: entry 0..4, or none */
};

/* Participants by number: tickets of one number are one person's. */
static const struct shape {
	uint32_t n, prizes, alternates;
	enum select_mode mode;
	uint64_t weight[TICKETS];
	unsigned participant[TICKETS];
} SHAPE[SHAPES] = {
	{ 2, 1, 0, SELECT_WITH_REPLACEMENT, { 1, 1 }, { 0, 1 } },                              /* a coin */
	{ 2, 1, 1, SELECT_ONE_PER_ENTRY, { UINT64_C(1) << 62, UINT64_C(1) << 63 }, { 0, 1 } }, /* rejects a quarter */
	{ 3, 3, 1, SELECT_WITH_REPLACEMENT, { 1, 2, 3 }, { 0, 1, 2 } },
	{ 4, 2, 2, SELECT_ONE_PER_PARTICIPANT, { 5, 1, 0, 4 }, { 0, 1, 2, 0 } },
	{ 5, 2, 1, SELECT_ONE_PER_ENTRY, { 3, 3, 3, 3, 1 }, { 0, 0, 1, 1, 2 } },
	{ 3, 2, 3, SELECT_ONE_PER_PARTICIPANT, { 100, 10, 1 }, { 0, 1, 2 } }, /* more picks than people */
	{ 1, 3, 2, SELECT_ONE_PER_ENTRY, { 7 }, { 0 } },                      /* one ticket, three prizes */
	{ 5, 1, 2, SELECT_WITH_REPLACEMENT, { 1, 1, 1, 1, 1 }, { 0, 0, 0, 1, 2 } },
};

static uint64_t seed = 0x6d616e79;
static uint64_t seen[SHAPES][SEQUENCES];
static double due[SHAPES][SEQUENCES];
static unsigned draws[SHAPES];
static struct certificate_draw certificate; /* large */
static uint64_t refusals, nobody, replaced;

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static unsigned how_many(void)
{
	return getenv("POOLKEEPER_TEST_FULL") ? MANY : FEW;
}

/* ---- what should come: the rule, with fractions ---- */

static void kill_people(const struct shape *s, bool dead[TICKETS], unsigned participant)
{
	for (uint32_t i = 0; i < s->n; i++)
		dead[i] = dead[i] || s->participant[i] == participant;
}

static void walk(const struct shape *s, double *out, uint32_t p, unsigned sequence, double q, const uint32_t *picked,
	const bool *dead_before)
{
	bool dead[TICKETS] = { false };
	uint32_t now[PICKS] = { 0 };
	double live = 0;

	if (p == s->prizes + s->alternates) {
		out[sequence] += q;
		return;
	}
	memcpy(dead, dead_before, s->n * sizeof *dead);
	memcpy(now, picked, p * sizeof *now);
	for (uint32_t k = 0; p == s->prizes && k < p; k++)
		if (now[k] < TICKETS)
			kill_people(s, dead, s->participant[now[k]]);
	for (uint32_t i = 0; i < s->n; i++)
		live += dead[i] ? 0 : (double)s->weight[i];
	if (live == 0) { /* nobody is left: an empty pick */
		now[p] = TICKETS;
		walk(s, out, p + 1, sequence * 6 + 5, q, now, dead);
		return;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		bool after[TICKETS];

		if (dead[i] || s->weight[i] == 0)
			continue;
		memcpy(after, dead, sizeof after);
		if (p >= s->prizes || s->mode == SELECT_ONE_PER_PARTICIPANT)
			kill_people(s, after, s->participant[i]);
		else if (s->mode == SELECT_ONE_PER_ENTRY)
			after[i] = true;
		now[p] = i;
		walk(s, out, p + 1, sequence * 6 + i, q * (double)s->weight[i] / live, now, after);
	}
}

/* ---- one draw ---- */

static void select_one(const struct shape *s, struct select_pick *pick)
{
	struct ticket ticket[TICKETS];
	uint64_t memory[(20 * (TICKETS + 1)) / 8 + 1];
	struct select_input in = {
		.ticket = ticket, .n = s->n, .prizes = s->prizes, .alternates = s->alternates, .mode = s->mode
	};
	struct hash key;

	for (size_t i = 0; i < sizeof in.beta.b; i += 8) {
		const uint64_t word = next();

		memcpy(in.beta.b + i, &word, 8);
	}
	for (uint32_t i = 0; i < s->n; i++)
		ticket[i] = (struct ticket){ { { (uint8_t)s->participant[i] } }, s->weight[i] };
	assert_int_equal(select_run(pick, &key, &in, memory), SELECT_OK);
}

/* As the operator's books have it: refused prizes take the usable alternates in their order. */
static void award(const struct shape *s, const bool *refused)
{
	struct certificate_draw *d = &certificate;
	uint32_t alternate = s->prizes;

	d->n_refused = 0;
	for (uint32_t p = 0; p < s->prizes; p++) {
		struct certificate_award *a = &d->award[p];
		uint32_t pick = d->pick[p].pick.empty ? CERTIFICATE_NO_PICK : p;

		a->amount = d->lock.amount[p];
		a->refused_from = d->n_refused;
		a->refused_n = 0;
		while (pick == CERTIFICATE_NO_PICK || refused[pick]) {
			if (pick != CERTIFICATE_NO_PICK) {
				d->refused[d->n_refused++] = (struct certificate_refusal){ 0, pick, "rule 4" };
				a->refused_n++;
			}
			while (alternate < d->n_picks && d->pick[alternate].pick.empty)
				alternate++;
			pick = alternate < d->n_picks ? alternate++ : CERTIFICATE_NO_PICK;
			if (pick == CERTIFICATE_NO_PICK)
				break;
		}
		a->pick = pick;
	}
}

static bool judged_well(void)
{
	struct judged out = { .n = 0 };

	judge_awards(&out, &certificate);
	return judged_first(&out, CHECK_WRONG) == NULL;
}

/* Every unit of every prize is paid to one winner who was not refused and is paid for that pick once, or is not paid. */
static void check_money(const struct shape *s, const bool *refused)
{
	const struct certificate_draw *d = &certificate;
	uint64_t pot = 0, paid = 0, kept = 0;
	bool used[PICKS] = { false };

	for (uint32_t p = 0; p < s->prizes; p++) {
		const struct certificate_award *a = &d->award[p];

		pot += d->lock.amount[p];
		if (a->pick == CERTIFICATE_NO_PICK) {
			kept += a->amount;
			nobody++;
			continue;
		}
		assert_true(
			a->pick < d->n_picks && !used[a->pick] && !refused[a->pick] && !d->pick[a->pick].pick.empty);
		assert_true(a->pick == p || a->pick >= s->prizes);
		used[a->pick] = true;
		replaced += a->pick != p;
		paid += a->amount;
	}
	assert_true(paid + kept == pot);
	for (uint32_t p = s->prizes; p < d->n_picks; p++) /* nothing stays while somebody could take it */
		assert_true(kept == 0 || used[p] || refused[p] || d->pick[p].pick.empty);
	refusals += d->n_refused;
}

/* One change of the books: a prize to somebody else, or one unit more. */
static void check_that_a_change_is_seen(void)
{
	struct certificate_award *a = &certificate.award[next() % certificate.n_awards];
	const struct certificate_award was = *a;

	if (next() % 2 == 0)
		a->amount++;
	else
		a->pick = a->pick == CERTIFICATE_NO_PICK ? 0 : next() % 2 ? a->pick + 1 : CERTIFICATE_NO_PICK;
	assert_false(judged_well());
	*a = was;
}

static void draw_one(unsigned which)
{
	const struct shape *s = &SHAPE[which];
	struct select_pick pick[PICKS];
	bool refused[PICKS];
	unsigned sequence = 0;

	select_one(s, pick);
	certificate.lock.prizes = certificate.n_awards = s->prizes;
	certificate.lock.alternates = s->alternates;
	certificate.n_picks = s->prizes + s->alternates;
	for (uint32_t p = 0; p < certificate.n_picks; p++) {
		certificate.pick[p].pick = pick[p];
		sequence = sequence * 6 + (pick[p].empty ? 5 : pick[p].entry);
		refused[p] = !pick[p].empty && next() % 4 == 0;
		if (p < s->prizes)
			certificate.lock.amount[p] = next() >> 12; /* the sum of five fits */
	}
	draws[which]++;
	seen[which][sequence]++;
	award(s, refused);
	assert_true(judged_well());
	check_money(s, refused);
	check_that_a_change_is_seen();
}

/* ---- all of them ---- */

static void test_money_of_many_draws(void **state)
{
	const unsigned n = how_many();

	(void)state;
	for (unsigned i = 0; i < n; i++)
		draw_one((unsigned)(next() % SHAPES));
	/* Each kind of end was there. */
	assert_true(refusals > n / 20 && nobody > n / 20 && replaced > n / 20);
}

static void test_winners_come_as_often_as_they_should(void **state)
{
	static const bool alive[TICKETS];
	static const uint32_t none[PICKS];
	const double log_2_by_chance = log(2 / 1e-9);
	unsigned possible = 0;

	(void)state;
	for (unsigned k = 0; k < SHAPES; k++) {
		const double n = draws[k];
		double all = 0;

		walk(&SHAPE[k], due[k], 0, 0, 1, none, alive);
		for (unsigned i = 0; i < SEQUENCES; i++) {
			const double q = due[k][i], l = log_2_by_chance;
			const double t = l / 3 + sqrt(l * l / 9 + 2 * l * n * q * (1 - q));

			all += q;
			possible += q > 0;
			if (q == 0 ? seen[k][i] != 0 : fabs((double)seen[k][i] - n * q) > t)
				fail_msg("shape %u, sequence %u: %.0f of %.0f draws, %.1f are due, off by %.1f at most",
					k, i, (double)seen[k][i], n, n * q, t);
		}
		assert_true(fabs(all - 1) < 1e-9);
	}
	assert_int_equal(possible, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_money_of_many_draws),
		cmocka_unit_test(test_winners_come_as_often_as_they_should),
	};

	return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
