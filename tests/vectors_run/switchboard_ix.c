/* switchboard.json: instructions of Switchboard and ml, ATAs, compute budget, and the winner rule. */
#include <json-c/json.h>
#include <string.h>

#include "base/crypto.h"
#include "core/address.h"
#include "core/ata.h"
#include "core/compute.h"
#include "core/draw.h"
#include "core/ml.h"
#include "core/pda.h"
#include "switchboard.h"
#include "chain/rpc_parse.h"

static void read_answer(struct check *check, struct json_object *object, const char *name, struct oracle_answer *out)
{
	char why[200];
	size_t n;
	const char *text = read_text(check, object, name, &n);

	memset(out, 0, sizeof *out);
	if (rpc_parse_oracle_answer(text, n, out, why, sizeof why) != ERR_OK)
		check_fail(check, "%s: %s", name, why);
}

/* Where a BUG_ vector leaves its inputs out, they are those of the vector without the bug. */
static struct json_object *inputs_of(struct check *check, const struct sb_vector *v, const char *twin)
{
	char name[80] = "";
	struct json_object *vector;

	strncat(name, v->is_mainnet ? "mainnet/ix/" : "devnet/ix/", 16);
	strncat(name, twin, 40);
	vector = find_vector(v->root, name);
	if (vector == NULL)
		check_fail(check, "needs the vector %s", name);
	return json_object_object_get(vector, "inputs");
}

static void check_identified(struct check *check, const struct ix *ix, enum sb_ix which)
{
	enum sb_ix got;

	check_that(check, sb_identify(&got, ix->data, ix->data_size) && got == which, "the instruction is identified");
}

static void run_init_or_reveal(struct check *check, const struct sb_vector *v, bool init, bool bug)
{
	struct json_object *in = bug ? inputs_of(check, v, init ? "randomness_init" : "randomness_reveal") : v->inputs;
	struct pubkey randomness = read_key(check, in, "randomness");
	struct pubkey authority = read_key(check, in, "authority");
	struct pubkey payer = read_key(check, in, "payer");
	struct pubkey oracle = read_key(check, in, "oracle");
	struct oracle_answer answer;
	struct sb_net net;
	struct ix ix;

	net_of(v, &net);
	expect_key(check, in, "queue", &net.queue);
	if (bug)
		payer = ADDRESS_SYSTEM;
	if (bug && init)
		authority = ADDRESS_SYSTEM;
	if (init) {
		sb_init(&ix, &net, &randomness, &authority, &payer, read_u64(check, in, "recent_slot"));
	} else {
		read_answer(check, in, "gateway_response", &answer);
		sb_reveal(&ix, &net, &randomness, &oracle, &authority, &payer, &answer);
	}
	check_identified(check, &ix, init ? SB_INIT : SB_REVEAL);
	expect_ix(check, v->expected, &IX_NAMES_SWITCHBOARD, &ix);
}

static void run_commit_or_close(struct check *check, const struct sb_vector *v, enum sb_ix which)
{
	struct pubkey randomness = read_key(check, v->inputs, "randomness");
	struct sb_net net;
	struct ix ix;
	struct pubkey other;

	net_of(v, &net);
	if (which == SB_CLOSE_LUT) {
		other = read_key(check, v->inputs, "recipient");
		sb_close_lut(&ix, &net, &randomness, &other, read_u64(check, v->inputs, "lut_slot"));
	} else {
		struct pubkey authority = read_key(check, v->inputs, "authority");

		other = read_key(check, v->inputs, "oracle");
		expect_key(check, v->inputs, "queue", &net.queue);
		expect_key(check, v->inputs, "payer", &authority);
		if (which == SB_COMMIT)
			sb_commit(&ix, &net, &randomness, &other, &authority);
		else
			sb_close(&ix, &net, &randomness, &authority, read_u64(check, v->inputs, "lut_slot"));
	}
	check_identified(check, &ix, which);
	expect_ix(check, v->expected, &IX_NAMES_SWITCHBOARD, &ix);
}

static void put_ata(struct check *check, struct json_object *in, const char *name, struct pubkey *out,
	const struct pubkey *owner, const struct pubkey *mint, const struct pubkey *token_program)
{
	pda_ata(out, owner, mint, token_program);
	if (member_exists(in, name))
		expect_key(check, in, name, out);
}

static void run_ml(struct check *check, const struct sb_vector *v, const char *what)
{
	bool is_2022 = strcmp(what, "payout22") == 0;
	const struct pubkey *token = is_2022 ? &ADDRESS_TOKEN_2022 : &ADDRESS_TOKEN;
	struct json_object *in = v->inputs;
	struct pubkey treasury = read_key(check, in, "treasury_wallet");
	struct ml_accounts a = { .of[ML_MINT] = read_key(check, in, "mint"),
		.of[ML_POOL] = read_key(check, in, "pool"),
		.of[ML_USER] = read_key(check, in, "dev_wallet"),
		.of[ML_WINNER_PUBKEY] = read_key(check, in, "winner"),
		.of[ML_RANDOMNESS] = common_key(check, v->root, "rng"),
		.of[ML_TOKEN_PROGRAM] = *token };
	enum ml_ix which = ML_PAYOUT_WINNER;
	struct ix ix;

	expect_key(check, in, "ml_program", &ADDRESS_ML);
	pda_participants(&a.of[ML_PARTICIPANTS], &a.of[ML_POOL]);
	expect_key(check, in, "participants", &a.of[ML_PARTICIPANTS]);
	put_ata(check, in, is_2022 ? "pool_token_2022" : "pool_token", &a.of[ML_POOL_TOKEN], &a.of[ML_POOL],
		&a.of[ML_MINT], token);
	put_ata(check, in, is_2022 ? "winner_token_2022" : "winner_token", &a.of[ML_WINNER_TOKEN],
		&a.of[ML_WINNER_PUBKEY], &a.of[ML_MINT], token);
	put_ata(check, in, is_2022 ? "" : "dev_token", &a.of[ML_DEV_TOKEN], &a.of[ML_USER], &a.of[ML_MINT], token);
	put_ata(check, in, is_2022 ? "" : "treasury_token", &a.of[ML_TREASURY_TOKEN], &treasury, &a.of[ML_MINT], token);
	if (strcmp(what, "unlock") == 0)
		which = ML_UNLOCK_POOL;
	else if (strcmp(what, "request") == 0)
		which = ML_REQUEST_RANDOMNESS;
	else if (strcmp(what, "select") == 0)
		which = ML_SELECT_WINNER;
	else
		check_that(check, strncmp(what, "payout", 6) == 0, "a known instruction");
	ml_build(&ix, which, &a, NULL);
	expect_ix(check, v->expected, &IX_NAMES_SWITCHBOARD, &ix);
}

static void run_ata(struct check *check, const struct sb_vector *v, const char *what)
{
	struct json_object *ml = ml_inputs(check, v->root);
	const char *owner_name = strcmp(what, "ataWin") == 0   ? "winner"
	                         : strcmp(what, "ataTre") == 0 ? "treasury_wallet"
	                                                       : "dev_wallet";
	struct pubkey owner = read_key(check, ml, owner_name);
	struct pubkey payer = read_key(check, ml, "dev_wallet");
	struct pubkey mint = read_key(check, ml, "mint");
	struct pubkey ata;
	struct ix ix;

	pda_ata(&ata, &owner, &mint, &ADDRESS_TOKEN);
	ata_create_idempotent(&ix, &payer, &ata, &owner, &mint, &ADDRESS_TOKEN);
	expect_ix(check, v->expected, &IX_NAMES_SWITCHBOARD, &ix);
}

static void run_winner(struct check *check, const struct sb_vector *v)
{
	uint64_t pool_id = read_u64(check, v->inputs, "pool_id");
	struct hash value = read_hash(check, v->inputs, "value_hex");
	uint64_t count = read_u64(check, v->inputs, "participants_count");
	uint8_t id[8];
	const struct bytes parts[2] = { { id, sizeof id }, { value.b, 16 } };
	struct hash hash;
	struct drawn draw;

	store_u64(id, pool_id);
	crypto_sha256(&hash, parts, 2);
	expect_hex(check, v->expected, "sha256_hex", hash.b, HASH_SIZE);
	if (count > UINT8_MAX || draw_winner(&draw, pool_id, value.b, (uint8_t)count) != DRAW_OK) {
		check_fail(check, "refused");
		return;
	}
	expect_u64(check, v->expected, "u64", draw.normalized);
	expect_u64(check, v->expected, "index", draw.index);
}

bool run_sb_ix(struct check *check, const struct sb_vector *v)
{
	struct ix ix;

	if (strcmp(v->kind, "ix/randomness_init") == 0)
		run_init_or_reveal(check, v, true, false);
	else if (strcmp(v->kind, "ix/randomness_reveal") == 0)
		run_init_or_reveal(check, v, false, false);
	else if (strcmp(v->kind, "ix/BUG_randomness_init_without_payer") == 0)
		run_init_or_reveal(check, v, true, true);
	else if (strcmp(v->kind, "ix/BUG_randomness_reveal_without_payer") == 0)
		run_init_or_reveal(check, v, false, true);
	else if (strcmp(v->kind, "ix/randomness_commit") == 0)
		run_commit_or_close(check, v, SB_COMMIT);
	else if (strcmp(v->kind, "ix/randomness_close") == 0)
		run_commit_or_close(check, v, SB_CLOSE);
	else if (strcmp(v->kind, "ix/randomness_close_lut") == 0)
		run_commit_or_close(check, v, SB_CLOSE_LUT);
	else if (strncmp(v->kind, "ml/ix/", 6) == 0)
		run_ml(check, v, v->kind + 6);
	else if (strncmp(v->kind, "ml/winner/", 10) == 0)
		run_winner(check, v);
	else if (strncmp(v->kind, "ix/create_ata_idempotent/", 25) == 0)
		run_ata(check, v, v->kind + 25);
	else if (strcmp(v->kind, "ix/compute_budget/cuLimit") == 0) {
		compute_limit(&ix, (uint32_t)read_u64(check, v->inputs, "units"));
		expect_ix(check, v->expected, &IX_NAMES_SWITCHBOARD, &ix);
	} else if (strcmp(v->kind, "ix/compute_budget/cuPrice") == 0) {
		compute_price(&ix, read_u64(check, v->inputs, "micro_lamports"));
		expect_ix(check, v->expected, &IX_NAMES_SWITCHBOARD, &ix);
	} else
		return false;
	return true;
}
