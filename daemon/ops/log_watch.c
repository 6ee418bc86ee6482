/* Keeps the log's ring draining while stderr cannot take lines at once. */
#include "ops/log_watch.h"

#include "base/log.h"

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
