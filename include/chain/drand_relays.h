/* drand's HTTP relays: the signature of one round, believed when two relays give the same. Only the round's number leaves
 * this host. Source of the paths: docs.drand.love, HTTP API v2 and v1. */
#ifndef CHAIN_DRAND_RELAYS_H
#define CHAIN_DRAND_RELAYS_H

#include <stdint.h>

#include "base/err.h"
#include "base/task.h"
#include "chain/drand_sig.h"
#include "core/drand.h"

enum { DRAND_CHECKED_BY = 128 };

struct drand_relays;
struct drand_call_state;
struct loop;
struct http;

struct drand_call {
	struct task task; /* reply.data: the call itself */
	uint64_t round;
	struct drand_signature signature; /* after ERR_OK                                                             */
	enum drand_sig checked;           /* VALID, or UNCHECKED in a build without pairings                          */
	char checked_by
		[DRAND_CHECKED_BY]; /* one line for the certificate: the hosts that agree, and the pairing if any */
	struct drand_call_state *state;
};
void drand_call_init(struct drand_call *call);
void drand_call_fini(struct drand_call *call); /* cancels: done is not called afterwards */

/* urls: as core/drand_relay.h says; NULL when they are not. */
struct drand_relays *drand_relays_new(struct loop *loop, struct http *http, const char *urls);
void drand_relays_free(struct drand_relays *relays); /* NULL is allowed; no call is out */

/* Asks all relays at once for that round and no other, first under v2's path, then under v1's; over within 5 s. Once
 * enough agree the others have a second more, so that a false one shows. Enough: a majority of the list's domains; two where
 * this build has pairings. All hosts of a domain are one.
 *   OK       one signature came from two domains or more, and from a majority or no other one from two. A relay that says
 *            otherwise is outvoted, and named in the log (drand.false_relay). Where this build has pairings, a signature that is not drand's counts as no answer.
 *   RETRY    too few answered, or the round is not there yet; it is never replaced by another one
 *   REFUSED  they disagree, and neither is outvoted: why names them */
void drand_ask(struct drand_relays *relays, struct drand_call *call, uint64_t round,
	void (*done)(struct task *, const struct reply *));

/* Body of a relay's answer for that round. ERR_INVALID and one line in why: it is anything else, also another round, or it
 * contradicts itself in "randomness", which is computed again and never used. */
NODISCARD enum err drand_answer_parse(
	struct drand_signature *out, uint64_t round, const char *text, size_t len, const char **why);

#endif
