/* chain/signer_protocol: what is asked is what arrives, and a packet that is none is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "chain/signer_protocol.h"

static struct guard full_guard(void)
{
	struct guard g = { .step = STEP_DRAW,
		.pass_on_amount = 0x0102030405060708,
		.pass_on_decimals = 9,
		.lut_slot = 0x2122232425262728,
		.max_fee_lamports = 0x1112131415161718 };
	struct pubkey *const keys[] = { &g.payer, &g.ml_program, &g.switchboard_program, &g.queue, &g.pool,
		&g.randomness, &g.mint, &g.token_program, &g.auxiliary, &g.recipient, &g.treasury };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		memset(keys[i]->b, (int)i + 1, PUBKEY_SIZE);
	return g;
}

static void a_question_arrives_whole(void **state)
{
	const struct guard guard = full_guard();
	uint8_t packet[SIGNER_PACKET_MAX], again[SIGNER_PACKET_MAX], message[TX_SIZE_MAX];
	const uint8_t *got;
	struct guard read;
	size_t n, got_len;

	(void)state;
	memset(message, 0xab, sizeof message);
	n = signer_ask_encode(packet, &guard, message, sizeof message);
	assert_int_equal(n, SIGNER_PACKET_MAX);
	assert_true(signer_ask_decode(&read, &got, &got_len, packet, n));
	assert_int_equal(got_len, sizeof message);
	assert_memory_equal(got, message, sizeof message);
	assert_int_equal(signer_ask_encode(again, &read, got, got_len), n);
	assert_memory_equal(again, packet, n);
	assert_int_equal(read.step, STEP_DRAW);
	for (size_t i = 0; i < PUBKEY_SIZE; i++)
		assert_true(read.payer.b[i] == 1 && read.pool.b[i] == 5 && read.recipient.b[i] == 10);
	assert_int_equal(read.treasury.b[31], 11);
	assert_int_equal(read.lut_slot, guard.lut_slot);
	assert_int_equal(read.max_fee_lamports, guard.max_fee_lamports);
	assert_int_equal(read.pass_on_amount, guard.pass_on_amount);
	assert_int_equal(signer_ask_encode(packet, &guard, message, sizeof message + 1), 0);
}

static void what_is_no_question_is_refused(void **state)
{
	const struct guard guard = full_guard();
	uint8_t packet[SIGNER_PACKET_MAX];
	const uint8_t *message;
	struct guard read;
	size_t n = signer_ask_encode(packet, &guard, (const uint8_t *)"m", 1), len;

	(void)state;
	for (size_t cut = 0; cut < n - 1; cut++)
		assert_false(signer_ask_decode(&read, &message, &len, packet, cut));
	packet[n - 1 - 25 - 1] = 'x'; /* behind the end of the memo */
	assert_false(signer_ask_decode(&read, &message, &len, packet, n));
	packet[n - 1 - 25 - 1] = 0;
	assert_true(signer_ask_decode(&read, &message, &len, packet, n));
	packet[1] = STEP_COUNT;
	assert_false(signer_ask_decode(&read, &message, &len, packet, n));
	packet[1] = 0;
	packet[0] = 'K';
	assert_false(signer_ask_decode(&read, &message, &len, packet, n));
}

/* Whatever comes over the socket: whole packets only, none longer than they may be, and nobody waits for ever. */
static void packets_come_whole_or_not(void **state)
{
	static const uint8_t too_long[2 + 0xffff] = { 0xff, 0xff, 'S' }, empty[] = { 0, 0 },
					  half[] = { 5, 0, 'S', 'x' };
	static const struct {
		const uint8_t *bytes;
		size_t len;
	} bad[] = { { too_long, sizeof too_long }, { empty, sizeof empty }, { half, sizeof half }, { half, 1 } };
	uint8_t packet[SIGNER_PACKET_MAX];
	int pair[2];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		signer_packet_timeout(pair[1]);
		assert_int_equal(write(pair[0], bad[i].bytes, bad[i].len), bad[i].len);
		assert_false(signer_packet_receive(pair[1], packet, &len));
		close(pair[0]), close(pair[1]);
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_true(signer_packet_send(pair[0], (const uint8_t *)"Sab", 3));
	assert_true(signer_packet_receive(pair[1], packet, &len));
	assert_int_equal(len, 3);
	assert_memory_equal(packet, "Sab", 3);
	close(pair[0]);
	assert_false(signer_packet_send(pair[1], packet, 3)); /* and no signal */
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_arrives_whole),
		cmocka_unit_test(what_is_no_question_is_refused),
		cmocka_unit_test(packets_come_whole_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
