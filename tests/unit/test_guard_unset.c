/* A guard that leaves something out allows nothing that would have to be it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/guard_fixture.h"

/* The message names the zero key and so does the guard: a forgotten field must not match. */
static void test_unset_guard_is_refused(void **state)
{
	static const struct {
		size_t field;
		const char *says;
		enum step step;
	} cases[] = { { offsetof(struct guard, payer), "payer, programs or queue", STEP_DRAW },
		{ offsetof(struct guard, ml_program), "payer, programs or queue", STEP_DRAW },
		{ offsetof(struct guard, switchboard_program), "payer, programs or queue", STEP_DRAW },
		{ offsetof(struct guard, queue), "payer, programs or queue", STEP_DRAW },
		{ offsetof(struct guard, pool), "the pool is not set", STEP_DRAW },
		{ offsetof(struct guard, pool), "the pool is not set", STEP_CLAIM_RENT },
		{ offsetof(struct guard, randomness), "randomness account is not set", STEP_SELECT },
		{ offsetof(struct guard, mint), "mint is not set", STEP_PAYOUT },
		{ offsetof(struct guard, token_program), "the token program is none", STEP_PAYOUT },
		{ offsetof(struct guard, treasury), "the treasury is not set", STEP_FINALIZE },
		{ offsetof(struct guard, pass_on_amount), "a claim needs an amount", STEP_PAY_REFERRAL },
		{ offsetof(struct guard, anchor), "memo of the anchor is not set", STEP_ANCHOR } };
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		scene_begin(&scene);
		scene_build(&scene, cases[i].step);
		memset((uint8_t *)&scene.guard + cases[i].field, 0,
			cases[i].step == STEP_PAY_REFERRAL ? sizeof scene.guard.pass_on_amount : PUBKEY_SIZE);
		assert_refused(&scene, cases[i].says);
	}
	scene_begin(&scene);
	scene_build(&scene, STEP_PAYOUT);
	scene.guard.auxiliary = key_of(0x67);
	assert_refused(&scene, "a sponsored player without a recipient");
	scene_begin(&scene);
	scene_build(&scene, STEP_PAY_REFERRAL);
	scene.guard.auxiliary = key_of(0x67);
	assert_refused(&scene, "nobody plays for its referrer");
	scene_begin(&scene);
	scene.guard.randomness = key_of(0);
	scene_compose(&scene);
	scene_build(&scene, STEP_RECOMMIT);
	assert_refused(&scene, "randomness account is not set");
	scene_begin(&scene);
	scene.guard.mint = key_of(0);
	scene_compose(&scene);
	scene_build(&scene, STEP_CREATE_ATA);
	assert_refused(&scene, "mint is not set");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unset_guard_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
