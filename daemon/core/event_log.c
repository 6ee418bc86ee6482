/* Which program wrote a "Program data:" line: any program can print one. */
#include "core/event.h"

#include <string.h>

#include "core/base58.h"
#include "core/base64.h"

/* The rest of a line; borrowed. */
struct text {
	const char *p;
	size_t n;
};

static bool skip_prefix(struct text *t, const char *prefix)
{
	size_t n = strlen(prefix);

	if (t->n < n || memcmp(t->p, prefix, n) != 0)
		return false;
	t->p += n;
	t->n -= n;
	return true;
}

static bool is_exactly(struct text t, const char *what)
{
	return skip_prefix(&t, what) && t.n == 0;
}

/* "X " at the start of the rest, X being an address. */
static bool take_address(struct text *t, struct pubkey *out)
{
	const char *blank = t->n > 0 ? memchr(t->p, ' ', t->n) : NULL;
	size_t n;

	if (blank == NULL)
		return false;
	n = (size_t)(blank - t->p);
	if (!base58_to_pubkey(out, t->p, n))
		return false;
	t->p += n + 1;
	t->n -= n + 1;
	return true;
}

/* "[2]" after invoke. */
static bool take_depth(struct text t, unsigned *out)
{
	unsigned depth = 0;

	if (!skip_prefix(&t, "[") || t.n < 2 || t.n > 4)
		return false;
	for (; t.n > 1; t.p++, t.n--) {
		if (*t.p < '0' || *t.p > '9')
			return false;
		depth = depth * 10 + (unsigned)(*t.p - '0');
	}
	*out = depth;
	return *t.p == ']';
}

static void enter(struct event_log *log, const struct pubkey *program, struct text rest)
{
	unsigned depth = 0;

	if (!take_depth(rest, &depth) || depth != log->depth + 1u || log->depth == EVENT_STACK_MAX) {
		log->broken = true;
		return;
	}
	log->stack[log->depth++] = *program;
}

static void leave(struct event_log *log, const struct pubkey *program)
{
	if (log->depth == 0 || !pubkey_equal(&log->stack[log->depth - 1], program)) {
		log->broken = true;
		return;
	}
	log->depth--;
}

void event_log_begin(struct event_log *log)
{
	memset(log, 0, sizeof *log);
}

const struct pubkey *event_log_program(const struct event_log *log)
{
	return log->depth > 0 ? &log->stack[log->depth - 1] : NULL;
}

enum event_line event_log_line(struct event_log *log, const struct pubkey *program, const char *line, size_t n,
	uint8_t *buffer, size_t cap, struct bytes *data)
{
	struct text rest = { line, n };
	const struct pubkey *running = event_log_program(log);
	struct pubkey address;
	size_t size;

	if (is_exactly(rest, "Log truncated")) {
		log->truncated = true;
		return EVENT_LINE_OTHER;
	}
	if (!skip_prefix(&rest, "Program "))
		return EVENT_LINE_OTHER;
	if (skip_prefix(&rest, "data: ")) {
		if (!base64_decode(buffer, cap, &size, rest.p, rest.n))
			return EVENT_LINE_OTHER;
		*data = (struct bytes){ buffer, size };
		/* After a gap or a contradiction the stack is a guess. */
		if (log->broken || log->truncated || running == NULL || !pubkey_equal(running, program))
			return EVENT_LINE_FOREIGN;
		return EVENT_LINE_TRUSTED;
	}
	if (!take_address(&rest, &address))
		return EVENT_LINE_OTHER;
	if (skip_prefix(&rest, "invoke "))
		enter(log, &address, rest);
	else if (is_exactly(rest, "success") || skip_prefix(&rest, "failed"))
		leave(log, &address);
	return EVENT_LINE_OTHER;
}
