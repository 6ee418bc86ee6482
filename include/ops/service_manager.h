/* What systemd gives to a service that it starts: a socket to tell how it is (sd_notify(3)), and a socket to listen at
 * (sd_listen_fds(3)). Both are a few bytes, for which libsystemd with its own libraries would be loaded into the process that
 * holds the key. */
#ifndef OPS_SERVICE_MANAGER_H
#define OPS_SERVICE_MANAGER_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct service_manager {
	int fd; /* -1: there is none, and nothing is told */
	struct sockaddr_un to;
	socklen_t to_len;
};

/* Takes $NOTIFY_SOCKET out of the environment. */
void service_manager_find(struct service_manager *manager);
/* Lines of sd_notify(3). Nobody waits: what does not fit the manager's queue is lost. */
void service_manager_tell(struct service_manager *manager, const char *lines);
void service_manager_close(struct service_manager *manager);

/* The one Unix socket of the .socket unit, as a descriptor; takes $LISTEN_PID, $LISTEN_FDS and $LISTEN_FDNAMES out of the
 * environment. -1: it was not given; why says so. */
int service_manager_listener(char *why, size_t why_size);

#endif
