/* One logfmt line per event on stderr; never blocks, never leaks a secret, never split by its values. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* A line, newline included, is at most LOG_LINE_MAX bytes:
 *   ts=2026-11-21T01:02:03.456Z level=info event=tx.open dry_run=1 pool=Ci7H... seq=4
 * When stderr is the systemd journal (JOURNAL_STREAM names its device and
 * inode) the line has the prefix <3> <4> <6> or <7> instead of ts.
 *
 * ERROR a human must act; WARN we degraded and continue; INFO a fact about
 * money or lifecycle; DEBUG the rest. */
enum { LOG_LINE_MAX = 1024, LOG_RING_SIZE = 65536 };
enum log_format { LOG_LOGFMT, LOG_JSON };
enum log_level { LOG_AT_ERROR, LOG_AT_WARN, LOG_AT_INFO, LOG_AT_DEBUG };

/* event: a constant name, "tx.open". format: constant text of key=value
 * fields separated by one space, "pool=%s seq=%" PRIu64. Conversions are
 * printf's (no %n, %a, %ls); each %s, %.*s and %c value is made safe:
 * - written bare when it is only printable ASCII without space " = \ ;
 * - else quoted, with \" \\ \n \r \t and \xHH for every other byte;
 * - inside literal quotes, why="pay %s", escaped without further quotes.
 * NULL is written as - and an empty string as "". The format itself may be NULL: no fields.
 * A bare value is written whole or not at all, so a signature or an address in a
 * line is always complete. A quoted value is cut at 400 bytes and then ends in
 * ... ; what does not fit the line is left out and the line ends in cut=1. */
void log_event(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define log_error(...) log_event(LOG_AT_ERROR, __VA_ARGS__)
#define log_warn(...) log_event(LOG_AT_WARN, __VA_ARGS__)
#define log_info(...) log_event(LOG_AT_INFO, __VA_ARGS__)
#define log_debug(...) log_event(LOG_AT_DEBUG, __VA_ARGS__)

/* Where lines go. Optional: without it stderr (2) is used from the first line on. */
void log_open(int fd);
/* Lines above this level are not written. LOG_AT_INFO until it is called. */
void log_set_level(enum log_level level);
/* "error" "warn" "info" "debug"; false when the name is none of them. */
bool log_level_parse(const char *name, enum log_level *level);
enum log_level log_level_now(void);
/* LOG_JSON: each line as one JSON object with the same fields, all of them strings; up to twice as long. LOG_LOGFMT until it
 * is called. */
void log_set_format(enum log_format format);
/* "logfmt" "json"; false when the name is neither. */
bool log_format_parse(const char *name, enum log_format *format);
/* Field written after event= in every line, "dry_run=1"; a constant. NULL takes it away. */
void log_set_mark(const char *mark);

/* Every later occurrence of this text in a line becomes ***: the last defence,
 * not the first. It is redact_add() of base/redact.h. */
bool log_secret_add(const char *secret);

/* A line that cannot be written at once without blocking waits in a ring of
 * LOG_RING_SIZE bytes. The loop calls log_drain() when stderr is writable; it
 * returns true while something still waits. When the ring is full, lines are
 * dropped and counted; event=log.dropped lines=N says so as soon as there is room. */
bool log_drain(void);
/* The descriptor to watch while log_drain() returns true. */
int log_fd(void);
/* At exit and before abort: write what waits, for at most this long. */
void log_flush(int timeout_ms);

#endif
