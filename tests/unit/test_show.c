/* show/judge: a draw is fair only when everything holds; show/out and show/print: the same as text and as JSON; core/pool_name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/address.h"
#include "core/ml.h"
#include "core/pda.h"
#include "core/pool_name.h"
#include "core/tx.h"
#include "oracle_fixture.h"
#include "show/failure.h"
#include "show/judge.h"
#include "show/out.h"
#include "show/print.h"

enum { PLAYERS = 3, BET = 1000003, DAY_S = 86400 };

static struct evidence e;
static struct evidence_accounts a;
static struct sb_net net;
static struct judged judged;

static struct pubkey key_of(unsigned n)
{
	struct pubkey key = { .b = { 1, 2, 3 } };

	key.b[31] = (uint8_t)n;
	return key;
}

static struct seen_at at(uint64_t slot, uint8_t sig)
{
	return (struct seen_at){ .sig = { .b = { sig } }, .slot = { slot }, .time = 1700000000 + (int64_t)slot };
}

static void play(void)
{
	e.mint = key_of(100);
	e.terms = (struct ml_args){ .bet_amount = BET,
		.lock_duration = DAY_S,
		.salt = { .b = { 9 } },
		.max_participants = PLAYERS,
		.dev_wallet = key_of(101),
		.dev_fee_bps = 500,
		.burn_fee_bps = 350,
		.treasury_wallet = key_of(102),
		.treasury_fee_bps = 150 };
	pda_pool(&e.pool, &e.mint, &e.terms.salt);
	e.creator = key_of(0);
	e.token_program = ADDRESS_TOKEN;
	e.created = at(100, 1);
	e.pool_id = draw_pool_id(&e.terms.salt, e.created.slot, &e.creator);
	e.n_players = PLAYERS;
	for (unsigned i = 0; i < PLAYERS; i++)
		e.player[i] = (struct evidence_player){ key_of(i), at(100 + i, (uint8_t)(1 + i)) };
	e.total_amount = (uint64_t)PLAYERS * BET;
}

/* The winner by the rule, computed here once more. */
static void finish(void)
{
	struct evidence_commit *c = &e.commit[0];
	struct event *event = &e.event;
	struct draw_payout split;
	struct drawn drawn;

	assert_int_equal(draw_winner(&drawn, e.pool_id, c->answer.value, PLAYERS), DRAW_OK);
	assert_int_equal(draw_payout(&split, e.total_amount, 500, 350, 150), DRAW_OK);
	e.selected = e.paid = at(320, 21);
	e.paid_to = e.player[drawn.index].wallet;
	pda_ata(&e.paid_token, &e.paid_to, &e.mint, &e.token_program);
	pda_ata(&e.dev_token, &e.terms.dev_wallet, &e.mint, &e.token_program);
	pda_ata(&e.treasury_token, &e.terms.treasury_wallet, &e.mint, &e.token_program);
	e.moved = (struct evidence_moved){ .known = true, .amount = split };
	e.event_known = true;
	event->as.winner.winner = e.paid_to;
	event->as.winner.winner_amount = split.winner_amount;
	event->as.winner.dev_amount = split.dev_amount;
	event->as.winner.burn_amount = split.burn_amount;
	event->as.winner.treasury_amount = split.treasury_amount;
	event->as.winner.randomness = drawn.randomness;
	a.pool.winner = e.paid_to;
	a.pool.randomness = drawn.randomness;
}

static void see_accounts(const struct oracle_fixture *f)
{
	a.has_pool = a.has_participants = a.has_randomness = a.has_oracle = true;
	a.pool = (struct pool_account){ .pool_id = e.pool_id,
		.salt = e.terms.salt,
		.max_participants = PLAYERS,
		.lock_duration = DAY_S,
		.bet_amount = BET,
		.dev_wallet = e.terms.dev_wallet,
		.dev_fee_bps = 500,
		.burn_fee_bps = 350,
		.treasury_wallet = e.terms.treasury_wallet,
		.treasury_fee_bps = 150,
		.start_time = e.created.time,
		.duration = 604800 };
	draw_config_hash(&a.pool.config_hash, &a.pool);
	for (unsigned i = 0; i < PLAYERS; i++)
		a.participants.list[i] = e.player[i].wallet;
	a.randomness = (struct sb_randomness){
		.queue = net.queue, .seed_slot = f->seed_slot, .seed_slothash = f->seed_slothash, .has_signer = true
	};
	memcpy(a.randomness.signer, f->signer, sizeof f->signer);
	a.oracle.queue = net.queue;
	memcpy(a.oracle.signer, f->signer, sizeof f->signer);
}

static int begin(void **state)
{
	struct oracle_fixture f;
	(void)state;

	e = (struct evidence){ .n_donations = 0 };
	a = (struct evidence_accounts){ .has_pool = false };
	net.queue = key_of(103);
	oracle_fixture_begin(&f);
	play();
	e.unlocked = e.requested = at(300, 20);
	e.randomness_account = f.randomness;
	e.n_commits = 1;
	e.commit[0] = (struct evidence_commit){ .at = at(300, 20),
		.oracle = key_of(104),
		.seed_slot = f.seed_slot,
		.seed_slothash = f.seed_slothash,
		.seed_known = true,
		.revealed = at(320, 21),
		.reveal_oracle = key_of(104),
		.answer = f.answer };
	see_accounts(&f);
	finish();
	return 0;
}

static enum check_state state_of(const char *name)
{
	for (unsigned i = 0; i < judged.n; i++)
		if (strcmp(judged.check[i].name, name) == 0)
			return judged.check[i].state;
	fail_msg("there is no check %s", name);
	return CHECK_OK;
}

static void expect(enum verdict verdict, const char *name, enum check_state state)
{
	judge(&judged, &e, &a, &net, NULL);
	if (judged.verdict != verdict)
		fail_msg("verdict is %s (%s), expected %s", verdict_name(judged.verdict), judged.why,
			verdict_name(verdict));
	if (name && state_of(name) != state)
		fail_msg("%s is %s", name, check_state_name(state_of(name)));
}

static void a_good_draw_is_fair(void **state)
{
	(void)state;
	expect(VERDICT_FAIR, NULL, CHECK_OK);
	assert_true(judged.drawn_known && judged.split_known);
	assert_true(pubkey_equal(&judged.winner, &e.paid_to));
	for (unsigned i = 0; i < judged.n; i++)
		assert_int_equal(judged.check[i].state, CHECK_OK);
}

static void rent_that_was_claimed_leaves_it_fair(void **state)
{
	(void)state;
	a.has_pool = a.has_participants = false;
	e.rent_claimed = at(400, 30);
	expect(VERDICT_FAIR, "config_hash", CHECK_GONE);
	assert_int_equal(state_of("participants"), CHECK_GONE);
}

/* Whatever is changed, one byte is enough. */
static void every_lie_is_seen(void **state)
{
	const struct {
		void *byte;
		const char *check;
	} lies[] = {
		{ &e.pool.b[3], "address" },
		{ &a.pool.pool_id, "pool_id" },
		{ &a.pool.config_hash.b[5], "config_hash" },
		{ &e.terms.dev_fee_bps, "config_hash" },
		{ &e.n_players, "players" },
		{ &a.participants.list[1].b[0], "participants" },
		{ &a.participants.count, "participants" },
		{ &a.oracle.queue.b[0], "oracle" },
		{ &a.randomness.queue.b[0], "queue" },
		{ &e.commit[0].reveal_oracle.b[0], "answered_by" },
		{ &e.commit[0].answer.signature[7], "oracle_signature" },
		{ &e.commit[0].answer.value[31], "oracle_signature" },
		{ &a.pool.randomness.lo, "randomness" },
		{ &e.event.as.winner.randomness.hi, "paid_randomness" },
		{ &a.pool.winner.b[0], "winner" },
		{ &e.paid_to.b[0], "paid_winner" },
		{ &e.event.as.winner.dev_amount, "split" },
		{ &e.total_amount, "split" },
		{ &e.moved.amount.burn_amount, "moved" },
		{ &e.paid_token.b[0], "receivers" },
		{ &e.dev_token.b[0], "receivers" },
		{ &e.treasury_token.b[0], "receivers" },
	};

	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		begin(state);
		*(uint8_t *)lies[i].byte ^= 1;
		expect(VERDICT_NOT_FAIR, lies[i].check, CHECK_WRONG);
	}
	begin(state);
	e.moved.stray = true;
	expect(VERDICT_NOT_FAIR, "moved", CHECK_WRONG);
	begin(state);
	e.terms_changed = true;
	expect(VERDICT_NOT_FAIR, "terms", CHECK_WRONG);
}

static void drawing_again_is_seen(void **state)
{
	(void)state;
	/* Another commit after the request, and an answer that was public before. */
	e.commit[1] = e.commit[0];
	e.commit[1].at = at(310, 25);
	e.commit[0].revealed = at(305, 24);
	e.n_commits = 2;
	expect(VERDICT_NOT_FAIR, "one_answer", CHECK_WRONG);
	e.commit[0].revealed = (struct seen_at){ .time = 0 };
	expect(VERDICT_UNKNOWN, "one_answer", CHECK_UNKNOWN);
	begin(state);
	e.commit[0].at = at(299, 19);
	expect(VERDICT_UNKNOWN, "commit", CHECK_UNKNOWN);
	e.commit[0].revealed = at(299, 19);
	expect(VERDICT_NOT_FAIR, "commit", CHECK_WRONG);
	begin(state);
	e.commits_lost = true;
	expect(VERDICT_UNKNOWN, "commit", CHECK_UNKNOWN);
}

static void an_oracle_whose_key_changed_is_not_known(void **state)
{
	(void)state;
	a.randomness.seed_slot.n++; /* the account serves another draw by now */
	expect(VERDICT_FAIR, "oracle_signature", CHECK_OK);
	a.oracle.signer[0] ^= 1;
	expect(VERDICT_UNKNOWN, "oracle_signature", CHECK_UNKNOWN);
	begin(state);
	e.commit[0].seed_known = false;
	expect(VERDICT_UNKNOWN, "oracle_signature", CHECK_UNKNOWN);
	begin(state);
	a.has_oracle = false;
	expect(VERDICT_UNKNOWN, "oracle", CHECK_UNKNOWN);
}

static void what_is_not_over_is_not_decided(void **state)
{
	(void)state;
	e.paid = (struct seen_at){ .time = 0 };
	expect(VERDICT_NOT_FAIR, "participants", CHECK_WRONG); /* only a payout empties the list */
	a.participants.count = PLAYERS;
	expect(VERDICT_NOT_DECIDED, "winner", CHECK_OK);
	a.pool.winner = key_of(77);
	expect(VERDICT_NOT_FAIR, "winner", CHECK_WRONG);
	e.selected = (struct seen_at){ .time = 0 };
	expect(VERDICT_NOT_DECIDED, NULL, CHECK_OK);
	begin(state);
	e.requested = e.selected = e.paid = (struct seen_at){ .time = 0 };
	e.cancelled = at(200, 9);
	expect(VERDICT_UNKNOWN, NULL, CHECK_OK);
	e.created = (struct seen_at){ .time = 0 };
	expect(VERDICT_UNKNOWN, NULL, CHECK_OK);
	begin(state);
	judge(&judged, &e, &a, &net, "a hole");
	assert_int_equal(judged.verdict, VERDICT_UNKNOWN);
	assert_string_equal(judged.why, "a hole");
}

static void names_of_pools(void **state)
{
	static const char address[] = "4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm";
	static const char *const bad[] = { "", "0", "2147483648", "99999999999999999999", "-1", "1x", "draw:", "4wgB:",
		"4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm:", "4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm:1x",
		"4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm:18446744073709551616" };
	struct pool_name name;
	char text[96];
	(void)state;

	assert_true(pool_name_parse(&name, "2147483647"));
	assert_true(name.by_app_id && name.app_id == INT32_MAX);
	assert_true(pool_name_parse(&name, address));
	assert_true(!name.by_app_id && !name.has_pool_id && pubkey_equal(&name.address, &ADDRESS_ML));
	snprintf(text, sizeof text, "draw:%s:18446744073709551615", address);
	assert_true(pool_name_parse(&name, text));
	assert_true(name.has_pool_id && name.pool_id == UINT64_MAX && pubkey_equal(&name.address, &ADDRESS_ML));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(pool_name_parse(&name, bad[i]));
}

static const char *rendered(bool json, bool colour)
{
	static const char *const columns[] = { "a", "long" };
	static char text[1000];
	struct out *out = out_new(json, colour);
	FILE *file = fmemopen(text, sizeof text, "w");

	out_section(out, "one");
	out_field(out, "x", "chain", "%d", 7);
	out_mood_field(out, OUT_BAD, "evil", NULL, "\"\033[2J\n\\");
	out_section(out, "two");
	out_table(out, "rows", columns, 2);
	for (int i = 0; i < 2; i++) {
		out_row_mood(out, i == 1 ? OUT_WARN : OUT_PLAIN);
		out_cell(out, "%d", 1000 * i);
		out_cell(out, "v%d", i);
	}
	out_table_end(out);
	out_field(out, "end", NULL, "z");
	assert_int_equal(out_print(out, file), 0);
	fclose(file);
	out_free(out);
	return text;
}

static void text_and_json_say_the_same(void **state)
{
	(void)state;
	assert_string_equal(rendered(true, true), "{\"one\":{\"x\":{\"value\":\"7\",\"from\":\"chain\"},\"evil\":{"
						  "\"value\":\"\\\"\\u001b[2J\\u000a\\\\\"}},"
						  "\"two\":{\"rows\":[{\"a\":\"0\",\"long\":\"v0\"},{\"a\":\"1000\","
						  "\"long\":\"v1\"}],\"end\":{\"value\":\"z\"}}}\n");
	assert_string_equal(rendered(false, false),
		"one\n  x                    7   [chain]\n  evil                 \"?[2J \\\n\n"
		"two\n  a    long\n  0    v0\n  1000 v1\n  end                  z\n");
	assert_non_null(strstr(rendered(false, true), "\033[31m\"?[2J \\\033[0m\n"));
	assert_non_null(strstr(rendered(false, true), "\033[33m  1000 v1\033[0m\n"));
}

static void numbers_and_times(void **state)
{
	char text[U128_TEXT], amount[AMOUNT_TEXT], time[TIME_TEXT], span[SPAN_TEXT];
	(void)state;

	assert_string_equal(
		print_u128(text, (struct u128){ UINT64_MAX, UINT64_MAX }), "340282366920938463463374607431768211455");
	assert_string_equal(print_u128(text, (struct u128){ 0, 0 }), "0");
	assert_string_equal(print_amount(amount, UINT64_MAX, 9), "18446744073.709551615");
	assert_string_equal(print_amount(amount, 5, 6), "0.000005");
	assert_string_equal(print_time(time, 1763719200), "2025-11-21 10:00:00Z");
	assert_string_equal(print_time(time, 0), "-");
	assert_string_equal(print_span(span, 100, 3700), "in 1 h 0 min");
	assert_string_equal(print_span(span, 161, 100), "1 min 1 s ago");
	assert_string_equal(print_span(span, 0, 90000), "in 1 d 1 h");
}

#define TEST(f) cmocka_unit_test_setup(f, begin)
/* ---- what a failure is called ---- */

static void a_failure_is_named_by_the_program_that_failed(void **state)
{
	const struct pubkey payer = key_of(1), switchboard = key_of(2), other = key_of(3);
	const struct hash blockhash = { { 1 } };
	const struct ix ixs[] = { { .program = ADDRESS_ML }, { .program = switchboard }, { .program = other } };
	struct tx_failure failure = { .custom = true, .code = 6040 };
	static const char *const WANT[] = { "failed at instruction 0: 6040 ",
		"failed at instruction 1: 6040 RandomnessOracleKeyExpired", "failed at instruction 2: 6040",
		"failed at instruction 3: 6040" };
	struct tx tx;
	char text[80];

	(void)state;
	assert_int_equal(tx_compile(&tx, &payer, &blockhash, ixs, 3), TX_OK);
	for (failure.ix = 0; failure.ix < 4; failure.ix++) {
		failure_text(text, sizeof text, &failure, (struct bytes){ tx.bytes, tx.size }, &switchboard);
		if (failure.ix == 0)
			assert_string_equal(text + strlen(WANT[0]), ml_error_name(6040));
		else
			assert_string_equal(text, WANT[failure.ix]);
	}
	failure.ix = 1;
	failure_text(text, sizeof text, &failure, (struct bytes){ NULL, 0 }, &switchboard);
	assert_string_equal(text, "failed at instruction 1: 6040");
	failure.custom = false;
	failure_text(text, sizeof text, &failure, (struct bytes){ tx.bytes, tx.size }, &switchboard);
	assert_string_equal(text, "failed at instruction 1");
	failure.ix = -1;
	failure_text(text, sizeof text, &failure, (struct bytes){ tx.bytes, tx.size }, &switchboard);
	assert_string_equal(text, "failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_draw_is_fair),
		TEST(rent_that_was_claimed_leaves_it_fair),
		TEST(every_lie_is_seen),
		TEST(drawing_again_is_seen),
		TEST(an_oracle_whose_key_changed_is_not_known),
		TEST(what_is_not_over_is_not_decided),
		cmocka_unit_test(a_failure_is_named_by_the_program_that_failed),
		cmocka_unit_test(names_of_pools),
		cmocka_unit_test(text_and_json_say_the_same),
		cmocka_unit_test(numbers_and_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
