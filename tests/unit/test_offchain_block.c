/* engine/offchain_block.c: which nodes are asked for a block, and when enough of them show the same one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/parts.h"

enum { NODES = 3, BEGAN_MS = 30000, TIP = 5000, ASKED_MAX = 32 };
enum says { SAYS_BLOCK, SAYS_OTHER, SAYS_SKIPPED_FIRST, SAYS_NOTHING };

static struct engine *e;
static int host[NODES];
static enum says says[NODES];
static struct rpc_call *asked;
static struct slot asked_slot;

/* ---- the seams ---- */

size_t rpc_endpoint_count(const struct rpc *rpc)
{
	(void)rpc;
	return NODES;
}

int rpc_host_of(const struct rpc *rpc, int endpoint)
{
	(void)rpc;
	return host[endpoint];
}

size_t rpc_witnesses(const struct rpc *rpc)
{
	(void)rpc;
	return host[1] != host[0] || host[2] != host[0] ? 2 : 1;
}

const char *rpc_endpoint_label(const struct rpc *rpc, int endpoint)
{
	static const char *const labels[NODES] = { "rpc1", "rpc2", "rpc3" };

	(void)rpc;
	return labels[endpoint];
}

void rpc_get_block(struct rpc *rpc, struct rpc_call *call, struct slot slot, rpc_done *done)
{
	(void)rpc;
	task_begin(&call->task, done);
	asked = call;
	asked_slot = slot;
}

void offchain_why(char out[OFFCHAIN_WHY], const char *why)
{
	(void)snprintf(out, OFFCHAIN_WHY, "%s", why);
}

/* ---- nodes ---- */

static void answer(void)
{
	struct rpc_block block = { asked_slot, { TIP - 101 }, { { 7 } }, 1000 };
	const enum says what = says[asked->endpoint];

	asked->rpc_code = 0;
	if (what == SAYS_OTHER)
		block.hash.b[0] = 8;
	if (what == SAYS_NOTHING) {
		task_end(&asked->task, &(struct reply){ ERR_REFUSED, NULL, "Method not found" });
	} else if (what == SAYS_SKIPPED_FIRST && asked_slot.n == TIP - 100) {
		asked->rpc_code = RPC_SLOT_SKIPPED;
		task_end(&asked->task, &(struct reply){ ERR_REFUSED, NULL, "skipped" });
	} else {
		task_end(&asked->task, &(struct reply){ ERR_OK, &block, "" });
	}
}

static void nodes(const int hosts[NODES], const enum says what[NODES])
{
	memcpy(host, hosts, sizeof host);
	memcpy(says, what, sizeof says);
}

static int begin(void **unused)
{
	(void)unused;
	e = calloc(1, sizeof *e);
	assert_non_null(e);
	e->offchain = calloc(1, sizeof *e->offchain);
	assert_non_null(e->offchain);
	e->offchain->e = e;
	e->around.now_ms = BEGAN_MS;
	e->tip.confirmed_slot.n = TIP;
	return 0;
}

static int end(void **unused)
{
	(void)unused;
	free(e->offchain);
	free(e);
	return 0;
}

/* Whom a probe asks, each once; "" when it asks nobody. */
static void expect_probe(const char *whom, bool shown)
{
	char order[ASKED_MAX] = "";
	size_t n = 0;

	offchain_probe(e);
	for (offchain_search_turn(e); e->offchain->search.rpc.task.busy; offchain_search_turn(e)) {
		const char digit = (char)('1' + e->offchain->search.rpc.endpoint);

		if (n == 0 || order[n - 1] != digit)
			order[n++] = digit;
		answer();
	}
	assert_string_equal(order, whom);
	assert_int_equal(offchain_nodes_show(e), shown);
}

#define ALL(a, b, c)    \
	(const int[])   \
	{               \
		a, b, c \
	}
#define SAY(a, b, c)                         \
	(const enum says[])                  \
	{                                    \
		SAYS_##a, SAYS_##b, SAYS_##c \
	}

static void test_two_hosts_have_to_show_the_same(void **unused)
{
	(void)unused;
	nodes(ALL(0, 1, 2), SAY(BLOCK, BLOCK, NOTHING));
	assert_false(offchain_nodes_show(e));
	expect_probe("12", true);
	assert_string_equal(e->offchain->nodes.why, "");
}

static void test_one_that_shows_none_is_named(void **unused)
{
	(void)unused;
	nodes(ALL(0, 0, 2), SAY(BLOCK, BLOCK, NOTHING));
	expect_probe("13", false);
	assert_string_equal(e->offchain->nodes.why, "rpc3 shows none: Method not found");
}

static void test_the_other_endpoint_of_a_host_stands_in(void **unused)
{
	(void)unused;
	nodes(ALL(0, 0, 2), SAY(NOTHING, BLOCK, BLOCK));
	expect_probe("123", true);
}

static void test_one_host_is_one_witness(void **unused)
{
	(void)unused;
	nodes(ALL(0, 0, 0), SAY(BLOCK, NOTHING, NOTHING));
	expect_probe("1", true);
}

static void test_different_blocks_are_none(void **unused)
{
	(void)unused;
	nodes(ALL(0, 1, 1), SAY(BLOCK, OTHER, OTHER));
	expect_probe("12", false);
	assert_string_equal(e->offchain->nodes.why, "the nodes show different blocks");
	nodes(ALL(0, 1, 2), SAY(BLOCK, OTHER, BLOCK));
	e->around.now_ms += 1000;
	expect_probe("123", true);
}

static void test_a_skipped_slot_is_passed_over(void **unused)
{
	(void)unused;
	nodes(ALL(0, 1, 2), SAY(SKIPPED_FIRST, SKIPPED_FIRST, NOTHING));
	expect_probe("12", true);
}

static void test_it_holds_for_a_minute_and_is_asked_again_later(void **unused)
{
	(void)unused;
	nodes(ALL(0, 1, 2), SAY(BLOCK, NOTHING, NOTHING));
	expect_probe("123", false);
	e->around.now_ms += 999;
	expect_probe("", false);
	nodes(ALL(0, 1, 2), SAY(BLOCK, BLOCK, BLOCK));
	e->around.now_ms++;
	expect_probe("12", true);
	e->around.now_ms += 60000;
	assert_true(offchain_nodes_show(e));
	e->around.now_ms++;
	assert_false(offchain_nodes_show(e));
}

static void search(void)
{
	offchain_search_begin(e, (struct slot){ TIP - 100 });
	for (offchain_search_turn(e); e->offchain->search.rpc.task.busy; offchain_search_turn(e))
		answer();
}

/* What two nodes showed for a draw need not be asked again; what they did not show must be. */
static void test_a_block_of_a_draw_is_as_good(void **unused)
{
	(void)unused;
	nodes(ALL(0, 1, 2), SAY(BLOCK, BLOCK, BLOCK));
	search();
	assert_true(offchain_nodes_show(e));
	nodes(ALL(0, 1, 2), SAY(BLOCK, NOTHING, NOTHING));
	search();
	assert_false(offchain_nodes_show(e));
	nodes(ALL(0, 1, 2), SAY(BLOCK, BLOCK, BLOCK));
	e->around.now_ms += 1000;
	expect_probe("12", true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_two_hosts_have_to_show_the_same),
		TEST(test_one_that_shows_none_is_named),
		TEST(test_the_other_endpoint_of_a_host_stands_in),
		TEST(test_one_host_is_one_witness),
		TEST(test_different_blocks_are_none),
		TEST(test_a_skipped_slot_is_passed_over),
		TEST(test_it_holds_for_a_minute_and_is_asked_again_later),
		TEST(test_a_block_of_a_draw_is_as_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
