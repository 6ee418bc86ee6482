/* The fixed layout of alpha. */
#include "core/alpha.h"

#include <string.h>

#include "base/bytes.h"

void alpha_bytes(uint8_t out[ALPHA_SIZE], const struct alpha *alpha)
{
	memcpy(out, "PFDRAW01", 8);
	memcpy(out + 8, alpha->draw.b, DRAW_ID_SIZE);
	store_u64_be(out + 24, alpha->n);
	store_u64_be(out + 32, alpha->total_weight);
	memcpy(out + 40, alpha->root.b, HASH_SIZE);
	memcpy(out + 72, alpha->rules.b, HASH_SIZE);
	store_u64_be(out + 104, alpha->slot.n);
	memcpy(out + 112, alpha->blockhash.b, HASH_SIZE);
	store_u64_be(out + 144, alpha->round);
	memcpy(out + 152, alpha->signature.b, DRAND_SIGNATURE_SIZE);
}
