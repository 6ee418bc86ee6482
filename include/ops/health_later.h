/* Requests to health_http that somebody else answers, when he can: the client waits, the loop does not. */
#ifndef OPS_HEALTH_LATER_H
#define OPS_HEALTH_LATER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LATER_BODY_MAX = 2048 };

struct later; /* one request, from its arrival to its answer */

/* Borrowed until ask() returns. Texts are NUL-terminated; what the client did not send is "", a header NULL. */
struct later_request {
	const char *method, *path;
	const char *authorization, *idempotency_key;
	const char *body;
	size_t n;
	bool body_over; /* it was longer than LATER_BODY_MAX: the rest was thrown away */
	uint64_t began_us;
};

struct later_answer {
	unsigned status;
	const char *body; /* JSON; copied */
	size_t n;
	unsigned retry_after_s; /* 0: not said */
	const char *allow;      /* the methods, for 405; NULL otherwise */
};

/* Who answers. ask() comes with the whole request; later_answer() has to follow exactly once, in ask() or after it, and
 * before health_http_free(). */
struct later_pages {
	void *owner;
	bool (*has)(void *owner, const char *path);
	void (*ask)(void *owner, struct later *request, const struct later_request *what);
};

void later_answer(struct later *request, const struct later_answer *answer);

#endif
