/* What the live tests of the journal share: a loop, a pooled and a direct connection, and calls that wait for their answer. */
#ifndef LIVE_JOURNAL_HARNESS_H
#define LIVE_JOURNAL_HARNESS_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base58.h"
#include "io/db.h"
#include "io/loop.h"
#include "journal/commits.h"
#include "journal/histories.h"
#include "journal/journal.h"
#include "journal/lease.h"
#include "journal/records.h"

enum { WAIT_MS = 20000, SQL_TEXT = 1024 };

static struct loop *loop;
static struct db *pooled; /* as the daemon has it                                        */
static struct db *admin;  /* another database of the server, past the pooler             */
static struct db *direct; /* the same database, past the pooler                          */
static const char *spool_dir;

/* The last answer. */
static struct {
	enum err err;
	char why[256];
	const void *data;
	unsigned n;
} got;
static char value[SQL_TEXT]; /* first column of the first row of the last SQL                 */

static inline void on_done(struct task *task, const struct reply *reply)
{
	(void)task;
	got.err = reply->err;
	got.data = reply->data;
	(void)snprintf(got.why, sizeof got.why, "%s", reply->why);
	got.n++;
	loop_stop(loop);
}

static inline void on_timeout(void *owner)
{
	(void)owner;
	fprintf(stderr, "no answer within %d ms\n", WAIT_MS);
	abort();
}

/* Runs the loop until n answers came. */
static inline void wait_for(unsigned n)
{
	struct loop_timer *timer = loop_timer_new(loop, on_timeout, NULL);

	loop_timer_set(timer, WAIT_MS);
	while (got.n < n)
		loop_run(loop);
	loop_timer_free(timer);
	got.n = 0;
}

static inline void stop_turn(void *owner)
{
	(void)owner;
	loop_stop(loop);
}

static inline void sleep_ms(uint64_t ms)
{
	struct loop_timer *timer = loop_timer_new(loop, stop_turn, NULL);

	loop_timer_set(timer, ms);
	while (loop_timer_is_set(timer))
		loop_run(loop);
	loop_timer_free(timer);
}

#define expect(wanted)                                                                                    \
	do {                                                                                              \
		wait_for(1);                                                                              \
		if (got.err != (wanted))                                                                  \
			print_message("%s:%d: %s: %s\n", __FILE__, __LINE__, err_name(got.err), got.why); \
		assert_int_equal(got.err, wanted);                                                        \
	} while (0)

static inline void on_sql(struct task *task, const struct reply *reply)
{
	const char *text = db_rows(reply->data) > 0 ? db_get(reply->data, 0, 0) : NULL;

	(void)snprintf(value, sizeof value, "%s", text ? text : "");
	on_done(task, reply);
}

static inline struct db_call *start_sql(struct db *db, struct db_call *call, const char *sql)
{
	*call = (struct db_call){ .sql = sql, .deadline_ms = WAIT_MS, .writes = true };
	db_run(db, call, on_sql);
	return call;
}

/* The first value of a statement on the direct connection of the same database. */
static inline const char *sql_on(struct db *db, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline const char *sql_on(struct db *db, const char *format, ...)
{
	struct db_call call;
	char text[SQL_TEXT];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	start_sql(db, &call, text);
	wait_for(1);
	if (got.err != ERR_OK)
		print_message("%s\n%s\n", text, got.why);
	assert_int_equal(got.err, ERR_OK);
	return value;
}

static inline struct db *connect_to(const char *variable)
{
	char why[256];
	const char *url = getenv(variable);
	struct db_config config = { .conninfo = url, .name = "journal" };
	struct db *db;

	if (!url) {
		fprintf(stderr, "%s is not set: run tests/live/journal/run.js\n", variable);
		exit(2);
	}
	db = db_new(loop, &config, why, sizeof why);
	if (!db) {
		fprintf(stderr, "%s: %s\n", variable, why);
		exit(2);
	}
	return db;
}

static inline int set_up(void **state)
{
	(void)state;
	loop = loop_new();
	pooled = connect_to("DATABASE_URL");
	direct = connect_to("DIRECT_DATABASE_URL");
	admin = connect_to("ADMIN_DATABASE_URL");
	spool_dir = getenv("SPOOL_DIR");
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	db_free(pooled);
	db_free(direct);
	db_free(admin);
	loop_free(loop);
	return 0;
}

/* Every test begins with an empty journal that nobody holds. */
static inline int empty_journal(void **state)
{
	(void)state;
	sql_on(direct, "WITH a AS (DELETE FROM keeper.bindings), b AS (DELETE FROM keeper.commits), c AS (DELETE FROM "
		       "keeper.draws),"
		       " d AS (DELETE FROM keeper.calls), e AS (DELETE FROM keeper.watermarks), f AS (DELETE FROM "
		       "keeper.call_gaps), g AS (DELETE FROM keeper.leftovers)"
		       " UPDATE keeper.lease SET owner = '', expires_at = '-infinity'");
	sql_on(direct, "DELETE FROM keeper.steps");
	return 0;
}

static inline struct journal *new_holder(const char *owner)
{
	struct journal *j = journal_new(loop, pooled, spool_dir, owner, false);
	struct lease_call lease;

	lease_call_init(&lease);
	lease_tick(j, &lease, 0, on_done);
	expect(ERR_OK);
	assert_true(lease.held);
	lease_call_fini(&lease);
	return j;
}

/* ---- made-up keys and rows ---- */

static inline struct pubkey pubkey_of(unsigned char byte)
{
	struct pubkey key;

	memset(key.b, byte, sizeof key.b);
	return key;
}

static inline struct signature signature_of(unsigned char byte)
{
	struct signature sig;

	memset(sig.b, byte, sizeof sig.b);
	return sig;
}

static inline struct subject_key draw_of(unsigned char byte)
{
	struct subject_key key;
	struct pubkey pool = pubkey_of(byte);
	char text[PUBKEY_TEXT];

	(void)base58_pubkey(text, &pool);
	(void)snprintf(key.text, sizeof key.text, "draw:%s:18446744073709551615", text);
	return key;
}

static const uint8_t TX[ROW_TX_MAX] = { 1, 0, 255, 7, [ROW_TX_MAX - 1] = 9 };

static inline struct journal_new_row new_row(enum step step, unsigned char sig)
{
	return (struct journal_new_row){ .step = step,
		.sig = signature_of(sig),
		.last_valid = { 900 },
		.floor = { 500 },
		.randomness = pubkey_of(0x77),
		.oracle = pubkey_of(0x66),
		.lut_slot = { 400 },
		.tx = TX,
		.tx_len = ROW_TX_MAX };
}
#endif
