/* Claims of referrers: every doubt waits, and the treasury's key signs exactly the one payment that the guard describes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/signer.h"
#include "core/address.h"
#include "core/ata.h"
#include "core/base58.h"
#include "core/compose.h"
#include "core/compute.h"
#include "core/costs.h"
#include "core/pda.h"
#include "core/token.h"
#include "unit/chore_fixture.h"
#include "unit/wallet_fixture.h"

enum { AMOUNT = 123456789, DECIMALS = 9, COST = 3000000 };

/* ---- deciding ---- */

static struct fixture base;
static struct referral_facts claim;
static struct chore_facts *const f = &claim.chore;

/* Nothing stands against it. */
static void begin(void)
{
	claim = (struct referral_facts){ .chore = chore_fixture(&base, STEP_PAY_REFERRAL),
		.obstacle = WAIT_NONE,
		.mint = PRESENT,
		.from = { PRESENT, AMOUNT },
		.to = { ABSENT, 0 },
		.wallet = { COST },
		.cost = { COST },
		.amount = AMOUNT };
	base.policy.pay_referrals = true;
	base.around.audit_clear = base.around.heights_agree = true;
}

static void expect(enum act kind, enum reason reason)
{
	chore_expect(decide_referral(&claim), STEP_PAY_REFERRAL, kind, reason);
}

static void last_row(enum row_state state)
{
	chore_last_row(f, STEP_PAY_REFERRAL, state);
}

static void test_pays(void **unused)
{
	(void)unused;
	begin();
	expect(ACT_OPEN, 0);
	assert_int_equal(decide_referral(&claim).floor.n, SLOT);
	claim.to = (struct token_view){ PRESENT, 5 };
	expect(ACT_OPEN, 0);
	base.around.heights_agree = false; /* one node alone would say when it cannot land any more */
	expect(ACT_WAIT, WAIT_NODES_SILENT);
	base.around.heights_agree = true;
	f->own.simulation.basis.n--;
	expect(ACT_SIMULATE, 0);
	f->own.price_known = false;
	expect(ACT_ASK_FEES, 0);
	begin();
	f->own.settle.rows.floor.n = SLOT + 1; /* R5: what was tried before was decided on a newer view */
	expect(ACT_READ, 0);
	begin();
	f->read_ms = NOW_MS - POLICY_FRESH_MS - 1;
	expect(ACT_READ, 0);
}

/* R10: the program would pay again. */
static void test_never_beside_another_one(void **unused)
{
	static const enum row_state UNSETTLED[] = { ROW_OPEN, ROW_LANDED, ROW_STALE };

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		begin();
		last_row(UNSETTLED[i]);
		assert_int_not_equal(decide_referral(&claim).kind, ACT_OPEN);
		/* Nor does anything keep what is signed from being settled. */
		base.policy.pay_referrals = base.around.audit_clear = false;
		claim.obstacle = WAIT_REFERRAL_CHANGED;
		assert_int_equal(decide_referral(&claim).kind, i == 0 ? ACT_SEND : ACT_WAIT);
	}
	begin();
	last_row(ROW_LANDED);
	expect(ACT_WAIT, WAIT_NOT_FINAL);
	begin();
	last_row(ROW_FINAL);
	expect(ACT_WAIT, WAIT_OVER);
	begin();
	last_row(ROW_EXPIRED);
	expect(ACT_OPEN, 0);
}

static void test_waits(void **unused)
{
	(void)unused;
	begin();
	base.policy.pay_referrals = false;
	expect(ACT_WAIT, WAIT_REFERRAL_OFF);
	begin();
	base.around.audit_clear = false;
	expect(ACT_WAIT, WAIT_REFERRAL_AUDIT);
	for (enum reason r = WAIT_REFERRAL_OFF; r <= WAIT_REFERRAL_SOL; r++) {
		begin();
		claim.obstacle = r;
		expect(REASONS[r].level == REASON_ALERT ? ACT_HALT : ACT_WAIT, r);
	}
	begin();
	base.around.leader = false;
	expect(ACT_WAIT, WAIT_NOT_THE_LEADER);
	begin();
	base.around.stopping = true;
	expect(ACT_WAIT, WAIT_STOPPING);
	begin();
	base.policy.dry_run = true;
	expect(ACT_WAIT, WAIT_DRY_RUN);
	begin();
	f->draws_first = true;
	expect(ACT_WAIT, WAIT_DRAWS_FIRST);
	begin();
	f->own.settle.rows.failures = POLICY_CHORE_FAILURES;
	expect(ACT_HALT, WAIT_GIVEN_UP);
}

static void test_mint_and_receiver(void **unused)
{
	(void)unused;
	begin();
	claim.mint = ABSENT;
	expect(ACT_WAIT, WAIT_REFERRAL_MINT);
	claim.mint = UNUSABLE;
	expect(ACT_WAIT, WAIT_REFERRAL_MINT);
	begin();
	claim.to.presence = UNUSABLE;
	expect(ACT_WAIT, WAIT_REFERRAL_RECEIVER);
}

static void test_a_poor_treasury(void **unused)
{
	(void)unused;
	begin();
	claim.from.amount = AMOUNT - 1;
	expect(ACT_WAIT, WAIT_REFERRAL_TOKENS);
	begin();
	claim.from.presence = ABSENT;
	expect(ACT_WAIT, WAIT_REFERRAL_TOKENS);
	begin();
	claim.from.amount = AMOUNT + 9;
	claim.also_out = 9;
	expect(ACT_OPEN, 0);
	claim.also_out = 10; /* under way, and not yet in this view */
	expect(ACT_WAIT, WAIT_REFERRAL_TOKENS);
	begin();
	claim.wallet.n = COST - 1;
	expect(ACT_WAIT, WAIT_REFERRAL_SOL);
	begin();
	claim.others = 1;
	claim.wallet.n = 2 * COST - 1;
	expect(ACT_WAIT, WAIT_REFERRAL_SOL);
	claim.wallet.n = 2 * COST;
	expect(ACT_OPEN, 0);
	claim.cost.n = 0;
	expect(ACT_WAIT, WAIT_REFERRAL_SOL);
}

static void test_cost(void **unused)
{
	struct lamports rent[COST_ACCOUNTS] = { { 0 } };

	(void)unused;
	rent[COST_EMPTY].n = 890880;
	rent[COST_ATA_2022].n = 2074080;
	/* 200000 units at 1 lamport each, one signature. */
	assert_int_equal(costs_claim(rent, 1000000).n, 890880 + 2074080 + 200000 + 5000);
}

/* ---- signing ---- */

struct scene {
	struct compose c;
	struct guard guard;
	struct signer *signer;
	struct tx tx;
	char why[200];
};
static char dev_text[SIGNATURE_TEXT], treasury_text[SIGNATURE_TEXT];
static struct pubkey dev, treasury;

static int setup(void **state)
{
	(void)state;
	assert_true(crypto_init());
	wallet_of(dev_text, &dev, 0x21);
	wallet_of(treasury_text, &treasury, 0x23);
	return 0;
}

static void scene_begin(struct scene *s)
{
	struct pubkey added;

	memset(s, 0, sizeof *s);
	s->c = (struct compose){ .payer = treasury,
		.mint = key_of(6),
		.token_program = ADDRESS_TOKEN,
		.recipient = key_of(3),
		.winner_amount = AMOUNT,
		.decimals = DECIMALS,
		.unit_limit = 100000,
		.unit_price = 1000,
		.blockhash = { { 8 } } };
	s->guard = (struct guard){ .step = STEP_PAY_REFERRAL,
		.payer = treasury,
		.ml_program = ADDRESS_ML,
		.switchboard_program = ADDRESS_SWITCHBOARD_MAINNET,
		.queue = ADDRESS_SWITCHBOARD_QUEUE_MAINNET,
		.mint = s->c.mint,
		.token_program = s->c.token_program,
		.recipient = s->c.recipient,
		.pass_on_amount = AMOUNT,
		.pass_on_decimals = DECIMALS,
		.max_fee_lamports = 100000 };
	s->signer = signer_new(dev_text, strlen(dev_text), s->why, sizeof s->why);
	assert_non_null(s->signer);
	assert_true(
		signer_add_treasury(s->signer, treasury_text, strlen(treasury_text), &added, s->why, sizeof s->why));
	assert_true(pubkey_equal(&added, &treasury));
}

static bool signs_this(struct scene *s)
{
	const struct bytes message = tx_message(&s->tx);
	uint8_t out[TX_SIZE_MAX];
	struct signature sig;
	struct tx_view view;
	size_t n;

	if (signer_sign(s->signer, NULL, &s->guard, message.p, message.n, out, &n, &sig, s->why, sizeof s->why) !=
		ERR_OK)
		return false;
	assert_int_equal(tx_parse(&view, out, n), TX_OK);
	assert_true(tx_view_verify(&view) && tx_view_signed_by(&view, &treasury) && !tx_view_signed_by(&view, &dev));
	return true;
}

static bool signs(struct scene *s)
{
	assert_int_equal(compose_step(&s->tx, STEP_PAY_REFERRAL, &s->c), TX_OK);
	return signs_this(s);
}

static void test_signs_alone(void **unused)
{
	static struct scene s;

	(void)unused;
	scene_begin(&s);
	assert_true(signs(&s));
	assert_int_equal(s.tx.n_signatures, 1);
	s.guard.token_program = s.c.token_program = ADDRESS_TOKEN_2022;
	assert_true(signs(&s));
	signer_free(s.signer);
}

/* [what], and it is not what the guard says. */
#define DIFFERS(change)                    \
	do {                               \
		scene_begin(&s);           \
		change;                    \
		if (signs(&s))             \
			fail_msg(#change); \
		signer_free(s.signer);     \
	} while (0)

static void test_nothing_near_it(void **unused)
{
	static struct scene s;

	(void)unused;
	DIFFERS(s.c.winner_amount++);
	DIFFERS(s.c.recipient = key_of(4));
	DIFFERS(s.c.mint = key_of(7));
	DIFFERS(s.c.token_program = ADDRESS_TOKEN_2022);
	DIFFERS(s.c.decimals--);
	DIFFERS(s.c.payer = dev);
	DIFFERS(s.c.payer = s.guard.payer = dev); /* the dev wallet's key pays no claims */
	DIFFERS(s.c.payer = s.guard.payer = key_of(9));
	DIFFERS(s.c.unit_price = 10000000);
	DIFFERS(s.guard.pass_on_amount = s.c.winner_amount = 0);
	DIFFERS(s.guard.recipient = s.c.recipient = (struct pubkey){ 0 });
	DIFFERS(s.guard.auxiliary = treasury);
}

/* What compose would never build. */
static void hand_build(struct scene *s, const struct pubkey *made_for, unsigned transfers)
{
	static struct ix ix[5];
	struct pubkey from, to, made;
	size_t n = 0;

	pda_ata(&from, &treasury, &s->c.mint, &s->c.token_program);
	pda_ata(&to, &s->c.recipient, &s->c.mint, &s->c.token_program);
	compute_limit(&ix[n++], 100000);
	compute_price(&ix[n++], 1000);
	if (made_for) {
		pda_ata(&made, made_for, &s->c.mint, &s->c.token_program);
		ata_create_idempotent(&ix[n++], &treasury, &made, made_for, &s->c.mint, &s->c.token_program);
	}
	for (unsigned i = 0; i < transfers; i++)
		token_transfer_checked(
			&ix[n++], &s->c.token_program, &from, &s->c.mint, &to, &treasury, AMOUNT, DECIMALS);
	assert_int_equal(tx_compile(&s->tx, &treasury, &s->c.blockhash, ix, n), TX_OK);
}

static void test_nothing_beside_it(void **unused)
{
	static struct scene s;
	const struct pubkey other = key_of(4);

	(void)unused;
	scene_begin(&s);
	hand_build(&s, &s.c.recipient, 1);
	assert_true(signs_this(&s));
	hand_build(&s, &s.c.recipient, 2);
	assert_false(signs_this(&s));
	hand_build(&s, &s.c.recipient, 0);
	assert_false(signs_this(&s));
	hand_build(&s, NULL, 1);
	assert_false(signs_this(&s));
	hand_build(&s, &other, 1); /* rent for somebody who is not paid */
	assert_false(signs_this(&s));
	signer_free(s.signer);
}

static void test_each_key_its_steps(void **unused)
{
	static struct scene s;
	struct bytes message;
	struct signature sig;
	struct pubkey unused_key;

	(void)unused;
	/* The treasury signs nothing else. */
	scene_begin(&s);
	s.guard.step = STEP_CREATE_ATA;
	s.guard.recipient = (struct pubkey){ 0 };
	s.c.ata_owner = key_of(3);
	pda_ata(&s.c.ata, &s.c.ata_owner, &s.c.mint, &s.c.token_program);
	assert_int_equal(compose_step(&s.tx, STEP_CREATE_ATA, &s.c), TX_OK);
	assert_false(signs_this(&s));
	assert_non_null(strstr(s.why, "payer"));
	/* A signer process pays no claims, whoever is said to pay. */
	s.guard.step = STEP_PAY_REFERRAL;
	s.guard.recipient = s.c.recipient;
	s.guard.payer = s.c.payer = dev;
	assert_int_equal(compose_step(&s.tx, STEP_PAY_REFERRAL, &s.c), TX_OK);
	message = tx_message(&s.tx);
	assert_int_equal(signer_serve(s.signer, &treasury, &s.guard, message.p, message.n, &sig, s.why, sizeof s.why),
		ERR_REFUSED);
	assert_non_null(strstr(s.why, "treasury's key"));
	/* One key cannot be two wallets. */
	assert_false(
		signer_add_auxiliary(s.signer, treasury_text, strlen(treasury_text), &unused_key, s.why, sizeof s.why));
	signer_free(s.signer);
	s.signer = signer_new(dev_text, strlen(dev_text), s.why, sizeof s.why);
	assert_false(signer_add_treasury(s.signer, dev_text, strlen(dev_text), &unused_key, s.why, sizeof s.why));
	/* Without the key nothing is paid. */
	s.guard.payer = s.c.payer = (struct pubkey){ 0 };
	assert_int_equal(compose_step(&s.tx, STEP_PAY_REFERRAL, &s.c), TX_OK);
	assert_false(signs_this(&s));
	s.guard.payer = s.c.payer = treasury;
	assert_false(signs(&s));
	signer_free(s.signer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pays),
		cmocka_unit_test(test_never_beside_another_one),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_mint_and_receiver),
		cmocka_unit_test(test_a_poor_treasury),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_signs_alone),
		cmocka_unit_test(test_nothing_near_it),
		cmocka_unit_test(test_nothing_beside_it),
		cmocka_unit_test(test_each_key_its_steps),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
