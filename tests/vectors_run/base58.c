/* base58.json: texts and bytes both ways, and texts that must be refused. */
#include <json-c/json.h>
#include <string.h>

#include "core/base58.h"
#include "vectors.h"

/* The fixed-size paths must agree with the length: 32 and 64 bytes only. */
static void check_fixed(struct check *check, const char *text, size_t n, struct bytes bytes)
{
	struct pubkey key;
	struct signature signature;
	char again[SIGNATURE_TEXT];
	bool is_key = base58_to_pubkey(&key, text, n);
	bool is_signature = base58_to_signature(&signature, text, n);

	check_that(check, is_key == (bytes.n == PUBKEY_SIZE), "only 32 bytes are a key");
	check_that(check, is_signature == (bytes.n == SIGNATURE_SIZE), "only 64 bytes are a signature");
	if (is_key) {
		check_that(check, memcmp(key.b, bytes.p, PUBKEY_SIZE) == 0, "key bytes");
		check_that(check, base58_pubkey(again, &key) == n && memcmp(again, text, n) == 0, "key text");
	}
	if (is_signature) {
		check_that(check, memcmp(signature.b, bytes.p, SIGNATURE_SIZE) == 0, "signature bytes");
		check_that(check, base58_signature(again, &signature) == n && memcmp(again, text, n) == 0,
			"signature text");
	}
}

static void run_valid(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	char text[BASE58_TEXT_MAX + 1];
	uint8_t decoded[BASE58_BYTES_MAX];
	const char *expected;
	size_t expected_n;
	size_t n = 0;
	struct bytes bytes;

	check_begin(&check, suite, "valid[%zu]", i);
	note_unknown_members(suite, object, "hex base58 note");
	bytes = read_hex(&check, object, "hex");
	expected = read_text(&check, object, "base58", &expected_n);
	if (base58_encode(text, sizeof text, &n, bytes.p, bytes.n))
		expect_text(&check, object, "base58", text);
	else
		check_fail(&check, "hex: cannot be encoded");
	if (base58_decode(decoded, sizeof decoded, &n, expected, expected_n))
		expect_hex(&check, object, "hex", decoded, n);
	else
		check_fail(&check, "base58: cannot be decoded");
	check_fixed(&check, expected, expected_n, bytes);
	check_end(&check);
}

static void run_invalid(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	uint8_t decoded[BASE58_BYTES_MAX];
	struct pubkey key;
	struct signature signature;
	const char *text;
	size_t n;
	size_t size;

	check_begin(&check, suite, "invalid[%zu]", i);
	note_unknown_members(suite, object, "string why");
	text = read_text(&check, object, "string", &n);
	check_that(&check, !base58_decode(decoded, sizeof decoded, &size, text, n), "the text is refused");
	check_that(&check, !base58_to_pubkey(&key, text, n), "the text is refused as a key");
	check_that(&check, !base58_to_signature(&signature, text, n), "the text is refused as a signature");
	check_end(&check);
}

static void run_length(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	uint8_t decoded[BASE58_BYTES_MAX];
	struct pubkey key;
	const char *text;
	size_t n;
	size_t size = 0;

	check_begin(&check, suite, "pubkey_length[%zu]", i);
	/* web3js_accepts is what another library does. */
	note_unknown_members(suite, object, "string decoded_length is_pubkey web3js_accepts why");
	text = read_text(&check, object, "string", &n);
	check_that(&check, base58_decode(decoded, sizeof decoded, &size, text, n), "the text is base58");
	expect_u64(&check, object, "decoded_length", size);
	expect_bool(&check, object, "is_pubkey", base58_to_pubkey(&key, text, n));
	check_end(&check);
}

void vectors_base58(const struct suite *suite, struct json_object *root)
{
	for (size_t i = 0; i < section_size(suite, root, "valid"); i++)
		run_valid(suite, section_at(root, "valid", i), i);
	for (size_t i = 0; i < section_size(suite, root, "invalid"); i++)
		run_invalid(suite, section_at(root, "invalid", i), i);
	for (size_t i = 0; i < section_size(suite, root, "pubkey_length"); i++)
		run_length(suite, section_at(root, "pubkey_length", i), i);
	note_unknown_members(suite, root, "meta valid invalid pubkey_length");
}
