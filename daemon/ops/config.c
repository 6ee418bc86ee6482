/* The settings: what their values are, whether they fit together, and what of them may change later. */
#include "ops/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "base/url_host.h"
#include "ops/mask.h"
#include "ops/sources.h"
#include "ops/wallet_keys.h"

enum { WHY_MAX = 320, DAY_S = 86400, TOKEN_MIN = 32, TOKEN_MAX = 200 };

/* What one reading has gathered so far. */
struct load {
	struct config *config;
	struct sources *sources;
	bool set[SETTING_COUNT]; /* a value was parsed, the fallback included */
	bool reader;             /* for a command that only reads: no keys, and nothing is required */
	bool vrf;                /* but the VRF's                                                  */
	struct faults faults;
};

static bool is_set(const struct load *load, const char *key)
{
	return load->set[setting_find(key) - SETTINGS];
}

/* ---- one setting ---- */

static const char *network_fallback(const struct setting *setting, enum network network)
{
	bool mainnet = network == NETWORK_MAINNET_BETA;

	if (strcmp(setting->key, "SWITCHBOARD_QUEUE") == 0)
		return mainnet ? "A43DyUGA7s8eXPxqEjJY6EBu1KKbNgfxF8h17VAHn13w"
		               : "EYiAmGSdsQTuCw413V5BzaruWuCCSDgTPtBGvLkXHbe7";
	return mainnet ? "SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv" : "Aio4gaXjXzJNVLtzwtNVmSqGKpANtXhybbkhtAC94ji2";
}

static struct source find(const struct load *load, const struct setting *setting)
{
	struct source source = sources_find(load->sources, setting);

	if (source.text == NULL)
		source.text = (setting->flags & SETTING_BY_NETWORK) != 0
		                      ? network_fallback(setting, load->config->network)
		                      : setting->fallback;
	if (source.where == NULL && source.text != NULL)
		source.where = "default";
	return source;
}

static void show(struct config_shown *shown, const struct setting *setting, const struct source *source)
{
	char masked[MASK_MAX];
	const char *text = fault_shown(setting, source->text);

	if (setting->type == TYPE_POSTGRES || setting->type == TYPE_URL) {
		mask_url(masked, source->text, setting->type == TYPE_POSTGRES);
		text = masked;
	}
	*shown = (struct config_shown){ strdup(text), source->where, source->line };
	if (shown->text == NULL)
		abort(); /* out of memory at the start: nothing has been touched yet */
}

static void load_setting(struct load *load, const struct setting *setting)
{
	const struct source source = find(load, setting);
	char why[WHY_MAX];

	if (load->reader && setting->type == TYPE_SECRET && !(load->vrf && setting == setting_find("VRF_PRIVATE_KEY")))
		return;
	if (source.text == NULL) {
		if ((setting->flags & SETTING_REQUIRED) != 0 && !load->reader) {
			snprintf(why, sizeof(why), "is not set: %s", setting->doc);
			fault_add(&load->faults, setting, NULL, why);
		}
		return;
	}
	show(&load->config->shown[setting - SETTINGS], setting, &source);
	if (!setting_parse(setting, source.text, load->config, why, sizeof(why)))
		fault_add(&load->faults, setting, source.text, why);
	else
		load->set[setting - SETTINGS] = true;
}

/* ---- what must fit together ---- */

static void refuse(struct load *load, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void refuse(struct load *load, const char *key, const char *format, ...)
{
	const struct setting *setting = setting_find(key);
	char why[WHY_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	fault_add(&load->faults, setting, find(load, setting).text, why);
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

/* Who can guess it can fill the jackpots. */
static void check_jackpot(struct load *load)
{
	const struct config *c = load->config;
	const char *token = c->jackpot_token.text;
	size_t n;

	if (token == NULL)
		return;
	n = c->jackpot_token.len;
	if (n < TOKEN_MIN || n > TOKEN_MAX)
		refuse(load, "JACKPOT_API_TOKEN", "has to have %d to %d characters: openssl rand -hex 32 makes one",
			TOKEN_MIN, TOKEN_MAX);
	for (size_t i = 0; i < n; i++)
		if (token[i] <= ' ' || token[i] > '~') {
			refuse(load, "JACKPOT_API_TOKEN", "has to be printable ASCII without blanks");
			break;
		}
	if (c->jackpot_connections == 0)
		refuse(load, "JACKPOT_API_TOKEN",
			"is of no use while JACKPOT_CONNECTION_POOL_SIZE is 0: set both or none");
}

static const char *const ENDPOINTS[CONFIG_RPC_URLS_MAX] = {
	"SOLANA_RPC_URL",
	"SOLANA_RPC_URL_2",
	"SOLANA_RPC_URL_3",
	"SOLANA_RPC_URL_4",
	"SOLANA_RPC_URL_5",
};

static const char *endpoint_url(const struct config *c, size_t i)
{
	const char *const urls[CONFIG_RPC_URLS_MAX] = { c->rpc_url, c->rpc_url_2, c->rpc_url_3, c->rpc_url_4,
		c->rpc_url_5 };

	return urls[i];
}

/* The same endpoint twice would only double its load. */
static void gather_endpoints(struct load *load)
{
	struct config *c = load->config;

	for (size_t i = 0; i < CONFIG_RPC_URLS_MAX; i++) {
		const char *url = endpoint_url(c, i);

		if (url == NULL)
			continue;
		for (size_t k = 0; k < i; k++)
			if (endpoint_url(c, k) != NULL && strcmp(endpoint_url(c, k), url) == 0)
				refuse(load, ENDPOINTS[i],
					"is the same as %s: name another operator's endpoint or leave it out",
					ENDPOINTS[k]);
		mask_learn(url);
		c->rpc_urls[c->n_rpc_urls++] = url;
	}
}

/* One host with two keys answers for both. */
static bool warn_same_host(const struct config *c, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (endpoint_url(c, k) == NULL || !url_same_host(endpoint_url(c, k), endpoint_url(c, i)))
			continue;
		log_warn("config.same_host", "key=%s other=%s why=%s", ENDPOINTS[i], ENDPOINTS[k],
			"both name one host: they share its load, and where two nodes have to agree they are one; "
			"name an endpoint of another operator");
		return true;
	}
	return false;
}

static void warn_witnesses(const struct config *c)
{
	size_t hosts = 0;

	for (size_t i = 0; i < CONFIG_RPC_URLS_MAX; i++)
		if (endpoint_url(c, i) != NULL)
			hosts += !warn_same_host(c, i);
	if (hosts < 2 && c->offchain_sources != NULL)
		log_warn("config.one_host", "key=SOLANA_RPC_URL_2 why=%s",
			"nodes of one host alone tell the block of a draw of the database: such draws are believed to "
			"it, and "
			"those whose rules say randomness beacon are not locked; name an endpoint of another operator");
}

/* Everything but the wallets' keys. */
static void read_settings(struct load *load, const struct config_files *files)
{
	load->config = calloc(1, sizeof(*load->config));
	if (load->config == NULL)
		abort(); /* out of memory: nothing has been touched yet */
	load->sources = sources_read(files, &load->faults);
	for (size_t i = 0; i < SETTING_COUNT; i++)
		load_setting(load, &SETTINGS[i]);
	wallet_keys_find(load->config);
	gather_endpoints(load);
	if (load->config->database_url != NULL)
		mask_learn(load->config->database_url);
	check_network(load);
	check_fees(load);
	check_retention(load);
}

int config_load(struct config **config, const struct config_files *files)
{
	struct load load = { 0 };

	read_settings(&load, files);
	wallet_keys_load(load.config, &load.faults);
	check_jackpot(&load);
	warn_witnesses(load.config);
	sources_free(load.sources);
	wallet_keys_clear_environment();
	*config = load.config;
	return faults_code(&load.faults);
}

static int load_reader(struct config **config, const struct config_files *files, bool vrf)
{
	struct load load = { .reader = true, .vrf = vrf };

	read_settings(&load, files);
	if (vrf)
		wallet_keys_load_vrf(load.config, &load.faults);
	sources_free(load.sources);
	wallet_keys_clear_environment();
	*config = load.config;
	return faults_code(&load.faults);
}

int config_load_reader(struct config **config, const struct config_files *files)
{
	return load_reader(config, files, false);
}

int config_load_vrf(struct config **config, const struct config_files *files)
{
	return load_reader(config, files, true);
}

/* ---- once more ---- */

static const char *text_of(const struct config *config, size_t i)
{
	return config->shown[i].text != NULL ? config->shown[i].text : "-";
}

static void take_over(struct config *config, struct config *fresh)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *setting = &SETTINGS[i];

		if (setting_equal(setting, config, fresh))
			continue;
		if ((setting->flags & SETTING_LIVE) == 0) {
			log_warn("config.kept", "key=%s value=%s asked=%s why=%s", setting->key, text_of(config, i),
				text_of(fresh, i), "it changes at the next start");
			continue;
		}
		log_info("config.changed", "key=%s from=%s to=%s", setting->key, text_of(config, i), text_of(fresh, i));
		setting_copy(setting, config, fresh);
		free(config->shown[i].text);
		config->shown[i] = fresh->shown[i];
		fresh->shown[i] = (struct config_shown){ 0 };
	}
}

bool config_reload(struct config *config, const struct config_files *files)
{
	struct load load = { 0 };
	int code;

	read_settings(&load, files);
	sources_free(load.sources);
	code = faults_code(&load.faults);
	if (code == 0)
		take_over(config, load.config);
	config_free(load.config);
	return code == 0;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		setting_free(&SETTINGS[i], config);
		free(config->shown[i].text);
	}
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

struct secret_text config_take_treasury(struct config *config)
{
	return take(&config->treasury_key);
}

struct secret_text config_take_auxiliary(struct config *config, unsigned n)
{
	return take(wallet_keys_auxiliary(config, n));
}

struct secret_text config_take_vrf(struct config *config, unsigned n, const char **name)
{
	return take(wallet_keys_vrf(config, n, name));
}

struct secret_text config_take_certificate(struct config *config, const char **name)
{
	*name = config->certificate_file != NULL ? "CERTIFICATE_KEY_FILE" : "CERTIFICATE_PRIVATE_KEY";
	return take(&config->certificate_key);
}

struct secret_text config_take_jackpot_token(struct config *config)
{
	return take(&config->jackpot_token);
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
		.sweep = config->sweep,
		.finalize = config->finalize,
		.claim_rent = config->claim_rent,
		.refund_atas = config->refund_atas,
		.pay_referrals = config->pay_referrals,
		.referral_max_units = config->referral_max_units,
		.referral_max_per_day = config->referral_max_per_day,
		.close_randomness = config->close_randomness,
		.recover_randomness = config->recover_randomness,
		.randomness_keep = (unsigned)config->randomness_keep,
		.randomness_idle_s = config->randomness_idle_seconds,
	};
	sb_net_init(&out->switchboard, &config->switchboard_program, &config->switchboard_queue);
}
