/* The least that a tick can cost with json-c: bare_tick PORT POOLS TICKS asks the replay server for all pools over and over.
 *
 * One blocking socket, json-c, base64, one memcmp per account: no choice of node, no checks, no database. Prints the CPU
 * of this process per pool and tick in microseconds, first tick excluded. The daemon reads accounts without json-c. */
#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/pool.h"

enum { CHUNK = 99, BODY_ROOM = 8192, REPLY_ROOM = 256 * 1024, ADDRESS = 44 };

static const char BASE58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "bare_tick: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int dial(const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		die("connect");
	return fd;
}

static size_t write_request(char *out, size_t first, size_t n)
{
	char body[BODY_ROOM];
	size_t len = (size_t)snprintf(body, sizeof body, "{\"id\":1,\"method\":\"getMultipleAccounts\",\"params\":[[");

	for (size_t i = first; i < first + n; i++) {
		char *at = body + len;
		size_t rest = i;

		memset(at, 'B', ADDRESS + 3);
		at[0] = at[ADDRESS + 1] = '"';
		at[ADDRESS + 2] = ',';
		for (int digit = ADDRESS; rest; rest /= 58)
			at[digit--] = BASE58[rest % 58];
		len += ADDRESS + 3;
	}
	len += (size_t)snprintf(body + len, sizeof body - len,
		"\"SysvarC1ock11111111111111111111111111111111\"],{\"encoding\":\"base64\"}]}");
	return (size_t)snprintf(out, BODY_ROOM * 2, "POST / HTTP/1.1\r\nContent-Length: %zu\r\n\r\n%s", len, body);
}

/* The body of the one reply that is on its way. */
static const char *read_reply(int fd, char *in)
{
	size_t len = 0, whole = 0;
	char *body = NULL;

	while (!body || len < whole) {
		ssize_t n = recv(fd, in + len, REPLY_ROOM - 1 - len, 0);

		if (n <= 0)
			die("recv");
		len += (size_t)n;
		in[len] = '\0';
		if (body || !(body = strstr(in, "\r\n\r\n")))
			continue;
		body += 4;
		whole = (size_t)(body - in) + strtoul(strstr(in, "Content-Length:") + 15, NULL, 10);
	}
	return body;
}

/* Returns how many accounts changed. */
static size_t take(const char *body, uint8_t (*known)[POOL_ACCOUNT_SIZE], size_t n)
{
	struct json_object *root = json_tokener_parse(body), *result, *value, *data;
	uint8_t bytes[POOL_ACCOUNT_SIZE];
	size_t len, changed = 0;

	if (!json_object_object_get_ex(root, "result", &result) || !json_object_object_get_ex(result, "value", &value))
		die("reply");
	for (size_t i = 0; i < n; i++) {
		json_object_object_get_ex(json_object_array_get_idx(value, i), "data", &data);
		data = json_object_array_get_idx(data, 0);
		if (!base64_decode(bytes, sizeof bytes, &len, json_object_get_string(data),
			    (size_t)json_object_get_string_len(data)))
			die("base64");
		if (memcmp(known[i], bytes, sizeof bytes) == 0)
			continue;
		memcpy(known[i], bytes, sizeof bytes);
		changed++;
	}
	json_object_put(root);
	return changed;
}

static size_t tick(int fd, uint8_t (*known)[POOL_ACCOUNT_SIZE], size_t pools)
{
	static char request[BODY_ROOM * 2], reply[REPLY_ROOM];
	size_t changed = 0;

	for (size_t first = 0; first < pools; first += CHUNK) {
		const size_t n = pools - first < CHUNK ? pools - first : CHUNK, len = write_request(request, first, n);

		if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
			die("send");
		changed += take(read_reply(fd, reply), known + first, n);
	}
	return changed;
}

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	const size_t pools = argc == 4 ? strtoul(argv[2], NULL, 10) : 0,
		     ticks = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	uint8_t(*known)[POOL_ACCOUNT_SIZE] = calloc(pools + 1, sizeof *known);
	double before;
	int fd;

	if (!pools || !ticks || !known) {
		fprintf(stderr, "usage: bare_tick PORT POOLS TICKS\n");
		return 64;
	}
	fd = dial(argv[1]);
	if (tick(fd, known, pools) != pools)
		die("the first tick must find every pool new");
	before = cpu_us();
	for (size_t i = 0; i < ticks; i++)
		if (tick(fd, known, pools) != 0)
			die("a later tick must find no pool changed");
	printf("%.3f\n", (cpu_us() - before) / (double)(ticks * pools));
	close(fd);
	free(known);
	return 0;
}
