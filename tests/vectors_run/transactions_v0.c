/* The v0 section of transactions.json: parsed, resolved through its tables, and held against the inputs. */
#include <json-c/json.h>
#include <string.h>

#include "transactions.h"

enum { TABLES_MAX = 8, TABLE_KEYS_MAX = 256 };

struct table {
	struct pubkey key;
	size_t n;
	struct pubkey keys[TABLE_KEYS_MAX];
};

struct tables {
	size_t n;
	struct table table[TABLES_MAX];
};

static bool read_tables(struct check *check, struct json_object *object, struct tables *out)
{
	struct json_object *array = member(check, object, "lookup_tables");

	out->n = json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
	if (out->n > TABLES_MAX) {
		check_fail(check, "lookup_tables: %zu, the runner takes %d", out->n, TABLES_MAX);
		return false;
	}
	for (size_t i = 0; i < out->n; i++) {
		struct json_object *table = json_object_array_get_idx(array, i);
		struct json_object *keys = member(check, table, "addresses");
		size_t n = json_object_is_type(keys, json_type_array) ? json_object_array_length(keys) : 0;

		out->table[i].key = read_key(check, table, "key");
		out->table[i].n = n < TABLE_KEYS_MAX ? n : TABLE_KEYS_MAX;
		for (size_t j = 0; j < out->table[i].n; j++)
			out->table[i].keys[j] = element_key(check, keys, j);
	}
	return true;
}

static const struct table *find_table(const struct tables *tables, const uint8_t *key)
{
	for (size_t i = 0; i < tables->n; i++)
		if (memcmp(tables->table[i].key.b, key, PUBKEY_SIZE) == 0)
			return &tables->table[i];
	return NULL;
}

/* First table, and in it the first index, that holds the key. */
static bool first_place(const struct tables *tables, const struct pubkey *key, const struct table **table, size_t *at)
{
	for (size_t i = 0; i < tables->n; i++)
		for (size_t j = 0; j < tables->table[i].n; j++)
			if (pubkey_equal(&tables->table[i].keys[j], key)) {
				*table = &tables->table[i];
				*at = j;
				return true;
			}
	return false;
}

static bool is_program(const struct tx_inputs *in, const struct pubkey *key)
{
	for (size_t i = 0; i < in->n_ixs; i++)
		if (pubkey_equal(&in->ixs[i].program, key))
			return true;
	return false;
}

struct loaded {
	size_t n;
	struct pubkey keys[TABLE_KEYS_MAX];
};

static void load(struct check *check, const struct tables *tables, const struct tx_inputs *in,
	const struct table *table, const uint8_t *indexes, size_t n, struct loaded *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct table *first = NULL;
		size_t at = 0;

		if (table == NULL || indexes[i] >= table->n || out->n == TABLE_KEYS_MAX) {
			check_fail(check, "lookup: index %u is in no given table", indexes[i]);
			return;
		}
		out->keys[out->n] = table->keys[indexes[i]];
		check_that(check,
			first_place(tables, &out->keys[out->n], &first, &at) && first == table && at == indexes[i],
			"the first place that holds the key is drawn");
		check_that(check, !is_program(in, &out->keys[out->n]), "no program is drawn");
		out->n++;
	}
}

static void resolve(struct check *check, const struct tx_view *view, const struct tables *tables,
	const struct tx_inputs *in, struct loaded *out)
{
	out->n = 0;
	for (size_t i = 0; i < view->n_lookups; i++) {
		const struct tx_lookup *lookup = &view->lookups[i];

		load(check, tables, in, find_table(tables, view->bytes + lookup->table_at),
			view->bytes + lookup->writable_at, lookup->n_writable, out);
	}
	check_that(check, out->n == view->n_loaded_writable, "writable keys come first");
	for (size_t i = 0; i < view->n_lookups; i++) {
		const struct tx_lookup *lookup = &view->lookups[i];

		load(check, tables, in, find_table(tables, view->bytes + lookup->table_at),
			view->bytes + lookup->readonly_at, lookup->n_readonly, out);
	}
}

/* Whatever a table could have given is static only where it must be. */
static void check_drawn(
	struct check *check, const struct tx_view *view, const struct tables *tables, const struct tx_inputs *in)
{
	for (size_t i = view->n_signatures; i < view->n_keys; i++) {
		const struct table *table;
		struct pubkey key;
		size_t at;

		if (tx_view_key(view, i, NULL, 0, &key) && first_place(tables, &key, &table, &at))
			check_that(check, is_program(in, &key), "a static key that a table holds is a program");
	}
}

static void expect_indexes(
	struct check *check, struct json_object *lookup, const char *name, const uint8_t *got, size_t n)
{
	struct json_object *indexes = member(check, lookup, name);

	if (!json_object_is_type(indexes, json_type_array) || json_object_array_length(indexes) != n) {
		check_fail(check, "address_table_lookups: %s is not %zu indexes", name, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (element_u64(check, indexes, i) != got[i])
			check_fail(check, "address_table_lookups: %s[%zu] got %u", name, i, got[i]);
}

static void expect_lookups(struct check *check, struct json_object *object, const struct tx_view *view)
{
	struct json_object *lookups = member(check, object, "address_table_lookups");

	if (!json_object_is_type(lookups, json_type_array) || json_object_array_length(lookups) != view->n_lookups) {
		check_fail(check, "address_table_lookups: not %u", view->n_lookups);
		return;
	}
	for (size_t i = 0; i < view->n_lookups; i++) {
		const struct tx_lookup *got = &view->lookups[i];
		struct json_object *lookup = json_object_array_get_idx(lookups, i);
		struct pubkey table;

		memcpy(table.b, view->bytes + got->table_at, PUBKEY_SIZE);
		expect_key(check, lookup, "key", &table);
		expect_indexes(check, lookup, "writable", view->bytes + got->writable_at, got->n_writable);
		expect_indexes(check, lookup, "readonly", view->bytes + got->readonly_at, got->n_readonly);
	}
}

static void check_parsed(
	struct check *check, struct json_object *object, const struct tx_inputs *in, const struct tables *tables)
{
	struct bytes serialized = read_base64(check, object, "serialized");
	struct loaded loaded;
	struct tx_view view;
	struct bytes message;
	struct hash blockhash;
	enum tx_result result = tx_parse(&view, serialized.p, serialized.n);

	if (result != TX_OK) {
		check_fail(check, "serialized: %s", tx_result_text(result));
		return;
	}
	message = tx_view_message(&view);
	blockhash = tx_view_blockhash(&view);
	check_that(check, view.is_v0 && hash_equal(&blockhash, &in->blockhash), "v0, with the blockhash");
	expect_base64(check, object, "message", message.p, message.n);
	expect_u64(check, object, "size", serialized.n);
	expect_keys(check, object, "static_account_keys", &view);
	expect_header(check, object, &view);
	expect_lookups(check, object, &view);
	resolve(check, &view, tables, in, &loaded);
	check_drawn(check, &view, tables, in);
	check_view(check, &view, &in->payer, in->ixs, in->n_ixs, loaded.keys, loaded.n);
	expect_signatures(check, object, object, &view);
}

void run_v0(const struct suite *suite, struct json_object *object, size_t i)
{
	static struct tables tables;
	struct tx_inputs in;
	struct check check;

	check_begin(&check, suite, "v0[%zu]", i);
	note_unknown_members(suite, object,
		"label fee_payer recent_blockhash signers instructions lookup_tables static_account_keys header "
		"address_table_lookups message serialized size signatures signature");
	if (read_inputs(&check, object, &in) && read_tables(&check, object, &tables))
		check_parsed(&check, object, &in, &tables);
	check_end(&check);
}
