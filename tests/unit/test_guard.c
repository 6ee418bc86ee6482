/* The guard lets through every step that we compose, and no other byte string near it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/ata.h"
#include "core/compute.h"
#include "core/ml.h"
#include "unit/guard_fixture.h"

static void test_composed_steps_are_allowed(void **state)
{
	struct scene scene;

	(void)state;
	for (int step = 0; step < STEP_COUNT; step++) {
		for (int options = 0; options < 16; options++) {
			scene_begin(&scene);
			scene.compose.unlock = options & 1;
			scene.compose.init = options & 2;
			scene.compose.make_dev_ata = options & 4;
			scene.compose.make_treasury_ata = options & 8;
			scene_build(&scene, (enum step)step);
			assert_allowed(&scene);
		}
	}
}

static void test_token_2022_is_allowed(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene.guard.token_program = ADDRESS_TOKEN_2022;
	scene_compose(&scene);
	scene.compose.token_program = ADDRESS_TOKEN_2022;
	pda_ata(&scene.account.pool_token, &scene.guard.pool, &scene.guard.mint, &ADDRESS_TOKEN_2022);
	pda_ata(&scene.compose.dev_ata, &scene.guard.payer, &scene.guard.mint, &ADDRESS_TOKEN_2022);
	scene_build(&scene, STEP_DRAW);
	assert_allowed(&scene);
}

/* Same instructions under two names: the journal tells them apart, the chain does not. */
static bool same_shape(enum step a, enum step b)
{
	return (a == STEP_RECOMMIT && b == STEP_CANARY_COMMIT) || (a == STEP_CANARY_COMMIT && b == STEP_RECOMMIT);
}

static void test_a_step_is_no_other_step(void **state)
{
	struct scene scene;

	(void)state;
	for (int step = 0; step < STEP_COUNT; step++) {
		for (int as = 0; as < STEP_COUNT; as++) {
			scene_begin(&scene);
			scene_build(&scene, (enum step)step);
			scene.guard.step = (enum step)as;
			assert_int_equal(allowed(&scene), step == as || same_shape((enum step)step, (enum step)as));
		}
	}
}

/* Where a byte may change although nothing else does. */
static bool in_policy(const struct scene *scene, const struct tx_view *view, size_t at)
{
	size_t blockhash = view->blockhash_at;
	enum step step = scene->guard.step;
	struct pubkey key;

	if (at >= blockhash && at < blockhash + HASH_SIZE)
		return true;
	for (unsigned i = 0; i < 2; i++) /* compute limit and price, tag excluded */
		if (at > view->ixs[i].data_at && at < (size_t)view->ixs[i].data_at + view->ixs[i].data_size)
			return true;
	for (unsigned i = 2; i < view->n_ixs; i++) /* the oracle's answer, discriminator excluded */
		if (view->ixs[i].data_size == 105 && at >= view->ixs[i].data_at + 8U &&
			at < view->ixs[i].data_at + 105U)
			return true;
	if (at < view->keys_at || at >= view->keys_at + (size_t)view->n_keys * PUBKEY_SIZE)
		return false;
	memcpy(key.b, view->bytes + view->keys_at + (at - view->keys_at) / PUBKEY_SIZE * PUBKEY_SIZE, PUBKEY_SIZE);
	/* A commit may go to any oracle of the queue; a reveal derives the oracle's stats account from it. */
	if (pubkey_equal(&key, &scene->compose.oracle))
		return step != STEP_DRAW && step != STEP_REVEAL_SELECT;
	/* The program checks the treasury's token account against the pool. */
	return pubkey_equal(&key, &scene->compose.treasury_ata) && step != STEP_FINALIZE;
}

static unsigned mutate(struct scene *scene, size_t at, uint8_t flip, const struct tx_view *view)
{
	struct scene copy = *scene;
	size_t offset = (size_t)(scene->message.p - scene->tx.bytes);

	copy.tx.bytes[offset + at] ^= flip;
	copy.message.p = copy.tx.bytes + offset;
	if (!allowed(&copy))
		return 0;
	if (!in_policy(scene, view, offset + at))
		fail_msg("%s: byte %zu ^ %02x was let through", STEPS[scene->guard.step].name, at, flip);
	return 1;
}

static void test_every_flipped_byte_is_in_policy_or_refused(void **state)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	struct scene scene;
	struct tx_view view;

	(void)state;
	for (int step = 0; step < STEP_COUNT; step++) {
		unsigned passed = 0;
		scene_begin(&scene);
		scene_build(&scene, (enum step)step);
		assert_int_equal(tx_parse(&view, scene.tx.bytes, scene.tx.size), TX_OK);
		for (size_t at = 0; at < scene.message.n; at++)
			for (size_t i = 0; i < sizeof flips; i++)
				passed += mutate(&scene, at, flips[i], &view);
		/* The blockhash is open, so something always passes: the test would see a guard that refuses all. */
		assert_true(passed >= HASH_SIZE * sizeof flips);
	}
}

static void test_truncated_or_longer_is_refused(void **state)
{
	struct scene scene;
	uint8_t longer[TX_SIZE_MAX + 1];

	(void)state;
	scene_begin(&scene);
	scene_build(&scene, STEP_DRAW);
	struct bytes whole = scene.message;
	for (scene.message.n = 0; scene.message.n < whole.n; scene.message.n++)
		assert_false(allowed(&scene));
	memcpy(longer, whole.p, whole.n);
	longer[whole.n] = 0;
	scene.message = (struct bytes){ longer, whole.n + 1 };
	assert_false(allowed(&scene));
}

static void test_foreign_names_are_refused(void **state)
{
	static const size_t fields[] = { offsetof(struct guard, payer), offsetof(struct guard, pool),
		offsetof(struct guard, randomness), offsetof(struct guard, mint), offsetof(struct guard, token_program),
		offsetof(struct guard, queue), offsetof(struct guard, ml_program),
		offsetof(struct guard, switchboard_program) };
	struct pubkey other = key_of(0x99), zero = key_of(0);
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		scene_begin(&scene);
		scene_build(&scene, STEP_DRAW);
		memcpy((uint8_t *)&scene.guard + fields[i], other.b, sizeof other);
		assert_false(allowed(&scene));
		memcpy((uint8_t *)&scene.guard + fields[i], zero.b, sizeof zero);
		assert_false(allowed(&scene));
	}
}

static void test_fees_are_capped(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene.compose.unit_price = 50000; /* 300000 * 50000 / 10^6 = 15000, and 5000 for one signature */
	scene_build(&scene, STEP_SELECT);
	assert_allowed(&scene);
	scene.compose.unit_price = 50001;
	scene_build(&scene, STEP_SELECT);
	assert_refused(&scene, "fee of 20001 lamports");
	scene.compose.unit_price = UINT64_MAX;
	scene_build(&scene, STEP_SELECT);
	assert_refused(&scene, "beyond any budget");
	scene.compose.unit_price = 0;
	scene.compose.unit_limit = 1400001;
	scene_build(&scene, STEP_SELECT);
	assert_refused(&scene, "compute limit 1400001");
	scene.compose.unit_limit = 0;
	scene_build(&scene, STEP_SELECT);
	assert_refused(&scene, "compute limit 0");
	scene_begin(&scene); /* two signatures */
	scene.guard.max_fee_lamports = 10299;
	scene_build(&scene, STEP_CANARY_INIT);
	assert_refused(&scene, "fee of 10300 lamports");
}

/* budget, then what the test adds */
static void build_with(struct scene *scene, enum step step, const struct ix *extra, size_t n)
{
	struct ix ixs[6];

	scene->guard.step = step;
	compute_limit(&ixs[0], UNIT_LIMIT);
	compute_price(&ixs[1], UNIT_PRICE);
	memcpy(ixs + 2, extra, n * sizeof *extra);
	assert_int_equal(tx_compile(&scene->tx, &scene->guard.payer, &scene->compose.blockhash, ixs, n + 2), TX_OK);
	scene->message = tx_message(&scene->tx);
}

static void select_ix(const struct scene *scene, struct ix *out)
{
	struct ml_accounts accounts = { 0 };

	accounts.of[ML_POOL] = scene->guard.pool;
	accounts.of[ML_USER] = scene->guard.payer;
	accounts.of[ML_RANDOMNESS] = scene->guard.randomness;
	accounts.of[ML_PARTICIPANTS] = scene->account.participants_account;
	ml_build(out, ML_SELECT_WINNER, &accounts, NULL);
}

static void system_transfer(const struct scene *scene, struct ix *out)
{
	struct pubkey thief = key_of(0x98);

	ix_begin(out, &ADDRESS_SYSTEM);
	ix_account(out, &scene->guard.payer, IX_SIGN_WRITE);
	ix_account(out, &thief, IX_WRITE);
	ix_u32(out, 2);
	ix_u64(out, 1000000000);
}

static void test_other_instructions_are_refused(void **state)
{
	struct scene scene;
	struct ix ixs[3];

	(void)state;
	scene_begin(&scene);
	select_ix(&scene, &ixs[0]);
	build_with(&scene, STEP_SELECT, ixs, 1);
	assert_allowed(&scene);
	system_transfer(&scene, &ixs[1]);
	build_with(&scene, STEP_SELECT, ixs, 2);
	assert_refused(&scene, "instruction 3 does not belong");
	select_ix(&scene, &ixs[1]);
	build_with(&scene, STEP_SELECT, ixs, 2);
	assert_refused(&scene, "instruction 3 does not belong");
	build_with(&scene, STEP_SELECT, ixs, 0);
	assert_refused(&scene, "instruction 2 of a SELECT must be select_winner");
	system_transfer(&scene, &ixs[0]);
	build_with(&scene, STEP_SELECT, ixs, 1);
	assert_refused(&scene, "instruction 2 of a SELECT must be select_winner");
}

static void test_account_flags_and_lists_are_exact(void **state)
{
	struct pubkey extra = key_of(0x97);
	struct scene scene;
	struct ix ix;

	(void)state;
	scene_begin(&scene);
	select_ix(&scene, &ix);
	ix_account(&ix, &extra, IX_READ);
	build_with(&scene, STEP_SELECT, &ix, 1);
	assert_refused(&scene, "5 accounts, must be 4");
	select_ix(&scene, &ix);
	ix.metas[1].writable = true; /* the randomness account */
	build_with(&scene, STEP_SELECT, &ix, 1);
	assert_refused(&scene, "keys, signers or flags");
	select_ix(&scene, &ix);
	ix.metas[1].signer = true;
	build_with(&scene, STEP_SELECT, &ix, 1);
	assert_refused(&scene, "keys, signers or flags");
	select_ix(&scene, &ix);
	ix_u8(&ix, 0); /* Anchor ignores data behind the arguments; we do not */
	build_with(&scene, STEP_SELECT, &ix, 1);
	assert_refused(&scene, "unexpected data");
}

static void test_payout_makes_only_accounts_that_it_pays(void **state)
{
	struct pubkey stranger = key_of(0x96), ata;
	struct ml_accounts accounts = { 0 };
	struct scene scene;
	struct ix ixs[2];

	(void)state;
	scene_begin(&scene);
	pda_ata(&ata, &stranger, &scene.guard.mint, &ADDRESS_TOKEN);
	ata_create_idempotent(&ixs[0], &scene.guard.payer, &ata, &stranger, &scene.guard.mint, &ADDRESS_TOKEN);
	accounts.of[ML_MINT] = scene.guard.mint;
	accounts.of[ML_POOL] = scene.guard.pool;
	accounts.of[ML_USER] = scene.guard.payer;
	accounts.of[ML_POOL_TOKEN] = scene.account.pool_token;
	accounts.of[ML_PARTICIPANTS] = scene.account.participants_account;
	accounts.of[ML_DEV_TOKEN] = scene.compose.dev_ata;
	accounts.of[ML_TREASURY_TOKEN] = scene.compose.treasury_ata;
	accounts.of[ML_TOKEN_PROGRAM] = ADDRESS_TOKEN;
	accounts.of[ML_WINNER_PUBKEY] = scene.compose.winner;
	pda_ata(&accounts.of[ML_WINNER_TOKEN], &scene.compose.winner, &scene.guard.mint, &ADDRESS_TOKEN);
	ml_build(&ixs[1], ML_PAYOUT_WINNER, &accounts, NULL);
	build_with(&scene, STEP_PAYOUT, ixs, 2);
	assert_refused(&scene, "makes a token account that is not paid");
	build_with(&scene, STEP_PAYOUT, ixs + 1, 1);
	assert_allowed(&scene);
	/* The winner's share to an account of somebody else. */
	accounts.of[ML_WINNER_TOKEN] = ata;
	ml_build(&ixs[1], ML_PAYOUT_WINNER, &accounts, NULL);
	build_with(&scene, STEP_PAYOUT, ixs + 1, 1);
	assert_refused(&scene, "account 3 is not the one");
}

static void test_recovery_id_is_0_to_3(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	for (unsigned id = 0; id < 256; id++) {
		scene.answer.recovery_id = (uint8_t)id;
		scene_build(&scene, STEP_REVEAL_SELECT);
		assert_int_equal(allowed(&scene), id <= 3);
	}
}

static void test_three_signers_are_refused(void **state)
{
	struct scene scene;
	uint8_t bytes[TX_SIZE_MAX];

	(void)state;
	scene_begin(&scene);
	scene_build(&scene, STEP_SELECT);
	memcpy(bytes, scene.message.p, scene.message.n);
	scene.message.p = bytes;
	bytes[0] = 3;
	assert_refused(&scene, "one or two signers");
	bytes[0] = 0;
	assert_refused(&scene, "one or two signers");
}

static void test_versioned_messages_are_refused(void **state)
{
	struct scene scene;
	uint8_t versioned[TX_SIZE_MAX];

	(void)state;
	scene_begin(&scene);
	scene_build(&scene, STEP_SELECT);
	versioned[0] = 0x80;
	memcpy(versioned + 1, scene.message.p, scene.message.n);
	versioned[scene.message.n + 1] = 0;
	scene.message = (struct bytes){ versioned, scene.message.n + 2 };
	assert_refused(&scene, "not a legacy message");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_composed_steps_are_allowed),
		cmocka_unit_test(test_token_2022_is_allowed),
		cmocka_unit_test(test_a_step_is_no_other_step),
		cmocka_unit_test(test_every_flipped_byte_is_in_policy_or_refused),
		cmocka_unit_test(test_truncated_or_longer_is_refused),
		cmocka_unit_test(test_foreign_names_are_refused),
		cmocka_unit_test(test_fees_are_capped),
		cmocka_unit_test(test_other_instructions_are_refused),
		cmocka_unit_test(test_account_flags_and_lists_are_exact),
		cmocka_unit_test(test_payout_makes_only_accounts_that_it_pays),
		cmocka_unit_test(test_recovery_id_is_0_to_3),
		cmocka_unit_test(test_three_signers_are_refused),
		cmocka_unit_test(test_versioned_messages_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
