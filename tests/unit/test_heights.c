/* engine/heights.c: which height of the chain is believed when nodes tell different ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/parts.h"
#include "io/http.h"
#include "io/loop.h"

enum { BEGAN = 1000000, SLOT = 5000000, HEIGHT = 4500000, FAR = 100000 };

static struct loop *loop;
static struct http *http;
static struct engine *e;

static void with_nodes(const char *const *url, size_t n)
{
	struct rpc_config config = { .n = n };

	for (size_t i = 0; i < n; i++)
		config.endpoint[i].url = url[i];
	e = calloc(1, sizeof *e);
	assert_non_null(e);
	e->m.rpc = rpc_new(loop, http, &config);
	e->around.now_ms = BEGAN;
}

static int set_up(void **state)
{
	char why[200];

	(void)state;
	loop = loop_new();
	http = http_new(loop, &(struct http_config){ .max_connections = 1 }, why, sizeof why);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rpc_free(e->m.rpc);
	free(e);
	http_free(http);
	loop_free(loop);
	return 0;
}

static bool told(int node, int64_t ahead)
{
	return heights_saw(e, (struct slot){ SLOT }, (struct height){ (uint64_t)(HEIGHT + ahead) }, node);
}

static const char *const TWO[] = { "https://a.example/", "https://b.example/" };

static void one_node_is_trusted(void **state)
{
	(void)state;
	with_nodes(TWO, 1);
	assert_true(told(0, FAR));
	assert_true(told(0, -FAR));
	assert_true(heights_agree(e));
}

static void after_a_start_the_second_one_is_waited_for_and_not_for_ever(void **state)
{
	(void)state;
	with_nodes(TWO, 2);
	assert_true(heights_unknown(e));
	assert_false(told(0, FAR));
	e->around.now_ms += 4999;
	assert_false(told(0, FAR));
	e->around.now_ms++;
	assert_true(told(0, FAR));
	assert_false(heights_agree(e));
}

static void who_differ_from_the_start_on_are_waited_for_longer(void **state)
{
	(void)state;
	with_nodes(TWO, 2);
	assert_false(told(0, FAR));
	assert_false(told(1, 0));
	e->around.now_ms += 29999;
	assert_false(told(0, FAR));
	assert_false(told(1, 0));
	assert_true(heights_unknown(e));
	e->around.now_ms++;
	assert_true(told(1, 0));
	assert_false(heights_unknown(e)); /* asked as seldom as ever */
}

static void what_two_agreed_on_is_held_against_each(void **state)
{
	(void)state;
	with_nodes(TWO, 2);
	assert_false(told(0, 3));
	assert_true(told(1, 0));
	assert_false(heights_unknown(e));
	assert_true(heights_agree(e));
	e->around.now_ms += 1000;
	assert_false(told(0, FAR));
	assert_false(heights_agree(e));
	assert_false(told(0, -FAR));
	assert_true(told(0, 5));
	assert_true(heights_agree(e));
}

static void how_long_bytes_may_live_is_not_made_up_either(void **state)
{
	enum { LAST = HEIGHT + 140, MARGIN = 64, LIFE = 150 };

	(void)state;
	with_nodes(TWO, 2);
	e->pulse.last_valid.n = LAST;
	assert_false(told(0, FAR));
	assert_true(heights_last_valid(e).n == LAST + MARGIN);
	assert_false(told(0, 3));
	assert_true(told(1, 20));
	assert_true(heights_last_valid(e).n == HEIGHT + 20 + LIFE + MARGIN);
	assert_false(told(0, FAR));
	assert_true(heights_last_valid(e).n == HEIGHT + 20 + LIFE + MARGIN);
	e->around.now_ms += 15001;
	assert_true(heights_last_valid(e).n == LAST + MARGIN);
}

static void two_endpoints_of_one_host_agree_on_nothing(void **state)
{
	static const char *const three[] = { "https://a.example/?key=1", "https://a.example/?key=2",
		"https://b.example/" };

	(void)state;
	with_nodes(three, 3);
	assert_false(told(0, FAR));
	assert_false(told(1, FAR));
	assert_false(told(2, 0));
	assert_false(heights_agree(e));
	assert_true(told(1, 0));
	assert_false(heights_agree(e)); /* the first one contradicts */
	assert_false(told(0, FAR));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(one_node_is_trusted),
		TEST(after_a_start_the_second_one_is_waited_for_and_not_for_ever),
		TEST(who_differ_from_the_start_on_are_waited_for_longer),
		TEST(what_two_agreed_on_is_held_against_each),
		TEST(how_long_bytes_may_live_is_not_made_up_either),
		TEST(two_endpoints_of_one_host_agree_on_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
