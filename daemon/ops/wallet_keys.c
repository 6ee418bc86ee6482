/* Where the keys come from: a key file, a systemd credential, or the environment and the settings files. */
#include "ops/wallet_keys.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"

enum { WHY_MAX = 320 };

static const char WHERE_CREDENTIAL[] = "credential";

struct wallet {
	const struct setting *file_setting;
	char **file; /* the setting's value; a credential's name is put here when it is used */
	const char *credential;
	struct secret_text *key;
};

void wallet_keys_clear_environment(void)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		char *value = SETTINGS[i].type == TYPE_SECRET ? getenv(SETTINGS[i].key) : NULL;

		if (value == NULL || value[0] == '\0')
			continue;
		log_secret_add(value);
		crypto_wipe(value, strlen(value));
		unsetenv(SETTINGS[i].key);
		log_warn("config.key_in_environment", "key=%s why=%s", SETTINGS[i].key,
			"it was copied, overwritten and unset; put the key into a file of mode 0600 and set "
			"the setting that names a key file");
	}
}

static void trim(struct secret_text *key)
{
	size_t start = strspn(key->text, " \t\r\n");

	while (key->len > start && strchr(" \t\r\n", key->text[key->len - 1]) != NULL)
		key->len--;
	key->len -= start;
	memmove(key->text, key->text + start, key->len);
	key->text[key->len] = '\0';
}

/* systemd's folder of credentials has what the unit names in LoadCredential=; what is not there is not meant. */
static void find_credential(const struct wallet *wallet, struct config *config)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	struct config_shown *shown = &config->shown[wallet->file_setting - SETTINGS];
	char path[PATH_MAX];

	if (*wallet->file != NULL || folder == NULL ||
		(size_t)snprintf(path, sizeof(path), "%s/%s", folder, wallet->credential) >= sizeof(path) ||
		access(path, F_OK) != 0)
		return;
	*wallet->file = strdup(path);
	*shown = (struct config_shown){ strdup(path), WHERE_CREDENTIAL, 0 };
	if (*wallet->file == NULL || shown->text == NULL)
		abort(); /* out of memory: nothing has been touched yet */
}

/* The other name may still serve the old monitor; a file is somebody's wish. */
static void leave_to_signer(struct config *config, struct faults *faults)
{
	secret_text_wipe(&config->dev_wallet);
	if (config->key_file != NULL)
		fault_add(faults, setting_find("SIGNER_SOCKET"), config->signer_socket,
			"is set beside a key file, DEV_WALLET_KEY_FILE or the credential: keep one");
}

/* What pays nothing holds no key. */
static void leave_treasury(struct config *config)
{
	secret_text_wipe(&config->treasury_key);
}

/* The file wins: the other name may still serve the old monitor. A key that is nowhere is no fault here. */
static void load_key(const struct wallet *wallet, struct config *config, struct faults *faults)
{
	const char *path = *wallet->file, *name = wallet->file_setting->key;
	const char *where = config->shown[wallet->file_setting - SETTINGS].where;
	struct secret_text *key = wallet->key;
	char why[WHY_MAX];
	enum err err;

	if (path != NULL) {
		secret_text_wipe(key);
		err = secret_file_read(key, path, CONFIG_KEY_FILE_MAX,
			where == WHERE_CREDENTIAL ? SECRET_FILE_CREDENTIAL : SECRET_FILE_PRIVATE, NULL, why,
			sizeof(why));
		if (err != ERR_OK) {
			fault_say(name, fault_shown(wallet->file_setting, path), why);
			faults->exposed = faults->exposed || err == ERR_REFUSED;
			faults->bad = faults->bad || err != ERR_REFUSED;
			return;
		}
	}
	if (key->text != NULL)
		trim(key);
	if (key->text != NULL && key->len > 0)
		log_secret_add(key->text);
	else if (path != NULL)
		fault_add(faults, wallet->file_setting, path, "is empty: name the file with the key");
	else if (key == &config->dev_wallet)
		fault_add(faults, wallet->file_setting, path,
			"is not set: name the file with the dev wallet's key, or a SIGNER_SOCKET");
	else if (key == &config->treasury_key)
		fault_add(faults, wallet->file_setting, path,
			"is not set: REFERRAL_PAYOUTS=on needs the treasury's key: name its file, or switch it off");
}

struct secret_text *wallet_keys_auxiliary(struct config *config, unsigned n)
{
#define ROW(unused, n) &config->auxiliary_##n,
	struct secret_text *const key[] = { CONFIG_AUXILIARIES(ROW, ) };
#undef ROW

	return key[n - 1];
}

struct secret_text *wallet_keys_vrf(struct config *config, unsigned n, const char **name)
{
#define ROW(unused, n) \
	{ &config->vrf_old_##n, config->vrf_old_file_##n != NULL ? "VRF_KEY_FILE_OLD_" #n : "VRF_PRIVATE_KEY_OLD_" #n },
	const struct {
		struct secret_text *key;
		const char *name;
	} keys[CONFIG_VRF_KEYS_MAX] = { { &config->vrf_key,
						config->vrf_file != NULL ? "VRF_KEY_FILE" : "VRF_PRIVATE_KEY" },
		CONFIG_VRF_OLD_KEYS(ROW, ) };
#undef ROW

	*name = keys[n].name;
	return keys[n].key;
}

enum { DEV, TREASURY, VRF, CERTIFICATE, JACKPOT, WALLETS = 4 + CONFIG_AUXILIARIES_MAX + CONFIG_VRF_KEYS_MAX };

static void list_wallets(struct wallet out[WALLETS], struct config *config)
{
#define AUXILIARY(unused, n)                                                                                     \
	{ setting_find("AUXILIARY_WALLET_" #n "_KEY_FILE"), &config->auxiliary_file_##n, "auxiliary-wallet-" #n, \
		wallet_keys_auxiliary(config, n) },
#define VRF_OLD(unused, n) \
	{ setting_find("VRF_KEY_FILE_OLD_" #n), &config->vrf_old_file_##n, "vrf-key-old-" #n, &config->vrf_old_##n },
	const struct wallet wallets[WALLETS] = { [DEV] = { setting_find("DEV_WALLET_KEY_FILE"), &config->key_file,
							 "dev-wallet", &config->dev_wallet },
		[TREASURY] = { setting_find("TREASURY_WALLET_KEY_FILE"), &config->treasury_file, "treasury-wallet",
			&config->treasury_key },
		[VRF] = { setting_find("VRF_KEY_FILE"), &config->vrf_file, "vrf-key", &config->vrf_key },
		[CERTIFICATE] = { setting_find("CERTIFICATE_KEY_FILE"), &config->certificate_file, "certificate-key",
			&config->certificate_key },
		[JACKPOT] = { setting_find("JACKPOT_API_TOKEN_FILE"), &config->jackpot_token_file, "jackpot-api-token",
			&config->jackpot_token },
		CONFIG_AUXILIARIES(AUXILIARY, ) CONFIG_VRF_OLD_KEYS(VRF_OLD, ) };
#undef VRF_OLD
#undef AUXILIARY

	memcpy(out, wallets, sizeof(wallets));
}

void wallet_keys_find(struct config *config)
{
	struct wallet wallet[WALLETS];

	list_wallets(wallet, config);
	for (size_t i = 0; i < WALLETS; i++)
		find_credential(&wallet[i], config);
}

void wallet_keys_load(struct config *config, struct faults *faults)
{
	struct wallet wallet[WALLETS];

	list_wallets(wallet, config);
	if (config->signer_socket != NULL)
		leave_to_signer(config, faults);
	if (!config->pay_referrals)
		leave_treasury(config);
	for (size_t i = 0; i < WALLETS; i++)
		if (!(i == DEV && config->signer_socket != NULL) && !(i == TREASURY && !config->pay_referrals))
			load_key(&wallet[i], config, faults);
}

void wallet_keys_load_vrf(struct config *config, struct faults *faults)
{
	struct wallet wallet[WALLETS];

	list_wallets(wallet, config);
	load_key(&wallet[VRF], config, faults);
	if (config->vrf_key.text == NULL && faults_code(faults) == 0)
		fault_add(faults, wallet[VRF].file_setting, NULL, "is not set: name the file with the VRF's key");
}
