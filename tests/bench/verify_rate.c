/* How much of libsodium's bare verify rate is left when whole transactions are read: verify_rate BODY MILLISECONDS.
 *
 * BODY is a node's answer to getTransaction, naming a pool's call. Three loops, each for so long, in turn and several
 * times; the best round of each counts. Prints per second: signatures that libsodium alone verifies over the same message,
 * transactions that are read as the daemon reads them (taken apart, verified, calls extracted), and the same with the JSON. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crypto.h"
#include "chain/rpc_parse.h"
#include "core/address.h"
#include "core/calls.h"
#include "core/ml_call.h"

enum { ROUNDS = 5, BATCH = 16 };

static char *text;
static size_t text_len;
static struct rpc_memory memory;
static struct rpc_result result;
static struct signature sig;
static struct pubkey pool, signer;
static uint8_t message[TX_SIZE_MAX];
static size_t message_len;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "verify_rate: %s\n", what);
	exit(1);
}

static void load(const char *path)
{
	FILE *file = fopen(path, "rb");

	text = malloc(1 << 20);
	if (!file || !text)
		die("cannot read the body");
	text_len = fread(text, 1, 1 << 20, file);
	fclose(file);
}

static void parse(void)
{
	const struct rpc_question question = { .method = RPC_TRANSACTION, .id = 1 };
	const struct rpc_body body = { 200, text, text_len };
	struct rpc_answer answer;

	if (rpc_parse(&question, &body, &memory, &result, &answer) != RPC_RESULT)
		die(answer.why);
}

static size_t read_calls(void)
{
	const struct rpc_transaction *t = &result.as.transaction;
	const struct calls_source source = { { t->tx, t->tx_len }, t->slot, t->loaded_writable, t->loaded_readonly,
		t->n_writable, t->n_readonly, t->has_inner, t->inner, t->n_inner, t->logs, t->n_logs };
	static struct pool_calls calls;

	if (calls_read(&calls, &source, &sig, &pool) != CALLS_OK)
		die("the transaction is not taken");
	return calls.n;
}

/* Which pool the transaction is about, and what was signed by whom. */
static void find_pool(void)
{
	const struct rpc_transaction *t = &result.as.transaction;
	struct tx_view view;
	struct ml_call call;

	if (tx_parse(&view, t->tx, t->tx_len) != TX_OK)
		die("no transaction");
	if (view.n_signatures != 1 || !tx_view_key(&view, 0, NULL, 0, &signer))
		die("give a transaction with one signature");
	sig = tx_view_signature(&view, 0);
	message_len = tx_view_message(&view).n;
	memcpy(message, tx_view_message(&view).p, message_len);
	for (unsigned i = 0; i < view.n_ixs; i++)
		if (ml_call_read(&call, &view, NULL, 0, view.ixs[i].program, tx_view_ix_accounts(&view, &view.ixs[i]),
			    tx_view_ix_data(&view, &view.ixs[i])))
			pool = call.pool;
	if (read_calls() == 0)
		die("no call of a pool");
}

static void bare(void)
{
	if (!crypto_ed25519_verify(&signer, (struct bytes){ message, message_len }, &sig))
		die("the signature does not verify");
}

static void whole(void)
{
	(void)read_calls();
}

static void with_json(void)
{
	parse();
	(void)read_calls();
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double rate(void (*work)(void), double long_enough)
{
	const double began = seconds();
	double now = began;
	size_t n = 0;

	while (now - began < long_enough) {
		for (int i = 0; i < BATCH; i++)
			work();
		n += BATCH;
		now = seconds();
	}
	return (double)n / (now - began);
}

int main(int argc, char **argv)
{
	void (*const work[3])(void) = { bare, whole, with_json };
	double best[3] = { 0 };

	if (argc != 3 || !crypto_init()) {
		fprintf(stderr, "usage: verify_rate BODY MILLISECONDS\n");
		return 64;
	}
	load(argv[1]);
	parse();
	find_pool();
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < 3; i++) {
			const double now = rate(work[i], (double)strtoul(argv[2], NULL, 10) / 1e3);

			best[i] = now > best[i] ? now : best[i];
		}
	printf("{\"bare\":%.0f,\"whole\":%.0f,\"withJson\":%.0f}\n", best[0], best[1], best[2]);
	return 0;
}
