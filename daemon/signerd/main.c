/* poolkeeper-signer: holds the dev wallet's key in a process of its own and signs what is exactly a step of a draw. The
 * reference for chain/signer_protocol.h; nothing but a Unix socket and one key file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"
#include "chain/signer.h"
#include "chain/signer_protocol.h"
#include "core/base58.h"
#include "ops/harden.h"
#include "ops/secret_file.h"

enum { WHY_MAX = 320, KEY_FILE_MAX = 4096, BACKLOG = 16 };

static int fail(int code, const char *what, const char *why)
{
	log_error("start.failed", "what=%s why=%s", what, why);
	log_flush(1000);
	return code;
}

static struct signer *load_key(const char *path, int *code)
{
	struct secret_text key;
	struct signer *signer;
	char why[WHY_MAX];
	const enum err err = secret_file_read(&key, path, KEY_FILE_MAX, SECRET_FILE_PRIVATE, NULL, why, sizeof(why));

	if (err != ERR_OK) {
		*code = fail(err == ERR_REFUSED ? EX_NOPERM : EX_CONFIG, path, why);
		return NULL;
	}
	signer = signer_new(key.text, key.len, why, sizeof(why));
	secret_text_wipe(&key);
	if (signer == NULL)
		*code = fail(EX_CONFIG, path, why);
	return signer;
}

/* Who may ask is who may open the socket: its folder, its owner and its group decide. What a dead signer left is replaced. */
static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stat st;
	int fd;

	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path));
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)umask(0117);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, BACKLOG) != 0)
		return -1;
	return fd;
}

/* The answer to one packet; its length. */
static size_t answer(
	const struct signer *signer, const struct pubkey *treasury, uint8_t packet[SIGNER_PACKET_MAX], size_t len)
{
	struct guard guard;
	struct signature sig;
	const uint8_t *message;
	size_t message_len;
	char why[WHY_MAX] = "there is no such question";

	if (len == 1 && packet[0] == 'K') {
		memcpy(packet + 1, signer_pubkey(signer)->b, PUBKEY_SIZE);
		return 1 + PUBKEY_SIZE;
	}
	if (signer_ask_decode(&guard, &message, &message_len, packet, len) &&
		signer_serve(signer, treasury, &guard, message, message_len, &sig, why, sizeof(why)) == ERR_OK) {
		log_info("signed", "step=%s", STEPS[guard.step].name);
		packet[0] = 'S';
		memcpy(packet + 1, sig.b, SIGNATURE_SIZE);
		return 1 + SIGNATURE_SIZE;
	}
	log_warn("refused", "why=%s", why);
	packet[0] = 'R';
	memcpy(packet + 1, why, strlen(why));
	return 1 + strlen(why);
}

static void serve(const struct signer *signer, const struct pubkey *treasury, int listener)
{
	uint8_t packet[SIGNER_PACKET_MAX];
	size_t len;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno != EINTR)
			log_warn("accept.failed", "why=%s", strerror(errno));
		return;
	}
	signer_packet_timeout(fd);
	if (signer_packet_receive(fd, packet, &len)) {
		len = answer(signer, treasury, packet, len);
		if (!signer_packet_send(fd, packet, len))
			log_warn("answer.lost", NULL);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	char address[PUBKEY_TEXT];
	struct pubkey treasury;
	struct signer *signer;
	int code = EX_OK, listener;

	if (argc != 4 || !base58_to_pubkey(&treasury, argv[3], strlen(argv[3]))) {
		fputs("usage: poolkeeper-signer SOCKET KEY_FILE TREASURY_ADDRESS\n", stderr);
		return EX_USAGE;
	}
	if (!harden() || !crypto_init())
		return fail(EX_OSERR, "hardening", "the kernel refused to protect the memory of this process");
	signer = load_key(argv[2], &code);
	if (signer == NULL)
		return code;
	listener = listen_at(argv[1]);
	if (listener < 0)
		return fail(EX_CONFIG, argv[1], strerror(errno));
	base58_pubkey(address, signer_pubkey(signer));
	if (!signer_locked(signer))
		log_warn("signer.not_locked", "wallet=%s why=%s", address,
			"raise the limit of locked memory (ulimit -l, LimitMEMLOCK=)");
	log_info("ready", "wallet=%s socket=%s", address, argv[1]);
	for (;;)
		serve(signer, &treasury, listener);
}
