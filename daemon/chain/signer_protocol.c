/* How a signer in another process is asked. */
#include "chain/signer_protocol.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"

/* ---- the guard as bytes ---- */

enum { GUARD_KEYS = 11 };
/* A field that is new in struct guard must go over the wire as well. */
_Static_assert(sizeof(struct guard) == 664, "the guard is sent field by field");

/* In the order of the wire. */
static void keys_of(struct guard *guard, struct pubkey *keys[GUARD_KEYS])
{
	struct pubkey *const all[GUARD_KEYS] = { &guard->payer, &guard->ml_program, &guard->switchboard_program,
		&guard->queue, &guard->pool, &guard->randomness, &guard->mint, &guard->token_program, &guard->auxiliary,
		&guard->recipient, &guard->treasury };

	memcpy(keys, all, sizeof(all));
}

size_t signer_ask_encode(
	uint8_t out[SIGNER_PACKET_MAX], const struct guard *guard, const uint8_t *message, size_t message_len)
{
	struct guard copy = *guard;
	struct pubkey *keys[GUARD_KEYS];
	uint8_t *at = out;

	if (message_len > TX_SIZE_MAX)
		return 0;
	keys_of(&copy, keys);
	*at++ = 'S';
	*at++ = (uint8_t)guard->step;
	for (size_t i = 0; i < GUARD_KEYS; i++, at += PUBKEY_SIZE)
		memcpy(at, keys[i]->b, PUBKEY_SIZE);
	memset(at, 0, MEMO_MAX);
	memcpy(at, guard->anchor.text, strlen(guard->anchor.text));
	at += MEMO_MAX;
	store_u64(at, guard->pass_on_amount);
	at[8] = guard->pass_on_decimals;
	store_u64(at + 9, guard->lut_slot);
	store_u64(at + 17, guard->max_fee_lamports);
	at += 25;
	memcpy(at, message, message_len);
	return (size_t)(at - out) + message_len;
}

/* Nothing behind its end: one guard has one packet. */
static bool is_text(const uint8_t *at)
{
	for (size_t i = strnlen((const char *)at, MEMO_MAX); i < MEMO_MAX; i++)
		if (at[i] != 0)
			return false;
	return true;
}

bool signer_ask_decode(
	struct guard *guard, const uint8_t **message, size_t *message_len, const uint8_t *packet, size_t len)
{
	const uint8_t *at = packet + 2;
	struct pubkey *keys[GUARD_KEYS];

	if (len < 1 + SIGNER_GUARD_SIZE || packet[0] != 'S' || packet[1] >= STEP_COUNT)
		return false;
	*guard = (struct guard){ .step = (enum step)packet[1] };
	keys_of(guard, keys);
	for (size_t i = 0; i < GUARD_KEYS; i++, at += PUBKEY_SIZE)
		memcpy(keys[i]->b, at, PUBKEY_SIZE);
	if (!is_text(at))
		return false;
	memcpy(guard->anchor.text, at, MEMO_MAX);
	at += MEMO_MAX;
	guard->pass_on_amount = load_u64(at);
	guard->pass_on_decimals = at[8];
	guard->lut_slot = load_u64(at + 9);
	guard->max_fee_lamports = load_u64(at + 17);
	*message = packet + 1 + SIGNER_GUARD_SIZE;
	*message_len = len - 1 - SIGNER_GUARD_SIZE;
	return true;
}

/* ---- packets ---- */

void signer_packet_timeout(int fd)
{
	const struct timeval limit = { .tv_usec = SIGNER_TIMEOUT_MS * 1000 };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

bool signer_packet_send(int fd, const uint8_t *packet, size_t len)
{
	uint8_t whole[SIGNER_LENGTH_SIZE + SIGNER_PACKET_MAX] = { (uint8_t)len, (uint8_t)(len >> 8) };

	/* Far less than a socket's buffer: it goes at once or not at all. */
	memcpy(whole + SIGNER_LENGTH_SIZE, packet, len);
	return send(fd, whole, SIGNER_LENGTH_SIZE + len, MSG_NOSIGNAL) == (ssize_t)(SIGNER_LENGTH_SIZE + len);
}

static bool receive_all(int fd, uint8_t *out, size_t len)
{
	return recv(fd, out, len, MSG_WAITALL) == (ssize_t)len;
}

bool signer_packet_receive(int fd, uint8_t packet[SIGNER_PACKET_MAX], size_t *len)
{
	uint8_t length[SIGNER_LENGTH_SIZE];

	if (!receive_all(fd, length, sizeof(length)))
		return false;
	*len = (size_t)length[0] | (size_t)length[1] << 8;
	return *len >= 1 && *len <= SIGNER_PACKET_MAX && receive_all(fd, packet, *len);
}

/* ---- asking ---- */

static int connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(to.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	signer_packet_timeout(fd); /* connect() waits so long, too, for a signer that accepts nobody */
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

enum err signer_ask(const char *path, const uint8_t *ask, size_t ask_len, uint8_t answer[SIGNER_PACKET_MAX],
	size_t *answer_len, char *why, size_t why_size)
{
	int fd = connect_to(path);
	bool ok;

	if (fd < 0) {
		snprintf(why, why_size, "the signer at %s is not there: %s", path, strerror(errno));
		return ERR_RETRY;
	}
	ok = signer_packet_send(fd, ask, ask_len) && signer_packet_receive(fd, answer, answer_len);
	close(fd);
	if (ok)
		return ERR_OK;
	snprintf(why, why_size, "the signer at %s did not answer within %d ms", path, SIGNER_TIMEOUT_MS);
	return ERR_RETRY;
}
