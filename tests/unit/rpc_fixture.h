/* A JSON-RPC client against up to three nodes of the test's own, which say what the test tells them to. */
#ifndef UNIT_RPC_FIXTURE_H
#define UNIT_RPC_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <string.h>

#include "chain/rpc.h"
#include "core/base58.h"
#include "core/base64.h"
#include "io/http.h"
#include "stub_http.h"

enum { TIMEOUT_MS = 400, TX_LEN = 70, NODES = 3 };

static struct loop *loop;
static struct http *http;
static struct stub node[NODES];
static struct rpc *rpc;
static struct rpc_call call;
static uint8_t tx[TX_LEN];

/* What each node says: a status, and a body in which %id stands for the request's id. */
static struct script {
	int status;
	const char *body;
} script[NODES];

static enum err ended;
static char ended_why[400];
static struct slot ended_slot;
static unsigned endings;
static bool inside;

static uint64_t request_id(const char *body)
{
	return strtoull(strstr(body, "\"id\":") + 5, NULL, 10);
}

static int answer(struct stub *s, char *out, size_t size)
{
	const struct script *is = &script[s - node];
	const char *place = strstr(is->body, "%id");

	if (!place)
		snprintf(out, size, "%s", is->body);
	else
		snprintf(out, size, "%.*s%" PRIu64 "%s", (int)(place - is->body), is->body, request_id(s->body),
			place + 3);
	return is->status;
}

static void start(size_t n, bool dry_run)
{
	char url[NODES][100];
	struct rpc_config config = { .n = n, .timeout_ms = TIMEOUT_MS, .dry_run = dry_run };

	for (size_t i = 0; i < n; i++) {
		snprintf(url[i], sizeof url[i], "http://user:pass@127.0.0.1:%u/v1/sesame-key-%zu?k=v", node[i].port, i);
		config.endpoint[i].url = url[i];
	}
	rpc_call_fini(&call);
	rpc_free(rpc);
	rpc = rpc_new(loop, http, &config);
	rpc_call_init(&call);
	for (int i = 0; i < NODES; i++) {
		node[i].requests = 0;
		node[i].header = NULL;
		node[i].missing = 0;
	}
}

static int setup(void **state)
{
	const struct http_config config = { .max_connections = 8 };
	char why[200];

	(void)state;
	loop = loop_new();
	http = http_new(loop, &config, why, sizeof why);
	for (int i = 0; i < NODES; i++)
		stub_start(&node[i], loop, answer);
	memset(tx, 7, sizeof tx);
	tx[0] = 1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rpc_call_fini(&call);
	rpc_free(rpc);
	http_free(http);
	for (int i = 0; i < NODES; i++)
		stub_stop(&node[i]);
	loop_free(loop);
	return 0;
}

static void on_done(struct task *task, const struct reply *reply)
{
	const struct rpc_epoch *epoch = reply->data;

	assert_false(inside);
	assert_ptr_equal(task, &call.task);
	ended = reply->err;
	endings++;
	snprintf(ended_why, sizeof ended_why, "%s", reply->why);
	assert_int_equal(reply->err == ERR_OK, ended_why[0] == '\0');
	assert_null(strstr(ended_why, "sesame"));
	assert_null(strstr(ended_why, "pass"));
	const char *name = strstr(ended_why, "(127.0.0.1");
	assert_true(!name || !strstr(name + 1, "(127.0.0.1")); /* an endpoint is named once */
	if (reply->err == ERR_OK)
		ended_slot = epoch->slot;
	loop_stop(loop);
}

static enum err send_tx(void)
{
	call.endpoint = RPC_ANY;
	inside = true;
	rpc_send(rpc, &call, tx, sizeof tx, (struct slot){ 0 }, on_done);
	inside = false;
	loop_run(loop);
	return ended;
}

static void stop_waiting(void *owner)
{
	loop_stop(owner);
}

static void run_ms(uint64_t ms)
{
	struct loop_timer *timer = loop_timer_new(loop, stop_waiting, loop);

	loop_timer_set(timer, ms);
	loop_run(loop);
	loop_timer_free(timer);
}

static const char BEHIND[] =
	"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32016,\"message\":\"Minimum context slot\"},\"id\":%id}";
static const char UNHEALTHY[] = "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32005,\"message\":\"behind\"},\"id\":%id}";
static const char REFUSED[] = "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32602,\"message\":\"no\"},\"id\":%id}";
static void say(int i, int status, const char *body)
{
	script[i] = (struct script){ status, body };
}

#endif
