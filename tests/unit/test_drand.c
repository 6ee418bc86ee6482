/* Rounds at their limits, the rule for a round that came too early, the layout of alpha, what counts as an answer, and which relays may be asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crypto.h"
#include "chain/drand_relays.h"
#include "core/alpha.h"
#include "core/drand.h"
#include "core/drand_relay.h"

static const struct drand_chain *const chain = &DRAND_QUICKNET;

static void test_rounds(void **unused)
{
	uint64_t round;
	int64_t due;

	(void)unused;
	assert_false(drand_round_at(&round, chain, chain->genesis - 1));
	assert_true(drand_round_at(&round, chain, chain->genesis));
	assert_true(round == 1);
	assert_true(drand_round_at(&round, chain, 1795219200)); /* 2026-11-21T00:00Z */
	assert_true(round == 34138612);
	assert_false(drand_time_of(&due, chain, 0));
	assert_true(drand_time_of(&due, chain, 1));
	assert_true(due == chain->genesis);
	assert_false(drand_time_of(&due, chain, UINT64_MAX));
	assert_false(drand_time_of(&due, chain, UINT64_MAX / 3));
}

/* Round 1001 is due 3000 s after the genesis. */
static void test_round_after_block(void **unused)
{
	static const struct {
		int64_t block; /* after the genesis */
		uint64_t round;
	} CASES[] = { { 0, 1001 }, { 2940, 1001 }, { 2941, 1021 }, { 3000, 1021 }, { 3001, 1041 }, { 6000, 2021 } };
	uint64_t round;

	(void)unused;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		int64_t due;

		assert_true(drand_round_after_block(&round, chain, 1001, chain->genesis + CASES[i].block));
		assert_true(round == CASES[i].round);
		assert_true(drand_time_of(&due, chain, round) && due >= chain->genesis + CASES[i].block + 60);
	}
	assert_false(drand_round_after_block(&round, chain, 0, chain->genesis));
	assert_false(drand_round_after_block(&round, chain, 1001, INT64_MAX));
}

static void test_alpha(void **unused)
{
	struct alpha alpha = { .n = 0x0102030405060708, .total_weight = 2, .slot = { 3 }, .round = 4 };
	uint8_t bytes[ALPHA_SIZE], marks[ALPHA_SIZE];

	(void)unused;
	memset(alpha.draw.b, 0xa1, sizeof alpha.draw.b);
	memset(alpha.root.b, 0xa2, sizeof alpha.root.b);
	memset(alpha.rules.b, 0xa3, sizeof alpha.rules.b);
	memset(alpha.blockhash.b, 0xa4, sizeof alpha.blockhash.b);
	memset(alpha.signature.b, 0xa5, sizeof alpha.signature.b);
	memset(marks, 0, sizeof marks);
	memcpy(marks, "PFDRAW01", 8);
	memset(marks + 8, 0xa1, 16);
	for (uint8_t i = 0; i < 8; i++)
		marks[24 + i] = (uint8_t)(i + 1);
	marks[39] = 2;
	memset(marks + 40, 0xa2, 32);
	memset(marks + 72, 0xa3, 32);
	marks[111] = 3;
	memset(marks + 112, 0xa4, 32);
	marks[151] = 4;
	memset(marks + 152, 0xa5, 48);
	alpha_bytes(bytes, &alpha);
	assert_memory_equal(bytes, marks, sizeof bytes);
}

#define ZEROS "00000000000000000000000000000000"
#define POINT(first) "{\"round\":1000,\"signature\":\"" first ZEROS ZEROS "000000000000000000000000000000\"}"
#define SAYS(rest) "{\"signature\":\"80" ZEROS ZEROS "000000000000000000000000000000\"" rest "}"

/* Of another round it would be a random value that the relay chose. Without a pairing nothing else sees that. */
static void test_answers(void **unused)
{
	static const struct {
		const char *text, *says; /* NULL: it is one */
	} cases[] = { { SAYS(",\"round\":1000"), NULL }, { SAYS(",\"round\":1001"), "another round" },
		{ SAYS(",\"round\":999"), "another round" }, { SAYS(",\"round\":0"), "another round" },
		{ SAYS(",\"round\":\"1000\""), "no round" }, { SAYS(""), "no round" },
		{ SAYS(",\"round\":1000,\"randomness\":\"00\""), "not the SHA-256" },
		{ SAYS(",\"round\":1000,\"randomness\":\"" ZEROS ZEROS "\""), "not the SHA-256" },
		{ POINT("00"), "no compressed point" }, { POINT("c0"), "point at infinity" }, { POINT("80"), NULL },
		{ "{\"round\":1000,\"signature\":\"80\"}", "48 bytes" }, { "round 1000", "not JSON" } };
	struct drand_signature signature;
	const char *why;

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *text = cases[i].text;
		const enum err err = drand_answer_parse(&signature, 1000, text, strlen(text), &why);

		assert_int_equal(err, cases[i].says ? ERR_INVALID : ERR_OK);
		if (cases[i].says && !strstr(why, cases[i].says))
			fail_msg("%s: %s", text, why);
	}
	assert_int_equal(signature.b[0], 0x80);
}

static void test_relays(void **unused)
{
	static const size_t operators[] = { 0, 1, 0, 0, 4, 1, 6, 7 };
	struct drand_relay_list list;
	const char *why;

	(void)unused;
	assert_true(drand_relay_list_read(&list,
		"https://api.drand.sh,https://drand.example:6875/some-path//,http://127.0.0.1:1,http://127.0.0.1:2",
		&why));
	assert_int_equal(list.n, 4);
	assert_string_equal(list.relay[0].host, "api.drand.sh");
	assert_string_equal(list.relay[1].url, "https://drand.example:6875/some-path");
	assert_string_equal(list.relay[1].host, "drand.example:6875");
	assert_string_equal(list.relay[3].host, "127.0.0.1:2");
	assert_int_equal(list.operators, 4);
	assert_true(drand_relay_list_read(&list,
		"https://api.drand.sh,https://a.example.co.uk,https://api2.drand.sh,https://drand.sh:1,https://b.co.uk,"
		"https://example.co.uk,https://10.0.0.1,https://11.0.0.1",
		&why));
	assert_int_equal(list.operators, 5);
	for (size_t i = 0; i < list.n; i++)
		assert_int_equal(list.relay[i].operator_of, operators[i]);
}

static void test_relays_that_are_none(void **unused)
{
	static const struct {
		const char *urls, *says;
	} bad[] = {
		{ "", "https:// addresses" },
		{ "https://a.example", "two or more" },
		{ "https://api.drand.sh,https://api2.drand.sh,https://drand.sh", "relays of one domain" },
		{ "https://a.example,", "https:// addresses" },
		{ "https://a.example, https://b.example", "https:// addresses" },
		{ "https://a.example,ftp://b.example", "https:// addresses" },
		{ "https://a.example,http://b.example", "whoever is on the way" },
		{ "https://a.example,http://127.0.0.1.example", "whoever is on the way" },
		{ "https://a.example,https://", "https://host" },
		{ "https://a.example,https://:1", "https://host" },
		{ "https://a.example,https://b.example:", "https://host" },
		{ "https://a.example,https://b.example:x", "https://host" },
		{ "https://a.example,https://b.example:0", "https://host" },
		{ "https://a.example,https://b.example:65536", "https://host" },
		{ "https://a.example,https://b.example:100000", "https://host" },
		{ "https://a.example,https://b.example.", "https://host" },
		{ "https://a.example,https://user@b.example", "https://host" },
		{ "https://a.example,https://B.example", "https://host" },
		{ "https://a.example,https://b.example/?key=1", "https://host" },
		{ "https://a.example,https://a.example", "one host twice" },
		{ "https://a.example,https://a.example:443/x", "one host twice" },
		{ "http://127.0.0.1:1,http://127.0.0.1:1", "one host twice" },
		{ "https://a,https://b,https://c,https://d,https://e,https://f,https://g,https://h,https://i",
			"more than 8" },
		{ "https://a.example,https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"longer than 55" },
	};
	struct drand_relay_list list;
	const char *why;

	(void)unused;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (drand_relay_list_read(&list, bad[i].urls, &why) || !strstr(why, bad[i].says))
			fail_msg("%s: %s", bad[i].urls, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_round_after_block),
		cmocka_unit_test(test_alpha),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_relays),
		cmocka_unit_test(test_relays_that_are_none),
	};

	return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
