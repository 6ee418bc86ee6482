/* Where the keys come from, the wallets' and the other ones: a key file, a systemd credential, or the environment and the
 * settings files. */
#ifndef OPS_WALLET_KEYS_H
#define OPS_WALLET_KEYS_H

#include "ops/faults.h"

/* Names the credentials that are there as key files. */
void wallet_keys_find(struct config *config);

/* Fills the secret members of config, after wallet_keys_find(). The first of these that is there wins:
 *   *_KEY_FILE                  regular, no link, owner root or us, closed to group and others
 *   $CREDENTIALS_DIRECTORY/...  dev-wallet, treasury-wallet, auxiliary-wallet-1 ... -9, vrf-key, vrf-key-old-1 ... -3,
 *                               certificate-key (systemd's LoadCredential=)
 *   *_PRIVATE_KEY               what is in config already
 * Texts are trimmed and made known to log_secret_add(). No key for the dev wallet is a fault, nor one
 * for the treasury where claims are paid; where they are not, it is not read. */
void wallet_keys_load(struct config *config, struct faults *faults);

/* The VRF's newest key alone; none is a fault. */
void wallet_keys_load_vrf(struct config *config, struct faults *faults);

/* The environment of a process can be read by its user, and is inherited: our copy is the only one from here on. */
void wallet_keys_clear_environment(void);

/* Of auxiliary wallet n, from 1. */
struct secret_text *wallet_keys_auxiliary(struct config *config, unsigned n);
/* The VRF's, from 0, below CONFIG_VRF_KEYS_MAX: the newest first. *name: the setting that it comes from. */
struct secret_text *wallet_keys_vrf(struct config *config, unsigned n, const char **name);

#endif
