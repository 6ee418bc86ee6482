/* What a memo says of a lock, and which bytes are none of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/address.h"
#include "core/memo.h"
#include "core/tx.h"
#include "unit/key_fixture.h"

#define HASH "01ab000000000000000000000000000000000000000000000000000000000000"
static const struct hash HASHED = { { 0x01, 0xab } };

static bool is_anchor(const char *text)
{
	return memo_is_anchor((struct bytes){ (const uint8_t *)text, strlen(text) });
}

static void test_says_which_draw(void **unused)
{
	struct memo memo;
	struct ix ix;
	const struct pubkey signer = key_of(1);

	(void)unused;
	assert_true(memo_anchor(&memo, 7, "jackpots", "minor:7 a", &HASHED));
	assert_string_equal(memo.text, "poolkeeper 7 jackpots:minor:7 a " HASH);
	memo_build(&ix, &signer, &memo);
	assert_memory_equal(ix.data, memo.text, ix.data_size);
	assert_int_equal(ix.data_size, strlen(memo.text));
	assert_true(ix.n_metas == 1 && ix.metas[0].signer && pubkey_equal(&ix.metas[0].key, &signer));
	assert_true(pubkey_equal(&ix.program, &ADDRESS_MEMO));
}

/* The longest names that a lock takes, and one character more. */
static void test_longest(void **unused)
{
	char source[42] = "", key[129] = "";
	struct memo memo;

	(void)unused;
	memset(source, 's', 40);
	memset(key, 'k', 127);
	assert_true(memo_anchor(&memo, UINT64_MAX, source, key, &HASHED));
	assert_int_equal(strlen(memo.text), MEMO_MAX);
	key[127] = 'k';
	assert_false(memo_anchor(&memo, 1, "s", key, &HASHED));
	assert_string_equal(memo.text, "");
	key[127] = '\0';
	source[40] = 's';
	assert_false(memo_anchor(&memo, 1, source, "k", &HASHED));
	assert_false(memo_anchor(&memo, 1, "s", "", &HASHED));
	assert_false(memo_anchor(&memo, 1, "s", "a\"b", &HASHED));
}

static void test_what_is_none(void **unused)
{
	static const char *const none[] = { "", "poolkeeper ", HASH, "poolkeeper 7 s:k", "poolkeeper  s:k " HASH,
		"poolkeeper 7 s " HASH, "poolkeeper 7 :k " HASH, "poolkeeper 7 s: " HASH, "poolkeeper x s:k " HASH,
		"Poolkeeper 7 s:k " HASH, "poolkeeper 7 s:k " HASH "0", "poolkeeper 7 s:k" HASH,
		"poolkeeper 7 S:k " HASH, "poolkeeper 7 s:\x01 " HASH,
		"poolkeeper 7 s:k 0AAB000000000000000000000000000000000000000000000000000000000000" };

	(void)unused;
	assert_true(is_anchor("poolkeeper 7 s:k " HASH));
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		if (is_anchor(none[i]))
			fail_msg("\"%s\" is taken for an anchor", none[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_which_draw),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_what_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
