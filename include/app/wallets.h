/* The wallets' keys, from the settings into the signer. */
#ifndef APP_WALLETS_H
#define APP_WALLETS_H

#include "chain/signer.h"
#include "ops/config.h"

/* Takes the keys out of config, or asks the remote signer; logs each wallet's address, and one line per key that is none.
 * Returns 0; EX_CONFIG: one of them is none; EX_UNAVAILABLE: the remote signer does not answer. *signer is NULL unless 0. */
NODISCARD int wallets_load(struct signer **signer, struct config *config);

#endif
