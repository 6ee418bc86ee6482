/* One entry of an off-chain draw as the bytes that its Merkle tree commits to. Numbers are big-endian. */
#ifndef CORE_TICKET_H
#define CORE_TICKET_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/key.h"

enum { DRAW_ID_SIZE = 16, TICKET_SIZE = 68, TICKET_SALT_SIZE = 16, STAKE_SIZE = 8, STAKES_PER_LEAF = 65536 };

/* The bytes of a UUID. */
struct draw_id {
	uint8_t b[DRAW_ID_SIZE];
};

struct ticket {
	struct hash participant; /* a public key, or what ticket_participant() makes of an account */
	uint64_t weight;
};

/* "PFE1" | draw id 16 | index u64 | participant 32 | weight u64. */
void ticket_bytes(uint8_t out[TICKET_SIZE], const struct draw_id *draw, uint64_t index, const struct ticket *ticket);
/* The leaf's hash. */
void ticket_leaf(struct hash *out, const struct draw_id *draw, uint64_t index, const struct ticket *ticket);

/* The root over what each ticket put in, u64 each, STAKE_SIZE bytes big-endian: 65536 of them are one leaf, "PFS1" | draw id 16 |
 * index u64 of the first | the stakes. */
void stakes_root(struct hash *out, const struct draw_id *draw, const uint8_t *stakes, uint64_t n);

/* SHA-256("PFE1-user" | salt | account): the public tree does not tell who plays. The salt belongs to the draw and is told
 * to each user, who finds the ticket with it. */
void ticket_participant(struct hash *out, const uint8_t salt[TICKET_SALT_SIZE], struct bytes account);

#endif
