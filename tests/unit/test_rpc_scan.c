/* The reader of getMultipleAccounts that takes what validators write, against json-c: it may leave an answer alone, but never
 * understand it otherwise. A blank in front makes json-c read the same answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "chain/rpc_parse_json.h"

enum { BODY_ROOM = 4096, ID = 5 };

#define OWNER "\"Sysvar1111111111111111111111111111111111111\""
#define ACCOUNT                                                                                \
	"{\"data\":[\"AQID\",\"base64\"],\"executable\":false,\"lamports\":7,\"owner\":" OWNER \
	",\"rentEpoch\":18446744073709551615,\"space\":3}"
#define ANSWER(list)                                                                                          \
	"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"apiVersion\":\"2.3.7\",\"slot\":9},\"value\":[" list \
	"]},\"id\":5}"

/* Both readers have their own memory: what they answer points into it. */
static struct rpc_memory scan_memory, json_memory;
static struct rpc_result scanned, parsed;

static bool scan(const char *text, size_t len, size_t n)
{
	struct rpc_question question = { .method = RPC_ACCOUNTS, .id = ID, .n = n };
	struct rpc_body body = { .status = 200, .text = text, .len = len };

	return rpc_scan_accounts(&question, &body, &scan_memory, &scanned);
}

static bool parse(const char *text, size_t len, size_t n)
{
	static char blank_first[BODY_ROOM];
	struct rpc_question question = { .method = RPC_ACCOUNTS, .id = ID, .n = n };
	struct rpc_body body = { .status = 200, .text = blank_first, .len = len + 1 };
	struct rpc_answer answer;

	assert_true(len + 1 < sizeof blank_first);
	blank_first[0] = ' ';
	memcpy(blank_first + 1, text, len);
	assert_false(rpc_scan_accounts(&question, &body, &json_memory, &parsed));
	return rpc_parse(&question, &body, &json_memory, &parsed, &answer) == RPC_RESULT;
}

static void assert_same_account(const struct rpc_account *a, const struct rpc_account *b)
{
	assert_int_equal(a->exists, b->exists);
	assert_true(a->lamports == b->lamports);
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->owner.b, b->owner.b, PUBKEY_SIZE);
	if (a->len > 0)
		assert_memory_equal(a->data, b->data, a->len);
}

/* Returns whether the scanner took it. */
static bool agree(const char *text, size_t len, size_t n)
{
	if (!scan(text, len, n))
		return false;
	if (!parse(text, len, n))
		fail_msg("scanned, and json-c refuses it: %.*s", (int)len, text);
	assert_true(scanned.has_slot && scanned.slot.n == parsed.slot.n);
	assert_true(scanned.as.accounts.at.n == parsed.as.accounts.at.n);
	assert_int_equal(scanned.as.accounts.n, parsed.as.accounts.n);
	for (size_t i = 0; i < n; i++)
		assert_same_account(&scanned.as.accounts.account[i], &parsed.as.accounts.account[i]);
	return true;
}

static void test_what_nodes_write_is_scanned(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} cases[] = {
		{ ANSWER(ACCOUNT), 1 },
		{ ANSWER(ACCOUNT) "\n", 1 },
		{ ANSWER(""), 0 },
		{ ANSWER("null"), 1 },
		{ ANSWER("null," ACCOUNT ",null," ACCOUNT), 4 },
		{ "{\"id\":5,\"jsonrpc\":\"2.0\",\"result\":{\"value\":[null],\"context\":{\"slot\":0}}}", 1 },
		{ ANSWER("{\"lamports\":18446744073709551615,\"data\":[\"\",\"base64\"],\"owner\":" OWNER "}"), 1 },
		{ ANSWER("{\"rentEpoch\":18446744073709552000,\"lamports\":0,\"data\":[\"AQ==\",\"base64\"],"
			 "\"owner\":" OWNER "}"),
			1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (!agree(cases[i].text, strlen(cases[i].text), cases[i].n))
			fail_msg("left to json-c: %s", cases[i].text);
	}
	assert_true(scanned.as.accounts.account[0].exists && scanned.as.accounts.account[0].len == 1);
}

static void test_what_is_not_exactly_known_is_left_alone(void **state)
{
	static const char *const cases[] = {
		ANSWER("null,null"),
		ANSWER(""),
		ANSWER("5"),
		ANSWER("[]"),
		ANSWER("{}"),
		ANSWER("null") "x",

		" " ANSWER("null"),
		ANSWER(" null"),
		ANSWER("null,"),
		ANSWER(",null"),
		"{\"jsonrpc\":\"1.0\",\"result\":{\"context\":{\"slot\":9},\"value\":[null]},\"id\":5}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":9},\"value\":[null]},\"id\":6}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":9},\"value\":[null]},\"id\":\"5\"}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":9},\"value\":[null]}}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":09},\"value\":[null]},\"id\":5}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":-9},\"value\":[null]},\"id\":5}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":9.5},\"value\":[null]},\"id\":5}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":9,\"slot\":8},\"value\":[null]},\"id\":5}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{},\"value\":[null]},\"id\":5}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":9}},\"id\":5}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"value\":[null]},\"id\":5}",
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32005},\"id\":5}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":9,\"apiVersion\":\"\\u0041\"},\"value\":[null]}"
		",\"id\":5}",
		"{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":9,\"more\":1},\"value\":[null]},\"id\":5}",
		ANSWER("{\"lamports\":18446744073709551616,\"data\":[\"\",\"base64\"],\"owner\":" OWNER "}"),
		ANSWER("{\"lamports\":1,\"lamports\":2,\"data\":[\"\",\"base64\"],\"owner\":" OWNER "}"),
		ANSWER("{\"lamports\":\"1\",\"data\":[\"\",\"base64\"],\"owner\":" OWNER "}"),
		ANSWER("{\"data\":[\"\",\"base64\"],\"owner\":" OWNER "}"),
		ANSWER("{\"lamports\":1,\"owner\":" OWNER "}"),
		ANSWER("{\"lamports\":1,\"data\":[\"\",\"base64\"]}"),
		ANSWER("{\"lamports\":1,\"data\":[\"\",\"base58\"],\"owner\":" OWNER "}"),
		ANSWER("{\"lamports\":1,\"data\":[\"A\",\"base64\"],\"owner\":" OWNER "}"),
		ANSWER("{\"lamports\":1,\"data\":[\"AQ\\/D\",\"base64\"],\"owner\":" OWNER "}"),
		ANSWER("{\"lamports\":1,\"data\":[\"\",\"base64\"],\"owner\":\"1111\"}"),
		ANSWER("{\"lamports\":1,\"data\":[\"\",\"base64\"],\"owner\":" OWNER ",\"executable\":0}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (scan(cases[i], strlen(cases[i]), 1))
			fail_msg("scanned: %s", cases[i]);
	}
}

static void test_an_answer_cut_anywhere_is_left_alone(void **state)
{
	static const char whole[] = ANSWER(ACCOUNT ",null");

	(void)state;
	for (size_t len = 0; len < strlen(whole); len++)
		assert_false(scan(whole, len, 2));
}

static void test_an_http_error_is_left_alone(void **state)
{
	static const char whole[] = ANSWER("null");
	struct rpc_question question = { .method = RPC_ACCOUNTS, .id = ID, .n = 1 };

	(void)state;
	for (int status = 100; status < 600; status++) {
		struct rpc_body body = { .status = status, .text = whole, .len = strlen(whole) };
		assert_int_equal(rpc_scan_accounts(&question, &body, &scan_memory, &scanned), status == 200);
	}
}

/* Every byte of an answer replaced by every other, left out, and doubled. */
static void test_json_c_says_the_same_of_every_spoiled_answer(void **state)
{
	static const char whole[] = ANSWER(ACCOUNT ",null");
	const size_t len = strlen(whole);
	char text[sizeof whole + 1];
	size_t taken = 0;

	(void)state;
	for (size_t at = 0; at < len; at++) {
		memcpy(text, whole, len);
		for (int byte = 0; byte < 256; byte++) {
			text[at] = (char)byte;
			taken += agree(text, len, 2);
		}
		memcpy(text + at, whole + at + 1, len - at);
		taken += agree(text, len - 1, 2);
		memcpy(text, whole, at + 1);
		memcpy(text + at + 1, whole + at, len - at);
		taken += agree(text, len + 1, 2);
	}
	assert_true(taken > len); /* itself, once per byte, and those with another digit */
}

static int forget(void **state)
{
	(void)state;
	rpc_memory_free(&scan_memory);
	rpc_memory_free(&json_memory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_nodes_write_is_scanned),
		cmocka_unit_test(test_what_is_not_exactly_known_is_left_alone),
		cmocka_unit_test(test_an_answer_cut_anywhere_is_left_alone),
		cmocka_unit_test(test_an_http_error_is_left_alone),
		cmocka_unit_test(test_json_c_says_the_same_of_every_spoiled_answer),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
