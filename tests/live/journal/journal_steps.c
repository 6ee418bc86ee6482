/* The verbs of keeper.steps and the lease from C, through pgBouncer in transaction mode. */
#include "harness.h"

static struct journal *j;
static struct journal_call call;

static int begin(void **state)
{
	empty_journal(state);
	j = new_holder("one");
	journal_call_init(&call);
	return 0;
}

static int end(void **state)
{
	(void)state;
	journal_call_fini(&call);
	journal_free(j);
	return 0;
}

static void open_row(const struct subject_key *draw, uint64_t prev_seq, enum step step, unsigned char sig)
{
	const struct journal_new_row row = new_row(step, sig);

	journal_open(j, &call, draw, prev_seq, &row, on_done);
}

static void close_row(const struct subject_key *draw, uint64_t seq, enum row_state outcome, uint64_t slot)
{
	const struct journal_outcome o = { .outcome = outcome, .landed = { slot } };

	journal_close(j, &call, draw, seq, &o, on_done);
}

static void a_row_comes_back_as_it_was_given(void **state)
{
	const struct subject_key draw = draw_of(1);
	const struct journal_new_row given = new_row(STEP_BIND, 0xA1);
	const struct rows *rows;
	const struct row *row;

	(void)state;
	journal_load(j, &call, &draw, on_done);
	expect(ERR_OK);
	assert_int_equal(call.rows.n, 0);
	assert_int_equal(call.rows.last_seq, 0);
	open_row(&draw, 0, STEP_BIND, 0xA1);
	expect(ERR_OK);
	rows = got.data;
	assert_ptr_equal(rows, &call.rows);
	assert_int_equal(rows->n, 1);
	row = &rows->row[0];
	assert_int_equal(row->seq, 1);
	assert_int_equal(row->step, STEP_BIND);
	assert_int_equal(row->state, ROW_OPEN);
	assert_true(signature_equal(&row->sig, &given.sig));
	assert_int_equal(row->last_valid.n, 900);
	assert_int_equal(row->floor.n, 500);
	assert_int_equal(row->landed.n, 0);
	assert_false(row->landed_failed || row->spooled);
	assert_true(pubkey_equal(&row->randomness, &given.randomness) && pubkey_equal(&row->oracle, &given.oracle));
	assert_int_equal(row->tx_len, ROW_TX_MAX);
	assert_memory_equal(row->tx, TX, ROW_TX_MAX);
	assert_int_equal(rows->last_seq, 1);
	assert_int_equal(rows->floor.n, 500);
	assert_true(journal_write_ok_ms(j) > 0);
	assert_int_equal(journal_down_since_ms(j), 0);
}

static void failures_and_aggregates_are_read(void **state)
{
	const struct subject_key draw = draw_of(2);
	struct journal_outcome failed = {
		.outcome = ROW_FAILED, .landed = { 600 }, .failed = true, .failure = { -1, false, 4294967295u }
	};

	(void)state;
	open_row(&draw, 0, STEP_DRAW, 0xA1);
	expect(ERR_OK);
	journal_close(j, &call, &draw, 1, &failed, on_done);
	expect(ERR_OK);
	assert_int_equal(call.rows.row[0].state, ROW_FAILED);
	assert_true(call.rows.row[0].landed_failed);
	assert_int_equal(call.rows.row[0].failure.ix, -1);
	assert_int_equal(call.rows.row[0].failure.code, 4294967295u);
	assert_true(call.rows.draw_spent);
	assert_int_equal(call.rows.failures, 1);
	assert_int_equal(call.rows.floor.n, 600);
}

static void refusals_say_why(void **state)
{
	const struct subject_key draw = draw_of(3);

	(void)state;
	open_row(&draw, 0, STEP_BIND, 0xA1);
	expect(ERR_OK);
	open_row(&draw, 1, STEP_DRAW, 0xA2);
	expect(ERR_REFUSED);
	assert_non_null(strstr(got.why, "row 1 is open"));
	close_row(&draw, 1, ROW_LANDED, 510);
	expect(ERR_OK);
	open_row(&draw, 0, STEP_BIND, 0xA2);
	expect(ERR_REFUSED);
	assert_non_null(strstr(got.why, "its last row is 1, the decision was made on 0"));
	open_row(&draw, 1, STEP_DRAW, 0xA2);
	expect(ERR_OK);
	journal_reopen(j, &call, &draw, 1, on_done);
	expect(ERR_OK);
	assert_int_equal(call.rows.row[0].state, ROW_OPEN);
	assert_int_equal(call.rows.row[1].state, ROW_STALE);
	assert_int_equal(call.rows.n, 2);
}

static void names_of_core_are_those_of_the_table(void **state)
{
	const char *text;
	char quoted[40];

	(void)state;
	text = sql_on(direct, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'steps_step_fits'");
	for (unsigned i = 0; i < STEP_COUNT; i++) {
		(void)snprintf(quoted, sizeof quoted, "'%s'", STEPS[i].name);
		assert_non_null(strstr(text, quoted));
	}
	text = sql_on(
		direct, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'steps_state_known'");
	for (unsigned i = 0; i < ROW_STATES; i++) {
		(void)snprintf(quoted, sizeof quoted, "'%s'", row_state_name((enum row_state)i));
		assert_non_null(strstr(text, quoted));
	}
}

static void of_sixteen_openers_one_wins(void **state)
{
	enum { OPENERS = 16, ROUNDS = 5 };
	struct journal_call calls[OPENERS];
	struct db *dbs[OPENERS];
	struct journal *js[OPENERS];
	struct lease_call lease;

	(void)state;
	lease_call_init(&lease);
	for (int i = 0; i < OPENERS; i++) {
		dbs[i] = connect_to("DATABASE_URL");
		js[i] = journal_new(loop, dbs[i], NULL, "one", false);
		journal_call_init(&calls[i]);
		lease_tick(js[i], &lease, 0, on_done);
		expect(ERR_OK);
		assert_true(lease.held);
	}
	for (int round = 0; round < ROUNDS; round++) {
		const struct subject_key draw = draw_of((unsigned char)(10 + round));
		unsigned won = 0, rows = 0;

		for (int i = 0; i < OPENERS; i++) {
			struct journal_new_row row = new_row(STEP_DRAW, (unsigned char)(1 + round * OPENERS + i));

			journal_open(js[i], &calls[i], &draw, 0, &row, on_done);
		}
		wait_for(OPENERS);
		for (int i = 0; i < OPENERS; i++)
			rows += calls[i].rows.last_seq == 1;
		won = (unsigned)strtoul(
			sql_on(direct, "SELECT count(*) FROM keeper.steps WHERE subject = '%s'", draw.text), NULL, 10);
		assert_int_equal(won, 1);
		assert_int_equal(rows, 1);
		for (int i = 0; i < OPENERS; i++)
			calls[i].rows = (struct rows){ 0 };
	}
	for (int i = 0; i < OPENERS; i++) {
		journal_call_fini(&calls[i]);
		journal_free(js[i]);
		db_free(dbs[i]);
	}
	lease_call_fini(&lease);
}

static struct {
	bool done;
	enum err err;
} unknown;

static void on_unknown(struct task *task, const struct reply *reply)
{
	(void)task;
	unknown.done = true;
	unknown.err = reply->err;
	loop_stop(loop);
}

/* A commit that waits for a standby which does not exist is on the disk already; the client is never told. */
static void an_unknown_commit_is_read_back(void **state)
{
	const struct subject_key draw = draw_of(4);
	const struct journal_new_row row = new_row(STEP_BIND, 0xA1);

	(void)state;
	sql_on(admin, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
	sql_on(admin, "SELECT pg_reload_conf()");
	sleep_ms(300);
	unknown.done = false;
	journal_open(j, &call, &draw, 0, &row, on_unknown);
	sleep_ms(500);
	assert_false(unknown.done);
	sql_on(admin, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
	while (!unknown.done)
		sleep_ms(20);
	assert_int_equal(unknown.err, ERR_UNKNOWN);
	assert_true(journal_down_since_ms(j) > 0);
	sql_on(admin, "ALTER SYSTEM RESET synchronous_standby_names");
	sql_on(admin, "SELECT pg_reload_conf()");
	sleep_ms(300);
	journal_load(j, &call, &draw, on_done);
	expect(ERR_OK);
	assert_int_equal(call.rows.n, 1);
	assert_int_equal(call.rows.row[0].state, ROW_OPEN);
	assert_int_equal(journal_down_since_ms(j), 0);
}

static void a_new_holder_fences_the_old_one(void **state)
{
	const struct subject_key draw = draw_of(5);
	struct journal *other = journal_new(loop, pooled, NULL, "two", false);
	struct lease_call lease;
	struct commit_call commit;
	uint64_t fence;

	(void)state;
	lease_call_init(&lease);
	commit_call_init(&commit);
	lease_tick(other, &lease, 0, on_done);
	expect(ERR_OK);
	assert_false(lease.held);
	assert_string_equal(lease.holder, "one");
	journal_open(other, &call, &draw, 0,
		&(struct journal_new_row){ .step = STEP_DRAW, .sig = signature_of(1), .tx = TX, .tx_len = 1 }, on_done);
	expect(ERR_REFUSED);
	assert_non_null(strstr(got.why, "the lease is not held"));
	fence = lease.fence;
	sql_on(direct, "UPDATE keeper.lease SET expires_at = '-infinity'");
	lease_tick(other, &lease, 0, on_done);
	expect(ERR_OK);
	assert_true(lease.held);
	assert_int_equal(lease.fence, fence + 1);
	open_row(&draw, 0, STEP_BIND, 0xA1);
	expect(ERR_REFUSED);
	assert_non_null(strstr(got.why, "PK001"));
	close_row(&draw, 1, ROW_LANDED, 1);
	expect(ERR_REFUSED);
	assert_non_null(strstr(got.why, "the lease is not held"));
	assert_string_equal(sql_on(direct, "SELECT count(*) FROM keeper.steps"), "0");
	lease_release(other, &lease, on_done);
	expect(ERR_OK);
	lease_tick(j, &lease, 0, on_done);
	expect(ERR_OK);
	assert_true(lease.held);
	lease_call_fini(&lease);
	commit_call_fini(&commit);
	journal_free(other);
}

static void a_dry_run_reads_only(void **state)
{
	const struct subject_key draw = draw_of(6);
	struct journal *dry = journal_new(loop, pooled, spool_dir, "dry", true);
	struct lease_call lease;
	const struct journal_new_row row = new_row(STEP_BIND, 0xA1);

	(void)state;
	lease_call_init(&lease);
	lease_tick(dry, &lease, 0, on_done);
	expect(ERR_OK);
	assert_true(lease.held && lease.whole);
	journal_open(dry, &call, &draw, 0, &row, on_done);
	expect(ERR_REFUSED);
	assert_string_equal(got.why, "dry run: nothing is written");
	journal_spool(dry, &call, &draw, 0, &row, on_done);
	expect(ERR_REFUSED);
	journal_load(dry, &call, &draw, on_done);
	expect(ERR_OK);
	lease_release(dry, &lease, on_done);
	expect(ERR_REFUSED);
	assert_string_equal(sql_on(direct, "SELECT owner FROM keeper.lease"), "one");
	lease_call_fini(&lease);
	journal_free(dry);
}

/* A backend writes its statistics when it ends: the pooler's are ended, then the database's transactions are read. */
static unsigned long transactions(void)
{
	const char *name = strrchr(getenv("DIRECT_DATABASE_URL"), '/') + 1;

	sql_on(admin,
		"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = '%s' AND pid <> "
		"%d",
		name, db_backend_pid(direct));
	sleep_ms(100);
	return strtoul(sql_on(admin, "SELECT xact_commit FROM pg_stat_database WHERE datname = '%s'", name), NULL, 10);
}

static unsigned long transactions_of(unsigned ticks)
{
	const unsigned long before = transactions();
	struct lease_call lease;

	lease_call_init(&lease);
	for (unsigned i = 0; i < ticks; i++) {
		lease_tick(j, &lease, INT32_MAX, on_done);
		expect(ERR_OK);
	}
	lease_call_fini(&lease);
	return transactions() - before;
}

/* The difference leaves out what a new connection costs. */
static void a_quiet_tick_is_one_statement(void **state)
{
	(void)state;
	assert_int_equal(transactions_of(25) - transactions_of(5), 20);
}

static void a_cancelled_call_never_answers(void **state)
{
	const struct subject_key draw = draw_of(7);
	struct journal_call gone;

	(void)state;
	journal_call_init(&gone);
	journal_load(j, &gone, &draw, on_done);
	journal_call_fini(&gone);
	journal_call_init(&gone);
	j = (journal_free(j), journal_new(loop, pooled, NULL, "none", false));
	journal_open(j, &gone, &draw, 0,
		&(struct journal_new_row){ .step = STEP_DRAW, .sig = signature_of(1), .tx = TX, .tx_len = 1 }, on_done);
	journal_call_fini(&gone);
	sleep_ms(200);
	assert_int_equal(got.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_row_comes_back_as_it_was_given, begin, end),
		cmocka_unit_test_setup_teardown(failures_and_aggregates_are_read, begin, end),
		cmocka_unit_test_setup_teardown(refusals_say_why, begin, end),
		cmocka_unit_test_setup_teardown(names_of_core_are_those_of_the_table, begin, end),
		cmocka_unit_test_setup_teardown(of_sixteen_openers_one_wins, begin, end),
		cmocka_unit_test_setup_teardown(an_unknown_commit_is_read_back, begin, end),
		cmocka_unit_test_setup_teardown(a_new_holder_fences_the_old_one, begin, end),
		cmocka_unit_test_setup_teardown(a_dry_run_reads_only, begin, end),
		cmocka_unit_test_setup_teardown(a_quiet_tick_is_one_statement, begin, end),
		cmocka_unit_test_setup_teardown(a_cancelled_call_never_answers, begin, end),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
