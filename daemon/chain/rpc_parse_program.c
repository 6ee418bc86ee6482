/* getProgramAccounts: its list is cut out of the answer and read element by element, for a tree of all of it would take
 * three kilobytes per account. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "chain/rpc_parse_json.h"

enum { ENVELOPE_MAX = 4096 };

/* What lies between the brackets of the list. */
struct cut {
	size_t from, to;
	bool found;
};

static size_t skip_space(const char *text, size_t len, size_t at)
{
	while (at < len && text[at] != '\0' && strchr(" \t\r\n", text[at]))
		at++;
	return at;
}

/* text[at] opens an object or an array. Returns the index of what closes it, or len. */
static size_t closing(const char *text, size_t len, size_t at)
{
	size_t depth = 0;

	for (; at < len; at++) {
		switch (text[at]) {
		case '"':
			at = rpc_json_string_end(text, len, at);
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (--depth == 0)
				return at;
			break;
		default:
			break;
		}
	}
	return len;
}

/* At the quote of a name: the bracket that opens its value when it is a "value" with a list, else len. */
static size_t list_of_value(const char *text, size_t len, size_t quote, size_t end)
{
	size_t at = skip_space(text, len, end + 1);

	if (end - quote != sizeof "value" || memcmp(text + quote + 1, "value", sizeof "value" - 1) != 0 || at >= len ||
		text[at] != ':')
		return len;
	at = skip_space(text, len, at + 1);
	return at < len && text[at] == '[' ? at : len;
}

/* The list of {"result":{"value":[ ... ]}}: at depth two, whatever else is there. */
static struct cut cut_list(const char *text, size_t len)
{
	size_t depth = 0;

	for (size_t at = 0; at < len; at++) {
		if (text[at] == '{' || text[at] == '[') {
			depth++;
		} else if ((text[at] == '}' || text[at] == ']') && depth > 0) {
			depth--;
		} else if (text[at] == '"') {
			const size_t end = rpc_json_string_end(text, len, at);
			const size_t list = depth == 2 && end < len ? list_of_value(text, len, at, end) : len;

			if (list < len) {
				const size_t to = closing(text, len, list);
				return (struct cut){ .from = list + 1, .to = to, .found = to < len };
			}
			at = end;
		}
	}
	return (struct cut){ .found = false };
}

/* The next element from *at on, and *at behind it. False: there is none, or what is there is not one (*at < to). */
static bool next_element(const char *text, size_t to, size_t *at, size_t *from, size_t *end)
{
	*from = skip_space(text, to, *at);
	if (*from >= to || text[*from] != '{') {
		*at = *from;
		return false;
	}
	*end = closing(text, to, *from);
	if (*end >= to) {
		*at = *from;
		return false;
	}
	*at = skip_space(text, to, *end + 1);
	if (*at < to && text[*at] == ',')
		*at = skip_space(text, to, *at + 1) < to ? *at + 1 : *from; /* nothing behind a comma is a fault */
	else if (*at < to)
		*at = *from;
	return *at > *from;
}

static bool count_elements(const char *text, const struct cut *list, size_t *n)
{
	size_t at = list->from, from, end;

	for (*n = 0; next_element(text, list->to, &at, &from, &end);)
		++*n;
	return at >= list->to;
}

static bool parse_element(const char *text, size_t len, struct rpc_memory *memory, struct rpc_program_account *out)
{
	bool out_of_range, ok;
	struct json_object *element = rpc_json_parse(text, len, &out_of_range);
	struct rpc_account account;

	ok = element && rpc_json_pubkey(rpc_json_get(element, "pubkey"), &out->address) &&
	     rpc_json_account(rpc_json_get(element, "account"), memory, &account) && account.exists &&
	     account.len == sizeof out->head;
	if (ok) {
		out->owner = account.owner;
		memcpy(out->head, account.data, sizeof out->head);
	}
	rpc_json_free(element);
	return ok;
}

static bool parse_list(
	const struct rpc_body *body, const struct cut *list, struct rpc_memory *memory, struct rpc_program *out)
{
	size_t at = list->from, from, end;

	if (!count_elements(body->text, list, &out->n))
		return false;
	rpc_memory_reserve(memory, out->n * sizeof *out->account + body->len);
	out->account = rpc_memory_take(memory, out->n * sizeof *out->account, _Alignof(struct rpc_program_account));
	for (size_t i = 0; i < out->n; i++) {
		if (!next_element(body->text, list->to, &at, &from, &end) ||
			!parse_element(body->text + from, end - from + 1, memory, &out->account[i]))
			return false;
	}
	return true;
}

/* The answer without its list, so that everything else is judged as in any other answer. */
static bool parse_envelope(const struct rpc_question *question, const struct rpc_body *body, const struct cut *list,
	struct rpc_result *out, struct rpc_answer *answer)
{
	char text[ENVELOPE_MAX];
	struct buf buf;
	struct rpc_body envelope = { .status = body->status, .text = text };
	struct json_object *root, *result, *value;
	bool has_result, ok;
	size_t n;

	buf_on(&buf, text, sizeof text);
	if (list->found) {
		buf_add(&buf, body->text, list->from);
		buf_add(&buf, body->text + list->to, body->len - list->to);
	} else {
		/* An error is short; of a proxy's page the beginning is enough. */
		buf_add(&buf, body->text, body->len < sizeof text ? body->len : sizeof text - 1);
	}
	if (!buf_ok(&buf))
		return rpc_json_bad(answer, "more beside its list than any answer of this method has");
	envelope.len = buf.len;
	result = rpc_json_open(&envelope, question->id, &root, &has_result, answer);
	ok = has_result && list->found && rpc_json_context(result, out, &value) && rpc_json_array(value, &n) && n == 0;
	rpc_json_free(root);
	if (has_result && !ok)
		return rpc_json_bad(answer, "not what this method answers");
	return ok;
}

enum rpc_outcome rpc_parse_program(const struct rpc_question *question, const struct rpc_body *body,
	struct rpc_memory *memory, struct rpc_result *out, struct rpc_answer *answer)
{
	const struct cut list = cut_list(body->text, body->len);

	if (!parse_envelope(question, body, &list, out, answer))
		return answer->outcome;
	if (!parse_list(body, &list, memory, &out->as.program))
		rpc_json_bad(answer, "an account in the list is not one");
	out->as.program.at = out->slot;
	return answer->outcome;
}
