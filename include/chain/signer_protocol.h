/* How a signer in another process is asked. Two messages; each is a connection of its own to a Unix stream socket: one packet
 * there, one packet back, closed. A packet is its length (2 bytes) and that many bytes; numbers are little endian.
 *
 *   'K'                       asks for the key
 *   'K' pubkey(32)            the answer
 *
 *   'S' guard(643) message    asks for the payer's signature over message, a legacy transaction message
 *   'S' signature(64)         the answer
 *   'R' text                  or this: refused, and why
 *
 * The guard says what the message must be, and the signer takes the message apart to see that it is (core/guard.h): step(1)
 * payer(32) ml_program(32) switchboard_program(32) queue(32) pool(32) randomness(32) mint(32) token_program(32)
 * auxiliary(32) recipient(32) treasury(32) anchor(265, filled up with zeros) pass_on_amount(8) pass_on_decimals(1) lut_slot(8)
 * max_fee_lamports(8). step is its number in core/steps.h. */
#ifndef CHAIN_SIGNER_PROTOCOL_H
#define CHAIN_SIGNER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/guard.h"
#include "core/tx.h"

enum {
	SIGNER_GUARD_SIZE = 1 + 11 * PUBKEY_SIZE + MEMO_MAX + 8 + 1 + 8 + 8,
	SIGNER_PACKET_MAX = 1 + SIGNER_GUARD_SIZE + TX_SIZE_MAX,
	SIGNER_LENGTH_SIZE = 2,
	SIGNER_TIMEOUT_MS = 500, /* for one packet; the caller waits so long */
};

/* 'S' guard message. Returns its length, 0 when the message is longer than a transaction. */
size_t signer_ask_encode(
	uint8_t out[SIGNER_PACKET_MAX], const struct guard *guard, const uint8_t *message, size_t message_len);
/* False: it is no such packet. *message points into packet. */
NODISCARD bool signer_ask_decode(
	struct guard *guard, const uint8_t **message, size_t *message_len, const uint8_t *packet, size_t len);

/* One packet over a connected socket that has SIGNER_TIMEOUT_MS set; false: it did not come or go whole. */
void signer_packet_timeout(int fd);
NODISCARD bool signer_packet_send(int fd, const uint8_t *packet, size_t len);
NODISCARD bool signer_packet_receive(int fd, uint8_t packet[SIGNER_PACKET_MAX], size_t *len);

/* Asks the signer at path and waits for the answer. RETRY: it is not there, or silent; why says so. */
NODISCARD enum err signer_ask(const char *path, const uint8_t *ask, size_t ask_len, uint8_t answer[SIGNER_PACKET_MAX],
	size_t *answer_len, char *why, size_t why_size);

#endif
