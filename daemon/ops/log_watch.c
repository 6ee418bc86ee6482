/* Keeps the log's ring draining while stderr cannot take lines at once. */
#include "ops/log_watch.h"

#include <signal.h>

#include "base/log.h"

static const char *const LEVEL[] = { "error", "warn", "info", "debug" };

static void on_writable(void *owner, int fd, int events)
{
	(void)owner, (void)fd, (void)events; /* the turn that follows drains */
}

struct loop_io *log_watch_new(struct loop *loop)
{
	return loop_io_new(loop, on_writable, NULL);
}

void log_watch_turn(struct loop_io *watch)
{
	if (log_drain())
		loop_io_set(watch, log_fd(), LOOP_WRITE);
	else
		loop_io_stop(watch);
}

/* Told while the more talkative of the two is in force. */
static void on_level(void *owner, int signo)
{
	const enum log_level now = log_level_now();
	const enum log_level next = signo == SIGUSR1 ? (now < LOG_AT_DEBUG ? now + 1 : now)
	                                             : (now > LOG_AT_ERROR ? now - 1 : now);

	(void)owner;
	log_set_level(now > next ? now : next);
	log_warn("log.level", "from=%s to=%s", LEVEL[now], LEVEL[next]);
	log_set_level(next);
}

void log_watch_signals(struct loop *loop)
{
	loop_on_signal(loop, SIGUSR1, on_level, NULL);
	loop_on_signal(loop, SIGUSR2, on_level, NULL);
}
