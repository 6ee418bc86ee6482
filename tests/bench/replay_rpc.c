/* A Solana node that repeats itself, so fast that it is never what is measured: every address is an open pool that stays as it is.
 *
 * For scripts/bench and nothing else: it reads the compact JSON that poolkeeper writes, one request at a time per
 * connection. A pool's bytes follow from its address alone, so there is no table, however many pools are asked for.
 * Prints "listening http://127.0.0.1:PORT"; the method replay_stats answers {"requests", "connections", "in", "out"}. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "core/base64.h"
#include "core/clock.h"
#include "core/pool.h"

enum {
	HEAD_ROOM = 128,     /* in front of the body, for the HTTP head that needs its length */
	ACCOUNT_ROOM = 1024, /* one account as text, at most */
	KEYS_MAX = 100,
	KEY_BORROWED = 40,     /* characters of the address that stand in the account: 30 bytes */
	ADDRESS_TEXT_MIN = 43, /* shorter ones are sysvars and programs */
	FIRST_SLOT = 300000000,
	SLOT_MS = 400,
};

static const char CLOCK[] = "SysvarC1ock11111111111111111111111111111111";
static const char ML[] = "4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm";
static const char SIGNATURE[] =
	"5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW";
static const char DEVNET_GENESIS[] = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG";

struct client {
	int fd;
	char *in, *out;
	size_t in_len, in_room, out_len, out_sent, out_room;
	bool counted; /* it asked for something else than replay_stats: it is not the bench's own */
};

/* What the bench asks about. */
static uint64_t requests, connections, bytes_in, bytes_out;
static struct timespec started;
static char pool_text[BASE64_TEXT(POOL_ACCOUNT_SIZE)];

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "replay_rpc: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *must(void *memory)
{
	if (!memory)
		die("memory");
	return memory;
}

/* ---- the chain ---- */

static uint64_t slot_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return FIRST_SLOT +
	       (uint64_t)((now.tv_sec - started.tv_sec) * 1000 + (now.tv_nsec - started.tv_nsec) / 1000000) / SLOT_MS;
}

/* An open pool; the fields that name other accounts or random bytes are filled from the address afterwards. */
static void make_pool_text(void)
{
	uint8_t pool[POOL_ACCOUNT_SIZE] = { 0 };
	const int64_t opened = (int64_t)time(NULL) - 600;

	memcpy(pool, POOL_DISCRIMINATOR, 8);
	memset(pool + 48, 0x33, PUBKEY_SIZE);
	store_i64(pool + 144, opened);
	store_i64(pool + 152, 86400);
	store_i64(pool + 160, opened + 86400);
	pool[192] = 20;
	store_i64(pool + 193, 60);
	store_u64(pool + 209, 100000000);
	store_u64(pool + 217, 300000000);
	store_u64(pool + 225, 300000000);
	store_u32(pool + 233, 3);
	memset(pool + POOL_DEV_WALLET_OFFSET, 0x5a, PUBKEY_SIZE);
	store_u16(pool + 273, 500);
	store_u16(pool + 275, 350);
	memset(pool + 277, 0xa5, PUBKEY_SIZE);
	store_u16(pool + 309, 150);
	pool[367] = 254;
	pool[POOL_STATUS_OFFSET] = POOL_OPEN;
	pool[413] = 1;
	store_i64(pool + 414, opened + 60);
	base64_encode(pool_text, pool, sizeof pool);
}

/* ---- answers ---- */

__attribute__((format(printf, 2, 3))) static void say(struct client *c, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(c->out + c->out_len, c->out_room - c->out_len, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= c->out_room - c->out_len) {
		errno = EOVERFLOW;
		die("answer");
	}
	c->out_len += (size_t)n;
}

static void say_clock(struct client *c, uint64_t slot)
{
	uint8_t clock[CLOCK_ACCOUNT_SIZE] = { 0 };
	char text[BASE64_TEXT(CLOCK_ACCOUNT_SIZE)];

	store_u64(clock, slot);
	store_i64(clock + 32, (int64_t)time(NULL));
	base64_encode(text, clock, sizeof clock);
	say(c,
		"{\"data\":[\"%s\",\"base64\"],\"executable\":false,\"lamports\":1169280,\"owner\":"
		"\"Sysvar1111111111111111111111111111111111111\",\"rentEpoch\":18446744073709551615,\"space\":40}",
		text);
}

/* Base58 text is valid base64, so the address itself stands for salt, vault, creator, hash and participants. */
static void say_pool(struct client *c, const char *address)
{
	static const size_t at[] = { 18, 81, 114, 372, 423 }; /* bytes, multiples of 3: whole base64 groups */
	char *text;

	say(c, "{\"data\":[\"");
	text = c->out + c->out_len;
	memcpy(text, pool_text, sizeof pool_text - 1);
	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
		memcpy(text + at[i] / 3 * 4, address, KEY_BORROWED);
	c->out_len += sizeof pool_text - 1;
	say(c,
		"\",\"base64\"],\"executable\":false,\"lamports\":4287360,\"owner\":\"%s\",\"rentEpoch\":"
		"18446744073709551615,\"space\":%d}",
		ML, POOL_ACCOUNT_SIZE);
}

static void say_account(struct client *c, const char *key, size_t len, uint64_t slot)
{
	if (len == strlen(CLOCK) && memcmp(key, CLOCK, len) == 0)
		say_clock(c, slot);
	else if (len == strlen(ML) && memcmp(key, ML, len) == 0)
		say(c, "{\"data\":[\"\",\"base64\"],\"executable\":true,\"lamports\":1141440,\"owner\":"
		       "\"BPFLoaderUpgradeab1e11111111111111111111111\",\"rentEpoch\":18446744073709551615,\"space\":"
		       "0}");
	else if (len >= ADDRESS_TEXT_MIN)
		say_pool(c, key);
	else
		say(c, "null");
}

static void say_accounts(struct client *c, const char *params)
{
	const char *key = strstr(params, "[["), *end;
	const uint64_t slot = slot_now();
	size_t n = 0;

	say(c, "{\"context\":{\"apiVersion\":\"2.2.7\",\"slot\":%" PRIu64 "},\"value\":[", slot);
	for (key = key ? key + 2 : ""; *key == '"' && n < KEYS_MAX; key = end + 1 + (end[1] == ',')) {
		end = strchr(key + 1, '"');
		if (!end)
			break;
		say(c, "%s", n++ ? "," : "");
		say_account(c, key + 1, (size_t)(end - key - 1), slot);
	}
	say(c, "]}");
}

static void say_result(struct client *c, const char *method, const char *body)
{
	const uint64_t slot = slot_now();

	if (strncmp(method, "getMultipleAccounts\"", 20) == 0)
		say_accounts(c, body);
	else if (strncmp(method, "getGenesisHash\"", 15) == 0)
		say(c, "\"%s\"", DEVNET_GENESIS);
	else if (strncmp(method, "getMinimumBalanceForRentExemption\"", 34) == 0)
		say(c, "2039280");
	else if (strncmp(method, "getEpochInfo\"", 13) == 0)
		say(c,
			"{\"absoluteSlot\":%" PRIu64 ",\"blockHeight\":%" PRIu64
			",\"epoch\":694,\"slotIndex\":0,\"slotsInEpoch\":432000,\"transactionCount\":1}",
			slot, slot - 1000000);
	else if (strncmp(method, "getSignaturesForAddress\"", 24) == 0) /* one, which failed: nothing to fetch */
		say(c,
			"[{\"signature\":\"%s\",\"slot\":1,\"err\":{\"InstructionError\":[0,{\"Custom\":6000}]},"
			"\"memo\":null,"
			"\"blockTime\":1,\"confirmationStatus\":\"finalized\"}]",
			SIGNATURE);
	else
		say(c, "{\"requests\":%" PRIu64 ",\"connections\":%" PRIu64 ",\"in\":%" PRIu64 ",\"out\":%" PRIu64 "}",
			requests, connections, bytes_in, bytes_out);
}

/* Body first, then the head right in front of it. */
static void answer(struct client *c, const char *body)
{
	static const char name[] = "\"method\":\"";
	const char *id = strstr(body, "\"id\":"), *method = strstr(body, name);
	char head[HEAD_ROOM];
	int n;

	method = method ? method + strlen(name) : "";
	c->out_len = HEAD_ROOM;
	say(c, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"result\":", id ? (uint64_t)strtoull(id + 5, NULL, 10) : 0);
	if (strncmp(method, "replay_stats\"", 13) != 0) {
		requests++;
		connections += !c->counted;
		c->counted = true;
	}
	say_result(c, method, body);
	say(c, "}");
	n = snprintf(head, sizeof head,
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
		c->out_len - HEAD_ROOM);
	c->out_sent = HEAD_ROOM - (size_t)n;
	memcpy(c->out + c->out_sent, head, (size_t)n);
	bytes_out += c->out_len - c->out_sent;
}

/* ---- sockets ---- */

static void drop(struct client *c)
{
	close(c->fd);
	free(c->in);
	free(c->out);
	free(c);
}

/* False: the client is gone. */
static bool flush(int epoll, struct client *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	ssize_t n;

	while (c->out_sent < c->out_len) {
		n = send(c->fd, c->out + c->out_sent, c->out_len - c->out_sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			break;
		c->out_sent += (size_t)n;
	}
	if (c->out_sent < c->out_len)
		event.events = EPOLLOUT;
	return epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event) == 0;
}

/* The body of a whole request, or NULL while some of it is missing. */
static char *whole_body(struct client *c)
{
	char *head_end = strstr(c->in, "\r\n\r\n"), *length = strcasestr(c->in, "content-length:");
	size_t wanted;

	if (!head_end)
		return NULL;
	wanted = length && length < head_end ? strtoul(length + 15, NULL, 10) : 0;
	return c->in_len >= (size_t)(head_end + 4 - c->in) + wanted ? head_end + 4 : NULL;
}

/* False: the client is gone. */
static bool take(int epoll, struct client *c)
{
	ssize_t n;
	char *body;

	if (c->in_len + 1 == c->in_room)
		c->in = must(realloc(c->in, c->in_room *= 2));
	n = recv(c->fd, c->in + c->in_len, c->in_room - c->in_len - 1, 0);
	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	bytes_in += (uint64_t)n;
	c->in_len += (size_t)n;
	c->in[c->in_len] = '\0';
	body = whole_body(c);
	if (!body)
		return true;
	answer(c, body);
	c->in_len = 0;
	return flush(epoll, c);
}

static void welcome(int epoll, int listener)
{
	struct client *c = must(calloc(1, sizeof *c));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	const int on = 1;

	*c = (struct client){ .in_room = 8192, .out_room = HEAD_ROOM + (KEYS_MAX + 1) * ACCOUNT_ROOM };
	c->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (c->fd < 0) {
		free(c);
		return;
	}
	c->in = must(malloc(c->in_room));
	c->out = must(malloc(c->out_room));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		die("epoll_ctl");
}

static int listen_anywhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 128) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		die("listen on 127.0.0.1");
	printf("listening http://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

int main(void)
{
	struct epoll_event event = { .events = EPOLLIN }, ready[64];
	const int epoll = epoll_create1(EPOLL_CLOEXEC);
	int listener, n;

	prctl(PR_SET_PDEATHSIG, SIGTERM); /* a bench that is killed leaves nothing behind */
	clock_gettime(CLOCK_MONOTONIC, &started);
	make_pool_text();
	listener = listen_anywhere();
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
		die("epoll");
	for (;;) {
		n = epoll_wait(epoll, ready, sizeof ready / sizeof ready[0], -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			struct client *c = ready[i].data.ptr;

			if (!c)
				welcome(epoll, listener);
			else if (!(ready[i].events & EPOLLOUT ? flush(epoll, c) : take(epoll, c)))
				drop(c);
		}
	}
}
