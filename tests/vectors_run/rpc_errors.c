/* Answers to sendTransaction, errors of all methods, batches and notifications. */
#include <json-c/json.h>
#include <string.h>

#include "chain/rpc_parse_json.h"
#include "core/base58.h"
#include "core/ml.h"
#include "rpc.h"

bool has_value(struct json_object *object, const char *name)
{
	struct json_object *value = rpc_json_get(object, name);
	bool flag = true;

	return value != NULL && (!rpc_json_bool(value, &flag) || flag);
}

static void expect_tx_error(struct rpc_case *c, const struct rpc_answer *answer)
{
	const struct rpc_tx_error *tx = &answer->tx;

	if (has_value(c->expect, "instruction"))
		expect_i64(c->check, c->expect, "instruction", tx->failure.ix);
	if (has_value(c->expect, "custom")) {
		check_that(c->check, tx->failure.custom, "it is a program's own error");
		expect_u64(c->check, c->expect, "custom", tx->failure.code);
	}
	if (has_value(c->expect, "name"))
		expect_text(c->check, c->expect, "name", ml_error_name(tx->failure.code));
	if (has_value(c->expect, "tx_error"))
		expect_text(c->check, c->expect, "tx_error", tx->name);
	if (member_exists(c->expect, "retry_with_new_blockhash"))
		expect_bool(
			c->check, c->expect, "retry_with_new_blockhash", strcmp(tx->name, "BlockhashNotFound") == 0);
	if (has_value(c->expect, "account"))
		check_that(c->check,
			strstr(tx->log, json_object_get_string(json_object_object_get(c->expect, "account"))),
			"the log line names the account");
	if (has_value(c->expect, "note"))
		check_that(c->check, !pubkey_is_zero(&tx->program), "the failing program is known");
}

void rpc_case_error(struct rpc_case *c, const struct rpc_answer *answer)
{
	struct json_object *error = rpc_json_get(c->expect, "error");
	bool limited = has_value(c->expect, "rate_limited"), no_json = has_value(c->expect, "not_json");

	check_that(c->check, answer->why[0] != '\0', "there is a reason");
	check_that(c->check, limited == (answer->outcome == RPC_RATE_LIMITED), "whether it is a rate limit");
	check_that(c->check, no_json == answer->not_json, "whether it is JSON");
	if (json_object_is_type(error, json_type_string))
		check_that(c->check,
			answer->outcome == RPC_MALFORMED && strstr(answer->why, json_object_get_string(error)),
			"the reason is the expected one");
	else if (error != NULL)
		expect_i64(c->check, c->expect, "error", answer->code);
	if (limited)
		check_that(c->check, rpc_outcome_err(answer->outcome) == ERR_RETRY, "it may be repeated");
	if (member_exists(c->expect, "retry"))
		expect_bool(c->check, c->expect, "retry", rpc_outcome_err(answer->outcome) == ERR_RETRY);
	if (member_exists(c->expect, "slots_behind")) {
		check_that(c->check, answer->outcome == RPC_UNHEALTHY, "the node is unhealthy");
		check_that(
			c->check, answer->has_behind == has_value(c->expect, "slots_behind"), "whether slots are told");
	}
	if (has_value(c->expect, "slots_behind"))
		expect_u64(c->check, c->expect, "slots_behind", answer->behind);
	expect_tx_error(c, answer);
	if (error == NULL && !no_json)
		check_fail(c->check, "no result: %s", answer->why);
}

bool rpc_case_parse(struct rpc_case *c, enum rpc_method method, size_t n, struct rpc_result *out)
{
	struct rpc_question question = { .method = method, .id = c->id, .n = n };
	struct rpc_answer answer;

	if (rpc_parse(&question, &c->body, c->memory, out, &answer) == RPC_RESULT) {
		check_that(c->check, !has_value(c->expect, "error"), "an error was expected");
		return true;
	}
	rpc_case_error(c, &answer);
	return false;
}

struct json_object *rpc_case_open(struct rpc_case *c, struct json_object **root)
{
	struct rpc_answer answer;
	bool has_result;
	struct json_object *result = rpc_json_open(&c->body, c->id, root, &has_result, &answer);

	if (!has_result)
		rpc_case_error(c, &answer);
	return result;
}

struct json_object *rpc_case_notification(struct rpc_case *c, const char *method, struct json_object **root)
{
	struct json_object *params;
	bool out_of_range;
	const char *text;
	uint64_t id;
	size_t len;

	*root = rpc_json_parse(c->body.text, c->body.len, &out_of_range);
	params = rpc_json_get(*root, "params");
	check_that(c->check, rpc_json_text(rpc_json_get(*root, "method"), &text, &len) && strcmp(text, method) == 0,
		"it is this notification");
	check_that(c->check, rpc_json_u64(rpc_json_get(params, "subscription"), &id), "it names its subscription");
	if (member_exists(c->expect, "subscription"))
		expect_u64(c->check, c->expect, "subscription", id);
	return rpc_json_get(params, "result");
}

void rpc_case_send(struct rpc_case *c)
{
	char text[SIGNATURE_TEXT];
	struct rpc_result result;

	if (!rpc_case_parse(c, RPC_SEND, 1, &result))
		return;
	base58_signature(text, &result.as.sent);
	expect_text(c->check, c->expect, "signature", text);
}

void rpc_case_health(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_open(c, &root);
	const char *text = "";
	size_t len;

	if (member_exists(c->expect, "healthy")) {
		check_that(c->check, rpc_json_text(result, &text, &len), "the result is a text");
		expect_bool(c->check, c->expect, "healthy", strcmp(text, "ok") == 0);
	}
	rpc_json_free(root);
}

/* The element of a batch that answers request `id`, as a body of its own. */
static bool batch_element(struct rpc_case *c, struct json_object *root, uint64_t id, struct rpc_body *out)
{
	uint64_t answered;
	size_t n = 0;

	rpc_json_array(root, &n);
	for (size_t i = 0; i < n; i++) {
		struct json_object *element = json_object_array_get_idx(root, i);
		if (!rpc_json_u64(rpc_json_get(element, "id"), &answered) || answered != id)
			continue;
		out->status = c->body.status;
		out->text = json_object_to_json_string_ext(element, JSON_C_TO_STRING_PLAIN);
		out->len = strlen(out->text);
		return true;
	}
	return false;
}

static void run_batch_element(struct rpc_case *c, uint64_t id, const char *name)
{
	struct json_object *root, *result, *value = NULL, *expect = member(c->check, c->expect, name);
	struct rpc_result context;
	struct rpc_answer answer;
	bool has_result;
	uint64_t n = 0;

	result = rpc_json_open(&c->body, id, &root, &has_result, &answer);
	if (json_object_is_type(expect, json_type_object)) {
		check_that(c->check, !has_result, "an error came");
		expect_i64(c->check, expect, "error", answer.code);
	} else {
		check_that(c->check,
			rpc_json_u64(result, &n) ||
				(rpc_json_context(result, &context, &value) && rpc_json_u64(value, &n)),
			"a number came");
		expect_u64(c->check, c->expect, name, n);
	}
	rpc_json_free(root);
}

void rpc_case_batch(struct rpc_case *c)
{
	static const char *const names[] = { "1", "2", "3" };
	bool out_of_range;
	struct json_object *root = rpc_json_parse(c->body.text, c->body.len, &out_of_range);
	struct rpc_case element = *c;

	for (uint64_t id = 1; id <= 3; id++) {
		if (batch_element(c, root, id, &element.body))
			run_batch_element(&element, id, names[id - 1]);
		else
			check_fail(c->check, "no answer to request %u", (unsigned)id);
	}
	rpc_json_free(root);
}

void rpc_case_signature_notification(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_notification(c, "signatureNotification", &root), *value = NULL;
	struct rpc_result context;
	struct rpc_tx_error error;

	if (!rpc_json_context(result, &context, &value) || !rpc_json_has(value, "err") ||
		!rpc_json_tx_error(rpc_json_get(value, "err"), NULL, &error)) {
		check_fail(c->check, "not a transaction's end");
	} else {
		expect_bool(c->check, c->expect, "ok", !error.failed);
		if (has_value(c->expect, "custom"))
			expect_u64(c->check, c->expect, "custom", error.failure.code);
	}
	rpc_json_free(root);
}

void rpc_case_logs_notification(struct rpc_case *c)
{
	struct json_object *root, *result = rpc_case_notification(c, "logsNotification", &root), *value = NULL, *list;
	const char *logs[256];
	struct rpc_result context;
	size_t n = 0, len;

	check_that(c->check, rpc_json_context(result, &context, &value), "there is a context");
	list = rpc_json_get(value, "logs");
	if (!rpc_json_array(list, &n) || n > sizeof logs / sizeof logs[0])
		check_fail(c->check, "no log");
	for (size_t i = 0; i < n; i++)
		check_that(
			c->check, rpc_json_text(json_object_array_get_idx(list, i), &logs[i], &len), "a line is text");
	check_that(c->check, rpc_case_events(c, logs, n) == 0, "the ml program wrote all events");
	rpc_json_free(root);
}
