/* Which gateways are asked, what they are asked, and which answers count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "chain/gateway.h"
#include "io/http.h"
#include "oracle_fixture.h"
#include "stub_http.h"

static struct loop *loop;
static struct http *http;
static struct stub stub;
static struct gateway *gateway;
static struct gateway_call call;

static int reply_status;
static const char *reply_body;
static enum err ended;
static char ended_why[300];
static bool inside;

static int answer(struct stub *s, char *out, size_t size)
{
	(void)s;
	snprintf(out, size, "%s", reply_body);
	return reply_status;
}

static int setup(void **state)
{
	const struct http_config config = { .max_connections = 4 };
	char why[200], host[64];

	(void)state;
	loop = loop_new();
	http = http_new(loop, &config, why, sizeof why);
	stub_start(&stub, loop, answer);
	snprintf(host, sizeof host, "gateway.example, 127.0.0.1:%u", stub.port);
	gateway = gateway_new(loop, http, host, true);
	gateway_call_init(&call);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gateway_call_fini(&call);
	gateway_free(gateway);
	stub_stop(&stub);
	http_free(http);
	loop_free(loop);
	return 0;
}

static void on_done(struct task *task, const struct reply *reply)
{
	assert_false(inside);
	assert_ptr_equal(task, &call.task);
	ended = reply->err;
	snprintf(ended_why, sizeof ended_why, "%s", reply->why);
	if (reply->err == ERR_OK)
		assert_ptr_equal(reply->data, &call.answer);
	loop_stop(loop);
}

static enum err ask(const char *uri, int status, const char *body)
{
	struct gateway_question question;
	struct oracle_fixture f;

	oracle_fixture_begin(&f);
	question = (struct gateway_question){
		.randomness = f.randomness, .seed_slothash = f.seed_slothash, .seed_slot = f.seed_slot
	};
	memcpy(question.signer, f.signer, sizeof f.signer);
	if (uri)
		snprintf(question.uri, sizeof question.uri, "%s", uri);
	else
		snprintf(question.uri, sizeof question.uri, "http://127.0.0.1:%u/devnet", stub.port);
	reply_status = status;
	reply_body = body;
	inside = true;
	gateway_ask(gateway, &call, &question, on_done);
	inside = false;
	loop_run(loop);
	return ended;
}

static void test_the_request_is_the_recorded_one(void **state)
{
	struct oracle_fixture f;

	(void)state;
	oracle_fixture_begin(&f);
	assert_int_equal(ask(NULL, 200, FIXTURE_REPLY), ERR_OK);
	assert_string_equal(stub.path, "/devnet/gateway/api/v1/randomness_reveal");
	assert_string_equal(stub.body, FIXTURE_REQUEST);
	assert_memory_equal(call.answer.signature, f.answer.signature, 64);
	assert_memory_equal(call.answer.value, f.answer.value, 32);
	assert_int_equal(call.answer.recovery_id, 1);
}

static void test_a_slash_at_the_end_changes_nothing(void **state)
{
	char uri[65];

	(void)state;
	snprintf(uri, sizeof uri, "http://127.0.0.1:%u/devnet/", stub.port);
	assert_int_equal(ask(uri, 200, FIXTURE_REPLY), ERR_OK);
	assert_string_equal(stub.path, "/devnet/gateway/api/v1/randomness_reveal");
}

static void test_http_errors_are_no_answer(void **state)
{
	static const int statuses[] = { 204, 301, 400, 404, 429, 500, 503 };

	(void)state;
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
		assert_int_equal(ask(NULL, statuses[i], "expected value at line 1 column 1"), ERR_RETRY);
	assert_int_equal(ask(NULL, -1, ""), ERR_RETRY);
}

static void test_malformed_answers(void **state)
{
	static char large[5000];

	(void)state;
	assert_int_equal(ask(NULL, 200, "expected value at line 1 column 1"), ERR_INVALID);
	assert_int_equal(ask(NULL, 200, ""), ERR_INVALID);
	assert_int_equal(ask(NULL, 200, "{}"), ERR_INVALID);
	memset(large, ' ', sizeof large - 1);
	memcpy(large, FIXTURE_REPLY, strlen(FIXTURE_REPLY));
	assert_int_equal(ask(NULL, 200, large), ERR_INVALID);
	assert_non_null(strstr(ended_why, "longer than 4096"));
}

static void test_somebody_elses_signature_is_refused(void **state)
{
	char body[sizeof FIXTURE_REPLY];

	(void)state;
	memcpy(body, FIXTURE_REPLY, sizeof body);
	*strstr(body, "_id\":1") = '_';
	strstr(body, "_id\":1")[5] = '0';
	assert_int_equal(ask(NULL, 200, body), ERR_REFUSED);
	assert_non_null(strstr(ended_why, "not signed by the oracle"));
}

static void test_unlisted_gateways_are_not_asked(void **state)
{
	unsigned before = stub.requests;
	char uri[65];

	(void)state;
	snprintf(uri, sizeof uri, "http://localhost:%u/devnet", stub.port);
	assert_int_equal(ask(uri, 200, FIXTURE_REPLY), ERR_INVALID);
	assert_non_null(strstr(ended_why, "allow-list"));
	assert_int_equal(stub.requests, before);
}

static void test_cancelled_call_is_silent(void **state)
{
	struct gateway_question question = { .uri = "ftp://x" };

	(void)state;
	gateway_ask(gateway, &call, &question, on_done);
	gateway_call_fini(&call);
	gateway_call_init(&call);
	ended = ERR_UNKNOWN;
	assert_int_equal(ask(NULL, 200, FIXTURE_REPLY), ERR_OK); /* one answer only, and to this one */
}

static void test_allow_list(void **state)
{
	static const struct {
		const char *uri;
		bool allowed;
	} cases[] = {
		{ "https://141.95.35.110.xip.switchboard-oracles.xyz/devnet", true },
		{ "https://141.95.35.110.xip.switchboard-oracles.xyz/devnet/", true },
		{ "https://141.95.35.110.xip.switchboard-oracles.xyz/mainnet", false },
		{ "https://141.95.35.110.xip.switchboard-oracles.xyz/devnet/x", false },
		{ "https://141.95.35.110.xip.switchboard-oracles.xyz/devnet//", false },
		{ "https://141.95.35.110.xip.switchboard-oracles.xyz/devnet?x", false },
		{ "https://141.95.35.110.xip.switchboard-oracles.xyz:443/devnet", false },
		{ "https://141.95.35.110.xip.switchboard-oracles.xyz", false },
		{ "https://141.95.35.110.xip.switchboard-oracles.xyz.evil.com/devnet", false },
		{ "https://evil.com/141.95.35.110.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://a@141.95.35.110.xip.switchboard-oracles.xyz/devnet", false },
		{ "http://141.95.35.110.xip.switchboard-oracles.xyz/devnet", false },
		{ "HTTPS://141.95.35.110.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://141.95.35.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://141.95.35.256.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://141.95.35.0110.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://141.95.35.01.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://1.2.3.4.5.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://127.0.0.1.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://10.1.2.3.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://172.16.0.1.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://172.31.255.1.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://172.32.0.1.xip.switchboard-oracles.xyz/devnet", true },
		{ "https://192.168.1.1.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://169.254.169.254.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://100.64.0.1.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://100.128.0.1.xip.switchboard-oracles.xyz/devnet", true },
		{ "https://0.0.0.0.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://224.0.0.1.xip.switchboard-oracles.xyz/devnet", false },
		{ "https://255.255.255.255.xip.switchboard-oracles.xyz/devnet", false },
		{ "", false },
		{ "https://", false },
		/* the configured ones */
		{ "http://gateway.example/devnet", true },
		{ "https://gateway.example", true },
		{ "https://gateway.example/a/b-c_d.e", true },
		{ "https://gateway.example:8080/", false },
		{ "https://gateway.example.evil.com/", false },
		{ "https://evil.com/gateway.example", false },
		{ "https://gateway.example@evil.com/", false },
		{ "https://evil.com\\@gateway.example/", false },
		{ "https://gateway.example/../x", false },
		{ "https://gateway.example/?rpc=1", false },
		{ "https://gateway.example/a b", false },
		{ "https://gateway.example/a\r\nX: y", false },
		{ "ftp://gateway.example/", false },
		{ "http://,/", false },
		{ "http:///", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (gateway_uri_allowed(gateway, cases[i].uri) != cases[i].allowed)
			fail_msg("%s must%s be allowed", cases[i].uri, cases[i].allowed ? "" : " not");
	}
}

static void test_cluster_and_extras_are_settings(void **state)
{
	struct gateway *mainnet = gateway_new(loop, http, NULL, false);

	(void)state;
	assert_true(gateway_uri_allowed(mainnet, "https://8.8.8.8.xip.switchboard-oracles.xyz/mainnet"));
	assert_false(gateway_uri_allowed(mainnet, "https://8.8.8.8.xip.switchboard-oracles.xyz/devnet"));
	assert_false(gateway_uri_allowed(mainnet, "https://gateway.example/"));
	gateway_free(mainnet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_request_is_the_recorded_one),
		cmocka_unit_test(test_a_slash_at_the_end_changes_nothing),
		cmocka_unit_test(test_http_errors_are_no_answer),
		cmocka_unit_test(test_malformed_answers),
		cmocka_unit_test(test_somebody_elses_signature_is_refused),
		cmocka_unit_test(test_unlisted_gateways_are_not_asked),
		cmocka_unit_test(test_cancelled_call_is_silent),
		cmocka_unit_test(test_allow_list),
		cmocka_unit_test(test_cluster_and_extras_are_settings),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
