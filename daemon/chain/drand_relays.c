/* Asks drand's relays for one round and compares what they say. */
#include "chain/drand_relays.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "core/drand_relay.h"
#include "io/http.h"
#include "io/loop.h"

enum { DEADLINE_MS = 5000, GRACE_MS = 1000, AGREE = 2, REPLY_MAX = 4096, URL_MAX = 320, WHY_MAX = 512, LINE_MAX = 128 };

struct drand_relays {
	struct loop *loop;
	struct http *http;
	struct drand_relay_list list;
	char chain[2 * HASH_SIZE + 1];
};

struct asked {
	struct drand_call_state *state;
	const struct drand_relay *relay;
	struct http_call http;
	bool v1, answered;
	enum drand_sig checked;
	struct drand_signature signature;
	char url[URL_MAX];
	char why[LINE_MAX]; /* empty once answered */
};

struct drand_call_state {
	struct drand_call *call;
	struct drand_relays *relays; /* NULL before the first question */
	struct loop_timer *grace;
	uint64_t until_ms;
	unsigned out;
	struct asked asked[DRAND_RELAYS_MAX];
	char why[WHY_MAX];
};

static void ask_one(struct asked *asked);

struct drand_relays *drand_relays_new(struct loop *loop, struct http *http, const char *urls)
{
	struct drand_relays *relays = calloc(1, sizeof(*relays));
	struct hash hash;
	const char *why;

	if (!relays)
		abort();
	relays->loop = loop;
	relays->http = http;
	if (!drand_relay_list_read(&relays->list, urls, &why)) {
		free(relays);
		return NULL;
	}
	drand_chain_hash(&hash, &DRAND_QUICKNET);
	for (size_t i = 0; i < HASH_SIZE; i++)
		snprintf(relays->chain + 2 * i, 3, "%02x", hash.b[i]);
	return relays;
}

void drand_relays_free(struct drand_relays *relays)
{
	free(relays);
}

void drand_call_init(struct drand_call *call)
{
	memset(call, 0, sizeof(*call));
	call->state = calloc(1, sizeof(*call->state));
	if (!call->state)
		abort();
	call->state->call = call;
}

static void cancel(struct drand_call_state *state)
{
	for (size_t i = 0; i < state->relays->list.n; i++)
		http_cancel(state->relays->http, &state->asked[i].http);
	loop_timer_stop(state->grace);
	state->out = 0;
}

void drand_call_fini(struct drand_call *call)
{
	struct drand_call_state *state = call->state;

	if (!state)
		return;
	if (call->task.busy)
		cancel(state);
	call->task.busy = false;
	loop_timer_free(state->grace);
	free(state);
	call->state = NULL;
}

/* ---- what the answers come to ---- */

static bool agrees(const struct asked *asked, const struct asked *with)
{
	return asked->answered && memcmp(asked->signature.b, with->signature.b, DRAND_SIGNATURE_SIZE) == 0;
}

/* Of operators: hosts of one domain are one. */
static unsigned votes(const struct drand_call_state *state, const struct asked *of)
{
	bool voted[DRAND_RELAYS_MAX] = { false };
	unsigned n = 0;

	for (size_t i = 0; i < state->relays->list.n; i++) {
		const size_t who = state->asked[i].relay->operator_of;

		if (!agrees(&state->asked[i], of) || voted[who])
			continue;
		voted[who] = true;
		n++;
	}
	return n;
}

static bool is_majority(const struct drand_call_state *state, unsigned n)
{
	return 2 * n > state->relays->list.operators;
}

/* Nothing that may yet come changes it. Without a pairing two that are quick may be two that lie. */
static bool is_settled(const struct drand_call_state *state, const struct asked *first)
{
	const unsigned n = first ? votes(state, first) : 0;

	return n >= AGREE && (first->checked == DRAND_SIG_VALID || is_majority(state, n));
}

/* The answer that most relays gave; *other: what most of the rest say; NULL each where there is none. */
static const struct asked *best(const struct drand_call_state *state, const struct asked **other)
{
	const struct asked *first = NULL;

	*other = NULL;
	for (size_t i = 0; i < state->relays->list.n; i++) {
		if (state->asked[i].answered && (!first || votes(state, &state->asked[i]) > votes(state, first)))
			first = &state->asked[i];
	}
	for (size_t i = 0; first && i < state->relays->list.n; i++) {
		const struct asked *asked = &state->asked[i];

		if (asked->answered && !agrees(asked, first) && (!*other || votes(state, asked) > votes(state, *other)))
			*other = asked;
	}
	return first;
}

static void say_disagreement(struct drand_call_state *state)
{
	struct buf why;

	buf_on(&why, state->why, sizeof(state->why));
	buf_fmt(&why, "drand's relays disagree about round %" PRIu64 ":", state->call->round);
	for (size_t i = 0; i < state->relays->list.n; i++) {
		const struct asked *asked = &state->asked[i];

		if (asked->answered)
			buf_fmt(&why, " %s says %02x%02x%02x%02x..", asked->relay->host, asked->signature.b[0],
				asked->signature.b[1], asked->signature.b[2], asked->signature.b[3]);
	}
}

static void say_too_few(struct drand_call_state *state, unsigned n)
{
	struct buf why;

	buf_on(&why, state->why, sizeof(state->why));
	buf_fmt(&why, "%u of %zu relays gave round %" PRIu64 " of drand, two of different domains have to:", n,
		state->relays->list.n, state->call->round);
	for (size_t i = 0; i < state->relays->list.n; i++) {
		if (!state->asked[i].answered)
			buf_fmt(&why, " %s;", state->asked[i].why[0] ? state->asked[i].why : "no answer in time");
	}
}

/* A line of 127 characters: hosts that do not fit are left out, two always do. */
static void take(struct drand_call_state *state, const struct asked *agreed)
{
	struct drand_call *call = state->call;
	struct buf by;

	call->signature = agreed->signature;
	call->checked = agreed->checked;
	buf_on(&by, call->checked_by, sizeof(call->checked_by));
	buf_str(&by, call->checked == DRAND_SIG_VALID ? "pairing;" : "same from");
	for (size_t i = 0; i < state->relays->list.n; i++) {
		const struct asked *asked = &state->asked[i];

		if (agrees(asked, agreed))
			buf_fmt(&by, " %s", asked->relay->host);
		else if (asked->answered)
			log_warn("drand.false_relay", "relay=%s round=%" PRIu64 " why=%s", asked->relay->host,
				call->round, "more agree on another signature; there is only one");
	}
}

static enum err judge(struct drand_call_state *state)
{
	const struct asked *other, *first = best(state, &other);

	if (first && votes(state, first) >= AGREE &&
		(is_majority(state, votes(state, first)) || !other || votes(state, other) < AGREE)) {
		take(state, first);
		return ERR_OK;
	}
	if (other) {
		say_disagreement(state);
		return ERR_REFUSED;
	}
	say_too_few(state, first ? votes(state, first) : 0);
	return ERR_RETRY;
}

static void end(struct drand_call_state *state)
{
	struct drand_call *call = state->call;
	struct reply reply = { .data = call, .why = "" };

	cancel(state);
	reply.err = judge(state);
	if (reply.err != ERR_OK)
		reply.why = state->why;
	task_end(&call->task, &reply);
}

static void on_grace(void *owner)
{
	end(owner);
}

/* ---- one relay ---- */

static void read_answer(struct asked *asked, const struct http_reply *http)
{
	const uint64_t round = asked->state->call->round;
	const char *why;

	asked->answered = drand_answer_parse(&asked->signature, round, http->body, http->len, &why) == ERR_OK;
	if (asked->answered)
		asked->checked = drand_sig_check(&DRAND_QUICKNET, round, &asked->signature);
	if (asked->answered && asked->checked == DRAND_SIG_FORGED) {
		asked->answered = false;
		why = "is not drand's signature";
		log_warn("drand.false_relay", "relay=%s round=%" PRIu64 " why=%s", asked->relay->host, round,
			"what it gave is not drand's signature");
	}
	if (!asked->answered)
		snprintf(asked->why, sizeof(asked->why), "%s: its answer %s", asked->relay->host, why);
}

/* Not every relay has v2; what it says under that path instead, an error or a page, does not count yet. */
static void on_reply(struct task *task, const struct reply *reply)
{
	struct asked *asked = container_of(container_of(task, struct http_call, task), struct asked, http);
	const struct http_reply *http = reply->data;
	struct drand_call_state *state = asked->state;
	const struct asked *other, *first;

	asked->why[0] = '\0';
	if (reply->err == ERR_OK)
		read_answer(asked, http);
	else
		snprintf(asked->why, sizeof(asked->why), "%s", reply->why);
	if (!asked->answered && !asked->v1 && http->status > 0 && !http->too_large) {
		asked->v1 = true;
		ask_one(asked);
		return;
	}
	state->out--;
	first = best(state, &other);
	if (state->out == 0)
		end(state);
	else if (is_settled(state, first) && !loop_timer_is_set(state->grace))
		loop_timer_set(state->grace, GRACE_MS);
}

static void ask_one(struct asked *asked)
{
	struct drand_call_state *state = asked->state;
	const uint64_t now = loop_mono_ms();

	if (asked->v1)
		snprintf(asked->url, sizeof(asked->url), "%s/%s/public/%" PRIu64, asked->relay->url,
			state->relays->chain, state->call->round);
	else
		snprintf(asked->url, sizeof(asked->url), "%s/v2/beacons/%s/rounds/%" PRIu64, asked->relay->url,
			DRAND_QUICKNET.beacon, state->call->round);
	asked->http.label = asked->relay->host;
	asked->http.url = asked->url;
	asked->http.deadline_ms = now < state->until_ms ? (uint32_t)(state->until_ms - now) : 1;
	asked->http.max_reply = REPLY_MAX;
	http_get(state->relays->http, &asked->http, on_reply);
}

void drand_ask(struct drand_relays *relays, struct drand_call *call, uint64_t round,
	void (*done)(struct task *, const struct reply *))
{
	struct drand_call_state *state = call->state;

	task_begin(&call->task, done);
	call->round = round;
	memset(&call->signature, 0, sizeof(call->signature));
	call->checked = DRAND_SIG_UNCHECKED;
	call->checked_by[0] = '\0';
	state->relays = relays;
	if (!state->grace)
		state->grace = loop_timer_new(relays->loop, on_grace, state);
	state->until_ms = loop_mono_ms() + DEADLINE_MS;
	state->out = (unsigned)relays->list.n;
	for (size_t i = 0; i < relays->list.n; i++) {
		struct asked *asked = &state->asked[i];

		*asked = (struct asked){ .state = state, .relay = &relays->list.relay[i] };
		ask_one(asked);
	}
}
