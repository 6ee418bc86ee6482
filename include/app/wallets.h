/* The wallets' keys, from the settings into the signer. */
#ifndef APP_WALLETS_H
#define APP_WALLETS_H

#include "chain/signer.h"
#include "ops/config.h"

/* Takes the keys out of config; logs each wallet's address, and one config.invalid line per key that is none. NULL: one of
 * them is none. */
struct signer *wallets_load(struct config *config);

#endif
