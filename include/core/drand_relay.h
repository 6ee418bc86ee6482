/* Which drand relays are asked: the setting's list, taken apart and checked. Pure. */
#ifndef CORE_DRAND_RELAY_H
#define CORE_DRAND_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { DRAND_RELAYS_MIN = 2, DRAND_RELAYS_MAX = 8, DRAND_RELAY_URL = 128, DRAND_RELAY_HOST = 56 };

struct drand_relay {
	char url[DRAND_RELAY_URL];   /* without a slash at the end                       */
	char host[DRAND_RELAY_HOST]; /* with its port: what logs and certificates say    */
	size_t operator_of;          /* the first of the list with its domain            */
};

struct drand_relay_list {
	size_t n, operators;
	struct drand_relay relay[DRAND_RELAYS_MAX];
};

/* Relays of two domains or more, with commas and without blanks: https://host[:port][/path] in lower case, http:// only for 127.0.0.1.
 * A host stands there once, whatever its port, and hosts of one domain (api.drand.sh, api2.drand.sh) have one vote together,
 * because the agreement of two operators is what an answer is believed for; 127.0.0.1 may stand there with several ports.
 * The domain is the last two labels, or three where those are short (co.uk, com.au). False: *why is one line that says what is
 * wrong. */
NODISCARD bool drand_relay_list_read(struct drand_relay_list *out, const char *urls, const char **why);

#endif
