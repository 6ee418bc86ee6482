/* Whose node a URL names. Pure. */
#ifndef BASE_URL_HOST_H
#define BASE_URL_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* "scheme://user:password@host:port/path?query" -> where host begins; *len up to the path, with the port. */
const char *url_host(const char *url, size_t *len);

/* The same host whatever the port, the path and the key, in either case of letters. On this machine (localhost, 127.x, [::1]) two
 * ports are two: tunnels to two nodes end there. */
bool url_same_host(const char *a, const char *b);

#endif
