/* The settings: read from the environment and two files, checked all at once, documented from the same table. */
#ifndef OPS_CONFIG_H
#define OPS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/key.h"
#include "base/log.h"
#include "core/policy.h"
#include "ops/config_keys.h"
#include "ops/listen.h"
#include "ops/secret_file.h"

enum {
	CONFIG_AUXILIARIES_MAX = 9,
	CONFIG_VRF_KEYS_MAX = 4,
	CONFIG_RPC_URLS_MAX = 5,
	CONFIG_KEY_FILE_MAX = 4096,
	CONFIG_FILE_MAX = 65536
};

enum network { NETWORK_DEVNET, NETWORK_MAINNET_BETA, NETWORK_LOCALNET };
enum { NETWORK_COUNT = 3 };

/* The C type of each setting type's member. Texts belong to the config; NULL when not set. */
#define CONFIG_C_POSTGRES char *
#define CONFIG_C_URL char *
#define CONFIG_C_PATH char *
#define CONFIG_C_HOSTS char *
#define CONFIG_C_RELAYS char *
#define CONFIG_C_NETWORK enum network
#define CONFIG_C_PUBKEY struct pubkey
#define CONFIG_C_NUMBER uint64_t
#define CONFIG_C_SWITCH bool
#define CONFIG_C_LEVEL enum log_level
#define CONFIG_C_LISTEN struct listen_address
#define CONFIG_C_FORMAT enum log_format
#define CONFIG_C_SECRET struct secret_text

#define X(...) +1
enum { SETTING_COUNT = 0 CONFIG_TABLE(X) };
#undef X

/* Both may be NULL. */
struct config_files {
	const char *env_file;    /* --env-file: shared with other programs */
	const char *config_file; /* --config: poolkeeper's own             */
};

/* A value as it may be printed. */
struct config_shown {
	char *text;        /* secrets masked; NULL when not set    */
	const char *where; /* "environment", a file's name, "default", "credential" */
	unsigned line;     /* in the file; 0 elsewhere             */
};

#define X(group, key, alias, type, member, ...) CONFIG_C_##type member;
struct config {
	CONFIG_TABLE(X)
	struct config_shown shown[SETTING_COUNT];
	size_t n_rpc_urls; /* the endpoints that are set, without gaps */
	const char *rpc_urls[CONFIG_RPC_URLS_MAX];
};
#undef X

/* Reads everything, environment over --env-file over --config, and logs one config.invalid line per fault: key, value
 * (*** for secrets) and what to do. Returns 0, EX_CONFIG (78), or EX_NOPERM (77) when the only faults are permissions of
 * files that hold a key. *config is never NULL: with a fault it is there to be looked at further and printed, not to be
 * run with. crypto_init() first. The files' names are borrowed for as long as the config lives.
 *
 * A key in the environment is copied, overwritten in place, unset, and warned about. Secret values are made known to
 * log_secret_add(). Nothing is connected to. */
NODISCARD int config_load(struct config **config, const struct config_files *files);
/* The same for commands that only read: no key is loaded, and what is not set is NULL or zero and no fault. */
NODISCARD int config_load_reader(struct config **config, const struct config_files *files);
/* The same, with the VRF's newest key alone; none is a fault. */
NODISCARD int config_load_vrf(struct config **config, const struct config_files *files);

/* Reads both files again (SIGHUP). With a fault, all are named and nothing changes: false. Else what is SETTING_LIVE is
 * changed in config, each with a line config.changed, and what is not keeps its value, with a line config.kept. Keys are
 * not read again. */
NODISCARD bool config_reload(struct config *config, const struct config_files *files);

void config_free(struct config *config); /* wipes; NULL is allowed */

/* Moves the dev wallet's key text (trimmed) out of the config; config_wipe_key() ends it. Once. */
struct secret_text config_take_key(struct config *config);
/* The same for the treasury's; text NULL: claims are not paid. */
struct secret_text config_take_treasury(struct config *config);
/* The same for auxiliary wallet n, 1 to CONFIG_AUXILIARIES_MAX; text NULL: not set. */
struct secret_text config_take_auxiliary(struct config *config, unsigned n);
/* The same for the VRF's key of age n, 0 for the newest, below CONFIG_VRF_KEYS_MAX; and for the one that signs certificates.
 * *name: the setting that it comes from. */
struct secret_text config_take_vrf(struct config *config, unsigned n, const char **name);
struct secret_text config_take_certificate(struct config *config, const char **name);
/* The same for the token of the jackpots' page; text NULL: not set. */
struct secret_text config_take_jackpot_token(struct config *config);
void config_wipe_key(struct secret_text *key);

/* The part that decisions depend on. */
void config_policy(struct policy *out, const struct config *config, const struct pubkey *dev_wallet, bool dry_run);

const char *network_name(enum network network);
/* Base58 of the genesis hash, or NULL when any will do (localnet). */
const char *network_genesis(enum network network);

/* Every setting with its value, masked, and where it comes from: itself a file for --env-file, but for the masks. */
void config_print(const struct config *config, FILE *out);
/* .env.example and the README's table, from CONFIG_TABLE. */
void config_print_env_example(FILE *out);
void config_print_table(FILE *out);
/* The README's table of events, from EVENT_TABLE. */
void config_print_events(FILE *out);

#endif
