/* Reading instructions, and holding parsed transactions against them. */
#include "ix_json.h"

#include <json-c/json.h>
#include <string.h>

const struct ix_names IX_NAMES = { "metas", "data" };
const struct ix_names IX_NAMES_SWITCHBOARD = { "accounts", "data_hex" };

bool read_ix(
	struct check *check, struct json_object *object, const struct ix_names *names, struct ix *out, bool *too_large)
{
	struct pubkey program = read_key(check, object, "program_id");
	struct json_object *metas = member(check, object, names->accounts);
	struct bytes data = read_hex(check, object, names->data);
	size_t n = json_object_is_type(metas, json_type_array) ? json_object_array_length(metas) : 0;

	*too_large = data.n > IX_DATA_MAX;
	if (*too_large)
		return true;
	if (n > IX_METAS_MAX) {
		check_fail(check, "%s: %zu accounts, the runner takes %d", names->accounts, n, IX_METAS_MAX);
		return false;
	}
	ix_begin(out, &program);
	ix_bytes(out, data.p, data.n);
	for (size_t i = 0; i < n; i++) {
		struct json_object *meta = json_object_array_get_idx(metas, i);
		struct pubkey key = read_key(check, meta, "pubkey");
		unsigned flags = read_bool(check, meta, "signer") ? IX_SIGN : 0u;

		flags |= read_bool(check, meta, "writable") ? IX_WRITE : 0u;
		ix_account(out, &key, (enum ix_flag)flags);
	}
	return true;
}

void expect_ix(struct check *check, struct json_object *object, const struct ix_names *names, const struct ix *got)
{
	struct json_object *metas = member(check, object, names->accounts);
	size_t n = json_object_is_type(metas, json_type_array) ? json_object_array_length(metas) : 0;

	expect_key(check, object, "program_id", &got->program);
	expect_hex(check, object, names->data, got->data, got->data_size);
	if (member_exists(object, "data_len"))
		expect_u64(check, object, "data_len", got->data_size);
	if (n != got->n_metas) {
		check_fail(check, "%s: got %u accounts, expected %zu", names->accounts, got->n_metas, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct json_object *meta = json_object_array_get_idx(metas, i);

		if (member_exists(meta, "i"))
			expect_u64(check, meta, "i", i);
		expect_key(check, meta, "pubkey", &got->metas[i].key);
		expect_bool(check, meta, "signer", got->metas[i].signer);
		expect_bool(check, meta, "writable", got->metas[i].writable);
	}
}

/* Flags of a key, OR-ed over all that uses it. */
static void wanted_flags(const struct pubkey *key, const struct pubkey *payer, const struct ix *ixs, size_t n_ixs,
	bool *signer, bool *writable, bool *used)
{
	*signer = *writable = *used = pubkey_equal(key, payer);
	for (size_t i = 0; i < n_ixs; i++) {
		*used |= pubkey_equal(key, &ixs[i].program);
		for (size_t j = 0; j < ixs[i].n_metas; j++) {
			if (!pubkey_equal(key, &ixs[i].metas[j].key))
				continue;
			*used = true;
			*signer |= ixs[i].metas[j].signer;
			*writable |= ixs[i].metas[j].writable;
		}
	}
}

static void check_flags(struct check *check, const struct tx_view *view, const struct pubkey *payer,
	const struct ix *ixs, size_t n_ixs, const struct pubkey *loaded, size_t n_loaded)
{
	for (size_t i = 0; i < tx_view_key_count(view); i++) {
		struct pubkey key;
		bool signer;
		bool writable;
		bool used;

		if (!tx_view_key(view, i, loaded, n_loaded, &key)) {
			check_fail(check, "key %zu: not resolved", i);
			continue;
		}
		wanted_flags(&key, payer, ixs, n_ixs, &signer, &writable, &used);
		check_that(check, used, "every key is used");
		check_that(check, tx_view_is_signer(view, i) == signer, "signer flags are those of the instructions");
		check_that(check, tx_view_is_writable(view, i) == writable,
			"writable flags are those of the instructions");
	}
}

static void check_view_ix(struct check *check, const struct tx_view *view, const struct tx_ix *got, const struct ix *ix,
	const struct pubkey *loaded, size_t n_loaded)
{
	struct bytes accounts = tx_view_ix_accounts(view, got);
	struct bytes data = tx_view_ix_data(view, got);
	struct pubkey key;

	check_that(check, tx_view_key(view, got->program, loaded, n_loaded, &key) && pubkey_equal(&key, &ix->program),
		"program of the instruction");
	check_that(check, data.n == ix->data_size && memcmp(data.p, ix->data, data.n) == 0, "data of the instruction");
	if (accounts.n != ix->n_metas) {
		check_fail(check, "instruction has %zu accounts, not %u", accounts.n, ix->n_metas);
		return;
	}
	for (size_t i = 0; i < accounts.n; i++)
		check_that(check,
			tx_view_key(view, accounts.p[i], loaded, n_loaded, &key) &&
				pubkey_equal(&key, &ix->metas[i].key),
			"accounts of the instruction");
}

void check_view(struct check *check, const struct tx_view *view, const struct pubkey *payer, const struct ix *ixs,
	size_t n_ixs, const struct pubkey *loaded, size_t n_loaded)
{
	struct pubkey first;

	check_that(check, tx_view_verify(view), "signatures are valid");
	check_that(check, tx_view_key(view, 0, NULL, 0, &first) && pubkey_equal(&first, payer), "the payer is first");
	check_flags(check, view, payer, ixs, n_ixs, loaded, n_loaded);
	if (view->n_ixs != n_ixs) {
		check_fail(check, "got %u instructions, expected %zu", view->n_ixs, n_ixs);
		return;
	}
	for (size_t i = 0; i < n_ixs; i++)
		check_view_ix(check, view, &view->ixs[i], &ixs[i], loaded, n_loaded);
}

void expect_keys(struct check *check, struct json_object *form, const char *name, const struct tx_view *view)
{
	struct json_object *keys = member(check, form, name);

	if (!json_object_is_type(keys, json_type_array) || json_object_array_length(keys) != view->n_keys) {
		check_fail(check, "%s: not %u keys", name, view->n_keys);
		return;
	}
	for (size_t i = 0; i < view->n_keys; i++) {
		struct pubkey key;

		check_that(check, tx_view_key(view, i, NULL, 0, &key), "static keys are there");
		expect_element_key(check, keys, i, name, &key);
	}
}

void expect_header(struct check *check, struct json_object *form, const struct tx_view *view)
{
	const uint64_t got[3] = { view->n_signatures, view->n_readonly_signed, view->n_readonly_unsigned };
	struct json_object *header = member(check, form, "header");

	if (!json_object_is_type(header, json_type_array) || json_object_array_length(header) != 3) {
		check_fail(check, "header: not three counts");
		return;
	}
	for (size_t i = 0; i < 3; i++)
		if (element_u64(check, header, i) != got[i])
			check_fail(check, "header[%zu]: got %u", i, (unsigned)got[i]);
}
