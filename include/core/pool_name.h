/* How people name a pool: its address, its address and pool id, or the web app's number. */
#ifndef CORE_POOL_NAME_H
#define CORE_POOL_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/key.h"

struct pool_name {
	bool by_app_id;
	int32_t app_id; /* public.pools.id */
	struct pubkey address;
	bool has_pool_id; /* an address is used again: which of its pools */
	uint64_t pool_id;
};

/* "17", "4wgB...", "4wgB...:123", or as in the log and the journal "draw:4wgB...:123". False: none of these. */
NODISCARD bool pool_name_parse(struct pool_name *out, const char *text);

#endif
