/* The wallets' keys, from the settings into the signer. */
#include "app/wallets.h"

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

struct signer *wallets_load(struct config *config)
{
	struct secret_text key = config_take_key(config);
	char why[WHY_MAX], address[PUBKEY_TEXT];
	struct signer *signer = signer_new(key.text, key.len, why, sizeof(why));

	config_wipe_key(&key);
	if (signer == NULL) {
		log_error("config.invalid", "key=%s value=*** why=%s",
			config->key_file != NULL ? "DEV_WALLET_KEY_FILE" : "DEV_WALLET_PRIVATE_KEY", why);
		return NULL;
	}
	if (!add_auxiliaries(signer, config)) {
		signer_free(signer);
		return NULL;
	}
	base58_pubkey(address, signer_pubkey(signer));
	if (!signer_locked(signer))
		log_warn("signer.not_locked", "wallet=%s why=%s", address,
			"the key may be swapped to disk: raise the limit of locked memory (ulimit -l, LimitMEMLOCK=)");
	log_info("signer", "wallet=%s", address);
	return signer;
}
