/* Public VRF keys against keeper.vrf_keys. */
#include "app/vrf_register.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/log.h"
#include "io/db.h"
#include "io/loop.h"

enum { WHY_MAX = 320, KEY_TEXT = 2 * PUBKEY_SIZE + 3, LIST_MAX = VRF_KEYS_MAX * (KEY_TEXT + 8) };

static const char KNOWN[] =
	"SELECT k.key IS NOT NULL, k.retired_at IS NOT NULL, k.registered_at = (SELECT max(registered_at) FROM "
	"keeper.vrf_keys),"
	" (SELECT count(*) FROM keeper.offchain_draws d WHERE d.vrf_key = k.key AND d.state NOT IN ('settled', "
	"'refunded'))"
	" FROM unnest($1::bytea[]) WITH ORDINALITY AS t (key, i) LEFT JOIN keeper.vrf_keys k USING (key) ORDER BY t.i";

struct asking {
	struct loop *loop;
	struct db_call call;
	const struct vrf_keys *keys;
};

static void key_text(char out[KEY_TEXT], const struct vrf_key *key)
{
	struct pubkey pubkey;

	vrf_key_public(key, &pubkey);
	db_bytea_text(pubkey.b, PUBKEY_SIZE, out, KEY_TEXT);
}

static bool is(const struct db_result *rows, int row, int col)
{
	const char *text = db_get(rows, row, col);

	return text != NULL && strcmp(text, "t") == 0;
}

static void tell_one(const struct db_result *rows, int row, const char *key)
{
	const char *draws = db_get(rows, row, 3);

	if (!is(rows, row, 0))
		log_warn("config.vrf_key",
			"key=%s state=unknown why=\"no draw can be locked under it: SELECT "
			"keeper.vrf_key_register('%s')\"",
			key, key);
	else if (is(rows, row, 1))
		log_info("config.vrf_key", "key=%s state=retired open_draws=%s why=%s", key, draws,
			"it locks nothing any more, and proves what was locked under it");
	else
		log_info("config.vrf_key", "key=%s state=registered open_draws=%s why=%s", key, draws,
			is(rows, row, 2) ? "draws whose entries open from now on have it"
					 : "a newer key is registered: only draws that opened before have it");
}

static void on_known(struct task *task, const struct reply *reply)
{
	struct asking *a = container_of(container_of(task, struct db_call, task), struct asking, call);
	char key[KEY_TEXT];

	for (size_t i = 0; i < a->keys->n; i++) {
		key_text(key, a->keys->key[i]);
		if (reply->err == ERR_OK)
			tell_one(reply->data, (int)i, key);
		else
			log_warn("config.vrf_key", "key=%s state=unread why=%s", key, reply->why);
	}
	loop_stop(a->loop);
}

void vrf_register_tell(const struct vrf_keys *keys, const char *conninfo, const struct config *config)
{
	const struct db_config database = { .conninfo = conninfo, .name = "journal", .read_only = true };
	struct asking a = { .keys = keys };
	char list[LIST_MAX], key[KEY_TEXT], why[WHY_MAX];
	struct db *db;
	struct buf text;

	buf_on(&text, list, sizeof(list));
	for (size_t i = 0; i < keys->n; i++) {
		key_text(key, keys->key[i]);
		buf_fmt(&text, "%s\"\\%s\"", i > 0 ? "," : "{", key); /* in an array a backslash is written twice */
	}
	buf_char(&text, '}');
	a.loop = loop_new();
	db = db_new(a.loop, &database, why, sizeof(why));
	if (db != NULL) { /* else the URL's fault is named already */
		a.call = (struct db_call){
			.sql = KNOWN, .n = 1, .param = { list }, .deadline_ms = (uint32_t)config->db_timeout_ms
		};
		db_run(db, &a.call, on_known);
		loop_run(a.loop);
	}
	db_free(db);
	loop_free(a.loop);
}

int vrf_register_print(struct config *config)
{
	const char *name;
	struct secret_text text = config_take_vrf(config, 0, &name);
	char why[WHY_MAX], public[KEY_TEXT];
	struct vrf_key *key = vrf_key_new(text.text, text.len, why, sizeof(why));

	config_wipe_key(&text);
	if (key == NULL) {
		log_error("config.invalid", "key=%s value=*** why=%s", name, why);
		return EX_CONFIG;
	}
	key_text(public, key);
	vrf_key_free(key);
	return puts(public) >= 0 && fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}
