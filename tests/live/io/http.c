/* Drives io/http against hostile_server.js: every way a reply can go wrong, many at once, cancelled at every moment.
 * live_http <plain port> <tls port> <silent port> <ca file> */
#include <assert.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/http.h"

enum { MANY = 200, CONNECTIONS = 8, CANCELS = 60 };

static struct loop *loop;
static struct http *http, *packed;
static const char *plain_port, *tls_port, *silent_port;
static int failures, checks;
static uint64_t last_tick, longest_stall;
static struct loop_timer *ticker;

/* libcurl's resolver thread lands here: a name server that does not answer for three seconds. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

	memcpy(&real, &symbol, sizeof real);
	if (node && strcmp(node, "slow.invalid") == 0) {
		sleep(3);
		return EAI_AGAIN;
	}
	return real(node, service, hints, out);
}

static void check(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void check(bool ok, const char *format, ...)
{
	va_list args;

	checks++;
	if (ok)
		return;
	failures++;
	va_start(args, format);
	printf("FAIL ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

static void on_tick(void *owner)
{
	uint64_t now = loop_mono_ms();
	(void)owner;

	if (last_tick && now - last_tick > longest_stall)
		longest_stall = now - last_tick;
	last_tick = now;
	loop_timer_set(ticker, 5);
}

/* ---- one call after the other ---- */

enum where { PLAIN, TLS, SILENT_TLS, NOBODY, SLOW_NAME, NONSENSE, FTP };
static const struct one {
	const char *path;
	enum where where;
	bool get, compressed;
	uint32_t deadline_ms;
	enum err err;
	int status;
	bool left, too_large;
	const char *body, *why; /* parts that must occur */
	unsigned retry_min, retry_max;
} ONE[] = {
	{ .path = "/ok", .err = ERR_OK, .status = 200, .left = true, .body = "echo:hello" },
	{ .path = "/ok", .where = TLS, .err = ERR_OK, .status = 200, .left = true, .body = "echo:hello" },
	{ .path = "/ok", .get = true, .err = ERR_OK, .status = 200, .left = true, .body = "echo:" },
	{ .path = "/empty", .err = ERR_OK, .status = 204, .left = true },
	{ .path = "/echo-headers", .err = ERR_OK, .status = 200, .left = true, .body = "X-Key: s3cr3t" },
	{ .path = "/429",
		.err = ERR_RETRY,
		.status = 429,
		.left = true,
		.body = "slow down",
		.why = "HTTP 429",
		.retry_min = 7,
		.retry_max = 7 },
	{ .path = "/429-absurd", .err = ERR_RETRY, .status = 429, .left = true, .retry_min = 0, .retry_max = 3600 },
	{ .path = "/503", .err = ERR_RETRY, .status = 503, .left = true, .retry_min = 55, .retry_max = 61 },
	{ .path = "/500", .err = ERR_UNKNOWN, .status = 500, .left = true, .body = "inside" },
	{ .path = "/500", .get = true, .err = ERR_RETRY, .status = 500, .left = true },
	{ .path = "/404", .err = ERR_REFUSED, .status = 404, .left = true },
	{ .path = "/301", .err = ERR_REFUSED, .status = 301, .left = true, .why = "redirects are not followed" },
	{ .path = "/hang",
		.deadline_ms = 200,
		.err = ERR_UNKNOWN,
		.left = true,
		.why = "no whole answer within 200 ms" },
	{ .path = "/hang", .get = true, .deadline_ms = 200, .err = ERR_RETRY, .left = true },
	{ .path = "/hang", .where = TLS, .deadline_ms = 200, .err = ERR_UNKNOWN, .left = true },
	{ .path = "/head-drip", .deadline_ms = 300, .err = ERR_UNKNOWN, .left = true },
	{ .path = "/body-drip", .deadline_ms = 300, .err = ERR_UNKNOWN, .status = 200, .left = true, .body = "zz" },
	{ .path = "/50mb", .err = ERR_UNKNOWN, .status = 200, .left = true, .too_large = true, .why = "larger than" },
	{ .path = "/50mb", .where = TLS, .err = ERR_UNKNOWN, .status = 200, .left = true, .too_large = true },
	{ .path = "/50mb", .get = true, .err = ERR_INVALID, .status = 200, .left = true, .too_large = true },
	{ .path = "/endless", .err = ERR_UNKNOWN, .status = 200, .left = true, .too_large = true },
	{ .path = "/endless-headers", .err = ERR_UNKNOWN, .status = 200, .left = true, .too_large = true },
	{ .path = "/endless-100",
		.deadline_ms = 1000,
		.err = ERR_UNKNOWN,
		.status = 100,
		.left = true,
		.too_large = true },
	{ .path = "/bomb", .compressed = true, .err = ERR_UNKNOWN, .status = 200, .left = true, .too_large = true },
	{ .path = "/gzip", .compressed = true, .err = ERR_OK, .status = 200, .left = true, .body = "unpacked" },
	{ .path = "/cut", .err = ERR_UNKNOWN, .status = 200, .left = true, .body = "0123456789" },
	{ .path = "/cut", .get = true, .err = ERR_RETRY, .status = 200, .left = true },
	{ .path = "/cut-chunk", .err = ERR_UNKNOWN, .status = 200, .left = true },
	{ .path = "/reset", .err = ERR_UNKNOWN, .status = 200, .left = true },
	{ .path = "/close-at-once", .err = ERR_UNKNOWN, .left = true },
	{ .path = "/garbage", .err = ERR_UNKNOWN, .left = true },
	{ .path = "/nul-body", .err = ERR_OK, .status = 200, .left = true, .body = "a" },
	{ .path = "/ok-then-close", .err = ERR_OK, .status = 200, .left = true, .body = "bye" },
	{ .path = "/ok", .err = ERR_OK, .status = 200, .left = true, .body = "echo:hello" },
	{ .path = "/ok", .where = NOBODY, .err = ERR_RETRY, .why = "cannot connect: Connection refused" },
	{ .path = "/ok",
		.where = SILENT_TLS,
		.deadline_ms = 200,
		.err = ERR_RETRY,
		.why = "nothing could be sent within 200 ms" },
	{ .path = "/ok", .where = SLOW_NAME, .deadline_ms = 200, .err = ERR_RETRY, .why = "nothing could be sent" },
	{ .path = "", .where = NONSENSE, .err = ERR_INVALID },
	{ .path = "/ok", .where = FTP, .err = ERR_INVALID },
};

static void make_url(char *url, size_t size, enum where where, const char *path)
{
	switch (where) {
	case PLAIN:
		(void)snprintf(url, size, "http://127.0.0.1:%s%s?api-key=s3cr3t", plain_port, path);
		break;
	case TLS:
		(void)snprintf(url, size, "https://localhost:%s%s?api-key=s3cr3t", tls_port, path);
		break;
	case SILENT_TLS:
		(void)snprintf(url, size, "https://127.0.0.1:%s%s?api-key=s3cr3t", silent_port, path);
		break;
	case NOBODY:
		(void)snprintf(url, size, "http://127.0.0.1:1%s?api-key=s3cr3t", path);
		break;
	case SLOW_NAME:
		(void)snprintf(url, size, "http://slow.invalid%s?api-key=s3cr3t", path);
		break;
	case NONSENSE:
		(void)snprintf(url, size, "http://[s3cr3t");
		break;
	case FTP:
		(void)snprintf(url, size, "ftp://127.0.0.1/s3cr3t");
		break;
	}
}

static struct http_call one_call;
static size_t one_at;
static uint64_t one_started;
static bool in_call;
static struct loop_defer next;

static void run_one(struct loop_defer *defer);
static void on_one(struct task *task, const struct reply *r)
{
	const struct one *want = &ONE[one_at];
	const struct http_reply *got = r->data;
	uint64_t took = loop_mono_ms() - one_started;
	(void)task;

	check(!in_call, "%s: done() inside the call", want->path);
	check(r->err == want->err, "%zu %s: err %s, not %s (%s)", one_at, want->path, err_name(r->err),
		err_name(want->err), r->why);
	check(got->status == want->status, "%zu %s: status %d", one_at, want->path, got->status);
	check(got->left == want->left, "%zu %s: left %d", one_at, want->path, got->left);
	check(got->too_large == want->too_large, "%zu %s: too_large %d", one_at, want->path, got->too_large);
	check(!want->body || strstr(got->body, want->body), "%zu %s: body %.60s", one_at, want->path, got->body);
	check(got->body[got->len] == '\0', "%s: not terminated", want->path);
	check(got->len <= one_call.max_reply, "%s: %zu bytes", want->path, got->len);
	check(!want->why || strstr(r->why, want->why), "%zu %s: why %s", one_at, want->path, r->why);
	check((r->err == ERR_OK) == (*r->why == '\0'), "%s: why %s", want->path, r->why);
	check(!strstr(r->why, "s3cr3t") && !strstr(r->why, "127.0.0.1"), "%s: secret in %s", want->path, r->why);
	check(r->err == ERR_OK || strncmp(r->why, "node-1: ", 8) == 0, "%s: label in %s", want->path, r->why);
	check(got->retry_after_s >= want->retry_min && got->retry_after_s <= want->retry_max, "%s: retry after %u",
		want->path, got->retry_after_s);
	check(took <= one_call.deadline_ms + 100, "%s: took %d ms", want->path, (int)took);
	one_at++;
	loop_defer(loop, &next, run_one);
}

static void start_stale(struct loop_defer *defer);
static void run_one(struct loop_defer *defer)
{
	static char url[256];
	static const char *const headers[] = { "Content-Type: application/json", "X-Key: s3cr3t", NULL };
	const struct one *want = &ONE[one_at];

	if (one_at == sizeof ONE / sizeof *ONE) {
		loop_defer(loop, defer, start_stale);
		return;
	}
	make_url(url, sizeof url, want->where, want->path);
	one_call = (struct http_call){
		.label = "node-1",
		.url = url,
		.headers = headers,
		.body = "hello",
		.body_len = 5,
		.deadline_ms = want->deadline_ms ? want->deadline_ms : 5000,
		.max_reply = 1000000,
	};
	one_started = loop_mono_ms();
	in_call = true;
	(want->get ? http_get : http_post)(want->compressed ? packed : http, &one_call, on_one);
	in_call = false;
}

/* ---- kept-alive connections ---- */

static uint64_t connects_before;
static int reuse_left;

static void start_many(struct loop_defer *defer);
static void on_reuse(struct task *task, const struct reply *r)
{
	const struct http_reply *got = r->data;
	(void)task;

	check(r->err == ERR_OK, "reuse: %s", r->why);
	check(got->reused == (reuse_left < 50), "reuse: reused %d at %d", got->reused, reuse_left);
	reuse_left--;
	loop_defer(loop, &next, start_stale);
}

/* Fifty calls in a row over one TLS connection. */
static void start_stale(struct loop_defer *defer)
{
	static char url[256];

	if (reuse_left == 0) {
		check(http_connects(packed) - connects_before == 1, "reuse: %d connections",
			(int)(http_connects(packed) - connects_before));
		loop_defer(loop, defer, start_many);
		return;
	}
	if (reuse_left == 50)
		connects_before = http_connects(packed);
	make_url(url, sizeof url, TLS, "/ok");
	one_call = (struct http_call){ .label = "node-1", .url = url, .deadline_ms = 2000, .max_reply = 1000 };
	http_post(packed, &one_call, on_reuse);
}

/* ---- many at once ---- */

static struct http_call many[MANY];
static char many_url[MANY][256], many_body[MANY][32];
static int many_left, rounds;

static void start_cancels(struct loop_defer *defer);
static void on_many(struct task *task, const struct reply *r)
{
	struct http_call *call = container_of(task, struct http_call, task);
	const struct http_reply *got = r->data;
	char want[64];

	(void)snprintf(want, sizeof want, "echo:%s", many_body[call - many]);
	check(r->err == ERR_OK && strcmp(got->body, want) == 0, "many: %s %s", r->why, got->body);
	if (--many_left > 0)
		return;
	check(rounds == 2 || http_connects(http) - connects_before <= CONNECTIONS, "many: %d connections",
		(int)(http_connects(http) - connects_before));
	check(http_pending(http) == 0, "many: %u pending", http_pending(http));
	loop_defer(loop, &next, rounds < 2 ? start_many : start_cancels);
}

/* First to one host; then to two, which have to take connections from each other. */
static void start_many(struct loop_defer *defer)
{
	(void)defer;
	connects_before = http_connects(http);
	many_left = MANY;
	rounds++;
	for (int i = 0; i < MANY; i++) {
		make_url(many_url[i], sizeof many_url[i], i % 2 || rounds == 1 ? TLS : PLAIN, i % 3 ? "/later" : "/ok");
		(void)snprintf(many_body[i], sizeof many_body[i], "number %d", i);
		many[i] = (struct http_call){ .label = "node-1",
			.url = many_url[i],
			.body = many_body[i],
			.body_len = strlen(many_body[i]),
			.deadline_ms = 10000,
			.max_reply = 1000 };
		http_post(http, &many[i], on_many);
	}
	check(http_pending(http) == MANY, "many: %u pending", http_pending(http));
}

/* ---- cancelled at every moment ---- */

static struct http_call victim;
static bool cancelled;
static int cancels;
static struct loop_timer *cancel_timer;
static struct loop_defer spin;
static int turns;

static void on_victim(struct task *task, const struct reply *r)
{
	(void)r;
	check(task->busy == false, "victim: still busy");
	check(!cancelled, "cancelled, and done() came all the same");
}

static void start_deadlines(struct loop_defer *defer);
static void cancel_now(void)
{
	http_cancel(http, &victim);
	check(!victim.task.busy && !victim.transfer, "cancel: still busy");
	http_cancel(http, &victim); /* twice is allowed */
	check(http_pending(http) == 0, "cancel: %u pending", http_pending(http));
	cancelled = true;
	victim.url = NULL; /* nothing may look at it any more */
	loop_defer(loop, &next, start_cancels);
}

static void on_spin(struct loop_defer *defer)
{
	if (--turns > 0)
		loop_defer(loop, defer, on_spin);
	else
		cancel_now();
}

static void on_cancel_timer(void *owner)
{
	(void)owner;
	cancel_now();
}

static void start_cancels(struct loop_defer *defer)
{
	static char url[256];
	static const char *const paths[] = { "/ok", "/body-drip", "/50mb", "/later" };
	static const enum where wheres[] = { PLAIN, TLS, SILENT_TLS, SLOW_NAME, NOBODY };

	if (++cancels > CANCELS) {
		loop_defer(loop, defer, start_deadlines);
		return;
	}
	make_url(url, sizeof url, wheres[cancels % 5], paths[cancels % 4]);
	victim = (struct http_call){ .label = "node-1", .url = url, .deadline_ms = 5000, .max_reply = 100000000 };
	cancelled = false;
	http_post(http, &victim, on_victim);
	turns = cancels / 2; /* after that many turns of the loop, or milliseconds */
	if (turns == 0)
		cancel_now();
	else if (cancels % 2)
		loop_defer(loop, &spin, on_spin);
	else
		loop_timer_set(cancel_timer, (uint64_t)turns);
}

/* ---- the deadline runs while a call waits for a connection ---- */

static int late;
static void on_late(struct task *task, const struct reply *r)
{
	const struct http_reply *got = r->data;
	(void)task;

	check(got->ms >= 295 && got->ms < 400, "waiting: %u ms", got->ms);
	check(r->err == (got->left ? ERR_UNKNOWN : ERR_RETRY), "waiting: %s", r->why);
	late += got->left ? 1 : 1000;
	if (--many_left > 0)
		return;
	check(late == CONNECTIONS + 1000 * (30 - CONNECTIONS), "waiting: %d", late);
	loop_stop(loop);
}

static void start_deadlines(struct loop_defer *defer)
{
	(void)defer;
	many_left = 30;
	for (int i = 0; i < 30; i++) {
		make_url(many_url[i], sizeof many_url[i], PLAIN, "/hang");
		many[i] = (struct http_call){
			.label = "node-1", .url = many_url[i], .deadline_ms = 300, .max_reply = 1000
		};
		http_post(http, &many[i], on_late);
	}
}

static void never(struct task *task, const struct reply *r)
{
	(void)task;
	(void)r;
	check(false, "done() after http_free()");
}

int main(int argc, char **argv)
{
	char why[200] = "";
	struct http_config config = { .max_connections = CONNECTIONS, .user_agent = "live-test" };
	static struct http_call open_at_end;
	static char url[256];

	if (argc != 5)
		return 2;
	plain_port = argv[1];
	tls_port = argv[2];
	silent_port = argv[3];
	config.ca_file = argv[4];
	loop = loop_new();
	http = http_new(loop, &config, why, sizeof why);
	config.accept_encoding = "";
	packed = http_new(loop, &config, why, sizeof why);
	assert(http && packed);
	ticker = loop_timer_new(loop, on_tick, NULL);
	cancel_timer = loop_timer_new(loop, on_cancel_timer, NULL);
	on_tick(NULL);
	reuse_left = 50;
	loop_defer(loop, &next, run_one);
	loop_run(loop);
	/* What blocks does so for the three seconds of the name server, or longer; less may be a busy machine. */
	check(longest_stall < 2500, "the loop stood still for %d ms", (int)longest_stall);
	make_url(url, sizeof url, PLAIN, "/hang");
	open_at_end = (struct http_call){ .label = "node-1", .url = url, .deadline_ms = 5000, .max_reply = 1000 };
	http_post(http, &open_at_end, never);
	http_free(http);
	http_free(packed);
	loop_timer_free(ticker);
	loop_timer_free(cancel_timer);
	loop_free(loop);
	printf("http: %d checks, %d failures, longest stall %d ms\n", checks, failures, (int)longest_stall);
	return failures ? 1 : 0;
}
