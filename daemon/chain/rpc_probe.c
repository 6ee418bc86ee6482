/* Asks endpoints that are not well for their slot, with backoff, so that calls do not have to find out. */
#include "chain/rpc_request.h"
#include "chain/rpc_state.h"

enum { PROBE_BODY_MAX = 256 };

static void on_probe(struct task *task, const struct reply *reply)
{
	struct rpc_probe *probe = container_of(task, struct rpc_probe, http.task);
	struct rpc *rpc = probe->rpc;
	int i = (int)(probe - rpc->probe);
	struct rpc_question question = { .method = RPC_EPOCH, .id = probe->id };
	struct rpc_memory none = { 0 };
	struct rpc_answer answer;
	struct rpc_result result;

	enum rpc_outcome outcome = rpc_judge(
		rpc, i, &question, probe->at, (struct slot){ 0 }, reply, &none, &result, &answer);
	rpc_count(rpc, i, RPC_EPOCH, rpc_outcome_err(outcome), outcome == RPC_RATE_LIMITED);
	if (!endpoint_well(&rpc->endpoints.at[i]))
		endpoint_probe_failed(&rpc->endpoints.at[i], loop_mono_ms());
	rpc_probe_arm(rpc);
}

static void send_probe(struct rpc *rpc, int i)
{
	const struct endpoint *to = &rpc->endpoints.at[i];
	struct rpc_probe *probe = &rpc->probe[i];

	probe->id = rpc->next_id++;
	probe->at = to->lagging ? to->lag_at : CONFIRMED;
	rpc_request_epoch(&probe->body, probe->id, probe->at);
	probe->http.label = to->name;
	probe->http.url = to->url;
	probe->http.headers = RPC_HEADERS;
	probe->http.body = probe->body.data;
	probe->http.body_len = probe->body.len;
	probe->http.deadline_ms = rpc->timeout_ms;
	probe->http.max_reply = rpc->max_body;
	http_post(rpc->http, &probe->http, on_probe);
}

/* When the next probe of an endpoint is due; false when it needs none or one is out. */
static bool probe_due(const struct rpc *rpc, int i, uint64_t *at)
{
	const struct endpoint *endpoint = &rpc->endpoints.at[i];

	if (endpoint_well(endpoint) || rpc->probe[i].http.task.busy)
		return false;
	*at = endpoint->probe_at > endpoint->quiet_until ? endpoint->probe_at : endpoint->quiet_until;
	return true;
}

static void fire(void *owner)
{
	struct rpc *rpc = owner;
	uint64_t now = loop_mono_ms(), at;

	for (int i = 0; i < (int)rpc->endpoints.n; i++) {
		if (probe_due(rpc, i, &at) && now >= at)
			send_probe(rpc, i);
	}
	rpc_probe_arm(rpc);
}

void rpc_probe_arm(struct rpc *rpc)
{
	uint64_t now = loop_mono_ms(), next = UINT64_MAX, at;

	for (int i = 0; i < (int)rpc->endpoints.n; i++) {
		if (probe_due(rpc, i, &at) && at < next)
			next = at;
	}
	if (next == UINT64_MAX)
		loop_timer_stop(rpc->probe_timer);
	else
		loop_timer_set(rpc->probe_timer, next > now ? next - now : 0);
}

void rpc_probe_init(struct rpc *rpc)
{
	rpc->probe_timer = loop_timer_new(rpc->loop, fire, rpc);
	for (size_t i = 0; i < rpc->endpoints.n; i++) {
		rpc->probe[i].rpc = rpc;
		buf_heap(&rpc->probe[i].body, PROBE_BODY_MAX);
	}
}

void rpc_probe_fini(struct rpc *rpc)
{
	loop_timer_free(rpc->probe_timer);
	for (size_t i = 0; i < rpc->endpoints.n; i++) {
		http_cancel(rpc->http, &rpc->probe[i].http);
		buf_free(&rpc->probe[i].body);
	}
}
