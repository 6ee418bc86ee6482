/* Sponsored pools: players who take part through a wallet of the house, and get its win. */
#ifndef CORE_SPONSOR_H
#define CORE_SPONSOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/key.h"
#include "core/pool.h"

/* One player of a pool who is a wallet of the house, and the person whom it plays for. */
struct sponsored {
	struct pubkey auxiliary, recipient;
	bool valid; /* the app names exactly one wallet, and it can be one                     */
	bool key;   /* the signer holds the key of the auxiliary wallet                        */
};
struct sponsors {
	bool known; /* as the journal fixed it: from BIND on it never changes                  */
	uint64_t read_ms;
	unsigned n;
	struct sponsored of[PARTICIPANTS_MAX];
};

/* NULL: that player plays for himself. */
const struct sponsored *sponsors_find(const struct sponsors *sponsors, const struct pubkey *player);
#endif
