/* What is wrong with the settings: one config.invalid line per fault, and what to exit with. */
#include "ops/faults.h"

#include <string.h>
#include <sysexits.h>

#include "base/log.h"

enum { KEY_TEXT_MIN = 60 };
#define BASE58_DIGITS "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

/* A key that was put behind the wrong name must not reach the log: 64 bytes in base58, or the JSON array. */
static bool looks_like_a_key(const char *value)
{
	size_t n = strlen(value);

	return value[0] == '[' || (n >= KEY_TEXT_MIN && strspn(value, BASE58_DIGITS) == n);
}

const char *fault_shown(const struct setting *setting, const char *value)
{
	return (setting->flags & SETTING_SECRET) != 0 || looks_like_a_key(value) ? "***" : value;
}

void fault_say(const char *key, const char *value, const char *why)
{
	log_error("config.invalid", "key=%s value=%s why=%s", key, value, why);
}

void fault_add(struct faults *faults, const struct setting *setting, const char *value, const char *why)
{
	fault_say(setting->key, value != NULL ? fault_shown(setting, value) : "-", why);
	faults->bad = true;
}

int faults_code(const struct faults *faults)
{
	return faults->bad ? EX_CONFIG : faults->exposed ? EX_NOPERM : EX_OK;
}
