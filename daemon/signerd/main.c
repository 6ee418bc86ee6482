/* poolkeeper-signer: holds the dev wallet's key in a process of its own and signs what is exactly a step of a draw. The
 * reference for chain/signer_protocol.h; nothing but a Unix socket and one key file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
#include "ops/service_manager.h"

enum { WHY_MAX = 320, KEY_FILE_MAX = 4096, BACKLOG = 16 };

static int fail(int code, const char *what, const char *why)
{
	log_error("start.failed", "what=%s why=%s", what, why);
	log_flush(1000);
	return code;
}

/* What LoadCredential= of the unit put into systemd's folder, which only this process can see. */
static enum secret_file_rule rule_of(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	const size_t n = folder != NULL ? strlen(folder) : 0;

	return n > 0 && strncmp(path, folder, n) == 0 && path[n] == '/' && strchr(path + n + 1, '/') == NULL
	               ? SECRET_FILE_CREDENTIAL
	               : SECRET_FILE_PRIVATE;
}

static struct signer *load_key(const char *path, int *code)
{
	struct secret_text key;
	struct signer *signer;
	char why[WHY_MAX];
	const enum err err = secret_file_read(&key, path, KEY_FILE_MAX, rule_of(path), NULL, why, sizeof(why));

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
static int listen_at(const char *path, char *why, size_t why_size)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stat st;
	int fd;

	if (strlen(path) >= sizeof(at.sun_path)) {
		snprintf(why, why_size, "%s: name one of less than %zu bytes", strerror(ENAMETOOLONG),
			sizeof(at.sun_path));
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path));
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)umask(0117);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	snprintf(why, why_size, "%s", strerror(errno));
	return -1;
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

static void run(const struct signer *signer, const struct pubkey *treasury, const char *socket_path, int listener)
{
	char address[PUBKEY_TEXT], lines[WHY_MAX];
	struct service_manager manager;

	base58_pubkey(address, signer_pubkey(signer));
	if (!signer_locked(signer))
		log_warn("signer.not_locked", "wallet=%s why=%s", address,
			"raise the limit of locked memory (ulimit -l, LimitMEMLOCK=)");
	log_info("ready", "wallet=%s socket=%s", address, socket_path);
	service_manager_find(&manager);
	snprintf(lines, sizeof(lines), "READY=1\nSTATUS=signing for %s\n", address);
	service_manager_tell(&manager, lines);
	for (;;)
		serve(signer, treasury, listener);
}

int main(int argc, char **argv)
{
	struct pubkey treasury;
	struct signer *signer;
	char why[WHY_MAX];
	int code = EX_OK, listener;

	if (argc != 4) {
		fputs("usage: poolkeeper-signer SOCKET KEY_FILE TREASURY_ADDRESS\n", stderr);
		return EX_USAGE;
	}
	if (!base58_to_pubkey(&treasury, argv[3], strlen(argv[3]))) {
		snprintf(why, sizeof(why), "\"%.64s\" is no address: name the treasury's, base58 of 32 bytes", argv[3]);
		return fail(EX_USAGE, "TREASURY_ADDRESS", why);
	}
	if (!harden() || !crypto_init())
		return fail(EX_OSERR, "hardening", "the kernel refused to protect the memory of this process");
	signer = load_key(argv[2], &code);
	if (signer == NULL)
		return code;
	listener = strcmp(argv[1], "-") == 0 ? service_manager_listener(why, sizeof(why))
	                                     : listen_at(argv[1], why, sizeof(why));
	if (listener < 0)
		return fail(EX_CONFIG, strcmp(argv[1], "-") == 0 ? "SOCKET" : argv[1], why);
	run(signer, &treasury, argv[1], listener);
}
