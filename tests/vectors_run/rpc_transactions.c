/* getTransaction and its relatives: what a transaction did, from its bytes, its inner instructions and its log. */
#include <json-c/json.h>
#include <string.h>

#include "chain/rpc_parse_json.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/base64.h"
#include "core/event.h"
#include "core/ml.h"
#include "core/tx.h"
#include "rpc.h"
#include "rpc_wire.h"

enum { KEYS_MAX = 256, EVENT_MAX = 2048 };

/* One transaction with everything that its instructions may name. */
struct seen {
	struct rpc_transaction *rpc;
	struct tx_view view;
	struct pubkey loaded[KEYS_MAX];
	size_t n_loaded;
	size_t calls; /* of the ml program, so far */
};

/* Holds one event against expect.events[i] with the comparison of events.json. */
static void expect_event(struct rpc_case *c, size_t i, const char *text)
{
	struct json_object *list = member(c->check, c->expect, "events"), *root, *cases, *one;
	struct json_object *expected = json_object_array_get_idx(list, i);
	struct tally tally = { 0, 0 };
	struct suite suite = { .dir = c->check->suite->dir, .file = "rpc", .tally = &tally };

	if (expected == NULL) {
		check_fail(c->check, "an event more than expected");
		return;
	}
	root = json_object_new_object();
	cases = json_object_new_array();
	one = json_object_new_object();
	json_object_object_add(one, "base64", json_object_new_string(text));
	json_object_object_add(one, "name", json_object_get(json_object_object_get(expected, "name")));
	json_object_object_add(one, "data", json_object_get(json_object_object_get(expected, "data")));
	json_object_array_add(cases, one);
	json_object_object_add(root, "cases", cases);
	vectors_events(&suite, root);
	check_that(c->check, tally.passed == 1 && tally.failed == 0, "the event is the expected one");
	json_object_put(root);
}

unsigned rpc_case_events(struct rpc_case *c, const char *const *logs, size_t n)
{
	uint8_t buffer[EVENT_MAX];
	unsigned foreign = 0;
	struct event_log log;
	struct event event;
	struct bytes data;
	size_t events = 0;

	event_log_begin(&log);
	for (size_t i = 0; i < n; i++) {
		enum event_line line = event_log_line(
			&log, &ADDRESS_ML, logs[i], strlen(logs[i]), buffer, sizeof buffer, &data);
		if (line == EVENT_LINE_OTHER || !event_decode(&event, data.p, data.n))
			continue;
		foreign += line == EVENT_LINE_FOREIGN;
		expect_event(c, events++, logs[i] + strlen("Program data: "));
	}
	check_that(c->check, events == json_object_array_length(member(c->check, c->expect, "events")),
		"the number of events");
	return foreign;
}

/* The amounts that only the program's own events tell. */
static void expect_event_amounts(struct rpc_case *c, struct json_object *expect, const struct rpc_transaction *rpc)
{
	uint8_t buffer[EVENT_MAX];
	struct event_log log;
	struct event event;
	struct bytes data;

	event_log_begin(&log);
	for (size_t i = 0; i < rpc->n_logs; i++) {
		if (event_log_line(&log, &ADDRESS_ML, rpc->logs[i], strlen(rpc->logs[i]), buffer, sizeof buffer,
			    &data) != EVENT_LINE_TRUSTED ||
			!event_decode(&event, data.p, data.n))
			continue;
		if (event.kind == EVENT_WINNER_SELECTED && member_exists(expect, "winner_amount")) {
			expect_u64(c->check, expect, "winner_amount", event.as.winner.winner_amount);
			expect_u64(c->check, expect, "dev_amount", event.as.winner.dev_amount);
			expect_u64(c->check, expect, "burn_amount", event.as.winner.burn_amount);
			expect_u64(c->check, expect, "treasury_amount", event.as.winner.treasury_amount);
		}
		if (event.kind == EVENT_REFUND_CLAIMED && member_exists(expect, "refund")) {
			expect_u64(c->check, expect, "refund", event.as.refund_claimed.amount);
			expect_u64(c->check, expect, "burned", event.as.refund_claimed.burn_amount);
		}
	}
}

static bool key_of(const struct seen *seen, struct bytes accounts, int position, struct pubkey *out)
{
	return position >= 0 && (size_t)position < accounts.n &&
	       tx_view_key(&seen->view, accounts.p[position], seen->loaded, seen->n_loaded, out);
}

static void expect_role(struct rpc_case *c, struct json_object *expect, const char *name, const struct seen *seen,
	struct bytes accounts, int position)
{
	struct pubkey key;

	if (!member_exists(expect, name))
		return;
	if (key_of(seen, accounts, position, &key))
		expect_key(c->check, expect, name, &key);
	else
		check_fail(c->check, "%s: the instruction has no such account", name);
}

static void run_call(
	struct rpc_case *c, struct seen *seen, uint64_t program, struct bytes accounts, struct bytes data, bool top)
{
	struct json_object *list = member(c->check, c->expect, "calls"), *expect;
	struct ml_args args;
	enum ml_ix which;
	struct pubkey key;

	if (!tx_view_key(&seen->view, program, seen->loaded, seen->n_loaded, &key) ||
		!pubkey_equal(&key, &ADDRESS_ML) || !ml_parse(&which, &args, data.p, data.n))
		return;
	expect = json_object_array_get_idx(list, seen->calls++);
	if (expect == NULL) {
		check_fail(c->check, "a call more than expected: %s", ml_name(which));
		return;
	}
	expect_text(c->check, expect, "instruction", ml_name(which));
	expect_bool(c->check, expect, "top_level", top);
	expect_role(c, expect, "pool", seen, accounts, ml_position(which, ML_POOL));
	expect_role(c, expect, "user", seen, accounts, ml_position(which, ML_USER));
	expect_role(c, expect, "winner", seen, accounts, ml_position(which, ML_WINNER_PUBKEY));
	if (has_value(expect, "amount"))
		expect_u64(c->check, expect, "amount", args.bet_amount);
	if (has_value(expect, "max_participants"))
		expect_u64(c->check, expect, "max_participants", args.max_participants);
	expect_event_amounts(c, expect, seen->rpc);
	note_unknown_members(c->check->suite, expect,
		"instruction top_level pool user winner amount max_participants winner_amount dev_amount burn_amount "
		"treasury_amount refund burned lamports_returned");
}

static void run_calls(struct rpc_case *c, struct seen *seen)
{
	for (unsigned i = 0; i < seen->view.n_ixs; i++) {
		const struct tx_ix *ix = &seen->view.ixs[i];
		run_call(c, seen, ix->program, tx_view_ix_accounts(&seen->view, ix), tx_view_ix_data(&seen->view, ix),
			true);
		for (size_t j = 0; j < seen->rpc->n_inner; j++) {
			const struct tx_inner *inner = &seen->rpc->inner[j];
			if (inner->outer == i)
				run_call(c, seen, inner->program, (struct bytes){ inner->accounts, inner->n_accounts },
					(struct bytes){ inner->data, inner->n_data }, false);
		}
	}
	check_that(c->check, seen->calls == json_object_array_length(member(c->check, c->expect, "calls")),
		"the number of calls");
}

static void expect_keys(struct rpc_case *c, const struct seen *seen)
{
	struct json_object *keys = member(c->check, c->expect, "account_keys");
	struct json_object *signers = member(c->check, c->expect, "signers");
	struct pubkey key;

	check_that(c->check, json_object_array_length(keys) == tx_view_key_count(&seen->view), "the number of keys");
	check_that(c->check, json_object_array_length(signers) == seen->view.n_signatures, "the number of signers");
	for (size_t i = 0; i < json_object_array_length(keys); i++) {
		if (!tx_view_key(&seen->view, i, seen->loaded, seen->n_loaded, &key)) {
			check_fail(c->check, "key %zu is not there", i);
			return;
		}
		expect_element_key(c->check, keys, i, "account_keys", &key);
		if (i < json_object_array_length(signers))
			expect_element_key(c->check, signers, i, "signers", &key);
	}
}

/* A pool that is only named must not be the pool of any expected call, and must be named. */
static void expect_mention(struct rpc_case *c, const struct seen *seen)
{
	struct pubkey mentioned, key;
	bool named = false;

	if (!member_exists(c->expect, "mentioned_only"))
		return;
	mentioned = read_key(c->check, c->expect, "mentioned_only");
	for (size_t i = 0; i < tx_view_key_count(&seen->view); i++)
		named = named || (tx_view_key(&seen->view, i, seen->loaded, seen->n_loaded, &key) &&
					 pubkey_equal(&key, &mentioned));
	check_that(c->check, named, "the account is mentioned");
}

static void expect_facts(struct rpc_case *c, const struct seen *seen)
{
	const struct rpc_transaction *rpc = seen->rpc;
	struct signature sig = tx_view_signature(&seen->view, 0);
	char text[SIGNATURE_TEXT];

	base58_signature(text, &sig);
	expect_text(c->check, c->expect, "signature", text);
	expect_u64(c->check, c->expect, "slot", rpc->slot.n);
	if (has_value(c->expect, "block_time"))
		expect_i64(c->check, c->expect, "block_time", rpc->block_time);
	else
		check_that(c->check, rpc->block_time == 0, "there is no block time");
	if (json_object_is_type(member(c->check, c->expect, "version"), json_type_string))
		expect_text(c->check, c->expect, "version", seen->view.is_v0 ? "0" : "legacy");
	else
		expect_u64(c->check, c->expect, "version", seen->view.is_v0 ? 0 : 1);
	expect_bool(c->check, c->expect, "ok", !rpc->failed);
	check_that(
		c->check, has_value(c->expect, "custom_error") == (rpc->failed && rpc->failure.custom), "custom error");
	if (has_value(c->expect, "custom_error"))
		expect_u64(c->check, c->expect, "custom_error", rpc->failure.code);
	expect_u64(c->check, c->expect, "fee", rpc->fee);
	check_that(c->check, tx_view_verify(&seen->view), "the signatures are valid");
}

static void run_transaction(struct rpc_case *c, struct rpc_transaction *rpc)
{
	struct seen seen = { .rpc = rpc };
	size_t size = sizeof(struct pubkey);

	if (tx_parse(&seen.view, rpc->tx, rpc->tx_len) != TX_OK || rpc->n_writable + rpc->n_readonly > KEYS_MAX) {
		check_fail(c->check, "does not parse as a transaction");
		return;
	}
	if (rpc->n_writable > 0)
		memcpy(seen.loaded, rpc->loaded_writable, rpc->n_writable * size);
	if (rpc->n_readonly > 0)
		memcpy(seen.loaded + rpc->n_writable, rpc->loaded_readonly, rpc->n_readonly * size);
	seen.n_loaded = rpc->n_writable + rpc->n_readonly;
	expect_facts(c, &seen);
	expect_keys(c, &seen);
	expect_mention(c, &seen);
	run_calls(c, &seen);
	unsigned foreign = rpc_case_events(c, rpc->logs, rpc->n_logs);
	bool forged = strstr(c->check->name, "wrong_program") != NULL;
	check_that(c->check, forged == (foreign > 0), "only the forged event is not the program's own");
	check_that(c->check, rpc->logs_truncated == (strstr(c->check->name, "truncated") != NULL),
		"whether the log is cut");
}

/* claim_rent gives back what the closed accounts held; only the balances tell. */
static void expect_lamports_returned(struct rpc_case *c, struct json_object *result)
{
	struct json_object *meta = rpc_json_get(result, "meta"), *calls = rpc_json_get(c->expect, "calls");
	struct json_object *before = rpc_json_get(meta, "preBalances"), *after = rpc_json_get(meta, "postBalances");
	uint64_t sum = 0, had, has;
	size_t n = 0;

	rpc_json_array(before, &n);
	for (size_t i = 0; i < n; i++) {
		if (rpc_json_u64(json_object_array_get_idx(before, i), &had) &&
			rpc_json_u64(json_object_array_get_idx(after, i), &has) && has == 0)
			sum += had;
	}
	for (size_t i = 0; calls && i < json_object_array_length(calls); i++) {
		struct json_object *call = json_object_array_get_idx(calls, i);
		if (member_exists(call, "lamports_returned"))
			expect_u64(c->check, call, "lamports_returned", sum);
	}
}

void rpc_case_transaction(struct rpc_case *c)
{
	struct rpc_body recorded = c->body;
	struct rpc_result result;
	bool out_of_range;
	struct json_object *root = rpc_json_parse(c->body.text, c->body.len, &out_of_range);
	struct json_object *answered = rpc_json_get(root, "result");

	expect_lamports_returned(c, answered);
	/* The daemon asks for base64 only; a transaction recorded in the json encoding is put into bytes first. */
	if (json_object_is_type(rpc_json_get(answered, "transaction"), json_type_object)) {
		check_that(c->check, rpc_wire_encode(answered), "the json encoding is understood");
		c->body.text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN);
		c->body.len = strlen(c->body.text);
	}
	if (rpc_case_parse(c, RPC_TRANSACTION, 1, &result)) {
		check_that(
			c->check, result.as.transaction.found == !has_value(c->expect, "null"), "whether it is known");
		if (result.as.transaction.found)
			run_transaction(c, &result.as.transaction);
		if (result.as.transaction.found)
			rpc_case_calls(c, &result.as.transaction);
	}
	c->body = recorded;
	rpc_json_free(root);
}

static const char *state_name(const struct rpc_status *status)
{
	if (!status->found)
		return "unknown";
	if (status->finalized)
		return "finalized";
	return status->confirmed ? "confirmed" : "processed";
}

static void expect_status(struct rpc_case *c, struct json_object *expect, const struct rpc_status *status)
{
	size_t len;
	const char *state = read_text(c->check, expect, "state", &len);

	/* "finalized (confirmations is null)", "confirmations 5": without a level only the first is certain. */
	if (strncmp(state, "confirmations", strlen("confirmations")) == 0)
		check_that(c->check, status->found && !status->confirmed, "nothing is taken for confirmed");
	else
		check_that(c->check, strncmp(state, state_name(status), strlen(state_name(status))) == 0, "the state");
	if (!status->found)
		return;
	expect_u64(c->check, expect, "slot", status->landed.n);
	expect_bool(c->check, expect, "ok", !status->failed);
	if (!member_exists(expect, "custom"))
		return;
	check_that(
		c->check, has_value(expect, "custom") == status->failure.custom, "whether it is a program's own error");
	check_that(c->check, has_value(expect, "instruction") == (status->failure.ix >= 0),
		"whether an instruction failed");
	if (has_value(expect, "custom"))
		expect_u64(c->check, expect, "custom", status->failure.code);
	if (has_value(expect, "instruction"))
		expect_i64(c->check, expect, "instruction", status->failure.ix);
}

void rpc_case_statuses(struct rpc_case *c)
{
	struct json_object *sigs = json_object_array_get_idx(c->params, 0),
			   *list = member(c->check, c->expect, "statuses");
	struct rpc_result result;

	if (!rpc_case_parse(c, RPC_STATUSES, json_object_array_length(sigs), &result))
		return;
	check_that(c->check, result.as.statuses.n == json_object_array_length(list), "the number of statuses");
	for (size_t i = 0; i < result.as.statuses.n; i++)
		expect_status(c, json_object_array_get_idx(list, i), &result.as.statuses.status[i]);
}

void rpc_case_signatures(struct rpc_case *c)
{
	const struct rpc_signatures *signatures;
	struct rpc_result result;
	char text[SIGNATURE_TEXT];
	uint64_t failed = 0;

	if (!rpc_case_parse(c, RPC_SIGNATURES, RPC_SIGNATURES_MAX, &result))
		return;
	signatures = &result.as.signatures;
	expect_u64(c->check, c->expect, "count", signatures->n);
	for (size_t i = 0; i < signatures->n; i++)
		failed += signatures->info[i].failed;
	if (signatures->n == 0)
		return;
	expect_u64(c->check, c->expect, "failed", failed);
	base58_signature(text, &signatures->info[0].sig);
	expect_text(c->check, c->expect, "first", text);
	base58_signature(text, &signatures->info[signatures->n - 1].sig);
	expect_text(c->check, c->expect, "last", text);
}

void rpc_case_simulation(struct rpc_case *c)
{
	const struct rpc_simulation *simulation;
	struct rpc_result result;

	if (!rpc_case_parse(c, RPC_SIMULATE, 0, &result))
		return;
	simulation = &result.as.simulation;
	expect_bool(c->check, c->expect, "ok", simulation->ok);
	if (member_exists(c->expect, "units"))
		expect_u64(c->check, c->expect, "units", simulation->units);
	if (!member_exists(c->expect, "custom"))
		return;
	expect_u64(c->check, c->expect, "custom", simulation->failure.code);
	expect_i64(c->check, c->expect, "instruction", simulation->failure.ix);
	check_that(c->check, pubkey_equal(&simulation->failed_program, &ADDRESS_ML), "the ml program failed");
	check_that(c->check, strstr(simulation->log, "AnchorError") != NULL, "the log line is Anchor's");
}
