/* How health_http holds a request until later_answer(). Private to daemon/ops/health_*.c. */
#ifndef OPS_HEALTH_EXCHANGE_H
#define OPS_HEALTH_EXCHANGE_H

#include <microhttpd.h>

#include "ops/health_later.h"

/* waiting: for an answer that is not there yet, so neither too old nor displaced: the wait has its own end. since_ms: of the
 * connection, or of the answer when there was one, so that who waited is not the next to go. */
struct exchange_client {
	bool waiting;
	uint64_t since_ms;
};

/* One call of libmicrohttpd's handler. client lives as long as the connection.
 * wake() is called when it is: without threads the library does not tell anybody. */
struct exchange_call {
	const struct later_pages *pages;
	struct MHD_Connection *connection;
	const char *url, *method, *upload;
	size_t *upload_size;
	void **context;
	struct exchange_client *client;
	void (*wake)(void *owner);
	void *owner;
};
enum MHD_Result exchange_call(const struct exchange_call *call);
/* Of MHD_OPTION_NOTIFY_COMPLETED: frees what *context points to. NULL is allowed. */
void exchange_end(void *owner, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode why);

/* The one way in which this program's pages leave. Copies the text. */
struct MHD_Response *health_response(const char *text, size_t len, const char *type);
void health_add_header(struct MHD_Response *response, const char *name, const char *value);

#endif
