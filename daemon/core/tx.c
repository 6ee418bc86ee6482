/* Compiling legacy transactions. */
#include "core/tx.h"

#include <string.h>

/* One key while its uses are collected. */
struct use {
	const struct pubkey *key;
	bool signer;
	bool writable;
};

struct uses {
	size_t n;
	bool full;
	struct use use[TX_KEYS_MAX];
};

static void add_use(struct uses *uses, const struct pubkey *key, bool signer, bool writable)
{
	size_t i = 0;

	while (i < uses->n && !pubkey_equal(uses->use[i].key, key))
		i++;
	if (i == TX_KEYS_MAX) {
		uses->full = true;
		return;
	}
	if (i == uses->n)
		uses->use[uses->n++] = (struct use){ .key = key };
	uses->use[i].signer |= signer;
	uses->use[i].writable |= writable;
}

static void collect_uses(struct uses *out, const struct pubkey *payer, const struct ix *ixs, size_t n_ixs)
{
	out->n = 0;
	out->full = false;
	add_use(out, payer, true, true);
	for (size_t i = 0; i < n_ixs; i++) {
		add_use(out, &ixs[i].program, false, false);
		for (size_t j = 0; j < ixs[i].n_metas; j++)
			add_use(out, &ixs[i].metas[j].key, ixs[i].metas[j].signer, ixs[i].metas[j].writable);
	}
}

/* The keys in their final order: four groups, insertion order inside each. */
struct ordered {
	uint8_t n;
	uint8_t n_signers;
	uint8_t n_readonly_signed;
	uint8_t n_readonly_unsigned;
	const struct pubkey *key[TX_KEYS_MAX];
};

static uint8_t append_group(struct ordered *out, const struct uses *uses, bool signer, bool writable)
{
	uint8_t before = out->n;

	for (size_t i = 0; i < uses->n; i++)
		if (uses->use[i].signer == signer && uses->use[i].writable == writable)
			out->key[out->n++] = uses->use[i].key;
	return (uint8_t)(out->n - before);
}

static void order_keys(struct ordered *out, const struct uses *uses)
{
	out->n = 0;
	out->n_signers = append_group(out, uses, true, true);
	out->n_readonly_signed = append_group(out, uses, true, false);
	out->n_signers = (uint8_t)(out->n_signers + out->n_readonly_signed);
	append_group(out, uses, false, true);
	out->n_readonly_unsigned = append_group(out, uses, false, false);
}

static uint8_t index_of(const struct ordered *keys, const struct pubkey *key)
{
	uint8_t i = 0;

	while (!pubkey_equal(keys->key[i], key))
		i++;
	return i;
}

/* Appends within TX_SIZE_MAX; once something did not fit, nothing more is written. */
struct writer {
	struct tx *tx;
	bool overflow;
};

static void put(struct writer *w, const void *bytes, size_t n)
{
	if (w->overflow || n > (size_t)(TX_SIZE_MAX - w->tx->size)) {
		w->overflow = true;
		return;
	}
	if (n > 0)
		memcpy(w->tx->bytes + w->tx->size, bytes, n);
	w->tx->size = (uint16_t)(w->tx->size + n);
}

static void put_u8(struct writer *w, uint8_t v)
{
	put(w, &v, 1);
}

/* Compact-u16: seven bits per byte, low ones first. Our counts stay below 2^14. */
static void put_count(struct writer *w, size_t v)
{
	if (v < 0x80) {
		put_u8(w, (uint8_t)v);
		return;
	}
	put_u8(w, (uint8_t)((v & 0x7f) | 0x80));
	put_u8(w, (uint8_t)(v >> 7));
}

static void put_ix(struct writer *w, const struct ordered *keys, const struct ix *ix)
{
	put_u8(w, index_of(keys, &ix->program));
	put_count(w, ix->n_metas);
	for (size_t i = 0; i < ix->n_metas; i++)
		put_u8(w, index_of(keys, &ix->metas[i].key));
	put_count(w, ix->data_size);
	put(w, ix->data, ix->data_size);
}

enum tx_result tx_compile(
	struct tx *out, const struct pubkey *payer, const struct hash *blockhash, const struct ix *ixs, size_t n_ixs)
{
	static const struct signature unsigned_yet;
	struct writer w = { .tx = out };
	struct uses uses;
	struct ordered keys;

	if (n_ixs > TX_IXS_MAX)
		return TX_BAD_COUNT;
	collect_uses(&uses, payer, ixs, n_ixs);
	if (uses.full)
		return TX_TOO_LARGE;
	order_keys(&keys, &uses);
	out->size = 0;
	out->n_signatures = keys.n_signers;
	put_count(&w, keys.n_signers);
	for (size_t i = 0; i < keys.n_signers; i++)
		put(&w, unsigned_yet.b, SIGNATURE_SIZE);
	put_u8(&w, keys.n_signers);
	put_u8(&w, keys.n_readonly_signed);
	put_u8(&w, keys.n_readonly_unsigned);
	put_count(&w, keys.n);
	for (size_t i = 0; i < keys.n; i++)
		put(&w, keys.key[i]->b, PUBKEY_SIZE);
	put(&w, blockhash->b, HASH_SIZE);
	put_count(&w, n_ixs);
	for (size_t i = 0; i < n_ixs; i++)
		put_ix(&w, &keys, &ixs[i]);
	return w.overflow ? TX_TOO_LARGE : TX_OK;
}

/* The signature count is one byte: a packet has room for few. */
static size_t message_at(const struct tx *tx)
{
	return 1 + (size_t)tx->n_signatures * SIGNATURE_SIZE;
}

struct bytes tx_message(const struct tx *tx)
{
	size_t at = message_at(tx);

	return (struct bytes){ tx->bytes + at, tx->size - at };
}

enum tx_result tx_put_signature(struct tx *tx, const struct pubkey *signer, const struct signature *signature)
{
	/* Behind the three header bytes and the key count, which is one byte here. */
	const uint8_t *keys = tx->bytes + message_at(tx) + 4;

	for (size_t i = 0; i < tx->n_signatures; i++) {
		if (memcmp(keys + i * PUBKEY_SIZE, signer->b, PUBKEY_SIZE) == 0) {
			memcpy(tx->bytes + 1 + i * SIGNATURE_SIZE, signature->b, SIGNATURE_SIZE);
			return TX_OK;
		}
	}
	return TX_NO_SIGNER;
}

const char *tx_result_text(enum tx_result result)
{
	switch (result) {
	case TX_OK:
		return "ok";
	case TX_TOO_LARGE:
		return "larger than a packet (1232 bytes)";
	case TX_TRUNCATED:
		return "ends too early";
	case TX_TRAILING:
		return "bytes after the end";
	case TX_BAD_COUNT:
		return "bad count";
	case TX_BAD_VERSION:
		return "unknown message version";
	case TX_BAD_HEADER:
		return "header does not fit keys or signatures";
	case TX_BAD_INDEX:
		return "index names no usable key";
	case TX_BAD_LOOKUP:
		return "bad address table lookup";
	case TX_DUPLICATE_KEY:
		return "the same key twice";
	case TX_NO_SIGNER:
		return "key does not sign this transaction";
	}
	return "?";
}
