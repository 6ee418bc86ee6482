/* Sponsored players in one draw's decisions: noted before it is bound, paid through, and never in the way of a bound pool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/decide_fixture.h"

enum { PLAYERS = 4, FIRST = 20, PERSON = 40 };
#define CHANGE(name) static void name(struct fixture *x)

/* Player 0 is the sponsor, the others play through wallets of the house. */
static void sponsored(struct fixture *x)
{
	struct sponsors *s = &x->f.sponsors;

	for (unsigned i = 0; i < PLAYERS; i++)
		x->f.accounts.participants.list[i] = key_of((uint8_t)(FIRST + i));
	for (unsigned i = 1; i < PLAYERS; i++)
		s->of[s->n++] = (struct sponsored){ .auxiliary = key_of((uint8_t)(FIRST + i)),
			.recipient = key_of((uint8_t)(PERSON + i)),
			.valid = true,
			.key = true };
}
CHANGE(due)
{
	fixture_due(x);
	sponsored(x);
}
CHANGE(answered)
{
	fixture_answered(x);
	sponsored(x);
}

/* The mapping of the one who wins, or of everybody else. */
static void spoil(struct fixture *x, bool the_winner, bool key)
{
	struct pubkey winner;

	assert_true(expected_winner(&x->f, &winner));
	for (unsigned i = 0; i < x->f.sponsors.n; i++) {
		struct sponsored *s = &x->f.sponsors.of[i];

		if (pubkey_equal(&s->auxiliary, &winner) != the_winner)
			continue;
		if (key)
			s->key = false;
		else
			s->valid = false;
	}
}
/* The first answer, counting up, that lets this player win. */
static void let_win(struct fixture *x, unsigned player)
{
	struct pubkey winner;

	for (uint8_t i = 1; i != 0; i++) {
		x->f.commit.answer.value[0] = i;
		assert_true(expected_winner(&x->f, &winner));
		if (pubkey_equal(&winner, &x->f.accounts.participants.list[player]))
			return;
	}
	fail_msg("player %u never wins", player);
}
CHANGE(unknown)
{
	x->f.sponsors.known = false;
}
CHANGE(old)
{
	x->f.sponsors.read_ms = NOW_MS - POLICY_FRESH_MS - 1;
}
CHANGE(silent)
{
	unknown(x);
	x->f.sponsor = (struct attempts){ 1, NOW_MS };
}
CHANGE(one_key_missing)
{
	x->f.sponsors.of[2].key = false;
}
CHANGE(one_nobody)
{
	x->f.sponsors.of[1].valid = false;
}
CHANGE(bind_out_unknown)
{
	fixture_row(x, STEP_BIND, ROW_OPEN);
	unknown(x);
}
CHANGE(bind_out_key_missing)
{
	fixture_row(x, STEP_BIND, ROW_OPEN);
	one_key_missing(x);
}
CHANGE(person_wins)
{
	let_win(x, 1);
}
CHANGE(person_wins_simulated)
{
	let_win(x, 1);
	fixture_simulated(x, STEP_DRAW, true);
}
CHANGE(person_wins_without_key)
{
	let_win(x, 1);
	spoil(x, true, true);
}
CHANGE(person_wins_without_mapping)
{
	let_win(x, 1);
	spoil(x, true, false);
}
CHANGE(person_wins_others_without_key)
{
	let_win(x, 1);
	spoil(x, false, true);
}
CHANGE(sponsor_wins_without_keys)
{
	let_win(x, 0);
	spoil(x, false, true);
}
CHANGE(person_wins_no_dev_ata)
{
	let_win(x, 1);
	x->f.accounts.dev_ata.presence = ABSENT;
}
CHANGE(person_wins_no_treasury_ata)
{
	let_win(x, 1);
	x->f.accounts.treasury_ata.presence = ABSENT;
}
CHANGE(sponsor_wins_no_dev_ata)
{
	let_win(x, 0);
	x->f.accounts.dev_ata.presence = ABSENT;
}
CHANGE(passing_on_fails)
{
	let_win(x, 1);
	fixture_simulated(x, STEP_DRAW, false);
	x->f.own.simulation.failed_at = IX_PASS_ON;
}
CHANGE(unknown_postgres_gone)
{
	unknown(x);
	x->around.journal_down_since_ms = NOW_MS - 1;
}
static void selected(struct fixture *x, unsigned player)
{
	x->f.view.pool.status = POOL_WINNER_SELECTED;
	x->f.view.pool.winner = x->f.accounts.participants.list[player];
}
CHANGE(selected_person)
{
	selected(x, 2);
}
CHANGE(selected_person_without_key)
{
	selected(x, 2);
	spoil(x, true, true);
}
CHANGE(selected_person_without_mapping)
{
	selected(x, 2);
	spoil(x, true, false);
}
CHANGE(selected_sponsor_without_keys)
{
	selected(x, 0);
	spoil(x, false, true);
}
CHANGE(selected_unknown)
{
	selected(x, 2);
	unknown(x);
}
CHANGE(ended_unknown)
{
	x->f.view.pool.status = POOL_ENDED;
	unknown(x);
}

static const struct decide_case CASES[] = {
	{ "due", due, NULL, ACT_SIMULATE, STEP_BIND, 0 },
	{ "due, not read", due, unknown, ACT_NOTE_SPONSORS, 0, 0 },
	{ "due, read long ago", due, old, ACT_NOTE_SPONSORS, 0, 0 },
	{ "due, Postgres silent", due, silent, ACT_WAIT, 0, WAIT_JOURNAL_SILENT },
	{ "due, a key is missing", due, one_key_missing, ACT_WAIT, 0, WAIT_SPONSOR_KEY },
	{ "due, a mapping names nobody", due, one_nobody, ACT_WAIT, 0, WAIT_SPONSOR_MAPPING },
	{ "BIND out, not read", due, bind_out_unknown, ACT_NOTE_SPONSORS, 0, 0 },
	{ "BIND out, a key is missing", due, bind_out_key_missing, ACT_WAIT, 0, WAIT_SPONSOR_KEY },
	{ "answered, not read", answered, unknown, ACT_NOTE_SPONSORS, 0, 0 },
	{ "answered, reading failed", answered, silent, ACT_SIMULATE, STEP_REVEAL_SELECT, 0 },
	{ "answered, Postgres gone", answered, unknown_postgres_gone, ACT_SIMULATE, STEP_REVEAL_SELECT, 0 },
	{ "a person wins", answered, person_wins, ACT_SIMULATE, STEP_DRAW, 0 },
	{ "a person wins, simulated", answered, person_wins_simulated, ACT_OPEN, STEP_DRAW, 0 },
	{ "a person wins, no key", answered, person_wins_without_key, ACT_SIMULATE, STEP_REVEAL_SELECT, 0 },
	{ "a person wins, no mapping", answered, person_wins_without_mapping, ACT_SIMULATE, STEP_REVEAL_SELECT, 0 },
	{ "a person wins, other keys missing", answered, person_wins_others_without_key, ACT_SIMULATE, STEP_DRAW, 0 },
	{ "the sponsor wins, keys missing", answered, sponsor_wins_without_keys, ACT_SIMULATE, STEP_DRAW, 0 },
	{ "a person wins, dev account gone", answered, person_wins_no_dev_ata, ACT_SIMULATE, STEP_REVEAL_SELECT, 0 },
	{ "a person wins, treasury account gone", answered, person_wins_no_treasury_ata, ACT_SIMULATE,
		STEP_REVEAL_SELECT, 0 },
	{ "the sponsor wins, dev account gone", answered, sponsor_wins_no_dev_ata, ACT_SIMULATE, STEP_DRAW, 0 },
	{ "passing on fails", answered, passing_on_fails, ACT_OPEN, STEP_REVEAL_SELECT, 0 },
	{ "selected, a person", due, selected_person, ACT_SIMULATE, STEP_PAYOUT, 0 },
	{ "selected, a person, no key", due, selected_person_without_key, ACT_WAIT, 0, WAIT_SPONSOR_KEY },
	{ "selected, a person, no mapping", due, selected_person_without_mapping, ACT_WAIT, 0, WAIT_SPONSOR_MAPPING },
	{ "selected, the sponsor", due, selected_sponsor_without_keys, ACT_SIMULATE, STEP_PAYOUT, 0 },
	{ "selected, not read", due, selected_unknown, ACT_NOTE_SPONSORS, 0, 0 },
	{ "ended, not read", due, ended_unknown, ACT_NOTE_SPONSORS, 0, 0 },
};

static void test_every_row(void **unused)
{
	bool seen[REASON_COUNT] = { false };

	(void)unused;
	check_cases(CASES, sizeof CASES / sizeof CASES[0], seen);
}

/* Whatever is wrong with the mappings, the 3000 slots are not waited away. */
static void test_nothing_stops_a_bound_pool(void **unused)
{
	static struct fixture x;

	(void)unused;
	for (unsigned player = 0; player < PLAYERS; player++)
		for (unsigned wrong = 0; wrong < 4; wrong++) {
			answered(&x);
			let_win(&x, player);
			for (unsigned i = 0; i < x.f.sponsors.n; i++)
				x.f.sponsors.of[i].key = x.f.sponsors.of[i].valid = false;
			x.f.sponsors.known = wrong & 1;
			x.f.sponsor.failures = wrong & 2;
			x.f.sponsor.last_ms = 1;
			assert_true(decide_draw(&x.f).kind == ACT_SIMULATE ||
				    (wrong == 0 && decide_draw(&x.f).kind == ACT_NOTE_SPONSORS));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_nothing_stops_a_bound_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
