/* The event loop: descriptors, timers, signals, and one hook per turn. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_io;

/* One loop per process. SIGPIPE is ignored from here on. Never NULL. */
struct loop *loop_new(void);
/* Everything made on the loop is freed before it. */
void loop_free(struct loop *loop);
/* Until loop_stop(). Runs even if nothing is being waited for. */
void loop_run(struct loop *loop);
/* loop_run() returns after the callbacks of this turn. May be called again. */
void loop_stop(struct loop *loop);

/* Always fresh, never the time at which the turn began. */
uint64_t loop_mono_ms(void); /* never goes back; its zero means nothing    */
uint64_t loop_mono_us(void); /* the same clock, for how long things took   */
int64_t loop_wall_ms(void);  /* Unix time; may jump when the host is set   */

/* Called once per turn, after everything that the turn brought and before the
 * loop may sleep: the place for engine_turn(). One hook; NULL takes it away. */
void loop_each_turn(struct loop *loop, void (*turn)(void *owner), void *owner);

/* Run later: in this turn or the next one, before the turn hook, never inside
 * the call. Embedded in its owner. Deferring it twice before it ran is once. */
struct loop_defer {
	void (*run)(struct loop_defer *);
	struct loop_defer *next; /* private */
	bool queued;             /* private */
};
void loop_defer(struct loop *loop, struct loop_defer *defer, void (*run)(struct loop_defer *));
void loop_defer_cancel(struct loop *loop, struct loop_defer *defer);

/* One-shot timer; set it again in fire() to repeat. Stopped after creation.
 * Setting a running timer moves it. fire() never runs inside loop_timer_set(). */
struct loop_timer *loop_timer_new(struct loop *loop, void (*fire)(void *owner), void *owner);
void loop_timer_set(struct loop_timer *timer, uint64_t in_ms);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_is_set(const struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer); /* NULL is allowed */

/* Readiness of one descriptor, level triggered. Stop it before the descriptor is closed.
 * loop_io_set() may change both the descriptor and the events. */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
struct loop_io *loop_io_new(struct loop *loop, void (*ready)(void *owner, int fd, int events), void *owner);
void loop_io_set(struct loop_io *io, int fd, int events);
void loop_io_stop(struct loop_io *io);
void loop_io_free(struct loop_io *io); /* NULL is allowed */

/* caught() runs from the loop, not from the signal handler. One per signal. */
void loop_on_signal(struct loop *loop, int signo, void (*caught)(void *owner, int signo), void *owner);

#endif
