/* explain, status, verify, fairness: no key is loaded, no module of the daemon is made. */
#include "show/command_line.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/crypto.h"
#include "io/db_conninfo.h"
#include "show/certificate.h"
#include "show/issued.h"
#include "show/show.h"

enum { CONNINFO_MAX = 4096, DROPPED_MAX = 320 };

static enum show_command command_of(enum options_mode mode)
{
	if (mode == MODE_CERTIFICATE)
		return SHOW_ISSUED;
	return mode == MODE_STATUS     ? SHOW_STATUS
	       : mode == MODE_VERIFY   ? SHOW_VERIFY
	       : mode == MODE_FAIRNESS ? SHOW_FAIRNESS
	                               : SHOW_EXPLAIN;
}

static bool wants_colour(void)
{
	return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
}

int show_certificate_line(const struct options *options)
{
	if (!crypto_init())
		return EX_SOFTWARE;
	return show_certificate(options->certificate, options->json, wants_colour(), stdout, stderr);
}

int show_command_line(const struct options *options, const struct config *config)
{
	static const struct pubkey nobody;
	struct show_config show = { .command = command_of(options->mode),
		.pool = options->pool,
		.draw = options->draw,
		.all = options->all,
		.json = options->json,
		.colour = wants_colour(),
		.db_timeout_ms = (unsigned)config->db_timeout_ms,
		.rpc_urls = config->rpc_urls,
		.n_rpc_urls = options->mode == MODE_FAIRNESS ? 0 : config->n_rpc_urls, /* asks the database alone */
		.rpc_timeout_ms = (unsigned)config->rpc_timeout_ms,
		.network = network_name(config->network),
		.genesis = network_genesis(config->network),
		.gateway_hosts = config->gateway_hosts,
		.devnet = config->network != NETWORK_MAINNET_BETA };
	char conninfo[CONNINFO_MAX] = "", dropped[DROPPED_MAX];
	int code;

	log_set_level(LOG_AT_ERROR); /* what is missing is part of what is shown */
	config_policy(&show.policy, config, &nobody, false);
	if (config->database_url != NULL &&
		db_conninfo_clean(config->database_url, conninfo, sizeof(conninfo), dropped, sizeof(dropped)))
		show.conninfo = conninfo;
	if (show.command == SHOW_ISSUED) {
		show.n_rpc_urls = 0; /* the chain is not asked */
		code = show_issued(&show, options->draw, stdout, stderr);
	} else {
		code = show_run(&show, stdout, stderr);
	}
	crypto_wipe(conninfo, sizeof(conninfo));
	return code;
}
