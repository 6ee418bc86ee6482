/* switchboard.json (tx, size) and switchboard_tx.json: whole transactions and how large combinations get. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "core/ata.h"
#include "core/pda.h"
#include "core/tx.h"
#include "switchboard.h"

enum { IXS_MAX = 16 };

/* Short names of tx and size vectors, and the vector that defines each. */
static const struct {
	const char *name;
	const char *vector;
} DEFINED[] = {
	{ "init", "mainnet/ix/randomness_init" },
	{ "commit", "mainnet/ix/randomness_commit" },
	{ "reveal", "mainnet/ix/randomness_reveal" },
	{ "close", "mainnet/ix/randomness_close" },
	{ "closeLut", "mainnet/ix/randomness_close_lut" },
	{ "unlock", "ml/ix/unlock" },
	{ "request", "ml/ix/request" },
	{ "select", "ml/ix/select" },
	{ "payout", "ml/ix/payout" },
	{ "payout22", "ml/ix/payout22" },
	{ "ataDev", "ix/create_ata_idempotent/ataDev" },
	{ "ataTre", "ix/create_ata_idempotent/ataTre" },
	{ "ataWin", "ix/create_ata_idempotent/ataWin" },
	{ "cuLimit", "ix/compute_budget/cuLimit" },
	{ "cuPrice", "ix/compute_budget/cuPrice" },
};

/* Names that no vector spells out: the Token-2022 ATAs, and a memo of 32 bytes. */
static bool made_ix(struct check *check, struct json_object *root, const char *name, struct ix *out)
{
	static const char *const owners[][2] = { { "ataDev22", "dev_wallet" }, { "ataTre22", "treasury_wallet" },
		{ "ataWin22", "winner" } };
	struct pubkey memo = { { 1 } }; /* only its size counts */
	uint8_t text[32] = { 0 };

	if (strcmp(name, "memo32") == 0) {
		ix_begin(out, &memo);
		ix_bytes(out, text, sizeof text);
		return true;
	}
	for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
		struct json_object *ml;
		struct pubkey owner, payer, mint, ata;

		if (strcmp(owners[i][0], name) != 0)
			continue;
		ml = ml_inputs(check, root);
		owner = read_key(check, ml, owners[i][1]);
		payer = read_key(check, ml, "dev_wallet");
		mint = read_key(check, ml, "mint");
		pda_ata(&ata, &owner, &mint, &ADDRESS_TOKEN_2022);
		ata_create_idempotent(out, &payer, &ata, &owner, &mint, &ADDRESS_TOKEN_2022);
		return true;
	}
	return false;
}

bool named_ix(
	struct check *check, struct json_object *root, struct json_object *extra, const char *name, struct ix *out)
{
	struct json_object *definition = json_object_object_get(extra, name);
	bool too_large;

	for (size_t i = 0; definition == NULL && i < sizeof DEFINED / sizeof DEFINED[0]; i++)
		if (strcmp(DEFINED[i].name, name) == 0)
			definition = json_object_object_get(find_vector(root, DEFINED[i].vector), "expected");
	if (definition != NULL)
		return read_ix(check, definition, &IX_NAMES_SWITCHBOARD, out, &too_large) && !too_large;
	if (made_ix(check, root, name, out))
		return true;
	check_fail(check, "instruction %s is defined nowhere (switchboard.json must lie beside)", name);
	return false;
}

static bool read_named(struct check *check, struct json_object *root, struct json_object *extra,
	struct json_object *inputs, struct ix ixs[IXS_MAX], size_t *n)
{
	struct json_object *names = member(check, inputs, "instructions");

	*n = json_object_is_type(names, json_type_array) ? json_object_array_length(names) : 0;
	if (*n == 0 || *n > IXS_MAX) {
		check_fail(check, "instructions: %zu", *n);
		return false;
	}
	for (size_t i = 0; i < *n; i++)
		if (!named_ix(check, root, extra, json_object_get_string(json_object_array_get_idx(names, i)), &ixs[i]))
			return false;
	return true;
}

/* One order of keys: bytes parse, verify, and hold what the instructions say. */
static bool check_sb_form(struct check *check, struct json_object *form, const struct pubkey *payer,
	const struct pubkey *blockhash, const struct ix *ixs, size_t n, struct tx_view *view)
{
	struct bytes bytes = read_hex(check, form, "signed_tx_hex");
	enum tx_result result = tx_parse(view, bytes.p, bytes.n);
	struct bytes message;
	struct hash hash;

	if (result != TX_OK) {
		check_fail(check, "signed_tx_hex: %s", tx_result_text(result));
		return false;
	}
	message = tx_view_message(view);
	hash = tx_view_blockhash(view);
	check_that(check, memcmp(hash.b, blockhash->b, HASH_SIZE) == 0, "the blockhash");
	expect_hex(check, form, "message_hex", message.p, message.n);
	expect_u64(check, form, "size", bytes.n);
	if (member_exists(form, "account_keys"))
		expect_keys(check, form, "account_keys", view);
	if (member_exists(form, "header"))
		expect_header(check, form, view);
	check_view(check, view, payer, ixs, n, NULL, 0);
	return true;
}

/* Our message, with the signatures of the expected transaction, must be the expected transaction. */
static void check_sb_compiled(struct check *check, struct json_object *form, const struct pubkey *payer,
	const struct pubkey *blockhash, const struct ix *ixs, size_t n, const struct tx_view *view)
{
	struct hash hash;
	struct tx tx;
	struct bytes message;

	memcpy(hash.b, blockhash->b, HASH_SIZE);
	if (tx_compile(&tx, payer, &hash, ixs, n) != TX_OK) {
		check_fail(check, "not compiled");
		return;
	}
	message = tx_message(&tx);
	expect_hex(check, form, "message_hex", message.p, message.n);
	for (size_t i = 0; i < view->n_signatures; i++) {
		struct signature signature = tx_view_signature(view, i);
		struct pubkey key;

		check_that(check,
			tx_view_key(view, i, NULL, 0, &key) && tx_put_signature(&tx, &key, &signature) == TX_OK,
			"the signature has a place");
	}
	expect_hex(check, form, "signed_tx_hex", tx.bytes, tx.size);
	expect_u64(check, form, "size", tx.size);
}

static void expect_signers(struct check *check, struct json_object *inputs, const struct tx_view *view)
{
	struct json_object *signers = member(check, inputs, "signers");

	if (!json_object_is_type(signers, json_type_array) || json_object_array_length(signers) != view->n_signatures) {
		check_fail(check, "signers: not %u", view->n_signatures);
		return;
	}
	for (size_t i = 0; i < view->n_signatures; i++) {
		struct pubkey key;

		check_that(check, tx_view_key(view, i, NULL, 0, &key), "signer keys are there");
		expect_element_key(check, signers, i, "signers", &key);
	}
}

void check_sb_tx(struct check *check, struct json_object *root, struct json_object *extra, struct json_object *inputs,
	struct json_object *forms)
{
	struct pubkey payer = read_key(check, inputs, "fee_payer");
	struct pubkey blockhash = read_key(check, inputs, "recent_blockhash");
	struct json_object *first = member(check, forms, "first_appearance_order");
	struct ix ixs[IXS_MAX];
	struct tx_view view;
	size_t n;

	if (first == NULL || !read_named(check, root, extra, inputs, ixs, &n))
		return;
	if (check_sb_form(check, first, &payer, &blockhash, ixs, n, &view)) {
		expect_signers(check, inputs, &view);
		check_sb_compiled(check, first, &payer, &blockhash, ixs, n, &view);
	}
	if (member_exists(forms, "web3js_sorted_order"))
		check_sb_form(
			check, json_object_object_get(forms, "web3js_sorted_order"), &payer, &blockhash, ixs, n, &view);
}

/* Size of the message as v0 with one table that holds the given keys: each key that may come from it costs an index of
 * one byte instead of 32, and the table itself 34. Signers and programs stay. */
static size_t v0_size(
	const struct tx *tx, const struct ix *ixs, size_t n_ixs, const struct pubkey *table, size_t n_table)
{
	struct tx_view view;
	size_t drawn = 0;

	if (tx_parse(&view, tx->bytes, tx->size) != TX_OK)
		return 0;
	for (size_t i = view.n_signatures; i < view.n_keys; i++) {
		bool is_program = false;
		bool in_table = false;
		struct pubkey key;

		if (!tx_view_key(&view, i, NULL, 0, &key))
			return 0;
		for (size_t j = 0; j < n_ixs; j++)
			is_program |= pubkey_equal(&key, &ixs[j].program);
		for (size_t j = 0; j < n_table; j++)
			in_table |= pubkey_equal(&key, &table[j]);
		drawn += in_table && !is_program;
	}
	return (size_t)tx->size + 2 + (drawn > 0 ? 34u : 0u) - 31 * drawn;
}

enum { CONSTANT_KEYS = 8, TABLE_KEYS = 17 };

/* First eight: the constants. All: plus what is fixed for one oracle, mint and treasury. */
static void table_keys(struct check *check, struct json_object *root, struct pubkey out[TABLE_KEYS])
{
	struct json_object *ml = ml_inputs(check, root);
	struct pubkey oracle = read_key(check, common_inputs(check, root), "oracle");
	struct pubkey mint = read_key(check, ml, "mint");
	struct pubkey dev = read_key(check, ml, "dev_wallet");
	struct pubkey treasury = read_key(check, ml, "treasury_wallet");
	const struct pubkey fixed[] = { ADDRESS_SYSTEM, ADDRESS_TOKEN, ADDRESS_ATA, ADDRESS_WSOL,
		ADDRESS_SWITCHBOARD_QUEUE_MAINNET, ADDRESS_LOOKUP_TABLE, ADDRESS_SLOT_HASHES };

	memcpy(out, fixed, sizeof fixed);
	pda_sb_state(&out[7], &ADDRESS_SWITCHBOARD_MAINNET);
	out[8] = oracle;
	pda_sb_stats(&out[9], &ADDRESS_SWITCHBOARD_MAINNET, &oracle);
	out[10] = ADDRESS_TOKEN_2022;
	out[11] = treasury;
	out[12] = mint;
	pda_ata(&out[13], &dev, &mint, &ADDRESS_TOKEN);
	pda_ata(&out[14], &treasury, &mint, &ADDRESS_TOKEN);
	pda_ata(&out[15], &dev, &mint, &ADDRESS_TOKEN_2022);
	pda_ata(&out[16], &treasury, &mint, &ADDRESS_TOKEN_2022);
}

static void run_size(struct check *check, const struct sb_vector *v)
{
	struct pubkey payer = common_key(check, v->root, "payer");
	struct pubkey separate = { { 0xff } };
	struct pubkey table[TABLE_KEYS];
	struct hash blockhash = { { 0 } };
	struct ix ixs[IXS_MAX];
	struct tx_view view;
	struct tx tx;
	size_t n;

	if (!read_named(check, v->root, NULL, v->inputs, ixs, &n))
		return;
	if (tx_compile(&tx, &payer, &blockhash, ixs, n) != TX_OK || tx_parse(&view, tx.bytes, tx.size) != TX_OK) {
		expect_bool(check, v->expected, "fits_1232", false);
		return;
	}
	table_keys(check, v->root, table);
	expect_bool(check, v->expected, "fits_1232", true);
	expect_u64(check, v->expected, "legacy_bytes", tx.size);
	expect_u64(check, v->expected, "keys", view.n_keys);
	expect_u64(check, v->expected, "signatures", view.n_signatures);
	expect_u64(check, v->expected, "v0_no_lut", v0_size(&tx, ixs, n, NULL, 0));
	expect_u64(check, v->expected, "v0_lut_constants", v0_size(&tx, ixs, n, table, CONSTANT_KEYS));
	expect_u64(check, v->expected, "v0_lut_all_static", v0_size(&tx, ixs, n, table, TABLE_KEYS));
	if (tx_compile(&tx, &separate, &blockhash, ixs, n) == TX_OK)
		expect_u64(check, v->expected, "legacy_with_separate_fee_payer", tx.size);
	else
		check_that(check, read_u64(check, v->expected, "legacy_with_separate_fee_payer") > TX_SIZE_MAX,
			"refused only above 1232 bytes");
}

bool run_sb_tx(struct check *check, const struct sb_vector *v)
{
	if (strncmp(v->kind, "size/", 5) == 0)
		run_size(check, v);
	else if (strncmp(v->kind, "tx/", 3) == 0)
		check_sb_tx(check, v->root, NULL, v->inputs, v->expected);
	else
		return false;
	return true;
}

/* Addresses of the ml side, derived from the pool, the mint and the three wallets. */
static void run_addresses(const struct suite *suite, struct json_object *addresses)
{
	struct check check;
	struct pubkey mint, pool, winner, dev, treasury, got;

	check_begin(&check, suite, "addresses");
	mint = read_key(&check, addresses, "mint");
	pool = read_key(&check, addresses, "pool");
	winner = read_key(&check, addresses, "winner");
	dev = read_key(&check, addresses, "dev_wallet");
	treasury = read_key(&check, addresses, "treasury_wallet");
	expect_key(&check, addresses, "ml_program", &ADDRESS_ML);
	pda_participants(&got, &pool);
	expect_key(&check, addresses, "participants", &got);
	pda_ata(&got, &pool, &mint, &ADDRESS_TOKEN);
	expect_key(&check, addresses, "pool_token", &got);
	pda_ata(&got, &winner, &mint, &ADDRESS_TOKEN);
	expect_key(&check, addresses, "winner_token", &got);
	pda_ata(&got, &dev, &mint, &ADDRESS_TOKEN);
	expect_key(&check, addresses, "dev_token", &got);
	pda_ata(&got, &treasury, &mint, &ADDRESS_TOKEN);
	expect_key(&check, addresses, "treasury_token", &got);
	pda_ata(&got, &pool, &mint, &ADDRESS_TOKEN_2022);
	expect_key(&check, addresses, "pool_token_2022", &got);
	pda_ata(&got, &winner, &mint, &ADDRESS_TOKEN_2022);
	expect_key(&check, addresses, "winner_token_2022", &got);
	check_end(&check);
}

/* An instruction of this file is the one that switchboard.json defines under the same name. */
static void run_definitions(const struct suite *suite, struct json_object *root, struct json_object *ixs)
{
	struct json_object_iter at;

	json_object_object_foreachC(ixs, at)
	{
		struct check check;
		struct ix ix;

		check_begin(&check, suite, "ixs.%s", at.key);
		if (named_ix(&check, root, NULL, at.key, &ix))
			expect_ix(&check, at.val, &IX_NAMES_SWITCHBOARD, &ix);
		check_end(&check);
	}
}

void vectors_switchboard_tx(const struct suite *suite, struct json_object *root)
{
	struct json_object *ixs = json_object_object_get(root, "ixs");
	struct json_object *base;
	char path[4096];

	snprintf(path, sizeof path, "%s/switchboard.json", suite->dir);
	base = json_object_from_file(path);
	if (member_exists(root, "addresses"))
		run_addresses(suite, json_object_object_get(root, "addresses"));
	if (base != NULL && json_object_is_type(ixs, json_type_object))
		run_definitions(suite, base, ixs);
	for (size_t i = 0; i < section_size(suite, root, "txs"); i++) {
		struct json_object *tx = section_at(root, "txs", i);
		struct check check;

		check_begin(&check, suite, "txs[%zu]", i);
		note_unknown_members(suite, tx,
			"name instructions recent_blockhash fee_payer signers first_appearance_order "
			"web3js_sorted_order");
		check_sb_tx(&check, base, ixs, tx, tx);
		check_end(&check);
	}
	json_object_put(base);
	note_unknown_members(suite, root, "addresses ixs txs");
}
