/* switchboard.json: what an oracle signs, who signed, and which answers of a gateway are taken. */
#include <json-c/json.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/oracle_sig.h"
#include "chain/rpc_parse.h"
#include "switchboard.h"

/* The commit that all signature vectors are about. */
struct subject {
	struct pubkey randomness;
	struct hash slothash;
	struct slot slot;
	struct oracle_answer answer;
	uint8_t signer[64];
};

static void read_signature(struct check *check, struct json_object *object, struct oracle_answer *out)
{
	struct bytes signature = read_hex(check, object, "sig64_hex");

	if (signature.n != sizeof out->signature)
		check_fail(check, "sig64_hex: %zu bytes", signature.n);
	else
		memcpy(out->signature, signature.p, signature.n);
	out->recovery_id = (uint8_t)read_u64(check, object, "recovery_id");
}

static void read_signer(struct check *check, struct json_object *object, const char *name, uint8_t out[64])
{
	struct bytes key = read_hex(check, object, name);

	if (key.n != 64)
		check_fail(check, "%s: %zu bytes", name, key.n);
	else
		memcpy(out, key.p, 64);
}

static bool read_subject(struct check *check, const struct sb_vector *v, struct subject *out)
{
	struct json_object *valid = find_vector(v->root, "signature/valid");
	struct json_object *in = json_object_object_get(valid, "inputs");
	struct json_object *expected = json_object_object_get(valid, "expected");
	struct hash value;

	if (valid == NULL) {
		check_fail(check, "needs the vector signature/valid");
		return false;
	}
	out->randomness = read_key(check, in, "randomness");
	out->slothash = read_hash(check, in, "seed_slothash_hex");
	out->slot.n = read_u64(check, in, "seed_slot");
	value = read_hash(check, in, "value_hex");
	memcpy(out->answer.value, value.b, HASH_SIZE);
	read_signature(check, expected, &out->answer);
	read_signer(check, expected, "pubkey64_hex", out->signer);
	return true;
}

static bool valid_for(const struct subject *s, const uint8_t signer[64])
{
	return oracle_sig_valid(&s->randomness, &s->slothash, s->slot, &s->answer, signer);
}

static void subject_digest(const struct subject *s, uint8_t message[SB_MESSAGE_SIZE], struct hash *digest)
{
	sb_reveal_message(message, &s->randomness, &s->slothash, s->slot, s->answer.value);
	crypto_sha256(digest, &(struct bytes){ message, SB_MESSAGE_SIZE }, 1);
}

static void run_valid(struct check *check, const struct sb_vector *v, const struct subject *s)
{
	uint8_t message[SB_MESSAGE_SIZE];
	struct hash digest;

	subject_digest(s, message, &digest);
	expect_hex(check, v->expected, "message_hex", message, sizeof message);
	expect_hex(check, v->expected, "sha256_hex", digest.b, HASH_SIZE);
	check_that(check, valid_for(s, s->signer), "the signature is the oracle's");
}

/* The same commit under another signature or recovery id: who does it recover to? */
static void run_variant(struct check *check, const struct sb_vector *v, struct subject *s)
{
	uint8_t message[SB_MESSAGE_SIZE];
	uint8_t recovered[64] = { 0 };
	struct hash digest;

	subject_digest(s, message, &digest);
	expect_hex(check, v->inputs, "digest_sha256_hex", digest.b, HASH_SIZE);
	read_signature(check, v->inputs, &s->answer);
	read_signer(check, v->expected, "recovers_pubkey64_hex", recovered);
	check_that(check, valid_for(s, recovered), "recovers to the expected key");
	if (member_exists(v->expected, "matches_signer"))
		expect_bool(check, v->expected, "matches_signer", valid_for(s, s->signer));
}

static bool run_signature(struct check *check, const struct sb_vector *v)
{
	struct subject s;

	if (!read_subject(check, v, &s))
		return true;
	if (strcmp(v->kind, "signature/valid") == 0) {
		run_valid(check, v, &s);
	} else if (member_exists(v->expected, "recovers_pubkey64_hex")) {
		run_variant(check, v, &s);
	} else if (member_exists(v->expected, "reject")) {
		s.answer.recovery_id = (uint8_t)read_u64(check, v->inputs, "recovery_id");
		expect_bool(check, v->expected, "reject", !valid_for(&s, s.signer));
	} else {
		return false;
	}
	return true;
}

static void run_response(struct check *check, const struct sb_vector *v)
{
	struct oracle_answer answer;
	char why[240];
	size_t n;
	const char *body = read_text(check, v->inputs, "body", &n);
	enum err err = rpc_parse_oracle_answer(body, n, &answer, why, sizeof why);

	if (member_exists(v->expected, "reject")) {
		expect_bool(check, v->expected, "reject", err != ERR_OK);
		return;
	}
	if (err != ERR_OK) {
		check_fail(check, "body: %s", why);
		return;
	}
	expect_hex(check, v->expected, "signature_hex", answer.signature, sizeof answer.signature);
	expect_u64(check, v->expected, "recovery_id", answer.recovery_id);
	expect_hex(check, v->expected, "value_hex", answer.value, sizeof answer.value);
}

bool run_sb_oracle(struct check *check, const struct sb_vector *v)
{
	if (strncmp(v->kind, "signature/", 10) == 0)
		return run_signature(check, v);
	if (strncmp(v->kind, "gateway/response/", 17) != 0)
		return false;
	run_response(check, v);
	return true;
}
