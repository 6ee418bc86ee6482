/* The pages of ops/health.h over HTTP, in the program's own loop, for whoever can reach the address.
 *
 * Clients cannot slow a draw: HTTP is looked at no more often than every few milliseconds, pages are written anew at most
 * four times a second however many ask, there are at most 64 connections of which a new one displaces the oldest, each
 * lives for some seconds, and what a client sends is limited to small headers and a small body. */
#ifndef OPS_HEALTH_HTTP_H
#define OPS_HEALTH_HTTP_H

#include "io/loop.h"
#include "ops/health.h"
#include "ops/health_later.h"
#include "ops/listen.h"

struct health_http;

/* Listens from the loop's first turn on. What cannot be listened on (in use, no such address) is event=http.not_listening
 * and tried again every few seconds: draws do not depend on it. collect() fills in the facts, whenever a page is wanted;
 * it must not block. address and later are copied; later NULL: no page is answered later. NULL when the address is off. */
struct health_http *health_http_new(struct loop *loop, const struct listen_address *address,
	void (*collect)(void *owner, struct health_facts *out), void *owner, const struct later_pages *later);
void health_http_free(struct health_http *http); /* NULL is allowed */

#endif
