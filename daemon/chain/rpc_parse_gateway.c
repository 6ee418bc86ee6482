/* The oracle gateway's answer: {"signature": base64 of 64 bytes, "recovery_id": 0..3, "value": [32 bytes]}. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "chain/rpc_parse_json.h"
#include "core/base64.h"

static bool parse_value(struct json_object *list, uint8_t value[32])
{
	uint64_t byte;
	size_t n;

	if (!rpc_json_array(list, &n) || n != 32)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!rpc_json_u64(json_object_array_get_idx(list, i), &byte) || byte > 255)
			return false;
		value[i] = (uint8_t)byte;
	}
	return true;
}

static const char *parse_answer(struct json_object *root, struct oracle_answer *out)
{
	uint64_t recovery_id;
	const char *text;
	size_t len, n;

	if (!rpc_json_text(rpc_json_get(root, "signature"), &text, &len) ||
		!base64_decode(out->signature, sizeof(out->signature), &n, text, len) || n != sizeof(out->signature))
		return "signature is not base64 of 64 bytes";
	if (!rpc_json_u64(rpc_json_get(root, "recovery_id"), &recovery_id) || recovery_id > 3)
		return "recovery_id is not 0..3";
	out->recovery_id = (uint8_t)recovery_id;
	return parse_value(rpc_json_get(root, "value"), out->value) ? NULL : "value is not 32 bytes";
}

enum err rpc_parse_oracle_answer(const char *text, size_t len, struct oracle_answer *out, char *why, size_t why_size)
{
	static const uint8_t zero[32];
	bool out_of_range;
	struct json_object *root = rpc_json_parse(text, len, &out_of_range);
	const char *wrong = root ? parse_answer(root, out) : "not JSON";

	rpc_json_free(root);
	if (wrong) {
		snprintf(why, why_size, "gateway's answer: %s", wrong);
		return ERR_INVALID;
	}
	if (memcmp(out->value, zero, sizeof(zero)) != 0)
		return ERR_OK;
	snprintf(why, why_size, "gateway's answer: the value is all zero, which the ml program refuses");
	return ERR_REFUSED;
}
