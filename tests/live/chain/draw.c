/* One whole draw over real JSON-RPC and a real gateway: every call of chain/rpc.h, the signer with its guard, the oracle.
 * live_draw <rpc url>[,<rpc url>] <gateway host:port> <pool> <oracle> <queue>     secret key as JSON in KEY
 * Prints "<what> <value>" lines; ends with "winner <address>" and status 0. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/gateway.h"
#include "chain/rpc.h"
#include "chain/signer.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/compose.h"
#include "core/draw.h"
#include "core/pda.h"
#include "core/token.h"
#include "io/http.h"
#include "io/loop.h"

enum { TRIES = 200, PAUSE_MS = 50, MAX_FEE = 100000 };

static struct loop *loop;
static struct http *http;
static struct rpc *rpc;
static struct gateway *gateway;
static struct rpc_call call;
static struct gateway_call question;
static enum err ended;
static char ended_why[400];

static struct signer *signer;
static struct account_key *account;
static struct sb_net net;
static struct guard guard;
static struct compose compose;
static struct pool_account pool;
static struct participants_account participants;
static struct sb_oracle oracle;
static struct oracle_answer answer;

static void die(const char *what)
{
	fprintf(stderr, "live_draw: %s: %s %s\n", what, err_name(ended), ended_why);
	exit(1);
}

static const void *result; /* lives in the call */

static void on_done(struct task *task, const struct reply *reply)
{
	(void)task;
	ended = reply->err;
	result = reply->data;
	call.endpoint = RPC_ANY;
	snprintf(ended_why, sizeof ended_why, "%s", reply->why);
	loop_stop(loop);
}

static void wait_for(const char *what)
{
	loop_run(loop);
	if (ended != ERR_OK)
		die(what);
}

static void stop_waiting(void *owner)
{
	loop_stop(owner);
}

static void sleep_ms(uint64_t ms)
{
	struct loop_timer *timer = loop_timer_new(loop, stop_waiting, loop);

	loop_timer_set(timer, ms);
	loop_run(loop);
	loop_timer_free(timer);
}

static void print_key(const char *what, const struct pubkey *key)
{
	char text[PUBKEY_TEXT];

	base58_pubkey(text, key);
	printf("%s %s\n", what, text);
}

static void read_small_things(void)
{
	rpc_get_genesis(rpc, &call, on_done);
	wait_for("getGenesisHash");
	print_key("genesis", (const struct pubkey *)result);
	rpc_get_first_block(rpc, &call, on_done);
	wait_for("getFirstAvailableBlock");
	printf("first_block %" PRIu64 "\n", ((const struct slot *)result)->n);
	rpc_get_rent(rpc, &call, SB_RANDOMNESS_SIZE, on_done);
	wait_for("getMinimumBalanceForRentExemption");
	printf("rent %" PRIu64 "\n", ((const struct lamports *)result)->n);
	rpc_get_fees(rpc, &call, &guard.pool, 1, on_done);
	wait_for("getRecentPrioritizationFees");
	printf("fees %zu\n", ((const struct rpc_fees *)result)->n);
	rpc_get_epoch(rpc, &call, FINALIZED, on_done);
	wait_for("getEpochInfo");
	compose.recent_slot = ((const struct rpc_epoch *)result)->slot.n;
	printf("finalized %" PRIu64 "\n", compose.recent_slot);
}

static const struct rpc_account *read_accounts(const struct pubkey *keys, size_t n, struct slot floor)
{
	for (int i = 0; i < TRIES; i++) {
		rpc_get_accounts(rpc, &call, keys, n, CONFIRMED, floor, on_done);
		loop_run(loop);
		if (ended == ERR_OK)
			return ((const struct rpc_accounts *)result)->account;
		if (ended != ERR_RETRY)
			break;
		sleep_ms(PAUSE_MS);
	}
	die("getMultipleAccounts");
	return NULL;
}

static void read_pool(struct slot floor)
{
	struct pubkey keys[4] = { guard.pool, { { 0 } }, compose.oracle, { { 0 } } };
	const struct rpc_account *accounts;

	pda_participants(&keys[1], &guard.pool);
	accounts = read_accounts(keys, 4, floor);
	if (pool_decode(&pool, accounts[0].data, accounts[0].len) != ACCOUNT_OK ||
		participants_decode(&participants, accounts[1].data, accounts[1].len) != ACCOUNT_OK ||
		sb_oracle_decode(&oracle, accounts[2].data, accounts[2].len) != ACCOUNT_OK)
		die("the accounts do not decode");
	printf("status %s\n", pool_status_name(pool.status));
}

static struct slot wait_landed(const struct signature *sig)
{
	for (int i = 0; i < TRIES; i++) {
		rpc_get_statuses(rpc, &call, sig, 1, true, on_done);
		wait_for("getSignatureStatuses");
		const struct rpc_status *status = ((const struct rpc_statuses *)result)->status;
		if (status->found && status->failed) {
			snprintf(ended_why, sizeof ended_why, "instruction %d code %" PRIu32, status->failure.ix,
				status->failure.code);
			die("the transaction failed");
		}
		if (status->found && status->confirmed)
			return status->landed;
		sleep_ms(PAUSE_MS);
	}
	die("the transaction did not land");
	return (struct slot){ 0 };
}

static void set_blockhash(struct slot floor)
{
	rpc_get_blockhash(rpc, &call, floor, on_done);
	wait_for("getLatestBlockhash");
	compose.blockhash = ((const struct rpc_blockhash *)result)->hash;
}

static void simulate(enum step step, struct slot floor)
{
	struct tx tx;
	const struct rpc_simulation *simulation;

	compose.unit_limit = compose_fixed_limit(step);
	compose.unit_price = 1000;
	if (compose_step(&tx, step, &compose) != TX_OK)
		die("the step does not compile");
	rpc_simulate(rpc, &call, tx.bytes, tx.size, floor, on_done);
	wait_for("simulateTransaction");
	simulation = result;
	if (!simulation->ok) {
		snprintf(ended_why, sizeof ended_why, "instruction %d code %" PRIu32 " %s", simulation->failure.ix,
			simulation->failure.code, simulation->log);
		die("simulation");
	}
	printf("units %" PRIu64 "\n", simulation->units);
	compose.unit_limit = compose_limit(simulation->units);
}

/* Simulate, sign through the guard, send, wait. */
static struct slot do_step(enum step step, const struct account_key *extra, struct slot floor, struct signature *sig)
{
	uint8_t bytes[TX_SIZE_MAX];
	struct tx tx;
	size_t n;

	set_blockhash(floor);
	simulate(step, floor);
	if (compose_step(&tx, step, &compose) != TX_OK)
		die("the step does not compile");
	guard.step = step;
	struct bytes message = tx_message(&tx);
	ended = signer_sign(signer, extra, &guard, message.p, message.n, bytes, &n, sig, ended_why, sizeof ended_why);
	if (ended != ERR_OK)
		die("the signer refused");
	for (int i = 0; i < TRIES; i++) { /* the answer is a hint: the same bytes again until they landed */
		rpc_send(rpc, &call, bytes, n, floor, on_done);
		loop_run(loop);
		if (ended == ERR_OK || ended == ERR_UNKNOWN)
			break;
		if (ended != ERR_RETRY)
			die("sendTransaction");
		sleep_ms(PAUSE_MS);
	}
	if (ended == ERR_OK && !signature_equal((const struct signature *)result, sig))
		die("another signature");
	printf("sent %s\n", STEPS[step].name);
	return wait_landed(sig);
}

static void ask_oracle(struct slot floor)
{
	const struct rpc_account *accounts = read_accounts(&guard.randomness, 1, floor);
	struct sb_randomness randomness;
	struct gateway_question q;

	if (sb_randomness_decode(&randomness, accounts[0].data, accounts[0].len) != ACCOUNT_OK)
		die("the randomness account does not decode");
	q = (struct gateway_question){ .randomness = guard.randomness,
		.seed_slothash = randomness.seed_slothash,
		.seed_slot = randomness.seed_slot };
	memcpy(q.uri, oracle.gateway_uri, sizeof q.uri);
	memcpy(q.signer, randomness.signer, sizeof q.signer);
	for (int i = 0; i < TRIES; i++) {
		gateway_ask(gateway, &question, &q, on_done);
		loop_run(loop);
		if (ended == ERR_OK) {
			answer = question.answer;
			return;
		}
		if (ended != ERR_RETRY)
			break;
		sleep_ms(PAUSE_MS);
	}
	die("gateway");
}

static void name_winner(void)
{
	struct drawn drawn;

	if (draw_winner(&drawn, pool.pool_id, answer.value, participants.count) != DRAW_OK)
		die("no winner");
	compose.winner = participants.list[drawn.index];
	pda_ata(&compose.dev_ata, &pool.dev_wallet, &pool.mint, &compose.token_program);
	pda_ata(&compose.treasury_ata, &pool.treasury_wallet, &pool.mint, &compose.token_program);
	compose.make_dev_ata = compose.make_treasury_ata = true;
}

static void read_history(const struct signature *sig)
{
	const struct rpc_transaction *transaction = NULL;

	for (int i = 0; i < TRIES; i++) { /* a node that lags does not know it yet */
		rpc_get_transaction(rpc, &call, sig, CONFIRMED, on_done);
		wait_for("getTransaction");
		transaction = result;
		if (transaction->found)
			break;
		sleep_ms(PAUSE_MS);
	}
	if (!transaction || !transaction->found || transaction->failed || !transaction->has_logs)
		die("the draw is not in the history");
	printf("logs %zu\ninner %zu\nfee %" PRIu64 "\n", transaction->n_logs, transaction->n_inner, transaction->fee);
	for (int i = 0; i < TRIES; i++) {
		const struct rpc_signatures *signatures;
		rpc_get_signatures(rpc, &call, &guard.pool, NULL, (struct slot){ 0 }, 1, CONFIRMED, on_done);
		wait_for("getSignaturesForAddress");
		signatures = result;
		if (signatures->n == 1 && signature_equal(&signatures->info[0].sig, sig))
			return;
		sleep_ms(PAUSE_MS);
	}
	die("the draw is not the pool's newest transaction");
}

static void prepare(const struct pubkey *queue)
{
	sb_net_init(&net, &ADDRESS_SWITCHBOARD_DEVNET, queue);
	account = account_key_new();
	guard.payer = *signer_pubkey(signer);
	guard.ml_program = ADDRESS_ML;
	guard.switchboard_program = net.program;
	guard.queue = *queue;
	guard.randomness = *account_key_pubkey(account);
	guard.token_program = ADDRESS_TOKEN;
	guard.max_fee_lamports = MAX_FEE;
	compose.net = &net;
	compose.account = &pool;
	compose.answer = &answer;
	compose.payer = guard.payer;
	compose.pool = guard.pool;
	compose.token_program = guard.token_program;
	compose.randomness = guard.randomness;
	compose.unlock = compose.init = true;
}

static void draw(void)
{
	struct slot floor = { 0 };
	struct signature sig;

	read_small_things();
	read_pool(floor);
	guard.mint = pool.mint;
	floor = do_step(STEP_BIND, account, floor, &sig);
	read_pool(floor);
	ask_oracle(floor);
	name_winner();
	floor = do_step(STEP_DRAW, NULL, floor, &sig);
	read_pool(floor);
	read_history(&sig);
	print_key("winner", &pool.winner);
}

static void start(char *urls, const char *gateway_host)
{
	const struct http_config http_config = { .max_connections = 8 };
	struct rpc_config config = { .n = 0 };

	loop = loop_new();
	http = http_new(loop, &http_config, ended_why, sizeof ended_why);
	if (!http)
		die("http");
	for (char *url = strtok_r(urls, ",", &urls); url && config.n < RPC_ENDPOINTS_MAX;
		url = strtok_r(NULL, ",", &urls))
		config.endpoint[config.n++].url = url;
	rpc = rpc_new(loop, http, &config);
	gateway = gateway_new(loop, http, gateway_host, true);
	rpc_call_init(&call);
	gateway_call_init(&question);
}

static void stop(void)
{
	rpc_call_fini(&call);
	gateway_call_fini(&question);
	gateway_free(gateway);
	rpc_free(rpc);
	http_free(http);
	loop_free(loop);
	account_key_free(account);
	signer_free(signer);
}

int main(int argc, char **argv)
{
	const char *key = getenv("KEY");
	struct pubkey queue;

	if (argc != 6 || !key || !crypto_init() || !base58_to_pubkey(&guard.pool, argv[3], strlen(argv[3])) ||
		!base58_to_pubkey(&compose.oracle, argv[4], strlen(argv[4])) ||
		!base58_to_pubkey(&queue, argv[5], strlen(argv[5]))) {
		fprintf(stderr,
			"usage: KEY=[...] live_draw <rpc url,...> <gateway host:port> <pool> <oracle> <queue>\n");
		return 2;
	}
	signer = signer_new(key, strlen(key), ended_why, sizeof ended_why);
	if (!signer)
		die("KEY");
	start(argv[1], argv[2]);
	prepare(&queue);
	draw();
	stop();
	return 0;
}
