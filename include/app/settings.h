/* What the settings and the command line mean for the engine. */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H
#include "base/key.h"
#include "engine/engine.h"
#include "ops/config.h"
#include "ops/options.h"

/* out points into config and options, which must outlive it. */
void settings_for_engine(struct engine_config *out, const struct config *config, const struct pubkey *dev_wallet,
	const struct options *options);
#endif
