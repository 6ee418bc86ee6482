/* --check-config and --print-config. */
#include "app/inspect.h"

#include <stdio.h>
#include <sysexits.h>

#include "app/draw_check.h"
#include "app/draw_keys.h"
#include "app/vrf_register.h"
#include "app/wallets.h"
#include "base/crypto.h"
#include "base/log.h"
#include "io/db_conninfo.h"
#include "ops/draw_sources.h"

enum { WHY_MAX = 320 };

bool database_conninfo(const struct config *config, char out[CONNINFO_MAX])
{
	char dropped[WHY_MAX];

	if (!db_conninfo_clean(config->database_url, out, CONNINFO_MAX, dropped, sizeof(dropped)))
		return false;
	if (dropped[0] != '\0')
		log_debug("config.ignored", "key=DATABASE_URL parameters=%s", dropped);
	return true;
}

static bool database_url_ok(const struct config *config)
{
	char conninfo[CONNINFO_MAX], why[WHY_MAX] = "is too long";
	struct db_conninfo *info = NULL;

	if (database_conninfo(config, conninfo))
		info = db_conninfo_parse(conninfo, why, sizeof(why));
	crypto_wipe(conninfo, sizeof(conninfo));
	if (info == NULL)
		log_error("config.invalid", "key=DATABASE_URL value=*** why=%s", why);
	db_conninfo_free(info);
	return info != NULL;
}

/* Only where there is something to tell, a database is asked. */
static bool draw_keys_ok(struct config *config, const struct signer *signer)
{
	char conninfo[CONNINFO_MAX];
	struct draw_keys keys;

	if (!draw_keys_load(&keys, config, signer))
		return false;
	if (keys.vrf.n > 0 && config->database_url != NULL && database_conninfo(config, conninfo))
		vrf_register_tell(&keys.vrf, conninfo, config);
	crypto_wipe(conninfo, sizeof(conninfo));
	draw_keys_free(&keys);
	return true;
}

static bool draw_sources_ok(const struct config *config)
{
	struct source_defs sources;
	bool ok = draw_sources_load(&sources, config->offchain_sources);

	if (ok && config->database_url != NULL)
		ok = draw_sources_fit(&sources, config);
	draw_sources_free(&sources);
	return ok;
}

int inspect_config(struct config *config, int code)
{
	struct signer *signer = NULL;
	const bool has_key = config->dev_wallet.len > 0 || config->signer_socket != NULL;

	if (config->database_url != NULL && !database_url_ok(config))
		code = EX_CONFIG;
	if (!draw_sources_ok(config))
		code = EX_CONFIG;
	if (has_key && wallets_load(&signer, config) != EX_OK)
		code = EX_CONFIG;
	if (!draw_keys_ok(config, signer))
		code = EX_CONFIG;
	signer_free(signer);
	if (code == EX_OK)
		log_info("config.ok", "network=%s endpoints=%zu", network_name(config->network), config->n_rpc_urls);
	return code;
}

int print_config(const struct config *config, int code)
{
	config_print(config, stdout);
	return fflush(stdout) == 0 && !ferror(stdout) ? code : EX_IOERR;
}
