/* base/log and base/redact: what a line may hold, and what must never leave the process. */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/redact.h"

static int out[2];
static char seen[256 * 1024];

static int open_pipe(void **state)
{
	(void)state;
	if (pipe(out) != 0)
		return -1;
	log_open(out[1]);
	log_set_level(LOG_AT_INFO);
	log_set_mark(NULL);
	return 0;
}

static int close_pipe(void **state)
{
	(void)state;
	close(out[0]);
	close(out[1]);
	return 0;
}

/* All that can be read now. */
static const char *read_all(void)
{
	struct pollfd pfd = { .fd = out[0], .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	while (poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLIN)) {
		n = read(out[0], seen + len, sizeof seen - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	seen[len] = '\0';
	return seen;
}

/* The line behind its timestamp. */
static const char *read_line(void)
{
	const char *line = read_all();

	assert_memory_equal(line, "ts=", 3);
	assert_int_equal(line[26], 'Z');
	assert_int_equal(line[27], ' ');
	return line + 28;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
		n++;
	return n;
}

static void plain_line(void **state)
{
	(void)state;
	log_info("tx.open", "pool=%s seq=%" PRIu64 " n=%d z=%zu x=%08x f=%.2f pct=%d%% big=%lld neg=%+d", "Ci7H",
		UINT64_MAX, -3, (size_t)9, 0xbeefu, 1.5, 7, -5LL, 4);
	assert_string_equal(read_line(),
		"level=info event=tx.open pool=Ci7H seq=18446744073709551615 n=-3 z=9 x=0000beef "
		"f=1.50 pct=7% big=-5 neg=+4\n");
}

static void without_fields(void **state)
{
	(void)state;
	log_warn("stop", NULL);
	assert_string_equal(read_line(), "level=warn event=stop\n");
}

static void levels(void **state)
{
	enum log_level level;
	(void)state;

	log_debug("a", "x=%d", 1);
	assert_string_equal(read_all(), "");
	log_set_level(LOG_AT_DEBUG);
	log_debug("a", "x=%d", 1);
	assert_string_equal(read_line(), "level=debug event=a x=1\n");
	log_set_level(LOG_AT_ERROR);
	log_warn("a", "x=%d", 1);
	assert_string_equal(read_all(), "");
	assert_true(log_level_parse("warn", &level));
	assert_int_equal(level, LOG_AT_WARN);
	assert_false(log_level_parse("loud", &level));
}

static void mark_is_in_every_line(void **state)
{
	(void)state;
	log_set_mark("dry_run=1");
	log_info("a", "x=%d", 1);
	assert_string_equal(read_line(), "level=info event=a dry_run=1 x=1\n");
}

static void hostile_values(void **state)
{
	static const struct {
		const char *value, *want;
	} cases[] = {
		{ "a b", "\"a b\"" },
		{ "x\nlevel=error event=fake", "\"x\\nlevel=error event=fake\"" },
		{ "x seq=9", "\"x seq=9\"" },
		{ "k=v", "\"k=v\"" },
		{ "say \"hi\"", "\"say \\\"hi\\\"\"" },
		{ "\\", "\"\\\\\"" },
		{ "\r\t\x1b[31m", "\"\\r\\t\\x1b[31m\"" },
		{ "\xe2\x80\xa8", "\"\\xe2\\x80\\xa8\"" },
		{ "\x7f", "\"\\x7f\"" },
		{ "", "\"\"" },
		{ "%s%n", "%s%n" },
		{ NULL, "-" },
	};
	char want[256];
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		log_info("e", "v=%s end=%d", cases[i].value, 1);
		(void)snprintf(want, sizeof want, "level=info event=e v=%s end=1\n", cases[i].want);
		assert_string_equal(read_line(), want);
	}
	log_info("e", "why=\"pay %s now\" c=%c", "a\"b\n", '=');
	assert_string_equal(read_line(), "level=info event=e why=\"pay a\\\"b\\n now\" c=\"=\"\n");
	log_info("e", "v=%.*s", 3, "abcdef");
	assert_string_equal(read_line(), "level=info event=e v=abc\n");
}

static void every_byte_keeps_the_line_whole(void **state)
{
	char value[2] = { 0 };
	const char *line;
	(void)state;

	for (int c = 1; c < 256; c++) {
		value[0] = (char)c;
		log_info("e", "v=%s end=1", value);
		line = read_line();
		assert_int_equal(count(line, "\n"), 1);
		assert_int_equal(count(line, " end=1\n"), 1);
		for (const char *p = line; *p != '\n'; p++)
			assert_true(*p >= ' ' && *p <= '~');
	}
}

static void long_lines_are_cut_at_a_field(void **state)
{
	char sig[89], wide[2000], line[2000];
	const char *got;
	(void)state;

	memset(sig, '5', 88);
	sig[88] = '\0';
	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	log_info("e", "a=%s b=%s c=%s d=%s e=%s f=%s g=%s h=%s i=%s j=%s k=%s l=%s", sig, sig, sig, sig, sig, sig, sig,
		sig, sig, sig, sig, sig);
	got = read_all();
	assert_true(strlen(got) <= LOG_LINE_MAX);
	assert_true(strlen(got) > LOG_LINE_MAX - 100);
	assert_string_equal(got + strlen(got) - 7, " cut=1\n");
	(void)snprintf(line, sizeof line, "=%s ", sig);
	assert_int_equal(count(got, line), count(got, "=5")); /* every one that is there is complete */
	assert_true(count(got, line) >= 10);
	log_info("e", "v=%s end=1", wide); /* a bare value is whole or absent */
	assert_string_equal(read_line(), "level=info event=e cut=1\n");
	wide[10] = ' ';
	log_info("e", "v=%s end=1", wide);
	got = read_line();
	assert_non_null(strstr(got, "www...\" end=1\n"));
	assert_int_equal(strlen(got), strlen("level=info event=e v=\"...\" end=1\n") + 400);
}

static void line_limit_is_exact(void **state)
{
	char value[LOG_LINE_MAX];
	const char *got;
	size_t longest = 0;
	(void)state;

	for (size_t len = 900; len < LOG_LINE_MAX - 1; len++) {
		memset(value, 'v', len);
		value[len] = '\0';
		log_info("e", "v=%s", value);
		got = read_all();
		assert_true(strlen(got) <= LOG_LINE_MAX);
		assert_int_equal(count(got, "\n"), 1);
		if (!strstr(got, "cut=1"))
			longest = strlen(got);
	}
	assert_true(longest >= LOG_LINE_MAX - 8);
}

static void secrets_are_hidden(void **state)
{
	char key[257], line[600];
	const char *got;
	(void)state;

	memset(key, '7', sizeof key - 1);
	key[sizeof key - 1] = '\0';
	assert_true(log_secret_add("hunter2!"));
	assert_true(log_secret_add("hunter2!")); /* twice is once */
	assert_true(log_secret_add("pass word\n\"x\""));
	assert_true(log_secret_add(key));
	assert_false(log_secret_add("short"));
	log_info("e", "a=%s b=%s c=%s", "hunter2!", "xhunter2!hunter2!y", "hunter2");
	assert_string_equal(read_line(), "level=info event=e a=*** b=x***y c=hunter2\n");
	log_info("e", "url=%s", "the pass word\n\"x\" here");
	assert_string_equal(read_line(), "level=info event=e url=\"the *** here\"\n");
	log_info("e", "split=hunt%s", "er2!");
	assert_string_equal(read_line(), "level=info event=e split=***\n");
	(void)snprintf(line, sizeof line, "key %s", key);
	log_info("e", "why=%s", line);
	assert_string_equal(read_line(), "level=info event=e why=\"key ***\"\n");
	memset(line, '.', sizeof line);
	memcpy(line + 395, "hunter2!", 9); /* across the place where a quoted value is cut */
	line[0] = ' ';
	log_info("e", "why=%s", line);
	got = read_line();
	assert_null(strstr(got, "hunt"));
}

static void secret_at_the_end_of_what_is_looked_at(void **state)
{
	char *text = malloc(REDACT_TEXT_MAX + 100);
	(void)state;

	assert_true(log_secret_add("AAAABBBBCCCC"));
	for (int i = 0; i < REDACT_TEXT_MAX + 100; i++)
		text[i] = i % 12 == 0 ? ' ' : "AAAABBBBCCCC"[i % 12];
	for (int i = 0; i + 12 < REDACT_TEXT_MAX + 100; i += 12)
		memcpy(text + i, "AAAABBBBCCCC", 12);
	text[REDACT_TEXT_MAX + 99] = '\0';
	log_info("e", "why=%s", text);
	assert_null(strstr(read_line(), "AAAA"));
	free(text);
}

static void redact_is_in_place(void **state)
{
	char text[] = "hunter2!hunter2! and hunter2!";
	(void)state;

	assert_true(redact_add("hunter2!"));
	text[redact(text, strlen(text))] = '\0';
	assert_string_equal(text, "*** and ***");
}

static void full_pipe_never_blocks_and_drops_are_counted(void **state)
{
	size_t lines;
	unsigned long dropped = 0;
	const char *got, *at;
	(void)state;

	assert_true(fcntl(out[1], F_SETPIPE_SZ, 4096) >= 4096);
	for (int i = 0; i < 5000; i++)
		log_info("flood", "i=%d text=%s", i, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_true(log_drain());
	lines = 0;
	do {
		got = read_all();
		lines += count(got, "event=flood");
		at = strstr(got, "event=log.dropped lines=");
		if (at)
			dropped += strtoul(at + strlen("event=log.dropped lines="), NULL, 10);
	} while (log_drain() || *got);
	assert_true(dropped > 0);
	assert_int_equal(lines + dropped, 5000);
	assert_true(lines >= LOG_RING_SIZE / 120);
	log_info("after", "x=1");
	assert_string_equal(read_line(), "level=info event=after x=1\n");
}

static void lines_stay_whole_through_the_ring(void **state)
{
	static char got[1 << 20];
	size_t len = 0;
	int i = 0, next = 0;
	(void)state;

	assert_true(fcntl(out[1], F_SETPIPE_SZ, 4096) >= 4096);
	for (int round = 0; round < 150; round++) {
		for (int k = 0; k < 40; k++, i++)
			log_info("n", "i=%d pad=%.*s", i, i % 60,
				"0123456789012345678901234567890123456789012345678901234567890");
		do {
			const char *part = read_all();
			memcpy(got + len, part, strlen(part));
			len += strlen(part);
		} while (log_drain());
	}
	memcpy(got + len, read_all(), strlen(seen) + 1);
	for (const char *line = got; *line; line = strchr(line, '\n') + 1, next++) {
		const char *at = strstr(line, " event=n i=");
		assert_memory_equal(line, "ts=", 3);
		assert_true(at && at < strchr(line, '\n'));
		assert_int_equal(strtol(at + strlen(" event=n i="), NULL, 10), next);
	}
	assert_int_equal(next, i);
}

static void flush_waits_for_the_reader_but_not_for_ever(void **state)
{
	(void)state;
	assert_true(fcntl(out[1], F_SETPIPE_SZ, 4096) >= 4096);
	for (int i = 0; i < 200; i++)
		log_info("flood", "i=%d", i);
	log_flush(50);
	assert_true(log_drain());
	while (*read_all())
		log_flush(50);
	assert_false(log_drain());
}

static void reader_that_left(void **state)
{
	(void)state;
	close(out[0]);
	for (int i = 0; i < 10; i++)
		log_info("e", "i=%d", i); /* SIGPIPE would end the test */
	assert_false(log_drain());
}

static void socket_without_reader(void **state)
{
	int pair[2];
	(void)state;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	log_open(pair[0]);
	for (int i = 0; i < 20000; i++)
		log_info("flood", "i=%d text=%s", i, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_true(log_drain());
	assert_false(fcntl(pair[0], F_GETFL) & O_NONBLOCK); /* it may be shared */
	close(pair[0]);
	close(pair[1]);
}

static void journal_prefix(void **state)
{
	struct stat st;
	char stream[64];
	(void)state;

	assert_int_equal(fstat(out[1], &st), 0);
	(void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(out[1]);
	log_error("e", "x=%d", 1);
	assert_string_equal(read_all(), "<3>level=error event=e x=1\n");
	log_info("e", "x=%s", "<0>emerg");
	assert_string_equal(read_all(), "<6>level=info event=e x=<0>emerg\n");
	setenv("JOURNAL_STREAM", "1:1", 1); /* stderr was redirected to a file under systemd */
	log_open(out[1]);
	log_warn("e", "x=%d", 1);
	assert_memory_equal(read_all(), "ts=", 3);
	unsetenv("JOURNAL_STREAM");
}

static int plain_format(void **state)
{
	log_set_format(LOG_LOGFMT);
	return close_pipe(state);
}

static void json_has_the_same_fields(void **state)
{
	enum log_format format;
	char why[2000];
	const char *line, *volatile nothing = NULL;
	(void)state;

	assert_true(log_format_parse("json", &format));
	assert_int_equal(format, LOG_JSON);
	assert_true(log_format_parse("logfmt", &format));
	assert_false(log_format_parse("xml", &format));
	log_set_format(LOG_JSON);
	log_set_mark("dry_run=1");
	log_info("e", "n=%d text=%s empty=%s none=%s why=\"a %s\"", 7, "a \"b\"\\\n\x01", "", nothing, "b c");
	line = read_all();
	assert_memory_equal(line, "{\"ts\":\"", 7);
	assert_string_equal(line + 32, ",\"level\":\"info\",\"event\":\"e\",\"dry_run\":\"1\",\"n\":\"7\",\"text\":\"a "
				       "\\\"b\\\"\\\\\\n\\u0001\","
				       "\"empty\":\"\",\"none\":\"-\",\"why\":\"a b c\"}\n");
	log_set_mark(NULL);
	/* The longest line that there is, all of it escapes. */
	memset(why, 1, sizeof why - 1);
	why[sizeof why - 1] = '\0';
	log_info("e", "a=%s b=%s c=%s", why, why, why);
	line = read_all();
	assert_int_equal(count(line, "\n"), 1);
	assert_string_equal(line + strlen(line) - 2, "}\n");
}

static void json_behind_the_journal_prefix(void **state)
{
	struct stat st;
	char stream[64];
	(void)state;

	assert_int_equal(fstat(out[1], &st), 0);
	(void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(out[1]);
	log_set_format(LOG_JSON);
	log_error("e", "x=%d", 1);
	assert_string_equal(read_all(), "<3>{\"level\":\"error\",\"event\":\"e\",\"x\":\"1\"}\n");
	unsetenv("JOURNAL_STREAM");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_pipe, close_pipe)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plain_line),
		TEST(without_fields),
		TEST(levels),
		TEST(mark_is_in_every_line),
		TEST(hostile_values),
		TEST(every_byte_keeps_the_line_whole),
		TEST(long_lines_are_cut_at_a_field),
		TEST(line_limit_is_exact),
		TEST(secrets_are_hidden),
		TEST(secret_at_the_end_of_what_is_looked_at),
		TEST(redact_is_in_place),
		TEST(full_pipe_never_blocks_and_drops_are_counted),
		TEST(lines_stay_whole_through_the_ring),
		TEST(flush_waits_for_the_reader_but_not_for_ever),
		cmocka_unit_test_setup(reader_that_left, open_pipe),
		TEST(socket_without_reader),
		TEST(journal_prefix),
		cmocka_unit_test_setup_teardown(json_has_the_same_fields, open_pipe, plain_format),
		cmocka_unit_test_setup_teardown(json_behind_the_journal_prefix, open_pipe, plain_format),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
