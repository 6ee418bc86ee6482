/* Taking transactions apart, under the validator's rules. */
#include "core/tx.h"

#include <string.h>

#include "base/crypto.h"

enum { KEYS_ALL_MAX = 256, VERSION_BIT = 0x80 };

/* Reads forward; at <= size always. The first error sticks and every later read gives zero. */
struct reader {
	const uint8_t *bytes;
	size_t size;
	size_t at;
	enum tx_result error;
};

static void fail(struct reader *r, enum tx_result error)
{
	if (r->error == TX_OK)
		r->error = error;
}

/* Skips n bytes and returns where they start. */
static uint16_t skip(struct reader *r, size_t n)
{
	uint16_t at = (uint16_t)r->at;

	if (r->error != TX_OK || n > r->size - r->at) {
		fail(r, TX_TRUNCATED);
		return 0;
	}
	r->at += n;
	return at;
}

static uint8_t read_u8(struct reader *r)
{
	uint16_t at = skip(r, 1);

	return r->error == TX_OK ? r->bytes[at] : 0;
}

/* Compact-u16 in its one shortest form. What we read fits 14 bits, so a third byte is a count beyond any limit. */
static size_t read_count(struct reader *r, size_t max)
{
	uint8_t low = read_u8(r);
	size_t count = low & 0x7f;

	if (low & 0x80) {
		uint8_t high = read_u8(r);

		if (high == 0 || high & 0x80)
			fail(r, TX_BAD_COUNT);
		count |= (size_t)high << 7;
	}
	if (count > max)
		fail(r, TX_BAD_COUNT);
	return r->error == TX_OK ? count : 0;
}

static void read_header(struct tx_view *view, struct reader *r)
{
	uint8_t n_signers;

	view->message_at = (uint16_t)r->at;
	view->is_v0 = r->at < r->size && (r->bytes[r->at] & VERSION_BIT) != 0;
	if (view->is_v0 && read_u8(r) != VERSION_BIT)
		fail(r, TX_BAD_VERSION);
	n_signers = read_u8(r);
	view->n_readonly_signed = read_u8(r);
	view->n_readonly_unsigned = read_u8(r);
	view->n_keys = (uint8_t)read_count(r, TX_KEYS_MAX);
	if (!view->signatures_given)
		view->n_signatures = n_signers;
	if (n_signers != view->n_signatures || view->n_readonly_signed >= n_signers ||
		n_signers + view->n_readonly_unsigned > view->n_keys)
		fail(r, TX_BAD_HEADER);
	view->keys_at = skip(r, (size_t)view->n_keys * PUBKEY_SIZE);
	view->blockhash_at = skip(r, HASH_SIZE);
}

static void read_ixs(struct tx_view *view, struct reader *r)
{
	view->n_ixs = (uint8_t)read_count(r, TX_IXS_MAX);
	for (size_t i = 0; i < view->n_ixs; i++) {
		struct tx_ix *ix = &view->ixs[i];

		ix->program = read_u8(r);
		ix->n_accounts = (uint16_t)read_count(r, TX_SIZE_MAX);
		ix->accounts_at = skip(r, ix->n_accounts);
		ix->data_size = (uint16_t)read_count(r, TX_SIZE_MAX);
		ix->data_at = skip(r, ix->data_size);
	}
}

static void read_lookups(struct tx_view *view, struct reader *r)
{
	view->n_lookups = (uint8_t)read_count(r, TX_LOOKUPS_MAX);
	for (size_t i = 0; i < view->n_lookups; i++) {
		struct tx_lookup *lookup = &view->lookups[i];

		lookup->table_at = skip(r, PUBKEY_SIZE);
		lookup->n_writable = (uint8_t)read_count(r, UINT8_MAX);
		lookup->writable_at = skip(r, lookup->n_writable);
		lookup->n_readonly = (uint8_t)read_count(r, UINT8_MAX);
		lookup->readonly_at = skip(r, lookup->n_readonly);
		if (lookup->n_writable + lookup->n_readonly == 0)
			fail(r, TX_BAD_LOOKUP);
		view->n_loaded_writable = (uint16_t)(view->n_loaded_writable + lookup->n_writable);
		view->n_loaded_readonly = (uint16_t)(view->n_loaded_readonly + lookup->n_readonly);
	}
	if (tx_view_key_count(view) > KEYS_ALL_MAX)
		fail(r, TX_BAD_LOOKUP);
}

/* The payer cannot be a program, and a program cannot come from a table. */
static bool indexes_fit(const struct tx_view *view)
{
	size_t n_keys = tx_view_key_count(view);

	for (size_t i = 0; i < view->n_ixs; i++) {
		const struct tx_ix *ix = &view->ixs[i];

		if (ix->program == 0 || ix->program >= view->n_keys)
			return false;
		for (size_t j = 0; j < ix->n_accounts; j++)
			if (view->bytes[ix->accounts_at + j] >= n_keys)
				return false;
	}
	return true;
}

static bool keys_repeat(const struct tx_view *view)
{
	const uint8_t *keys = view->bytes + view->keys_at;

	for (size_t i = 0; i < view->n_keys; i++)
		for (size_t j = 0; j < i; j++)
			if (memcmp(keys + i * PUBKEY_SIZE, keys + j * PUBKEY_SIZE, PUBKEY_SIZE) == 0)
				return true;
	return false;
}

static enum tx_result read_message(struct tx_view *view, struct reader *r)
{
	read_header(view, r);
	read_ixs(view, r);
	if (view->is_v0)
		read_lookups(view, r);
	if (r->error != TX_OK)
		return r->error;
	if (r->at != r->size)
		return TX_TRAILING;
	if (!indexes_fit(view))
		return TX_BAD_INDEX;
	return keys_repeat(view) ? TX_DUPLICATE_KEY : TX_OK;
}

static enum tx_result parse(struct tx_view *out, const uint8_t *bytes, size_t size, bool with_signatures)
{
	struct reader r = { .bytes = bytes, .size = size };

	if (size > TX_SIZE_MAX)
		return TX_TOO_LARGE;
	memset(out, 0, sizeof *out);
	out->bytes = bytes;
	out->size = (uint16_t)size;
	out->signatures_given = with_signatures;
	if (with_signatures) {
		out->n_signatures = (uint8_t)read_count(&r, TX_SIGNATURES_MAX);
		skip(&r, (size_t)out->n_signatures * SIGNATURE_SIZE);
	}
	return read_message(out, &r);
}

enum tx_result tx_parse(struct tx_view *out, const uint8_t *bytes, size_t size)
{
	return parse(out, bytes, size, true);
}

enum tx_result tx_parse_message(struct tx_view *out, const uint8_t *bytes, size_t size)
{
	return parse(out, bytes, size, false);
}

struct bytes tx_view_message(const struct tx_view *view)
{
	return (struct bytes){ view->bytes + view->message_at, (size_t)(view->size - view->message_at) };
}

struct signature tx_view_signature(const struct tx_view *view, size_t index)
{
	struct signature signature;

	memcpy(signature.b, view->bytes + 1 + index * SIGNATURE_SIZE, SIGNATURE_SIZE);
	return signature;
}

struct hash tx_view_blockhash(const struct tx_view *view)
{
	struct hash hash;

	memcpy(hash.b, view->bytes + view->blockhash_at, HASH_SIZE);
	return hash;
}

size_t tx_view_key_count(const struct tx_view *view)
{
	return (size_t)view->n_keys + view->n_loaded_writable + view->n_loaded_readonly;
}

bool tx_view_key(
	const struct tx_view *view, size_t index, const struct pubkey *loaded, size_t n_loaded, struct pubkey *out)
{
	if (index < view->n_keys) {
		memcpy(out->b, view->bytes + view->keys_at + index * PUBKEY_SIZE, PUBKEY_SIZE);
		return true;
	}
	index -= view->n_keys;
	if (index >= n_loaded)
		return false;
	*out = loaded[index];
	return true;
}

bool tx_view_is_signer(const struct tx_view *view, size_t index)
{
	return index < view->n_signatures;
}

bool tx_view_signed_by(const struct tx_view *view, const struct pubkey *key)
{
	struct pubkey signer;

	for (size_t i = 0; i < view->n_signatures; i++)
		if (tx_view_key(view, i, NULL, 0, &signer) && pubkey_equal(&signer, key))
			return true;
	return false;
}

static bool is_among(const struct pubkey *key, const struct pubkey *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pubkey_equal(key, &list[i]))
			return true;
	return false;
}

bool tx_view_calls_only(const struct tx_view *view, const struct pubkey *programs, size_t n)
{
	struct pubkey program;

	for (size_t i = 0; i < view->n_ixs; i++)
		if (!tx_view_key(view, view->ixs[i].program, NULL, 0, &program) || !is_among(&program, programs, n))
			return false;
	return true;
}

bool tx_view_is_writable(const struct tx_view *view, size_t index)
{
	if (index < view->n_signatures)
		return index < (size_t)(view->n_signatures - view->n_readonly_signed);
	if (index < view->n_keys)
		return index < (size_t)(view->n_keys - view->n_readonly_unsigned);
	return index < (size_t)view->n_keys + view->n_loaded_writable;
}

struct bytes tx_view_ix_accounts(const struct tx_view *view, const struct tx_ix *ix)
{
	return (struct bytes){ view->bytes + ix->accounts_at, ix->n_accounts };
}

struct bytes tx_view_ix_data(const struct tx_view *view, const struct tx_ix *ix)
{
	return (struct bytes){ view->bytes + ix->data_at, ix->data_size };
}

bool tx_view_verify(const struct tx_view *view)
{
	struct bytes message = tx_view_message(view);

	if (!view->signatures_given)
		return false;
	for (size_t i = 0; i < view->n_signatures; i++) {
		struct signature signature = tx_view_signature(view, i);
		struct pubkey key;

		if (!tx_view_key(view, i, NULL, 0, &key) || !crypto_ed25519_verify(&key, message, &signature))
			return false;
	}
	return true;
}
