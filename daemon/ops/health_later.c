/* A suspended connection of libmicrohttpd per request that waits. */
#include "ops/health_later.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/loop.h"
#include "ops/health_exchange.h"

struct later {
	struct MHD_Connection *connection;
	struct exchange_client *client;
	void (*wake)(void *owner);
	void *owner;
	bool asked, asking;
	bool over;
	uint64_t began_us;
	size_t n;
	char body[LATER_BODY_MAX + 1];
	struct MHD_Response *response; /* NULL: not answered yet */
	unsigned status;
};

static struct later *begin(const struct exchange_call *call)
{
	struct later *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort(); /* out of memory */
	r->connection = call->connection;
	r->client = call->client;
	r->wake = call->wake;
	r->owner = call->owner;
	r->began_us = loop_mono_us();
	return r;
}

void exchange_end(void *owner, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode why)
{
	struct later *r = *context;
	(void)owner, (void)connection, (void)why;

	if (r == NULL)
		return;
	if (r->response != NULL)
		MHD_destroy_response(r->response);
	free(r);
	*context = NULL;
}

static void take_body(struct later *r, const char *bytes, size_t n)
{
	const size_t room = LATER_BODY_MAX - r->n;

	r->over = r->over || n > room;
	if (n > room)
		n = room;
	memcpy(r->body + r->n, bytes, n);
	r->n += n;
}

static void ask(struct later *r, const struct exchange_call *call)
{
	const struct later_request request = { .method = call->method,
		.path = call->url,
		.authorization = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, "Authorization"),
		.idempotency_key = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, "Idempotency-Key"),
		.body = r->body,
		.n = r->n,
		.body_over = r->over,
		.began_us = r->began_us };

	r->asked = true;
	r->asking = true;
	call->pages->ask(call->pages->owner, r, &request);
	r->asking = false;
	if (r->response == NULL) {
		r->client->waiting = true;
		MHD_suspend_connection(call->connection);
	}
}

/* libmicrohttpd calls once with the headers, then with each part of the body, then once more; and again when it is resumed.
 * A body is read to its end also when the answer is known before: a client that still sends would not see it. */
enum MHD_Result exchange_call(const struct exchange_call *call)
{
	struct later *r = *call->context;

	if (r == NULL) {
		*call->context = begin(call);
		return MHD_YES;
	}
	if (*call->upload_size > 0) {
		take_body(r, call->upload, *call->upload_size);
		*call->upload_size = 0;
		return MHD_YES;
	}
	if (!r->asked)
		ask(r, call);
	return r->response == NULL ? MHD_YES : MHD_queue_response(call->connection, r->status, r->response);
}

void later_answer(struct later *r, const struct later_answer *answer)
{
	char seconds[16];

	r->status = answer->status;
	r->response = health_response(answer->body, answer->n, "application/json");
	if (answer->allow != NULL)
		health_add_header(r->response, "Allow", answer->allow);
	if (answer->retry_after_s > 0) {
		snprintf(seconds, sizeof(seconds), "%u", answer->retry_after_s);
		health_add_header(r->response, "Retry-After", seconds);
	}
	if (r->asking)
		return;
	*r->client = (struct exchange_client){ .since_ms = loop_mono_ms() };
	MHD_resume_connection(r->connection);
	r->wake(r->owner);
}
