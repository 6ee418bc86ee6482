/* Asks drand's relays, once per line of input: "round". Answers "err checked_by signature randomness why", a tab between.
 * live_drand <urls> [cancel]; cancel: the last question is taken back before its answer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/drand_relays.h"
#include "io/http.h"
#include "io/loop.h"

static struct loop *loop;
static bool inside;

static void print_hex(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%02x", bytes[i]);
	printf("\t");
}

static void on_done(struct task *task, const struct reply *reply)
{
	const struct drand_call *call = container_of(task, struct drand_call, task);
	struct hash randomness;

	if (inside || reply->data != call)
		abort();
	drand_randomness(&randomness, &call->signature);
	printf("%s\t%s\t", err_name(reply->err), call->checked_by);
	print_hex(call->signature.b, sizeof call->signature.b);
	print_hex(randomness.b, sizeof randomness.b);
	printf("%s\n", reply->why);
	fflush(stdout);
	loop_stop(loop);
}

int main(int argc, char **argv)
{
	const struct http_config config = {
		.max_connections = 32, .accept_encoding = "gzip", .user_agent = "poolkeeper"
	};
	struct drand_relays *relays;
	struct drand_call call;
	struct http *http;
	char why[200], line[64];

	if (argc < 2 || !crypto_init())
		return 64;
	loop = loop_new();
	http = http_new(loop, &config, why, sizeof why);
	relays = drand_relays_new(loop, http, argv[1]);
	if (!relays)
		return 78;
	drand_call_init(&call);
	while (fgets(line, sizeof line, stdin)) {
		inside = true;
		drand_ask(relays, &call, strtoull(line, NULL, 10), on_done);
		inside = false;
		loop_run(loop);
	}
	if (argc > 2)
		drand_ask(relays, &call, 1000, on_done);
	drand_call_fini(&call);
	drand_relays_free(relays);
	http_free(http);
	loop_free(loop);
	return 0;
}
