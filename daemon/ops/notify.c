/* Tells whoever started the daemon how it is: systemd (sd_notify), and pm2 (wait_ready).
 *
 * The protocol is one datagram (sd_notify(3)): a socket and a send, for which libsystemd with its own libraries would be
 * loaded into the process that holds the key. */
#include "ops/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "io/loop.h"

enum { MESSAGE_MAX = 512, PM2_FD_MAX = 1023 };

struct notify {
	int systemd, pm2; /* -1: not there */
	struct sockaddr_un to;
	socklen_t to_len;
	uint64_t ticks;
};

/* A leading @ is a name in the kernel, not in a folder. */
static bool address_of(struct notify *notify, const char *name)
{
	size_t n = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || n < 2 || n >= sizeof(notify->to.sun_path))
		return false;
	notify->to.sun_family = AF_UNIX;
	memcpy(notify->to.sun_path, name, n);
	if (name[0] == '@')
		notify->to.sun_path[0] = '\0';
	notify->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return true;
}

static void find_systemd(struct notify *notify)
{
	const char *name = getenv("NOTIFY_SOCKET");

	if (name == NULL)
		return;
	if (address_of(notify, name))
		notify->systemd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify->systemd < 0)
		log_warn("notify.failed", "socket=%s why=%s", name, "not an address that can be written to");
	unsetenv("NOTIFY_SOCKET");
}

/* pm2 gives each process a socket that speaks JSON lines. */
static void find_pm2(struct notify *notify)
{
	const char *fd = getenv("NODE_CHANNEL_FD");
	char *end;
	long n;

	if (getenv("pm_id") == NULL)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	n = fd != NULL ? strtol(fd, &end, 10) : -1;
	if (fd != NULL && *fd != '\0' && *end == '\0' && n > STDERR_FILENO && n <= PM2_FD_MAX)
		notify->pm2 = (int)n;
	unsetenv("NODE_CHANNEL_FD");
}

struct notify *notify_new(void)
{
	struct notify *notify = calloc(1, sizeof(*notify));

	if (notify == NULL)
		abort();
	notify->systemd = notify->pm2 = -1;
	find_systemd(notify);
	find_pm2(notify);
	return notify;
}

void notify_free(struct notify *notify)
{
	if (notify != NULL && notify->systemd >= 0)
		close(notify->systemd);
	free(notify);
}

/* A datagram that does not fit the manager's queue is lost; the next tick sends another. */
static void tell_systemd(struct notify *notify, const char *message)
{
	if (notify->systemd < 0)
		return;
	if (sendto(notify->systemd, message, strlen(message), MSG_NOSIGNAL, (const struct sockaddr *)&notify->to,
		    notify->to_len) < 0 &&
		errno != EAGAIN)
		log_warn("notify.failed", "socket=%s why=%s", "NOTIFY_SOCKET", strerror(errno));
}

static void tell_pm2_ready(struct notify *notify)
{
	static const char ready[] = "\"ready\"\n";

	if (notify->pm2 >= 0 && send(notify->pm2, ready, sizeof(ready) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_warn("notify.failed", "socket=%s why=%s", "NODE_CHANNEL_FD", strerror(errno));
}

void notify_ticks(struct notify *notify, uint64_t ticks, const char *status)
{
	char message[MESSAGE_MAX];

	if (ticks == notify->ticks)
		return;
	snprintf(message, sizeof(message), "%sWATCHDOG=1\nSTATUS=%s\n", notify->ticks == 0 ? "READY=1\n" : "", status);
	tell_systemd(notify, message);
	if (notify->ticks == 0)
		tell_pm2_ready(notify);
	notify->ticks = ticks;
}

/* systemd before 253 ignores the time; later ones (Type=notify-reload) want one that is not before the signal: rounded up. */
void notify_reloading(struct notify *notify)
{
	char message[MESSAGE_MAX];

	if (notify->ticks == 0)
		return;
	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n", (loop_mono_ms() + 1) * 1000);
	tell_systemd(notify, message);
}

void notify_reloaded(struct notify *notify)
{
	if (notify->ticks > 0)
		tell_systemd(notify, "READY=1\n");
}

void notify_stopping(struct notify *notify)
{
	tell_systemd(notify, "STOPPING=1\nSTATUS=finishing what is in flight\n");
}
