/* Reads the name of a pool. */
#include "core/pool_name.h"

#include <string.h>

#include "core/base58.h"

static bool read_number(const char *text, uint64_t *out)
{
	*out = 0;
	if (*text == '\0')
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(*out, (uint64_t)10, out) ||
			__builtin_add_overflow(*out, (uint64_t)(*text - '0'), out))
			return false;
	}
	return true;
}

bool pool_name_parse(struct pool_name *out, const char *text)
{
	static const char draw[] = "draw:";
	const char *colon;
	uint64_t number;

	*out = (struct pool_name){ 0 };
	if (read_number(text, &number)) {
		out->by_app_id = true;
		out->app_id = (int32_t)number;
		return number > 0 && number <= INT32_MAX;
	}
	if (strncmp(text, draw, strlen(draw)) == 0)
		text += strlen(draw);
	colon = strchr(text, ':');
	out->has_pool_id = colon != NULL;
	if (colon && !read_number(colon + 1, &out->pool_id))
		return false;
	return base58_to_pubkey(&out->address, text, colon ? (size_t)(colon - text) : strlen(text));
}
