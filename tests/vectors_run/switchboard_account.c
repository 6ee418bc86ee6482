/* switchboard.json: accounts, synthetic, recorded, and as the program left them. */
#include <json-c/json.h>
#include <string.h>

#include "base/crypto.h"
#include "core/address.h"
#include "core/pda.h"
#include "core/token.h"
#include "switchboard.h"

enum { ACCOUNT_MAX = 8192 };

/* data_hex, data_base64 (with size and sha256), or size and nonzero_ranges. */
static struct bytes read_account(struct check *check, struct json_object *in)
{
	static uint8_t memory[ACCOUNT_MAX];
	struct json_object *ranges = json_object_object_get(in, "nonzero_ranges");
	struct bytes data = { memory, 0 };
	struct hash hash;

	if (member_exists(in, "data_hex"))
		return read_hex(check, in, "data_hex");
	if (member_exists(in, "data_base64")) {
		data = read_base64(check, in, "data_base64");
		crypto_sha256(&hash, &data, 1);
		expect_hex(check, in, "sha256", hash.b, HASH_SIZE);
		expect_u64(check, in, "size", data.n);
		return data;
	}
	memset(memory, 0, sizeof memory);
	data.n = read_u64(check, in, "size");
	for (size_t i = 0; ranges != NULL && i < json_object_array_length(ranges); i++) {
		struct json_object *range = json_object_array_get_idx(ranges, i);
		uint64_t at = read_u64(check, range, "offset");
		struct bytes part = read_hex(check, range, "hex");

		if (data.n > sizeof memory || at > data.n || part.n > data.n - at) {
			check_fail(check, "nonzero_ranges[%zu]: outside of the account", i);
			return (struct bytes){ memory, 0 };
		}
		memcpy(memory + at, part.p, part.n);
	}
	return data;
}

static void run_randomness(struct check *check, const struct sb_vector *v)
{
	struct bytes data = read_account(check, v->inputs);
	struct sb_randomness got;

	if (sb_randomness_decode(&got, data.p, data.n) != ACCOUNT_OK || !got.has_signer) {
		check_fail(check, "refused");
		return;
	}
	expect_key(check, v->expected, "authority", &got.authority);
	expect_key(check, v->expected, "queue", &got.queue);
	expect_hex(check, v->expected, "seedSlothash", got.seed_slothash.b, HASH_SIZE);
	expect_u64(check, v->expected, "seedSlot", got.seed_slot.n);
	expect_key(check, v->expected, "oracle", &got.oracle);
	expect_u64(check, v->expected, "revealSlot", got.reveal_slot.n);
	expect_hex(check, v->expected, "value", got.value, sizeof got.value);
	expect_u64(check, v->expected, "lutSlot", got.lut_slot);
	expect_hex(check, v->expected, "activeSecp256K1Signer", got.signer, sizeof got.signer);
	expect_i64(check, v->expected, "activeSecp256K1Expiration", got.signer_expiration);
}

static void run_oracle(struct check *check, const struct sb_vector *v)
{
	struct bytes data = read_account(check, v->inputs);
	struct json_object *enclave = member(check, v->expected, "enclave");
	struct sb_oracle got;
	uint8_t uri[64] = { 0 };

	if (sb_oracle_decode(&got, data.p, data.n) != ACCOUNT_OK) {
		check_fail(check, "refused");
		return;
	}
	memcpy(uri, got.gateway_uri, strlen(got.gateway_uri));
	expect_key(check, v->expected, "authority", &got.authority);
	expect_key(check, v->expected, "queue", &got.queue);
	expect_i64(check, v->expected, "createdAt", got.created_at);
	expect_i64(check, v->expected, "lastHeartbeat", got.last_heartbeat);
	expect_hex(check, v->expected, "gatewayUri", uri, sizeof uri);
	expect_text(check, v->expected, "gatewayUri_text", got.gateway_uri);
	expect_u64(check, v->expected, "permissions", got.permissions);
	expect_u64(check, v->expected, "isOnQueue", got.is_on_queue);
	expect_u64(check, v->expected, "lutSlot", got.lut_slot);
	expect_key(check, v->expected, "operator", &got.operator);
	expect_key(check, enclave, "enclaveSigner", &got.enclave_signer);
	expect_hex(check, enclave, "mrEnclave", got.mr_enclave.b, HASH_SIZE);
	expect_u64(check, enclave, "verificationStatus", got.verification_status);
	expect_i64(check, enclave, "verificationTimestamp", got.verification_time);
	expect_i64(check, enclave, "validUntil", got.valid_until);
	expect_hex(check, enclave, "secp256K1Signer", got.signer, sizeof got.signer);
}

static void expect_oracles(struct check *check, const struct sb_vector *v, const char *name, const struct sb_queue *got)
{
	struct json_object *keys = member(check, v->expected, name);
	size_t n = json_object_is_type(keys, json_type_array) ? json_object_array_length(keys) : 0;

	check_that(check, n <= got->n_oracles, "the queue has these oracles");
	for (size_t i = 0; i < n && i < got->n_oracles; i++)
		expect_element_key(check, keys, i, name, &got->oracles[i]);
}

static void run_queue_sample(struct check *check, const struct sb_vector *v, const struct sb_queue *got)
{
	expect_key(check, v->expected, "authority", &got->authority);
	expect_i64(check, v->expected, "maxQuoteVerificationAge", got->max_quote_verification_age);
	expect_i64(check, v->expected, "lastHeartbeat", got->last_heartbeat);
	expect_i64(check, v->expected, "nodeTimeout", got->node_timeout);
	expect_u64(check, v->expected, "oracleMinStake", got->oracle_min_stake);
	expect_i64(check, v->expected, "allowAuthorityOverrideAfter", got->allow_authority_override_after);
	expect_u64(check, v->expected, "mrEnclavesLen", got->mr_enclaves_len);
	expect_u64(check, v->expected, "oracleKeysLen", got->oracle_keys_len);
	expect_u64(check, v->expected, "reward", got->reward);
	expect_oracles(check, v, "oracleKeys_first3", got);
}

static void run_queue_recorded(struct check *check, const struct sb_vector *v, const struct sb_queue *got)
{
	struct sb_net net;

	net_of(v, &net);
	expect_key(check, v->inputs, "pubkey", &net.queue);
	expect_key(check, v->inputs, "owner", &net.program);
	expect_hex(check, v->expected, "discriminator", SB_QUEUE_DISCRIMINATOR, 8);
	expect_key(check, v->expected, "authority", &got->authority);
	expect_i64(check, v->expected, "max_quote_verification_age", got->max_quote_verification_age);
	expect_i64(check, v->expected, "last_heartbeat", got->last_heartbeat);
	expect_i64(check, v->expected, "node_timeout", got->node_timeout);
	expect_u64(check, v->expected, "oracle_min_stake", got->oracle_min_stake);
	expect_u64(check, v->expected, "mr_enclaves_len", got->mr_enclaves_len);
	expect_u64(check, v->expected, "oracle_keys_len", got->oracle_keys_len);
	expect_u64(check, v->expected, "reward", got->reward);
	expect_u64(check, v->expected, "curr_idx", got->curr_idx);
	expect_oracles(check, v, "oracle_keys", got);
	expect_key(check, v->expected, "mint", &got->mint);
}

static void run_queue(struct check *check, const struct sb_vector *v)
{
	struct bytes data = read_account(check, v->inputs);
	struct sb_queue got;

	if (sb_queue_decode(&got, data.p, data.n) != ACCOUNT_OK)
		check_fail(check, "refused");
	else if (member_exists(v->inputs, "data_base64"))
		run_queue_recorded(check, v, &got);
	else
		run_queue_sample(check, v, &got);
}

/* We only need the address of this account; its bytes are held against the derivation. */
static void run_state(struct check *check, const struct sb_vector *v)
{
	struct bytes data = read_account(check, v->inputs);
	struct pubkey program = read_key(check, v->inputs, "owner");
	struct pubkey state;
	uint8_t bump = pda_sb_state(&state, &program);

	expect_key(check, v->inputs, "pubkey", &state);
	expect_u64(check, v->expected, "bump", bump);
	if (data.n < 80) {
		check_fail(check, "too short");
		return;
	}
	expect_hex(check, v->expected, "discriminator", data.p, 8);
	check_that(check, data.p[8] == bump, "the account stores its bump");
	memcpy(state.b, data.p + 16, PUBKEY_SIZE);
	expect_key(check, v->expected, "authority", &state);
	memcpy(state.b, data.p + 48, PUBKEY_SIZE);
	expect_key(check, v->expected, "guardian_queue", &state);
}

/* "step": init, commit, reveal. */
static void check_step(
	struct check *check, const struct sb_vector *v, struct json_object *step, const struct sb_randomness *got)
{
	struct json_object *newest = member(check, v->inputs, "newest_slothash");
	size_t n;
	const char *name = read_text(check, step, "step", &n);
	bool committed = strcmp(name, "init") != 0;
	bool revealed = strcmp(name, "reveal") == 0;
	struct pubkey authority = common_key(check, v->root, "payer");
	struct json_object *common = common_inputs(check, v->root);
	struct pubkey oracle = read_key(check, common, "oracle");
	struct sb_net net;

	net_of(v, &net);
	check_that(check, read_bool(check, step, "ok"), "the step went well");
	check_that(check, pubkey_equal(&got->authority, &authority) && pubkey_equal(&got->queue, &net.queue),
		"authority and queue");
	expect_u64(check, common, "lut_slot", got->lut_slot);
	if (committed) {
		expect_u64(check, newest, "slot", got->seed_slot.n);
		expect_hex(check, newest, "hash_hex", got->seed_slothash.b, HASH_SIZE);
		expect_hex(check, member(check, common, "oracle_secp256k1"), "pubkey64_hex", got->signer, 64);
	} else {
		check_that(check, got->seed_slot.n == 0, "nothing committed yet");
	}
	check_that(check, pubkey_equal(&got->oracle, &oracle) == (committed && !revealed), "oracle between the two");
	if (revealed) {
		expect_u64(check, v->inputs, "clock_slot_reveal", got->reveal_slot.n);
		expect_hex(check, common, "value_hex", got->value, sizeof got->value);
	} else {
		check_that(check, got->reveal_slot.n == 0, "not revealed yet");
	}
}

static void check_events(
	struct check *check, const struct sb_vector *v, struct json_object *step, const struct sb_randomness *account)
{
	struct json_object *events = member(check, step, "event_base64");
	struct json_object *one = json_object_new_object();
	struct pubkey randomness = common_key(check, v->root, "rng");
	size_t n = json_object_is_type(events, json_type_array) ? json_object_array_length(events) : 0;

	check_that(check, n == (account->seed_slot.n != 0 && account->reveal_slot.n == 0), "an event at commit only");
	for (size_t i = 0; i < n; i++) {
		struct sb_commit_event got;
		struct bytes data;

		json_object_object_add(one, "event", json_object_get(json_object_array_get_idx(events, i)));
		data = read_base64(check, one, "event");
		check_that(check,
			sb_commit_event_decode(&got, data.p, data.n) && pubkey_equal(&got.randomness, &randomness) &&
				pubkey_equal(&got.oracle, &account->oracle) && got.slot.n == account->seed_slot.n &&
				hash_equal(&got.slothash, &account->seed_slothash),
			"the event says what the account holds");
	}
	json_object_put(one);
}

/* The token account and the lookup table that init made. */
static void check_created(struct check *check, const struct sb_vector *v, struct json_object *step)
{
	struct json_object *escrow = member(check, step, "escrow");
	struct json_object *lut = member(check, step, "lut");
	struct pubkey randomness = common_key(check, v->root, "rng");
	struct pubkey address;
	struct pubkey signer;
	struct token_account token;
	struct bytes data = read_hex(check, escrow, "data_hex");
	struct sb_net net;

	net_of(v, &net);
	pda_sb_escrow(&address, &randomness);
	expect_key(check, escrow, "pubkey", &address);
	expect_key(check, escrow, "owner", &ADDRESS_TOKEN);
	expect_u64(check, escrow, "len", data.n);
	check_that(check,
		token_account_decode(&token, &ADDRESS_TOKEN, data.p, data.n) == TOKEN_OK && token.amount == 0 &&
			token.is_native && pubkey_equal(&token.mint, &ADDRESS_WSOL) &&
			pubkey_equal(&token.owner, &net.state),
		"the escrow is an empty wSOL account of the program");
	data = read_hex(check, lut, "data_hex");
	pda_sb_lut_signer(&signer, &net.program, &randomness);
	pda_sb_lut(&address, &signer, read_u64(check, common_inputs(check, v->root), "lut_slot"));
	expect_key(check, lut, "pubkey", &address);
	expect_key(check, lut, "owner", &ADDRESS_LOOKUP_TABLE);
	expect_u64(check, lut, "len", data.n);
}

static void run_program(struct check *check, const struct sb_vector *v)
{
	size_t n = json_object_is_type(v->expected, json_type_array) ? json_object_array_length(v->expected) : 0;

	check_that(check, n > 0, "there are steps");
	for (size_t i = 0; i < n; i++) {
		struct json_object *step = json_object_array_get_idx(v->expected, i);
		struct bytes data = read_hex(check, step, "randomness_account_hex");
		struct sb_randomness got;

		if (sb_randomness_decode(&got, data.p, data.n) != ACCOUNT_OK || !got.has_signer) {
			check_fail(check, "step %zu: account refused", i);
			continue;
		}
		check_step(check, v, step, &got);
		check_events(check, v, step, &got);
		if (member_exists(step, "escrow"))
			check_created(check, v, step);
	}
}

bool run_sb_account(struct check *check, const struct sb_vector *v)
{
	if (strncmp(v->kind, "account/RandomnessAccountData/", 30) == 0)
		run_randomness(check, v);
	else if (strncmp(v->kind, "account/OracleAccountData/", 26) == 0)
		run_oracle(check, v);
	else if (strncmp(v->kind, "account/QueueAccountData/", 25) == 0)
		run_queue(check, v);
	else if (strncmp(v->kind, "account/State/", 14) == 0)
		run_state(check, v);
	else if (strcmp(v->kind, "program/after_init_commit_reveal") == 0)
		run_program(check, v);
	else
		return false;
	return true;
}
