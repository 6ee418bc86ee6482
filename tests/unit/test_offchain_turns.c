/* engine/offchain: whose statement runs next. There is one lane for what runs a source's statements, so a source that is slow or
 * names very many draws must not keep the others from it. The journal is the test's: it notes what it is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/parts.h"
#include "io/http.h"
#include "io/loop.h"

enum { NOW = 1000000, BEGAN_S = 1800000000, SOURCES = 2, ROOM = OFFCHAIN_DRAWS_MAX / SOURCES };

static struct engine *e;
static struct offchain *o;
static struct source_defs sources = { .n = SOURCES, .at = { { .name = "slow" }, { .name = "well" } } };
static struct vrf_keys no_keys;
static uint64_t asked_after;
static size_t told;
static char told_first[64];
static struct loop *loop;
static struct http *http;
static char said[1024]; /* the statement that was begun last; empty: none */

static void begin(struct offchain_call *call, const char *verb, const char *of, journal_done *done)
{
	task_begin(&call->task, done);
	(void)snprintf(said, sizeof said, "%s %s", verb, of);
}

/* ---- the journal ---- */

#pragma GCC diagnostic ignored "-Wunused-parameter"

void offchain_call_init(struct offchain_call *call)
{
}
void offchain_call_fini(struct offchain_call *call)
{
}
void offchain_work(struct journal *j, struct offchain_call *call, journal_done *done)
{
	begin(call, "look", "", done);
}
void offchain_ask_due(
	struct journal *j, struct offchain_call *call, const char *due, uint64_t after, journal_done *done)
{
	asked_after = after;
	begin(call, "due", o->asked->name, done);
}
void offchain_tell_init(struct offchain_tell_call *call)
{
}
void offchain_tell_fini(struct offchain_tell_call *call)
{
}
void offchain_tell(struct journal *j, struct offchain_tell_call *call, const struct offchain_waiting *list, size_t n,
	journal_done *done)
{
	told = n;
	(void)snprintf(told_first, sizeof told_first, "%s %s", list[0].reason, list[0].why);
}
void offchain_lock(
	struct journal *j, struct offchain_call *call, const struct offchain_locking *locking, journal_done *done)
{
	begin(call, "lock", locking->source, done);
}
void offchain_settle(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const char *statement, journal_done *done)
{
	begin(call, "settle", draw->key, done);
}

/* What no draw here comes to. */
#define NEVER(name, ...)                                                                                    \
	void name(struct journal *j, struct offchain_call *call, const struct offchain_row *d, __VA_ARGS__) \
	{                                                                                                   \
		abort();                                                                                    \
	}
NEVER(offchain_anchor, journal_done *done)
NEVER(offchain_block, const struct offchain_block *block, journal_done *done)
NEVER(offchain_beacon, const struct drand_signature *signature, const char *by, journal_done *done)
NEVER(offchain_prove, const uint8_t alpha[ALPHA_SIZE], const struct ecvrf_proof *proof, const struct ecvrf_beta *beta,
	journal_done *done)
NEVER(offchain_draw, const struct select_pick *pick, journal_done *done)
NEVER(offchain_default, int64_t chain_s, journal_done *done)
NEVER(offchain_refund, const char *statement, journal_done *done)
NEVER(offchain_halt, const char *why, journal_done *done)
NEVER(offchain_entries, uint64_t first, journal_done *done)

/* ---- what there is ---- */

static int set_up(void **state)
{
	(void)state;
	e = calloc(1, sizeof *e);
	o = calloc(1, sizeof *o);
	e->offchain = o;
	o->e = e;
	o->own.o = o->run.o = o;
	o->fence = e->tick.fence = 1;
	o->look_ms = o->ask_ms = UINT64_MAX;
	e->m.sources = &sources;
	e->m.vrf = &no_keys;
	e->config.offchain_ms = e->config.tick_ms = 5000;
	e->counters.ticks = 1;
	e->counters.wallet_known = true;
	e->counters.wallet.n = UINT64_MAX;
	e->around.leader = e->around.audit_clear = true;
	e->around.now_ms = e->tip_ms = NOW;
	o->clock_ms = BEGAN_S * 1000LL;
	o->clock_at_ms = e->told_ms = NOW;
	e->told_s = BEGAN_S;
	o->nodes.shown_ms = NOW;
	o->search.running = o->search.rpc.task.busy = true; /* no node is asked */
	loop = loop_new();
	http = http_new(loop, &(struct http_config){ .max_connections = 1 }, said, sizeof said);
	e->m.rpc = rpc_new(loop, http, &(struct rpc_config){ .n = 1, .endpoint[0] = { "https://a.example" } });
	/* It failed, and its pause is over. */
	o->source[0].run = (struct attempts){ 1, NOW - OFFCHAIN_SOURCE_BASE_MS };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < o->n; i++)
		free(o->draw[i]);
	for (size_t i = 0; i < o->n_candidates; i++)
		free(o->candidate[i]);
	free(o);
	rpc_free(e->m.rpc);
	http_free(http);
	loop_free(loop);
	free(e);
	return 0;
}

/* A draw whose winners are known: its source's statement pays them. */
static struct offchain_draw *drawn(size_t source, const char *key)
{
	struct offchain_draw *d = o->draw[o->n++] = calloc(1, sizeof *d);

	d->facts.around = &e->around;
	d->facts.row.state = OFFCHAIN_DRAWN;
	d->facts.row.draw.b[0] = (uint8_t)o->n;
	d->facts.source_known = true;
	d->facts.source = o->source[source].run;
	(void)snprintf(d->facts.row.source, sizeof d->facts.row.source, "%s", sources.at[source].name);
	(void)snprintf(d->facts.row.key, sizeof d->facts.row.key, "%s", key);
	return d;
}

static void due(size_t source)
{
	struct offchain_candidate *c = o->candidate[o->n_candidates++] = calloc(1, sizeof *c);

	c->source = &sources.at[source];
}

static const char *turn(void)
{
	said[0] = '\0';
	offchain_turn(e);
	return said;
}

/* ---- the turns ---- */

static void what_a_source_that_is_well_wants_comes_first(void **state)
{
	(void)state;
	due(0);
	due(1);
	drawn(1, "paid first");
	drawn(0, "paid later");
	assert_string_equal(turn(), "settle paid first");
}

static void a_lock_of_a_source_that_is_well_comes_before_all_of_a_slow_one(void **state)
{
	(void)state;
	due(0);
	due(1);
	drawn(0, "paid later");
	assert_string_equal(turn(), "lock well");
}

static void what_is_locked_in_a_slow_source_is_paid_before_more_is_locked(void **state)
{
	(void)state;
	due(0);
	drawn(0, "paid later");
	assert_string_equal(turn(), "settle paid later");
}

static void a_slow_source_has_its_turn_when_its_pause_is_over(void **state)
{
	(void)state;
	due(0);
	o->source[0].run.last_ms++;
	assert_string_equal(turn(), "");
	o->source[0].run.last_ms--;
	assert_string_equal(turn(), "lock slow");
}

static void one_statement_of_a_source_at_a_time(void **state)
{
	(void)state;
	due(1);
	drawn(1, "paid");
	o->ask_ms = NOW;
	o->run.call.task.busy = true;
	assert_string_equal(turn(), "");
	o->run.call.task.busy = false;
	assert_string_equal(turn(), "due slow");
	assert_string_equal(turn(), "");
}

/* As statement_timeout tells of it: the other one's draws are first from then on, whatever their deadlines. */
static void a_source_that_was_not_done_in_time_goes_behind_the_others(void **state)
{
	const struct reply late = { ERR_RETRY, NULL, "57014 canceling statement" }, done = { ERR_OK, NULL, "" };
	struct offchain_draw *first = drawn(1, "due soon"), *second = drawn(0, "due later");

	(void)state;
	first->facts.row.deadline_s = 1;
	second->facts.row.deadline_s = 2;
	offchain_note_run(e, &sources.at[0], "settle", &done);
	assert_ptr_equal(o->draw[0], first);
	offchain_note_run(e, &sources.at[1], "settle", &late);
	assert_ptr_equal(o->draw[0], second);
	assert_int_equal(first->facts.source.failures, 1);
	offchain_note_run(e, &sources.at[1], "settle", &done);
	assert_ptr_equal(o->draw[0], first);
}

static void each_source_is_asked_in_its_turn(void **state)
{
	static const char *const asked[] = { "due slow", "due well", "due slow", "due well" };

	(void)state;
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		o->ask_ms = NOW;
		assert_string_equal(turn(), asked[i]);
		assert_true(o->ask_ms == NOW + e->config.offchain_ms / SOURCES);
		o->due.task.busy = false;
	}
	o->source[0].due = (struct attempts){ 1, NOW }; /* it failed just now */
	o->ask_ms = NOW;
	assert_string_equal(turn(), "due well");
}

/* The table has a place for each source: one that names very many leaves the others theirs. */
static void a_full_source_locks_no_more_and_the_others_do(void **state)
{
	(void)state;
	o->source[0].run = (struct attempts){ 0 };
	for (size_t i = 0; i < ROOM; i++)
		drawn(0, "waits")->wake_ms = UINT64_MAX;
	due(0);
	assert_string_equal(turn(), "");
	due(1);
	assert_string_equal(turn(), "lock well");
	o->run.call.task.busy = false;
	o->n--;
	free(o->draw[o->n]);
	assert_string_equal(turn(), "lock slow");
}

/* Each of these alone: a lock that the chain may never see, or that a restored database has forgotten, is worse than a late one. */
static void nothing_is_locked_in_doubt(void **state)
{
	(void)state;
	due(1);
	e->around.audit_clear = false;
	assert_string_equal(turn(), "");
	e->around.audit_clear = true;
	e->tip_ms = NOW - 2 * e->config.tick_ms - 1;
	assert_string_equal(turn(), "");
	e->tip_ms = NOW;
	e->counters.wallet_known = false;
	assert_string_equal(turn(), "");
	e->counters.wallet_known = true;
	e->counters.wallet.n = 5000; /* the fee of one signature, and nothing for the compute units */
	e->policy.price_cap = 1000000;
	assert_string_equal(turn(), "");
	e->counters.wallet.n = UINT64_MAX;
	e->told_s = BEGAN_S + 61;
	assert_string_equal(turn(), "");
	e->told_s = BEGAN_S - 61;
	assert_string_equal(turn(), "");
	e->told_s = BEGAN_S - 31;
	e->told_ms = NOW - 30001; /* as long ago as that: it would be the same now */
	assert_string_equal(turn(), "");
	e->told_s = BEGAN_S;
	e->told_ms = NOW;
	o->nodes.shown_ms = NOW - 60001;
	assert_string_equal(turn(), "");
	o->nodes.shown_ms = NOW;
	o->candidate[0]->tried = (struct attempts){ 1, NOW };
	assert_string_equal(turn(), "");
	o->candidate[0]->tried = (struct attempts){ 0 };
	assert_string_equal(turn(), "lock well");
}

static void take_page(size_t first, size_t n)
{
	o->asked = &sources.at[1];
	o->due.n_due = n;
	o->due.now_ms = BEGAN_S * 1000LL;
	for (size_t i = 0; i < n; i++)
		(void)snprintf(o->due.due[i].key, OFFCHAIN_KEY, "k%zu", first + i);
	offchain_take_due(e, &o->due);
}

static void rows_that_fail_hide_none_behind_them(void **state)
{
	(void)state;
	take_page(0, OFFCHAIN_DUE_MAX);
	for (size_t i = 0; i < o->n_candidates; i++)
		o->candidate[i]->tried = (struct attempts){ 1, NOW };
	o->next_source = 1;
	o->ask_ms = NOW;
	assert_string_equal(turn(), "due well");
	assert_int_equal(asked_after, OFFCHAIN_DUE_MAX);
	o->due.task.busy = false;
	take_page(OFFCHAIN_DUE_MAX, 2);
	assert_int_equal(o->n_candidates, OFFCHAIN_DUE_MAX + 2);
	assert_string_equal(turn(), "lock well");
	assert_string_equal(o->locking->due.key, "k64");
	o->run.call.task.busy = false;
	o->next_source = 1;
	o->ask_ms = NOW;
	assert_string_equal(turn(), "due well");
	assert_int_equal(asked_after, 0); /* the page was not full: from the beginning again */
	o->due.task.busy = false;
	take_page(0, 1); /* what its page does not name any more is over; other pages stay */
	assert_int_equal(o->n_candidates, 3);
	assert_int_equal(o->candidate[0]->tried.failures, 1);
}

static void what_failed_least_often_is_tried_first(void **state)
{
	(void)state;
	due(1);
	due(1);
	o->candidate[0]->tried = (struct attempts){ 1, NOW - OFFCHAIN_SOURCE_BASE_MS };
	assert_string_equal(turn(), "lock well");
	assert_ptr_equal(o->locking, o->candidate[1]);
}

/* However many there are, memory ends: the oldest ones are forgotten. */
static void of_very_many_the_newest_are_kept(void **state)
{
	const size_t pages = OFFCHAIN_CANDIDATES_EACH / OFFCHAIN_DUE_MAX + 1;

	(void)state;
	for (size_t i = 0; i < pages; i++)
		take_page(i * OFFCHAIN_DUE_MAX, OFFCHAIN_DUE_MAX);
	assert_int_equal(o->n_candidates, OFFCHAIN_CANDIDATES_EACH);
	assert_string_equal(o->candidate[0]->due.key, "k64");
}

static void what_waits_is_told_when_it_changes(void **state)
{
	(void)state;
	due(1);
	o->run.call.task.busy = true;
	o->changed = true;
	assert_string_equal(turn(), "");
	assert_int_equal(told, 1);
	assert_string_equal(told_first, "NONE ");
	told = 0;
	e->around.now_ms += 1000;
	assert_string_equal(turn(), "");
	assert_int_equal(told, 0);
	e->around.audit_clear = false;
	assert_string_equal(turn(), "");
	assert_string_equal(told_first, "OFFCHAIN_AUDIT ");
	e->around.now_ms += 1000;
	e->around.audit_clear = true;
	o->nodes.shown_ms = 0;
	(void)snprintf(o->nodes.why, sizeof o->nodes.why, "rpc2 shows none");
	assert_string_equal(turn(), "");
	assert_string_equal(told_first, "OFFCHAIN_NODES rpc2 shows none");
}

/* Who does not lead, or has lost Postgres, says nothing. */
static void nobody_else_takes_a_turn(void **state)
{
	(void)state;
	due(1);
	o->look_ms = 0;
	e->around.leader = false;
	assert_string_equal(turn(), "");
	e->around.leader = true;
	e->around.stopping = true;
	assert_string_equal(turn(), "");
	e->around.stopping = false;
	e->around.journal_down_since_ms = 1;
	assert_string_equal(turn(), "");
	e->around.journal_down_since_ms = 0;
	e->policy.dry_run = true;
	assert_string_equal(turn(), "");
	e->policy.dry_run = false;
	e->tick.fence = 2; /* what is out was begun under the lease before */
	o->own.call.task.busy = true;
	assert_string_equal(turn(), "");
	o->own.call.task.busy = false;
	assert_string_equal(turn(), "lock well");
	assert_true(o->look.task.busy);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_a_source_that_is_well_wants_comes_first),
		TEST(a_lock_of_a_source_that_is_well_comes_before_all_of_a_slow_one),
		TEST(what_is_locked_in_a_slow_source_is_paid_before_more_is_locked),
		TEST(a_slow_source_has_its_turn_when_its_pause_is_over),
		TEST(one_statement_of_a_source_at_a_time),
		TEST(a_source_that_was_not_done_in_time_goes_behind_the_others),
		TEST(each_source_is_asked_in_its_turn),
		TEST(a_full_source_locks_no_more_and_the_others_do),
		TEST(nothing_is_locked_in_doubt),
		TEST(rows_that_fail_hide_none_behind_them),
		TEST(what_failed_least_often_is_tried_first),
		TEST(of_very_many_the_newest_are_kept),
		TEST(what_waits_is_told_when_it_changes),
		TEST(nobody_else_takes_a_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
