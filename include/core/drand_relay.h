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
};

struct drand_relay_list {
	size_t n;
	struct drand_relay relay[DRAND_RELAYS_MAX];
};

/* Two relays or more, with commas and without blanks: https://host[:port][/path] in lower case, http:// only for 127.0.0.1.
 * One host counts once, whatever its port, because the agreement of two is what an answer is believed for; 127.0.0.1 may
 * stand there with several ports. False: *why is one line that says what is wrong. */
NODISCARD bool drand_relay_list_read(struct drand_relay_list *out, const char *urls, const char **why);

#endif
