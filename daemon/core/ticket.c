/* Tickets as bytes. */
#include "core/ticket.h"

#include <string.h>

#include "base/crypto.h"
#include "core/merkle.h"

void ticket_bytes(uint8_t out[TICKET_SIZE], const struct draw_id *draw, uint64_t index, const struct ticket *ticket)
{
	memcpy(out, "PFE1", 4);
	memcpy(out + 4, draw->b, DRAW_ID_SIZE);
	store_u64_be(out + 20, index);
	memcpy(out + 28, ticket->participant.b, HASH_SIZE);
	store_u64_be(out + 60, ticket->weight);
}

void ticket_leaf(struct hash *out, const struct draw_id *draw, uint64_t index, const struct ticket *ticket)
{
	uint8_t bytes[TICKET_SIZE];

	ticket_bytes(bytes, draw, index, ticket);
	merkle_leaf(out, (struct bytes){ bytes, sizeof bytes });
}

void stakes_root(struct hash *out, const struct draw_id *draw, const uint8_t *stakes, uint64_t n)
{
	static const uint8_t leaf_tag[] = { 0, 'P', 'F', 'S', '1' };
	struct merkle tree;
	struct hash leaf;

	merkle_begin(&tree);
	for (uint64_t at = 0; at < n; at += STAKES_PER_LEAF) {
		const uint64_t here = n - at < STAKES_PER_LEAF ? n - at : STAKES_PER_LEAF;
		uint8_t index[8];
		const struct bytes parts[] = { { leaf_tag, sizeof leaf_tag }, { draw->b, DRAW_ID_SIZE },
			{ index, sizeof index }, { stakes + at * STAKE_SIZE, (size_t)here * STAKE_SIZE } };

		store_u64_be(index, at);
		crypto_sha256(&leaf, parts, 4);
		merkle_add(&tree, &leaf, NULL);
	}
	merkle_end(&tree, out, NULL);
}

void ticket_participant(struct hash *out, const uint8_t salt[TICKET_SALT_SIZE], struct bytes account)
{
	static const uint8_t tag[] = "PFE1-user";
	const struct bytes parts[] = { { tag, sizeof tag - 1 }, { salt, TICKET_SALT_SIZE }, account };

	crypto_sha256(out, parts, 3);
}
