/* The memo that anchors a draw's lock: 64 hex digits, signed by the fee payer. The program refuses an account that did not sign. */
#ifndef CORE_MEMO_H
#define CORE_MEMO_H

#include "core/ix.h"

enum { MEMO_HASH_SIZE = 2 * HASH_SIZE };

void memo_hash(struct ix *out, const struct pubkey *signer, const struct hash *hash);

#endif
