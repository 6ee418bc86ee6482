/* Formats events as logfmt lines and hands them to stderr without blocking. */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log_json.h"
#include "base/redact.h"

enum { QUOTED_MAX = 400, SPEC_MAX = 24, END_ROOM = sizeof " cut=1\n" };

static struct {
	bool open, journal, dead; /* dead: the descriptor was closed or its reader left */
	int fd;
	enum log_level level;
	enum log_format format;
	const char *mark;
	char ring[LOG_RING_SIZE];
	size_t head, used; /* used bytes wait, from head on, wrapping */
	uint64_t dropped;
} sink = { .level = LOG_AT_INFO };

static const struct {
	const char *name;
	const char *journal_prefix;
} LEVEL[] = {
	[LOG_AT_ERROR] = { "error", "<3>" },
	[LOG_AT_WARN] = { "warn", "<4>" },
	[LOG_AT_INFO] = { "info", "<6>" },
	[LOG_AT_DEBUG] = { "debug", "<7>" },
};

/* ---- values ---- */

static bool is_bare(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' || text[i] == '=' || text[i] == '\\')
			return false;
	return len > 0;
}

static size_t escape(char out[5], unsigned char c)
{
	static const char named[] = "\"\"\\\\\nn\rr\tt";
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i + 1 < sizeof named; i += 2)
		if (c == (unsigned char)named[i]) {
			out[0] = '\\';
			out[1] = named[i + 1];
			return 2;
		}
	if (c >= ' ' && c <= '~') {
		out[0] = (char)c;
		return 1;
	}
	memcpy(out, "\\x", 2);
	out[2] = hex[c >> 4];
	out[3] = hex[c & 15];
	return 4;
}

static void add_escaped(struct buf *line, const char *text, size_t len, bool cut)
{
	char piece[5];
	size_t size, total = 0;

	for (size_t i = 0; i < len; i++) {
		size = escape(piece, (unsigned char)text[i]);
		total += size;
		if (total > QUOTED_MAX) {
			cut = true;
			break;
		}
		buf_add(line, piece, size);
	}
	if (cut)
		buf_str(line, "...");
}

/* len may be SIZE_MAX: up to the NUL. */
static void add_value(struct buf *line, const char *text, size_t len, bool in_quotes)
{
	char copy[REDACT_TEXT_MAX];
	bool cut = false;

	if (!text) {
		buf_char(line, '-');
		return;
	}
	len = strnlen(text, len < REDACT_TEXT_MAX + 1 ? len : REDACT_TEXT_MAX + 1);
	if (len > REDACT_TEXT_MAX) {
		len = REDACT_TEXT_MAX;
		cut = true;
	}
	memcpy(copy, text, len);
	len = redact(copy, len);
	if (cut) /* the end may be the first half of a secret */
		len = len > REDACT_MAX ? len - REDACT_MAX : 0;
	if (in_quotes) {
		add_escaped(line, copy, len, cut);
	} else if (!cut && is_bare(copy, len)) {
		buf_add(line, copy, len);
	} else {
		buf_char(line, '"');
		add_escaped(line, copy, len, cut);
		buf_char(line, '"');
	}
}

/* ---- the format ---- */

struct spec {
	char text[SPEC_MAX]; /* "%-5llu" with a * precision or width resolved */
	int precision;       /* -1: none */
	char length;         /* 0, 'H' for hh, 'h', 'l', 'L' for ll, 'j', 'z', 't' */
	char conversion;
};

/* Reads one conversion after its %; returns where it ends. Formats are our own
 * constants, checked by the compiler, so anything unknown is a bug. */
static const char *read_spec(const char *p, struct spec *spec, va_list *args)
{
	struct buf out;
	bool dot = false;

	buf_on(&out, spec->text, sizeof spec->text);
	*spec = (struct spec){ .precision = -1 };
	buf_char(&out, '%');
	for (; *p && strchr("-+ #0123456789.*", *p); p++) {
		int star = *p == '*' ? va_arg(*args, int) : 0;

		if (*p == '*' && dot)
			spec->precision = star;
		if (*p == '*' && !(dot && star < 0))
			buf_fmt(&out, "%d", star);
		else if (*p != '*')
			buf_char(&out, *p);
		if (*p == '.') {
			dot = true;
			spec->precision = 0;
		} else if (dot && *p >= '0' && *p <= '9') {
			spec->precision = spec->precision * 10 + *p - '0';
		}
	}
	for (; *p && strchr("hljzt", *p); p++) {
		spec->length = spec->length == 'h' ? 'H' : spec->length == 'l' ? 'L' : *p;
		buf_char(&out, *p);
	}
	spec->conversion = *p;
	buf_char(&out, *p);
	assert(*p && buf_ok(&out));
	return p + 1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void add_signed(struct buf *line, const struct spec *spec, va_list *args)
{
	switch (spec->length) {
	case 'L':
		buf_fmt(line, spec->text, va_arg(*args, long long));
		break;
	case 'l':
		buf_fmt(line, spec->text, va_arg(*args, long));
		break;
	case 'j':
		buf_fmt(line, spec->text, va_arg(*args, intmax_t));
		break;
	case 'z':
		buf_fmt(line, spec->text, va_arg(*args, ssize_t));
		break;
	case 't':
		buf_fmt(line, spec->text, va_arg(*args, ptrdiff_t));
		break;
	default:
		buf_fmt(line, spec->text, va_arg(*args, int));
	}
}

static void add_unsigned(struct buf *line, const struct spec *spec, va_list *args)
{
	switch (spec->length) {
	case 'L':
		buf_fmt(line, spec->text, va_arg(*args, unsigned long long));
		break;
	case 'l':
		buf_fmt(line, spec->text, va_arg(*args, unsigned long));
		break;
	case 'j':
		buf_fmt(line, spec->text, va_arg(*args, uintmax_t));
		break;
	case 'z':
		buf_fmt(line, spec->text, va_arg(*args, size_t));
		break;
	case 't':
		buf_fmt(line, spec->text, va_arg(*args, ptrdiff_t));
		break;
	default:
		buf_fmt(line, spec->text, va_arg(*args, unsigned));
	}
}

static void add_conversion(struct buf *line, const struct spec *spec, va_list *args, bool in_quotes)
{
	char one;

	switch (spec->conversion) {
	case 's': {
		const char *text = va_arg(*args, const char *);
		add_value(line, text, spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision, in_quotes);
		break;
	}
	case 'c':
		one = (char)va_arg(*args, int);
		add_value(line, &one, 1, in_quotes);
		break;
	case 'd':
	case 'i':
		add_signed(line, spec, args);
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		add_unsigned(line, spec, args);
		break;
	case 'f':
	case 'g':
	case 'e':
		buf_fmt(line, spec->text, va_arg(*args, double));
		break;
	case 'p':
		buf_fmt(line, spec->text, va_arg(*args, void *));
		break;
	case '%':
		buf_char(line, '%');
		break;
	default:
		abort(); /* a conversion that log.h does not promise */
	}
}
#pragma GCC diagnostic pop

/* Adds the fields that fit; false when one had to be left out. */
static bool add_fields(struct buf *line, const char *format, va_list *args)
{
	struct spec spec;
	size_t whole = line->len;
	bool in_quotes = false;

	if (!format)
		return true;
	buf_char(line, ' ');
	for (const char *p = format; *p;) {
		if (*p == '%') {
			p = read_spec(p + 1, &spec, args);
			add_conversion(line, &spec, args, in_quotes);
			continue;
		}
		if (*p == ' ' && !in_quotes && buf_ok(line))
			whole = line->len;
		if (*p == '"')
			in_quotes = !in_quotes;
		buf_char(line, *p++);
	}
	if (buf_ok(line))
		return true;
	buf_cut(line, whole);
	return false;
}

/* ---- the sink ---- */

static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char mine[64];

	if (!stream || fstat(fd, &st) < 0)
		return false;
	(void)snprintf(mine, sizeof mine, "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, mine) == 0;
}

void log_open(int fd)
{
	sink.fd = fd;
	sink.journal = is_journal(fd);
	sink.open = true;
	sink.dead = false;
	sink.head = sink.used = 0;
	sink.dropped = 0;
}

/* Bytes written, 0 when it would block, -1 when the descriptor is of no use.
 * stderr may be shared with other programs, so O_NONBLOCK must not be set on it: sockets have a
 * flag per call, and a pipe that polls writable takes PIPE_BUF bytes without blocking. */
static ssize_t write_some(const char *bytes, size_t len)
{
	struct pollfd pfd = { .fd = sink.fd, .events = POLLOUT };
	ssize_t n = send(sink.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK) {
		if (poll(&pfd, 1, 0) < 1)
			return 0;
		if (pfd.revents & (POLLERR | POLLNVAL)) /* writing would raise SIGPIPE */
			return -1;
		n = write(sink.fd, bytes, len);
	}
	if (n < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -1;
	return n;
}

/* Writes the line at head, or the rest of it. False when what waits must go on waiting. */
static bool drain_line(void)
{
	char line[LOG_JSON_MAX];
	size_t len = 0;
	ssize_t n;

	do {
		line[len] = sink.ring[(sink.head + len) % LOG_RING_SIZE];
		len++;
	} while (line[len - 1] != '\n');
	n = write_some(line, len);
	if (n < 0) { /* nobody will ever read: keeping lines would only fill the ring */
		sink.used = 0;
		sink.dead = true;
		return false;
	}
	sink.head = (sink.head + (size_t)n) % LOG_RING_SIZE;
	sink.used -= (size_t)n;
	return (size_t)n == len;
}

/* A finished logfmt line, in the form that is set. */
static bool ring_add(const char *line, size_t len)
{
	char json[LOG_JSON_MAX];

	if (sink.format == LOG_JSON) {
		len = log_json(json, line, len);
		line = json;
	}
	if (len > LOG_RING_SIZE - sink.used)
		return false;
	for (size_t i = 0; i < len; i++)
		sink.ring[(sink.head + sink.used + i) % LOG_RING_SIZE] = line[i];
	sink.used += len;
	return true;
}

static void start_line(struct buf *line, enum log_level level, const char *event)
{
	struct timespec now;
	struct tm utc;
	time_t seconds;

	if (sink.journal) {
		buf_str(line, LEVEL[level].journal_prefix);
	} else {
		clock_gettime(CLOCK_REALTIME, &now);
		seconds = now.tv_sec;
		gmtime_r(&seconds, &utc);
		buf_fmt(line, "ts=%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ ", utc.tm_year + 1900, utc.tm_mon + 1,
			utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000);
	}
	buf_fmt(line, "level=%s event=%s", LEVEL[level].name, event);
	if (sink.mark)
		buf_fmt(line, " %s", sink.mark);
}

/* Puts the count of dropped lines in the ring, once there is room for it. */
static void report_dropped(void)
{
	char memory[LOG_LINE_MAX];
	struct buf line;

	if (sink.dropped == 0)
		return;
	buf_on(&line, memory, sizeof memory);
	start_line(&line, LOG_AT_WARN, "log.dropped");
	buf_fmt(&line, " lines=%" PRIu64 "\n", sink.dropped);
	if (ring_add(line.data, line.len))
		sink.dropped = 0;
}

bool log_drain(void)
{
	do {
		report_dropped();
		while (sink.used > 0)
			if (!drain_line())
				return !sink.dead;
	} while (sink.dropped > 0);
	return false;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	char memory[LOG_LINE_MAX];
	struct buf line;
	va_list args;
	const char *end;
	size_t len;

	if (level > sink.level)
		return;
	(void)log_fd();
	if (sink.dead)
		return;
	buf_on(&line, memory, sizeof memory - END_ROOM);
	start_line(&line, level, event);
	va_start(args, format);
	end = add_fields(&line, format, &args) ? "\n" : " cut=1\n";
	va_end(args);
	len = redact(memory, line.len); /* a secret may have been put together from several values */
	memcpy(memory + len, end, strlen(end));
	report_dropped();
	if (sink.dropped > 0 || !ring_add(memory, len + strlen(end)))
		sink.dropped++;
	(void)log_drain();
}

int log_fd(void)
{
	if (!sink.open)
		log_open(STDERR_FILENO);
	return sink.fd;
}

void log_flush(int timeout_ms)
{
	struct pollfd pfd = { .fd = sink.fd, .events = POLLOUT };
	struct timespec start, now;
	long left = timeout_ms;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (log_drain() && left > 0) {
		if (poll(&pfd, 1, (int)left) == 0)
			return;
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = timeout_ms - (now.tv_sec - start.tv_sec) * 1000 - (now.tv_nsec - start.tv_nsec) / 1000000;
	}
}

void log_set_level(enum log_level level)
{
	sink.level = level;
}

enum log_level log_level_now(void)
{
	return sink.level;
}

void log_set_format(enum log_format format)
{
	sink.format = format;
}

bool log_level_parse(const char *name, enum log_level *level)
{
	for (enum log_level i = LOG_AT_ERROR; i <= LOG_AT_DEBUG; i++)
		if (strcmp(name, LEVEL[i].name) == 0) {
			*level = i;
			return true;
		}
	return false;
}

bool log_secret_add(const char *secret)
{
	return redact_add(secret);
}

void log_set_mark(const char *mark)
{
	sink.mark = mark;
}
