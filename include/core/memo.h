/* The memo that anchors a draw's lock: "poolkeeper SEQ SOURCE:KEY HASH", signed by the fee payer. The program refuses an account that
 * did not sign. Whoever reads the wallet's memos sees each lock there ever was, so a second one of the same draw cannot hide. */
#ifndef CORE_MEMO_H
#define CORE_MEMO_H

#include "base/bytes.h"
#include "base/err.h"
#include "core/ix.h"

/* A seq of 20 digits, a source of 40 characters, a key of 127, a hash of 64 hex digits. */
enum { MEMO_MAX = 11 + 20 + 1 + 40 + 1 + 127 + 1 + 2 * HASH_SIZE };
#define MEMO_TITLE "poolkeeper "
struct memo {
	char text[MEMO_MAX + 1]; /* empty: none */
};
/* False: source or key are none that a lock can have, and out is empty. */
NODISCARD bool memo_anchor(
	struct memo *out, uint64_t seq, const char *source, const char *key, const struct hash *hash);
/* These are the bytes of such a memo. */
bool memo_is_anchor(struct bytes data);

void memo_build(struct ix *out, const struct pubkey *signer, const struct memo *memo);

#endif
