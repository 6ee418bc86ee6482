/* Any bytes as the answer to any method: what is taken for a result must lie within what was given. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc_parse_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const uint8_t *p, size_t n, volatile uint8_t *sink)
{
	for (size_t i = 0; i < n; i++)
		*sink ^= p[i];
}

static void check_transaction(const struct rpc_transaction *t, volatile uint8_t *sink)
{
	read_all(t->tx, t->tx_len, sink);
	for (size_t i = 0; i < t->n_logs; i++)
		read_all((const uint8_t *)t->logs[i], strlen(t->logs[i]) + 1, sink);
	for (size_t i = 0; i < t->n_inner; i++) {
		read_all(t->inner[i].accounts, t->inner[i].n_accounts, sink);
		read_all(t->inner[i].data, t->inner[i].n_data, sink);
	}
	for (size_t i = 0; i < t->n_writable; i++)
		read_all(t->loaded_writable[i].b, PUBKEY_SIZE, sink);
	for (size_t i = 0; i < t->n_readonly; i++)
		read_all(t->loaded_readonly[i].b, PUBKEY_SIZE, sink);
}

static void check_result(enum rpc_method method, const struct rpc_result *result, volatile uint8_t *sink)
{
	if (method == RPC_ACCOUNTS) {
		for (size_t i = 0; i < result->as.accounts.n; i++)
			read_all(result->as.accounts.account[i].data, result->as.accounts.account[i].len, sink);
	} else if (method == RPC_TRANSACTION) {
		check_transaction(&result->as.transaction, sink);
	} else if (method == RPC_FEES) {
		for (size_t i = 1; i < result->as.fees.n; i++)
			assert(result->as.fees.price[i - 1] <= result->as.fees.price[i]);
	} else if (method == RPC_SIGNATURES && result->as.signatures.n > 0) {
		read_all(result->as.signatures.info[result->as.signatures.n - 1].sig.b, SIGNATURE_SIZE, sink);
	}
}

static void compare_account(const struct rpc_account *a, const struct rpc_account *b)
{
	assert(a->exists == b->exists && a->lamports == b->lamports && a->len == b->len);
	assert(memcmp(a->owner.b, b->owner.b, PUBKEY_SIZE) == 0);
	assert(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* What is read without json-c, json-c reads as well: a blank in front makes it. */
static void compare_readers(const struct rpc_question *question, const struct rpc_body *body)
{
	struct rpc_memory scan_memory = { 0 }, json_memory = { 0 };
	struct rpc_result scanned, parsed;
	struct rpc_answer answer;

	if (!rpc_scan_accounts(question, body, &scan_memory, &scanned)) {
		rpc_memory_free(&scan_memory);
		return;
	}
	char *text = malloc(body->len + 1);
	assert(text);
	text[0] = ' ';
	memcpy(text + 1, body->text, body->len);
	const struct rpc_body same = { .status = 200, .text = text, .len = body->len + 1 };
	assert(rpc_parse(question, &same, &json_memory, &parsed, &answer) == RPC_RESULT);
	assert(scanned.slot.n == parsed.slot.n && scanned.as.accounts.n == parsed.as.accounts.n);
	for (size_t i = 0; i < scanned.as.accounts.n; i++)
		compare_account(&scanned.as.accounts.account[i], &parsed.as.accounts.account[i]);
	free(text);
	rpc_memory_free(&scan_memory);
	rpc_memory_free(&json_memory);
}

/* First byte: the method. Second: how many values were asked for. The rest is the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rpc_memory memory = { 0 };
	struct rpc_question question;
	struct rpc_answer answer;
	struct rpc_result result;
	volatile uint8_t sink = 0;
	struct rpc_body body;

	if (size < 2)
		return 0;
	question = (struct rpc_question){ .method = (enum rpc_method)(data[0] % RPC_METHODS), .id = 1, .n = data[1] };
	body = (struct rpc_body){ .status = 200, .text = (const char *)data + 2, .len = size - 2 };
	if (question.method == RPC_ACCOUNTS)
		compare_readers(&question, &body);
	if (rpc_parse(&question, &body, &memory, &result, &answer) == RPC_RESULT)
		check_result(question.method, &result, &sink);
	else
		assert(strlen(answer.why) > 0 && strlen(answer.why) < sizeof answer.why);
	rpc_memory_free(&memory);
	return 0;
}
