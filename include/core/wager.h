/* One wager that adds to the jackpots, and the body of POST /api/jackpot/contribute, read strictly: what is not exactly a
 * wager is none. */
#ifndef CORE_WAGER_H
#define CORE_WAGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { WAGER_TEXT_MAX = 200 };
#define WAGER_CENTS_MAX UINT64_C(1000000000000)

struct wager {
	char key[WAGER_TEXT_MAX + 1]; /* the caller's: the same one again adds nothing */
	char user[WAGER_TEXT_MAX + 1], game[WAGER_TEXT_MAX + 1];
	uint64_t cents;
};

/* One JSON object (RFC 8259) with gameId, userId, wagerAmount and, unless the header has it, idempotencyKey: each once, in
 * any order, nothing else. Texts: 1 to WAGER_TEXT_MAX printable ASCII characters but " and \. wagerAmount: digits only, 1 to
 * WAGER_CENTS_MAX. header: of Idempotency-Key, or NULL; where both are given they are the same. NULL: *out is filled. Else
 * one line that says what is wrong, without anything of the body. */
NODISCARD const char *wager_parse(struct wager *out, const char *body, size_t n, const char *header);

#endif
