/* Does the database know our VRF keys? For --check-config, and for who registers one. */
#ifndef APP_VRF_REGISTER_H
#define APP_VRF_REGISTER_H

#include "chain/vrf_key.h"
#include "ops/config.h"

/* Logs one line config.vrf_key per key: registered, retired or unknown to keeper.vrf_keys, and how many draws still need it;
 * unread when the database does not answer. Waits for DB_TIMEOUT_MS at most. conninfo: cleaned. */
void vrf_register_tell(const struct vrf_keys *keys, const char *conninfo, const struct config *config);

/* vrf-key: prints the newest key's public half as a bytea of Postgres, \x and 64 hex digits. config: of config_load_vrf().
 * Returns 0, EX_CONFIG, or EX_IOERR. */
NODISCARD int vrf_register_print(struct config *config);

#endif
