/* libev behind a small door: nothing else in the program sees an ev_ type. */
#include "io/loop.h"

#include <assert.h>
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"

enum { LOOP_SIGNALS_MAX = 8 };

struct loop_signal {
	ev_signal watcher;
	void (*caught)(void *owner, int signo);
	void *owner;
};

struct loop {
	struct ev_loop *ev;
	ev_prepare prepare;
	ev_idle awake; /* active while something is deferred: the loop does not sleep then */
	ev_io log;     /* stderr, while lines wait for it */
	struct loop_defer *first, **last;
	void (*turn)(void *owner);
	void *turn_owner;
	struct loop_signal signal[LOOP_SIGNALS_MAX];
	int signals;
};

struct loop_timer {
	ev_timer watcher;
	struct loop *loop;
	void (*fire)(void *owner);
	void *owner;
};

struct loop_io {
	ev_io watcher;
	struct loop *loop;
	void (*ready)(void *owner, int fd, int events);
	void *owner;
};

static void *must_alloc(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

uint64_t loop_mono_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t loop_mono_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int64_t loop_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- once per turn ---- */

/* What is deferred while the list runs belongs to the next turn: a callback
 * that defers itself must not keep the loop from its descriptors. */
static void run_deferred(struct loop *loop)
{
	struct loop_defer *defer, marker = { .queued = true };

	if (!loop->first)
		return;
	*loop->last = &marker;
	loop->last = &marker.next;
	while ((defer = loop->first) != &marker) {
		loop->first = defer->next;
		defer->next = NULL;
		defer->queued = false;
		defer->run(defer);
	}
	loop->first = marker.next;
	if (!loop->first)
		loop->last = &loop->first;
}

static void on_log_writable(struct ev_loop *ev, ev_io *watcher, int events)
{
	(void)events;
	if (!log_drain())
		ev_io_stop(ev, watcher);
}

static void drain_log(struct loop *loop)
{
	if (!log_drain() || ev_is_active(&loop->log))
		return;
	ev_io_set(&loop->log, log_fd(), EV_WRITE);
	ev_io_start(loop->ev, &loop->log);
}

static void on_prepare(struct ev_loop *ev, ev_prepare *watcher, int events)
{
	struct loop *loop = watcher->data;
	(void)events;

	run_deferred(loop);
	if (loop->turn)
		loop->turn(loop->turn_owner);
	drain_log(loop);
	if (loop->first)
		ev_idle_start(ev, &loop->awake);
	else
		ev_idle_stop(ev, &loop->awake);
}

static void on_awake(struct ev_loop *ev, ev_idle *watcher, int events)
{
	(void)ev;
	(void)watcher;
	(void)events;
}

void loop_each_turn(struct loop *loop, void (*turn)(void *owner), void *owner)
{
	loop->turn = turn;
	loop->turn_owner = owner;
}

void loop_defer(struct loop *loop, struct loop_defer *defer, void (*run)(struct loop_defer *))
{
	defer->run = run;
	if (defer->queued)
		return;
	defer->queued = true;
	defer->next = NULL;
	*loop->last = defer;
	loop->last = &defer->next;
}

void loop_defer_cancel(struct loop *loop, struct loop_defer *defer)
{
	struct loop_defer **link = &loop->first;

	if (!defer->queued)
		return;
	while (*link != defer)
		link = &(*link)->next;
	*link = defer->next;
	if (loop->last == &defer->next)
		loop->last = link;
	defer->queued = false;
}

/* ---- the loop ---- */

struct loop *loop_new(void)
{
	struct loop *loop = must_alloc(sizeof *loop);

	loop->ev = ev_loop_new(EVFLAG_NOENV);
	if (!loop->ev)
		abort();
	loop->last = &loop->first;
	ev_prepare_init(&loop->prepare, on_prepare);
	loop->prepare.data = loop;
	ev_prepare_start(loop->ev, &loop->prepare);
	ev_idle_init(&loop->awake, on_awake);
	ev_io_init(&loop->log, on_log_writable, log_fd(), EV_WRITE);
	(void)signal(SIGPIPE, SIG_IGN);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	for (int i = 0; i < loop->signals; i++)
		ev_signal_stop(loop->ev, &loop->signal[i].watcher);
	ev_loop_destroy(loop->ev);
	free(loop);
}

void loop_run(struct loop *loop)
{
	ev_run(loop->ev, 0);
}

void loop_stop(struct loop *loop)
{
	ev_break(loop->ev, EVBREAK_ALL);
}

/* ---- timers ---- */

static void on_timer(struct ev_loop *ev, ev_timer *watcher, int events)
{
	struct loop_timer *timer = watcher->data;
	(void)ev;
	(void)events;

	timer->fire(timer->owner);
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*fire)(void *owner), void *owner)
{
	struct loop_timer *timer = must_alloc(sizeof *timer);

	timer->loop = loop;
	timer->fire = fire;
	timer->owner = owner;
	ev_timer_init(&timer->watcher, on_timer, 0., 0.);
	timer->watcher.data = timer;
	return timer;
}

void loop_timer_set(struct loop_timer *timer, uint64_t in_ms)
{
	struct ev_loop *ev = timer->loop->ev;

	ev_timer_stop(ev, &timer->watcher);
	ev_now_update(ev); /* libev counts from its own now, which is as old as this turn */
	ev_timer_set(&timer->watcher, (double)in_ms / 1000., 0.);
	ev_timer_start(ev, &timer->watcher);
}

void loop_timer_stop(struct loop_timer *timer)
{
	ev_timer_stop(timer->loop->ev, &timer->watcher);
}

bool loop_timer_is_set(const struct loop_timer *timer)
{
	return timer->watcher.active != 0;
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	loop_timer_stop(timer);
	free(timer);
}

/* ---- descriptors ---- */

static void on_ready(struct ev_loop *ev, ev_io *watcher, int events)
{
	struct loop_io *io = watcher->data;
	(void)ev;

	/* EV_ERROR: libev gave the descriptor up; whoever owns it finds out by using it. */
	if (events & EV_ERROR)
		events |= EV_READ | EV_WRITE;
	io->ready(io->owner, watcher->fd, (events & EV_READ ? LOOP_READ : 0) | (events & EV_WRITE ? LOOP_WRITE : 0));
}

struct loop_io *loop_io_new(struct loop *loop, void (*ready)(void *owner, int fd, int events), void *owner)
{
	struct loop_io *io = must_alloc(sizeof *io);

	io->loop = loop;
	io->ready = ready;
	io->owner = owner;
	ev_io_init(&io->watcher, on_ready, 0, 0);
	io->watcher.data = io;
	return io;
}

void loop_io_set(struct loop_io *io, int fd, int events)
{
	int wanted = (events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0);

	assert(fd >= 0 && wanted);
	ev_io_stop(io->loop->ev, &io->watcher);
	ev_io_set(&io->watcher, fd, wanted);
	ev_io_start(io->loop->ev, &io->watcher);
}

void loop_io_stop(struct loop_io *io)
{
	ev_io_stop(io->loop->ev, &io->watcher);
}

void loop_io_free(struct loop_io *io)
{
	if (!io)
		return;
	loop_io_stop(io);
	free(io);
}

/* ---- signals ---- */

static void on_signal(struct ev_loop *ev, ev_signal *watcher, int events)
{
	struct loop_signal *signal_ = watcher->data;
	(void)ev;
	(void)events;

	signal_->caught(signal_->owner, watcher->signum);
}

void loop_on_signal(struct loop *loop, int signo, void (*caught)(void *owner, int signo), void *owner)
{
	struct loop_signal *slot = &loop->signal[loop->signals];

	assert(loop->signals < LOOP_SIGNALS_MAX);
	loop->signals++;
	slot->caught = caught;
	slot->owner = owner;
	ev_signal_init(&slot->watcher, on_signal, signo);
	slot->watcher.data = slot;
	ev_signal_start(loop->ev, &slot->watcher);
}
