/* Transactions on the wire: compile and sign legacy ones, take legacy and v0 ones apart. */
#ifndef CORE_TX_H
#define CORE_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/key.h"
#include "core/ix.h"

enum {
	TX_SIZE_MAX = 1232,     /* IPv6 MTU 1280 - 48 */
	TX_SIGNATURES_MAX = 12, /* 1232 / (64 + 32), rounded down */
	TX_KEYS_MAX = 38,       /* 1232 / 32, rounded down: static keys */
	TX_IXS_MAX = 64,        /* the runtime's instruction trace limit */
	TX_LOOKUPS_MAX = 36,    /* 1232 / 34, rounded down */
};

enum tx_result {
	TX_OK,
	TX_TOO_LARGE,     /* more than 1232 bytes */
	TX_TRUNCATED,     /* the bytes end inside something */
	TX_TRAILING,      /* bytes after the end */
	TX_BAD_COUNT,     /* compact-u16 not in its shortest form, or a count beyond the limits above */
	TX_BAD_VERSION,   /* neither legacy nor v0 */
	TX_BAD_HEADER,    /* signer and read-only counts do not fit the keys or the signatures */
	TX_BAD_INDEX,     /* an instruction names a key that is not there, or a program that may not be one */
	TX_BAD_LOOKUP,    /* empty lookup, or more than 256 keys in all */
	TX_DUPLICATE_KEY, /* the same static key twice */
	TX_NO_SIGNER,     /* tx_sign: that key does not sign this transaction */
};

/* A transaction of ours: signatures (zero until put in), then the message. */
struct tx {
	uint16_t size;
	uint8_t n_signatures;
	uint8_t bytes[TX_SIZE_MAX];
};

/* Legacy message. Keys in insertion order: payer, then per instruction the program and its accounts, each at its first
 * appearance, then grouped writable signers, read-only signers, writable, read-only; flags OR-ed over all uses.
 * TX_TOO_LARGE or TX_BAD_COUNT (n_ixs > 64) on refusal; then *out is undefined. */
NODISCARD enum tx_result tx_compile(
	struct tx *out, const struct pubkey *payer, const struct hash *blockhash, const struct ix *ixs, size_t n_ixs);

/* The bytes to sign; borrowed from tx. */
struct bytes tx_message(const struct tx *tx);

/* Puts the signature of one signer into its place (TX_OK or TX_NO_SIGNER). */
NODISCARD enum tx_result tx_put_signature(
	struct tx *tx, const struct pubkey *signer, const struct signature *signature);

/* One instruction of a parsed transaction; offsets into the transaction. */
struct tx_ix {
	uint8_t program; /* index of a static key */
	uint16_t accounts_at;
	uint16_t n_accounts;
	uint16_t data_at;
	uint16_t data_size;
};

/* One instruction that a program called. Indexes count the static keys, then the loaded ones. */
struct tx_inner {
	uint8_t outer; /* the instruction of the message during which it ran                     */
	uint8_t program;
	size_t n_accounts;
	const uint8_t *accounts;
	size_t n_data;
	const uint8_t *data; /* NULL when longer than 1232 bytes                    */
};

/* One address table lookup of a v0 message. Writable and read-only indexes are bytes. */
struct tx_lookup {
	uint16_t table_at;
	uint16_t writable_at;
	uint16_t readonly_at;
	uint8_t n_writable;
	uint8_t n_readonly;
};

/* A parsed transaction. bytes is borrowed: the view lives as long as they do. */
struct tx_view {
	const uint8_t *bytes;
	uint16_t size;
	bool is_v0;
	uint16_t message_at;
	uint16_t keys_at;
	uint16_t blockhash_at;
	bool signatures_given;
	uint8_t n_signatures;
	uint8_t n_readonly_signed;
	uint8_t n_readonly_unsigned;
	uint8_t n_keys;             /* static */
	uint16_t n_loaded_writable; /* keys that come from tables: first all writable, then all read-only */
	uint16_t n_loaded_readonly;
	uint8_t n_ixs;
	uint8_t n_lookups;
	struct tx_ix ixs[TX_IXS_MAX];
	struct tx_lookup lookups[TX_LOOKUPS_MAX];
};

/* Parses and applies the validator's sanitize rules; nothing may follow the message. */
NODISCARD enum tx_result tx_parse(struct tx_view *out, const uint8_t *bytes, size_t size);
/* The same for a message alone (what gets signed); the view then has no signatures: n_signatures is what it asks for,
 * signatures_given is false. */
NODISCARD enum tx_result tx_parse_message(struct tx_view *out, const uint8_t *bytes, size_t size);

struct bytes tx_view_message(const struct tx_view *view);
struct signature tx_view_signature(const struct tx_view *view, size_t index);
struct hash tx_view_blockhash(const struct tx_view *view);
size_t tx_view_key_count(const struct tx_view *view); /* static + loaded */

/* Key by index. Loaded keys (v0) are the caller's: as meta.loadedAddresses gives them, writable then read-only.
 * False: the index needs a loaded key that was not given. */
NODISCARD bool tx_view_key(
	const struct tx_view *view, size_t index, const struct pubkey *loaded, size_t n_loaded, struct pubkey *out);
bool tx_view_is_signer(const struct tx_view *view, size_t index);
/* True when this key is among those whose signatures the transaction carries. */
bool tx_view_signed_by(const struct tx_view *view, const struct pubkey *key);
/* True when every instruction at top level calls one of these programs. */
bool tx_view_calls_only(const struct tx_view *view, const struct pubkey *programs, size_t n);
/* As the header and lookups say; the runtime may demote program ids and sysvars later. */
bool tx_view_is_writable(const struct tx_view *view, size_t index);

struct bytes tx_view_ix_accounts(const struct tx_view *view, const struct tx_ix *ix); /* key indexes */
struct bytes tx_view_ix_data(const struct tx_view *view, const struct tx_ix *ix);

/* All signatures over the exact message bytes. */
NODISCARD bool tx_view_verify(const struct tx_view *view);

const char *tx_result_text(enum tx_result result);

#endif
