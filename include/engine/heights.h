/* How high the chain is, as each node tells it, and which of it is believed. Only engine/ includes this. */
#ifndef ENGINE_HEIGHTS_H
#define ENGINE_HEIGHTS_H
#include "chain/rpc.h"

struct engine;

struct told_height {
	struct slot slot;
	struct height height;
	uint64_t at_ms; /* 0: never */
};
struct heights {
	struct told_height told[RPC_ENDPOINTS_MAX];
	struct told_height agreed; /* by nodes of two hosts, last */
	uint64_t first_ms;         /* when the first one was told; 0: never */
};

/* A node told this height at about this slot. False: it cannot be. With nodes of one host, which is trusted, everything can. */
bool heights_saw(struct engine *e, struct slot slot, struct height height, int endpoint);
/* There are two hosts, and since the start, not long ago, they have not agreed: ask them soon. */
bool heights_unknown(const struct engine *e);
/* Nodes of two hosts were heard of just now, and none that was contradicts. */
bool heights_agree(const struct engine *e);
/* Until when a transaction with the newest blockhash can land at the latest, whatever the one node told that gave the hash. */
struct height heights_last_valid(const struct engine *e);
#endif
