/* drand's chain "quicknet": when its rounds are, what is signed, what comes out. Whether a signature is valid needs a
 * pairing, which is not here. Source: docs.drand.love, chain info of the hash below. */
#ifndef CORE_DRAND_H
#define CORE_DRAND_H

#include <stdint.h>

#include "base/err.h"
#include "base/key.h"

enum { DRAND_SIGNATURE_SIZE = 48, DRAND_KEY_SIZE = 96 };

/* A compressed point of G1. There is one valid signature per round. */
struct drand_signature {
	uint8_t b[DRAND_SIGNATURE_SIZE];
};

struct drand_chain {
	uint32_t period_s;
	int64_t genesis; /* unix s: the time of round 1 */
	uint8_t key[DRAND_KEY_SIZE];
	struct hash group;
	const char *beacon; /* its name */
};
extern const struct drand_chain DRAND_QUICKNET;

/* SHA-256(period u32 | genesis i64 | key | group | beacon), big-endian: what names the chain everywhere. */
void drand_chain_hash(struct hash *out, const struct drand_chain *chain);

/* False: before the genesis, when there was no round. */
NODISCARD bool drand_round_at(uint64_t *out, const struct drand_chain *chain, int64_t unix_s);
/* When a round is due; rounds begin with 1. False: the time does not fit. */
NODISCARD bool drand_time_of(int64_t *out, const struct drand_chain *chain, uint64_t round);

enum { DRAND_AFTER_BLOCK_S = 60, DRAND_STEP_ROUNDS = 20 };
/* The round that a draw uses: the one fixed at lock, or the first of every twentieth after it, that is due 60 s after the
 * block or later. Nobody chooses: who made the block could not know the round. False: a number does not fit. */
NODISCARD bool drand_round_after_block(
	uint64_t *out, const struct drand_chain *chain, uint64_t locked_round, int64_t block_time);

/* SHA-256(round u64, big-endian): what the nodes sign. */
void drand_message(struct hash *out, uint64_t round);
/* SHA-256(signature). A relay's own "randomness" is never used. */
void drand_randomness(struct hash *out, const struct drand_signature *signature);

#endif
