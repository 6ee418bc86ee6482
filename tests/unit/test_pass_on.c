/* A sponsored win is passed on in the transaction that pays it: how large that is, who signs it, and that nothing near it is signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/signer.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/compose.h"
#include "core/compute.h"
#include "core/ml.h"
#include "core/pda.h"
#include "core/token.h"
#include "core/tx.h"
#include "unit/key_fixture.h"
#include "unit/wallet_fixture.h"

enum { AMOUNT = 123456789, DECIMALS = 9 };

struct scene {
	struct sb_net net;
	struct pool_account account;
	struct oracle_answer answer;
	struct compose c;
	struct guard guard;
	struct signer *signer;
	struct tx tx;
	char why[200];
};
static char dev_text[SIGNATURE_TEXT], auxiliary_text[SIGNATURE_TEXT];
static struct pubkey dev, auxiliary;

static int setup(void **state)
{
	(void)state;
	assert_true(crypto_init());
	wallet_of(dev_text, &dev, 0x21);
	wallet_of(auxiliary_text, &auxiliary, 0x22);
	return 0;
}

static void fill_guard(struct scene *s)
{
	s->guard = (struct guard){ .payer = dev,
		.ml_program = ADDRESS_ML,
		.switchboard_program = s->net.program,
		.queue = s->net.queue,
		.pool = s->c.pool,
		.randomness = s->c.randomness,
		.mint = s->account.mint,
		.token_program = s->c.token_program,
		.auxiliary = auxiliary,
		.recipient = s->c.recipient,
		.pass_on_amount = AMOUNT,
		.pass_on_decimals = DECIMALS,
		.max_fee_lamports = 100000 };
}

static void begin(struct scene *s, const struct pubkey *token_program)
{
	struct pubkey unused;

	memset(s, 0, sizeof *s);
	sb_net_init(&s->net, &ADDRESS_SWITCHBOARD_MAINNET, &ADDRESS_SWITCHBOARD_QUEUE_MAINNET);
	memset(&s->answer, 0x5a, sizeof s->answer);
	s->answer.recovery_id = 1;
	s->account.mint = key_of(6);
	s->account.dev_wallet = dev;
	s->account.treasury_wallet = key_of(7);
	s->c = (struct compose){ .net = &s->net,
		.payer = dev,
		.pool = key_of(2),
		.account = &s->account,
		.token_program = *token_program,
		.winner = auxiliary,
		.recipient = key_of(3),
		.winner_amount = AMOUNT,
		.decimals = DECIMALS,
		.randomness = key_of(4),
		.oracle = key_of(5),
		.answer = &s->answer,
		.unit_limit = 300000,
		.unit_price = 1000,
		.blockhash = { { 8 } } };
	pda_participants(&s->account.participants_account, &s->c.pool);
	pda_ata(&s->account.pool_token, &s->c.pool, &s->account.mint, token_program);
	pda_ata(&s->c.dev_ata, &dev, &s->account.mint, token_program);
	pda_ata(&s->c.treasury_ata, &s->account.treasury_wallet, &s->account.mint, token_program);
	fill_guard(s);
	s->signer = signer_new(dev_text, strlen(dev_text), s->why, sizeof s->why);
	assert_non_null(s->signer);
	assert_true(signer_add_auxiliary(
		s->signer, auxiliary_text, strlen(auxiliary_text), &unused, s->why, sizeof s->why));
}

static void end(struct scene *s)
{
	signer_free(s->signer);
}

static bool signs(struct scene *s, enum step step)
{
	uint8_t out[TX_SIZE_MAX];
	struct signature sig;
	struct tx_view view;
	struct bytes message;
	size_t n;

	s->guard.step = step;
	assert_int_equal(compose_step(&s->tx, step, &s->c), TX_OK);
	message = tx_message(&s->tx);
	if (signer_sign(s->signer, NULL, &s->guard, message.p, message.n, out, &n, &sig, s->why, sizeof s->why) !=
		ERR_OK)
		return false;
	assert_int_equal(tx_parse(&view, out, n), TX_OK);
	assert_true(tx_view_verify(&view));
	return true;
}

/* The sizes that the rule "token accounts of dev and treasury are made before" rests on. */
static void test_sizes(void **unused)
{
	static struct scene s;

	(void)unused;
	begin(&s, &ADDRESS_TOKEN_2022);
	assert_true(signs(&s, STEP_DRAW));
	assert_int_equal(s.tx.size, 1203);
	assert_int_equal(s.tx.n_signatures, 2);
	s.c.make_dev_ata = s.c.make_treasury_ata = true;
	assert_int_equal(compose_step(&s.tx, STEP_DRAW, &s.c), TX_TOO_LARGE);
	assert_true(signs(&s, STEP_PAYOUT));
	end(&s);
	begin(&s, &ADDRESS_TOKEN);
	assert_true(signs(&s, STEP_DRAW));
	assert_true(s.tx.size < 1203);
	end(&s);
}

static void test_kinds(void **unused)
{
	static struct scene s;

	(void)unused;
	begin(&s, &ADDRESS_TOKEN);
	assert_int_equal(compose_step(&s.tx, STEP_PAYOUT, &s.c), TX_OK);
	assert_int_equal(compose_kind_at(STEP_PAYOUT, s.tx.bytes, s.tx.size, 2), IX_CREATE_ATA);
	assert_int_equal(compose_kind_at(STEP_PAYOUT, s.tx.bytes, s.tx.size, 3), IX_PAYOUT);
	assert_int_equal(compose_kind_at(STEP_PAYOUT, s.tx.bytes, s.tx.size, 4), IX_PASS_ON);
	assert_int_equal(compose_kind_at(STEP_SELECT, s.tx.bytes, s.tx.size, 4), IX_KINDS);
	end(&s);
}

typedef void change(struct scene *s);
static void other_recipient(struct scene *s)
{
	s->c.recipient = key_of(9);
}
static void more(struct scene *s)
{
	s->c.winner_amount++;
}
static void less(struct scene *s)
{
	s->c.winner_amount--;
}
static void other_decimals(struct scene *s)
{
	s->c.decimals--;
}
static void other_winner(struct scene *s)
{
	s->c.winner = key_of(9);
}
static void kept(struct scene *s)
{
	s->c.recipient = key_of(0);
}
static void nobodys(struct scene *s)
{
	s->guard.auxiliary = s->guard.recipient = key_of(0);
}
static void no_recipient(struct scene *s)
{
	s->guard.recipient = key_of(0);
}
static void no_auxiliary(struct scene *s)
{
	s->guard.auxiliary = key_of(0);
}
static void other_token_program(struct scene *s)
{
	s->guard.token_program = ADDRESS_TOKEN_2022;
}
static void other_mint(struct scene *s)
{
	s->guard.mint = key_of(9);
}
static void no_key(struct scene *s)
{
	signer_free(s->signer);
	s->signer = signer_new(dev_text, strlen(dev_text), s->why, sizeof s->why);
}

static void test_only_exactly_this_is_signed(void **unused)
{
	static change *const changes[] = { other_recipient, more, less, other_decimals, other_winner, kept, nobodys,
		no_recipient, no_auxiliary, other_token_program, other_mint, no_key };
	static struct scene s;

	(void)unused;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
		for (int draw = 0; draw < 2; draw++) {
			begin(&s, &ADDRESS_TOKEN);
			changes[i](&s);
			if (signs(&s, draw ? STEP_DRAW : STEP_PAYOUT))
				fail_msg("change %zu is signed", i);
			end(&s);
		}
}

/* The guard alone refuses them too, whatever the signer would see. */
static void test_the_guard_alone(void **unused)
{
	static change *const changes[] = { other_recipient, more, less, other_decimals, other_winner, kept, nobodys,
		no_recipient, no_auxiliary };
	static struct scene s;
	struct bytes message;

	(void)unused;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		begin(&s, &ADDRESS_TOKEN);
		changes[i](&s);
		s.guard.step = STEP_PAYOUT;
		assert_int_equal(compose_step(&s.tx, STEP_PAYOUT, &s.c), TX_OK);
		message = tx_message(&s.tx);
		assert_false(guard_allows(&s.guard, message.p, message.n, s.why, sizeof s.why));
		end(&s);
	}
}

/* A payout to one, and beside it a transfer of as much from the wallet of the house to another: its float would be gone. */
static bool allows_pair(const struct pubkey *winner, const struct pubkey *recipient, char *why, size_t why_size)
{
	static struct scene s;
	static struct ix ixs[4];
	struct ml_accounts accounts = { 0 };
	struct pubkey from, to;
	struct bytes message;
	bool allowed;

	begin(&s, &ADDRESS_TOKEN);
	s.guard.step = STEP_PAYOUT;
	s.guard.recipient = *recipient;
	compute_limit(&ixs[0], s.c.unit_limit);
	compute_price(&ixs[1], s.c.unit_price);
	accounts.of[ML_MINT] = s.account.mint;
	accounts.of[ML_POOL] = s.c.pool;
	accounts.of[ML_USER] = dev;
	accounts.of[ML_POOL_TOKEN] = s.account.pool_token;
	accounts.of[ML_PARTICIPANTS] = s.account.participants_account;
	accounts.of[ML_DEV_TOKEN] = s.c.dev_ata;
	accounts.of[ML_TREASURY_TOKEN] = s.c.treasury_ata;
	accounts.of[ML_TOKEN_PROGRAM] = ADDRESS_TOKEN;
	accounts.of[ML_WINNER_PUBKEY] = *winner;
	pda_ata(&accounts.of[ML_WINNER_TOKEN], winner, &s.account.mint, &ADDRESS_TOKEN);
	ml_build(&ixs[2], ML_PAYOUT_WINNER, &accounts, NULL);
	pda_ata(&from, &auxiliary, &s.account.mint, &ADDRESS_TOKEN);
	pda_ata(&to, recipient, &s.account.mint, &ADDRESS_TOKEN);
	token_transfer_checked(&ixs[3], &ADDRESS_TOKEN, &from, &s.account.mint, &to, &auxiliary, AMOUNT, DECIMALS);
	assert_int_equal(tx_compile(&s.tx, &dev, &s.c.blockhash, ixs, 4), TX_OK);
	message = tx_message(&s.tx);
	allowed = guard_allows(&s.guard, message.p, message.n, why, why_size);
	end(&s);
	return allowed;
}

static void test_the_float_of_the_house_stays(void **unused)
{
	const struct pubkey person = key_of(3), stranger = key_of(9), zero = key_of(0);
	char why[200] = "";

	(void)unused;
	assert_true(allows_pair(&auxiliary, &person, why, sizeof why));
	assert_false(allows_pair(&stranger, &person, why, sizeof why));
	assert_non_null(strstr(why, "not the sponsored player"));
	assert_false(allows_pair(&auxiliary, &zero, why, sizeof why));
}

/* Every byte of the message counts but the blockhash, the fees, and what the programs check (answer, treasury's account). */
static void test_flipped_bytes(void **unused)
{
	static struct scene s;
	uint8_t copy[TX_SIZE_MAX];
	struct bytes message;
	struct tx_view view;
	const struct tx_ix *ix;
	size_t base;

	(void)unused;
	begin(&s, &ADDRESS_TOKEN);
	assert_true(signs(&s, STEP_DRAW));
	message = tx_message(&s.tx);
	base = (size_t)(message.p - s.tx.bytes);
	assert_int_equal(tx_parse(&view, s.tx.bytes, s.tx.size), TX_OK);
	ix = &view.ixs[view.n_ixs - 1];
	for (size_t at = (size_t)ix->accounts_at - 2; at < s.tx.size; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(copy, message.p, message.n);
			copy[at - base] ^= (uint8_t)(1u << bit);
			assert_false(guard_allows(&s.guard, copy, message.n, s.why, sizeof s.why));
		}
	end(&s);
}

static void test_auxiliary_keys(void **unused)
{
	static struct scene s;
	struct pubkey got;

	(void)unused;
	begin(&s, &ADDRESS_TOKEN);
	assert_true(signer_has(s.signer, &auxiliary));
	assert_false(signer_has(s.signer, &dev));
	assert_false(signer_has(s.signer, &(struct pubkey){ 0 }));
	assert_false(signer_add_auxiliary(s.signer, auxiliary_text, strlen(auxiliary_text), &got, s.why, sizeof s.why));
	assert_false(signer_add_auxiliary(s.signer, dev_text, strlen(dev_text), &got, s.why, sizeof s.why));
	assert_false(signer_add_auxiliary(s.signer, "nonsense", 8, &got, s.why, sizeof s.why));
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_only_exactly_this_is_signed),
		cmocka_unit_test(test_the_guard_alone),
		cmocka_unit_test(test_the_float_of_the_house_stays),
		cmocka_unit_test(test_flipped_bytes),
		cmocka_unit_test(test_auxiliary_keys),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
