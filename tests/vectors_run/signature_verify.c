/* signature_verify.json: which signatures the chain takes. */
#include <json-c/json.h>
#include <sodium.h>
#include <string.h>

#include "base/crypto.h"
#include "vectors.h"

/* Keys and signatures have their length in their type, so a wrong length is refused where bytes become a type. */
static bool accepted(struct bytes key_bytes, struct bytes message, struct bytes signature_bytes)
{
	struct pubkey key;
	struct signature signature;

	if (key_bytes.n != PUBKEY_SIZE || signature_bytes.n != SIGNATURE_SIZE)
		return false;
	memcpy(key.b, key_bytes.p, PUBKEY_SIZE);
	memcpy(signature.b, signature_bytes.p, SIGNATURE_SIZE);
	return crypto_ed25519_verify(&key, message, &signature);
}

/* True when 8 * point is the neutral element. The point must decode. */
static bool has_small_order(const uint8_t point[32])
{
	static const uint8_t neutral[32] = { 1 };
	uint8_t sum[32];

	memcpy(sum, point, sizeof sum);
	for (int i = 0; i < 3; i++)
		if (crypto_core_ed25519_add(sum, sum, sum) != 0)
			return false;
	return memcmp(sum, neutral, sizeof sum) == 0;
}

/* S below the group order 2^252 + 27742317777372353535851937790883648493, little-endian. */
static bool is_reduced(const uint8_t s[32])
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde,
		0xf9, 0xde, 0x14, [31] = 0x10 };

	for (size_t i = 32; i > 0; i--)
		if (s[i - 1] != order[i - 1])
			return s[i - 1] < order[i - 1];
	return false;
}

/* The first rule that the bytes break, worked out without the verdict; what is left is the equation. */
static const char *reason_of(struct bytes key, struct bytes signature, bool accepted)
{
	if (key.n != PUBKEY_SIZE)
		return "key length";
	if (signature.n != SIGNATURE_SIZE)
		return "signature length";
	if (!is_reduced(signature.p + 32))
		return "S not reduced";
	if (!crypto_on_curve(key.p))
		return "key is not a point";
	if (!crypto_on_curve(signature.p))
		return "R is not a point";
	if (has_small_order(signature.p))
		return "R has small order";
	if (has_small_order(key.p))
		return "key has small order";
	return accepted ? "ok" : "equation";
}

static void run_case(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct bytes key;
	struct bytes message;
	struct bytes signature;
	bool got;

	check_begin(&check, suite, "cases[%zu]", i);
	note_unknown_members(suite, object, "kind pubkey message signature valid reason libraries_differ");
	key = read_hex(&check, object, "pubkey");
	message = read_base64(&check, object, "message");
	signature = read_hex(&check, object, "signature");
	got = accepted(key, message, signature);
	expect_bool(&check, object, "valid", got);
	expect_text(&check, object, "reason", reason_of(key, signature, got));
	check_end(&check);
}

void vectors_signature_verify(const struct suite *suite, struct json_object *root)
{
	for (size_t i = 0; i < section_size(suite, root, "cases"); i++)
		run_case(suite, section_at(root, "cases", i), i);
	note_unknown_members(suite, root, "meta cases");
}
