/* A remote signer is asked and not believed: what it says is checked like any other answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "chain/signer.h"
#include "chain/signer_protocol.h"
#include "core/address.h"
#include "core/compose.h"
#include "core/pda.h"
#include "unit/key_fixture.h"

static const uint8_t SEED[CRYPTO_SEED_SIZE] = { 1, 2, 3 };
static char path[64];
static struct pubkey payer;
static struct pool_account account;
static struct sb_net net;
static struct tx tx;
static struct guard guard;

/* A SELECT of a pool, and the guard that allows it. */
static int setup(void **state)
{
	struct compose c = { .net = &net,
		.pool = key_of(2),
		.account = &account,
		.token_program = ADDRESS_TOKEN,
		.randomness = key_of(4),
		.unit_limit = 300000,
		.unit_price = 1000,
		.blockhash = { { 8 } } };

	(void)state;
	if (!crypto_init())
		return 1;
	crypto_ed25519_public_key(&payer, SEED);
	sb_net_init(&net, &ADDRESS_SWITCHBOARD_DEVNET, &ADDRESS_SWITCHBOARD_QUEUE_DEVNET);
	account.mint = key_of(6);
	account.dev_wallet = c.payer = payer;
	pda_participants(&account.participants_account, &c.pool);
	guard = (struct guard){ .step = STEP_SELECT,
		.payer = payer,
		.ml_program = ADDRESS_ML,
		.switchboard_program = net.program,
		.queue = net.queue,
		.pool = c.pool,
		.randomness = c.randomness,
		.mint = account.mint,
		.token_program = ADDRESS_TOKEN,
		.max_fee_lamports = 100000 };
	snprintf(path, sizeof path, "/tmp/poolkeeper-test-signer-%ld", (long)getpid());
	return compose_step(&tx, STEP_SELECT, &c) == TX_OK ? 0 : 1;
}

enum manner { HONEST, GARBAGE, OTHER_MESSAGE, SHORT, LONG, REFUSES, MUTE };

static size_t reply(enum manner manner, uint8_t packet[SIGNER_PACKET_MAX], size_t len)
{
	const struct bytes message = { packet + 1 + SIGNER_GUARD_SIZE, len - 1 - SIGNER_GUARD_SIZE };
	struct signature sig = { { 0 } };

	if (manner == REFUSES) {
		memcpy(packet, "Rnot today", 10);
		return 10;
	}
	if (manner == HONEST)
		crypto_ed25519_sign(&sig, message, SEED);
	else if (manner == OTHER_MESSAGE)
		crypto_ed25519_sign(&sig, (struct bytes){ message.p, message.n - 1 }, SEED);
	packet[0] = 'S';
	memcpy(packet + 1, sig.b, SIGNATURE_SIZE);
	return (size_t)1 + SIGNATURE_SIZE - (manner == SHORT ? 1U : 0U) + (manner == LONG ? 1U : 0U);
}

/* A process that answers the two questions: the key, then one signature in this manner. */
static pid_t start_signer(enum manner manner)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	uint8_t packet[SIGNER_PACKET_MAX] = { 'K' };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd;
	size_t len;
	pid_t pid;

	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	unlink(path);
	assert_int_equal(bind(listener, (const struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(listener, 4), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid > 0) {
		close(listener);
		return pid;
	}
	fd = accept(listener, NULL, NULL);
	if (!signer_packet_receive(fd, packet, &len) || len != 1)
		_exit(1);
	memcpy(packet + 1, payer.b, PUBKEY_SIZE);
	if (!signer_packet_send(fd, packet, 1 + PUBKEY_SIZE))
		_exit(2);
	close(fd);
	fd = accept(listener, NULL, NULL);
	if (!signer_packet_receive(fd, packet, &len))
		_exit(3);
	if (manner == MUTE)
		_exit(read(fd, packet, 1) == 0 ? 0 : 5); /* until the other side gives up */
	if (!signer_packet_send(fd, packet, reply(manner, packet, len)))
		_exit(4);
	_exit(0);
}

static enum err ask_one(enum manner manner, char *why, size_t why_size)
{
	const pid_t pid = start_signer(manner);
	const struct bytes message = tx_message(&tx);
	uint8_t out[TX_SIZE_MAX];
	struct signer *signer;
	struct signature sig;
	size_t len;
	int status;
	enum err err;

	assert_int_equal(signer_new_remote(&signer, path, why, why_size), ERR_OK);
	assert_true(pubkey_equal(signer_pubkey(signer), &payer));
	err = signer_sign(signer, NULL, &guard, message.p, message.n, out, &len, &sig, why, why_size);
	if (err == ERR_OK) {
		assert_int_equal(len, 1 + SIGNATURE_SIZE + message.n);
		assert_true(crypto_ed25519_verify(&payer, message, &sig));
	}
	signer_free(signer);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return err;
}

static void what_it_says_is_checked(void **state)
{
	static const struct {
		enum manner manner;
		enum err err;
		const char *why;
	} cases[] = {
		{ HONEST, ERR_OK, "" },
		{ GARBAGE, ERR_REFUSED, "not one of the dev wallet's key" },
		{ OTHER_MESSAGE, ERR_REFUSED, "not one of the dev wallet's key" },
		{ SHORT, ERR_REFUSED, "no signer of this version" },
		{ LONG, ERR_REFUSED, "no signer of this version" },
		{ REFUSES, ERR_REFUSED, "the remote signer: not today" },
		{ MUTE, ERR_RETRY, "did not answer within" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char why[200] = "";

		assert_int_equal(ask_one(cases[i].manner, why, sizeof why), cases[i].err);
		assert_non_null(strstr(why, cases[i].why));
	}
	unlink(path);
}

static void who_is_not_there_may_come_later(void **state)
{
	struct signer *signer;
	char why[200] = "";

	(void)state;
	assert_int_equal(signer_new_remote(&signer, "/nonexistent/socket", why, sizeof why), ERR_RETRY);
	assert_null(signer);
	assert_non_null(strstr(why, "/nonexistent/socket is not there"));
}

/* The signer's side: only its own key, the programs that it knows, and what the guard allows. */
static void only_steps_are_served(void **state)
{
	const struct bytes message = tx_message(&tx);
	const struct pubkey treasury = key_of(12);
	char text[300] = "[", why[200];
	struct guard other = guard;
	struct signature sig;
	struct signer *signer;
	size_t n = 1;

	(void)state;
	for (size_t i = 0; i < 64; i++)
		n += (size_t)snprintf(
			text + n, sizeof text - n, "%u%s", i < 32 ? SEED[i] : payer.b[i - 32], i < 63 ? "," : "]");
	signer = signer_new(text, n, why, sizeof why);
	assert_non_null(signer);
	assert_int_equal(signer_serve(signer, &treasury, &guard, message.p, message.n, &sig, why, sizeof why), ERR_OK);
	assert_true(crypto_ed25519_verify(&payer, message, &sig));
	assert_int_equal(
		signer_serve(signer, &treasury, &guard, message.p, message.n - 1, &sig, why, sizeof why), ERR_REFUSED);
	other.payer = key_of(9);
	assert_int_equal(
		signer_serve(signer, &treasury, &other, message.p, message.n, &sig, why, sizeof why), ERR_REFUSED);
	assert_non_null(strstr(why, "not this signer's key"));
	other = guard;
	other.ml_program = key_of(9);
	assert_int_equal(
		signer_serve(signer, &treasury, &other, message.p, message.n, &sig, why, sizeof why), ERR_REFUSED);
	assert_non_null(strstr(why, "none that is known here"));
	other = guard;
	other.switchboard_program = key_of(9);
	assert_int_equal(
		signer_serve(signer, &treasury, &other, message.p, message.n, &sig, why, sizeof why), ERR_REFUSED);
	assert_non_null(strstr(why, "none that is known here"));
	other = guard;
	other.treasury = key_of(9);
	assert_int_equal(
		signer_serve(signer, &treasury, &other, message.p, message.n, &sig, why, sizeof why), ERR_REFUSED);
	assert_non_null(strstr(why, "the treasury is not"));
	other.treasury = treasury;
	assert_int_equal(signer_serve(signer, &treasury, &other, message.p, message.n, &sig, why, sizeof why), ERR_OK);
	signer_free(signer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_says_is_checked),
		cmocka_unit_test(who_is_not_there_may_come_later),
		cmocka_unit_test(only_steps_are_served),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
