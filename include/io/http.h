/* HTTP/1.1 requests over kept-alive connections: bytes out, bytes in, with a deadline. */
#ifndef IO_HTTP_H
#define IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/task.h"
#include "io/loop.h"

struct http;
struct http_transfer;

struct http_config {
	unsigned max_connections;    /* over all hosts; more calls than this wait, their deadlines running */
	const char *accept_encoding; /* NULL: ask for no compression; "zstd, gzip"; "" for all that libcurl knows */
	const char *proxy;           /* NULL: none, and the environment's *_proxy is ignored */
	const char *ca_file;         /* NULL: the system's */
	const char *user_agent;      /* NULL: none is sent */
};

/* Texts of config are copied. NULL, with one line in why, when libcurl cannot
 * look up host names without blocking the loop or refuses a setting. */
struct http *http_new(struct loop *loop, const struct http_config *config, char *why, size_t why_size);
/* Calls still out are cancelled. Not from inside a done(). NULL is allowed. */
void http_free(struct http *http);

/* Lives in its owner until done() or http_cancel(); everything it points to is
 * borrowed as long. task must be zero before its first use. */
struct http_call {
	struct task task;           /* reply.data is a struct http_reply, for every err */
	const char *label;          /* names the endpoint in reply.why: url is never shown, it may hold a secret */
	const char *url;            /* http:// or https:// */
	const char *const *headers; /* "Name: value" without CR or LF; ends with NULL; NULL for none */
	const void *body;           /* POST only */
	size_t body_len;
	uint32_t deadline_ms;           /* > 0; from http_post() to done(), waiting for a connection included */
	size_t max_reply;               /* > 0; most body bytes, after decoding */
	struct http_transfer *transfer; /* private */
};

/* How reply.err follows from what happened:
 *   OK       status 2xx and the whole body is here
 *   RETRY    nothing was sent (name, connect, TLS, still waiting); status 429 or 503; any loss on a GET
 *   UNKNOWN  the request had left, then: lost, reset, cut short, deadline, reply too large or malformed;
 *            or another 5xx status, or 408
 *   REFUSED  another status (redirects are not followed)
 *   INVALID  the URL or a header is not usable; a GET whose reply is too large
 * libcurl repeats a request by itself, once per stale connection, when a kept-alive connection
 * turns out to be closed before any byte of the reply: callers must send only what may arrive twice. */
struct http_reply {
	int status;       /* 0 when no status line came */
	const char *body; /* NUL-terminated, never NULL; what came so far unless OK; borrowed until done() returns */
	size_t len;
	uint32_t retry_after_s; /* from Retry-After (seconds or date), at most 3600; 0 when absent */
	bool left;              /* some of the request had been handed to the connection */
	bool too_large;         /* the reply passed max_reply */
	bool reused;            /* it went over a kept-alive connection */
	uint32_t ms;            /* from the start of the call */
};

void http_post(struct http *http, struct http_call *call, void (*done)(struct task *, const struct reply *));
void http_get(struct http *http, struct http_call *call, void (*done)(struct task *, const struct reply *));
/* done() is not called after this. Allowed at any time, also when not busy. */
void http_cancel(struct http *http, struct http_call *call);

/* Calls out now, and connections made since http_new(): for metrics and tests. */
unsigned http_pending(const struct http *http);
uint64_t http_connects(const struct http *http);

#endif
