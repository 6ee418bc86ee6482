/* Asks an oracle's gateway for the answer to one commit. */
#include "chain/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "chain/gateway_request.h"
#include "chain/gateway_uri.h"
#include "chain/oracle_sig.h"
#include "chain/rpc_parse.h"
#include "io/http.h"
#include "io/loop.h"

enum { TIMEOUT_MS = 5000, REPLY_MAX = 4096, URL_MAX = 160, BODY_MAX = 512, WHY_MAX = 256 };

static const char *const HEADERS[] = { "Content-Type: application/json", NULL };

struct gateway {
	struct loop *loop;
	struct http *http;
	char *extra_hosts; /* NULL: none */
	bool devnet;
};

struct gateway_call_state {
	struct gateway_call *call;
	struct gateway *gateway;
	struct http_call http;
	struct loop_defer defer;
	char url[URL_MAX];
	char body[BODY_MAX];
	char why[WHY_MAX];
};

struct gateway *gateway_new(struct loop *loop, struct http *http, const char *extra_hosts, bool devnet)
{
	struct gateway *gateway = calloc(1, sizeof(*gateway));

	if (!gateway)
		abort();
	*gateway = (struct gateway){ .loop = loop, .http = http, .devnet = devnet };
	if (extra_hosts && !(gateway->extra_hosts = strdup(extra_hosts)))
		abort();
	return gateway;
}

void gateway_free(struct gateway *gw)
{
	if (!gw)
		return;
	free(gw->extra_hosts);
	free(gw);
}

bool gateway_uri_allowed(const struct gateway *gw, const char *uri)
{
	return gateway_uri_public(uri, gw->devnet) || gateway_uri_extra(uri, gw->extra_hosts);
}

void gateway_call_init(struct gateway_call *call)
{
	memset(call, 0, sizeof(*call));
	call->state = calloc(1, sizeof(*call->state));
	if (!call->state)
		abort();
	call->state->call = call;
}

void gateway_call_fini(struct gateway_call *call)
{
	struct gateway_call_state *state = call->state;

	if (!state)
		return;
	if (state->gateway && call->task.busy) {
		http_cancel(state->gateway->http, &state->http);
		loop_defer_cancel(state->gateway->loop, &state->defer);
		call->task.busy = false;
	}
	free(state);
	call->state = NULL;
}

static void end(struct gateway_call_state *state, enum err err)
{
	struct gateway_call *call = state->call;
	struct reply reply = {
		.err = err, .data = err == ERR_OK ? &call->answer : NULL, .why = err == ERR_OK ? "" : state->why
	};

	task_end(&call->task, &reply);
}

static void end_refused_uri(struct loop_defer *defer)
{
	end(container_of(defer, struct gateway_call_state, defer), ERR_INVALID);
}

/* An HTTP error is how a gateway says that it cannot see the slot or the account yet, so only a malformed 200 is final. */
static enum err judge(struct gateway_call_state *state, const struct reply *reply)
{
	const struct http_reply *http = reply->data;
	struct gateway_call *call = state->call;
	const struct gateway_question *question = &call->question;
	enum err err;

	if (http->too_large) {
		snprintf(state->why, sizeof(state->why), "gateway's answer is longer than %d bytes", REPLY_MAX);
		return ERR_INVALID;
	}
	if (reply->err != ERR_OK || http->status != 200) {
		snprintf(state->why, sizeof(state->why), "no answer: HTTP %d, %s", http->status,
			reply->err == ERR_OK ? "not 200" : reply->why);
		return reply->err == ERR_INVALID ? ERR_INVALID : ERR_RETRY;
	}
	err = rpc_parse_oracle_answer(http->body, http->len, &call->answer, state->why, sizeof(state->why));
	if (err != ERR_OK)
		return err;
	if (oracle_sig_valid(&question->randomness, &question->seed_slothash, question->seed_slot, &call->answer,
		    question->signer))
		return ERR_OK;
	snprintf(state->why, sizeof(state->why), "gateway's answer is not signed by the oracle's key");
	return ERR_REFUSED;
}

static void on_reply(struct task *task, const struct reply *reply)
{
	struct gateway_call_state *state = container_of(task, struct gateway_call_state, http.task);

	end(state, judge(state, reply));
}

/* The official client also sends its RPC URL, key included, as "rpc"; gateways answer without. */
static bool write_request(struct gateway_call_state *state, const struct gateway_question *question)
{
	struct buf url, body;

	buf_on(&url, state->url, sizeof(state->url));
	buf_on(&body, state->body, sizeof(state->body));
	gateway_request_url(&url, question);
	gateway_request_body(&body, question);
	return buf_ok(&url) && buf_ok(&body);
}

void gateway_ask(struct gateway *gw, struct gateway_call *call, const struct gateway_question *q,
	void (*done)(struct task *, const struct reply *))
{
	struct gateway_call_state *state = call->state;

	task_begin(&call->task, done);
	call->question = *q;
	call->question.uri[sizeof(q->uri) - 1] = '\0';
	state->gateway = gw;
	if (!gateway_uri_allowed(gw, call->question.uri) || !write_request(state, &call->question)) {
		snprintf(state->why, sizeof(state->why),
			"gateway \"%s\" is not on the allow-list: not asked (EXTRA hosts are a setting)",
			call->question.uri);
		loop_defer(gw->loop, &state->defer, end_refused_uri);
		return;
	}
	state->http.label = call->question.uri;
	state->http.url = state->url;
	state->http.headers = HEADERS;
	state->http.body = state->body;
	state->http.body_len = strlen(state->body);
	state->http.deadline_ms = TIMEOUT_MS;
	state->http.max_reply = REPLY_MAX;
	http_post(gw->http, &state->http, on_reply);
}
