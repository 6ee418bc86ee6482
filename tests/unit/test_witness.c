/* engine/witness.c: whose proof of absence counts. Two endpoints of one host are one witness (R3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine/parts.h"

enum { NODES = 3, BEGAN_MS = 100000, ASKED_MAX = 16 };

static struct engine *e;
static int host[NODES];
static bool silent[NODES];
static struct subject subject;
static struct subject_facts facts;
static struct task *asked;
static struct reply answer;
static struct rpc_epoch epoch;
static struct slot first_block;
static struct rpc_statuses statuses;
static unsigned absences, first_ones;

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
	return 2;
}

static void ask(struct rpc_call *call, rpc_done *done, const void *data)
{
	task_begin(&call->task, done);
	asked = &call->task;
	answer = silent[call->endpoint] ? (struct reply){ ERR_RETRY, NULL, "away" }
	                                : (struct reply){ ERR_OK, data, "" };
}

void rpc_get_epoch(struct rpc *rpc, struct rpc_call *call, enum commitment at, rpc_done *done)
{
	(void)rpc;
	(void)at;
	ask(call, done, &epoch);
}

void rpc_get_first_block(struct rpc *rpc, struct rpc_call *call, rpc_done *done)
{
	(void)rpc;
	ask(call, done, &first_block);
}

void rpc_get_statuses(
	struct rpc *rpc, struct rpc_call *call, const struct signature *sigs, size_t n, bool history, rpc_done *done)
{
	(void)rpc;
	(void)sigs;
	(void)n;
	(void)history;
	ask(call, done, &statuses);
}

void rpc_call_init(struct rpc_call *call)
{
	*call = (struct rpc_call){ 0 };
}

void rpc_call_fini(struct rpc_call *call)
{
	(void)call;
}

bool engine_saw_slot(struct engine *of, struct slot slot, int endpoint)
{
	(void)of;
	(void)slot;
	(void)endpoint;
	return true;
}

size_t engine_subject_count(const struct engine *of)
{
	(void)of;
	return 1;
}

struct subject *engine_subject(const struct engine *of, size_t index)
{
	(void)of;
	(void)index;
	return &subject;
}

void subject_observe(struct subject *s, const struct signature *sig, const struct rpc_status *status, struct slot at)
{
	(void)s;
	(void)sig;
	(void)status;
	(void)at;
	fail_msg("nobody found it");
}

void subject_observe_fate(
	struct subject *s, const struct signature *sig, const struct rpc_status *status, bool first_witness)
{
	(void)s;
	(void)sig;
	(void)status;
	(void)first_witness;
	fail_msg("nobody found it");
}

void subject_observe_absence(struct subject *s, const struct signature *sig, const struct absence *proof, bool first)
{
	(void)s;
	(void)sig;
	(void)proof;
	absences++;
	first_ones += first;
}

/* ---- rounds ---- */

static size_t one_round(int order[ASKED_MAX])
{
	size_t n = 0;

	absences = first_ones = 0;
	do {
		witness_turn(e);
		if (!e->witness.rpc.task.busy)
			break;
		if (n == 0 || order[n - 1] != e->witness.rpc.endpoint) {
			assert_true(n < ASKED_MAX);
			order[n++] = e->witness.rpc.endpoint;
		}
		task_end(asked, &answer);
	} while (e->witness.running);
	return n;
}

/* One row is past its blockhash's life. Who is asked, in order, in each of two rounds. */
static void expect_order(const int *want, size_t n_want, unsigned want_absences)
{
	int order[ASKED_MAX];

	e = calloc(1, sizeof *e);
	assert_non_null(e);
	e->around.now_ms = BEGAN_MS;
	e->tip.confirmed_height.n = 500;
	facts.settle.rows = (struct rows){ .n = 1, .row[0] = { .seq = 1, .state = ROW_OPEN, .last_valid = { 400 } } };
	subject = (struct subject){ .own = &facts };
	witness_init(e);
	for (unsigned round = 0; round < 2; round++) {
		const size_t n = one_round(order);

		assert_int_equal(n, n_want);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(order[i], want[i]);
		assert_int_equal(absences, want_absences);
		assert_int_equal(first_ones, want_absences > 0);
		e->around.now_ms += 5000;
	}
	witness_fini(e);
	free(e);
}

static void nodes(int a, int b, int c)
{
	host[0] = a;
	host[1] = b;
	host[2] = c;
	silent[0] = silent[1] = silent[2] = false;
	statuses.n = 1;
}

static void test_each_host_once(void **unused)
{
	(void)unused;
	nodes(0, 1, 2);
	expect_order((int[]){ 0, 1, 2 }, 3, 3);
	nodes(0, 0, 2);
	expect_order((int[]){ 0, 2 }, 2, 2);
	nodes(0, 0, 0);
	expect_order((int[]){ 0 }, 1, 1);
}

static void test_its_other_endpoint_when_one_is_away(void **unused)
{
	(void)unused;
	nodes(0, 0, 2);
	silent[0] = true;
	expect_order((int[]){ 0, 1, 2 }, 3, 2);
	silent[2] = true;
	expect_order((int[]){ 0, 1, 2 }, 3, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_host_once),
		cmocka_unit_test(test_its_other_endpoint_when_one_is_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
