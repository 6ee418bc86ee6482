/* libmicrohttpd without threads: its own epoll descriptor is watched by our loop. */
#include "ops/health_http.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ops/health_exchange.h"
#include "ops/status_page.h"

enum {
	CLIENTS = 64,        /* a new one above this ends the oldest                                    */
	CLIENTS_HARD = 96,   /* some are still being closed                                             */
	CLIENT_MS = 5000,    /* so long a connection lives, however busy                                */
	CLIENT_BYTES = 8192, /* of request line and headers                                             */
	LOOK_MS = 10,        /* between two looks: HTTP never gets more than a small share of the loop  */
	SWEEP_MS = 1000,
	FRESH_MS = 250, /* a page is written anew after this                                       */
	AGAIN_MS = 5000,
	SAY_AGAIN_MS = 60000,
	PAGES_MAX = 16,
};

struct client {
	int fd; /* -1: free, or told to go */
	bool used;
	struct exchange_client held;
};

struct cached {
	const struct health_page *page;
	struct MHD_Response *response;
};

struct health_http {
	struct loop *loop;
	struct loop_io *io;
	struct loop_timer *timer;
	struct listen_address address;
	void (*collect)(void *owner, struct health_facts *out);
	void *owner;
	struct later_pages later;
	bool pausing;           /* between two looks                     */
	bool answered;          /* somebody who waited has his answer now */
	struct MHD_Daemon *mhd; /* NULL: not listening */
	uint64_t said_ms;
	struct client client[CLIENTS_HARD];
	struct health_facts facts;
	struct health_verdict verdict;
	uint64_t taken_ms; /* when the facts were; 0: never */
	struct cached cached[PAGES_MAX];
	size_t n_cached;
	struct buf page;
};

/* ---- connections ---- */

/* libmicrohttpd finds the connection closed by its peer, and ends it. */
static void dismiss(struct client *c)
{
	(void)shutdown(c->fd, SHUT_RDWR);
	c->fd = -1;
}

static void dismiss_oldest(struct health_http *h)
{
	struct client *oldest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < CLIENTS_HARD; i++) {
		struct client *c = &h->client[i];

		if (c->fd < 0)
			continue;
		n++;
		if (c->held.waiting)
			continue;
		if (oldest == NULL || c->held.since_ms < oldest->held.since_ms)
			oldest = c;
	}
	if (n > CLIENTS && oldest != NULL)
		dismiss(oldest);
}

static void on_connection(
	void *owner, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct health_http *h = owner;
	struct client *c = *context;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (c != NULL)
			*c = (struct client){ .fd = -1 };
		return;
	}
	for (c = h->client; c < h->client + CLIENTS_HARD && c->used; c++)
		;
	if (c == h->client + CLIENTS_HARD) /* cannot be: libmicrohttpd has the same limit */
		return;
	*c = (struct client){ .used = true,
		.held.since_ms = loop_mono_ms(),
		.fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd };
	*context = c;
	dismiss_oldest(h);
}

/* Returns whether anybody is left. */
static bool sweep(struct health_http *h, uint64_t now)
{
	bool any = false;

	for (size_t i = 0; i < CLIENTS_HARD; i++) {
		any = any || h->client[i].used;
		if (h->client[i].fd >= 0 && !h->client[i].held.waiting && now - h->client[i].held.since_ms >= CLIENT_MS)
			dismiss(&h->client[i]);
	}
	return any;
}

/* ---- pages ---- */

static void forget_pages(struct health_http *h)
{
	while (h->n_cached > 0)
		MHD_destroy_response(h->cached[--h->n_cached].response);
}

static void refresh(struct health_http *h)
{
	const uint64_t now = loop_mono_ms();

	if (h->taken_ms != 0 && now - h->taken_ms < FRESH_MS)
		return;
	forget_pages(h);
	h->collect(h->owner, &h->facts);
	health_judge(&h->facts, &h->verdict);
	h->taken_ms = now;
}

void health_add_header(struct MHD_Response *response, const char *name, const char *value)
{
	if (MHD_add_response_header(response, name, value) != MHD_YES)
		abort(); /* out of memory */
}

struct MHD_Response *health_response(const char *text, size_t len, const char *type)
{
	/* The library takes no const pointer, and with this mode only reads. */
	struct MHD_Response *response = MHD_create_response_from_buffer(
		len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (response == NULL)
		abort(); /* out of memory */
	health_add_header(response, "Content-Type", type);
	health_add_header(response, "X-Content-Type-Options", "nosniff");
	health_add_header(response, "Referrer-Policy", "no-referrer");
	health_add_header(response, "Cache-Control", "no-store");
	health_add_header(response, "Connection", "close");
	return response;
}

static struct MHD_Response *page_response(struct health_http *h, const struct health_page *page)
{
	for (size_t i = 0; i < h->n_cached; i++)
		if (h->cached[i].page == page)
			return h->cached[i].response;
	buf_reset(&h->page);
	page->write(&h->page, &h->facts, &h->verdict);
	h->cached[h->n_cached++] = (struct cached){ page, health_response(h->page.data, h->page.len, page->type) };
	if (page->policy != NULL)
		health_add_header(h->cached[h->n_cached - 1].response, "Content-Security-Policy", page->policy());
	return h->cached[h->n_cached - 1].response;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct MHD_Response *response = health_response(text, strlen(text), "text/plain; charset=utf-8");
	enum MHD_Result result;

	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		health_add_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* Not kept: there are as many as draws. */
static enum MHD_Result say_proof(struct health_http *h, struct MHD_Connection *connection, const char *url)
{
	static const char unknown[] = "not among the last draws of this process: poolkeeper verify ADDRESS:POOL_ID\n";
	struct MHD_Response *response;
	enum MHD_Result result;

	buf_reset(&h->page);
	if (!draw_proof_write(&h->page, &h->facts, url))
		return say(connection, MHD_HTTP_NOT_FOUND, unknown);
	response = health_response(h->page.data, h->page.len, "application/json");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result on_page(
	struct health_http *h, struct MHD_Connection *connection, const char *url, const char *method)
{
	const struct health_page *page = health_page_find(url);

	if (page == NULL && strncmp(url, DRAW_PROOF_PREFIX, strlen(DRAW_PROOF_PREFIX)) != 0)
		return say(connection, MHD_HTTP_NOT_FOUND, "no such page\n");
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	refresh(h);
	if (page == NULL)
		return say_proof(h, connection, url);
	return MHD_queue_response(connection, health_page_status(page, &h->verdict), page_response(h, page));
}

static void on_answered(void *owner)
{
	struct health_http *h = owner;

	h->answered = true;
	if (!h->pausing)
		loop_timer_set(h->timer, 0);
}

static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **context)
{
	struct health_http *h = owner;
	struct client *c;
	(void)version;

	if (h->later.has == NULL || !h->later.has(h->later.owner, url))
		return on_page(h, connection, url, method);
	c = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	if (c == NULL)
		return MHD_NO;
	return exchange_call(&(struct exchange_call){
		&h->later, connection, url, method, upload, upload_size, context, &c->held, on_answered, h });
}

/* ---- listening ---- */

static int listen_on(const struct listen_address *address)
{
	const int fd = socket(address->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	int error;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		bind(fd, (const struct sockaddr *)&address->to, address->len) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void say_not_listening(struct health_http *h, const char *why)
{
	const uint64_t now = loop_mono_ms();
	char text[LISTEN_TEXT];

	if (h->said_ms != 0 && now - h->said_ms < SAY_AGAIN_MS)
		return;
	h->said_ms = now;
	listen_text(&h->address.to, text);
	log_error("http.not_listening", "key=KEEPER_HTTP value=%s why=\"%s\" next=retry in_ms=%d", text, why, AGAIN_MS);
}

static void say_listening(struct health_http *h, int fd)
{
	struct sockaddr_storage bound = h->address.to;
	socklen_t len = sizeof(bound);
	char text[LISTEN_TEXT];

	(void)getsockname(fd, (struct sockaddr *)&bound, &len); /* only for port 0: else it is known */
	listen_text(&bound, text);
	log_info("http.listening", "address=%s", text);
	if (!h->address.loopback)
		log_warn("http.exposed", "address=%s why=\"%s\"", text,
			"other machines can read pool states and the wallet's balance here: keep it behind a firewall");
	h->said_ms = 0;
}

static bool start(struct health_http *h)
{
	const int fd = listen_on(&h->address);

	if (fd < 0) {
		say_not_listening(h, errno == EADDRINUSE ? "another process has this port" : strerror(errno));
		return false;
	}
	h->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, h,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CLIENTS_HARD,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CLIENT_BYTES, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
		h, MHD_OPTION_NOTIFY_COMPLETED, exchange_end, NULL, MHD_OPTION_END);
	if (h->mhd == NULL) {
		close(fd);
		say_not_listening(h, "libmicrohttpd could not start");
		return false;
	}
	say_listening(h, fd);
	return true;
}

/* ---- turns ---- */

static void look(struct health_http *h)
{
	loop_io_stop(h->io);
	h->answered = false;
	(void)MHD_run(h->mhd);
	h->pausing = true;
	loop_timer_set(h->timer, LOOK_MS);
}

static void on_ready(void *owner, int fd, int events)
{
	(void)fd, (void)events;
	look(owner);
}

static void on_timer(void *owner)
{
	struct health_http *h = owner;
	MHD_UNSIGNED_LONG_LONG wait;
	bool anybody;

	if (h->mhd == NULL && !start(h)) {
		loop_timer_set(h->timer, AGAIN_MS);
		return;
	}
	h->pausing = false;
	anybody = sweep(h, loop_mono_ms());
	if (h->answered) {
		look(h);
		return;
	}
	if (MHD_get_timeout(h->mhd, &wait) == MHD_YES && wait == 0) {
		look(h);
		return;
	}
	loop_io_set(h->io, MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, LOOP_READ);
	if (anybody)
		loop_timer_set(h->timer, SWEEP_MS);
}

struct health_http *health_http_new(struct loop *loop, const struct listen_address *address,
	void (*collect)(void *owner, struct health_facts *out), void *owner, const struct later_pages *later)
{
	struct health_http *h;

	if (!address->on)
		return NULL;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		abort();
	h->loop = loop;
	h->address = *address;
	h->collect = collect;
	h->owner = owner;
	if (later != NULL)
		h->later = *later;
	for (size_t i = 0; i < CLIENTS_HARD; i++)
		h->client[i].fd = -1;
	buf_heap(&h->page, HEALTH_PAGE_MAX);
	h->io = loop_io_new(loop, on_ready, h);
	h->timer = loop_timer_new(loop, on_timer, h);
	loop_timer_set(h->timer, 0);
	return h;
}

void health_http_free(struct health_http *h)
{
	if (h == NULL)
		return;
	loop_io_free(h->io);
	loop_timer_free(h->timer);
	if (h->mhd != NULL)
		MHD_stop_daemon(h->mhd);
	forget_pages(h);
	buf_free(&h->page);
	free(h);
}
