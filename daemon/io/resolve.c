/* glibc's asynchronous getaddrinfo_a, asked instead of waited for. */
#include "io/resolve.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct resolve {
	char *host;
	struct addrinfo hints;
	struct gaicb request; /* glibc's helper thread writes here while out is true */
	bool out;
};

struct resolve *resolve_new(const char *host)
{
	struct resolve *r = calloc(1, sizeof *r);

	if (!r || !(r->host = strdup(host)))
		abort();
	r->hints.ai_socktype = SOCK_STREAM;
	r->hints.ai_flags = AI_ADDRCONFIG;
	r->request.ar_name = r->host;
	r->request.ar_request = &r->hints;
	return r;
}

void resolve_free(struct resolve *r)
{
	if (!r)
		return;
	if (r->out && gai_error(&r->request) == EAI_INPROGRESS && gai_cancel(&r->request) != EAI_CANCELED)
		return;
	if (r->request.ar_result)
		freeaddrinfo(r->request.ar_result);
	free(r->host);
	free(r);
}

static void pick_address(const struct addrinfo *list, unsigned pick, char text[RESOLVE_TEXT_MAX])
{
	const struct addrinfo *one;
	unsigned count = 0;

	for (one = list; one; one = one->ai_next)
		count++;
	one = list;
	for (pick %= count; pick > 0; pick--)
		one = one->ai_next;
	if (getnameinfo(one->ai_addr, one->ai_addrlen, text, RESOLVE_TEXT_MAX, NULL, 0, NI_NUMERICHOST) != 0)
		text[0] = '\0';
}

enum err resolve_step(struct resolve *r, unsigned pick, char text[RESOLVE_TEXT_MAX])
{
	struct gaicb *list[] = { &r->request };
	int code;

	if (!r->out) {
		r->request.ar_result = NULL;
		code = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
		if (code == 0) {
			r->out = true;
			return ERR_RETRY;
		}
	} else {
		code = gai_error(&r->request);
		if (code == EAI_INPROGRESS)
			return ERR_RETRY;
	}
	r->out = false;
	if (code != 0) {
		(void)snprintf(text, RESOLVE_TEXT_MAX, "%s", gai_strerror(code));
		return ERR_REFUSED;
	}
	pick_address(r->request.ar_result, pick, text);
	freeaddrinfo(r->request.ar_result);
	r->request.ar_result = NULL;
	return text[0] ? ERR_OK : ERR_REFUSED;
}
