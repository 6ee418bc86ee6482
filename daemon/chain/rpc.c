/* The JSON-RPC client: its endpoints, its counters, and what each answer says about the endpoint that gave it. */
#include "chain/rpc.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc_state.h"
#include "base/url_host.h"

enum { TIMEOUT_MS = 5000, MAX_BODY = 16 * 1024 * 1024 };

const char *const RPC_HEADERS[] = { "Content-Type: application/json", "Accept: application/json", NULL };

static void init_counters(struct rpc *rpc)
{
	for (size_t i = 0; i < rpc->endpoints.n; i++) {
		for (int method = 0; method < RPC_METHODS; method++) {
			rpc->counter[i][method].endpoint = rpc->endpoints.at[i].label;
			rpc->counter[i][method].method = rpc_method_name((enum rpc_method)method);
		}
	}
}

struct rpc *rpc_new(struct loop *loop, struct http *http, const struct rpc_config *config)
{
	struct rpc_endpoint_config own[RPC_ENDPOINTS_MAX];
	struct rpc *rpc = calloc(1, sizeof(*rpc));

	if (!rpc)
		abort();
	assert(config->n > 0 && config->n <= RPC_ENDPOINTS_MAX);
	for (size_t i = 0; i < config->n; i++) {
		rpc->url[i] = strdup(config->endpoint[i].url);
		if (!rpc->url[i])
			abort();
		own[i].url = rpc->url[i];
	}
	rpc->loop = loop;
	rpc->http = http;
	rpc->timeout_ms = config->timeout_ms ? config->timeout_ms : TIMEOUT_MS;
	rpc->max_body = config->max_body ? config->max_body : MAX_BODY;
	rpc->dry_run = config->dry_run;
	rpc->next_id = 1;
	endpoints_init(&rpc->endpoints, own, config->n);
	init_counters(rpc);
	rpc_probe_init(rpc);
	return rpc;
}

void rpc_free(struct rpc *rpc)
{
	if (!rpc)
		return;
	rpc_probe_fini(rpc);
	for (size_t i = 0; i < RPC_ENDPOINTS_MAX; i++)
		free(rpc->url[i]);
	free(rpc);
}

size_t rpc_endpoint_count(const struct rpc *rpc)
{
	return rpc->endpoints.n;
}

int rpc_host_of(const struct rpc *rpc, int endpoint)
{
	int first = 0;

	while (first < endpoint && !url_same_host(rpc->url[first], rpc->url[endpoint]))
		first++;
	return first;
}

size_t rpc_witnesses(const struct rpc *rpc)
{
	for (size_t i = 1; i < rpc->endpoints.n; i++)
		if (rpc_host_of(rpc, (int)i) != 0)
			return 2;
	return 1;
}

const char *rpc_endpoint_label(const struct rpc *rpc, int endpoint)
{
	return endpoint >= 0 && (size_t)endpoint < rpc->endpoints.n ? rpc->endpoints.at[endpoint].label : "rpc?";
}

size_t rpc_counters(const struct rpc *rpc, struct rpc_counter *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < rpc->endpoints.n; i++) {
		for (int method = 0; method < RPC_METHODS && n < max; method++)
			out[n++] = rpc->counter[i][method];
	}
	return n;
}

struct rpc_node rpc_node(const struct rpc *rpc, size_t endpoint)
{
	const struct endpoint *at = &rpc->endpoints.at[endpoint];

	assert(endpoint < rpc->endpoints.n);
	return (struct rpc_node){ .label = at->label,
		.well = endpoint_well(at),
		.down = at->down,
		.sick = at->sick,
		.lagging = at->lagging,
		.lag = at->lag,
		.latency_us = at->latency_us };
}

void rpc_count(struct rpc *rpc, int endpoint, enum rpc_method method, enum err err, bool rate_limited)
{
	struct rpc_counter *counter = &rpc->counter[endpoint][method];

	counter->rate_limited += rate_limited;
	switch (err) {
	case ERR_OK:
		counter->ok++;
		break;
	case ERR_RETRY:
		counter->retry++;
		break;
	case ERR_UNKNOWN:
		counter->unknown++;
		break;
	case ERR_REFUSED:
		counter->refused++;
		break;
	case ERR_INVALID:
		counter->invalid++;
		break;
	}
}

/* Did a whole HTTP reply come? A lost or late one is ERR_OK's absence under status 200, or no status at all. */
static bool http_whole(const struct reply *reply, const struct http_reply *http)
{
	bool success = http->status >= 200 && http->status <= 299;

	return http->status != 0 && (!success || reply->err == ERR_OK);
}

static void read_reply(const struct rpc_question *question, const struct reply *reply, struct rpc_memory *memory,
	struct rpc_result *result, struct rpc_answer *answer)
{
	const struct http_reply *http = reply->data;

	if (http_whole(reply, http)) {
		struct rpc_body body = { .status = http->status, .text = http->body, .len = http->len };
		rpc_parse(question, &body, memory, result, answer);
		return;
	}
	*answer = (struct rpc_answer){ .outcome = http->too_large ? RPC_MALFORMED : RPC_NOT_JSON,
		.code = http->status };
	snprintf(answer->why, sizeof(answer->why), "%s", reply->why);
}

static void check_floor(struct slot floor, const struct rpc_result *result, struct rpc_answer *answer)
{
	if (answer->outcome != RPC_RESULT || !result->has_slot || result->slot.n >= floor.n)
		return;
	answer->outcome = RPC_BEHIND;
	snprintf(answer->why, sizeof(answer->why), "answered at slot %" PRIu64 ", before the %" PRIu64 " asked for",
		result->slot.n, floor.n);
}

static void account(struct endpoint *endpoint, const struct http_reply *http, enum rpc_outcome outcome, uint64_t now)
{
	if (outcome == RPC_NOT_JSON || outcome == RPC_MALFORMED) {
		endpoint_failed(endpoint, now);
		return;
	}
	if (outcome == RPC_RATE_LIMITED) { /* mostly a proxy's word: nothing about the node behind it */
		endpoint_rate_limited(endpoint, http->retry_after_s, now);
		return;
	}
	endpoint_answered(endpoint, (uint64_t)http->ms * 1000 + 1);
	if (outcome == RPC_UNHEALTHY)
		endpoint_unhealthy(endpoint, now);
	else if (outcome == RPC_RESULT)
		endpoint_healthy(endpoint);
}

enum rpc_outcome rpc_judge(struct rpc *rpc, int endpoint, const struct rpc_question *question, enum commitment at,
	struct slot floor, const struct reply *reply, struct rpc_memory *memory, struct rpc_result *result,
	struct rpc_answer *answer)
{
	struct endpoint *from = &rpc->endpoints.at[endpoint];
	uint64_t now = loop_mono_ms();

	read_reply(question, reply, memory, result, answer);
	if (answer->outcome == RPC_RESULT && result->has_slot)
		endpoints_told_slot(&rpc->endpoints, endpoint, at, result->slot, now);
	check_floor(floor, result, answer);
	account(from, reply->data, answer->outcome, now);
	endpoint_hide_key(from, answer->why);
	rpc_probe_arm(rpc);
	return answer->outcome;
}
