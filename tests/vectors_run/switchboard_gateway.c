/* The request to an oracle's gateway: our bytes against what the SDK sends, less the RPC URL that we never send. */
#include <string.h>

#include "base/buf.h"
#include "chain/gateway_request.h"
#include "switchboard.h"
#include "vectors.h"

enum { TEXT_MAX = 512 };

static void question_of(struct check *check, const struct sb_vector *v, struct gateway_question *q)
{
	size_t n;
	const char *uri = read_text(check, v->inputs, "oracle_gateway_uri", &n);

	*q = (struct gateway_question){ .randomness = read_key(check, v->inputs, "randomness"),
		.seed_slothash = read_hash(check, v->inputs, "slothash_hex"),
		.seed_slot = { read_u64(check, v->inputs, "seed_slot") } };
	check_that(check, n < sizeof q->uri, "the URI fits an oracle account");
	memcpy(q->uri, uri, n < sizeof q->uri ? n : sizeof q->uri - 1);
}

bool run_sb_gateway(struct check *check, const struct sb_vector *v)
{
	struct gateway_question q;
	char body_text[TEXT_MAX], url_text[TEXT_MAX];
	struct buf body, url;
	size_t n, path_len;
	const char *path;

	if (strcmp(v->kind, "gateway/request") != 0)
		return false;
	question_of(check, v, &q);
	buf_on(&body, body_text, sizeof body_text);
	buf_on(&url, url_text, sizeof url_text);
	gateway_request_body(&body, &q);
	gateway_request_url(&url, &q);
	expect_text(check, v->expected, "body_without_rpc", body_text);
	expect_text(check, v->expected, "method", "POST");
	expect_text(check, v->expected, "content_type", GATEWAY_REQUEST_CONTENT_TYPE);
	path = read_text(check, v->expected, "path", &path_len);
	n = strlen(url_text);
	check_that(check, n > path_len && strcmp(url_text + n - path_len, path) == 0, "the URL ends in the path");
	/* The SDK's own body is ours with the RPC URL appended. */
	check_that(check, strncmp(read_text(check, v->expected, "body", &n), body_text, strlen(body_text) - 1) == 0,
		"the SDK's body starts with ours");
	return true;
}
