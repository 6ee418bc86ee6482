/* From the json encoding of getTransaction back to wire bytes. */
#include "rpc_wire.h"

#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "chain/rpc_parse_json.h"
#include "core/base58.h"
#include "core/base64.h"
#include "core/tx.h"

struct wire {
	uint8_t bytes[TX_SIZE_MAX];
	size_t n;
	bool bad;
};

static void put(struct wire *wire, const void *bytes, size_t n)
{
	if (n > sizeof wire->bytes - wire->n) {
		wire->bad = true;
		return;
	}
	memcpy(wire->bytes + wire->n, bytes, n);
	wire->n += n;
}

static void put_byte(struct wire *wire, struct json_object *value)
{
	uint64_t n = 0;
	uint8_t byte;

	wire->bad = !rpc_json_u64(value, &n) || n > 255 || wire->bad;
	byte = (uint8_t)n;
	put(wire, &byte, 1);
}

static size_t put_count(struct wire *wire, struct json_object *array, size_t n)
{
	uint8_t bytes[2] = { (uint8_t)(n & 0x7f), (uint8_t)(n >> 7) };

	wire->bad = (array != NULL && !rpc_json_array(array, &n)) || n > 0x3fff || wire->bad;
	bytes[0] = (uint8_t)(n & 0x7f);
	bytes[1] = (uint8_t)(n >> 7);
	if (bytes[1] != 0)
		bytes[0] |= 0x80;
	put(wire, bytes, bytes[1] != 0 ? 2 : 1);
	return wire->bad ? 0 : n;
}

static void put_key(struct wire *wire, struct json_object *value)
{
	struct pubkey key = { { 0 } };

	wire->bad = !rpc_json_pubkey(value, &key) || wire->bad;
	put(wire, key.b, sizeof key.b);
}

static void put_indexes(struct wire *wire, struct json_object *array)
{
	size_t n = put_count(wire, array, 0);

	for (size_t i = 0; i < n; i++)
		put_byte(wire, json_object_array_get_idx(array, i));
}

static void put_data(struct wire *wire, struct json_object *value)
{
	uint8_t bytes[BASE58_BYTES_MAX];
	const char *text = "";
	size_t len = 0, n = 0;

	wire->bad = !rpc_json_text(value, &text, &len) || !base58_decode(bytes, sizeof bytes, &n, text, len) ||
	            wire->bad;
	put_count(wire, NULL, n);
	put(wire, bytes, n);
}

static void put_message(struct wire *wire, struct json_object *message)
{
	struct json_object *header = rpc_json_get(message, "header"), *keys = rpc_json_get(message, "accountKeys");
	struct json_object *ixs = rpc_json_get(message, "instructions");
	size_t n;

	put_byte(wire, rpc_json_get(header, "numRequiredSignatures"));
	put_byte(wire, rpc_json_get(header, "numReadonlySignedAccounts"));
	put_byte(wire, rpc_json_get(header, "numReadonlyUnsignedAccounts"));
	n = put_count(wire, keys, 0);
	for (size_t i = 0; i < n; i++)
		put_key(wire, json_object_array_get_idx(keys, i));
	put_key(wire, rpc_json_get(message, "recentBlockhash"));
	n = put_count(wire, ixs, 0);
	for (size_t i = 0; i < n; i++) {
		struct json_object *ix = json_object_array_get_idx(ixs, i);
		put_byte(wire, rpc_json_get(ix, "programIdIndex"));
		put_indexes(wire, rpc_json_get(ix, "accounts"));
		put_data(wire, rpc_json_get(ix, "data"));
	}
}

static void put_lookups(struct wire *wire, struct json_object *lookups)
{
	size_t n = put_count(wire, lookups, 0);

	for (size_t i = 0; i < n; i++) {
		struct json_object *lookup = json_object_array_get_idx(lookups, i);
		put_key(wire, rpc_json_get(lookup, "accountKey"));
		put_indexes(wire, rpc_json_get(lookup, "writableIndexes"));
		put_indexes(wire, rpc_json_get(lookup, "readonlyIndexes"));
	}
}

bool rpc_wire_encode(struct json_object *result)
{
	struct json_object *transaction = rpc_json_get(result, "transaction"), *pair;
	struct json_object *sigs = rpc_json_get(transaction, "signatures"),
			   *message = rpc_json_get(transaction, "message");
	bool is_v0 = json_object_is_type(rpc_json_get(result, "version"), json_type_int);
	struct wire wire = { .n = 0 };
	char text[BASE64_TEXT(TX_SIZE_MAX)];
	struct signature sig;
	size_t n = put_count(&wire, sigs, 0);

	for (size_t i = 0; i < n; i++) {
		wire.bad = !rpc_json_signature(json_object_array_get_idx(sigs, i), &sig) || wire.bad;
		put(&wire, sig.b, sizeof sig.b);
	}
	if (is_v0)
		put(&wire, "\x80", 1);
	put_message(&wire, message);
	if (is_v0)
		put_lookups(&wire, rpc_json_get(message, "addressTableLookups"));
	base64_encode(text, wire.bytes, wire.n);
	pair = json_object_new_array();
	json_object_array_add(pair, json_object_new_string(text));
	json_object_array_add(pair, json_object_new_string("base64"));
	json_object_object_add(result, "transaction", pair);
	return !wire.bad;
}
