/* Endpoints of one host are one witness, whatever key, port or path they have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/url_host.h"
#include "chain/rpc.h"
#include "io/http.h"
#include "io/loop.h"

static void test_same(void **unused)
{
	static const char *const pairs[][2] = {
		{ "https://rpc.example.org/?api-key=one", "https://rpc.example.org/?api-key=two" },
		{ "https://rpc.example.org/v2/one", "https://rpc.example.org:8443/v2/two" },
		{ "https://a:b@rpc.example.org", "http://RPC.Example.org./x@y" },
		{ "https://[2001:db8::1]:443/", "https://[2001:DB8::1]/" },
		{ "http://127.0.0.1:8899/node/0", "http://127.0.0.1:8899/node/1" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		assert_true(url_same_host(pairs[i][0], pairs[i][1]) && url_same_host(pairs[i][1], pairs[i][0]));
}

static void test_different(void **unused)
{
	static const char *const pairs[][2] = {
		{ "https://one.example.org/?key=k", "https://two.example.org/?key=k" },
		{ "https://example.org/", "https://example.org.evil/" },
		{ "https://example.org@other.org/", "https://example.org/" },
		{ "https://[2001:db8::1]/", "https://[2001:db8::2]/" },
		{ "http://127.0.0.1:8899/", "http://127.0.0.1:8900/" },
		{ "http://localhost:1/", "http://localhost:2/" },
		{ "http://[::1]:1/", "http://[::1]:2/" },
		{ "http://127.0.0.1:1/", "http://127.0.0.2:1/" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		assert_false(url_same_host(pairs[i][0], pairs[i][1]) || url_same_host(pairs[i][1], pairs[i][0]));
}

static void test_witnesses_are_hosts(void **unused)
{
	struct rpc_config config = { .n = 2,
		.endpoint = {
			{ "https://a.example/?k=1" }, { "https://a.example/?k=2" }, { "https://b.example/?k=3" } } };
	struct http_config http_config = { .max_connections = 4 };
	struct loop *loop = loop_new();
	char why[200];
	struct http *http = http_new(loop, &http_config, why, sizeof why);
	struct rpc *rpc = rpc_new(loop, http, &config);

	(void)unused;
	assert_int_equal(rpc_endpoint_count(rpc), 2);
	assert_int_equal(rpc_witnesses(rpc), 1);
	assert_int_equal(rpc_host_of(rpc, 1), 0);
	rpc_free(rpc);
	config.n = 3;
	rpc = rpc_new(loop, http, &config);
	assert_int_equal(rpc_witnesses(rpc), 2);
	assert_int_equal(rpc_host_of(rpc, 2), 2);
	rpc_free(rpc);
	http_free(http);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_different),
		cmocka_unit_test(test_witnesses_are_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
