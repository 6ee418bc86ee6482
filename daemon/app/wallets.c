/* The wallets' keys, from the settings into the signer. */
#include "app/wallets.h"

#include <sysexits.h>

#include "base/log.h"
#include "core/base58.h"

enum { WHY_MAX = 320 };

/* The wallets through which players of sponsored pools take part. */
static bool add_auxiliaries(struct signer *signer, struct config *config)
{
	char why[WHY_MAX], address[PUBKEY_TEXT];
	struct pubkey pubkey;
	bool all = true;

	for (unsigned n = 1; n <= CONFIG_AUXILIARIES_MAX; n++) {
		struct secret_text key = config_take_auxiliary(config, n);

		if (key.text == NULL || key.len == 0)
			continue;
		if (signer_add_auxiliary(signer, key.text, key.len, &pubkey, why, sizeof(why))) {
			base58_pubkey(address, &pubkey);
			log_info("signer.auxiliary", "number=%u wallet=%s", n, address);
		} else {
			log_error("config.invalid", "key=AUXILIARY_WALLET_%u value=*** why=%s", n, why);
			all = false;
		}
		config_wipe_key(&key);
	}
	return all;
}

/* The wallet that pays claims is the one to which the pools' fees go, or nothing is paid. */
static bool add_treasury(struct signer *signer, struct config *config)
{
	struct secret_text key = config_take_treasury(config);
	char why[WHY_MAX] = "is not the key of TREASURY_WALLET_PUBKEY";
	struct pubkey pubkey;
	bool ok;

	if (key.text == NULL || key.len == 0)
		return true;
	ok = signer_add_treasury(signer, key.text, key.len, &pubkey, why, sizeof(why)) &&
	     pubkey_equal(&pubkey, &config->treasury);
	if (!ok)
		log_error("config.invalid", "key=%s value=*** why=%s",
			config->treasury_file != NULL ? "TREASURY_WALLET_KEY_FILE" : "TREASURY_WALLET_PRIVATE_KEY",
			why);
	config_wipe_key(&key);
	return ok;
}

static int dev_wallet_here(struct signer **signer, struct config *config)
{
	struct secret_text key = config_take_key(config);
	char why[WHY_MAX];

	*signer = signer_new(key.text, key.len, why, sizeof(why));
	config_wipe_key(&key);
	if (*signer != NULL)
		return EX_OK;
	log_error("config.invalid", "key=%s value=*** why=%s",
		config->key_file != NULL ? "DEV_WALLET_KEY_FILE" : "DEV_WALLET_PRIVATE_KEY", why);
	return EX_CONFIG;
}

static int dev_wallet_elsewhere(struct signer **signer, const struct config *config)
{
	char why[WHY_MAX];
	const enum err err = signer_new_remote(signer, config->signer_socket, why, sizeof(why));

	if (err == ERR_OK)
		return EX_OK;
	log_error("config.invalid", "key=SIGNER_SOCKET value=%s why=%s", config->signer_socket, why);
	return err == ERR_RETRY ? EX_UNAVAILABLE : EX_CONFIG;
}

int wallets_load(struct signer **signer, struct config *config)
{
	char address[PUBKEY_TEXT];
	const int code = config->signer_socket != NULL ? dev_wallet_elsewhere(signer, config)
	                                               : dev_wallet_here(signer, config);

	if (code != EX_OK)
		return code;
	if (!add_treasury(*signer, config) || !add_auxiliaries(*signer, config)) {
		signer_free(*signer);
		*signer = NULL;
		return EX_CONFIG;
	}
	base58_pubkey(address, signer_pubkey(*signer));
	if (!signer_locked(*signer))
		log_warn("signer.not_locked", "wallet=%s why=%s", address,
			"the key may be swapped to disk: raise the limit of locked memory (ulimit -l, LimitMEMLOCK=)");
	log_info("signer", "wallet=%s remote=%d", address, config->signer_socket != NULL);
	return EX_OK;
}
