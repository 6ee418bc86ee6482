/* Calls against up to three nodes of the test's own: failover, rate limits, floors, sends, and what each error means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <string.h>

#include "chain/rpc.h"
#include "core/base58.h"
#include "core/base64.h"
#include "io/http.h"
#include "stub_http.h"

enum { TIMEOUT_MS = 400, TX_LEN = 70, NODES = 3 };

static struct loop *loop;
static struct http *http;
static struct stub node[NODES];
static struct rpc *rpc;
static struct rpc_call call;
static uint8_t tx[TX_LEN];

/* What each node says: a status, and a body in which %id stands for the request's id. */
static struct script {
	int status;
	const char *body;
} script[NODES];

static enum err ended;
static char ended_why[400];
static struct slot ended_slot;
static unsigned endings;
static bool inside;

static uint64_t request_id(const char *body)
{
	return strtoull(strstr(body, "\"id\":") + 5, NULL, 10);
}

static int answer(struct stub *s, char *out, size_t size)
{
	const struct script *is = &script[s - node];
	const char *place = strstr(is->body, "%id");

	if (!place)
		snprintf(out, size, "%s", is->body);
	else
		snprintf(out, size, "%.*s%" PRIu64 "%s", (int)(place - is->body), is->body, request_id(s->body),
			place + 3);
	return is->status;
}

static void start(size_t n, bool dry_run)
{
	char url[NODES][100];
	struct rpc_config config = { .n = n, .timeout_ms = TIMEOUT_MS, .dry_run = dry_run };

	for (size_t i = 0; i < n; i++) {
		snprintf(url[i], sizeof url[i], "http://user:pass@127.0.0.1:%u/v1/sesame-key-%zu?k=v", node[i].port, i);
		config.endpoint[i].url = url[i];
	}
	rpc_call_fini(&call);
	rpc_free(rpc);
	rpc = rpc_new(loop, http, &config);
	rpc_call_init(&call);
	for (int i = 0; i < NODES; i++) {
		node[i].requests = 0;
		node[i].header = NULL;
		node[i].missing = 0;
	}
}

static int setup(void **state)
{
	const struct http_config config = { .max_connections = 8 };
	char why[200];

	(void)state;
	loop = loop_new();
	http = http_new(loop, &config, why, sizeof why);
	for (int i = 0; i < NODES; i++)
		stub_start(&node[i], loop, answer);
	memset(tx, 7, sizeof tx);
	tx[0] = 1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rpc_call_fini(&call);
	rpc_free(rpc);
	http_free(http);
	for (int i = 0; i < NODES; i++)
		stub_stop(&node[i]);
	loop_free(loop);
	return 0;
}

static void on_done(struct task *task, const struct reply *reply)
{
	const struct rpc_epoch *epoch = reply->data;

	assert_false(inside);
	assert_ptr_equal(task, &call.task);
	ended = reply->err;
	endings++;
	snprintf(ended_why, sizeof ended_why, "%s", reply->why);
	assert_int_equal(reply->err == ERR_OK, ended_why[0] == '\0');
	assert_null(strstr(ended_why, "sesame"));
	assert_null(strstr(ended_why, "pass"));
	const char *name = strstr(ended_why, "(127.0.0.1");
	assert_true(!name || !strstr(name + 1, "(127.0.0.1")); /* an endpoint is named once */
	if (reply->err == ERR_OK)
		ended_slot = epoch->slot;
	loop_stop(loop);
}

static enum err get_epoch(int endpoint)
{
	call.endpoint = endpoint;
	inside = true;
	rpc_get_epoch(rpc, &call, CONFIRMED, on_done);
	inside = false;
	loop_run(loop);
	return ended;
}

static enum err get_blockhash(uint64_t floor)
{
	call.endpoint = RPC_ANY;
	rpc_get_blockhash(rpc, &call, (struct slot){ floor }, on_done);
	loop_run(loop);
	return ended;
}

static enum err send_tx(void)
{
	call.endpoint = RPC_ANY;
	inside = true;
	rpc_send(rpc, &call, tx, sizeof tx, (struct slot){ 0 }, on_done);
	inside = false;
	loop_run(loop);
	return ended;
}

static void run_ms(uint64_t ms)
{
	struct loop_timer *timer = loop_timer_new(loop, (void (*)(void *))loop_stop, loop);

	loop_timer_set(timer, ms);
	loop_run(loop);
	loop_timer_free(timer);
}

static const char EPOCH[] = "{\"jsonrpc\":\"2.0\",\"result\":{\"absoluteSlot\":900,\"blockHeight\":800},\"id\":%id}";
static const char EPOCH_LATER[] =
	"{\"jsonrpc\":\"2.0\",\"result\":{\"absoluteSlot\":951,\"blockHeight\":800},\"id\":%id}";
static const char BEHIND[] =
	"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32016,\"message\":\"Minimum context slot\"},\"id\":%id}";
static const char UNHEALTHY[] = "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32005,\"message\":\"behind\"},\"id\":%id}";
static const char REFUSED[] = "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32602,\"message\":\"no\"},\"id\":%id}";
static const char HASH[] = "{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":900},\"value\":{\"blockhash\":"
			   "\"4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZAMdL4VZHirAn\",\"lastValidBlockHeight\":5}},\"id\":%id}";
static const char SENT_OTHER[] =
	"{\"jsonrpc\":\"2.0\",\"result\":\"5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjK"
	"hoR4tjF3ZpRzrFmBV6UjKdiSZkQUW\",\"id\":%id}";
static char sent[300];

static void say(int i, int status, const char *body)
{
	script[i] = (struct script){ status, body };
}

static void prepare_sent(void)
{
	struct signature sig;
	char text[SIGNATURE_TEXT];

	memcpy(sig.b, tx + 1, sizeof sig.b);
	base58_signature(text, &sig);
	snprintf(sent, sizeof sent, "{\"jsonrpc\":\"2.0\",\"result\":\"%s\",\"id\":%%id}", text);
}

static void test_one_answer(void **state)
{
	struct rpc_counter counters[64];

	(void)state;
	start(1, false);
	say(0, 200, EPOCH);
	assert_int_equal(get_epoch(RPC_ANY), ERR_OK);
	assert_int_equal(ended_slot.n, 900);
	assert_int_equal(call.endpoint, 0);
	assert_int_equal(call.rpc_code, 0);
	uint64_t first = request_id(node[0].body);
	assert_int_equal(get_epoch(0), ERR_OK);
	assert_int_not_equal(request_id(node[0].body), first);
	assert_int_equal(rpc_counters(rpc, counters, 64), 12);
	assert_string_equal(counters[2].method, "getEpochInfo");
	assert_int_equal(counters[2].ok, 2);
	assert_int_equal(rpc_counters(rpc, counters, 3), 3);
}

static void test_failover_once_after_a_page(void **state)
{
	(void)state;
	start(2, false);
	say(0, 502, "<html>502 Bad Gateway</html>");
	say(1, 200, EPOCH);
	assert_int_equal(get_epoch(RPC_ANY), ERR_OK);
	assert_int_equal(call.endpoint, 1);
	assert_int_equal(node[0].requests, 1);
	say(1, 502, "<html>502 Bad Gateway</html>");
	assert_int_equal(get_epoch(RPC_ANY), ERR_RETRY);
	assert_int_equal(node[0].requests + node[1].requests, 4);
	assert_int_equal(call.rpc_code, 502);
	assert_non_null(strstr(ended_why, "(127.0.0.1:"));
	start(3, false); /* once, not until the last */
	say(0, 502, "<html>");
	say(1, 502, "<html>");
	say(2, 502, "<html>");
	assert_int_equal(get_epoch(RPC_ANY), ERR_RETRY);
	assert_int_equal(node[0].requests + node[1].requests + node[2].requests, 2);
}

static void test_half_a_body_is_no_answer(void **state)
{
	(void)state;
	start(1, false);
	say(0, 200, EPOCH);
	node[0].missing = 1; /* what came is whole JSON, but the node had more to say */
	assert_int_equal(get_epoch(RPC_ANY), ERR_RETRY);
}

static void test_a_quoted_key_does_not_reach_the_log(void **state)
{
	(void)state;
	start(1, false);
	say(0, 200,
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32052,\"message\":\"key v1/sesame-key-0?k=v is not known\"},"
		"\"id\":%id}");
	assert_int_equal(get_epoch(RPC_ANY), ERR_REFUSED);
	assert_non_null(strstr(ended_why, "is not known"));
}

static void test_a_named_endpoint_is_the_only_one(void **state)
{
	(void)state;
	start(2, false);
	say(0, 502, "no");
	say(1, 200, EPOCH);
	assert_int_equal(get_epoch(0), ERR_RETRY);
	assert_int_equal(node[1].requests, 0);
}

static void test_a_silent_node_costs_half_of_the_time(void **state)
{
	uint64_t begin = loop_mono_ms();

	(void)state;
	start(2, false);
	say(0, 0, "");
	say(1, 200, EPOCH);
	assert_int_equal(get_epoch(RPC_ANY), ERR_OK);
	assert_int_equal(call.endpoint, 1);
	assert_true(loop_mono_ms() - begin < TIMEOUT_MS);
	say(1, 0, "");
	begin = loop_mono_ms();
	assert_int_equal(get_epoch(RPC_ANY), ERR_RETRY);
	assert_true(loop_mono_ms() - begin < TIMEOUT_MS + 200);
	assert_true(rpc_silent_since(rpc) > 0);
	say(1, 200, REFUSED);
	assert_int_equal(get_epoch(1), ERR_REFUSED);
	assert_int_equal(rpc_silent_since(rpc), 0);
	assert_int_equal(call.rpc_code, -32602);
}

static void test_rate_limit_is_obeyed(void **state)
{
	(void)state;
	start(1, false);
	say(0, 429, "Too Many Requests");
	node[0].header = "Retry-After: 1\r\n";
	assert_int_equal(get_epoch(RPC_ANY), ERR_RETRY);
	say(0, 200, EPOCH);
	assert_int_equal(get_epoch(RPC_ANY), ERR_RETRY); /* not sent at all */
	assert_int_equal(get_epoch(0), ERR_RETRY);
	assert_non_null(strstr(ended_why, "rpc1 rate limited"));
	assert_int_equal(node[0].requests, 1);
	run_ms(1050);
	assert_int_equal(get_epoch(RPC_ANY), ERR_OK);
}

static void test_rate_limited_read_goes_elsewhere(void **state)
{
	(void)state;
	start(2, false);
	say(0, 200,
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32007,\"message\":\"50/second request limit "
		"reached\"},\"id\":%id}");
	say(1, 200, EPOCH);
	assert_int_equal(get_epoch(RPC_ANY), ERR_OK);
	assert_int_equal(get_epoch(RPC_ANY), ERR_OK);
	assert_int_equal(node[0].requests, 1);
	assert_int_equal(node[1].requests, 2);
}

static void test_floor(void **state)
{
	(void)state;
	start(2, false);
	say(0, 200, BEHIND);
	say(1, 200, HASH);
	assert_int_equal(get_blockhash(900), ERR_OK);
	assert_int_equal(call.endpoint, 1);
	assert_non_null(strstr(node[1].body, "\"minContextSlot\":900"));
	/* A node that ignores minContextSlot and answers with an older view is behind, too. */
	assert_int_equal(get_blockhash(901), ERR_RETRY);
	assert_non_null(strstr(ended_why, "slot"));
	say(0, 200, HASH);
	assert_int_equal(get_blockhash(0), ERR_OK);
	assert_null(strstr(node[1].body, "minContextSlot\":0"));
}

static void test_wrong_id_is_no_answer(void **state)
{
	(void)state;
	start(1, false);
	say(0, 200, "{\"jsonrpc\":\"2.0\",\"result\":{\"absoluteSlot\":900,\"blockHeight\":800},\"id\":999999}");
	assert_int_equal(get_epoch(RPC_ANY), ERR_INVALID);
	assert_non_null(strstr(ended_why, "id does not match"));
}

static void test_breaker_and_probe(void **state)
{
	(void)state;
	start(1, false);
	say(0, -1, "");
	for (int i = 0; i < 3; i++)
		assert_int_equal(get_epoch(RPC_ANY), ERR_RETRY);
	unsigned requests = node[0].requests;
	assert_int_equal(get_epoch(RPC_ANY), ERR_RETRY);
	assert_non_null(strstr(ended_why, "rpc1 down"));
	assert_int_equal(node[0].requests, requests);
	run_ms(1500); /* the probe comes after one second, the next after two more */
	assert_int_equal(node[0].requests, requests + 1);
	say(0, 200, EPOCH);
	run_ms(1700);
	assert_int_equal(node[0].requests, requests + 2);
	assert_int_equal(get_epoch(RPC_ANY), ERR_OK);
}

static void test_lagging_node_is_avoided_and_recovers(void **state)
{
	(void)state;
	start(2, false);
	say(0, 200, EPOCH);
	say(1, 200, EPOCH_LATER);
	assert_int_equal(get_epoch(1), ERR_OK);
	assert_int_equal(get_epoch(0), ERR_OK);
	assert_int_equal(get_epoch(RPC_ANY), ERR_OK);
	assert_int_equal(call.endpoint, 1);
	say(0, 200, EPOCH_LATER);
	unsigned before = node[0].requests;
	run_ms(1100);
	assert_int_equal(node[0].requests, before + 1);
	assert_int_equal(get_epoch(0), ERR_OK);
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

static void test_cancelled_calls_are_silent(void **state)
{
	(void)state;
	start(1, false);
	say(0, 200, EPOCH);
	endings = 0;
	rpc_get_epoch(rpc, &call, CONFIRMED, on_done);
	rpc_cancel(&call);
	run_ms(50);
	start(1, true);
	rpc_send(rpc, &call, tx, sizeof tx, (struct slot){ 0 }, on_done); /* would end from the loop */
	rpc_cancel(&call);
	run_ms(50);
	assert_int_equal(endings, 0);
	assert_false(call.task.busy);
}

static void test_nobody_listens(void **state)
{
	struct rpc_config config = { .n = 1, .timeout_ms = TIMEOUT_MS, .endpoint = { { "http://127.0.0.1:1/" } } };

	(void)state;
	start(1, false);
	rpc_free(rpc);
	rpc = rpc_new(loop, http, &config);
	assert_int_equal(send_tx(), ERR_RETRY); /* nothing can have been done */
	assert_int_equal(get_epoch(RPC_ANY), ERR_RETRY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_answer),
		cmocka_unit_test(test_failover_once_after_a_page),
		cmocka_unit_test(test_half_a_body_is_no_answer),
		cmocka_unit_test(test_a_quoted_key_does_not_reach_the_log),
		cmocka_unit_test(test_a_named_endpoint_is_the_only_one),
		cmocka_unit_test(test_a_silent_node_costs_half_of_the_time),
		cmocka_unit_test(test_rate_limit_is_obeyed),
		cmocka_unit_test(test_rate_limited_read_goes_elsewhere),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_wrong_id_is_no_answer),
		cmocka_unit_test(test_breaker_and_probe),
		cmocka_unit_test(test_lagging_node_is_avoided_and_recovers),
		cmocka_unit_test(test_send_goes_to_both),
		cmocka_unit_test(test_send_errors),
		cmocka_unit_test(test_preflight_verdict_is_kept),
		cmocka_unit_test(test_dry_run_sends_nothing),
		cmocka_unit_test(test_cancelled_calls_are_silent),
		cmocka_unit_test(test_nobody_listens),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
