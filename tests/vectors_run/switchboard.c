/* switchboard.json: dispatch by name, and the vectors about addresses and discriminators. */
#include "switchboard.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "core/address.h"
#include "core/ml.h"
#include "core/pda.h"

struct json_object *find_vector(struct json_object *root, const char *name)
{
	struct json_object *vectors = json_object_object_get(root, "vectors");
	size_t n = json_object_is_type(vectors, json_type_array) ? json_object_array_length(vectors) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *vector = json_object_array_get_idx(vectors, i);
		const char *text = json_object_get_string(json_object_object_get(vector, "name"));

		if (text != NULL && strcmp(text, name) == 0)
			return vector;
	}
	return NULL;
}

struct json_object *common_inputs(struct check *check, struct json_object *root)
{
	struct json_object *vector = find_vector(root, "inputs/common");

	if (vector == NULL)
		check_fail(check, "needs the vector inputs/common");
	return json_object_object_get(vector, "expected");
}

struct json_object *ml_inputs(struct check *check, struct json_object *root)
{
	struct json_object *vector = find_vector(root, "ml/ix/unlock");

	if (vector == NULL)
		check_fail(check, "needs the vector ml/ix/unlock");
	return json_object_object_get(vector, "inputs");
}

struct pubkey common_key(struct check *check, struct json_object *root, const char *who)
{
	struct json_object *pair = member(check, common_inputs(check, root), who);

	return read_key(check, pair, "pubkey");
}

void net_of(const struct sb_vector *v, struct sb_net *out)
{
	if (v->is_mainnet)
		sb_net_init(out, &ADDRESS_SWITCHBOARD_MAINNET, &ADDRESS_SWITCHBOARD_QUEUE_MAINNET);
	else
		sb_net_init(out, &ADDRESS_SWITCHBOARD_DEVNET, &ADDRESS_SWITCHBOARD_QUEUE_DEVNET);
}

/* Keys of the file come from ed25519 seeds SHA-256("ml-vector/" + name). */
static void check_pair(struct check *check, struct json_object *common, const char *who)
{
	struct json_object *pair = member(check, common, who);
	struct bytes parts[2] = { { (const uint8_t *)"ml-vector/", 10 }, { (const uint8_t *)who, strlen(who) } };
	struct pubkey key;
	struct hash seed;

	crypto_sha256(&seed, parts, 2);
	expect_hex(check, pair, "seed_hex", seed.b, HASH_SIZE);
	crypto_ed25519_public_key(&key, seed.b);
	expect_key(check, pair, "pubkey", &key);
}

/* Anchor's rule: SHA-256("<space>:<name>")[0..8]. */
static void anchor_discriminator(uint8_t out[8], const char *space, const char *name)
{
	struct bytes parts[3] = { { (const uint8_t *)space, strlen(space) }, { (const uint8_t *)":", 1 },
		{ (const uint8_t *)name, strlen(name) } };
	struct hash hash;

	crypto_sha256(&hash, parts, 3);
	memcpy(out, hash.b, 8);
}

static const char *const SB_IX_NAME[] = { [SB_INIT] = "randomness_init",
	[SB_COMMIT] = "randomness_commit",
	[SB_REVEAL] = "randomness_reveal",
	[SB_CLOSE] = "randomness_close",
	[SB_CLOSE_LUT] = "randomness_close_lut" };

/* The instruction that our code sees behind the bytes must have the vector's name. */
static void check_ix_name(struct check *check, const char *name, const uint8_t data[8])
{
	uint8_t padded[256] = { 0 };
	struct ml_args args;
	enum sb_ix sb;
	enum ml_ix ml;

	memcpy(padded, data, 8);
	if (sb_identify(&sb, padded, sizeof padded))
		check_that(check, strcmp(SB_IX_NAME[sb], name) == 0, "identified as the instruction of that name");
	else if (ml_parse(&ml, &args, padded, sizeof padded))
		check_that(check, strcmp(ml_name(ml), name) == 0, "identified as the instruction of that name");
	else
		check_fail(check, "%s: not identified", name);
}

static void check_account_name(struct check *check, const char *name, const uint8_t data[8])
{
	const uint8_t *ours = NULL;

	if (strcmp(name, "RandomnessAccountData") == 0)
		ours = SB_RANDOMNESS_DISCRIMINATOR;
	if (strcmp(name, "QueueAccountData") == 0)
		ours = SB_QUEUE_DISCRIMINATOR;
	if (strcmp(name, "OracleAccountData") == 0)
		ours = SB_ORACLE_DISCRIMINATOR;
	if (ours != NULL)
		check_that(check, memcmp(ours, data, 8) == 0, "our discriminator of that account");
}

static void run_discriminator(struct check *check, const struct sb_vector *v)
{
	const char *name = strrchr(v->kind, '/') + 1;
	uint8_t got[8];
	size_t n;

	if (strncmp(v->kind, "discriminator/ix/", 17) == 0) {
		name = read_text(check, v->inputs, "name", &n);
		anchor_discriminator(got, "global", name);
		check_ix_name(check, name, got);
	} else if (strncmp(v->kind, "discriminator/account/", 22) == 0) {
		name = read_text(check, v->inputs, "name", &n);
		anchor_discriminator(got, "account", name);
		check_account_name(check, name, got);
	} else {
		anchor_discriminator(got, "event", name);
	}
	expect_hex(check, v->expected, "hex", got, 8);
}

/* Seeds as the vector writes them: "\"STATE\"" (text), a named key, or u64le(lut_slot). */
static void eval_seed(
	struct check *check, const struct sb_vector *v, const char *text, uint8_t memory[32], struct bytes *out)
{
	size_t n = strlen(text);
	struct pubkey key;

	out->p = memory;
	if (n >= 2 && n - 2 <= 32 && text[0] == '"') {
		memcpy(memory, text + 1, n - 2);
		out->n = n - 2;
		return;
	}
	if (strcmp(text, "u64le(lut_slot)") == 0) {
		store_u64(memory, read_u64(check, v->inputs, "lut_slot"));
		out->n = 8;
		return;
	}
	if (strcmp(text, "lut_signer") == 0) {
		struct pubkey randomness = read_key(check, v->inputs, "randomness");
		struct sb_net net;

		net_of(v, &net);
		pda_sb_lut_signer(&key, &net.program, &randomness);
	} else {
		key = read_key(check, v->inputs, text);
	}
	memcpy(memory, key.b, PUBKEY_SIZE);
	out->n = PUBKEY_SIZE;
}

static void check_seeds(struct check *check, const struct sb_vector *v)
{
	struct json_object *array = json_object_object_get(v->inputs, "seeds");
	struct pubkey program = read_key(check, v->inputs, "program");
	uint8_t memory[4][32];
	struct bytes seeds[4];
	struct pubkey got;
	size_t n = json_object_array_length(array);
	uint8_t bump;

	for (size_t i = 0; i < n && i < 4; i++)
		eval_seed(check, v, json_object_get_string(json_object_array_get_idx(array, i)), memory[i], &seeds[i]);
	check_that(check, n <= 4 && pda_find(&got, &bump, seeds, n, &program) == PDA_OK, "the seeds give an address");
	expect_key(check, v->expected, "address", &got);
	if (member_exists(v->expected, "bump"))
		expect_u64(check, v->expected, "bump", bump);
}

static void run_pda(struct check *check, const struct sb_vector *v)
{
	const char *what = v->kind + strlen("pda/");
	struct pubkey randomness = read_key(check, v->inputs, "randomness");
	struct pubkey oracle = read_key(check, v->inputs, "oracle");
	struct pubkey got;
	struct pubkey signer;
	struct sb_net net;
	uint8_t bump;

	net_of(v, &net);
	expect_key(check, v->inputs, "queue", &net.queue);
	if (member_exists(v->inputs, "seeds"))
		check_seeds(check, v);
	/* Not used on Solana: only the general rule is ours. */
	if (strcmp(what, "queue_pda_svm") == 0)
		return;
	pda_sb_lut_signer(&signer, &net.program, &randomness);
	if (strcmp(what, "program_state") == 0)
		bump = pda_sb_state(&got, &net.program);
	else if (strcmp(what, "lut_signer") == 0)
		bump = pda_sb_lut_signer(&got, &net.program, &randomness);
	else if (strcmp(what, "lookup_table") == 0)
		bump = pda_sb_lut(&got, &signer, read_u64(check, v->inputs, "lut_slot"));
	else if (strcmp(what, "reward_escrow") == 0)
		bump = pda_sb_escrow(&got, &randomness);
	else if (strcmp(what, "oracle_randomness_stats") == 0)
		bump = pda_sb_stats(&got, &net.program, &oracle);
	else {
		check_fail(check, "unknown address %s", what);
		return;
	}
	expect_key(check, v->expected, "address", &got);
	if (member_exists(v->expected, "bump"))
		expect_u64(check, v->expected, "bump", bump);
}

bool run_sb_address(struct check *check, const struct sb_vector *v)
{
	struct sb_net net;

	if (strcmp(v->kind, "inputs/common") == 0) {
		check_pair(check, v->expected, "payer");
		check_pair(check, v->expected, "rng");
	} else if (strncmp(v->kind, "discriminator/", 14) == 0) {
		run_discriminator(check, v);
	} else if (strcmp(v->kind, "ids") == 0) {
		net_of(v, &net);
		expect_key(check, v->expected, "program_id", &net.program);
		expect_key(check, v->expected, "queue", &net.queue);
	} else if (strncmp(v->kind, "pda/", 4) == 0) {
		run_pda(check, v);
	} else {
		return false;
	}
	return true;
}

static void run_vector(const struct suite *suite, struct json_object *root, struct json_object *object, size_t i)
{
	struct check check;
	struct sb_vector v = { .root = root };
	size_t n;

	check_begin(&check, suite, "vectors[%zu]", i);
	note_unknown_members(suite, object, "name source inputs expected note");
	v.name = read_text(&check, object, "name", &n);
	v.inputs = member(&check, object, "inputs");
	v.expected = member(&check, object, "expected");
	check_begin(&check, suite, "%s", v.name);
	v.is_mainnet = strncmp(v.name, "mainnet/", 8) == 0;
	v.kind = v.name + (v.is_mainnet ? 8 : strncmp(v.name, "devnet/", 7) == 0 ? 7 : 0);
	if (v.inputs == NULL || v.expected == NULL) {
		check_fail(&check, "no inputs or nothing expected");
	} else if (!run_sb_gateway(&check, &v) && !run_sb_address(&check, &v) && !run_sb_ix(&check, &v) &&
		   !run_sb_account(&check, &v) && !run_sb_oracle(&check, &v) && !run_sb_tx(&check, &v)) {
		printf("SKIP %s %s (unknown kind of vector)\n", suite->file, v.name);
		return;
	}
	check_end(&check);
}

void vectors_switchboard(const struct suite *suite, struct json_object *root)
{
	size_t n = section_size(suite, root, "vectors");

	if (member_exists(root, "count")) {
		struct check check;

		check_begin(&check, suite, "count");
		expect_u64(&check, root, "count", n);
		check_end(&check);
	}
	for (size_t i = 0; i < n; i++)
		run_vector(suite, root, section_at(root, "vectors", i), i);
	note_unknown_members(suite, root, "generated_with count vectors");
}
