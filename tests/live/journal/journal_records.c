/* Commits, views, payouts and calls of users from C: every parameter arrives as it was given. */
#include "harness.h"

static struct journal *j;
static struct record_call record;
static struct commit_call commit;

static const struct slot SEED_SLOT = { 700 };

static int begin(void **state)
{
	empty_journal(state);
	j = new_holder("one");
	record_call_init(&record);
	commit_call_init(&commit);
	sql_on(direct,
		"TRUNCATE public.pools, public.transactions, public.participants, public.used_transactions, "
		"public.winners_feed,"
		" public.notifications, public.pool_chat_messages, public.sponsored_participants RESTART IDENTITY");
	return 0;
}

static int end(void **state)
{
	(void)state;
	record_call_fini(&record);
	commit_call_fini(&commit);
	journal_free(j);
	return 0;
}

static struct oracle_answer answer_of(unsigned char byte)
{
	struct oracle_answer answer = { .recovery_id = 3 };

	memset(answer.signature, byte, sizeof answer.signature);
	memset(answer.value, byte + 1, sizeof answer.value);
	return answer;
}

static void note_commit(const struct subject_key *draw, const struct oracle_answer *answer)
{
	const struct pubkey randomness = pubkey_of(0x77), oracle = pubkey_of(0x66);
	const struct hash slothash = { { 0, 1, 2 } };

	commits_record(j, &commit, draw, &randomness, &oracle, SEED_SLOT, &slothash, "first", answer, on_done);
}

static void the_first_answer_is_read_back(void **state)
{
	const struct subject_key draw = draw_of(1);
	const struct oracle_answer first = answer_of(1), second = answer_of(2);

	(void)state;
	note_commit(&draw, NULL);
	expect(ERR_OK);
	assert_ptr_equal(got.data, &commit.row);
	assert_true(commit.row.known && !commit.row.answered);
	assert_int_equal(commit.row.n, 1);
	assert_int_equal(commit.row.seed_slot.n, 700);
	assert_int_equal(commit.row.seed_slothash.b[2], 2);
	note_commit(&draw, &first);
	expect(ERR_OK);
	note_commit(&draw, &second);
	expect(ERR_OK);
	assert_true(commit.row.answered);
	assert_memory_equal(commit.row.answer.signature, first.signature, 64);
	assert_memory_equal(commit.row.answer.value, first.value, 32);
	assert_int_equal(commit.row.answer.recovery_id, 3);
	assert_int_equal(commit.row.total, 1);
}

static void a_free_account_is_found(void **state)
{
	const struct subject_key draw = draw_of(1), other = draw_of(2);
	const struct journal_new_row row = new_row(STEP_BIND, 0xA1), select = new_row(STEP_SELECT, 0xA2);
	struct journal_outcome final = { .outcome = ROW_FINAL, .landed = { 501 } };
	struct journal_call call;

	(void)state;
	journal_call_init(&call);
	commits_free_account(j, &commit, &other, on_done);
	expect(ERR_OK);
	assert_false(commit.row.known);
	journal_open(j, &call, &draw, 0, &row, on_done);
	expect(ERR_OK);
	journal_close(j, &call, &draw, 1, &final, on_done);
	expect(ERR_OK);
	journal_open(j, &call, &draw, 1, &select, on_done);
	expect(ERR_OK);
	commits_free_account(j, &commit, &other, on_done);
	expect(ERR_OK);
	assert_false(commit.row.known);
	journal_close(j, &call, &draw, 2, &final, on_done);
	expect(ERR_OK);
	commits_free_account(j, &commit, &other, on_done);
	expect(ERR_OK);
	assert_true(commit.row.known && pubkey_equal(&commit.row.randomness, &row.randomness));
	assert_int_equal(commit.row.seed_slot.n, 400);
	journal_call_fini(&call);
}

static struct pool_change change_of(unsigned char byte, int64_t app_id)
{
	return (struct pool_change){ .app_id = app_id,
		.address = pubkey_of(byte),
		.at = { 800 },
		.participants = 3,
		.decimals = 6,
		.pool = { .pool_id = UINT64_MAX,
			.mint = pubkey_of(0x51),
			.creator = pubkey_of(0x52),
			.dev_wallet = pubkey_of(0x53),
			.status = POOL_WINNER_SELECTED,
			.bet_amount = 1,
			.total_amount = UINT64_MAX,
			.max_participants = 3,
			.lock_start_time = 1790000000,
			.lock_duration = -1,
			.unlock_time = 1790000060,
			.status_reason = 4,
			.randomness = { .lo = UINT64_MAX, .hi = UINT64_MAX },
			.randomness_account = pubkey_of(0x77),
			.randomness_commit_slot = { 790 },
			.winner = pubkey_of(0x54) } };
}

static void add_app_pool(unsigned char byte)
{
	const struct pubkey address = pubkey_of(byte);
	char text[PUBKEY_TEXT];

	(void)base58_pubkey(text, &address);
	sql_on(direct,
		"INSERT INTO public.pools (pool_address, token_symbol, token_name, entry_amount, min_participants, "
		"max_participants,"
		" status, lock_duration, creator_wallet) VALUES ('%s', 'TOK', 'Token', 1, 2, 3, 'open', 60, 'c')",
		text);
}

static void views_arrive_whole(void **state)
{
	struct pool_change changes[3] = { change_of(1, 1), change_of(2, 0), change_of(3, 2) };

	(void)state;
	add_app_pool(1);
	add_app_pool(3);
	changes[2].participants = changes[2].decimals = 255;
	changes[2].pool.winner = (struct pubkey){ 0 };
	changes[2].pool.randomness = (struct u128){ 10, 0 };
	records_observe(j, &record, changes, 3, on_done);
	expect(ERR_OK);
	assert_int_equal(record.written, 5);
	records_observe(j, &record, changes, 3, on_done);
	expect(ERR_OK);
	assert_int_equal(record.written, 0);
	assert_string_equal(sql_on(direct, "SELECT concat_ws(' ', app_id, pool_id, status, status_slot, status_reason, "
					   "bet_amount, total_amount,"
					   " participants, max_participants, decimals, lock_start_time, lock_duration, "
					   "unlock_time, commit_slot, randomness)"
					   " FROM keeper.draws WHERE app_id = 1"),
		"1 18446744073709551615 5 800 4 1 18446744073709551615 3 3 6 1790000000 -1 1790000060 790"
		" 340282366920938463463374607431768211455");
	assert_string_equal(
		sql_on(direct,
			"SELECT count(*) FROM keeper.draws WHERE app_id = 2 AND winner IS NULL AND participants IS NULL"
			" AND decimals IS NULL AND randomness = 10"),
		"1");
	assert_string_equal(sql_on(direct, "SELECT count(*) FROM keeper.draws WHERE mint <> creator AND dev_wallet <> "
					   "winner AND app_id = 1"),
		"1");
	assert_string_equal(
		sql_on(direct,
			"SELECT concat_ws(' ', status, participants_count, total_pot) FROM public.pools WHERE id = 1"),
		"winnerSelected 3 18446744073709.55");
	assert_string_equal(
		sql_on(direct,
			"SELECT concat_ws(' ', status, participants_count, total_pot) FROM public.pools WHERE id = 2"),
		"winnerSelected 0 0");
}

static void a_thousand_views_are_one_statement(void **state)
{
	static struct pool_change changes[1000];

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		changes[i] = change_of(1, 0);
		changes[i].pool.pool_id = i;
	}
	records_observe(j, &record, changes, 1000, on_done);
	expect(ERR_OK);
	assert_int_equal(record.written, 1000);
	for (size_t i = 0; i < 1000; i++)
		changes[i].at.n++, changes[i].pool.total_amount -= i % 2;
	records_observe(j, &record, changes, 1000, on_done);
	expect(ERR_OK);
	assert_int_equal(record.written, 500);
	records_observe(j, &record, changes, 0, on_done);
	expect(ERR_OK);
	assert_int_equal(record.written, 0);
}

static void a_payout_is_recorded_once(void **state)
{
	const struct subject_key draw = draw_of(1);
	const struct pool_change change = change_of(1, 1);
	const struct journal_new_row row = new_row(STEP_PAYOUT, 0xA1);
	struct journal_payout payout = { .pool = pubkey_of(1),
		.winner = pubkey_of(0x54),
		.mint = pubkey_of(0x51),
		.pool_id = UINT64_MAX,
		.total_amount = UINT64_MAX,
		.winner_amount = UINT64_MAX - 6,
		.dev_amount = 3,
		.burn_amount = 2,
		.treasury_amount = 1,
		.decimals = 6,
		.end_time = 1790000100,
		.sig = signature_of(0xA1),
		.slot = { 810 },
		.seq = 1 };
	struct journal_call call;

	(void)state;
	journal_call_init(&call);
	add_app_pool(1);
	records_observe(j, &record, &change, 1, on_done);
	expect(ERR_OK);
	journal_open(j, &call, &draw, 0, &row, on_done);
	expect(ERR_OK);
	for (int i = 0; i < 2; i++) {
		journal_record_payout(j, &call, &draw, &payout, on_done);
		expect(ERR_OK);
		assert_int_equal(call.rows.row[0].state, ROW_FINAL);
		assert_int_equal(call.rows.row[0].landed.n, 810);
	}
	assert_string_equal(
		sql_on(direct,
			"SELECT count(*) FROM public.transactions WHERE type = 'PAYOUT' AND length(tx_hash) >= 86"),
		"1");
	assert_string_equal(sql_on(direct, "SELECT concat_ws(' ', winner_amount, dev_amount, burn_amount, "
					   "treasury_amount, end_time, payout_slot, over)"
					   " FROM keeper.draws"),
		"18446744073709551609 3 2 1 1790000100 810 t");
	payout.burn_amount = 3;
	payout.dev_amount = 2;
	journal_record_payout(j, &call, &draw, &payout, on_done);
	expect(ERR_REFUSED);
	assert_non_null(strstr(got.why, "is recorded as paid"));
	journal_call_fini(&call);
}

static struct history_call history;

static void load_history(const struct pubkey *address)
{
	histories_load(j, &history, address, on_done);
	expect(ERR_OK);
}

/* Two calls, one of them with everything as large as it can be, two gaps, and a position. */
static void fill(struct history_step *step, const struct pubkey *address)
{
	*step = (struct history_step){ .address = *address,
		.to = { .has_sig = true,
			.sig = signature_of(0xB2),
			.slot = { 6 },
			.has_pool_id = true,
			.pool_id = UINT64_MAX,
			.has_seen = true,
			.seen = { { 7 } } },
		.n_calls = 2,
		.n_gaps = 2,
		.n_reads = 1 };
	step->call[0] = (struct user_call){ .sig = signature_of(0xB1),
		.ix = 2,
		.inner = -1,
		.slot = { 5 },
		.block_time = 1700000000,
		.pool_id = UINT64_MAX,
		.user = pubkey_of(0x61),
		.instruction = "join_pool",
		.has_amount = true,
		.amount = UINT64_MAX,
		.decimals = 6 };
	step->call[1] = (struct user_call){ .sig = signature_of(0xB2),
		.inner = 3,
		.slot = { 6 },
		.pool_id = 7,
		.user = pubkey_of(0x61),
		.instruction = "cancel_pool",
		.decimals = 255 };
	step->gap[0] = (struct history_gap){ signature_of(0xB3), { 4 }, "not_available" };
	step->gap[1] = (struct history_gap){ { { 0 } }, { 3 }, "no_creation" };
	step->read[0] = signature_of(0xB1);
}

static void calls_and_how_far_they_are_read(void **state)
{
	static struct history_step step;
	const struct pubkey address = pubkey_of(0x51);

	(void)state;
	history_call_init(&history);
	load_history(&address);
	assert_false(history.history.has_sig || history.history.has_pool_id || history.history.has_seen);
	fill(&step, &address);
	for (int i = 0; i < 2; i++) {
		histories_record(j, &history, &step, on_done);
		expect(ERR_OK);
		assert_int_equal(history.written, i == 0 ? 2 : 0);
	}
	load_history(&address);
	assert_true(history.history.has_sig && signature_equal(&history.history.sig, &step.to.sig));
	assert_int_equal(history.history.slot.n, 6);
	assert_true(history.history.has_pool_id && history.history.pool_id == UINT64_MAX);
	assert_true(history.history.has_seen && hash_equal(&history.history.seen, &step.to.seen));
	assert_int_equal(history.history.n_gaps, 1);
	assert_true(signature_equal(&history.history.gap[0], &step.gap[0].sig));
	assert_int_equal(history.history.gap_slot[0].n, 4);
	assert_string_equal(
		sql_on(direct, "SELECT string_agg(concat_ws(' ', ix, inner_ix, slot, coalesce(block_time::text, '-'), "
			       "split_part(draw, ':', 3), instruction, amount, decimals), '; ' ORDER BY slot)"
			       " FROM keeper.calls"),
		"2 -1 5 1700000000 18446744073709551615 join_pool 18446744073709551615 6; 0 3 6 - 7 cancel_pool");
	histories_project(j, &history, 100, on_done);
	expect(ERR_OK);
	assert_false(history.more);
	histories_watched(j, &history, &(struct pubkey){ { 0 } }, on_done);
	expect(ERR_OK);
	assert_int_equal(history.n_watched, 1);
	assert_true(pubkey_equal(&history.watched[0].address, &address) && history.watched[0].has_seen);
	histories_watched(j, &history, &address, on_done);
	expect(ERR_OK);
	assert_int_equal(history.n_watched, 0);
	history_call_fini(&history);
}

static void the_list_of_pools_is_read(void **state)
{
	struct lease_call lease;
	const struct pubkey address = pubkey_of(3);
	char text[PUBKEY_TEXT];

	(void)state;
	(void)base58_pubkey(text, &address);
	lease_call_init(&lease);
	add_app_pool(1);
	add_app_pool(3);
	sql_on(direct, "UPDATE public.pools SET status = 'a status of "
		       "somebody else''s making' WHERE id = 2");
	lease_tick(j, &lease, 0, on_done);
	expect(ERR_OK);
	assert_true(lease.held && lease.whole && lease.n == 2);
	assert_int_equal(lease.pools[1].app_id, 2);
	assert_true(lease.pools[1].agrees);
	assert_string_equal(lease.pools[1].address, text);
	assert_string_equal(lease.pools[1].status, "a status of somebody el");
	lease_tick(j, &lease, 2, on_done);
	expect(ERR_OK);
	assert_true(lease.held && !lease.whole && lease.n == 0);
	lease_call_fini(&lease);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_answer_is_read_back, begin, end),
		cmocka_unit_test_setup_teardown(a_free_account_is_found, begin, end),
		cmocka_unit_test_setup_teardown(views_arrive_whole, begin, end),
		cmocka_unit_test_setup_teardown(a_thousand_views_are_one_statement, begin, end),
		cmocka_unit_test_setup_teardown(a_payout_is_recorded_once, begin, end),
		cmocka_unit_test_setup_teardown(calls_and_how_far_they_are_read, begin, end),
		cmocka_unit_test_setup_teardown(the_list_of_pools_is_read, begin, end),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
