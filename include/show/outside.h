/* What a certificate says and no file can prove, with where to look it up. Pure. Private to show. */
#ifndef SHOW_OUTSIDE_H
#define SHOW_OUTSIDE_H

#include "core/certificate.h"

enum { OUTSIDE_MAX = 12, OUTSIDE_LIMITS = 512 };

struct outside {
	unsigned n;
	struct {
		const char *name; /* short: the verdict lists them */
		char must_be[400];
		char check_with[200]; /* a command, or an address on mainnet-beta */
	} fact[OUTSIDE_MAX];
};

/* drand_unchecked: this build could not check the round's signature itself. */
void outside_of(struct outside *out, const struct certificate *certificate, bool drand_unchecked);

#endif
