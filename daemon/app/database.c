/* Opens connections to the database of the settings. */
#include "app/database.h"

#include "app/inspect.h"
#include "base/crypto.h"
#include "base/log.h"

enum { WHY_MAX = 320 };

struct db *database_open(struct loop *loop, const struct config *config, const char *name, bool read_only)
{
	char conninfo[CONNINFO_MAX], why[WHY_MAX] = "is too long";
	const struct db_config db = { .conninfo = conninfo, .name = name, .read_only = read_only };
	struct db *made = NULL;

	if (database_conninfo(config, conninfo))
		made = db_new(loop, &db, why, sizeof why);
	crypto_wipe(conninfo, sizeof conninfo);
	if (made == NULL)
		log_error("config.invalid", "key=DATABASE_URL value=*** why=%s", why);
	return made;
}
