/* The body of a contribution: what is not exactly a wager is none; and the figures of the jackpots' page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/wager.h"
#include "ops/jackpot_kpi.h"

#define WHOLE "{\"gameId\":\"slots\",\"wagerAmount\":1000,\"userId\":\"anna\",\"idempotencyKey\":\"k1\"}"

static const char *parse(struct wager *w, const char *body, const char *header)
{
	return wager_parse(w, body, strlen(body), header);
}

static void test_whole(void **state)
{
	static const char *const same[] = { WHOLE,
		" {\n\t\"userId\" : \"anna\" , \"wagerAmount\" : 1000 ,\r\n "
		"\"idempotencyKey\":\"k1\",\"gameId\":\"slots\" } ",
		"{\"gameId\":\"slots\",\"wagerAmount\":1000,\"userId\":\"anna\"}" };
	struct wager w;
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		assert_null(parse(&w, same[i], "k1"));
		assert_string_equal(w.key, "k1");
		assert_string_equal(w.user, "anna");
		assert_string_equal(w.game, "slots");
		assert_int_equal(w.cents, 1000);
	}
	assert_null(parse(&w, WHOLE, NULL));
	assert_null(parse(&w, "{\"gameId\":\"g\",\"wagerAmount\":1000000000000,\"userId\":\"u\"}", "k"));
	assert_int_equal(w.cents, WAGER_CENTS_MAX);
}

/* Each is refused, with a line that has this in it. */
static void test_refused(void **state)
{
	static const struct {
		const char *body, *why;
	} cases[] = { { "", "not a JSON object" }, { "[]", "not a JSON object" }, { "{}", "not a JSON object of" },
		{ "null", "not a JSON object" }, { "{\"gameId\":\"slots\"", "does not end" },
		{ WHOLE "x", "does not end" }, { WHOLE WHOLE, "does not end" },
		{ "{\"gameId\":\"g\",}", "not a JSON object of" }, { "{\"gameId\":\"g\",\"gameId\":\"h\"}", "twice" },
		{ "{\"wagerAmount\":1,\"wagerAmount\":1}", "twice" }, { "{\"extra\":1}", "has a member besides" },
		{ "{\"gameId\":\"\"}", "1 to 200 printable" }, { "{\"gameId\":\"a\\u0041\"}", "1 to 200 printable" },
		{ "{\"gameId\":\"\xc3\xa4\"}", "1 to 200 printable" }, { "{\"gameId\":5}", "1 to 200 printable" },
		{ "{\"wagerAmount\":\"5\"}", "whole number of cents" },
		{ "{\"wagerAmount\":0}", "whole number of cents" }, { "{\"wagerAmount\":-5}", "whole number of cents" },
		{ "{\"wagerAmount\":05}", "whole number of cents" },
		{ "{\"wagerAmount\":1.5}", "whole number of cents" },
		{ "{\"wagerAmount\":1e3}", "whole number of cents" },
		{ "{\"wagerAmount\":1000000000001}", "whole number of cents" },
		{ "{\"wagerAmount\":18446744073709551617}", "whole number of cents" },
		{ "{\"gameId\":\"g\",\"wagerAmount\":5,\"idempotencyKey\":\"k\"}", "userId is missing" },
		{ "{\"userId\":\"u\",\"wagerAmount\":5,\"idempotencyKey\":\"k\"}", "gameId is missing" },
		{ "{\"userId\":\"u\",\"gameId\":\"g\",\"idempotencyKey\":\"k\"}", "wagerAmount is missing" },
		{ "{\"userId\":\"u\",\"gameId\":\"g\",\"wagerAmount\":5}", "the key is missing" } };
	struct wager w;
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *why = parse(&w, cases[i].body, NULL);

		if (why == NULL || strstr(why, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].body, why != NULL ? why : "taken");
	}
	for (size_t n = 0; n < strlen(WHOLE); n++)
		assert_non_null(wager_parse(&w, WHOLE, n, NULL));
}

static void test_lengths_and_header(void **state)
{
	char body[600], text[WAGER_TEXT_MAX + 2];
	struct wager w;
	(void)state;

	memset(text, 'x', sizeof text);
	text[WAGER_TEXT_MAX + 1] = '\0';
	for (size_t n = WAGER_TEXT_MAX; n <= WAGER_TEXT_MAX + 1; n++) {
		text[n] = '\0';
		(void)snprintf(body, sizeof body, "{\"gameId\":\"%s\",\"userId\":\"u\",\"wagerAmount\":5}", text);
		assert_true((parse(&w, body, "k") == NULL) == (n == WAGER_TEXT_MAX));
		assert_true((parse(&w, "{\"gameId\":\"g\",\"userId\":\"u\",\"wagerAmount\":5}", text) == NULL) ==
			    (n == WAGER_TEXT_MAX));
		text[n] = 'x';
	}
	assert_string_equal(parse(&w, WHOLE, "k2"), "Idempotency-Key and idempotencyKey differ: send one of them");
	assert_non_null(parse(&w, WHOLE, ""));
	assert_non_null(parse(&w, WHOLE, "k\x80"));
}

static void write_kpi(struct buf *out, const struct jackpot_kpi *kpi, size_t busy)
{
	const struct kpi_connections c = { .total = 5, .up = 5, .busy = busy };

	buf_reset(out);
	kpi_write(out, kpi, &c, "{}");
}

static void test_kpi(void **state)
{
	static struct jackpot_kpi kpi;
	char text[4096];
	struct buf out;
	(void)state;

	buf_on(&out, text, sizeof text);
	write_kpi(&out, &kpi, 0);
	assert_non_null(strstr(text, "\"window\":0,\"averageMs\":0.000,\"p50Ms\":0.000,\"p95Ms\":0.000,"));
	assert_non_null(strstr(text, "\"freePercent\":100,\"targetPercent\":80,\"alertPercent\":20,\"state\":\"ok\""));
	for (unsigned i = 1; i <= 100; i++)
		kpi_note(&kpi, KPI_ADDED, i * 1000);
	write_kpi(&out, &kpi, 1);
	assert_non_null(
		strstr(text, "\"window\":100,\"averageMs\":50.500,\"p50Ms\":50.000,\"p95Ms\":95.000,\"maxMs\":100.000,"
			     "\"targetMs\":100,\"alertMs\":500,\"state\":\"ok\""));
	assert_non_null(
		strstr(text, "\"errorPercent\":0.0000,\"targetPercent\":0.1,\"alertPercent\":1,\"state\":\"ok\""));
	assert_non_null(strstr(text, "\"freePercent\":80,\"targetPercent\":80,\"alertPercent\":20,\"state\":\"ok\""));
	for (unsigned i = 0; i < 6; i++)
		kpi_note(&kpi, KPI_ADDED, 100000 + i);
	write_kpi(&out, &kpi, 2);
	assert_non_null(strstr(
		text, "\"p95Ms\":100.000,\"maxMs\":100.005,\"targetMs\":100,\"alertMs\":500,\"state\":\"missed\""));
	assert_non_null(
		strstr(text, "\"freePercent\":60,\"targetPercent\":80,\"alertPercent\":20,\"state\":\"missed\""));
	kpi_note(&kpi, KPI_FAILED, 1);
	for (unsigned i = 0; i < 893; i++)
		kpi_note(&kpi, KPI_ADDED, 600000);
	write_kpi(&out, &kpi, 5);
	assert_non_null(strstr(text, "\"window\":1000,"));
	assert_non_null(
		strstr(text, "\"state\":\"alert\"},\"requests\":{\"added\":999,\"refused\":0,\"failed\":1,"
			     "\"errorPercent\":0.1000,\"targetPercent\":0.1,\"alertPercent\":1,\"state\":\"missed\""));
	assert_non_null(strstr(text, "\"freePercent\":0,\"targetPercent\":80,\"alertPercent\":20,\"state\":\"alert\""));
	for (unsigned i = 0; i < 11; i++)
		kpi_note(&kpi, KPI_FAILED, 1);
	write_kpi(&out, &kpi, 0);
	assert_non_null(
		strstr(text, "\"errorPercent\":1.2000,\"targetPercent\":0.1,\"alertPercent\":1,\"state\":\"alert\""));
	for (unsigned i = 0; i < KPI_WINDOW; i++)
		kpi_note(&kpi, KPI_ANSWERED, 10);
	write_kpi(&out, &kpi, 0);
	assert_non_null(strstr(text, "\"maxMs\":0.010,"));
	assert_non_null(strstr(text, "\"refused\":1000,\"failed\":12,\"errorPercent\":0.0000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lengths_and_header),
		cmocka_unit_test(test_kpi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
