/* The settings in the engine's units: milliseconds of its clock, seconds of the chain's. */
#include "app/settings.h"

enum { PULSE_MS = 200 }; /* about a slot: our transactions are looked at so often while some are out */

void settings_for_engine(struct engine_config *out, const struct config *config, const struct pubkey *dev_wallet,
	const struct options *options)
{
	*out = (struct engine_config){ .tick_ms = config->tick_seconds * 1000,
		.pulse_ms = PULSE_MS,
		.discovery_ms = config->discovery_seconds * 1000,
		.audit_ms = config->audit_seconds * 1000,
		.list_after_s = (int64_t)config->discovery_list_after_seconds,
		.watch_ms = config->watch_seconds * 1000,
		.offchain_ms = config->offchain_seconds * 1000,
		.certificate_dir = config->certificate_dir,
		.network = network_name(config->network),
		.claims = { .max_age_s = (int64_t)config->submission_max_age,
			.join_max_age_s = (int64_t)config->submission_max_age_join },
		.used_keep_s = config->used_retention_days * 86400,
		.clear_chat = config->clear_chat,
		.rebuild = options->rebuild };
	config_policy(&out->policy, config, dev_wallet, options->dry_run);
}
