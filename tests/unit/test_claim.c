/* Claims against recorded transactions: each is accepted as it was, and refused with the nearest reason when one word differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/rpc_parse.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/claim.h"

enum { BODY_MAX = 65536, LOADED_MAX = 256, HAPPENED_S = 1000000 };

static const struct claim_limits LIMITS = { .max_age_s = 300, .join_max_age_s = 120 };

static const struct recorded {
	const char *file, *operation, *sig, *pool, *wallet;
	uint64_t amount; /* 0: the instruction has none */
} RECORDED[] = {
	{ "create_pool", "create_pool",
		"bu4r3B9Aibs9JPbqq7fWkbkZT55xxzHm2aWFmNz7H8JwyRrWHisz2TBZfd4oqjapKnEG3Gjw42zDmPjY1fZzK2a",
		"G3o5rjeQSsHEx56X39DpVCLWAMEZWYv98uk6HYpyDnSY", "9raYf1rDAC2PvaNMzVudr4q7zuAQ9CxbkQCPZzhcMphY",
		44000000000U },
	{ "join_pool", "join",
		"5TkoPFkjdWKEiQpq8mW511BJgJ78x8RUYzhs4BiQ6MqpFBdZjx4FMtkVzJEeG4HAWsoSuJQtjqntpAMVptKrgZSo",
		"24PpfvDxUkdRXCcxSHJZYmcYJfXSH5zoFNSdPgiXHhWE", "5jUBPpyDF251J2TAi9brhMC6xmRBDmuoEkzexczx2EQj",
		1364000000000U },
	{ "donate", "donate",
		"46Gct8GFPdjmC4Pz2uFooQus981Ahv8dD2xzPSKaaEe3C4aaZxLUAoaADoMYasiioqhdQa8fMcJhVWuprwEVvn7x",
		"rrrQuUJZaCoindiAABhHE8bKDfzZyxwhesMg9ip9FBQ", "5622abo2nF3wYN27ev1ZwqmZTLMj23XRhngH7A1ufEqV",
		202463785834U },
	{ "cancel_pool", "cancel",
		"5Z7HiZRidXsqJvy2PW3EPRxAo1jgKK8RkUQiDWfZTrogVaBBvgzEQmymUKeuo99YgUrgYVBwtkrmJ9YrCXc8js1X",
		"D59xhG5ZVdLx7E8yPQ2TqYU1aE1HZBCkAabbJYX2MPkE", "GHg5hV5ZrqRAFkeB3d1V6CHtwGKWTbmir3r7JvQmmR2h", 0U },
	{ "claim_refund", "claim_refund",
		"5Bnpf99xnENHvV2SGntHtzNvPvsqMYQGSqKv8xqxj7EjY2WniTNkmcFyhGXbpyzM2jtmgiYnF4PmPWkPuNVzT13o",
		"AKbTk61m1ro31PsYUwE8hjtsoQ4cdpxM38X7LvcKmUKw", "Ecu52gGE1FbQZu8E8H19Yh1iXZwSMPUftCqajKSwH2t5", 0U },
	{ "claim_rent", "claim_rent",
		"21PpLEnPoGZMB8cXfVoKcycKuRX9KiVn2WzwCKVZpH3Dyn9Fjsw2cDmzTFXH8rYF5etSDfG7xtQ6JXWEsMGQWU4u",
		"7oEvi5icCM7oS7yo4SoySaf9As13DKXKNYfxvnMnWY21", "Db6sjuA8dsf5Qs4nu6BkXHpGjr9tJQhkmruKv9vtc16m", 0U },
	{ "claim_rent_dev_to_treasury", "claim_rent",
		"63oYZbBiS5F23UbkPWJBwo7KAYCGyxRyjADhpvnEDm87imQeeL5kDZvu37HVc2WbDEUWy4EPvwatQxcwZ3mmJquK",
		"3dxAovAtiMdYFWZPJTAbnanyjLDMswY34q7pPiTv2gAB", "CkUJuA5LCEV73vgo55fAnyWc1MLEWu8f2ch8kh5T4QDC", 0U },
	{ "join_v0_no_tables", "join",
		"3yHVufYdh7he3H6mcPP9U6AZSkaTyqmsiSHJhVBhi3HZK2JxLg9JVvbxmh6af5A3NAUWYzCMvxSgcikiQKAfXZkN",
		"8xQuv3mbyn85cbgvD1hzySeFLuzTsbfCHtvFV6zrD2Ds", "BPqUdr6PoYYpCK6XCYfv2GaFaiA8iYDp9xzTgCP3FxJm",
		1417000000U },
	{ "join_pool_v0_table", "join",
		"24xKpZXQV3w997c1weksEJPujDPA1W8Tsvpn6PVftpT7dfJCNjcvxjSUusFfkxP7RKWsYbd5GnqcPY3Y4SpDSATQ",
		"9fbiJJSiZP5tLviQEGWtKb3Y87ZJZTedBdur47GvNxqq", "6HD84QQ9LuSdpTKYTwDVjBBLnpurkPjUwQEFudhqPwA6",
		2387689054425U },
	{ "claim_refund_v0_table", "claim_refund",
		"SsJzJn68sbRg6iomaGQaXDTxL6KZqNNHarVwWCDmw8pJyM3sbmS3YUkbrXYJG7SPPScfiuQKqGyCjVTtpvBhZhw",
		"3fVFBsdjragJNYURmsFSVQNncWFEhYhp5gHFUVJG7N8F", "9Btpj3CmGRtxXDRXH2Gin1LH8siuZ5DM9Kehqrb438C", 0U },
	{ "cancel_pool_v0_table", "cancel",
		"3oMwRDn6P8XqU8bqoPRpLABUMf1421nvVKmtHofDJHZk6acwhVTzaaQhkJL7rebbk9pLs1cDFSXjm9XeqLfWcwtQ",
		"Gd5LjCP3MB7hkGmRe6Qp8UoBdk2weaJQ98thP3BSUoKS", "Ehs8PrXvYEB9DTVtAVzfdyQ9ZyaD5taUhhCYLr7G3iGR", 0U },
	{ "donate_v0_table", "donate",
		"2ETf8SEkrmhKxQcJXrtULeRoagDQATzzxJPPGxeXRWSdFeuS9WCZNtie2TrzEhtZLbbUrBaMrgedVbq9LqNpdsyR",
		"B8hFcGiXqttRs5M3WRuNtN8DFumdHhyg4i6BRXWmND9V", "7FoCvuLfnBUA1n2DPFURCQ1pttjK89WnGox1bK8P6bKt",
		204133012689U },
	{ "claim_rent_v0_table", "claim_rent",
		"2s6MuV5tMuogy7HKDxNePLcZecUVS2fsaHTu2jVLrJD6BMjsRQx6Pb1equSnhegTU3JHudocMzn8prvqDJKZVYfn",
		"9SymqV6KfAUZabUTpdcrvp5ph3xQWA1TyXm4BXPA1Qph", "8xc5ZMYDYJ4XQBxmkndufkFFTJQjwBjQAiYiPg41jZUK", 0U },
	{ "trap_two_donations", "donate",
		"48keLwE54oHkBrViuyMYtwVDVz7Judaj5n6F7v3nueunG2sFb2H9kvtNR7UWkD3DEF2F6StENDpsSf72acx5ikyC",
		"7JZEyjpjUbwR77MNBWmteaMRgrwV8tBRewCcvm6kux8m", "3VVMZrSkPMW2VgHTeG1UwM9DJTf9rRy6roJRuZUkEdJh",
		2028026821U },
	{ "trap_two_donations", "donate",
		"48keLwE54oHkBrViuyMYtwVDVz7Judaj5n6F7v3nueunG2sFb2H9kvtNR7UWkD3DEF2F6StENDpsSf72acx5ikyC",
		"58Eqv4Aa3gT7hygqM73ArgUZj48zEFgYKbML3J76bUmv", "4SHefYUdHnPVgRo2D9LtrEC8sBhLC9w8bVrtw1378JVP",
		20637376U },
};
enum { RECORDED_N = sizeof RECORDED / sizeof RECORDED[0] };

static struct rpc_memory memory;
static struct rpc_result result;
static struct pubkey loaded[LOADED_MAX];

static void read_body(const char *name)
{
	const struct rpc_question question = { .method = RPC_TRANSACTION, .id = 1, .n = 0 };
	static char text[BODY_MAX];
	struct rpc_answer answer;
	struct rpc_body body = { .status = 200, .text = text };
	char path[300];
	FILE *file;

	snprintf(path, sizeof path, TESTS_DIR "/vectors/rpc/getTransaction_%s_base64.json", name);
	file = fopen(path, "r");
	assert_non_null(file);
	body.len = fread(text, 1, sizeof text, file);
	fclose(file);
	assert_int_equal(rpc_parse(&question, &body, &memory, &result, &answer), RPC_RESULT);
	for (size_t i = 0; i < result.as.transaction.n_writable; i++)
		loaded[i] = result.as.transaction.loaded_writable[i];
	for (size_t i = 0; i < result.as.transaction.n_readonly; i++)
		loaded[result.as.transaction.n_writable + i] = result.as.transaction.loaded_readonly[i];
}

static struct claim claim_of(const struct recorded *r)
{
	struct claim claim = { .has_amount = r->amount > 0, .amount = r->amount };

	assert_true(base58_to_signature(&claim.sig, r->sig, strlen(r->sig)));
	assert_true(base58_to_pubkey(&claim.pool, r->pool, strlen(r->pool)));
	assert_true(base58_to_pubkey(&claim.wallet, r->wallet, strlen(r->wallet)));
	assert_true(claim_operation(&claim.operation, r->operation));
	return claim;
}

/* As handed in `age_s` seconds after the block. */
static enum claim_verdict judge_aged(const struct claim *claim, int64_t age_s)
{
	const struct rpc_transaction *tx = &result.as.transaction;
	struct claim_judge judge;

	if (!claim_begin(&judge, claim, (struct bytes){ tx->tx, tx->tx_len }, loaded, tx->n_writable + tx->n_readonly))
		return CLAIM_BAD_SIGNATURE;
	for (size_t i = 0; i < tx->n_inner; i++)
		if (tx->inner[i].data)
			claim_inner(&judge, tx->inner[i].program,
				(struct bytes){ tx->inner[i].accounts, tx->inner[i].n_accounts },
				(struct bytes){ tx->inner[i].data, tx->inner[i].n_data });
	return claim_end(&judge, tx->failed, HAPPENED_S, HAPPENED_S + age_s, &LIMITS);
}

static enum claim_verdict judge(const struct claim *claim)
{
	return judge_aged(claim, 0);
}

static void test_recorded_ones_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDED_N; i++) {
		struct claim claim = claim_of(&RECORDED[i]);

		read_body(RECORDED[i].file);
		if (judge(&claim) != CLAIM_ACCEPTED)
			fail_msg("%s: %s", RECORDED[i].file, claim_verdict_text(judge(&claim)));
		claim.has_amount = false;
		assert_int_equal(judge(&claim), CLAIM_ACCEPTED);
	}
}

static void test_one_wrong_word_is_the_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDED_N; i++) {
		const struct claim claim = claim_of(&RECORDED[i]);
		struct claim other = claim;

		read_body(RECORDED[i].file);
		other.pool.b[0] ^= 1;
		assert_int_equal(judge(&other), CLAIM_WRONG_POOL);
		other = claim;
		other.wallet.b[31] ^= 1;
		assert_int_equal(judge(&other), CLAIM_WRONG_SIGNER);
		other = claim;
		other.operation = claim.operation == ML_DONATE ? ML_JOIN_POOL : ML_DONATE;
		other.has_amount = false;
		assert_int_equal(judge(&other), CLAIM_WRONG_INSTRUCTION);
		other = claim;
		other.sig.b[63] ^= 1;
		assert_int_equal(judge(&other), CLAIM_BAD_SIGNATURE);
		if (!claim.has_amount)
			continue;
		other = claim;
		other.amount++;
		assert_int_equal(judge(&other), CLAIM_WRONG_AMOUNT);
	}
}

static void test_every_signed_byte_counts(void **state)
{
	static uint8_t bytes[TX_SIZE_MAX];
	const struct claim claim = claim_of(&RECORDED[0]);
	struct claim_judge one;

	(void)state;
	read_body(RECORDED[0].file);
	memcpy(bytes, result.as.transaction.tx, result.as.transaction.tx_len);
	for (size_t at = 0; at < result.as.transaction.tx_len; at++) {
		bytes[at] ^= 1;
		assert_false(
			claim_begin(&one, &claim, (struct bytes){ bytes, result.as.transaction.tx_len }, loaded, 0));
		bytes[at] ^= 1;
	}
}

static void test_age_is_of_the_handing_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDED_N; i++) {
		const struct claim claim = claim_of(&RECORDED[i]);
		const int64_t limit = claim.operation == ML_JOIN_POOL ? 120 : 300;

		read_body(RECORDED[i].file);
		assert_int_equal(judge_aged(&claim, limit), CLAIM_ACCEPTED);
		assert_int_equal(judge_aged(&claim, limit + 1), CLAIM_TOO_OLD);
		assert_int_equal(judge_aged(&claim, -1000), CLAIM_ACCEPTED); /* handed in before it landed */
	}
}

static void test_a_failed_one_did_nothing(void **state)
{
	const struct claim claim = claim_of(&RECORDED[0]);

	(void)state;
	read_body(RECORDED[0].file);
	result.as.transaction.failed = true;
	assert_int_equal(judge(&claim), CLAIM_FAILED_ON_CHAIN);
}

/* ---- made here: what the recorded ones do not show ---- */

static const uint8_t SEED[CRYPTO_SEED_SIZE] = { 42 };

/* A transaction of one payer whose only instruction goes to `program`, with the pool's call as its data and accounts. */
static void make(struct tx *tx, struct claim *claim, const struct pubkey *program, const struct pubkey *user)
{
	const struct hash blockhash = { { 9 } };
	struct ml_args args = { .bet_amount = 7 };
	struct ml_accounts accounts;
	struct pubkey payer;
	struct ix ix;

	memset(&accounts, 3, sizeof accounts);
	for (size_t i = 0; i < ML_ROLE_COUNT; i++)
		accounts.of[i].b[0] = (uint8_t)i;
	crypto_ed25519_public_key(&payer, SEED);
	accounts.of[ML_USER] = user ? *user : payer;
	ml_build(&ix, ML_JOIN_POOL, &accounts, &args);
	ix.program = *program;
	assert_int_equal(tx_compile(tx, &payer, &blockhash, &ix, 1), TX_OK);
	crypto_ed25519_sign(&claim->sig, tx_message(tx), SEED);
	assert_int_equal(tx_put_signature(tx, &payer, &claim->sig), TX_OK);
	claim->pool = accounts.of[ML_POOL];
	claim->wallet = payer;
	claim->operation = ML_JOIN_POOL;
	claim->has_amount = true;
	claim->amount = 7;
}

static enum claim_verdict judge_tx(const struct tx *tx, const struct claim *claim)
{
	struct claim_judge one;

	assert_true(claim_begin(&one, claim, (struct bytes){ tx->bytes, tx->size }, NULL, 0));
	return claim_end(&one, false, 0, 0, &LIMITS);
}

static void test_the_right_data_under_a_wrong_program(void **state)
{
	struct pubkey program = { { 77 } };
	struct claim claim;
	struct tx tx;

	(void)state;
	make(&tx, &claim, &ADDRESS_ML, NULL);
	assert_int_equal(judge_tx(&tx, &claim), CLAIM_ACCEPTED);
	make(&tx, &claim, &program, NULL);
	assert_int_equal(judge_tx(&tx, &claim), CLAIM_WRONG_PROGRAM);
}

/* The inner instruction is the outer one's data and accounts, under the program that was really called. */
static void test_calls_from_another_program_count_with_the_wallets_signature_only(void **state)
{
	struct claim_judge one;
	struct claim claim;
	struct bytes accounts, data;
	struct tx tx;

	(void)state;
	make(&tx, &claim, &ADDRESS_ML, NULL);
	assert_true(claim_begin(&one, &claim, (struct bytes){ tx.bytes, tx.size }, NULL, 0));
	accounts = tx_view_ix_accounts(&one.view, &one.view.ixs[0]);
	data = tx_view_ix_data(&one.view, &one.view.ixs[0]);
	one.nearest = CLAIM_WRONG_PROGRAM;
	claim_inner(&one, one.view.ixs[0].program, accounts, data);
	assert_int_equal(claim_end(&one, false, 0, 0, &LIMITS), CLAIM_ACCEPTED);
	one.nearest = CLAIM_WRONG_PROGRAM;
	claim_inner(&one, one.view.ixs[0].program, accounts, (struct bytes){ data.p, 7 });
	assert_int_equal(claim_end(&one, false, 0, 0, &LIMITS), CLAIM_WRONG_INSTRUCTION);
	/* A wallet that is an account of another program cannot sign: nobody's claim but that program's. */
	one.view.n_signatures = 0;
	one.nearest = CLAIM_WRONG_PROGRAM;
	claim_inner(&one, one.view.ixs[0].program, accounts, data);
	assert_int_equal(claim_end(&one, false, 0, 0, &LIMITS), CLAIM_WRONG_SIGNER);
}

/* A body that lacks the addresses of its tables makes a join look like nothing that it is. */
static void test_a_cut_body_is_no_reason(void **state)
{
	const struct rpc_transaction *tx = &result.as.transaction;
	unsigned with_tables = 0;
	struct claim_judge one;

	(void)state;
	for (size_t i = 0; i < RECORDED_N; i++) {
		const struct claim claim = claim_of(&RECORDED[i]);
		size_t all;

		read_body(RECORDED[i].file);
		all = tx->n_writable + tx->n_readonly;
		assert_true(claim_begin(&one, &claim, (struct bytes){ tx->tx, tx->tx_len }, loaded, all));
		assert_false(claim_is_cut(&one, tx->n_writable, tx->n_readonly, tx->has_inner));
		assert_false(
			claim_is_cut(&one, tx->n_writable, tx->n_readonly, false)); /* accepted by what was signed */
		if (all == 0)
			continue;
		with_tables++;
		assert_true(claim_begin(&one, &claim, (struct bytes){ tx->tx, tx->tx_len }, loaded, 0));
		assert_int_not_equal(claim_end(&one, false, 0, 0, &LIMITS), CLAIM_ACCEPTED);
		assert_true(claim_is_cut(&one, 0, 0, tx->has_inner));
		assert_true(claim_is_cut(&one, tx->n_writable + 1, tx->n_readonly - 1, tx->has_inner));
	}
	assert_true(with_tables > 0);
}

/* Only a program that got the pool can have called ml with it. */
static void test_unknown_inner_calls_are_no_reason(void **state)
{
	struct pubkey program = { { 77 } };
	struct claim_judge one;
	struct claim claim;
	struct tx tx;

	(void)state;
	make(&tx, &claim, &program, NULL);
	assert_true(claim_begin(&one, &claim, (struct bytes){ tx.bytes, tx.size }, NULL, 0));
	assert_true(claim_is_cut(&one, 0, 0, false));
	assert_false(claim_is_cut(&one, 0, 0, true));
	claim.pool.b[31] ^= 99;
	assert_false(claim_is_cut(&one, 0, 0, false));
}

static void test_names(void **state)
{
	enum ml_ix ix;

	(void)state;
	assert_false(claim_operation(&ix, "payout_winner"));
	assert_false(claim_operation(&ix, ""));
	assert_string_equal(claim_verdict_text(CLAIM_WRONG_AMOUNT), "wrong_amount");
	assert_string_equal(claim_verdict_text(CLAIM_ACCEPTED), "accepted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded_ones_are_accepted),
		cmocka_unit_test(test_one_wrong_word_is_the_reason),
		cmocka_unit_test(test_every_signed_byte_counts),
		cmocka_unit_test(test_age_is_of_the_handing_in),
		cmocka_unit_test(test_a_failed_one_did_nothing),
		cmocka_unit_test(test_the_right_data_under_a_wrong_program),
		cmocka_unit_test(test_calls_from_another_program_count_with_the_wallets_signature_only),
		cmocka_unit_test(test_a_cut_body_is_no_reason),
		cmocka_unit_test(test_unknown_inner_calls_are_no_reason),
		cmocka_unit_test(test_names),
	};
	int failed;

	if (!crypto_init())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_memory_free(&memory);
	return failed;
}
