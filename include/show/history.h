/* The transactions of an address, oldest first. Private to show. */
#ifndef SHOW_HISTORY_H
#define SHOW_HISTORY_H

#include "core/calls.h"
#include "show/ask.h"

/* Each transaction that succeeded. Returns false to stop. */
typedef bool history_visit(void *owner, const struct rpc_transaction *tx, const struct rpc_signature_info *info);

struct history_range {
	struct slot from, to; /* only these slots; to.n 0: to the newest                */
	bool failed_too;      /* failed ones too: they changed nothing and cost a fee   */
	enum commitment at;
};

/* False: the list or a transaction of it was not given; gap says which and why, in one line. */
NODISCARD bool history_read(struct show *s, const struct pubkey *address, const struct history_range *range,
	history_visit *visit, void *owner, char gap[SHOW_WHY]);

#endif
