/* Logs of strangers: lines separated by a newline. Only the ml program can be trusted, and only inside its own call. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run_line(struct event_log *log, const char *line, size_t n)
{
	uint8_t buffer[256];
	struct bytes bytes = { NULL, 0 };
	struct event event;
	const struct pubkey *running = event_log_program(log);
	bool inside = running != NULL && pubkey_equal(running, &ADDRESS_ML) && !log->broken && !log->truncated;
	enum event_line kind = event_log_line(log, &ADDRESS_ML, line, n, buffer, sizeof buffer, &bytes);

	if (kind == EVENT_LINE_TRUSTED && !inside)
		abort();
	if (kind != EVENT_LINE_OTHER && bytes.n > sizeof buffer)
		abort();
	if (kind != EVENT_LINE_OTHER && event_decode(&event, bytes.p, bytes.n))
		if (event_name(event.kind) == NULL)
			abort();
	if (log->depth > EVENT_STACK_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	struct event_log log;
	struct event event;

	if (event_decode(&event, data, size) && event_name(event.kind) == NULL)
		abort();
	event_log_begin(&log);
	while (size > 0) {
		const char *end = memchr(line, '\n', size);
		size_t n = end != NULL ? (size_t)(end - line) : size;

		run_line(&log, line, n);
		if (end == NULL)
			break;
		line += n + 1;
		size -= n + 1;
	}
	return 0;
}
