/* ops/health and ops/metrics: what turns readiness red, and that every page tells it without a secret or a broken line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ops/health.h"
#include "ops/metrics.h"

enum { NOW = 1000000, TICK = 5000, PATIENCE = 3 * TICK + HEALTH_GRACE_MS };

static struct health_facts facts;
static struct health_verdict verdict;
static struct buf page;

static int all_is_well(void **unused)
{
	(void)unused;
	facts = (struct health_facts){ .phase = HEALTH_PHASE_RUNNING,
		.now_ms = NOW,
		.started_ms = NOW - 61500,
		.wall_ms = 1795256002007,
		.tick_ms = TICK,
		.network = "devnet",
		.engine_known = true,
		.engine = { .ticks = 7, .last_tick_ms = NOW - PATIENCE, .leader = true, .pools = 3, .active = 1 },
		.survey = { .slot_ms = NOW - PATIENCE,
			.confirmed = { 447552312 },
			.n_late = 1,
			.late = { { .seconds = HEALTH_OVERDUE_S, .text = "draw:POOL:1" } } },
		.outside = { .n_nodes = 2, .db_up = true } };
	facts.outside.node[0] = (struct node_snapshot){ .label = "rpc1", .well = true, .latency_us = 41900 };
	facts.outside.node[1] = (struct node_snapshot){
		.label = "rpc2", .lagging = true, .lag = 120, .latency_us = 100
	};
	buf_heap(&page, HEALTH_PAGE_MAX);
	return 0;
}

static int done(void **unused)
{
	(void)unused;
	buf_free(&page);
	return 0;
}

/* Only this check fails, with these words; HEALTH_CHECKS: none does. */
static void expect(enum health_check check, const char *why)
{
	health_judge(&facts, &verdict);
	for (int i = 0; i < HEALTH_CHECKS; i++) {
		assert_int_equal(verdict.ok[i], i != (int)check);
		assert_string_equal(verdict.why[i], i == (int)check ? why : "");
	}
	assert_int_equal(verdict.ready, check == HEALTH_CHECKS);
}

static void nothing_at_its_limit_is_red(void **unused)
{
	(void)unused;
	expect(HEALTH_CHECKS, "");
}

static void a_look_that_is_overdue_is_red(void **unused)
{
	(void)unused;
	facts.engine.last_tick_ms--;
	expect(HEALTH_TICK, "the last complete look at the pools was 17 s ago");
	facts.engine.ticks = 0;
	expect(HEALTH_TICK, "no complete look at the pools yet");
}

static void no_endpoint_that_is_well_is_red(void **unused)
{
	(void)unused;
	facts.outside.node[0] = (struct node_snapshot){ .label = "rpc1", .down = true, .lagging = true, .lag = 9 };
	expect(HEALTH_RPC, "no endpoint is well: rpc1 is down, rpc2 is 120 slots behind");
	facts.outside.node[0] = (struct node_snapshot){ .label = "rpc1", .sick = true };
	facts.outside.n_nodes = 1;
	expect(HEALTH_RPC, "no endpoint is well: rpc1 is unhealthy");
}

static void a_slot_that_stands_still_is_red(void **unused)
{
	(void)unused;
	facts.survey.slot_ms--;
	expect(HEALTH_SLOT, "the newest slot 447552312 has not moved for 17 s");
	facts.survey.slot_ms = 0;
	expect(HEALTH_SLOT, "no slot is known yet");
}

static void a_database_that_is_away_is_red(void **unused)
{
	(void)unused;
	facts.survey.journal_down_since_ms = NOW - 3000;
	expect(HEALTH_DATABASE, "Postgres has been away for 3 s");
	assert_int_equal(health_page_status(health_page_find("/health/database"), &verdict), 503);
	assert_int_equal(health_page_status(health_page_find("/livez"), &verdict), 200);
	assert_int_equal(health_page_status(health_page_find("/metrics"), &verdict), 200);
	facts.survey.journal_down_since_ms = 0;
	facts.outside.db_up = false;
	expect(HEALTH_DATABASE, "not connected to Postgres");
}

static void a_wallet_that_pays_for_no_draw_is_red(void **unused)
{
	(void)unused;
	facts.engine.wallet.n = 4999;
	facts.survey.runway_known = true;
	expect(HEALTH_WALLET, "4999 lamports do not pay for one draw");
	facts.survey.runway = 1;
	expect(HEALTH_CHECKS, "");
}

static void an_overdue_draw_is_red_but_not_on_a_standby(void **unused)
{
	(void)unused;
	facts.survey.late[0].seconds++;
	facts.survey.late[0].reason = WAIT_NO_ORACLE;
	expect(HEALTH_DRAWS, "draw:POOL:1 is overdue for 121 s: NO_ORACLE");
	assert_int_equal(health_page_status(health_page_find("/health/database"), &verdict), 200);
	facts.engine.leader = false;
	expect(HEALTH_CHECKS, "");
	assert_string_equal(health_role(&facts), "standby");
}

static void starting_and_stopping_are_red(void **unused)
{
	(void)unused;
	facts.phase = HEALTH_PHASE_STOPPING;
	expect(HEALTH_RUNNING, "stopping: nothing new is opened");
	facts.phase = HEALTH_PHASE_STARTING;
	facts.engine_known = false;
	health_judge(&facts, &verdict);
	assert_false(verdict.ready || verdict.ok[HEALTH_RUNNING] || verdict.ok[HEALTH_TICK] || verdict.ok[HEALTH_SLOT]);
	assert_string_equal(verdict.why[HEALTH_RUNNING], "starting: endpoints and database are being checked");
	assert_string_equal(health_role(&facts), "starting");
}

static const char *written(const char *path)
{
	buf_reset(&page);
	health_judge(&facts, &verdict);
	health_page_find(path)->write(&page, &facts, &verdict);
	assert_true(buf_ok(&page));
	return page.data;
}

static void the_pages_say_what_is(void **unused)
{
	(void)unused;
	facts.engine.leader = true;
	facts.survey.late[0].seconds = 121;
	facts.survey.draws[WAIT_NO_ORACLE] = 1;
	facts.survey.late[0].reason = WAIT_NO_ORACLE;
	assert_non_null(strstr(written("/health"),
		"{\"status\":\"unhealthy\",\"timestamp\":\"2026-11-21T10:13:22.007Z\",\"uptime\":61,"));
	assert_non_null(strstr(page.data, "\"rpc\":{\"connected\":true,\"currentSlot\":447552312,\"latency\":41,"
					  "\"totalEndpoints\":2,\"healthyEndpoints\":1},\"poolMonitor\":"
					  "{\"running\":true,\"processingCount\":1}"));
	assert_non_null(strstr(page.data, "\"reasons\":[\"draws: draw:POOL:1 is overdue for 121 s: NO_ORACLE\"]}\n"));
	assert_non_null(strstr(written("/readyz"), "[+]wallet ok\n[-]draws draw:POOL:1 is overdue"));
	assert_non_null(strstr(page.data, "role=leader\nnot ready\n"));
	assert_non_null(strstr(written("/api/monitor/status"),
		"\"waiting\":{\"NO_ORACLE\":1},\"oldestOverdue\":{\"subject\":\"draw:POOL:1\",\"seconds\":121,"
		"\"reason\":\"NO_ORACLE\"}"));
	facts.outside.db_last_us = 1042;
	assert_string_equal(written("/health/database"),
		"{\"healthy\":true,\"latency\":1.042,\"poolStats\":{\"total\":1,\"active\":0,\"idle\":1,\"waiting\":0,"
		"\"max\":1},\"reason\":\"\"}\n");
	assert_null(health_page_find("/x"));
	assert_null(health_page_find("/metrics/"));
}

static void metrics_tell_units_without_rounding(void **unused)
{
	(void)unused;
	facts.engine.landings = (struct landings){ .bucket = { 2, 0, 1, 0, 0, 0, 0, 0, 1 }, .slots = 1204 };
	facts.outside.db_us = 12000345;
	facts.engine.last_tick_ms = NOW - 1234;
	written("/metrics");
	assert_non_null(strstr(page.data, "\npoolkeeper_uptime_seconds 61.500\n"));
	assert_non_null(strstr(page.data, "\npoolkeeper_tick_age_seconds 1.234\n"));
	assert_non_null(strstr(page.data, "\npoolkeeper_database_statement_seconds_total 12.000345\n"));
	assert_non_null(strstr(page.data, "_bucket{le=\"1\"} 2\n"));
	assert_non_null(strstr(page.data, "_bucket{le=\"4\"} 3\n"));
	assert_non_null(strstr(page.data, "_bucket{le=\"150\"} 3\npoolkeeper_landed_slots_bucket{le=\"+Inf\"} 4\n"
					  "poolkeeper_landed_slots_sum 1204\npoolkeeper_landed_slots_count 4\n"));
	assert_null(strstr(page.data, "poolkeeper_wallet_lamports "));
	facts.engine.wallet_known = true;
	assert_non_null(strstr(written("/metrics"), "\npoolkeeper_wallet_lamports 0\n"));
}

/* The most that can be there: every endpoint asked for every method, numbers as long as they get. */
static void the_longest_page_fits(void **unused)
{
	(void)unused;
	memset(&facts.engine, 0xff, sizeof facts.engine);
	memset(&facts.survey.pools, 0xff, sizeof facts.survey.pools);
	memset(&facts.survey.draws, 0xff, sizeof facts.survey.draws);
	facts.engine.leader = facts.engine.wallet_known = true;
	facts.outside.n_nodes = SNAPSHOT_NODES;
	facts.outside.n_calls = SNAPSHOT_CALLS;
	for (size_t i = 0; i < SNAPSHOT_NODES; i++)
		facts.outside.node[i] = (struct node_snapshot){
			.label = "rpc1", .lag = UINT64_MAX, .latency_us = UINT64_MAX
		};
	for (size_t i = 0; i < SNAPSHOT_CALLS; i++)
		facts.outside.call[i] = (struct calls_snapshot){ "rpc1", "getMinimumBalanceForRentExemption",
			UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	written("/metrics");
	assert_in_range(page.len, 30000, HEALTH_PAGE_MAX - 30000);
	written("/api/monitor/status");
	written("/health");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_at_its_limit_is_red, all_is_well, done),
		cmocka_unit_test_setup_teardown(a_look_that_is_overdue_is_red, all_is_well, done),
		cmocka_unit_test_setup_teardown(no_endpoint_that_is_well_is_red, all_is_well, done),
		cmocka_unit_test_setup_teardown(a_slot_that_stands_still_is_red, all_is_well, done),
		cmocka_unit_test_setup_teardown(a_database_that_is_away_is_red, all_is_well, done),
		cmocka_unit_test_setup_teardown(a_wallet_that_pays_for_no_draw_is_red, all_is_well, done),
		cmocka_unit_test_setup_teardown(an_overdue_draw_is_red_but_not_on_a_standby, all_is_well, done),
		cmocka_unit_test_setup_teardown(starting_and_stopping_are_red, all_is_well, done),
		cmocka_unit_test_setup_teardown(the_pages_say_what_is, all_is_well, done),
		cmocka_unit_test_setup_teardown(metrics_tell_units_without_rounding, all_is_well, done),
		cmocka_unit_test_setup_teardown(the_longest_page_fits, all_is_well, done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
