/* The address that KEEPER_HTTP names. */
#ifndef OPS_LISTEN_H
#define OPS_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/err.h"

enum { LISTEN_TEXT = 64 };
struct listen_address {
	bool on; /* false: nothing is served, and the rest means nothing */
	bool loopback;
	struct sockaddr_storage to;
	socklen_t len;
};

/* "off", or a numeric address and a port: 127.0.0.1:9472, [::1]:9472, localhost:9472; port 0: any free one. False: why says
 * what it has to be. */
NODISCARD bool listen_parse(struct listen_address *out, const char *text, char *why, size_t why_size);
/* As it would be written in the setting. */
void listen_text(const struct sockaddr_storage *address, char out[LISTEN_TEXT]);

#endif
