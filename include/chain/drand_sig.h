/* Is it drand's signature of that round? */
#ifndef CHAIN_DRAND_SIG_H
#define CHAIN_DRAND_SIG_H

#include <stdint.h>

#include "base/err.h"
#include "core/drand.h"

enum drand_sig {
	DRAND_SIG_VALID,
	DRAND_SIG_FORGED,
	DRAND_SIG_UNCHECKED, /* this build has no library for pairings: nothing is known */
};

/* A point of the right subgroup, not infinity, with e(signature, g2) == e(hash(round), key); suite
 * BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_, the message is drand_message(). Source: RFC 9380, docs.drand.love. */
NODISCARD enum drand_sig drand_sig_check(
	const struct drand_chain *chain, uint64_t round, const struct drand_signature *signature);

#endif
