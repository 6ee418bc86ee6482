/* The journal's local spool against a Postgres that is played here: when it may be used, what it answers, what is imported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/spool.h"
#include "journal/commits.h"
#include "journal/journal.h"
#include "journal/lease.h"
#include "played_postgres.h"

/* ---- the tests' own ---- */

static char dir[64];
static struct journal *j;
static struct journal_call call;
static struct commit_call commit;
static struct lease_call lease;
static struct {
	enum err err;
	char why[200];
	bool done;
} got;

static const uint8_t TX[ROW_TX_MAX] = { 1, 254, [ROW_TX_MAX - 1] = 3 };
static const struct subject_key DRAW = { "draw:4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi:7" };

static void on_done(struct task *task, const struct reply *reply)
{
	(void)task;
	got.err = reply->err;
	got.done = true;
	(void)snprintf(got.why, sizeof got.why, "%s", reply->why);
	loop_stop(loop);
}

static enum err wait_done(void)
{
	assert_false(got.done); /* never inside the call that started it */
	while (!got.done)
		loop_run(loop);
	got.done = false;
	return got.err;
}

static void on_pause(void *owner)
{
	(void)owner;
	loop_stop(loop);
}

static void let_run(void)
{
	struct loop_timer *timer = loop_timer_new(loop, on_pause, NULL);

	loop_timer_set(timer, 20);
	while (loop_timer_is_set(timer))
		loop_run(loop);
	loop_timer_free(timer);
}

static enum err tick(void)
{
	lease_tick(j, &lease, 1, on_done);
	return wait_done();
}

static struct journal_new_row row_of(enum step step, unsigned char sig)
{
	struct journal_new_row row = {
		.step = step, .last_valid = { 900 }, .floor = { 500 }, .tx = TX, .tx_len = ROW_TX_MAX
	};

	memset(row.sig.b, sig, sizeof row.sig.b);
	memset(row.oracle.b, 9, sizeof row.oracle.b);
	return row;
}

static enum err spool(const struct subject_key *subject, uint64_t prev_seq, enum step step, unsigned char sig)
{
	const struct journal_new_row row = row_of(step, sig);

	journal_spool(j, &call, subject, prev_seq, &row, on_done);
	return wait_done();
}

static enum err note_answer(unsigned char byte)
{
	struct pubkey key;
	struct hash slothash;
	struct oracle_answer given = { .recovery_id = 2 };

	memset(key.b, 7, sizeof key.b);
	memset(slothash.b, 8, sizeof slothash.b);
	memset(given.signature, byte, sizeof given.signature);
	memset(given.value, byte, sizeof given.value);
	commits_record(
		j, &commit, &DRAW, &key, &key, (struct slot){ 700 }, &slothash, "first", byte ? &given : NULL, on_done);
	return wait_done();
}

static void go_down(uint64_t for_ms)
{
	pg.down = true;
	pg.down_for_ms = for_ms;
}

static unsigned records_in(const char *name)
{
	struct spool *file;
	char path[128], why[200];
	unsigned n;

	(void)snprintf(path, sizeof path, "%s%s", dir, name);
	assert_int_equal(spool_open(&file, path, why, sizeof why), ERR_OK);
	n = spool_records(file);
	spool_close(file);
	return n;
}

static void start_journal(void)
{
	j = journal_new(loop, NULL, dir, "me", false);
	journal_call_init(&call);
	commit_call_init(&commit);
	lease_call_init(&lease);
}

static void stop_journal(void)
{
	journal_call_fini(&call);
	commit_call_fini(&commit);
	lease_call_fini(&lease);
	journal_free(j);
}

/* What a crash leaves: the file. */
static void restart_journal(void)
{
	stop_journal();
	start_journal();
}

static int begin(void **state)
{
	(void)state;
	memset(&pg, 0, sizeof pg);
	(void)snprintf(dir, sizeof dir, "/tmp/pk-journal-spool-XXXXXX");
	assert_non_null(mkdtemp(dir));
	loop = loop_new();
	start_journal();
	assert_int_equal(tick(), ERR_OK);
	return 0;
}

static int end(void **state)
{
	char path[128];

	(void)state;
	stop_journal();
	loop_free(loop);
	(void)snprintf(path, sizeof path, "%s/refused/spool", dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/refused", dir);
	(void)rmdir(path);
	(void)snprintf(path, sizeof path, "%s/spool", dir);
	(void)unlink(path);
	return rmdir(dir);
}

static void it_is_for_reveal_and_select_in_a_long_outage_only(void **state)
{
	uint64_t last = 1;

	(void)state;
	assert_int_equal(spool(&DRAW, 1, STEP_REVEAL_SELECT, 1), ERR_REFUSED);
	go_down(59000);
	assert_int_equal(spool(&DRAW, 1, STEP_REVEAL_SELECT, 1), ERR_REFUSED);
	assert_non_null(strstr(got.why, "not been away for 60 s"));
	go_down(61000);
	for (enum step step = 0; step < STEP_COUNT; step++) {
		const bool may = step == STEP_REVEAL_SELECT || step == STEP_SELECT;

		assert_int_equal(spool(&DRAW, last, step, (unsigned char)(1 + step)), may ? ERR_OK : ERR_REFUSED);
		last += may;
	}
	assert_int_equal(pg.runs, 1); /* the tick */
}

static void without_the_lease_nothing_is_spooled(void **state)
{
	(void)state;
	restart_journal();
	go_down(61000);
	assert_int_equal(spool(&DRAW, 1, STEP_REVEAL_SELECT, 1), ERR_REFUSED);
	assert_non_null(strstr(got.why, "lease was not held"));
	assert_int_equal(note_answer(1), ERR_REFUSED);
	stop_journal();
	assert_int_equal(records_in(""), 0);
	start_journal();
}

static void check_spooled_row(uint64_t prev_seq, unsigned char sig)
{
	const struct row *row = &call.rows.row[call.rows.n - 1];
	const struct journal_new_row given = row_of(STEP_REVEAL_SELECT, sig);

	assert_true(call.rows.n >= 1 && row->spooled);
	assert_int_equal(row->seq, prev_seq + 1);
	assert_int_equal(call.rows.last_seq, prev_seq + 1);
	assert_int_equal(row->state, ROW_OPEN);
	assert_int_equal(row->step, STEP_REVEAL_SELECT);
	assert_true(signature_equal(&row->sig, &given.sig) && pubkey_equal(&row->oracle, &given.oracle) &&
		    pubkey_is_zero(&row->randomness));
	assert_int_equal(row->last_valid.n, 900);
	assert_int_equal(row->floor.n, 500);
	assert_int_equal(row->tx_len, ROW_TX_MAX);
	assert_memory_equal(row->tx, TX, ROW_TX_MAX);
}

static void steps_of_one_subject_follow_each_other(void **state)
{
	(void)state;
	go_down(61000);
	assert_int_equal(spool(&DRAW, 4, STEP_REVEAL_SELECT, 1), ERR_OK);
	assert_int_equal(spool(&DRAW, 4, STEP_REVEAL_SELECT, 2), ERR_REFUSED); /* decided on what is not the last row */
	assert_int_equal(spool(&DRAW, 6, STEP_REVEAL_SELECT, 2), ERR_REFUSED);
	assert_int_equal(spool(&DRAW, 5, STEP_REVEAL_SELECT, 2), ERR_OK);
	assert_int_equal(spool(&DRAW, 6, STEP_REVEAL_SELECT, 3), ERR_OK);
	assert_int_equal(call.rows.n, 3);
	check_spooled_row(6, 3);
	assert_int_equal(spool(&DRAW, 7, STEP_REVEAL_SELECT, 4), ERR_REFUSED);
	assert_non_null(strstr(got.why, "has 3 steps in the spool already"));
	restart_journal();
	pg.down = false;
	assert_int_equal(tick(), ERR_OK);
	let_run();
	assert_int_equal(pg.n_log, 3);
	for (unsigned i = 0; i < 3; i++) {
		char expected[32];

		(void)snprintf(expected, sizeof expected, "step_import draw:4 %u", 4 + i);
		assert_string_equal(pg.log[i], expected);
	}
}

static void rows_come_from_memory_until_the_import(void **state)
{
	const struct journal_outcome landed = { .outcome = ROW_LANDED, .landed = { 510 } };

	(void)state;
	go_down(61000);
	assert_int_equal(spool(&DRAW, 4, STEP_REVEAL_SELECT, 1), ERR_OK);
	check_spooled_row(4, 1);
	journal_load(j, &call, &DRAW, on_done);
	assert_int_equal(wait_done(), ERR_OK);
	assert_int_equal(call.rows.n, 1);
	check_spooled_row(4, 1);
	journal_close(j, &call, &DRAW, 5, &landed, on_done);
	assert_int_equal(wait_done(), ERR_RETRY);
	assert_non_null(strstr(got.why, "waits in the local spool"));
	pg.down = false;
	journal_reopen(j, &call, &DRAW, 5, on_done);
	assert_int_equal(wait_done(), ERR_RETRY);
	assert_int_equal(pg.n_log, 0);
	assert_int_equal(tick(), ERR_OK);
	let_run();
	assert_string_equal(pg.log[0], "step_import draw:4 4");
	journal_close(j, &call, &DRAW, 5, &landed, on_done);
	(void)wait_done();
	assert_string_equal(pg.log[1], "step_close draw:4 5");
}

static void the_last_rows_are_known_in_a_long_outage(void **state)
{
	(void)state;
	journal_load(j, &call, &DRAW, on_done);
	assert_int_equal(wait_done(), ERR_OK);
	go_down(59000);
	journal_load(j, &call, &DRAW, on_done);
	assert_int_equal(wait_done(), ERR_RETRY);
	go_down(61000);
	journal_load(j, &call, &DRAW, on_done);
	assert_int_equal(wait_done(), ERR_OK);
	journal_load(j, &call, &(struct subject_key){ "draw:4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi:8" }, on_done);
	assert_int_equal(wait_done(), ERR_RETRY);
}

static void the_first_answer_wins_in_the_spool_too(void **state)
{
	(void)state;
	go_down(61000);
	assert_int_equal(note_answer(0), ERR_RETRY); /* a commit without an answer waits for Postgres */
	assert_int_equal(note_answer(1), ERR_OK);
	assert_true(commit.row.known && commit.row.answered);
	assert_int_equal(note_answer(2), ERR_OK);
	assert_int_equal(commit.row.answer.value[31], 1);
	assert_int_equal(commit.row.answer.signature[63], 1);
	assert_int_equal(commit.row.answer.recovery_id, 2);
	assert_int_equal(commit.row.seed_slot.n, 700);
	restart_journal();
	pg.down = false;
	assert_int_equal(note_answer(3), ERR_OK);
	assert_int_equal(commit.row.answer.value[31], 1);
	assert_int_equal(pg.n_log, 0);
}

static void the_import_keeps_the_order_and_empties_the_file(void **state)
{
	const struct subject_key other = { "draw:4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi:8" };

	(void)state;
	go_down(61000);
	assert_int_equal(note_answer(1), ERR_OK);
	assert_int_equal(spool(&DRAW, 1, STEP_REVEAL_SELECT, 1), ERR_OK);
	assert_int_equal(spool(&other, 2, STEP_REVEAL_SELECT, 2), ERR_OK);
	restart_journal(); /* a crash after the append: nothing is lost */
	let_run();
	assert_int_equal(pg.n_log, 0); /* not before the lease is held */
	pg.down = false;
	pg.lease_lost = true;
	assert_int_equal(tick(), ERR_OK);
	let_run();
	assert_int_equal(pg.n_log, 0);
	pg.lease_lost = false;
	assert_int_equal(tick(), ERR_OK);
	let_run();
	assert_int_equal(pg.n_log, 3);
	assert_memory_equal(pg.log[0], "commit_record", 13);
	assert_string_equal(pg.log[1], "step_import draw:4 1");
	assert_string_equal(pg.log[2], "step_import draw:4 2");
	stop_journal();
	assert_int_equal(records_in(""), 0);
	start_journal();
}

static void an_interrupted_import_is_done_again(void **state)
{
	(void)state;
	go_down(61000);
	assert_int_equal(note_answer(1), ERR_OK);
	assert_int_equal(spool(&DRAW, 1, STEP_REVEAL_SELECT, 1), ERR_OK);
	pg.down = false;
	pg.verdict[1] = ERR_UNKNOWN;
	assert_int_equal(tick(), ERR_OK);
	let_run();
	assert_int_equal(pg.n_log, 2);
	restart_journal(); /* a crash between import and emptying */
	assert_int_equal(tick(), ERR_OK);
	let_run();
	assert_int_equal(pg.n_log, 4);
	assert_string_equal(pg.log[3], "step_import draw:4 1");
	stop_journal();
	assert_int_equal(records_in(""), 0);
	start_journal();
}

static void a_refused_record_is_set_aside(void **state)
{
	(void)state;
	go_down(61000);
	assert_int_equal(spool(&DRAW, 1, STEP_REVEAL_SELECT, 1), ERR_OK);
	assert_int_equal(note_answer(1), ERR_OK);
	pg.down = false;
	pg.verdict[0] = ERR_REFUSED;
	pg.sqlstate = "PK002";
	assert_int_equal(tick(), ERR_OK);
	let_run();
	assert_int_equal(pg.n_log, 2);
	stop_journal();
	assert_int_equal(records_in(""), 0);
	assert_int_equal(records_in("/refused"), 1);
	start_journal();
	journal_load(j, &call, &DRAW, on_done);
	assert_int_equal(wait_done(), ERR_OK);
	assert_int_equal(call.rows.n, 0);
}

static void a_lost_lease_keeps_everything(void **state)
{
	(void)state;
	go_down(61000);
	assert_int_equal(spool(&DRAW, 1, STEP_REVEAL_SELECT, 1), ERR_OK);
	pg.down = false;
	pg.verdict[0] = ERR_REFUSED;
	pg.sqlstate = "PK001";
	assert_int_equal(tick(), ERR_OK);
	let_run();
	stop_journal();
	assert_int_equal(records_in(""), 1);
	assert_int_equal(records_in("/refused"), 0);
	start_journal();
}

static void what_is_spooled_during_the_import_is_kept(void **state)
{
	const struct subject_key other = { "draw:4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi:8" };

	(void)state;
	go_down(61000);
	assert_int_equal(spool(&DRAW, 1, STEP_REVEAL_SELECT, 1), ERR_OK);
	pg.down = false;
	pg.verdict[1] = ERR_RETRY;
	lease_tick(j, &lease, 1, on_done);
	assert_int_equal(wait_done(), ERR_OK);
	go_down(61000); /* away again before the import is answered */
	assert_int_equal(spool(&other, 2, STEP_REVEAL_SELECT, 2), ERR_OK);
	let_run();
	stop_journal();
	assert_int_equal(records_in(""), 2);
	start_journal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_for_reveal_and_select_in_a_long_outage_only, begin, end),
		cmocka_unit_test_setup_teardown(steps_of_one_subject_follow_each_other, begin, end),
		cmocka_unit_test_setup_teardown(without_the_lease_nothing_is_spooled, begin, end),
		cmocka_unit_test_setup_teardown(rows_come_from_memory_until_the_import, begin, end),
		cmocka_unit_test_setup_teardown(the_last_rows_are_known_in_a_long_outage, begin, end),
		cmocka_unit_test_setup_teardown(the_first_answer_wins_in_the_spool_too, begin, end),
		cmocka_unit_test_setup_teardown(the_import_keeps_the_order_and_empties_the_file, begin, end),
		cmocka_unit_test_setup_teardown(an_interrupted_import_is_done_again, begin, end),
		cmocka_unit_test_setup_teardown(a_refused_record_is_set_aside, begin, end),
		cmocka_unit_test_setup_teardown(a_lost_lease_keeps_everything, begin, end),
		cmocka_unit_test_setup_teardown(what_is_spooled_during_the_import_is_kept, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
