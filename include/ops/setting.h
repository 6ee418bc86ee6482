/* One row of the settings table, and how its text becomes a value. */
#ifndef OPS_SETTING_H
#define OPS_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ops/config.h"

#define X(name, title) SETTING_GROUP_##name,
enum setting_group { CONFIG_GROUPS(X) SETTING_GROUPS };
#undef X

/* As in CONFIG_TABLE and CONFIG_C_*. */
enum setting_type {
	TYPE_POSTGRES,
	TYPE_URL,
	TYPE_PATH,
	TYPE_HOSTS,
	TYPE_RELAYS,
	TYPE_NETWORK,
	TYPE_PUBKEY,
	TYPE_NUMBER,
	TYPE_SWITCH,
	TYPE_LEVEL,
	TYPE_LISTEN,
	TYPE_FORMAT,
	TYPE_SECRET,
};

struct setting {
	enum setting_group group;
	const char *key, *alias;
	enum setting_type type;
	size_t offset; /* of its member in struct config */
	const char *fallback;
	uint64_t low, high;
	unsigned flags;
	const char *example, *doc;
};

extern const struct setting SETTINGS[SETTING_COUNT];
extern const char *const SETTING_GROUP_TITLES[SETTING_GROUPS];

/* Checks text and writes the member. False: nothing is written, and why says what the value has to be; it never
 * repeats the value. */
NODISCARD bool setting_parse(
	const struct setting *setting, const char *text, struct config *config, char *why, size_t why_size);

/* Frees what setting_parse() made. */
void setting_free(const struct setting *setting, struct config *config);

/* The same value in both. Secret keys are never compared: true. */
bool setting_equal(const struct setting *setting, const struct config *a, const struct config *b);
/* For SETTING_LIVE: their values own nothing. */
void setting_copy(const struct setting *setting, struct config *to, const struct config *from);

/* The setting of this exact name or alias, or NULL. */
const struct setting *setting_find(const char *key);

/* The name or alias that key is a slip of (at most two letters wrong, whatever the case), or NULL. Not for exact names. */
const char *setting_near_miss(const char *key);

#endif
