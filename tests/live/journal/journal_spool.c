/* A real outage of over 60 s: reveal and select go to the local spool, and are in the journal once Postgres is back. */
#include "harness.h"

enum { OUTAGE_MS = 62000 };

static struct journal *j;
static struct journal_call call;
static struct commit_call commit;
static struct lease_call lease;

static const struct slot SEED_SLOT = { 700 };

static int begin(void **state)
{
	empty_journal(state);
	j = new_holder("one");
	journal_call_init(&call);
	commit_call_init(&commit);
	lease_call_init(&lease);
	return 0;
}

static int end(void **state)
{
	(void)state;
	journal_call_fini(&call);
	commit_call_fini(&commit);
	lease_call_fini(&lease);
	journal_free(j);
	return 0;
}

static const char *database(void)
{
	return strrchr(getenv("DIRECT_DATABASE_URL"), '/') + 1;
}

/* For the pooler and for us the database is gone; only the admin's own one still answers. */
static void take_away(void)
{
	sql_on(admin, "ALTER DATABASE %s ALLOW_CONNECTIONS false", database());
	sql_on(admin, "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = '%s'",
		database());
}

static void bring_back(void)
{
	sql_on(admin, "ALTER DATABASE %s ALLOW_CONNECTIONS true", database());
	for (int i = 0; i < 100; i++) {
		lease_tick(j, &lease, 0, on_done);
		wait_for(1);
		if (got.err == ERR_OK)
			return;
		sleep_ms(100);
	}
	fail_msg("the database did not come back: %s", got.why);
}

/* Ticks as the engine does, so that the journal notices; the pooler itself stays up all the time. */
static void sit_out(void)
{
	for (int i = 0; i < OUTAGE_MS / 2000; i++) {
		lease_tick(j, &lease, 0, on_done);
		wait_for(1);
		assert_true(got.err == ERR_RETRY || got.err == ERR_UNKNOWN);
		sleep_ms(2000);
	}
}

static void spool_row(const struct subject_key *draw, uint64_t prev_seq, unsigned char sig)
{
	struct journal_new_row row = new_row(STEP_REVEAL_SELECT, sig);

	row.lut_slot.n = 0;
	journal_spool(j, &call, draw, prev_seq, &row, on_done);
}

static void note_answer(const struct subject_key *draw)
{
	const struct pubkey randomness = pubkey_of(0x77), oracle = pubkey_of(0x66);
	const struct hash slothash = { { 1 } };
	const struct oracle_answer answer = { .signature = { 5 }, .recovery_id = 1, .value = { 6 } };

	commits_record(j, &commit, draw, &randomness, &oracle, SEED_SLOT, &slothash, "first", &answer, on_done);
}

/* Each draw with a signature and an account of its own. */
static void bind_draw(const struct subject_key *draw, unsigned char byte)
{
	struct journal_new_row row = new_row(STEP_BIND, byte);
	const struct journal_outcome landed = { .outcome = ROW_LANDED, .landed = { 510 } };

	row.randomness = pubkey_of(byte);
	journal_open(j, &call, draw, 0, &row, on_done);
	expect(ERR_OK);
	journal_close(j, &call, draw, 1, &landed, on_done);
	expect(ERR_OK);
}

static void an_outage_of_a_minute(void **state)
{
	const struct subject_key draw = draw_of(1), moved = draw_of(2);

	(void)state;
	bind_draw(&moved, 0xA1);
	spool_row(&moved, 1, 0xC1);
	expect(ERR_REFUSED);
	bind_draw(&draw, 0xA2);
	take_away();
	sit_out();
	assert_true(journal_down_since_ms(j) > 0);
	note_answer(&draw);
	expect(ERR_OK);
	spool_row(&draw, 1, 0xC2);
	expect(ERR_OK);
	assert_int_equal(call.rows.n, 2);
	assert_int_equal(call.rows.row[0].state, ROW_LANDED);
	assert_true(call.rows.row[1].spooled);
	spool_row(&moved, 0, 0xC3); /* of a row that is not the last one any more */
	expect(ERR_OK);
	bring_back();
	sleep_ms(500);
	journal_load(j, &call, &draw, on_done);
	expect(ERR_OK);
	assert_int_equal(call.rows.n, 2);
	assert_int_equal(call.rows.row[1].state, ROW_OPEN);
	assert_false(call.rows.row[1].spooled);
	assert_int_equal(call.rows.row[1].sig.b[0], 0xC2);
	assert_memory_equal(call.rows.row[1].tx, TX, ROW_TX_MAX);
	assert_string_equal(
		sql_on(direct, "SELECT count(*) FROM keeper.commits WHERE get_byte(answer_value, 0) = 6"), "1");
	assert_string_equal(sql_on(direct, "SELECT count(*) FROM keeper.steps WHERE subject = '%s'", moved.text), "1");
	assert_int_equal(journal_down_since_ms(j), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_outage_of_a_minute, begin, end),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
