/* Keys in their two text forms, and signatures only for what the guard lets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/signer.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/compose.h"
#include "core/pda.h"

static uint8_t secret[64]; /* seed 1, 2, 3 ... and its public key */
static char base58[SIGNATURE_TEXT];
static char array[512];

static void write_array(char *out, size_t size, const char *blank)
{
	size_t n = (size_t)snprintf(out, size, "[");

	for (size_t i = 0; i < sizeof secret; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s%u", i ? "," : "", blank, secret[i]);
	snprintf(out + n, size - n, "%s]", blank);
}

static int setup(void **state)
{
	struct pubkey key;
	size_t n;

	(void)state;
	if (!crypto_init())
		return 1;
	for (size_t i = 0; i < 32; i++)
		secret[i] = (uint8_t)(i + 1);
	crypto_ed25519_public_key(&key, secret);
	memcpy(secret + 32, key.b, 32);
	write_array(array, sizeof array, "");
	return base58_encode(base58, sizeof base58, &n, secret, sizeof secret) ? 0 : 1;
}

static struct signer *load(const char *text)
{
	char why[200] = "";
	struct signer *signer = signer_new(text, strlen(text), why, sizeof why);

	assert_int_equal(signer == NULL, why[0] != '\0');
	return signer;
}

static void assert_loads(const char *text)
{
	struct signer *signer = load(text);

	assert_non_null(signer);
	assert_memory_equal(signer_pubkey(signer)->b, secret + 32, 32);
	signer_free(signer);
}

static void test_both_text_forms(void **state)
{
	char text[1200];

	(void)state;
	assert_loads(base58);
	assert_loads(array);
	write_array(text, sizeof text, " ");
	assert_loads(text);
	write_array(text, sizeof text, "\n\t");
	assert_loads(text);
	snprintf(text, sizeof text, "  %s\r\n", base58);
	assert_loads(text);
	snprintf(text, sizeof text, "\n%s\n", array);
	assert_loads(text);
}

static void test_malformed_keys_are_refused(void **state)
{
	static const char *const bad[] = { "", " ", "[", "[]", "[1]", "[1,2,", "0", "abc", "l", "[-1,2]", "{}", "\"\"",
		"1111111111111111111111111111111111111111111111111111111111111111" };
	char text[600];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_null(load(bad[i]));
	snprintf(text, sizeof text, "%s,5]", array);
	assert_null(load(text));
	snprintf(text, sizeof text, "%s]", array);
	assert_null(load(text));
	snprintf(text, sizeof text, "%.*s,1]", (int)strlen(array) - 1, array); /* 65 numbers */
	assert_null(load(text));
	snprintf(text, sizeof text, "%.*s", (int)strlen(array) - 1, array);
	assert_null(load(text));
	snprintf(text, sizeof text, "[256%s", array + 2);
	assert_null(load(text));
	snprintf(text, sizeof text, "[1.0%s", array + 2);
	assert_null(load(text));
	snprintf(text, sizeof text, "%s1", base58);
	assert_null(load(text));
	snprintf(text, sizeof text, "%.*s", (int)strlen(base58) - 1, base58);
	assert_null(load(text));
}

static void test_halves_must_belong_together(void **state)
{
	char why[200], text[200];
	uint8_t mixed[64];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof mixed; i++) {
		memcpy(mixed, secret, sizeof mixed);
		mixed[i] ^= 0x10;
		assert_true(base58_encode(text, sizeof text, &n, mixed, sizeof mixed));
		assert_null(signer_new(text, n, why, sizeof why));
		assert_non_null(strstr(why, "does not belong"));
		assert_null(strstr(why, text));
	}
}

struct draw {
	struct guard guard;
	struct compose compose;
	struct sb_net net;
	struct pool_account account;
	struct tx tx;
};

static void begin(struct draw *draw, const struct signer *signer, const struct pubkey *randomness)
{
	memset(draw, 0, sizeof *draw);
	sb_net_init(&draw->net, &ADDRESS_SWITCHBOARD_DEVNET, &ADDRESS_SWITCHBOARD_QUEUE_DEVNET);
	draw->guard = (struct guard){ .payer = *signer_pubkey(signer),
		.ml_program = ADDRESS_ML,
		.switchboard_program = draw->net.program,
		.queue = draw->net.queue,
		.randomness = *randomness,
		.max_fee_lamports = 20000 };
	memset(draw->guard.pool.b, 7, 32);
	pda_participants(&draw->account.participants_account, &draw->guard.pool);
	draw->compose = (struct compose){ .net = &draw->net,
		.account = &draw->account,
		.payer = draw->guard.payer,
		.pool = draw->guard.pool,
		.randomness = *randomness,
		.recent_slot = 5,
		.unit_limit = 100000 };
	memset(draw->compose.oracle.b, 9, 32);
}

static enum err sign(struct draw *draw, const struct signer *signer, const struct account_key *extra, enum step step,
	uint8_t out[TX_SIZE_MAX], size_t *n, struct signature *sig, char why[200])
{
	draw->guard.step = step;
	assert_int_equal(compose_step(&draw->tx, step, &draw->compose), TX_OK);
	struct bytes message = tx_message(&draw->tx);
	return signer_sign(signer, extra, &draw->guard, message.p, message.n, out, n, sig, why, 200);
}

static void assert_signed(const uint8_t *out, size_t n, unsigned signers, const struct signature *sig)
{
	struct tx_view view;
	struct signature first;

	assert_int_equal(tx_parse(&view, out, n), TX_OK);
	assert_int_equal(view.n_signatures, signers);
	assert_true(tx_view_verify(&view));
	first = tx_view_signature(&view, 0);
	assert_true(signature_equal(&first, sig));
}

static void test_signs_what_the_guard_allows(void **state)
{
	struct signer *signer = load(base58);
	struct account_key *key = account_key_new();
	uint8_t out[TX_SIZE_MAX];
	struct signature sig;
	struct draw draw;
	char why[200];
	size_t n;

	(void)state;
	begin(&draw, signer, account_key_pubkey(key));
	assert_int_equal(sign(&draw, signer, NULL, STEP_SELECT, out, &n, &sig, why), ERR_OK);
	assert_signed(out, n, 1, &sig);
	assert_int_equal(sign(&draw, signer, key, STEP_CANARY_INIT, out, &n, &sig, why), ERR_OK);
	assert_signed(out, n, 2, &sig);
	account_key_free(key);
	signer_free(signer);
}

static void test_refuses_everything_else(void **state)
{
	struct signer *signer = load(base58);
	struct account_key *key = account_key_new(), *other = account_key_new();
	uint8_t out[TX_SIZE_MAX];
	struct signature sig;
	struct draw draw;
	char why[200];
	size_t n;

	(void)state;
	begin(&draw, signer, account_key_pubkey(key));
	/* signatures missing, superfluous, or of another account */
	assert_int_equal(sign(&draw, signer, NULL, STEP_CANARY_INIT, out, &n, &sig, why), ERR_REFUSED);
	assert_int_equal(sign(&draw, signer, key, STEP_SELECT, out, &n, &sig, why), ERR_REFUSED);
	assert_int_equal(sign(&draw, signer, other, STEP_CANARY_INIT, out, &n, &sig, why), ERR_REFUSED);
	/* the guard's own refusal, with its reason */
	draw.guard.max_fee_lamports = 4999;
	assert_int_equal(sign(&draw, signer, NULL, STEP_SELECT, out, &n, &sig, why), ERR_REFUSED);
	assert_non_null(strstr(why, "fee of 5000"));
	/* a payer that is not this key */
	begin(&draw, signer, account_key_pubkey(key));
	draw.guard.payer.b[0] ^= 1;
	draw.compose.payer = draw.guard.payer;
	assert_int_equal(sign(&draw, signer, NULL, STEP_SELECT, out, &n, &sig, why), ERR_REFUSED);
	assert_non_null(strstr(why, "payer"));
	account_key_free(key);
	account_key_free(other);
	signer_free(signer);
}

static void test_account_keys_differ(void **state)
{
	struct account_key *a = account_key_new(), *b = account_key_new();

	(void)state;
	assert_false(pubkey_equal(account_key_pubkey(a), account_key_pubkey(b)));
	assert_true(crypto_on_curve(account_key_pubkey(a)->b));
	account_key_free(a);
	account_key_free(b);
	account_key_free(NULL);
	signer_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_text_forms),
		cmocka_unit_test(test_malformed_keys_are_refused),
		cmocka_unit_test(test_halves_must_belong_together),
		cmocka_unit_test(test_signs_what_the_guard_allows),
		cmocka_unit_test(test_refuses_everything_else),
		cmocka_unit_test(test_account_keys_differ),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
