/* getMultipleAccounts as validators write it, read in one go: nearly all that a quiet tick has to do, and json-c takes
 * most of a tick's time for it. Whatever is not exactly what we know (blanks, escapes, another member, a member twice) is
 * left to json-c, which alone says what is wrong with an answer. */
#include <string.h>

#include "chain/rpc_parse_json.h"
#include "core/base64.h"

struct cursor {
	const char *at, *end;
};

struct word {
	const char *text;
	size_t len;
};

/* Members of an object that have been read, one bit each. */
struct members {
	unsigned seen;
	bool first;
};

static bool take(struct cursor *c, const char *literal)
{
	const size_t len = strlen(literal);

	if ((size_t)(c->end - c->at) < len || memcmp(c->at, literal, len) != 0)
		return false;
	c->at += len;
	return true;
}

/* Up to the next quote. What it may hold is for the caller to judge: an escape must not pass. */
static bool take_string(struct cursor *c, struct word *out)
{
	if (!take(c, "\""))
		return false;
	const char *quote = memchr(c->at, '"', (size_t)(c->end - c->at));
	if (!quote)
		return false;
	*out = (struct word){ c->at, (size_t)(quote - c->at) };
	c->at = quote + 1;
	return true;
}

static bool take_u64(struct cursor *c, uint64_t *out)
{
	const char *from = c->at;
	uint64_t n = 0;

	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(*c->at - '0'), &n))
			return false;
	}
	*out = n;
	return c->at > from && (*from != '0' || c->at == from + 1);
}

/* Its digits may be too many for any number. */
static bool skip_digits(struct cursor *c)
{
	const char *from = c->at;

	while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
		c->at++;
	return c->at > from;
}

static bool is_plain(struct word word)
{
	for (size_t i = 0; i < word.len; i++) {
		if (word.text[i] < ' ' || word.text[i] > '~' || word.text[i] == '\\')
			return false;
	}
	return true;
}

static bool is(struct word word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.text, text, word.len) == 0;
}

/* The name of the next member as an index of names, up to its colon; -1: none that we know, or one that was there. */
static int next_member(struct cursor *c, struct members *members, const char *const *names, int n)
{
	struct word name;

	if ((!members->first && !take(c, ",")) || !take_string(c, &name) || !take(c, ":"))
		return -1;
	members->first = false;
	for (int i = 0; i < n; i++) {
		if (!is(name, names[i]))
			continue;
		if (members->seen & 1u << i)
			return -1;
		members->seen |= 1u << i;
		return i;
	}
	return -1;
}

static bool scan_data(struct cursor *c, struct rpc_memory *memory, struct rpc_account *out)
{
	struct word text;

	if (!take(c, "[") || !take_string(c, &text) || !take(c, ",\"base64\"]"))
		return false;
	const size_t room = text.len / 4 * 3;
	uint8_t *bytes = rpc_memory_take(memory, room, 1);
	out->data = bytes;
	return base64_decode(bytes, room, &out->len, text.text, text.len);
}

static bool scan_account(struct cursor *c, struct rpc_memory *memory, struct rpc_account *out)
{
	enum { DATA, EXECUTABLE, LAMPORTS, OWNER, RENT_EPOCH, SPACE, N };
	static const char *const names[N] = { "data", "executable", "lamports", "owner", "rentEpoch", "space" };
	struct members members = { .first = true };
	struct word owner;
	uint64_t space;
	bool ok = take(c, "{");

	*out = (struct rpc_account){ .exists = true };
	while (ok && !take(c, "}")) {
		switch (next_member(c, &members, names, N)) {
		case DATA:
			ok = scan_data(c, memory, out);
			break;
		case EXECUTABLE:
			ok = take(c, "false") || take(c, "true");
			break;
		case LAMPORTS:
			ok = take_u64(c, &out->lamports);
			break;
		case OWNER:
			ok = take_string(c, &owner) && rpc_owner(memory, owner.text, owner.len, &out->owner);
			break;
		case RENT_EPOCH:
			ok = skip_digits(c);
			break;
		case SPACE:
			ok = take_u64(c, &space);
			break;
		default:
			ok = false;
		}
	}
	const unsigned needed = 1u << DATA | 1u << LAMPORTS | 1u << OWNER;
	return ok && (members.seen & needed) == needed;
}

static bool scan_list(struct cursor *c, size_t n, struct rpc_memory *memory, struct rpc_accounts *out)
{
	bool ok = take(c, "[");

	for (size_t i = 0; ok && i < n; i++) {
		ok = i == 0 || take(c, ",");
		out->account[i] = (struct rpc_account){ .exists = false };
		ok = ok && (take(c, "null") || scan_account(c, memory, &out->account[i]));
	}
	out->n = n;
	return ok && take(c, "]");
}

static bool scan_context(struct cursor *c, struct slot *out)
{
	enum { VERSION, SLOT, N };
	static const char *const names[N] = { "apiVersion", "slot" };
	struct members members = { .first = true };
	struct word version;
	bool ok = take(c, "{");

	while (ok && !take(c, "}")) {
		switch (next_member(c, &members, names, N)) {
		case VERSION:
			ok = take_string(c, &version) && is_plain(version);
			break;
		case SLOT:
			ok = take_u64(c, &out->n);
			break;
		default:
			ok = false;
		}
	}
	return ok && (members.seen & 1u << SLOT);
}

static bool scan_result(struct cursor *c, size_t n, struct rpc_memory *memory, struct rpc_accounts *out)
{
	enum { CONTEXT, VALUE, N };
	static const char *const names[N] = { "context", "value" };
	struct members members = { .first = true };
	bool ok = take(c, "{");

	while (ok && !take(c, "}")) {
		switch (next_member(c, &members, names, N)) {
		case CONTEXT:
			ok = scan_context(c, &out->at);
			break;
		case VALUE:
			ok = scan_list(c, n, memory, out);
			break;
		default:
			ok = false;
		}
	}
	return ok && members.seen == (1u << N) - 1;
}

bool rpc_scan_accounts(const struct rpc_question *question, const struct rpc_body *body, struct rpc_memory *memory,
	struct rpc_result *out)
{
	enum { JSONRPC, RESULT, ID, N };
	static const char *const names[N] = { "jsonrpc", "result", "id" };
	struct cursor c = { body->text, body->text + body->len };
	struct members members = { .first = true };
	uint64_t id = 0;

	if (body->status != 200 || question->n > RPC_ACCOUNTS_MAX)
		return false;
	rpc_memory_reserve(memory, body->len); /* decoded base64 is shorter than its text */
	bool ok = take(&c, "{");
	while (ok && !take(&c, "}")) {
		switch (next_member(&c, &members, names, N)) {
		case JSONRPC:
			ok = take(&c, "\"2.0\"");
			break;
		case RESULT:
			ok = scan_result(&c, question->n, memory, &out->as.accounts);
			break;
		case ID:
			ok = take_u64(&c, &id) && id == question->id;
			break;
		default:
			ok = false;
		}
	}
	while (c.at < c.end && (*c.at == '\n' || *c.at == '\r'))
		c.at++;
	out->has_slot = true;
	out->slot = out->as.accounts.at;
	return ok && members.seen == (1u << N) - 1 && c.at == c.end;
}
