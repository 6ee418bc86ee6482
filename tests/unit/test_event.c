/* Who wrote a "Program data:" line: the invoke stack over honest, forged, cut and contradictory logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "core/event.h"

#define ML "4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm"
#define TOKEN "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
#define EVIL "ComputeBudget111111111111111111111111111111"
/* UIHint, Unlocked. */
#define DATA "Program data: 5QJGedka55eGj8Ux/+RnBEMK1+PKnMJvxp52pxkArn1yErVMo+hPEwI="

struct expectation {
	const char *line;
	enum event_line kind;
};

static void check_log(struct event_log *log, const struct expectation *lines, size_t n)
{
	event_log_begin(log);
	for (size_t i = 0; i < n; i++) {
		uint8_t buffer[256];
		struct bytes data;
		struct event event;
		enum event_line got = event_log_line(
			log, &ADDRESS_ML, lines[i].line, strlen(lines[i].line), buffer, sizeof buffer, &data);

		if (got != lines[i].kind)
			fail_msg("line %zu \"%s\": got %d", i, lines[i].line, (int)got);
		if (got == EVENT_LINE_OTHER)
			continue;
		assert_true(event_decode(&event, data.p, data.n));
		assert_int_equal(event.kind, EVENT_UI_HINT);
		assert_int_equal(event.as.hint.hint, HINT_UNLOCKED);
	}
}

#define CHECK_LOG(log, lines) check_log(log, lines, sizeof(lines) / sizeof(lines)[0])

static void test_honest(void **unused)
{
	static const struct expectation lines[] = {
		{ "Program " ML " invoke [1]", EVENT_LINE_OTHER },
		{ "Program log: Instruction: PayoutWinner", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_TRUSTED },
		{ "Program " TOKEN " invoke [2]", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_FOREIGN },
		{ "Program " TOKEN " consumed 4645 of 160000 compute units", EVENT_LINE_OTHER },
		{ "Program " TOKEN " success", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_TRUSTED },
		{ "Program return: " ML " AQ==", EVENT_LINE_OTHER },
		{ "Program " ML " success", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_FOREIGN },
	};
	struct event_log log;

	(void)unused;
	CHECK_LOG(&log, lines);
	assert_false(log.broken || log.truncated);
	assert_null(event_log_program(&log));
}

/* A program can print any text, but always behind "Program log: ". */
static void test_forged(void **unused)
{
	static const struct expectation lines[] = {
		{ "Program " EVIL " invoke [1]", EVENT_LINE_OTHER },
		{ "Program log: Program " ML " invoke [2]", EVENT_LINE_OTHER },
		{ "Program log: x\nProgram " ML " invoke [2]", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_FOREIGN },
		{ "Program " ML " invoke [2]", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_TRUSTED },
		{ "Program " ML " failed: custom program error: 0x1785", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_FOREIGN },
		{ "Program " EVIL " success", EVENT_LINE_OTHER },
	};
	struct event_log log;

	(void)unused;
	CHECK_LOG(&log, lines);
	assert_false(log.broken);
}

static void test_truncated(void **unused)
{
	static const struct expectation lines[] = {
		{ "Program " ML " invoke [1]", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_TRUSTED },
		{ "Log truncated", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_FOREIGN },
	};
	struct event_log log;

	(void)unused;
	CHECK_LOG(&log, lines);
	assert_true(log.truncated);
}

/* After a line that cannot be, nothing is trusted any more. */
static void test_contradictions(void **unused)
{
	static const struct expectation wrong_depth[] = { { "Program " ML " invoke [2]", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_FOREIGN } };
	static const struct expectation wrong_exit[] = { { "Program " ML " invoke [1]", EVENT_LINE_OTHER },
		{ "Program " TOKEN " success", EVENT_LINE_OTHER }, { DATA, EVENT_LINE_FOREIGN } };
	static const struct expectation early_exit[] = { { "Program " ML " success", EVENT_LINE_OTHER },
		{ "Program " ML " invoke [1]", EVENT_LINE_OTHER }, { DATA, EVENT_LINE_FOREIGN } };
	static const struct expectation outer_exit[] = { { "Program " ML " invoke [1]", EVENT_LINE_OTHER },
		{ "Program " TOKEN " invoke [2]", EVENT_LINE_OTHER }, { "Program " ML " success", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_FOREIGN } };
	static const struct expectation no_number[] = { { "Program " ML " invoke [x]", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_FOREIGN } };
	static const struct expectation open_bracket[] = { { "Program " ML " invoke [1", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_FOREIGN } };
	static const struct expectation huge[] = { { "Program " ML " invoke [4294967297]", EVENT_LINE_OTHER },
		{ DATA, EVENT_LINE_FOREIGN } };
	struct event_log log;

	(void)unused;
	CHECK_LOG(&log, wrong_depth);
	assert_true(log.broken);
	CHECK_LOG(&log, wrong_exit);
	CHECK_LOG(&log, early_exit);
	CHECK_LOG(&log, outer_exit);
	CHECK_LOG(&log, no_number);
	CHECK_LOG(&log, open_bracket);
	CHECK_LOG(&log, huge);
	assert_true(log.broken);
}

static void test_not_data(void **unused)
{
	static const struct expectation lines[] = {
		{ "Program " ML " invoke [1]", EVENT_LINE_OTHER },
		{ "", EVENT_LINE_OTHER },
		{ "Program ", EVENT_LINE_OTHER },
		{ "Program data: ", EVENT_LINE_TRUSTED },
		{ "Program data: !!!!", EVENT_LINE_OTHER },
		{ "Program data: AAAA AAAA", EVENT_LINE_OTHER },
		{ "Program failed to complete: exceeded CUs meter", EVENT_LINE_OTHER },
		{ "Transfer: insufficient lamports 1, need 2", EVENT_LINE_OTHER },
	};
	struct event_log log;
	uint8_t buffer[64];
	struct bytes data;

	(void)unused;
	event_log_begin(&log);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_int_equal(event_log_line(&log, &ADDRESS_ML, lines[i].line, strlen(lines[i].line), buffer,
					 sizeof buffer, &data),
			lines[i].kind);
	assert_false(log.broken);
	assert_true(pubkey_equal(event_log_program(&log), &ADDRESS_ML));
}

static void test_stack_is_bounded(void **unused)
{
	struct event_log log;
	uint8_t buffer[64];
	struct bytes data;

	(void)unused;
	event_log_begin(&log);
	for (unsigned depth = 1; depth <= EVENT_STACK_MAX + 1; depth++) {
		char line[100];
		int n = snprintf(line, sizeof line, "Program %s invoke [%u]", ML, depth);

		assert_int_equal(event_log_line(&log, &ADDRESS_ML, line, (size_t)n, buffer, sizeof buffer, &data),
			EVENT_LINE_OTHER);
		assert_int_equal(log.broken, depth > EVENT_STACK_MAX);
	}
	assert_int_equal(log.depth, EVENT_STACK_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_honest),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_not_data),
		cmocka_unit_test(test_stack_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
