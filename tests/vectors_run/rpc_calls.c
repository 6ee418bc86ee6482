/* The daemon's own reading of a transaction, as for keeper.calls: of every pool that the case names, just the expected calls. */
#include <json-c/json.h>
#include <string.h>

#include "core/base58.h"
#include "core/calls.h"
#include "rpc.h"

/* What the row's amount must be, or NULL: asked for, or really moved. */
static const char *amount_member(struct json_object *expect, bool failed)
{
	if (has_value(expect, "amount"))
		return "amount";
	if (failed)
		return NULL;
	if (has_value(expect, "refund"))
		return "refund";
	return has_value(expect, "winner_amount") ? "winner_amount" : NULL;
}

static void expect_call(struct rpc_case *c, struct json_object *expect, const struct pool_call *got, bool failed)
{
	const char *amount = amount_member(expect, failed);

	expect_text(c->check, expect, "instruction", ml_name(got->which));
	expect_key(c->check, expect, "user", &got->user);
	expect_bool(c->check, expect, "top_level", got->inner < 0);
	if (amount == NULL)
		return;
	check_that(c->check, got->has_amount, "the call has an amount");
	expect_u64(c->check, expect, amount, got->amount);
	check_that(c->check, failed || got->decimals != CALLS_DECIMALS_UNKNOWN, "the decimals are known");
}

/* The program's own events name the pool's id; so does the call's row. Without a log the calls are the same. */
static void expect_pool_id(struct rpc_case *c, const struct calls_source *source, const struct signature *sig,
	const struct pubkey *pool, const struct pool_calls *told)
{
	struct json_object *events = member(c->check, c->expect, "events");
	struct calls_source silent = *source;
	struct pool_calls untold;

	silent.n_logs = 0;
	if (calls_read(&untold, &silent, sig, pool) != CALLS_OK || untold.n != told->n) {
		check_fail(c->check, "without a log the calls are others");
		return;
	}
	for (size_t i = 0; i < told->n; i++) {
		for (size_t j = 0; told->call[i].has_pool_id && j < json_object_array_length(events); j++) {
			struct json_object *data = json_object_object_get(json_object_array_get_idx(events, j), "data");
			char address[PUBKEY_TEXT];

			base58_pubkey(address, pool);
			if (has_value(data, "numerical_pool_id") &&
				strcmp(json_object_get_string(json_object_object_get(data, "pool_id")), address) == 0)
				expect_u64(c->check, data, "numerical_pool_id", told->call[i].pool_id);
		}
	}
}

static void run_pool(struct rpc_case *c, const struct calls_source *source, const struct signature *sig,
	struct pubkey pool, bool failed)
{
	struct json_object *list = member(c->check, c->expect, "calls");
	struct pool_calls got;
	size_t n = 0;

	if (calls_read(&got, source, sig, &pool) != CALLS_OK) {
		check_fail(c->check, "the daemon does not take this transaction");
		return;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *expect = json_object_array_get_idx(list, i);
		struct pubkey of = read_key(c->check, expect, "pool");

		if (!pubkey_equal(&of, &pool))
			continue;
		if (n < got.n)
			expect_call(c, expect, &got.call[n], failed);
		n++;
	}
	check_that(c->check, n == got.n, "the number of calls of this pool");
	expect_pool_id(c, source, sig, &pool, &got);
}

/* One changed byte of the message, of a signature or of the list of loaded addresses, and it is not taken. */
static void run_tampered(
	struct rpc_case *c, const struct calls_source *source, const struct signature *sig, const struct pubkey *pool)
{
	struct calls_source tampered = *source;
	struct signature other = *sig;
	uint8_t bytes[TX_SIZE_MAX];
	struct pool_calls got;

	memcpy(bytes, source->tx.p, source->tx.n);
	tampered.tx.p = bytes;
	bytes[source->tx.n - 1] ^= 1;
	check_that(c->check, calls_read(&got, &tampered, sig, pool) != CALLS_OK, "a changed message is refused");
	bytes[source->tx.n - 1] ^= 1;
	bytes[1 + SIGNATURE_SIZE - 1] ^= 1;
	other.b[SIGNATURE_SIZE - 1] ^= 1;
	check_that(c->check, calls_read(&got, &tampered, sig, pool) == CALLS_OTHER_TRANSACTION,
		"another transaction than the one asked for is refused");
	check_that(c->check, calls_read(&got, &tampered, &other, pool) == CALLS_BAD_SIGNATURE,
		"a signature that does not verify is refused");
	tampered = *source;
	tampered.n_writable++;
	check_that(c->check, calls_read(&got, &tampered, sig, pool) == CALLS_BAD_TABLES,
		"more loaded addresses than the message asks for are refused");
}

void rpc_case_calls(struct rpc_case *c, const struct rpc_transaction *rpc)
{
	const struct calls_source source = { { rpc->tx, rpc->tx_len }, rpc->slot, rpc->loaded_writable,
		rpc->loaded_readonly, rpc->n_writable, rpc->n_readonly, rpc->has_inner, rpc->inner, rpc->n_inner,
		rpc->logs, rpc->n_logs };
	struct json_object *calls = member(c->check, c->expect, "calls"),
			   *events = member(c->check, c->expect, "events");
	struct signature sig;
	struct tx_view view;

	if (tx_parse(&view, rpc->tx, rpc->tx_len) != TX_OK)
		return;
	sig = tx_view_signature(&view, 0);
	for (size_t i = 0; i < json_object_array_length(calls); i++)
		run_pool(
			c, &source, &sig, read_key(c->check, json_object_array_get_idx(calls, i), "pool"), rpc->failed);
	for (size_t i = 0; i < json_object_array_length(events); i++) {
		struct json_object *data = json_object_object_get(json_object_array_get_idx(events, i), "data");

		if (has_value(data, "pool_id"))
			run_pool(c, &source, &sig, read_key(c->check, data, "pool_id"), rpc->failed);
	}
	if (member_exists(c->expect, "mentioned_only"))
		run_pool(c, &source, &sig, read_key(c->check, c->expect, "mentioned_only"), rpc->failed);
	if (json_object_array_length(calls) > 0) {
		const struct pubkey pool = read_key(c->check, json_object_array_get_idx(calls, 0), "pool");

		run_tampered(c, &source, &sig, &pool);
	}
}
