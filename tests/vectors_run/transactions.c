/* transactions.json: legacy transactions compiled and signed byte for byte, both key orders taken apart, the size limit. */
#include "transactions.h"

#include <json-c/json.h>
#include <string.h>

#include "base/crypto.h"
#include "core/base58.h"

bool read_inputs(struct check *check, struct json_object *object, struct tx_inputs *out)
{
	struct json_object *instructions = member(check, object, "instructions");
	size_t n = json_object_is_type(instructions, json_type_array) ? json_object_array_length(instructions) : 0;
	struct pubkey blockhash = read_key(check, object, "recent_blockhash");

	memset(out, 0, sizeof *out);
	out->payer = read_key(check, object, "fee_payer");
	memcpy(out->blockhash.b, blockhash.b, HASH_SIZE);
	if (n > INPUT_IXS_MAX) {
		check_fail(check, "instructions: %zu, the runner takes %d", n, INPUT_IXS_MAX);
		return false;
	}
	out->n_ixs = n;
	for (size_t i = 0; i < n; i++) {
		bool too_large;

		if (!read_ix(check, json_object_array_get_idx(instructions, i), &IX_NAMES, &out->ixs[i], &too_large))
			return false;
		out->too_large |= too_large;
	}
	return true;
}

bool sign_with(struct check *check, struct json_object *object, const struct pubkey *key, struct bytes message,
	struct signature *out)
{
	struct json_object *signers = member(check, object, "signers");
	size_t n = json_object_is_type(signers, json_type_array) ? json_object_array_length(signers) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *signer = json_object_array_get_idx(signers, i);
		struct bytes secret = read_hex(check, signer, "secret");
		struct pubkey public_key;

		if (secret.n != 64) {
			check_fail(check, "signers: secret of %zu bytes", secret.n);
			return false;
		}
		crypto_ed25519_public_key(&public_key, secret.p);
		check_that(check, memcmp(public_key.b, secret.p + 32, 32) == 0, "the secret holds its public key");
		expect_key(check, signer, "pubkey", &public_key);
		if (!pubkey_equal(&public_key, key))
			continue;
		crypto_ed25519_sign(out, message, secret.p);
		return true;
	}
	check_fail(check, "signers: none for a key that must sign");
	return false;
}

void expect_signatures(
	struct check *check, struct json_object *object, struct json_object *form, const struct tx_view *view)
{
	struct json_object *list = member(check, form, "signatures");
	struct bytes message = tx_view_message(view);

	if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) != view->n_signatures) {
		check_fail(check, "signatures: not %u", view->n_signatures);
		return;
	}
	for (size_t i = 0; i < view->n_signatures; i++) {
		struct signature ours;
		struct signature theirs = tx_view_signature(view, i);
		struct pubkey key;
		char text[SIGNATURE_TEXT];

		check_that(check, tx_view_key(view, i, NULL, 0, &key), "signer keys are there");
		if (!sign_with(check, object, &key, message, &ours))
			return;
		check_that(check, signature_equal(&ours, &theirs), "our signature is the one in the transaction");
		base58_signature(text, &ours);
		if (strcmp(text, json_object_get_string(json_object_array_get_idx(list, i))) != 0)
			check_fail(check, "signatures[%zu]: got %s", i, text);
		if (i == 0)
			expect_text(check, form, "signature", text);
	}
}

/* One expected form, whatever its key order: parse what was serialized and hold it against the inputs. */
static void check_form(
	struct check *check, struct json_object *object, struct json_object *form, const struct tx_inputs *in)
{
	struct bytes serialized = read_base64(check, form, "serialized");
	struct tx_view view;
	enum tx_result result = tx_parse(&view, serialized.p, serialized.n);
	struct bytes message;
	struct hash blockhash;

	if (result != TX_OK) {
		check_fail(check, "serialized: %s", tx_result_text(result));
		return;
	}
	note_unknown_members(check->suite, form, "account_keys header message serialized size signatures signature");
	message = tx_view_message(&view);
	blockhash = tx_view_blockhash(&view);
	check_that(check, !view.is_v0 && hash_equal(&blockhash, &in->blockhash), "legacy, with the blockhash");
	expect_base64(check, form, "message", message.p, message.n);
	expect_u64(check, form, "size", serialized.n);
	expect_keys(check, form, "account_keys", &view);
	expect_header(check, form, &view);
	check_view(check, &view, &in->payer, in->ixs, in->n_ixs, NULL, 0);
	expect_signatures(check, object, form, &view);
}

/* Our own bytes: compiled, signed, and equal to the form in insertion order. */
static void check_compiled(
	struct check *check, struct json_object *object, struct json_object *form, const struct tx_inputs *in)
{
	struct tx tx;
	enum tx_result result = tx_compile(&tx, &in->payer, &in->blockhash, in->ixs, in->n_ixs);
	struct bytes message;

	if (in->too_large || result != TX_OK) {
		check_fail(check, "not compiled: %s", tx_result_text(result));
		return;
	}
	message = tx_message(&tx);
	expect_base64(check, form, "message", message.p, message.n);
	for (size_t i = 0; i < tx.n_signatures; i++) {
		struct signature signature;
		struct pubkey key;

		memcpy(key.b, message.p + 4 + i * PUBKEY_SIZE, PUBKEY_SIZE);
		if (!sign_with(check, object, &key, message, &signature))
			return;
		check_that(check, tx_put_signature(&tx, &key, &signature) == TX_OK, "the signature has a place");
	}
	expect_base64(check, form, "serialized", tx.bytes, tx.size);
	expect_u64(check, form, "size", tx.size);
}

static void run_legacy(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct tx_inputs in;
	struct json_object *form;

	check_begin(&check, suite, "legacy[%zu]", i);
	note_unknown_members(
		suite, object, "label fee_payer recent_blockhash signers instructions insertion_order web3js_sorted");
	if (read_inputs(&check, object, &in)) {
		form = member(&check, object, "insertion_order");
		if (form != NULL) {
			check_compiled(&check, object, form, &in);
			check_form(&check, object, form, &in);
		}
		if (member_exists(object, "web3js_sorted"))
			check_form(&check, object, json_object_object_get(object, "web3js_sorted"), &in);
	}
	check_end(&check);
}

static void run_size_limit(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct tx_inputs in;
	struct tx tx;
	uint64_t size;
	bool accepted;

	check_begin(&check, suite, "size_limit[%zu]", i);
	note_unknown_members(suite, object, "label fee_payer recent_blockhash signers instructions size accepted");
	size = read_u64(&check, object, "size");
	if (read_inputs(&check, object, &in)) {
		accepted = !in.too_large && tx_compile(&tx, &in.payer, &in.blockhash, in.ixs, in.n_ixs) == TX_OK;
		expect_bool(&check, object, "accepted", accepted);
		check_that(&check, accepted == (size <= TX_SIZE_MAX), "accepted up to 1232 bytes");
		if (accepted)
			expect_u64(&check, object, "size", tx.size);
	}
	check_end(&check);
}

void vectors_transactions(const struct suite *suite, struct json_object *root)
{
	for (size_t i = 0; i < section_size(suite, root, "legacy"); i++)
		run_legacy(suite, section_at(root, "legacy", i), i);
	for (size_t i = 0; i < section_size(suite, root, "v0"); i++)
		run_v0(suite, section_at(root, "v0", i), i);
	for (size_t i = 0; i < section_size(suite, root, "size_limit"); i++)
		run_size_limit(suite, section_at(root, "size_limit", i), i);
	note_unknown_members(suite, root, "meta legacy v0 size_limit");
}
