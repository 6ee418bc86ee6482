/* io/loop: what runs when, and that nothing runs inside the call that asked for it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/loop.h"

static struct loop *loop;
static char order[64];
static int turns;

static void note(char what)
{
	size_t len = strlen(order);

	assert_true(len + 1 < sizeof order);
	order[len] = what;
}

static int make_loop(void **state)
{
	(void)state;
	memset(order, 0, sizeof order);
	turns = 0;
	loop = loop_new();
	return 0;
}

static int free_loop(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

struct letter {
	struct loop_defer defer;
	char name;
	int again;
};

static void run_letter(struct loop_defer *defer)
{
	struct letter *letter = (struct letter *)(void *)defer; /* its first member */

	note(letter->name);
	if (letter->again-- > 0)
		loop_defer(loop, defer, run_letter);
	else if (letter->name == 'z')
		loop_stop(loop);
}

static void count_turn(void *owner)
{
	(void)owner;
	turns++;
	note('.');
}

static void deferred_runs_in_order_once_per_turn(void **state)
{
	struct letter a = { .name = 'a', .again = 2 }, b = { .name = 'b' }, z = { .name = 'z', .again = 3 },
		      c = { .name = 'c' };
	(void)state;

	loop_each_turn(loop, count_turn, NULL);
	loop_defer(loop, &a.defer, run_letter);
	loop_defer(loop, &b.defer, run_letter);
	loop_defer(loop, &a.defer, run_letter); /* twice is once */
	loop_defer(loop, &c.defer, run_letter);
	loop_defer(loop, &z.defer, run_letter);
	loop_defer_cancel(loop, &c.defer);
	loop_defer_cancel(loop, &c.defer);
	assert_string_equal(order, "");
	loop_run(loop);
	assert_string_equal(order, "abz.az.az.z.");
}

static void cancel_the_last_and_add(void **state)
{
	struct letter a = { .name = 'a' }, b = { .name = 'b' }, z = { .name = 'z' };
	(void)state;

	loop_defer(loop, &a.defer, run_letter);
	loop_defer(loop, &b.defer, run_letter);
	loop_defer_cancel(loop, &b.defer);
	loop_defer_cancel(loop, &a.defer);
	loop_defer(loop, &z.defer, run_letter);
	loop_run(loop);
	assert_string_equal(order, "z");
}

static struct letter *victim;
static void cancel_victim(struct loop_defer *defer)
{
	(void)defer;
	note('x');
	loop_defer_cancel(loop, &victim->defer);
}

static void cancel_while_the_list_runs(void **state)
{
	struct letter x = { .name = 'x' }, a = { .name = 'a' }, z = { .name = 'z' };
	(void)state;

	victim = &a;
	loop_defer(loop, &x.defer, cancel_victim);
	loop_defer(loop, &a.defer, run_letter);
	loop_defer(loop, &z.defer, run_letter);
	loop_run(loop);
	assert_string_equal(order, "xz");
}

static struct loop_timer *early, *late;
static uint64_t fired_at;

static void on_early(void *owner)
{
	(void)owner;
	note('e');
	fired_at = loop_mono_ms();
}

static void on_late(void *owner)
{
	(void)owner;
	note('l');
	loop_stop(loop);
}

static void timers(void **state)
{
	uint64_t start = loop_mono_ms();
	(void)state;

	early = loop_timer_new(loop, on_early, NULL);
	late = loop_timer_new(loop, on_late, NULL);
	assert_false(loop_timer_is_set(early));
	loop_timer_set(late, 1);
	loop_timer_set(late, 80); /* moved */
	loop_timer_set(early, 30);
	assert_true(loop_timer_is_set(early));
	assert_string_equal(order, "");
	loop_run(loop);
	assert_string_equal(order, "el");
	assert_true(fired_at - start >= 30 && fired_at - start < 75);
	assert_false(loop_timer_is_set(early));
	loop_timer_set(early, 10);
	loop_timer_stop(early);
	loop_timer_set(late, 30);
	loop_run(loop);
	assert_string_equal(order, "ell");
	loop_timer_free(early);
	loop_timer_free(late);
}

/* A timer armed after a long callback counts from then, not from the start of the turn. */
static void on_busy(void *owner)
{
	(void)owner;
	usleep(60000);
	loop_timer_set(late, 40);
	fired_at = loop_mono_ms();
}

static void timer_after_a_long_callback(void **state)
{
	(void)state;
	early = loop_timer_new(loop, on_busy, NULL);
	late = loop_timer_new(loop, on_late, NULL);
	loop_timer_set(early, 0);
	loop_run(loop);
	assert_true(loop_mono_ms() - fired_at >= 39);
	loop_timer_free(early);
	loop_timer_free(late);
}

static void sleeps_when_there_is_nothing_to_do(void **state)
{
	(void)state;
	loop_each_turn(loop, count_turn, NULL);
	late = loop_timer_new(loop, on_late, NULL);
	loop_timer_set(late, 100);
	loop_run(loop);
	assert_true(turns < 6);
	loop_timer_free(late);
}

static void on_pipe(void *owner, int fd, int events)
{
	char byte;
	(void)owner;

	assert_int_equal(events, LOOP_READ);
	assert_int_equal(read(fd, &byte, 1), 1);
	note(byte);
	if (byte == 'z')
		loop_stop(loop);
}

static void descriptors(void **state)
{
	int one[2], two[2];
	struct loop_io *io;
	(void)state;

	assert_int_equal(pipe(one) | pipe(two), 0);
	io = loop_io_new(loop, on_pipe, NULL);
	loop_io_set(io, one[0], LOOP_READ);
	assert_int_equal(write(one[1], "az", 2), 2);
	loop_run(loop);
	loop_io_set(io, two[0], LOOP_READ); /* another descriptor */
	assert_int_equal(write(one[1], "n", 1), 1);
	assert_int_equal(write(two[1], "z", 1), 1);
	loop_run(loop);
	assert_string_equal(order, "azz");
	loop_io_free(io);
	close(one[0]), close(one[1]), close(two[0]), close(two[1]);
}

static void on_caught(void *owner, int signo)
{
	assert_string_equal(owner, "owner");
	note(signo == SIGTERM ? 't' : 'h');
	if (signo == SIGTERM)
		loop_stop(loop);
}

static void signals(void **state)
{
	static char owner[] = "owner";
	(void)state;

	loop_on_signal(loop, SIGTERM, on_caught, owner);
	loop_on_signal(loop, SIGHUP, on_caught, owner);
	raise(SIGHUP);
	assert_string_equal(order, "");
	raise(SIGTERM);
	loop_run(loop);
	assert_true(strchr(order, 'h') && strchr(order, 't'));
	raise(SIGPIPE); /* ignored */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_loop, free_loop)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(deferred_runs_in_order_once_per_turn),
		TEST(cancel_the_last_and_add),
		TEST(cancel_while_the_list_runs),
		TEST(timers),
		TEST(timer_after_a_long_callback),
		TEST(sleeps_when_there_is_nothing_to_do),
		TEST(descriptors),
		TEST(signals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
