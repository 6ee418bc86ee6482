/* Keeps the log's ring draining while stderr cannot take lines at once. */
#ifndef OPS_LOG_WATCH_H
#define OPS_LOG_WATCH_H

#include "io/loop.h"

struct loop_io *log_watch_new(struct loop *loop); /* loop_io_free() ends it */
/* Once per turn of the loop. */
void log_watch_turn(struct loop_io *watch);

/* SIGUSR1: one level more is logged, up to debug; SIGUSR2: one less, down to error. Until the next start. */
void log_watch_signals(struct loop *loop);

#endif
