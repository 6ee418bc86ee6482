/* What systemd gives to a service that it starts. */
#include "ops/service_manager.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { FIRST_FD = 3 /* by sd_listen_fds(3) */ };

/* A leading @ is a name in the kernel, not in a folder. */
static bool address_of(struct service_manager *manager, const char *name)
{
	size_t n = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || n < 2 || n >= sizeof(manager->to.sun_path))
		return false;
	manager->to.sun_family = AF_UNIX;
	memcpy(manager->to.sun_path, name, n);
	if (name[0] == '@')
		manager->to.sun_path[0] = '\0';
	manager->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return true;
}

void service_manager_find(struct service_manager *manager)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*manager = (struct service_manager){ .fd = -1 };
	if (name == NULL)
		return;
	if (address_of(manager, name))
		manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (manager->fd < 0)
		log_warn("notify.failed", "socket=%s why=%s", name, "not an address that can be written to");
	unsetenv("NOTIFY_SOCKET");
}

void service_manager_tell(struct service_manager *manager, const char *lines)
{
	if (manager->fd < 0)
		return;
	if (sendto(manager->fd, lines, strlen(lines), MSG_NOSIGNAL, (const struct sockaddr *)&manager->to,
		    manager->to_len) < 0 &&
		errno != EAGAIN)
		log_warn("notify.failed", "socket=%s why=%s", "NOTIFY_SOCKET", strerror(errno));
}

void service_manager_close(struct service_manager *manager)
{
	if (manager->fd >= 0)
		close(manager->fd);
	manager->fd = -1;
}

/* Meant for this process and not for one that it comes from. */
static bool is_given(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	char own[24];

	snprintf(own, sizeof(own), "%ld", (long)getpid());
	return pid != NULL && fds != NULL && strcmp(pid, own) == 0 && strcmp(fds, "1") == 0;
}

static bool has_option(int fd, int option, int wanted)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == wanted;
}

int service_manager_listener(char *why, size_t why_size)
{
	const bool given = is_given();

	unsetenv("LISTEN_PID"), unsetenv("LISTEN_FDS"), unsetenv("LISTEN_FDNAMES");
	if (!given)
		snprintf(why, why_size, "systemd did not hand over one socket: start the .socket unit, or name a path");
	else if (!has_option(FIRST_FD, SO_DOMAIN, AF_UNIX) || !has_option(FIRST_FD, SO_TYPE, SOCK_STREAM) ||
		 !has_option(FIRST_FD, SO_ACCEPTCONN, 1))
		snprintf(why, why_size, "what systemd handed over is no Unix stream socket: correct ListenStream=");
	else if (fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC) == 0)
		return FIRST_FD;
	return -1;
}
