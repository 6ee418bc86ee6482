/* engine/progress: when long work says how far it is. The clock is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "base/log.h"
#include "engine/parts.h"

static int out[2];
static char said[8192];
static struct engine *e;

/* An engine that reads nothing: Postgres is away. */
static int set_up(void **state)
{
	(void)state;
	if (pipe(out) != 0)
		return -1;
	log_open(out[1]);
	e = calloc(1, sizeof *e);
	e->around.leader = true;
	e->around.journal_down_since_ms = 1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(e);
	close(out[0]), close(out[1]);
	return 0;
}

/* What one turn at this time says. */
static const char *at(uint64_t now_ms)
{
	ssize_t n;

	e->around.now_ms = now_ms;
	log_info("mark", NULL); /* so that there is something to read */
	ingest_turn(e);
	n = read(out[0], said, sizeof said - 1);
	said[n > 0 ? n : 0] = '\0';
	return strchr(said, '\n') + 1;
}

static void nobody_is_bothered_with_quick_work(void **state)
{
	(void)state;
	e->ingest.n_start = 7;
	assert_string_equal(at(1000), "");
	assert_string_equal(at(5999), "");
	e->ingest.n_start_done = 7;
	assert_string_equal(at(60000), "");
}

static void many_histories_are_a_line_every_five_seconds(void **state)
{
	size_t lines = 0;

	(void)state;
	e->ingest.n_start = 90000;
	for (uint64_t now = 100; now <= 30100; now += 100) {
		e->ingest.n_start_done = now;
		lines += *at(now) != '\0';
	}
	assert_int_equal(lines, 6);
	e->ingest.n_start_done = 90000;
	assert_non_null(strstr(at(30200), "event=ingest.progress done=90000 total=90000"));
	assert_string_equal(at(90000), "");
	e->ingest.n_start_done++, e->ingest.n_start++;
	assert_string_equal(at(99000), "");
}

static void a_standby_has_nothing_to_say(void **state)
{
	(void)state;
	e->ingest.n_start = 90000;
	e->around.leader = false;
	assert_string_equal(at(1000), "");
	assert_string_equal(at(9000), "");
	e->around.leader = true;
	assert_string_equal(at(10000), "");
	assert_non_null(strstr(at(15000), "event=ingest.progress done=0 total=90000"));
}

static void a_rebuild_lists_and_then_reads(void **state)
{
	struct ingest_job job = { .whole = true };

	(void)state;
	e->config.rebuild.b[0] = 1;
	e->ingest.job = &job;
	e->ingest.list.more = true;
	e->ingest.list.n = 4096;
	e->ingest.list.cut = 904;
	assert_string_equal(at(1000), "");
	assert_non_null(strstr(at(6000), " doing=list done=0 total=5000"));
	assert_non_null(strstr(said, "event=rebuild.progress pool="));
	e->ingest.list.more = false;
	e->ingest.list.n = 3000;
	e->rebuild.transactions = 1085;
	e->rebuild.gaps = 1;
	e->ingest.step.n_reads = 10;
	assert_string_equal(at(10999), "");
	assert_non_null(strstr(at(11000), " doing=read done=1096 total=5000"));
	e->rebuild.job_done = true;
	assert_string_equal(at(20000), "");
}

static void histories_wanted_after_the_first_look_are_no_start(void **state)
{
	static struct pool_entry early, late;

	(void)state;
	assert_true(crypto_init());
	ingest_init(e);
	e->ingest.watch.next_ms = UINT64_MAX;
	ingest_want(e, &early);
	ingest_want(e, &early);
	e->counters.ticks = 1;
	ingest_want(e, &late);
	assert_int_equal(e->ingest.n_start, 1);
	for (int i = 0; i < 2; i++) {
		e->ingest.job = e->ingest.first;
		e->ingest.first = e->ingest.job->next;
		ingest_done(&e->ingest);
		assert_int_equal(e->ingest.n_start_done, 1);
	}
	ingest_fini(e);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_is_bothered_with_quick_work),
		TEST(many_histories_are_a_line_every_five_seconds),
		TEST(a_standby_has_nothing_to_say),
		TEST(histories_wanted_after_the_first_look_are_no_start),
		TEST(a_rebuild_lists_and_then_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
