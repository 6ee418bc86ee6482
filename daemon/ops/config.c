/* The settings: where they come from, whether they fit together, and what must not be seen. */
#include "ops/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/crypto.h"
#include "core/address.h"
#include "ops/env_file.h"
#include "ops/setting.h"

enum { WHY_MAX = 320, TAIL_MIN = 16, KEY_TEXT_MIN = 60, DAY_S = 86400 };
#define BASE58_DIGITS "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

/* What one config_load() has gathered so far. */
struct load {
	struct config *config;
	const char *path;                   /* of the env file, or NULL */
	const char *in_file[SETTING_COUNT]; /* borrowed from the file's text */
	unsigned line[SETTING_COUNT];
	bool set[SETTING_COUNT]; /* a value was parsed, the fallback included */
	bool bad, exposed;       /* a fault that is EX_CONFIG, EX_NOPERM */
	bool reader;             /* for a command that only reads: no keys, and nothing is required */
};

/* A key that was put behind the wrong name must not reach the log: 64 bytes in base58, or the JSON array. */
static bool looks_like_a_key(const char *value)
{
	size_t n = strlen(value);

	return value[0] == '[' || (n >= KEY_TEXT_MIN && strspn(value, BASE58_DIGITS) == n);
}

static const char *shown(const struct setting *setting, const char *value)
{
	return (setting->flags & SETTING_SECRET) != 0 || looks_like_a_key(value) ? "***" : value;
}

static void report(const char *key, const char *value, const char *why)
{
	log_error("config.invalid", "key=%s value=%s why=%s", key, value, why);
}

static void complain(struct load *load, const struct setting *setting, const char *value, const char *why)
{
	report(setting->key, value != NULL ? shown(setting, value) : "-", why);
	load->bad = true;
}

static bool is_set(const struct load *load, const char *key)
{
	return load->set[setting_find(key) - SETTINGS];
}

/* ---- the env file ---- */

static void on_fault(void *owner, unsigned line, const char *why)
{
	struct load *load = owner;
	char text[WHY_MAX];

	snprintf(text, sizeof(text), "line %u %s", line, why);
	report("--env-file", load->path, text);
	load->bad = true;
}

static void on_entry(void *owner, unsigned line, const char *key, const char *value)
{
	struct load *load = owner;
	const struct setting *setting = setting_find(key);
	const char *near = setting == NULL ? setting_near_miss(key) : NULL;
	char why[WHY_MAX];
	size_t i;

	if (setting == NULL && near != NULL) {
		snprintf(why, sizeof(why), "line %u of %s: there is no such setting, write %s", line, load->path, near);
		report(key, "***", why); /* the value may be the secret of the setting that was meant */
		load->bad = true;
	}
	if (setting == NULL || value[0] == '\0')
		return;
	i = (size_t)(setting - SETTINGS);
	if (load->in_file[i] != NULL && strcmp(load->in_file[i], value) != 0) {
		snprintf(why, sizeof(why), "is set to two values, in lines %u and %u of %s: keep one", load->line[i],
			line, load->path);
		complain(load, setting, value, why);
	}
	load->in_file[i] = value;
	load->line[i] = line;
}

static void read_env_file(struct load *load, struct secret_text *text)
{
	const struct env_reader reader = { .owner = load, .entry = on_entry, .fault = on_fault };
	char why[WHY_MAX];
	bool exposed;

	if (secret_file_read(text, load->path, CONFIG_ENV_FILE_MAX, SECRET_FILE_ANY, &exposed, why, sizeof(why)) !=
		ERR_OK) {
		report("--env-file", load->path, why);
		load->bad = true;
		return;
	}
	env_file_parse(text->text, text->len, &reader);
	for (size_t i = 0; exposed && i < SETTING_COUNT; i++) {
		if (SETTINGS[i].type != TYPE_SECRET || load->in_file[i] == NULL)
			continue;
		snprintf(why, sizeof(why), "holds %s and others can read it: run chmod 600 %s", SETTINGS[i].key,
			load->path);
		report("--env-file", load->path, why);
		load->exposed = true;
	}
}

/* ---- one setting ---- */

/* Environment over file; the name over its alias. */
static const char *find_value(struct load *load, const struct setting *setting)
{
	const char *value = getenv(setting->key);
	const char *other = setting->alias != NULL ? getenv(setting->alias) : NULL;
	char why[WHY_MAX];

	if (value != NULL && value[0] == '\0')
		value = NULL;
	if (other != NULL && other[0] == '\0')
		other = NULL;
	if (value != NULL && other != NULL && strcmp(value, other) != 0) {
		snprintf(why, sizeof(why), "differs from %s: keep one", setting->alias);
		complain(load, setting, value, why);
	}
	if (value == NULL)
		value = other;
	return value != NULL ? value : load->in_file[setting - SETTINGS];
}

static const char *network_fallback(const struct setting *setting, enum network network)
{
	bool mainnet = network == NETWORK_MAINNET_BETA;

	if (strcmp(setting->key, "SWITCHBOARD_QUEUE") == 0)
		return mainnet ? "A43DyUGA7s8eXPxqEjJY6EBu1KKbNgfxF8h17VAHn13w"
		               : "EYiAmGSdsQTuCw413V5BzaruWuCCSDgTPtBGvLkXHbe7";
	return mainnet ? "SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv" : "Aio4gaXjXzJNVLtzwtNVmSqGKpANtXhybbkhtAC94ji2";
}

static void load_setting(struct load *load, const struct setting *setting)
{
	const char *value = find_value(load, setting);
	bool given = value != NULL;
	char why[WHY_MAX];

	if (load->reader && setting->type == TYPE_SECRET)
		return;
	if (!given)
		value = (setting->flags & SETTING_BY_NETWORK) != 0 ? network_fallback(setting, load->config->network)
		                                                   : setting->fallback;
	if (value == NULL) {
		if ((setting->flags & SETTING_REQUIRED) != 0 && !load->reader) {
			snprintf(why, sizeof(why), "is not set: %s", setting->doc);
			complain(load, setting, NULL, why);
		}
		return;
	}
	if (!setting_parse(setting, value, load->config, why, sizeof(why)))
		complain(load, setting, value, why);
	else
		load->set[setting - SETTINGS] = true;
}

/* ---- secrets ---- */

static void hide_password(const char *url)
{
	const char *at = strrchr(url, '@'), *colon = strstr(url, "://");
	char *password;

	colon = colon != NULL ? strchr(colon + 3, ':') : NULL;
	if (at == NULL || colon == NULL || colon > at)
		return;
	password = strndup(colon + 1, (size_t)(at - colon - 1));
	if (password == NULL)
		return;
	log_secret_add(password);
	crypto_wipe(password, strlen(password));
	free(password);
}

/* The last part of an endpoint's URL is where providers put the API key. */
static void hide_endpoint(const char *url)
{
	const char *tail = url + strlen(url);

	while (tail > url && strchr("/=?&@", tail[-1]) == NULL)
		tail--;
	if (strlen(tail) >= TAIL_MIN)
		log_secret_add(tail);
	log_secret_add(url);
	hide_password(url);
}

/* The environment of a process can be read by its user, and is inherited: our copy is the only one from here on. */
static void clear_keys_in_environment(void)
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

/* The file wins: the other name may still serve the old monitor. A key that is nowhere is no fault here. */
static void load_key(struct load *load, const struct setting *file, const char *path, struct secret_text *key)
{
	char why[WHY_MAX];
	enum err err;

	if (path != NULL) {
		secret_text_wipe(key);
		err = secret_file_read(key, path, CONFIG_KEY_FILE_MAX, SECRET_FILE_PRIVATE, NULL, why, sizeof(why));
		if (err != ERR_OK) {
			report(file->key, shown(file, path), why);
			load->exposed = load->exposed || err == ERR_REFUSED;
			load->bad = load->bad || err != ERR_REFUSED;
			return;
		}
	}
	if (key->text != NULL)
		trim(key);
	if (key->text != NULL && key->len > 0)
		log_secret_add(key->text);
	else if (path != NULL)
		complain(load, file, path, "is empty: name the file with the key");
	else if (file == setting_find("DEV_WALLET_KEY_FILE"))
		complain(load, file, path, "is not set: name the file with the dev wallet's key");
}

static struct secret_text *auxiliary_key(struct config *c, unsigned n)
{
#define ROW(unused, n) &c->auxiliary_##n,
	struct secret_text *const key[] = { CONFIG_AUXILIARIES(ROW, ) };
#undef ROW

	return key[n - 1];
}

static void load_keys(struct load *load)
{
	struct config *c = load->config;

	load_key(load, setting_find("DEV_WALLET_KEY_FILE"), c->key_file, &c->dev_wallet);
#define ROW(unused, n) \
	load_key(load, setting_find("AUXILIARY_WALLET_" #n "_KEY_FILE"), c->auxiliary_file_##n, auxiliary_key(c, n));
	CONFIG_AUXILIARIES(ROW, )
#undef ROW
}

/* ---- what must fit together ---- */

static void refuse(struct load *load, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void refuse(struct load *load, const char *key, const char *format, ...)
{
	const struct setting *setting = setting_find(key);
	const char *value = find_value(load, setting);
	char why[WHY_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	complain(load, setting, value != NULL ? value : setting->fallback, why);
}

static void check_network(struct load *load)
{
	const struct config *c = load->config;
	bool mainnet = c->network == NETWORK_MAINNET_BETA;
	const struct pubkey *other_program = mainnet ? &ADDRESS_SWITCHBOARD_DEVNET : &ADDRESS_SWITCHBOARD_MAINNET;
	const struct pubkey *other_queue = mainnet ? &ADDRESS_SWITCHBOARD_QUEUE_DEVNET
	                                           : &ADDRESS_SWITCHBOARD_QUEUE_MAINNET;

	if (is_set(load, "ML_PROGRAM_ID") && !pubkey_equal(&c->ml_program, &ADDRESS_ML))
		refuse(load, "ML_PROGRAM_ID", "this poolkeeper was built for another program: leave it out");
	if (!is_set(load, "SOLANA_NETWORK"))
		return;
	if (c->network != NETWORK_LOCALNET && pubkey_equal(&c->switchboard_program, other_program))
		refuse(load, "SWITCHBOARD_PROGRAM_ID",
			"belongs to another network than SOLANA_NETWORK=%s: leave it out", network_name(c->network));
	if (c->network != NETWORK_LOCALNET && pubkey_equal(&c->switchboard_queue, other_queue))
		refuse(load, "SWITCHBOARD_QUEUE", "belongs to another network than SOLANA_NETWORK=%s: leave it out",
			network_name(c->network));
	if (mainnet && c->gateway_hosts != NULL)
		refuse(load, "ORACLE_GATEWAY_HOSTS", "is for tests only: leave it out on mainnet-beta");
	if (mainnet && c->allow_mock)
		refuse(load, "allowMock", "mock randomness is refused on mainnet-beta: set it to 0");
}

static void check_fees(struct load *load)
{
	const struct config *c = load->config;

	if (!is_set(load, "PRIORITY_FEE_FLOOR_MICROLAMPORTS") || !is_set(load, "PRIORITY_FEE_CAP_MICROLAMPORTS") ||
		!is_set(load, "PRIORITY_FEE_FALLBACK_MICROLAMPORTS"))
		return;
	if (c->fee_floor > c->fee_cap)
		refuse(load, "PRIORITY_FEE_FLOOR_MICROLAMPORTS", "is above PRIORITY_FEE_CAP_MICROLAMPORTS=%llu",
			(unsigned long long)c->fee_cap);
	else if (c->fee_fallback < c->fee_floor || c->fee_fallback > c->fee_cap)
		refuse(load, "PRIORITY_FEE_FALLBACK_MICROLAMPORTS",
			"has to lie between the floor %llu and the cap %llu", (unsigned long long)c->fee_floor,
			(unsigned long long)c->fee_cap);
}

/* A mark must outlive every submission that could still be accepted; its time of use names no time zone, hence the day. */
static void check_retention(struct load *load)
{
	const struct config *c = load->config;
	const uint64_t age = c->submission_max_age > c->submission_max_age_join ? c->submission_max_age
	                                                                        : c->submission_max_age_join;

	if (is_set(load, "USED_TX_RETENTION_DAYS") && c->used_retention_days * DAY_S < age + DAY_S)
		refuse(load, "USED_TX_RETENTION_DAYS",
			"must be a day more than the oldest transaction that a submission may name, %llu s",
			(unsigned long long)age);
}

/* The same endpoint twice would count as two witnesses. */
static void gather_endpoints(struct load *load)
{
	struct config *c = load->config;
	const char *const urls[CONFIG_RPC_URLS_MAX] = { c->rpc_url, c->rpc_url_2, c->rpc_url_3, c->rpc_url_4,
		c->rpc_url_5 };
	static const char *const keys[CONFIG_RPC_URLS_MAX] = {
		"SOLANA_RPC_URL",
		"SOLANA_RPC_URL_2",
		"SOLANA_RPC_URL_3",
		"SOLANA_RPC_URL_4",
		"SOLANA_RPC_URL_5",
	};

	for (size_t i = 0; i < CONFIG_RPC_URLS_MAX; i++) {
		if (urls[i] == NULL)
			continue;
		for (size_t k = 0; k < i; k++)
			if (urls[k] != NULL && strcmp(urls[k], urls[i]) == 0)
				refuse(load, keys[i],
					"is the same as %s: name another operator's endpoint or leave it out", keys[k]);
		hide_endpoint(urls[i]);
		c->rpc_urls[c->n_rpc_urls++] = urls[i];
	}
}

static int load_all(struct config **config, const char *env_file, bool reader)
{
	struct load load = { .path = env_file, .reader = reader };
	struct secret_text text = { 0 };
	int code;

	*config = NULL;
	load.config = calloc(1, sizeof(*load.config));
	if (load.config == NULL)
		abort(); /* out of memory at the start: nothing has been touched yet */
	if (env_file != NULL)
		read_env_file(&load, &text);
	for (size_t i = 0; i < SETTING_COUNT; i++)
		load_setting(&load, &SETTINGS[i]);
	if (!reader)
		load_keys(&load);
	gather_endpoints(&load);
	if (load.config->database_url != NULL) {
		log_secret_add(load.config->database_url);
		hide_password(load.config->database_url);
	}
	check_network(&load);
	check_fees(&load);
	check_retention(&load);
	clear_keys_in_environment();
	secret_text_wipe(&text);
	code = load.bad ? EX_CONFIG : load.exposed ? EX_NOPERM : 0;
	if (code == 0)
		*config = load.config;
	else
		config_free(load.config);
	return code;
}

int config_load(struct config **config, const char *env_file)
{
	return load_all(config, env_file, false);
}

int config_load_reader(struct config **config, const char *env_file)
{
	return load_all(config, env_file, true);
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < SETTING_COUNT; i++)
		setting_free(&SETTINGS[i], config);
	free(config);
}

static struct secret_text take(struct secret_text *from)
{
	struct secret_text key = *from;

	*from = (struct secret_text){ 0 };
	return key;
}

struct secret_text config_take_key(struct config *config)
{
	return take(&config->dev_wallet);
}

struct secret_text config_take_auxiliary(struct config *config, unsigned n)
{
	return take(auxiliary_key(config, n));
}

void config_wipe_key(struct secret_text *key)
{
	secret_text_wipe(key);
}

void config_policy(struct policy *out, const struct config *config, const struct pubkey *dev_wallet, bool dry_run)
{
	*out = (struct policy){
		.dev_wallet = *dev_wallet,
		.treasury = config->treasury,
		.max_dev_bps = (uint16_t)config->max_dev_fee_bps,
		.max_burn_bps = (uint16_t)config->max_burn_fee_bps,
		.max_treasury_bps = (uint16_t)config->max_treasury_fee_bps,
		.allow_mock = config->allow_mock,
		.creator_day_lamports = config->creator_day_lamports,
		.max_bound = (unsigned)config->max_bound_pools,
		.oracle_budget_slots = (unsigned)config->oracle_budget_slots,
		.price_floor = config->fee_floor,
		.price_cap = config->fee_cap,
		.price_fallback = config->fee_fallback,
		.dry_run = dry_run,
	};
	sb_net_init(&out->switchboard, &config->switchboard_program, &config->switchboard_queue);
}
