/* What is not a result: JSON-RPC errors in the forms that nodes and providers use, and transaction errors. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "chain/rpc_parse_json.h"
#include "core/base58.h"

static enum rpc_outcome fail(struct rpc_answer *answer, enum rpc_outcome outcome, const char *what)
{
	answer->outcome = outcome;
	snprintf(answer->why, sizeof(answer->why), "%s", what);
	return outcome;
}

bool rpc_json_bad(struct rpc_answer *answer, const char *what)
{
	fail(answer, RPC_MALFORMED, what);
	return false;
}

/* Providers have no common code for it: 429, -32429, -32007 (which means "slot skipped" in getBlock), -32005, ... */
static bool says_rate_limit(int64_t code, const char *message)
{
	static const char *const phrases[] = { "too many requests", "rate limit", "rate-limit", "request limit" };

	if (code == 429 || code == -32429)
		return true;
	if (code == -32002) /* here the message quotes the program, which may say anything */
		return false;
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		if (strcasestr(message, phrases[i]))
			return true;
	}
	return false;
}

static enum rpc_outcome classify(int64_t code, const char *message)
{
	if (says_rate_limit(code, message))
		return RPC_RATE_LIMITED;
	switch (code) {
	case -32016:
		return RPC_BEHIND;
	case -32005:
		return RPC_UNHEALTHY;
	case -32603:
		return RPC_INTERNAL;
	default:
		return RPC_REFUSED;
	}
}

static void read_error(struct json_object *error, struct rpc_answer *answer)
{
	int64_t code;
	const char *message = "";
	size_t len;
	struct json_object *data = rpc_json_get(error, "data");

	if (!rpc_json_i64(rpc_json_get(error, "code"), &code) || code < INT32_MIN || code > INT32_MAX) {
		rpc_json_bad(answer, "error without a code");
		return;
	}
	rpc_json_text(rpc_json_get(error, "message"), &message, &len);
	answer->code = (int)code;
	answer->outcome = classify(code, message);
	snprintf(answer->why, sizeof(answer->why), "node says %" PRId64 ": %s", code, message);
	if (answer->outcome == RPC_UNHEALTHY)
		answer->has_behind = rpc_json_u64(rpc_json_get(data, "numSlotsBehind"), &answer->behind);
	if (code == -32002)
		rpc_json_tx_error(rpc_json_get(data, "err"), rpc_json_get(data, "logs"), &answer->tx);
}

/* Looks only for an error's code: whatever the body says, HTTP 429 is a rate limit. */
static void read_rate_limit(struct json_object *root, struct rpc_answer *answer)
{
	int64_t code;

	fail(answer, RPC_RATE_LIMITED, "rate limited (HTTP 429)");
	answer->code = 429;
	answer->not_json = root == NULL;
	if (rpc_json_i64(rpc_json_get(rpc_json_get(root, "error"), "code"), &code) && code >= INT32_MIN &&
		code <= INT32_MAX)
		answer->code = (int)code;
}

static void read_no_json(const struct rpc_body *body, bool out_of_range, struct rpc_answer *answer)
{
	if (out_of_range) {
		rpc_json_bad(answer, "a number does not fit 64 bits");
		return;
	}
	answer->outcome = RPC_NOT_JSON;
	answer->not_json = true;
	snprintf(answer->why, sizeof(answer->why), "HTTP %d with %zu bytes that are not JSON", body->status, body->len);
}

static bool id_matches(struct json_object *root, uint64_t id)
{
	uint64_t answered;

	return rpc_json_u64(rpc_json_get(root, "id"), &answered) && answered == id;
}

struct json_object *rpc_json_open(const struct rpc_body *body, uint64_t id, struct json_object **root, bool *has_result,
	struct rpc_answer *answer)
{
	bool out_of_range;
	const char *version;
	size_t len;

	*answer = (struct rpc_answer){ .outcome = RPC_RESULT, .code = body->status == 200 ? 0 : body->status };
	*has_result = false;
	*root = rpc_json_parse(body->text, body->len, &out_of_range);
	if (body->status == 429) {
		read_rate_limit(*root, answer);
		return NULL;
	}
	if (!*root) {
		read_no_json(body, out_of_range, answer);
		return NULL;
	}
	if (!rpc_json_text(rpc_json_get(*root, "jsonrpc"), &version, &len) || strcmp(version, "2.0") != 0) {
		rpc_json_bad(answer, "not a JSON-RPC 2.0 answer");
		return NULL;
	}
	struct json_object *error = rpc_json_get(*root, "error");
	/* A node that could not read the request answers an error with id null. */
	bool anonymous = error && rpc_json_has(*root, "id") && !rpc_json_get(*root, "id");
	if (!anonymous && !id_matches(*root, id)) {
		rpc_json_bad(answer, "id does not match the request");
		return NULL;
	}
	if (error)
		read_error(error, answer);
	else if (!rpc_json_has(*root, "result"))
		rpc_json_bad(answer, "neither result nor error");
	else if (body->status < 200 || body->status > 299)
		rpc_json_bad(answer, "a result under an HTTP error");
	*has_result = answer->outcome == RPC_RESULT;
	return *has_result ? rpc_json_get(*root, "result") : NULL;
}

static void copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
}

/* {"InstructionError": [index, "Name" | {"Custom": n} | {"Name": ...}]} */
static bool read_instruction_error(struct json_object *pair, struct rpc_tx_error *out)
{
	uint64_t index, code;
	size_t n, len;
	const char *text;

	if (!rpc_json_array(pair, &n) || n != 2 || !rpc_json_u64(json_object_array_get_idx(pair, 0), &index) ||
		index > 255)
		return false;
	out->failure.ix = (int)index;
	struct json_object *what = json_object_array_get_idx(pair, 1);
	if (rpc_json_text(what, &text, &len)) {
		copy_text(out->name, sizeof(out->name), text);
		return true;
	}
	if (!json_object_is_type(what, json_type_object) || json_object_object_length(what) != 1)
		return false;
	struct json_object_iterator first = json_object_iter_begin(what);
	copy_text(out->name, sizeof(out->name), json_object_iter_peek_name(&first));
	if (strcmp(out->name, "Custom") != 0)
		return true;
	if (!rpc_json_u64(rpc_json_get(what, "Custom"), &code) || code > UINT32_MAX)
		return false;
	out->failure.custom = true;
	out->failure.code = (uint32_t)code;
	return true;
}

/* "Program <address> failed..." */
static bool read_failed_line(const char *line, struct pubkey *program)
{
	static const char prefix[] = "Program ", word[] = " failed";

	if (strncmp(line, prefix, strlen(prefix)) != 0)
		return false;
	const char *address = line + strlen(prefix);
	size_t len = strcspn(address, " ");
	return strncmp(address + len, word, strlen(word)) == 0 && base58_to_pubkey(program, address, len);
}

/* The first program to report failure is the innermost one. Of what was logged before, Anchor's sentence tells most. */
static void read_logs(struct json_object *logs, struct rpc_tx_error *out)
{
	static const char log[] = "Program log: ", anchor[] = "Program log: AnchorError";
	const char *told = NULL, *line;
	bool by_anchor = false;
	size_t n, len;

	if (!rpc_json_array(logs, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		if (!rpc_json_text(json_object_array_get_idx(logs, i), &line, &len))
			continue;
		if (read_failed_line(line, &out->program)) {
			copy_text(out->log, sizeof(out->log), told ? told : line);
			return;
		}
		if (strncmp(line, anchor, strlen(anchor)) == 0) {
			told = line;
			by_anchor = true;
		} else if (!by_anchor && strncmp(line, log, strlen(log)) == 0) {
			told = line;
		}
	}
}

bool rpc_json_tx_error(struct json_object *err, struct json_object *logs, struct rpc_tx_error *out)
{
	const char *text;
	size_t len;

	*out = (struct rpc_tx_error){ .failed = err != NULL, .failure = { .ix = -1 } };
	if (!err)
		return true;
	read_logs(logs, out);
	if (rpc_json_text(err, &text, &len)) {
		copy_text(out->name, sizeof(out->name), text);
		return true;
	}
	if (!json_object_is_type(err, json_type_object) || json_object_object_length(err) != 1)
		return false;
	struct json_object *pair = rpc_json_get(err, "InstructionError");
	if (pair)
		return read_instruction_error(pair, out);
	struct json_object_iterator first = json_object_iter_begin(err);
	copy_text(out->name, sizeof(out->name), json_object_iter_peek_name(&first));
	return true;
}
