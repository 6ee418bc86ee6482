/* What the VRF of an off-chain draw is proven over: everything that was fixed at lock, then the block, then drand's round. */
#ifndef CORE_ALPHA_H
#define CORE_ALPHA_H

#include <stdint.h>

#include "base/key.h"
#include "base/units.h"
#include "core/drand.h"
#include "core/ticket.h"

enum { ALPHA_SIZE = 200 };

struct alpha {
	struct draw_id draw;
	uint64_t n;            /* tickets             */
	uint64_t total_weight; /* of all tickets      */
	struct hash root;      /* of their tree       */
	struct hash rules;     /* SHA-256 of the published rules */
	struct slot slot;      /* of the first block at or after the slot that was fixed at lock */
	struct hash blockhash; /* that block's        */
	uint64_t round;        /* drand's             */
	struct drand_signature signature;
};

/* "PFDRAW01" | draw id 16 | n u64 | total weight u64 | root 32 | rules 32 | slot u64 | blockhash 32 | round u64 |
 * signature 48; big-endian. Every field has a fixed length, so no two draws have the same bytes. */
void alpha_bytes(uint8_t out[ALPHA_SIZE], const struct alpha *alpha);

#endif
