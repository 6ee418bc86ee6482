/* One JSON-RPC answer opened strictly with json-c: envelope, ids, errors, exact numbers. */
#include "chain/rpc_parse_json.h"

#include <assert.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base58.h"
#include "core/base64.h"

/* Does an integer of n digits (no sign) fit? json-c 0.16 clamps what does not, without a word. */
static bool digits_fit(const char *digits, size_t n, bool negative)
{
	const char *limit = negative ? "9223372036854775808" : "18446744073709551615";
	size_t limit_len = strlen(limit);

	while (n > 1 && *digits == '0') {
		digits++;
		n--;
	}
	return n < limit_len || (n == limit_len && memcmp(digits, limit, n) <= 0);
}

/* text[at] is a digit or a sign. Returns the index behind the number; *fits is false for an integer out of range. */
static size_t scan_number(const char *text, size_t len, size_t at, bool *fits)
{
	bool negative = text[at] == '-', integer = true;
	size_t first = negative ? at + 1 : at, end = first;

	while (end < len && strchr("0123456789+-.eE", text[end]) && text[end] != '\0') {
		integer = integer && text[end] >= '0' && text[end] <= '9';
		end++;
	}
	*fits = !integer || digits_fit(text + first, end - first, negative);
	return end;
}

size_t rpc_json_string_end(const char *text, size_t len, size_t at)
{
	for (size_t from = at + 1; from < len;) {
		const char *quote = memchr(text + from, '"', len - from);
		if (!quote)
			return len;
		size_t end = (size_t)(quote - text), slashes = 0;
		while (text[end - 1 - slashes] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			return end;
		from = end + 1;
	}
	return len;
}

/* What json-c would let through: comments, single quotes, NaN, integers that it clamps. */
static bool scan(const char *text, size_t len, bool *out_of_range)
{
	static const char rent_epoch[] = "rentEpoch";
	size_t name = 0, name_len = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == '"') {
			name = i + 1;
			i = rpc_json_string_end(text, len, i);
			if (i == len)
				return false;
			name_len = i - name;
		} else if (c == '-' || (c >= '0' && c <= '9')) {
			bool fits;
			i = scan_number(text, len, i, &fits) - 1;
			if (!fits &&
				(name_len != strlen(rent_epoch) || memcmp(text + name, rent_epoch, name_len) != 0)) {
				*out_of_range = true;
				return false;
			}
		} else if (c == '\0' || !strchr(" \t\r\n{}[],:truefalsn", c)) {
			return false;
		}
	}
	return true;
}

static bool is_ascii(const char *text, size_t len)
{
	uint64_t bits = 0, eight;
	size_t i = 0;

	for (; len - i >= sizeof(eight); i += sizeof(eight)) {
		memcpy(&eight, text + i, sizeof(eight));
		bits |= eight;
	}
	for (; i < len; i++)
		bits |= (unsigned char)text[i];
	return (bits & UINT64_C(0x8080808080808080)) == 0;
}

struct json_object *rpc_json_parse(const char *text, size_t len, bool *out_of_range)
{
	*out_of_range = false;
	if (len > INT_MAX || !scan(text, len, out_of_range))
		return NULL;
	struct json_tokener *tokener = json_tokener_new_ex(RPC_JSON_DEPTH);
	if (!tokener)
		abort();
	/* json-c validates with a call per byte: not where there is nothing to validate. */
	if (!is_ascii(text, len))
		json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *value = json_tokener_parse_ex(tokener, text, (int)len);
	size_t end = json_tokener_get_parse_end(tokener);
	bool whole = json_tokener_get_error(tokener) == json_tokener_success;
	json_tokener_free(tokener);
	while (whole && end < len)
		whole = strchr(" \t\r\n", text[end++]) != NULL;
	if (whole)
		return value;
	json_object_put(value);
	return NULL;
}

void rpc_json_free(struct json_object *value)
{
	json_object_put(value);
}

struct json_object *rpc_json_get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object))
		return NULL;
	json_object_object_get_ex(object, key, &value);
	return value;
}

bool rpc_json_has(struct json_object *object, const char *key)
{
	return json_object_is_type(object, json_type_object) && json_object_object_get_ex(object, key, NULL);
}

bool rpc_json_u64(struct json_object *value, uint64_t *out)
{
	/* get_int64 clamps a large unsigned number to INT64_MAX, so it tells the sign; scan() has checked the range. */
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return false;
	*out = json_object_get_uint64(value);
	return true;
}

bool rpc_json_i64(struct json_object *value, int64_t *out)
{
	if (!json_object_is_type(value, json_type_int))
		return false;
	*out = json_object_get_int64(value);
	return *out < 0 || json_object_get_uint64(value) <= INT64_MAX;
}

bool rpc_json_bool(struct json_object *value, bool *out)
{
	if (!json_object_is_type(value, json_type_boolean))
		return false;
	*out = json_object_get_boolean(value);
	return true;
}

bool rpc_json_text(struct json_object *value, const char **text, size_t *len)
{
	if (!json_object_is_type(value, json_type_string))
		return false;
	*text = json_object_get_string(value);
	*len = (size_t)json_object_get_string_len(value);
	return true;
}

bool rpc_json_pubkey(struct json_object *value, struct pubkey *out)
{
	const char *text;
	size_t len;

	return rpc_json_text(value, &text, &len) && base58_to_pubkey(out, text, len);
}

bool rpc_json_signature(struct json_object *value, struct signature *out)
{
	const char *text;
	size_t len;

	return rpc_json_text(value, &text, &len) && base58_to_signature(out, text, len);
}

bool rpc_json_hash(struct json_object *value, struct hash *out)
{
	const char *text;
	size_t len;

	return rpc_json_text(value, &text, &len) && base58_to_hash(out, text, len);
}

bool rpc_json_array(struct json_object *value, size_t *n)
{
	if (!json_object_is_type(value, json_type_array))
		return false;
	*n = json_object_array_length(value);
	return true;
}

bool rpc_json_context(struct json_object *result, struct rpc_result *out, struct json_object **value)
{
	if (!rpc_json_u64(rpc_json_get(rpc_json_get(result, "context"), "slot"), &out->slot.n))
		return false;
	out->has_slot = true;
	*value = rpc_json_get(result, "value");
	return rpc_json_has(result, "value");
}

void rpc_memory_free(struct rpc_memory *memory)
{
	free(memory->p);
	*memory = (struct rpc_memory){ 0 };
}

void rpc_memory_reserve(struct rpc_memory *memory, size_t size)
{
	memory->used = 0;
	if (memory->p && size <= memory->size)
		return;
	free(memory->p);
	memory->p = malloc(size ? size : 1);
	if (!memory->p)
		abort();
	memory->size = size;
}

void *rpc_memory_take(struct rpc_memory *memory, size_t size, size_t align)
{
	size_t at = (memory->used + align - 1) & ~(align - 1);

	assert(at <= memory->size && size <= memory->size - at);
	memory->used = at + size;
	return memory->p + at;
}

bool rpc_json_base64(struct json_object *value, struct rpc_memory *memory, const uint8_t **data, size_t *len)
{
	const char *text, *encoding;
	size_t n, text_len, encoding_len;

	if (!rpc_json_array(value, &n) || n != 2)
		return false;
	if (!rpc_json_text(json_object_array_get_idx(value, 0), &text, &text_len) ||
		!rpc_json_text(json_object_array_get_idx(value, 1), &encoding, &encoding_len))
		return false;
	if (encoding_len != strlen("base64") || memcmp(encoding, "base64", encoding_len) != 0)
		return false;
	size_t room = text_len / 4 * 3;
	uint8_t *bytes = rpc_memory_take(memory, room, 1);
	if (!base64_decode(bytes, room, len, text, text_len))
		return false;
	*data = bytes;
	return true;
}

bool rpc_owner(struct rpc_memory *memory, const char *text, size_t len, struct pubkey *out)
{
	if (len > sizeof memory->owner_text)
		return false;
	if (len > 0 && len == memory->owner_len && memcmp(text, memory->owner_text, len) == 0) {
		*out = memory->owner;
		return true;
	}
	if (!base58_to_pubkey(out, text, len))
		return false;
	memory->owner = *out;
	memory->owner_len = len;
	memcpy(memory->owner_text, text, len);
	return true;
}

bool rpc_json_account(struct json_object *value, struct rpc_memory *memory, struct rpc_account *out)
{
	const char *owner;
	size_t len;

	*out = (struct rpc_account){ .exists = false };
	if (!value)
		return true;
	out->exists = true;
	return rpc_json_text(rpc_json_get(value, "owner"), &owner, &len) &&
	       rpc_owner(memory, owner, len, &out->owner) &&
	       rpc_json_u64(rpc_json_get(value, "lamports"), &out->lamports) &&
	       rpc_json_base64(rpc_json_get(value, "data"), memory, &out->data, &out->len);
}
