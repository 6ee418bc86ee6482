/* sendTransaction against nodes that misbehave: both are asked, and what may have been done is never called undone. */
#include "rpc_fixture.h"

static const char SENT_OTHER[] =
	"{\"jsonrpc\":\"2.0\",\"result\":\"5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjK"
	"hoR4tjF3ZpRzrFmBV6UjKdiSZkQUW\",\"id\":%id}";
static char sent[300];

static void prepare_sent(void)
{
	struct signature sig;
	char text[SIGNATURE_TEXT];

	memcpy(sig.b, tx + 1, sizeof sig.b);
	base58_signature(text, &sig);
	snprintf(sent, sizeof sent, "{\"jsonrpc\":\"2.0\",\"result\":\"%s\",\"id\":%%id}", text);
}

static void test_send_goes_to_both(void **state)
{
	(void)state;
	start(2, false);
	prepare_sent();
	say(0, 200, sent);
	say(1, 200, sent);
	assert_int_equal(send_tx(), ERR_OK);
	run_ms(50);
	assert_int_equal(node[0].requests, 1);
	assert_int_equal(node[1].requests, 1);
	assert_string_equal(node[0].body, node[1].body);
	assert_non_null(strstr(node[0].body, "\"skipPreflight\":true,\"maxRetries\":0"));
	/* One that does not answer holds nothing up, and its answer may come when it wants. */
	say(0, 0, "");
	endings = 0;
	assert_int_equal(send_tx(), ERR_OK);
	assert_int_equal(call.endpoint, 1);
	run_ms(TIMEOUT_MS + 100);
	assert_int_equal(endings, 1);
}

static void test_send_errors(void **state)
{
	static const struct {
		struct script a, b;
		enum err err;
	} cases[] = {
		{ { 502, "<html>" }, { 200, REFUSED }, ERR_UNKNOWN },
		{ { 200, REFUSED }, { 429, "slow down" }, ERR_REFUSED },
		{ { 429, "slow down" }, { 429, "slow down" }, ERR_RETRY },
		{ { 200, UNHEALTHY }, { 200, BEHIND }, ERR_RETRY },
		{ { 200, SENT_OTHER }, { 429, "slow down" }, ERR_UNKNOWN },
		{ { 200, "{" }, { 200, REFUSED }, ERR_UNKNOWN },
		{ { 0, "" }, { 200, REFUSED }, ERR_UNKNOWN },
		{ { -1, "" }, { 200, REFUSED }, ERR_UNKNOWN },
		{ { 200, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32603,\"message\":\"Internal "
			 "error\"},\"id\":%id}" },
			{ 200, REFUSED }, ERR_UNKNOWN },
		{ { 200, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32002,\"message\":\"m\",\"data\":{\"err\":"
			 "\"AlreadyProcessed\"}},"
			 "\"id\":%id}" },
			{ 200, REFUSED }, ERR_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int turned = 0; turned < 2; turned++) {
			start(2, false);
			script[turned] = cases[i].a;
			script[!turned] = cases[i].b;
			if (send_tx() != cases[i].err)
				fail_msg("case %zu: %s, %s", i, err_name(ended), ended_why);
		}
	}
}

static void test_preflight_verdict_is_kept(void **state)
{
	(void)state;
	start(1, false);
	say(0, 200,
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32002,\"message\":\"m\",\"data\":{\"err\":{"
		"\"InstructionError\":[3,"
		"{\"Custom\":6047}]}}},\"id\":%id}");
	assert_int_equal(send_tx(), ERR_REFUSED);
	assert_int_equal(call.rpc_code, -32002);
	assert_int_equal(call.failure.ix, 3);
	assert_int_equal(call.failure.code, 6047);
	say(0, 200, REFUSED);
	assert_int_equal(send_tx(), ERR_REFUSED);
	assert_int_equal(call.failure.ix, -1);
}

static void test_dry_run_sends_nothing(void **state)
{
	(void)state;
	start(2, true);
	prepare_sent();
	say(0, 200, sent);
	say(1, 200, sent);
	assert_int_equal(send_tx(), ERR_REFUSED);
	assert_non_null(strstr(ended_why, "dry run"));
	run_ms(20);
	assert_int_equal(node[0].requests + node[1].requests, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send_goes_to_both),
		cmocka_unit_test(test_send_errors),
		cmocka_unit_test(test_preflight_verdict_is_kept),
		cmocka_unit_test(test_dry_run_sends_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
