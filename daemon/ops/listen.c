/* The address that KEEPER_HTTP names. */
#include "ops/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PORT_DIGITS = 5, PORT_MAX = 65535 };

static bool parse_port(const char *text, uint16_t *out)
{
	const size_t n = strspn(text, "0123456789");
	unsigned port = 0;

	if (n == 0 || n > PORT_DIGITS || text[n] != '\0')
		return false;
	for (size_t i = 0; i < n; i++)
		port = port * 10 + (unsigned)(text[i] - '0');
	*out = (uint16_t)port;
	return port <= PORT_MAX;
}

/* Names are not looked up: that could block, and what they mean may change. */
static bool parse_host(struct listen_address *out, const char *host, uint16_t port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)&out->to;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&out->to;

	if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		out->len = sizeof(*four);
		out->loopback = ntohl(four->sin_addr.s_addr) >> 24 == 127;
		return true;
	}
	if (host[0] != '[' || inet_pton(AF_INET6, host + 1, &six->sin6_addr) != 1)
		return false;
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	out->len = sizeof(*six);
	out->loopback = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
	return true;
}

bool listen_parse(struct listen_address *out, const char *text, char *why, size_t why_size)
{
	const char *colon = strrchr(text, ':');
	char host[LISTEN_TEXT] = "";
	uint16_t port = 0;

	*out = (struct listen_address){ 0 };
	if (strcmp(text, "off") == 0)
		return true;
	if (colon != NULL && colon > text && (size_t)(colon - text) < sizeof(host)) {
		memcpy(host, text, (size_t)(colon - text));
		if (host[0] == '[' && colon[-1] == ']')
			host[colon - text - 1] = '\0';
		else if (host[0] == '[')
			host[0] = '\0';
		out->on = parse_port(colon + 1, &port) && parse_host(out, host, port);
	}
	if (!out->on)
		snprintf(why, why_size,
			"has to be a numeric address and a port, such as 127.0.0.1:9472 or "
			"[::1]:9472, or off");
	return out->on;
}

void listen_text(const struct sockaddr_storage *address, char out[LISTEN_TEXT])
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->ss_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
		snprintf(out, LISTEN_TEXT, "[%s]:%u", host, ntohs(six->sin6_port));
	} else {
		(void)inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
		snprintf(out, LISTEN_TEXT, "%s:%u", host, ntohs(four->sin_port));
	}
}
