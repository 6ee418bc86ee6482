/* libcurl's multi interface on the event loop. */
#include "io/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* Older versions join their resolver thread when a transfer is given up, so a
 * dead name server would stop the whole loop (CURLOPT_QUICK_EXIT). */
#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87.0 or newer is needed"
#endif

enum { HEADERS_MAX = 65536, RETRY_AFTER_MAX = 3600, WHY_MAX = 256, KEEP_REPLY_ROOM = 1024 * 1024 };

struct http_transfer {
	struct http *http;
	CURL *easy;
	struct http_call *call; /* NULL while it waits in the free list */
	struct loop_timer *deadline;
	struct curl_slist *headers;
	struct buf body;
	size_t header_bytes;
	CURLcode refused; /* what made it fail before it could start */
	bool get, added, too_large;
	uint64_t started;
	struct http_transfer *next;
};

/* A socket of libcurl's that we watch. */
struct http_socket {
	struct loop_io *io;
	struct http_socket *next_free, *next;
};

struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct http_transfer *transfers; /* all, in use or not */
	struct http_socket *sockets, *free_sockets;
	char *accept_encoding, *proxy, *ca_file, *user_agent;
	unsigned pending;
	uint64_t connects;
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* A setting that libcurl refuses is a bug of ours or no memory: both end here. */
#define SET(easy, option, value) set_ok(curl_easy_setopt(easy, option, value))
static void set_ok(CURLcode code)
{
	if (code != CURLE_OK)
		abort();
}

/* ---- the end of a call ---- */

static long info_long(const struct http_transfer *t, CURLINFO what)
{
	long value = 0;

	(void)curl_easy_getinfo(t->easy, what, &value);
	return value;
}

static uint32_t retry_after(const struct http_transfer *t)
{
	curl_off_t seconds = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &seconds);
	return (uint32_t)(seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : seconds < 0 ? 0 : seconds);
}

static enum err judge_loss(const struct http_transfer *t, const struct http_reply *reply, CURLcode code)
{
	bool unusable = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
	                code == CURLE_BAD_FUNCTION_ARGUMENT;

	if (!reply->left)
		return unusable ? ERR_INVALID : ERR_RETRY;
	if (t->get)
		return reply->too_large ? ERR_INVALID : ERR_RETRY;
	return ERR_UNKNOWN;
}

static enum err judge(const struct http_transfer *t, const struct http_reply *reply, CURLcode code)
{
	if (reply->status == 429 || reply->status == 503)
		return ERR_RETRY;
	if (code != CURLE_OK)
		return judge_loss(t, reply, code);
	if (reply->status >= 200 && reply->status <= 299)
		return ERR_OK;
	if (reply->status >= 500 || reply->status == 408)
		return t->get ? ERR_RETRY : ERR_UNKNOWN;
	return ERR_REFUSED;
}

/* Never from CURLOPT_ERRORBUFFER: that text names the host, which may be a secret. */
static void explain(const struct http_transfer *t, const struct http_reply *reply, CURLcode code, char *why)
{
	const struct http_call *call = t->call;
	long os_error = info_long(t, CURLINFO_OS_ERRNO);

	if (code == CURLE_OK && reply->status >= 300 && reply->status <= 399)
		(void)snprintf(why, WHY_MAX, "%s: HTTP %d, and redirects are not followed: configure the final URL",
			call->label, reply->status);
	else if (code == CURLE_OK)
		(void)snprintf(why, WHY_MAX, "%s: HTTP %d", call->label, reply->status);
	else if (t->too_large)
		(void)snprintf(why, WHY_MAX, "%s: the reply is larger than %zu bytes, or its headers than %d",
			call->label, call->max_reply, HEADERS_MAX);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		(void)snprintf(why, WHY_MAX, "%s: %s within %u ms", call->label,
			reply->left ? "no whole answer" : "nothing could be sent", call->deadline_ms);
	else if (code == CURLE_UNSUPPORTED_PROTOCOL && reply->left) /* libcurl's word for HTTP/0.9 */
		(void)snprintf(why, WHY_MAX, "%s: the reply is not HTTP", call->label);
	else if (code == CURLE_COULDNT_CONNECT && os_error)
		(void)snprintf(why, WHY_MAX, "%s: cannot connect: %s", call->label, strerror((int)os_error));
	else
		(void)snprintf(why, WHY_MAX, "%s: %s", call->label, curl_easy_strerror(code));
}

/* Takes the transfer from libcurl and makes it free for the next call. The body stays for the reply. */
static void detach(struct http_transfer *t)
{
	loop_timer_stop(t->deadline);
	if (t->added)
		(void)curl_multi_remove_handle(t->http->multi, t->easy);
	t->added = false;
	t->http->pending--;
	t->http->connects += (uint64_t)info_long(t, CURLINFO_NUM_CONNECTS);
	t->call->transfer = NULL;
}

static void recycle(struct http_transfer *t)
{
	curl_easy_reset(t->easy); /* before the list that it points to */
	curl_slist_free_all(t->headers);
	t->headers = NULL;
	if (t->body.room > KEEP_REPLY_ROOM) {
		buf_free(&t->body);
		buf_heap(&t->body, 0);
	}
	t->call = NULL;
}

static void finish(struct http_transfer *t, CURLcode code)
{
	char why[WHY_MAX] = "";
	struct http_call *call = t->call;
	struct http_reply out = {
		.status = (int)info_long(t, CURLINFO_RESPONSE_CODE),
		.body = t->body.data,
		.len = t->body.len,
		.retry_after_s = retry_after(t),
		.left = info_long(t, CURLINFO_REQUEST_SIZE) > 0,
		.too_large = t->too_large,
		.ms = (uint32_t)(loop_mono_ms() - t->started),
	};
	struct reply reply = { .err = judge(t, &out, code), .data = &out, .why = why };

	out.reused = out.left && info_long(t, CURLINFO_NUM_CONNECTS) == 0;
	if (reply.err != ERR_OK)
		explain(t, &out, code, why);
	detach(t);
	task_end(&call->task, &reply);
	recycle(t);
}

static void on_deadline(void *owner)
{
	struct http_transfer *t = owner;

	finish(t, t->refused != CURLE_OK ? t->refused : CURLE_OPERATION_TIMEDOUT);
}

/* ---- libcurl's side ---- */

static void drain(struct http *http)
{
	struct http_transfer *t;
	CURLMsg *msg;
	CURLcode code;
	int left;

	while ((msg = curl_multi_info_read(http->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		code = msg->data.result; /* msg dies when its handle is removed */
		set_ok(curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t));
		finish(t, code);
	}
}

static void on_socket_ready(void *owner, int fd, int events)
{
	struct http *http = owner;
	int running;
	int mask = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);

	(void)curl_multi_socket_action(http->multi, fd, mask, &running);
	drain(http);
}

static void on_timer(void *owner)
{
	struct http *http = owner;
	int running;

	(void)curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	drain(http);
}

/* Only sets the timer: calling libcurl from here would recurse into it. */
static int on_timer_wanted(CURLM *multi, long timeout_ms, void *owner)
{
	struct http *http = owner;
	(void)multi;

	if (timeout_ms < 0)
		loop_timer_stop(http->timer);
	else
		loop_timer_set(http->timer, (uint64_t)timeout_ms);
	return 0;
}

static struct http_socket *take_socket(struct http *http)
{
	struct http_socket *s = http->free_sockets;

	if (s) {
		http->free_sockets = s->next_free;
		return s;
	}
	s = must(calloc(1, sizeof *s));
	s->io = loop_io_new(http->loop, on_socket_ready, http);
	s->next = http->sockets;
	http->sockets = s;
	return s;
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *owner, void *socket_owner)
{
	struct http *http = owner;
	struct http_socket *s = socket_owner;
	(void)easy;

	if (what == CURL_POLL_REMOVE) {
		if (!s)
			return 0;
		loop_io_stop(s->io);
		s->next_free = http->free_sockets;
		http->free_sockets = s;
		(void)curl_multi_assign(http->multi, fd, NULL);
		return 0;
	}
	if (!s) {
		s = take_socket(http);
		(void)curl_multi_assign(http->multi, fd, s);
	}
	loop_io_set(s->io, fd, (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0));
	return 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *owner)
{
	struct http_transfer *t = owner;

	buf_add(&t->body, bytes, size * count);
	t->too_large = !buf_ok(&t->body);
	return t->too_large ? 0 : size * count;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *owner)
{
	struct http_transfer *t = owner;
	(void)bytes;

	t->header_bytes += size * count;
	t->too_large = t->header_bytes > HEADERS_MAX;
	return t->too_large ? 0 : size * count;
}

/* ---- the start of a call ---- */

static struct http_transfer *take_transfer(struct http *http)
{
	struct http_transfer *t;

	for (t = http->transfers; t; t = t->next)
		if (!t->call)
			return t;
	t = must(calloc(1, sizeof *t));
	t->http = http;
	t->easy = must(curl_easy_init());
	t->deadline = loop_timer_new(http->loop, on_deadline, t);
	buf_heap(&t->body, 0);
	t->next = http->transfers;
	http->transfers = t;
	return t;
}

static void add_header(struct http_transfer *t, const char *header)
{
	if (strpbrk(header, "\r\n"))
		t->refused = CURLE_BAD_FUNCTION_ARGUMENT;
	else
		t->headers = must(curl_slist_append(t->headers, header));
}

static void set_connection(const struct http *http, CURL *easy)
{
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_QUICK_EXIT, 1L);
	SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	SET(easy, CURLOPT_PROXY, http->proxy ? http->proxy : "");
	SET(easy, CURLOPT_NOPROXY, "");
	SET(easy, CURLOPT_ACCEPT_ENCODING, http->accept_encoding);
	SET(easy, CURLOPT_USERAGENT, http->user_agent);
	if (http->ca_file)
		SET(easy, CURLOPT_CAINFO, http->ca_file);
}

static void set_request(struct http_transfer *t, const struct http_call *call)
{
	SET(t->easy, CURLOPT_PRIVATE, t);
	SET(t->easy, CURLOPT_URL, call->url);
	SET(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	SET(t->easy, CURLOPT_WRITEDATA, t);
	SET(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	SET(t->easy, CURLOPT_HEADERDATA, t);
	if (!t->get) {
		SET(t->easy, CURLOPT_POST, 1L);
		SET(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
		SET(t->easy, CURLOPT_POSTFIELDS, call->body_len ? call->body : "");
		add_header(t, "Expect:"); /* no round trip before a large body */
	}
	for (const char *const *header = call->headers; header && *header; header++)
		add_header(t, *header);
	SET(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void start(
	struct http *http, struct http_call *call, bool get, void (*done)(struct task *, const struct reply *))
{
	struct http_transfer *t;

	assert(call->deadline_ms > 0 && call->max_reply > 0);
	task_begin(&call->task, done);
	t = take_transfer(http);
	t->call = call;
	t->get = get;
	t->too_large = false;
	t->header_bytes = 0;
	t->refused = CURLE_OK;
	t->started = loop_mono_ms();
	buf_reset(&t->body);
	t->body.max = call->max_reply;
	call->transfer = t;
	http->pending++;
	set_connection(http, t->easy);
	set_request(t, call);
	if (t->refused == CURLE_OK)
		t->added = curl_multi_add_handle(http->multi, t->easy) == CURLM_OK;
	if (!t->added && t->refused == CURLE_OK)
		t->refused = CURLE_FAILED_INIT;
	loop_timer_set(t->deadline, t->refused == CURLE_OK ? call->deadline_ms : 0);
}

void http_post(struct http *http, struct http_call *call, void (*done)(struct task *, const struct reply *))
{
	start(http, call, false, done);
}

void http_get(struct http *http, struct http_call *call, void (*done)(struct task *, const struct reply *))
{
	start(http, call, true, done);
}

void http_cancel(struct http *http, struct http_call *call)
{
	struct http_transfer *t = call->transfer;

	if (!t)
		return;
	assert(t->http == http);
	detach(t);
	recycle(t);
	call->task.busy = false;
}

/* ---- the client ---- */

static bool check_libcurl(char *why, size_t why_size)
{
	const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);

	if (version->version_num >= 0x075700 && (version->features & CURL_VERSION_ASYNCHDNS))
		return true;
	(void)snprintf(why, why_size,
		"libcurl %s%s: the daemon needs 7.87.0 or newer, built with AsynchDNS, so that looking "
		"up a name cannot stop it",
		version->version, version->features & CURL_VERSION_ASYNCHDNS ? "" : " without AsynchDNS");
	return false;
}

struct http *http_new(struct loop *loop, const struct http_config *config, char *why, size_t why_size)
{
	struct http *http;
	long connections = (long)config->max_connections;

	assert(connections > 0);
	if (!check_libcurl(why, why_size))
		return NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void)snprintf(why, why_size, "libcurl cannot be initialised");
		return NULL;
	}
	http = must(calloc(1, sizeof *http));
	http->loop = loop;
	http->accept_encoding = config->accept_encoding ? must(strdup(config->accept_encoding)) : NULL;
	http->proxy = config->proxy ? must(strdup(config->proxy)) : NULL;
	http->ca_file = config->ca_file ? must(strdup(config->ca_file)) : NULL;
	http->user_agent = config->user_agent ? must(strdup(config->user_agent)) : NULL;
	http->timer = loop_timer_new(loop, on_timer, http);
	http->multi = must(curl_multi_init());
	(void)curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
	(void)curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	(void)curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	(void)curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	(void)curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
	(void)curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, connections);
	return http;
}

static void free_transfers(struct http *http)
{
	struct http_transfer *t, *next;

	for (t = http->transfers; t; t = next) {
		next = t->next;
		if (t->call)
			http_cancel(http, t->call);
		curl_easy_cleanup(t->easy);
		loop_timer_free(t->deadline);
		buf_free(&t->body);
		free(t);
	}
}

void http_free(struct http *http)
{
	struct http_socket *s, *next;

	if (!http)
		return;
	free_transfers(http);
	(void)curl_multi_cleanup(http->multi); /* calls on_socket_wanted: the watchers go after it */
	for (s = http->sockets; s; s = next) {
		next = s->next;
		loop_io_free(s->io);
		free(s);
	}
	loop_timer_free(http->timer);
	free(http->accept_encoding);
	free(http->proxy);
	free(http->ca_file);
	free(http->user_agent);
	free(http);
	curl_global_cleanup();
}

unsigned http_pending(const struct http *http)
{
	return http->pending;
}

uint64_t http_connects(const struct http *http)
{
	return http->connects;
}
