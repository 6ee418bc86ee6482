/* Transactions: what the validator refuses, at every cut and with every lying count, and how ours are put together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/crypto.h"
#include "core/address.h"
#include "core/compute.h"
#include "core/tx.h"

enum { MESSAGE_AT = 1 + 64, KEYS_AT = MESSAGE_AT + 4 };

static const uint8_t SEED[CRYPTO_SEED_SIZE] = { 42 };

static struct pubkey numbered_key(uint8_t number)
{
	struct pubkey key;

	memset(&key, number, sizeof key);
	return key;
}

/* One signed transaction: compute limit, and an instruction with a writable and a read-only account. */
static struct tx make_tx(void)
{
	const struct hash blockhash = { { 9 } };
	struct pubkey payer, a = numbered_key(1), b = numbered_key(2);
	struct signature signature;
	struct ix ixs[2];
	struct tx tx;

	crypto_ed25519_public_key(&payer, SEED);
	compute_limit(&ixs[0], 1000);
	ix_begin(&ixs[1], &ADDRESS_ML);
	ix_account(&ixs[1], &a, IX_WRITE);
	ix_account(&ixs[1], &b, IX_READ);
	ix_u64(&ixs[1], 7);
	assert_int_equal(tx_compile(&tx, &payer, &blockhash, ixs, 2), TX_OK);
	crypto_ed25519_sign(&signature, tx_message(&tx), SEED);
	assert_int_equal(tx_put_signature(&tx, &payer, &signature), TX_OK);
	return tx;
}

static enum tx_result parse(const struct tx *tx)
{
	struct tx_view view;

	return tx_parse(&view, tx->bytes, tx->size);
}

static void test_round_trip(void **unused)
{
	struct tx tx = make_tx();
	struct tx_view view, alone;
	struct bytes message = tx_message(&tx);

	(void)unused;
	assert_int_equal(tx_parse(&view, tx.bytes, tx.size), TX_OK);
	assert_true(tx_view_verify(&view));
	assert_int_equal(view.n_keys, 5);
	assert_int_equal(view.n_ixs, 2);
	assert_true(tx_view_is_signer(&view, 0) && !tx_view_is_signer(&view, 1));
	assert_true(tx_view_is_writable(&view, 1) && !tx_view_is_writable(&view, 2));
	assert_int_equal(tx_parse_message(&alone, message.p, message.n), TX_OK);
	assert_int_equal(alone.n_signatures, 1);
	assert_false(tx_view_verify(&alone));
	assert_int_equal(tx_view_message(&alone).n, message.n);
	tx.bytes[tx.size - 1] ^= 1;
	assert_int_equal(tx_parse(&view, tx.bytes, tx.size), TX_OK);
	assert_false(tx_view_verify(&view));
}

static void test_who_signed_and_what_is_called(void **unused)
{
	struct tx tx = make_tx();
	const struct pubkey both[] = { ADDRESS_COMPUTE_BUDGET, ADDRESS_ML }, a = numbered_key(1);
	struct tx_view view;
	struct pubkey payer;

	(void)unused;
	crypto_ed25519_public_key(&payer, SEED);
	assert_int_equal(tx_parse(&view, tx.bytes, tx.size), TX_OK);
	assert_true(tx_view_signed_by(&view, &payer));
	assert_false(tx_view_signed_by(&view, &a));
	assert_false(tx_view_signed_by(&view, &ADDRESS_ML));
	assert_true(tx_view_calls_only(&view, both, 2));
	assert_false(tx_view_calls_only(&view, both, 1));
	assert_false(tx_view_calls_only(&view, both + 1, 1));
}

static void test_every_cut(void **unused)
{
	struct tx tx = make_tx();
	struct tx_view view;
	struct bytes message = tx_message(&tx);

	(void)unused;
	for (size_t n = 0; n < tx.size; n++)
		assert_int_not_equal(tx_parse(&view, tx.bytes, n), TX_OK);
	for (size_t n = 0; n < message.n; n++)
		assert_int_not_equal(tx_parse_message(&view, message.p, n), TX_OK);
	tx.bytes[tx.size] = 0;
	assert_int_equal(tx_parse(&view, tx.bytes, (size_t)tx.size + 1), TX_TRAILING);
	assert_int_equal(tx_parse(&view, tx.bytes, TX_SIZE_MAX + 1), TX_TOO_LARGE);
}

/* Sets one byte, expects a verdict, puts it back. */
static void expect_with(struct tx *tx, size_t at, uint8_t value, enum tx_result expected)
{
	uint8_t before = tx->bytes[at];

	tx->bytes[at] = value;
	if (parse(tx) != expected)
		fail_msg("byte %zu = %u: %s", at, value, tx_result_text(parse(tx)));
	tx->bytes[at] = before;
}

static void test_sanitize(void **unused)
{
	struct tx tx = make_tx();
	size_t ixs_at = KEYS_AT + 5 * 32 + 32 + 1; /* behind the count */

	(void)unused;
	assert_int_equal(parse(&tx), TX_OK);
	expect_with(&tx, 0, TX_SIGNATURES_MAX + 1, TX_BAD_COUNT);
	expect_with(&tx, MESSAGE_AT, 2, TX_BAD_HEADER);
	expect_with(&tx, MESSAGE_AT, 0, TX_BAD_HEADER);
	expect_with(&tx, MESSAGE_AT + 1, 1, TX_BAD_HEADER); /* the payer would be read-only */
	expect_with(&tx, MESSAGE_AT + 2, 4, TX_OK);
	expect_with(&tx, MESSAGE_AT + 2, 5, TX_BAD_HEADER);
	expect_with(&tx, MESSAGE_AT + 3, TX_KEYS_MAX + 1, TX_BAD_COUNT);
	expect_with(&tx, ixs_at, 0, TX_BAD_INDEX); /* the payer as a program */
	expect_with(&tx, ixs_at, 5, TX_BAD_INDEX);
	expect_with(&tx, ixs_at, 4, TX_OK);
	/* accounts of the second instruction: two indexes before the data of 8 bytes and its count */
	expect_with(&tx, tx.size - 10u, 5, TX_BAD_INDEX);
	expect_with(&tx, tx.size - 10u, 4, TX_OK);
	expect_with(&tx, tx.size - 9u, 9, TX_TRUNCATED);
	expect_with(&tx, tx.size - 9u, 7, TX_TRAILING);
	memcpy(tx.bytes + KEYS_AT + 32, tx.bytes + KEYS_AT + 64, 32);
	assert_int_equal(parse(&tx), TX_DUPLICATE_KEY);
}

/* Compact-u16 has one form per number: 0x88 0x00 for 8 is not it. */
static void test_long_counts(void **unused)
{
	struct tx tx = make_tx();
	size_t count_at = tx.size - 9u;

	(void)unused;
	memmove(tx.bytes + count_at + 2, tx.bytes + count_at + 1, 8);
	tx.size++;
	tx.bytes[count_at] = 0x88;
	tx.bytes[count_at + 1] = 0x00;
	assert_int_equal(parse(&tx), TX_BAD_COUNT);
	tx.bytes[count_at + 1] = 0x80;
	assert_int_equal(parse(&tx), TX_BAD_COUNT);
}

/* The same message as v0, with one lookup behind it. */
static struct tx make_v0(const uint8_t *lookups, size_t n)
{
	struct tx tx = make_tx();

	memmove(tx.bytes + MESSAGE_AT + 1, tx.bytes + MESSAGE_AT, tx.size - (size_t)MESSAGE_AT);
	tx.bytes[MESSAGE_AT] = 0x80;
	memcpy(tx.bytes + tx.size + 1, lookups, n);
	tx.size = (uint16_t)(tx.size + 1 + n);
	return tx;
}

static void test_v0(void **unused)
{
	uint8_t lookup[1 + 32 + 1 + 2 + 1 + 1] = { 1, [33] = 2, 10, 11, 1, 12 };
	const struct pubkey loaded[3] = { numbered_key(10), numbered_key(11), numbered_key(12) };
	struct tx tx = make_v0(lookup, sizeof lookup);
	struct tx_view view;
	struct pubkey key;

	(void)unused;
	assert_int_equal(tx_parse(&view, tx.bytes, tx.size), TX_OK);
	assert_true(view.is_v0);
	assert_int_equal(view.n_loaded_writable, 2);
	assert_int_equal(view.n_loaded_readonly, 1);
	assert_int_equal(tx_view_key_count(&view), 8);
	assert_true(tx_view_is_writable(&view, 6) && !tx_view_is_writable(&view, 7));
	assert_false(tx_view_key(&view, 5, NULL, 0, &key));
	assert_false(tx_view_key(&view, 7, loaded, 2, &key));
	assert_true(tx_view_key(&view, 7, loaded, 3, &key) && key.b[0] == 12);
	assert_false(tx_view_key(&view, 8, loaded, 3, &key));
	/* An account may come from the table, a program may not. */
	expect_with(&tx, MESSAGE_AT, 0x81, TX_BAD_VERSION);
	expect_with(&tx, MESSAGE_AT, 0xff, TX_BAD_VERSION);
	expect_with(&tx, KEYS_AT + 1 + 6 * 32 + 1, 7, TX_BAD_INDEX);
	tx = make_v0((const uint8_t *)"", 1);
	assert_int_equal(parse(&tx), TX_OK);
}

static void test_v0_lookups(void **unused)
{
	uint8_t empty[1 + 32 + 1 + 1] = { 1 };
	uint8_t crowded[1 + 32 + 2 + 252 + 1] = { 1, [33] = 0xfc, [34] = 0x01 };
	struct tx tx = make_v0(empty, sizeof empty);

	(void)unused;
	assert_int_equal(parse(&tx), TX_BAD_LOOKUP);
	tx = make_v0(crowded, sizeof crowded); /* 5 + 252 keys */
	assert_int_equal(parse(&tx), TX_BAD_LOOKUP);
	crowded[33] = 0xfb;
	tx = make_v0(crowded, sizeof crowded - 1);
	assert_int_equal(parse(&tx), TX_OK);
}

static void test_compile_limits(void **unused)
{
	static struct ix ixs[TX_IXS_MAX + 1];
	const struct hash blockhash = { { 0 } };
	const struct signature signature = { { 1 } };
	struct pubkey payer = numbered_key(200), other = numbered_key(1);
	struct tx tx;

	(void)unused;
	for (size_t i = 0; i <= TX_IXS_MAX; i++)
		compute_limit(&ixs[i], 1);
	assert_int_equal(tx_compile(&tx, &payer, &blockhash, ixs, TX_IXS_MAX), TX_OK);
	assert_int_equal(tx_compile(&tx, &payer, &blockhash, ixs, TX_IXS_MAX + 1), TX_BAD_COUNT);
	assert_int_equal(tx_put_signature(&tx, &other, &signature), TX_NO_SIGNER);
	ix_begin(&ixs[0], &ADDRESS_ML);
	for (uint8_t i = 0; i < 33; i++) {
		struct pubkey key = numbered_key((uint8_t)(i + 1));

		ix_account(&ixs[0], &key, IX_READ);
		assert_int_equal(tx_compile(&tx, &payer, &blockhash, ixs, 1), i < 32 ? TX_OK : TX_TOO_LARGE);
	}
	for (uint8_t i = 33; i < 60; i++) {
		struct pubkey key = numbered_key((uint8_t)(i + 1));

		ix_account(&ixs[0], &key, IX_SIGN);
		assert_int_equal(tx_compile(&tx, &payer, &blockhash, ixs, 1), TX_TOO_LARGE);
	}
}

/* Each signer costs 97 bytes: 11 are the most. */
static void test_signer_limit(void **unused)
{
	const struct hash blockhash = { { 0 } };
	struct pubkey payer = numbered_key(200);
	struct ix ix;
	struct tx tx;

	(void)unused;
	ix_begin(&ix, &ADDRESS_ML);
	for (uint8_t i = 0; i < 20; i++) {
		struct pubkey key = numbered_key((uint8_t)(i + 1));

		ix_account(&ix, &key, IX_SIGN);
		assert_int_equal(tx_compile(&tx, &payer, &blockhash, &ix, 1), i < 10 ? TX_OK : TX_TOO_LARGE);
		if (i < 10)
			assert_int_equal(tx.n_signatures, i + 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_who_signed_and_what_is_called),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_sanitize),
		cmocka_unit_test(test_long_counts),
		cmocka_unit_test(test_v0),
		cmocka_unit_test(test_v0_lookups),
		cmocka_unit_test(test_compile_limits),
		cmocka_unit_test(test_signer_limit),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
