/* A memo of one hash. */
#include "core/memo.h"

#include "core/address.h"

void memo_hash(struct ix *out, const struct pubkey *signer, const struct hash *hash)
{
	static const char digits[] = "0123456789abcdef";

	ix_begin(out, &ADDRESS_MEMO);
	ix_account(out, signer, IX_SIGN);
	for (unsigned i = 0; i < HASH_SIZE; i++) {
		ix_u8(out, (uint8_t)digits[hash->b[i] >> 4]);
		ix_u8(out, (uint8_t)digits[hash->b[i] & 15]);
	}
}
