/* What a drand relay answered: {"round":N,"signature":"96 hex digits"}, in v1 also "randomness". */
#include <string.h>

#include "chain/drand_relays.h"
#include "chain/rpc_parse_json.h"

/* The two highest bits of a point: compressed, and at infinity. */
enum { POINT_FLAGS = 0xc0, POINT_COMPRESSED = 0x80 };

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct json_object *value, uint8_t *out, size_t n)
{
	const char *text;
	size_t len;

	if (!rpc_json_text(value, &text, &len) || len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static const char *parse(struct drand_signature *out, uint64_t round, struct json_object *root)
{
	struct hash said, is;
	uint64_t number;

	if (!rpc_json_u64(rpc_json_get(root, "round"), &number))
		return "has no round";
	if (number != round)
		return "is of another round";
	if (!read_hex(rpc_json_get(root, "signature"), out->b, sizeof(out->b)))
		return "has no signature of 48 bytes in hex";
	if ((out->b[0] & POINT_FLAGS) != POINT_COMPRESSED)
		return "has a signature that is no compressed point, or the point at infinity";
	if (!rpc_json_has(root, "randomness"))
		return NULL;
	drand_randomness(&is, out);
	if (!read_hex(rpc_json_get(root, "randomness"), said.b, sizeof(said.b)) || !hash_equal(&said, &is))
		return "has a randomness that is not the SHA-256 of its signature";
	return NULL;
}

enum err drand_answer_parse(struct drand_signature *out, uint64_t round, const char *text, size_t len, const char **why)
{
	bool out_of_range;
	struct json_object *root = rpc_json_parse(text, len, &out_of_range);

	*why = root ? parse(out, round, root) : "is not JSON";
	rpc_json_free(root);
	return *why ? ERR_INVALID : ERR_OK;
}
