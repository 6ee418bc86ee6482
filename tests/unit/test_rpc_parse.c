/* What the recorded bodies do not hold: numbers out of range, wrong types, wrong counts, hostile shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "chain/rpc_parse.h"
#include "core/base58.h"

static struct rpc_memory memory;
static struct rpc_result result;
static struct rpc_answer answer;

static enum rpc_outcome parse_n(enum rpc_method method, size_t n, const char *text)
{
	struct rpc_question question = { .method = method, .id = 5, .n = n };
	struct rpc_body body = { .status = 200, .text = text, .len = strlen(text) };

	return rpc_parse(&question, &body, &memory, &result, &answer);
}

static enum rpc_outcome parse_result(enum rpc_method method, size_t n, const char *json)
{
	static char text[65536];

	snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"result\":%s,\"id\":5}", json);
	return parse_n(method, n, text);
}

static void test_u64_is_exact(void **state)
{
	(void)state;
	assert_int_equal(parse_result(RPC_RENT, 0, "18446744073709551615"), RPC_RESULT);
	assert_true(result.as.rent.n == UINT64_MAX);
	assert_int_equal(parse_result(RPC_RENT, 0, "9223372036854775808"), RPC_RESULT);
	assert_true(result.as.rent.n == 9223372036854775808U);
	assert_int_equal(parse_result(RPC_RENT, 0, "0"), RPC_RESULT);
	assert_true(result.as.rent.n == 0);
}

static void test_numbers_that_are_no_u64_are_refused(void **state)
{
	static const char *const numbers[] = { "18446744073709551616", "18446744073709552000",
		"99999999999999999999999", "1.8446744073709552e19", "-1", "-9223372036854775809", "1.0", "1e3", "\"5\"",
		"true", "null", "[]", "{}" };

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		if (parse_result(RPC_RENT, 0, numbers[i]) != RPC_MALFORMED)
			fail_msg("%s was taken for a u64", numbers[i]);
	}
	assert_int_equal(parse_result(RPC_RENT, 0, "18446744073709551616"), RPC_MALFORMED);
	assert_non_null(strstr(answer.why, "does not fit 64 bits"));
}

static const char ACCOUNT[] =
	"{\"context\":{\"slot\":7},\"value\":[{\"data\":[\"%s\",\"%s\"],\"executable\":false,"
	"\"lamports\":%s,\"owner\":\"11111111111111111111111111111111\",\"rentEpoch\":%s,\"space\":3}]}";

static enum rpc_outcome parse_account(const char *data, const char *encoding, const char *lamports, const char *epoch)
{
	char json[1024];

	snprintf(json, sizeof json, ACCOUNT, data, encoding, lamports, epoch);
	return parse_result(RPC_ACCOUNTS, 1, json);
}

static void test_rent_epoch_is_not_read(void **state)
{
	static const char *const epochs[] = { "18446744073709552000", "18446744073709551616", "-5", "1.5", "\"x\"",
		"null" };

	(void)state;
	for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
		if (parse_account("AQID", "base64", "9", epochs[i]) != RPC_RESULT)
			fail_msg("rentEpoch %s stopped the answer: %s", epochs[i], answer.why);
		assert_int_equal(result.as.accounts.account[0].len, 3);
		assert_memory_equal(result.as.accounts.account[0].data, "\1\2\3", 3);
	}
	/* Only rentEpoch may be out of range. */
	assert_int_equal(parse_account("AQID", "base64", "18446744073709551616", "0"), RPC_MALFORMED);
}

static void test_account_types_are_strict(void **state)
{
	(void)state;
	assert_int_equal(parse_account("AQID", "base58", "9", "0"), RPC_MALFORMED);
	assert_int_equal(parse_account("AQI", "base64", "9", "0"), RPC_MALFORMED);
	assert_int_equal(parse_account("AQJ=", "base64", "9", "0"), RPC_MALFORMED);
	assert_int_equal(parse_account("AQID", "base64", "\"9\"", "0"), RPC_MALFORMED);
	assert_int_equal(parse_account("", "base64", "0", "0"), RPC_RESULT);
	assert_true(result.as.accounts.account[0].exists);
	assert_int_equal(parse_result(RPC_ACCOUNTS, 1, "{\"context\":{\"slot\":7},\"value\":[5]}"), RPC_MALFORMED);
	assert_int_equal(parse_result(RPC_ACCOUNTS, 1, "{\"value\":[null]}"), RPC_MALFORMED);
	assert_int_equal(parse_result(RPC_ACCOUNTS, 1, "{\"context\":{\"slot\":7}}"), RPC_MALFORMED);
}

static enum rpc_outcome parse_owners(size_t n, const char *const *owner)
{
	char json[1024] = "{\"context\":{\"slot\":7},\"value\":[";

	for (size_t i = 0, at = strlen(json); i < n; i++, at = strlen(json))
		snprintf(json + at, sizeof json - at, "{\"data\":[\"\",\"base64\"],\"lamports\":1,\"owner\":\"%s\"}%s",
			owner[i], i + 1 < n ? "," : "]}");
	return parse_result(RPC_ACCOUNTS, n, json);
}

/* The owner before is remembered, also from one answer to the next: it must never be taken for another. */
static void test_each_account_has_its_own_owner(void **state)
{
	static const char sysvar[] = "Sysvar1111111111111111111111111111111111111";
	static const char system[] = "11111111111111111111111111111111";
	static const char *const owners[] = { sysvar, sysvar, system, sysvar };
	static const char *const wrong[] = { "Sysvar111111111111111111111111111111111111l", "",
		"Sysvar1111111111111111111111111111111111111\\u0000" };
	struct pubkey key[2];

	(void)state;
	assert_true(base58_to_pubkey(&key[0], system, strlen(system)));
	assert_true(base58_to_pubkey(&key[1], sysvar, strlen(sysvar)));
	for (size_t w = 0; w < sizeof wrong / sizeof wrong[0]; w++) {
		assert_int_equal(parse_owners(4, owners), RPC_RESULT);
		for (size_t i = 0; i < 4; i++)
			assert_memory_equal(&result.as.accounts.account[i].owner, &key[i != 2], sizeof key[0]);
		assert_int_equal(parse_owners(1, &wrong[w]), RPC_MALFORMED);
	}
}

static void test_as_many_values_as_asked_for(void **state)
{
	static const char two[] = "{\"context\":{\"slot\":7},\"value\":[null,null]}";

	(void)state;
	assert_int_equal(parse_result(RPC_ACCOUNTS, 2, two), RPC_RESULT);
	assert_int_equal(parse_result(RPC_ACCOUNTS, 1, two), RPC_MALFORMED);
	assert_int_equal(parse_result(RPC_ACCOUNTS, 3, two), RPC_MALFORMED);
	assert_int_equal(parse_result(RPC_STATUSES, 2, two), RPC_RESULT);
	assert_int_equal(parse_result(RPC_STATUSES, 3, two), RPC_MALFORMED);
	assert_int_equal(parse_result(RPC_SIGNATURES, 0, "[]"), RPC_RESULT);
}

static void test_ids_must_match(void **state)
{
	(void)state;
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":5}"), RPC_RESULT);
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":6}"), RPC_MALFORMED);
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":\"5\"}"), RPC_MALFORMED);
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":5.0}"), RPC_MALFORMED);
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":null}"), RPC_MALFORMED);
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"result\":1}"), RPC_MALFORMED);
	/* Only an error may come without one: the node could not read the request. */
	assert_int_equal(
		parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"m\"},\"id\":null}"),
		RPC_REFUSED);
	assert_int_equal(
		parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"m\"},\"id\":6}"),
		RPC_MALFORMED);
}

static void test_envelope_is_strict(void **state)
{
	(void)state;
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"1.0\",\"result\":1,\"id\":5}"), RPC_MALFORMED);
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"result\":1,\"id\":5}"), RPC_MALFORMED);
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"id\":5}"), RPC_MALFORMED);
	assert_int_equal(parse_n(RPC_RENT, 0, "[]"), RPC_MALFORMED);
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"error\":5,\"id\":5}"), RPC_MALFORMED);
	/* Not JSON, though json-c takes it. */
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":5} x"), RPC_NOT_JSON);
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":5}/**/"), RPC_NOT_JSON);
	assert_int_equal(parse_n(RPC_RENT, 0, "{'jsonrpc':'2.0','result':1,'id':5}"), RPC_NOT_JSON);
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"result\":Infinity,\"id\":5}"), RPC_NOT_JSON);
	assert_int_equal(parse_n(RPC_RENT, 0, "{\"jsonrpc\":\"2.0\",\"result\":\"\xff\",\"id\":5}"), RPC_NOT_JSON);
}

static void test_depth_is_limited(void **state)
{
	enum { DEEP = 9000 };
	static char text[2 * DEEP + 1];

	(void)state;
	memset(text, '[', DEEP);
	assert_int_equal(parse_n(RPC_RENT, 0, text), RPC_NOT_JSON);
	memset(text + DEEP, ']', DEEP);
	assert_int_equal(parse_n(RPC_RENT, 0, text), RPC_NOT_JSON);
	/* As deep as it may be, it is JSON. */
	assert_int_equal(parse_n(RPC_RENT, 0, "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"), RPC_MALFORMED);
}

static void test_http_status_counts(void **state)
{
	struct rpc_question question = { .method = RPC_RENT, .id = 5 };
	const char *text = "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":5}";
	struct rpc_body body = { .status = 429, .text = text, .len = strlen(text) };

	(void)state;
	assert_int_equal(rpc_parse(&question, &body, &memory, &result, &answer), RPC_RATE_LIMITED);
	body.status = 500;
	assert_int_equal(rpc_parse(&question, &body, &memory, &result, &answer), RPC_MALFORMED);
	body.text = "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32005,\"message\":\"behind\"},\"id\":5}";
	body.len = strlen(body.text);
	assert_int_equal(rpc_parse(&question, &body, &memory, &result, &answer), RPC_UNHEALTHY);
	assert_false(answer.has_behind);
}

static void test_preflight_log_is_no_rate_limit(void **state)
{
	(void)state;
	parse_n(RPC_SEND, 1,
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32002,\"message\":\"rate limit\",\"data\":{\"err\":"
		"{\"InstructionError\":[1,{\"Custom\":6047}]},\"logs\":null}},\"id\":5}");
	assert_int_equal(answer.outcome, RPC_REFUSED);
	assert_int_equal(answer.tx.failure.ix, 1);
	assert_int_equal(answer.tx.failure.code, 6047);
}

static void test_transaction_errors_are_strict(void **state)
{
	static const char *const bad[] = { "5", "[]", "{\"InstructionError\":[256,\"X\"]}",
		"{\"InstructionError\":[1]}", "{\"InstructionError\":[1,{\"Custom\":4294967296}]}",
		"{\"InstructionError\":[1,{\"Custom\":-1}]}", "{\"InstructionError\":[1,{}]}", "{}",
		"{\"A\":1,\"B\":2}" };
	char json[512];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(json, sizeof json,
			"{\"context\":{\"slot\":7},\"value\":[{\"confirmationStatus\":\"finalized\",\"err\":%s,"
			"\"slot\":5}]}",
			bad[i]);
		if (parse_result(RPC_STATUSES, 1, json) != RPC_MALFORMED)
			fail_msg("%s was taken for a transaction error", bad[i]);
	}
	/* Without an err member there is no telling: simulation and transaction ask for it. */
	assert_int_equal(
		parse_result(RPC_SIMULATE, 0, "{\"context\":{\"slot\":7},\"value\":{\"logs\":[]}}"), RPC_MALFORMED);
}

static void test_commitment_levels_are_known_words(void **state)
{
	(void)state;
	assert_int_equal(parse_result(RPC_STATUSES, 1,
				 "{\"context\":{\"slot\":7},\"value\":[{\"confirmationStatus\":\"Finalized\",\"err\":"
				 "null,\"slot\":5}]}"),
		RPC_MALFORMED);
}

static void test_fees_are_sorted(void **state)
{
	(void)state;
	assert_int_equal(parse_result(RPC_FEES, 1,
				 "[{\"prioritizationFee\":9,\"slot\":1},{\"prioritizationFee\":0,\"slot\":2},"
				 "{\"prioritizationFee\":18446744073709551615,\"slot\":3},{\"prioritizationFee\":4,"
				 "\"slot\":4}]"),
		RPC_RESULT);
	assert_int_equal(result.as.fees.n, 4);
	assert_true(result.as.fees.price[0] == 0 && result.as.fees.price[1] == 4 && result.as.fees.price[2] == 9);
	assert_true(result.as.fees.price[3] == UINT64_MAX);
}

static void test_transaction_from_the_smallest_pieces(void **state)
{
	static char json[32768];
	size_t n = 0;

	(void)state;
	/* Many empty log lines and calls: the most memory per byte of JSON that an answer can ask for. */
	n += (size_t)snprintf(json + n, sizeof json - n,
		"{\"slot\":1,\"transaction\":[\"AA==\",\"base64\"],\"meta\":{\"err\":null,\"fee\":5,\"logMessages\":["
		"\"\"");
	for (int i = 0; i < 2000; i++)
		n += (size_t)snprintf(json + n, sizeof json - n, ",\"\"");
	n += (size_t)snprintf(json + n, sizeof json - n, "],\"innerInstructions\":[{\"index\":0,\"instructions\":[");
	for (int i = 0; i < 200; i++)
		n += (size_t)snprintf(json + n, sizeof json - n,
			"%s{\"programIdIndex\":1,\"accounts\":[],\"data\":\"\"}", i ? "," : "");
	snprintf(json + n, sizeof json - n, "]}]}}");
	assert_int_equal(parse_result(RPC_TRANSACTION, 1, json), RPC_RESULT);
	assert_int_equal(result.as.transaction.n_logs, 2001);
	assert_int_equal(result.as.transaction.n_inner, 200);
	assert_string_equal(result.as.transaction.logs[2000], "");
	assert_int_equal(result.as.transaction.inner[199].program, 1);
}

static void test_memory_is_reused(void **state)
{
	struct rpc_memory own = memory;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(parse_account("AQID", "base64", "9", "0"), RPC_RESULT);
	assert_ptr_equal(own.p, memory.p);
	rpc_memory_free(&memory);
}

static void test_oracle_answers_are_strict(void **state)
{
	static const char sig[] =
		"uJA37myykTauTu2vTez+qPP9DfEATYDlKW/DLNKVEal8h1O0dHbseYlQ5PKFH3ebk38LPdJrnBc9PsWF3BlzPQ==";
	static const char value[] =
		"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31";
	static const struct {
		const char *id, *last;
		enum err err;
	} cases[] = { { "1", "32", ERR_OK }, { "3", "255", ERR_OK }, { "4", "32", ERR_INVALID },
		{ "-1", "32", ERR_INVALID }, { "27", "32", ERR_INVALID }, { "\"1\"", "32", ERR_INVALID },
		{ "1.0", "32", ERR_INVALID }, { "1", "256", ERR_INVALID }, { "1", "-1", ERR_INVALID },
		{ "1", "32,33", ERR_INVALID }, { "1", "\"32\"", ERR_INVALID } };
	struct oracle_answer out;
	char text[1024], why[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(text, sizeof text, "{\"signature\":\"%s\",\"recovery_id\":%s,\"value\":[%s,%s]}", sig,
			cases[i].id, value, cases[i].last);
		assert_int_equal(rpc_parse_oracle_answer(text, strlen(text), &out, why, sizeof why), cases[i].err);
	}
	snprintf(text, sizeof text, "{\"signature\":\"%.84s\",\"recovery_id\":1,\"value\":[%s,32]}", sig, value);
	assert_int_equal(rpc_parse_oracle_answer(text, strlen(text), &out, why, sizeof why), ERR_INVALID);
	snprintf(text, sizeof text,
		"{\"signature\":\"%s\",\"recovery_id\":1,\"value\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
		"0,0,0,0,0,0,0,0,0,0,0]}",
		sig);
	assert_int_equal(rpc_parse_oracle_answer(text, strlen(text), &out, why, sizeof why), ERR_REFUSED);
	assert_int_equal(rpc_parse_oracle_answer("", 0, &out, why, sizeof why), ERR_INVALID);
}

/* getProgramAccounts: the list is cut out of the answer. */
#define POOL_HEAD "AQIDBAUGBwgJAAAAAAAAAA=="
#define LISTED(key, data)                                                                                          \
	"{\"account\":{\"data\":[\"" data "\",\"base64\"],\"executable\":false,\"lamports\":9,\"owner\":"          \
	"\"11111111111111111111111111111111\",\"rentEpoch\":18446744073709552000,\"space\":488},\"pubkey\":\"" key \
	"\"}"
#define KEY_A "SysvarC1ock11111111111111111111111111111111"
#define KEY_B "SysvarRent111111111111111111111111111111111"
#define IN_CONTEXT(list) "{\"context\":{\"apiVersion\":\"2.0.1\",\"slot\":7},\"value\":" list "}"

static void test_program_accounts(void **state)
{
	const struct rpc_program *list = &result.as.program;

	(void)state;
	assert_int_equal(parse_result(RPC_PROGRAM, 0, IN_CONTEXT("[]")), RPC_RESULT);
	assert_int_equal(list->n, 0);
	assert_int_equal(parse_result(RPC_PROGRAM, 0,
				 IN_CONTEXT("[" LISTED(KEY_A, POOL_HEAD) " , " LISTED(KEY_B, POOL_HEAD) "]")),
		RPC_RESULT);
	assert_int_equal(list->n, 2);
	assert_int_equal(list->at.n, 7);
	assert_int_equal(list->account[1].head[7], 8);
	assert_int_equal(list->account[1].head[8], 9);
	assert_true(result.has_slot && result.slot.n == 7);
	/* The value before its context, and a "value" that is not the list. */
	assert_int_equal(parse_result(RPC_PROGRAM, 0,
				 "{\"value\":[" LISTED(KEY_A, POOL_HEAD) "],\"context\":{\"slot\":8,\"value\":[1]}}"),
		RPC_RESULT);
	assert_int_equal(list->n, 1);
}

static void test_program_accounts_that_are_none(void **state)
{
	static const char *const bad[] = { "null", "[]", "[" LISTED(KEY_A, POOL_HEAD) "]", "{\"value\":[]}",
		IN_CONTEXT("null"), IN_CONTEXT("{}"), IN_CONTEXT("[null]"), IN_CONTEXT("[[]]"),
		IN_CONTEXT("[" LISTED(KEY_A, POOL_HEAD) ",]"),
		IN_CONTEXT("[" LISTED(KEY_A, POOL_HEAD) LISTED(KEY_B, POOL_HEAD) "]"),
		IN_CONTEXT("[," LISTED(KEY_A, POOL_HEAD) "]"), IN_CONTEXT("[" LISTED(KEY_A, "AQID") "]"),
		IN_CONTEXT("[" LISTED(KEY_A, "AQIDBAUGBwgJAAAAAAAAAAAA") "]"),
		IN_CONTEXT("[" LISTED("nokey", POOL_HEAD) "]"),
		IN_CONTEXT("[{\"pubkey\":\"" KEY_A "\",\"account\":null}]"), IN_CONTEXT("[{]}") };
	static const char *const half[] = {
		"{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"context\":{\"slot\":7},\"value\":[",
		"{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"context\":{\"slot\":7},\"value\":[{\"a\":\"", "", "[",
		"\"", "{\"value", "<html>busy</html>"
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (parse_result(RPC_PROGRAM, 0, bad[i]) == RPC_RESULT)
			fail_msg("%s was taken for a list", bad[i]);
	for (size_t i = 0; i < sizeof half / sizeof half[0]; i++)
		if (parse_n(RPC_PROGRAM, 0, half[i]) == RPC_RESULT)
			fail_msg("%s was taken for an answer", half[i]);
	assert_int_equal(parse_n(RPC_PROGRAM, 0,
				 "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32010,\"message\":\"excluded\"},\"id\":5}"),
		RPC_REFUSED);
	assert_int_equal(parse_n(RPC_PROGRAM, 0,
				 "{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":7},\"value\":[]},\"id\":6}"),
		RPC_MALFORMED);
}

/* Ten thousand accounts take about as much memory as their text, not three kilobytes each. */
static void test_program_accounts_are_many(void **state)
{
	enum { MANY = 10000 };
	static const char one[] = LISTED(KEY_A, POOL_HEAD),
			  before[] = "{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":7},"
				     "\"value\":[",
			  after[] = "]},\"id\":5}";
	struct buf text;

	(void)state;
	buf_heap(&text, sizeof before + MANY * sizeof one + sizeof after);
	buf_str(&text, before);
	for (int i = 0; i < MANY; i++)
		buf_fmt(&text, "%s%s", i > 0 ? "," : "", one);
	buf_str(&text, after);
	assert_true(buf_ok(&text));
	assert_int_equal(parse_n(RPC_PROGRAM, 0, text.data), RPC_RESULT);
	assert_int_equal(result.as.program.n, MANY);
	assert_true(memory.size < 2 * text.len);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_accounts),
		cmocka_unit_test(test_program_accounts_that_are_none),
		cmocka_unit_test(test_program_accounts_are_many),
		cmocka_unit_test(test_u64_is_exact),
		cmocka_unit_test(test_numbers_that_are_no_u64_are_refused),
		cmocka_unit_test(test_rent_epoch_is_not_read),
		cmocka_unit_test(test_account_types_are_strict),
		cmocka_unit_test(test_each_account_has_its_own_owner),
		cmocka_unit_test(test_as_many_values_as_asked_for),
		cmocka_unit_test(test_ids_must_match),
		cmocka_unit_test(test_envelope_is_strict),
		cmocka_unit_test(test_depth_is_limited),
		cmocka_unit_test(test_http_status_counts),
		cmocka_unit_test(test_preflight_log_is_no_rate_limit),
		cmocka_unit_test(test_transaction_errors_are_strict),
		cmocka_unit_test(test_commitment_levels_are_known_words),
		cmocka_unit_test(test_fees_are_sorted),
		cmocka_unit_test(test_transaction_from_the_smallest_pieces),
		cmocka_unit_test(test_memory_is_reused),
		cmocka_unit_test(test_oracle_answers_are_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
