/* Each step's transaction: its instructions in order, its size, and that the signer's guard would let it through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/address.h"
#include "core/compose.h"
#include "core/guard.h"
#include "core/pda.h"
#include "unit/key_fixture.h"

static const struct memo MEMO = {
	"poolkeeper 7 coin_draws:12 01ab000000000000000000000000000000000000000000000000000000000000"
};

enum { UNITS = 200000, PRICE = 5000, KINDS_MAX = 9 };

struct world {
	struct sb_net net;
	struct pool_account account;
	struct oracle_answer answer;
	struct compose c;
	struct guard guard;
};

static void fill_guard(struct world *w)
{
	w->guard = (struct guard){ .payer = w->c.payer,
		.ml_program = ADDRESS_ML,
		.switchboard_program = w->net.program,
		.queue = w->net.queue,
		.pool = w->c.pool,
		.randomness = w->c.randomness,
		.mint = w->account.mint,
		.token_program = ADDRESS_TOKEN,
		.treasury = w->account.treasury_wallet,
		.lut_slot = w->c.lut_slot,
		.max_fee_lamports = 10000000 };
}

static void fill(struct world *w)
{
	memset(w, 0, sizeof *w);
	sb_net_init(&w->net, &ADDRESS_SWITCHBOARD_MAINNET, &ADDRESS_SWITCHBOARD_QUEUE_MAINNET);
	memset(&w->answer, 0x5a, sizeof w->answer);
	w->answer.recovery_id = 1;
	w->c = (struct compose){ .net = &w->net,
		.payer = key_of(1),
		.pool = key_of(2),
		.account = &w->account,
		.token_program = ADDRESS_TOKEN,
		.winner = key_of(3),
		.unlock = true,
		.init = true,
		.randomness = key_of(4),
		.oracle = key_of(5),
		.recent_slot = 123456,
		.lut_slot = 654321,
		.answer = &w->answer,
		.make_dev_ata = true,
		.make_treasury_ata = true,
		.mint = key_of(6),
		.ata_owner = key_of(7),
		.unit_limit = UNITS,
		.unit_price = PRICE,
		.blockhash = { { 8 } } };
	w->account.mint = key_of(6);
	w->account.dev_wallet = w->c.payer;
	w->account.treasury_wallet = key_of(7);
	pda_participants(&w->account.participants_account, &w->c.pool);
	pda_ata(&w->account.pool_token, &w->c.pool, &w->account.mint, &ADDRESS_TOKEN);
	pda_ata(&w->c.dev_ata, &w->c.payer, &w->account.mint, &ADDRESS_TOKEN);
	pda_ata(&w->c.treasury_ata, &w->account.treasury_wallet, &w->account.mint, &ADDRESS_TOKEN);
	w->c.ata = w->c.treasury_ata;
	fill_guard(w);
}

static const struct {
	enum step step;
	unsigned signers;
	enum ix_kind kinds[KINDS_MAX]; /* after the budget, up to the first 0 (IX_COMPUTE_LIMIT) */
} STEPS_AS_BUILT[] = {
	{ STEP_BIND, 2, { IX_UNLOCK, IX_INIT, IX_COMMIT, IX_REQUEST } },
	{ STEP_RECOMMIT, 1, { IX_COMMIT } },
	{ STEP_DRAW, 1, { IX_REVEAL, IX_SELECT, IX_CREATE_ATA, IX_CREATE_ATA, IX_PAYOUT } },
	{ STEP_REVEAL_SELECT, 1, { IX_REVEAL, IX_SELECT } },
	{ STEP_SELECT, 1, { IX_SELECT } },
	{ STEP_PAYOUT, 1, { IX_CREATE_ATA, IX_CREATE_ATA, IX_PAYOUT } },
	{ STEP_CREATE_ATA, 1, { IX_CREATE_ATA } },
	{ STEP_CANARY_INIT, 2, { IX_INIT, IX_COMMIT } },
	{ STEP_CANARY_COMMIT, 1, { IX_COMMIT } },
	{ STEP_CLOSE_RANDOMNESS, 1, { IX_CLOSE } },
	{ STEP_SWEEP, 1, { IX_SWEEP } },
	{ STEP_FINALIZE, 1, { IX_FINALIZE } },
	{ STEP_CLAIM_RENT, 1, { IX_CLAIM_RENT } },
	{ STEP_PAY_REFERRAL, 1, { IX_CREATE_ATA, IX_PASS_ON } },
	{ STEP_ANCHOR, 1, { IX_MEMO } },
};

static void check_kinds(const struct tx *tx, enum step step, const enum ix_kind *kinds)
{
	int i = 0;

	assert_int_equal(compose_kind_at(step, tx->bytes, tx->size, 0), IX_COMPUTE_LIMIT);
	assert_int_equal(compose_kind_at(step, tx->bytes, tx->size, 1), IX_COMPUTE_PRICE);
	for (; kinds[i] != IX_COMPUTE_LIMIT; i++)
		assert_int_equal(compose_kind_at(step, tx->bytes, tx->size, i + 2), kinds[i]);
	assert_int_equal(compose_kind_at(step, tx->bytes, tx->size, i + 2), IX_KINDS);
	assert_int_equal(compose_kind_at(step, tx->bytes, tx->size, -1), IX_KINDS);
}

static void test_each_step(void **unused)
{
	struct world w;
	struct tx tx;
	char why[160];

	(void)unused;
	assert_int_equal(sizeof STEPS_AS_BUILT / sizeof STEPS_AS_BUILT[0], STEP_COUNT);
	for (size_t i = 0; i < STEP_COUNT; i++) {
		const enum step step = STEPS_AS_BUILT[i].step;
		struct bytes message;

		fill(&w);
		if (step == STEP_PAY_REFERRAL) {
			w.c.recipient = w.guard.recipient = key_of(9);
			w.c.winner_amount = w.guard.pass_on_amount = 77;
		}
		if (step == STEP_ANCHOR)
			w.c.anchor = w.guard.anchor = MEMO;
		assert_int_equal(compose_step(&tx, step, &w.c), TX_OK);
		assert_int_equal(tx.n_signatures, STEPS_AS_BUILT[i].signers);
		assert_true(tx.size <= TX_SIZE_MAX);
		check_kinds(&tx, step, STEPS_AS_BUILT[i].kinds);
		w.guard.step = step;
		message = tx_message(&tx);
		if (!guard_allows(&w.guard, message.p, message.n, why, sizeof why))
			fail_msg("%s: %s", STEPS[step].name, why);
	}
}

/* What is not needed is not there: somebody unlocked, the account and the token accounts exist. */
static void test_left_out(void **unused)
{
	static const enum ix_kind BIND[KINDS_MAX] = { IX_COMMIT, IX_REQUEST }, PAYOUT[KINDS_MAX] = { IX_PAYOUT };
	struct world w;
	struct tx tx;

	(void)unused;
	fill(&w);
	w.c.unlock = w.c.init = w.c.make_dev_ata = w.c.make_treasury_ata = false;
	assert_int_equal(compose_step(&tx, STEP_BIND, &w.c), TX_OK);
	assert_int_equal(tx.n_signatures, 1);
	check_kinds(&tx, STEP_BIND, BIND);
	assert_int_equal(compose_step(&tx, STEP_PAYOUT, &w.c), TX_OK);
	check_kinds(&tx, STEP_PAYOUT, PAYOUT);
}

/* An instruction of another program with the same bytes is not the step's. */
static void test_kind_goes_by_program(void **unused)
{
	struct world w;
	struct tx tx;

	(void)unused;
	fill(&w);
	assert_int_equal(compose_step(&tx, STEP_SELECT, &w.c), TX_OK);
	assert_int_equal(compose_kind_at(STEP_SELECT, tx.bytes, tx.size, 2), IX_SELECT);
	assert_int_equal(compose_kind_at(STEP_PAYOUT, tx.bytes, tx.size, 2), IX_KINDS);
	assert_int_equal(compose_kind_at(STEP_SELECT, tx.bytes, tx.size - 1u, 2), IX_KINDS);
}

static void test_unit_limits(void **unused)
{
	(void)unused;
	for (unsigned step = 0; step < STEP_COUNT; step++)
		assert_in_range(compose_fixed_limit((enum step)step), 200000, 1400000);
	assert_int_equal(compose_limit(0), 20000);
	assert_int_equal(compose_limit(10000), 20000);
	assert_int_equal(compose_limit(10001), 20002);
	assert_int_equal(compose_limit(700000), 1400000);
	assert_int_equal(compose_limit(700001), 1400000);
	assert_int_equal(compose_limit(UINT64_MAX), 1400000);
}

/* The rent of a closed account comes to us, and the lookup table is the one that was made with the account. */
static void test_close_is_of_one_account_with_its_table(void **unused)
{
	struct world w;
	struct tx tx;
	struct bytes message;
	char why[160];

	(void)unused;
	fill(&w);
	assert_int_equal(compose_step(&tx, STEP_CLOSE_RANDOMNESS, &w.c), TX_OK);
	message = tx_message(&tx);
	w.guard.step = STEP_CLOSE_RANDOMNESS;
	assert_true(guard_allows(&w.guard, message.p, message.n, why, sizeof why));
	w.guard.lut_slot++;
	assert_false(guard_allows(&w.guard, message.p, message.n, why, sizeof why));
	assert_non_null(strstr(why, "account 7 is not the one of this step"));
	w.guard.randomness = key_of(99);
	assert_false(guard_allows(&w.guard, message.p, message.n, why, sizeof why));
	assert_non_null(strstr(why, "account 0 is not the one of this step"));
	w.guard.randomness = (struct pubkey){ 0 };
	assert_false(guard_allows(&w.guard, message.p, message.n, why, sizeof why));
	assert_non_null(strstr(why, "randomness account is not set"));
}

/* Rent and forfeited refunds go to the treasury of the settings, whatever the pool says. */
static void test_housekeeping_pays_our_treasury_only(void **unused)
{
	static const enum step steps[] = { STEP_FINALIZE, STEP_CLAIM_RENT };
	struct world w;
	struct tx tx;
	struct bytes message;
	char why[160];

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		fill(&w);
		w.guard.step = steps[i];
		assert_int_equal(compose_step(&tx, steps[i], &w.c), TX_OK);
		message = tx_message(&tx);
		assert_true(guard_allows(&w.guard, message.p, message.n, why, sizeof why));
		w.guard.treasury = key_of(99);
		assert_false(guard_allows(&w.guard, message.p, message.n, why, sizeof why));
		assert_non_null(strstr(why, "account 3 is not the one of this step"));
		w.guard.treasury = (struct pubkey){ 0 };
		assert_false(guard_allows(&w.guard, message.p, message.n, why, sizeof why));
		assert_non_null(strstr(why, "the treasury is not set"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_step),
		cmocka_unit_test(test_close_is_of_one_account_with_its_table),
		cmocka_unit_test(test_housekeeping_pays_our_treasury_only),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_kind_goes_by_program),
		cmocka_unit_test(test_unit_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
