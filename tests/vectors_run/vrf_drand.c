/* vrf.json, drand: chain, times, messages, randomness; with a library for pairings, the signatures. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "chain/drand_sig.h"
#include "core/drand.h"
#include "vrf.h"

static void run_chain(const struct suite *suite, struct json_object *object)
{
	const struct drand_chain *chain = &DRAND_QUICKNET;
	struct check check;
	struct hash hash;

	check_begin(&check, suite, "drand chain");
	note_unknown_members(suite, object, "hash public_key scheme period genesis_time group_hash dst");
	drand_chain_hash(&hash, chain);
	expect_hex(&check, object, "hash", hash.b, sizeof hash.b);
	expect_hex(&check, object, "public_key", chain->key, sizeof chain->key);
	expect_u64(&check, object, "period", chain->period_s);
	expect_i64(&check, object, "genesis_time", chain->genesis);
	expect_hex(&check, object, "group_hash", chain->group.b, sizeof chain->group.b);
	check_end(&check);
}

static void run_round(const struct suite *suite, struct json_object *object, size_t i)
{
	struct drand_signature signature;
	struct check check;
	struct hash hash;
	uint64_t round = 0, last = 0;
	int64_t due = 0;

	check_begin(&check, suite, "drand rounds[%zu]", i);
	note_unknown_members(suite, object, "round time message signature randomness randomness_published");
	check_that(&check, drand_time_of(&due, &DRAND_QUICKNET, read_u64(&check, object, "round")), "has a time");
	expect_i64(&check, object, "time", due);
	check_that(&check,
		drand_round_at(&round, &DRAND_QUICKNET, due) && drand_round_at(&last, &DRAND_QUICKNET, due + 2),
		"the times have rounds");
	expect_u64(&check, object, "round", round);
	expect_u64(&check, object, "round", last);
	drand_message(&hash, round);
	expect_hex(&check, object, "message", hash.b, sizeof hash.b);
	read_exact(&check, object, "signature", signature.b, sizeof signature.b);
	drand_randomness(&hash, &signature);
	expect_hex(&check, object, "randomness", hash.b, sizeof hash.b);
	check_that(&check, drand_sig_check(&DRAND_QUICKNET, round, &signature) != DRAND_SIG_FORGED,
		"the signature is not called forged");
	check_end(&check);
}

static void run_invalid(const struct suite *suite, struct json_object *object, size_t i)
{
	struct drand_signature signature = { { 0 } };
	struct check check;
	struct bytes bytes;

	check_begin(&check, suite, "drand invalid[%zu]", i);
	note_unknown_members(suite, object, "name round signature valid");
	bytes = read_hex(&check, object, "signature");
	memcpy(signature.b, bytes.p, bytes.n < sizeof signature.b ? bytes.n : sizeof signature.b);
	expect_bool(&check, object, "valid",
		drand_sig_check(&DRAND_QUICKNET, read_u64(&check, object, "round"), &signature) != DRAND_SIG_FORGED);
	check_end(&check);
}

static bool has_pairings(void)
{
	static const struct drand_signature none;

	return drand_sig_check(&DRAND_QUICKNET, 1, &none) != DRAND_SIG_UNCHECKED;
}

void vectors_vrf_drand(const struct suite *suite, struct json_object *root)
{
	run_chain(suite, json_object_object_get(root, "chain"));
	for (size_t i = 0; i < section_size(suite, root, "rounds"); i++)
		run_round(suite, section_at(root, "rounds", i), i);
	note_unknown_members(suite, root, "chain rounds invalid");
	if (!has_pairings()) {
		printf("SKIP %s drand invalid (%zu signatures: this build has no pairings)\n", suite->file,
			section_size(suite, root, "invalid"));
		return;
	}
	for (size_t i = 0; i < section_size(suite, root, "invalid"); i++)
		run_invalid(suite, section_at(root, "invalid", i), i);
}
