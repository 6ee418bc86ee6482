/* engine/survey: which draws are late, oldest first, and how many more there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/parts.h"

enum { NOW_S = 100000, DRAWS = 12 };

static struct engine *e;
static struct draw *draw[DRAWS];
static struct engine_survey survey;

/* Locked pools of ours, each due at its own time: later, now, and ten that are late. */
static int set_up(void **state)
{
	static const int64_t late[DRAWS] = { -5, 0, 30, 700, 1, 90, 650, 2, 800, 40, 3, 120 };

	(void)state;
	e = calloc(1, sizeof *e);
	e->chain_s = NOW_S;
	e->canary.s.own = &e->canary.facts.own;
	e->active = draw;
	e->n_active = DRAWS;
	for (size_t i = 0; i < DRAWS; i++) {
		struct draw *d = draw[i] = calloc(1, sizeof *d);
		struct pool_view *v = &d->facts.view;

		d->s.own = &d->facts.own;
		d->s.reason = WAIT_NO_ORACLE;
		snprintf(d->s.key.text, sizeof d->s.key.text, "draw:late:%d", (int)late[i]);
		v->kind = VIEW_POOL;
		v->at.n = 1;
		v->pool.status = POOL_LOCKED;
		v->pool.lock_start_time = NOW_S - late[i] - 60;
		v->pool.lock_duration = 60;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < DRAWS; i++)
		free(draw[i]);
	free(e);
	return 0;
}

static void the_oldest_come_first_and_the_others_are_counted(void **state)
{
	static const int64_t expected[SURVEY_LATE] = { 800, 700, 650, 120, 90, 40, 30, 3 };
	char text[SURVEY_SUBJECT];

	(void)state;
	engine_survey(e, &survey);
	assert_int_equal(survey.n_late, 10);
	for (size_t i = 0; i < SURVEY_LATE; i++) {
		assert_int_equal(survey.late[i].seconds, expected[i]);
		assert_int_equal(survey.late[i].reason, WAIT_NO_ORACLE);
		snprintf(text, sizeof text, "draw:late:%d", (int)expected[i]);
		assert_string_equal(survey.late[i].text, text);
	}
}

static void who_waits_for_its_creator_or_is_not_ours_is_not_late(void **state)
{
	(void)state;
	draw[8]->s.reason = WAIT_PAUSED;
	draw[3]->facts.view.pool.dev_wallet.b[0] = 1;
	draw[6]->facts.view.pool.status = POOL_ENDED;
	engine_survey(e, &survey);
	assert_int_equal(survey.n_late, 7);
	assert_int_equal(survey.late[0].seconds, 120);
	assert_int_equal(survey.late[7].seconds, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_oldest_come_first_and_the_others_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			who_waits_for_its_creator_or_is_not_ours_is_not_late, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
