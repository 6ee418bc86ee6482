/* Calls that read, against nodes that misbehave: failover, rate limits, floors, probes, what each error means. */
#include "rpc_fixture.h"

static const char EPOCH[] = "{\"jsonrpc\":\"2.0\",\"result\":{\"absoluteSlot\":900,\"blockHeight\":800},\"id\":%id}";
static const char EPOCH_LATER[] =
	"{\"jsonrpc\":\"2.0\",\"result\":{\"absoluteSlot\":951,\"blockHeight\":800},\"id\":%id}";
static const char HASH[] = "{\"jsonrpc\":\"2.0\",\"result\":{\"context\":{\"slot\":900},\"value\":{\"blockhash\":"
			   "\"4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZAMdL4VZHirAn\",\"lastValidBlockHeight\":5}},\"id\":%id}";
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
	assert_int_equal(rpc_counters(rpc, counters, 64), 14);
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
	say(1, 200, REFUSED);
	assert_int_equal(get_epoch(1), ERR_REFUSED);
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
		cmocka_unit_test(test_cancelled_calls_are_silent),
		cmocka_unit_test(test_nobody_listens),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
