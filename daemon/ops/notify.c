/* Tells whoever started the daemon how it is: systemd (sd_notify), and pm2 (wait_ready). */
#include "ops/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "io/loop.h"
#include "ops/service_manager.h"

enum { MESSAGE_MAX = 512, PM2_FD_MAX = 1023 };

struct notify {
	struct service_manager systemd;
	int pm2; /* -1: not there */
	uint64_t ticks;
};

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
	notify->pm2 = -1;
	service_manager_find(&notify->systemd);
	find_pm2(notify);
	return notify;
}

void notify_free(struct notify *notify)
{
	if (notify != NULL)
		service_manager_close(&notify->systemd);
	free(notify);
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
	service_manager_tell(&notify->systemd, message);
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
	service_manager_tell(&notify->systemd, message);
}

void notify_reloaded(struct notify *notify)
{
	if (notify->ticks > 0)
		service_manager_tell(&notify->systemd, "READY=1\n");
}

void notify_stopping(struct notify *notify)
{
	service_manager_tell(&notify->systemd, "STOPPING=1\nSTATUS=finishing what is in flight\n");
}
