/* Writes the question that an oracle's gateway answers. */
#include "chain/gateway_request.h"

#include <inttypes.h>
#include <string.h>

const char GATEWAY_REQUEST_CONTENT_TYPE[] = "application/json";

void gateway_request_url(struct buf *out, const struct gateway_question *question)
{
	const size_t len = strlen(question->uri);

	buf_add(out, question->uri, len > 0 && question->uri[len - 1] == '/' ? len - 1 : len);
	buf_str(out, "/gateway/api/v1/randomness_reveal");
}

void gateway_request_body(struct buf *out, const struct gateway_question *question)
{
	buf_str(out, "{\"slothash\":[");
	for (size_t i = 0; i < HASH_SIZE; i++)
		buf_fmt(out, "%s%u", i ? "," : "", question->seed_slothash.b[i]);
	buf_str(out, "],\"randomness_key\":\"");
	for (size_t i = 0; i < PUBKEY_SIZE; i++)
		buf_fmt(out, "%02x", question->randomness.b[i]);
	buf_fmt(out, "\",\"slot\":%" PRIu64 "}", question->seed_slot.n);
}
