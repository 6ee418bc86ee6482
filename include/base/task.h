/* One asynchronous call in flight, embedded in whatever asked for it. */
#ifndef BASE_TASK_H
#define BASE_TASK_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Rules of every asynchronous call in this program:
 * - done() runs once, from the loop, never inside the call that started it;
 * - done() stores the answer and wakes its owner; it decides nothing;
 * - every call has a deadline, so done() always comes, unless
 * - the owner cancels (x_cancel(task)): then done() is never called after;
 * - an owner cancels before it is freed. Nothing is allocated per call here,
 *   so at most one call is out per task. */
struct reply {
	enum err err;
	const void *data; /* what the started call documents; borrowed until done() returns */
	const char *why;  /* one line for a human when err is not ERR_OK, else ""; borrowed likewise */
};

struct task {
	void (*done)(struct task *, const struct reply *);
	bool busy;
};

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* For the modules that carry tasks out. */
static inline void task_begin(struct task *task, void (*done)(struct task *, const struct reply *))
{
	assert(!task->busy);
	task->done = done;
	task->busy = true;
}

/* The task may be started again, or its owner freed, inside done(). */
static inline void task_end(struct task *task, const struct reply *reply)
{
	assert(task->busy);
	task->busy = false;
	task->done(task, reply);
}

#endif
