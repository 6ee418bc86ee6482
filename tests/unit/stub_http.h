/* A small HTTP/1.1 server on the test's own loop: each request goes to one function, which says what to answer. */
#ifndef UNIT_STUB_HTTP_H
#define UNIT_STUB_HTTP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/loop.h"

enum { STUB_CONNS = 16, STUB_REQUEST_MAX = 65536, STUB_REPLY_MAX = 65536 };

struct stub;

struct stub_conn {
	struct stub *stub;
	struct loop_io *io;
	int fd;
	size_t len;
	char text[STUB_REQUEST_MAX];
};

struct stub {
	struct loop *loop;
	struct loop_io *io;
	int fd;
	unsigned port;
	unsigned requests;
	char path[256];              /* of the last request, without the query */
	char body[STUB_REQUEST_MAX]; /* of the last request */
	/* Writes the JSON or other body of the answer; returns the HTTP status, 0 to say nothing, -1 to hang up. */
	int (*answer)(struct stub *stub, char *out, size_t size);
	const char *header; /* one more header line with \r\n, or NULL */
	size_t missing;     /* Content-Length promises so many bytes more than come */
	struct stub_conn conn[STUB_CONNS];
};

static void stub_close(struct stub_conn *conn)
{
	loop_io_free(conn->io);
	close(conn->fd);
	conn->io = NULL;
	conn->fd = -1;
	conn->len = 0;
}

static void stub_reply(struct stub_conn *conn)
{
	static char body[STUB_REPLY_MAX], text[STUB_REPLY_MAX + 512];
	struct stub *stub = conn->stub;
	int status = stub->answer(stub, body, sizeof body);

	if (status < 0)
		stub_close(conn);
	if (status <= 0)
		return;
	int n = snprintf(text, sizeof text, "HTTP/1.1 %d Stub\r\nContent-Length: %zu\r\n%s\r\n%s", status,
		strlen(body) + stub->missing, stub->header ? stub->header : "", body);
	if (write(conn->fd, text, (size_t)n) != n)
		abort(); /* small answers fit the socket's buffer */
}

/* True when a whole request was there. */
static bool stub_take(struct stub_conn *conn)
{
	struct stub *stub = conn->stub;
	char *end = strstr(conn->text, "\r\n\r\n"), *length = strcasestr(conn->text, "content-length:");
	size_t body_len = length && length < end ? strtoul(length + 15, NULL, 10) : 0;

	if (!end || conn->len < (size_t)(end + 4 - conn->text) + body_len)
		return false;
	stub->requests++;
	const char *path = strchr(conn->text, ' ') + 1;
	snprintf(stub->path, sizeof stub->path, "%.*s", (int)strcspn(path, " ?"), path);
	memcpy(stub->body, end + 4, body_len);
	stub->body[body_len] = '\0';
	conn->len = 0;
	return true;
}

static void stub_ready(void *owner, int fd, int events)
{
	struct stub_conn *conn = owner;
	ssize_t n = read(fd, conn->text + conn->len, sizeof conn->text - conn->len - 1);

	(void)events;
	if (n <= 0) {
		stub_close(conn);
		return;
	}
	conn->len += (size_t)n;
	conn->text[conn->len] = '\0';
	if (stub_take(conn))
		stub_reply(conn);
}

static void stub_accept(void *owner, int fd, int events)
{
	struct stub *stub = owner;
	int client = accept(fd, NULL, NULL);

	(void)events;
	for (size_t i = 0; i < STUB_CONNS && client >= 0; i++) {
		struct stub_conn *conn = &stub->conn[i];
		if (conn->io)
			continue;
		conn->stub = stub;
		conn->fd = client;
		conn->io = loop_io_new(stub->loop, stub_ready, conn);
		loop_io_set(conn->io, client, LOOP_READ);
		return;
	}
	abort();
}

static void stub_start(struct stub *stub, struct loop *loop, int (*answer)(struct stub *, char *, size_t))
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;

	memset(stub, 0, sizeof *stub);
	stub->loop = loop;
	stub->answer = answer;
	stub->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(stub->fd, (struct sockaddr *)&address, size) != 0 || listen(stub->fd, STUB_CONNS) != 0 ||
		getsockname(stub->fd, (struct sockaddr *)&address, &size) != 0)
		abort();
	stub->port = ntohs(address.sin_port);
	stub->io = loop_io_new(loop, stub_accept, stub);
	loop_io_set(stub->io, stub->fd, LOOP_READ);
}

static void stub_stop(struct stub *stub)
{
	for (size_t i = 0; i < STUB_CONNS; i++) {
		if (stub->conn[i].io)
			stub_close(&stub->conn[i]);
	}
	loop_io_free(stub->io);
	close(stub->fd);
}

#endif
