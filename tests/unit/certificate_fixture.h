/* Certificates as an operator would write them, from fixed seeds: a draw off chain and a pool's. */
#ifndef UNIT_CERTIFICATE_FIXTURE_H
#define UNIT_CERTIFICATE_FIXTURE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/certificate.h"
#include "core/merkle.h"
#include "core/pda.h"
#include "oracle_fixture.h"

enum { FIXTURE_STAKE = 40, FIXTURE_TICKETS = 7, FIXTURE_PRIZES = 2, FIXTURE_ALTERNATES = 2, FIXTURE_TEXT = 16384 };

struct fixture_list {
	struct ticket *ticket;
	uint32_t n;
};

static const uint8_t FIXTURE_OPERATOR[32] = { 'o', 'p' };
static const uint8_t FIXTURE_WALLET[32] = { 'w', 'a' };
static const uint8_t FIXTURE_VRF[32] = { 'v', 'r', 'f' };
/* drand's quicknet, round 1000. */
static const char FIXTURE_ROUND_1000[] =
	"b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39";

static inline void fixture_put_hex(FILE *f, const char *key, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	fprintf(f, "\"%s\":\"", key);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%02x", p[i]);
	fputc('"', f);
}

static inline const char *fixture_key(char out[PUBKEY_TEXT], const struct pubkey *key)
{
	base58_pubkey(out, key);
	return out;
}

static inline struct pubkey fixture_pubkey(unsigned n)
{
	struct pubkey key = { .b = { 1, 2, 3 } };

	key.b[31] = (uint8_t)n;
	return key;
}

static inline void fixture_put_sig(FILE *f, unsigned n)
{
	const struct signature sig = { .b = { 9, (uint8_t)n } };
	char text[SIGNATURE_TEXT];

	base58_signature(text, &sig);
	fprintf(f, "\"signature\":\"%s\"", text);
}

/* ---- a draw off chain ---- */

/* A long list has players with three tickets each. */
static inline void fixture_tickets(const struct fixture_list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		list->ticket[i] = (struct ticket){ .weight = 10 * ((uint64_t)i + 1) };
		memcpy(list->ticket[i].participant.b, fixture_pubkey(i % 5).b, HASH_SIZE);
		if (list->n > FIXTURE_TICKETS)
			store_u32(list->ticket[i].participant.b, i / 3);
	}
}

static inline void fixture_put_lock(FILE *f, const struct certificate_lock *lock)
{
	char key[PUBKEY_TEXT];

	fprintf(f,
		"{\"alternates\":\"%u\",\"amounts\":[\"1000\",\"500\"],\"at\":\"%" PRId64
		"\",\"currency\":\"USDC, 6 decimals\",\"deadline\":\"%" PRId64 "\",",
		lock->alternates, lock->at, lock->deadline);
	fixture_put_hex(f, "drand", lock->drand.b, HASH_SIZE);
	fputc(',', f);
	fixture_put_hex(f, "draw", lock->draw.b, DRAW_ID_SIZE);
	fprintf(f, ",\"mode\":\"%u\",\"opened\":\"%" PRIu64 "\",\"previous\":\"%064d\",\"randomness\":\"%s\",",
		(unsigned)lock->mode, lock->opened_us, 0, lock->has_vrf ? "vrf" : "beacon");
	fixture_put_hex(f, "root", lock->root.b, HASH_SIZE);
	fprintf(f, ",\"round\":\"%" PRIu64 "\",", lock->round);
	fixture_put_hex(f, "rules", lock->rules.b, HASH_SIZE);
	fprintf(f,
		",\"seq\":\"1\",\"slot\":\"%" PRIu64
		"\",\"source\":\"club\",\"source_key\":\"summer:7\",\"stakes\":\"%" PRIu64 "\",",
		lock->slot.n, lock->stakes);
	fixture_put_hex(f, "stakes_root", lock->stakes_root.b, HASH_SIZE);
	fprintf(f, ",\"tickets\":\"%" PRIu64 "\",\"total_weight\":\"%" PRIu64 "\"", lock->n, lock->total_weight);
	if (lock->has_vrf)
		fprintf(f, ",\"vrf_key\":\"%s\"", fixture_key(key, &lock->vrf_key));
	fputc('}', f);
}

/* Every ticket cost the same. */
static inline void fixture_stakes(struct certificate_lock *lock)
{
	uint8_t *stakes = malloc(lock->n * STAKE_SIZE);

	if (stakes == NULL)
		abort();
	for (uint64_t i = 0; i < lock->n; i++)
		store_u64_be(stakes + i * STAKE_SIZE, FIXTURE_STAKE);
	lock->stakes = lock->n * FIXTURE_STAKE;
	stakes_root(&lock->stakes_root, &lock->draw, stakes, lock->n);
	free(stakes);
}

static inline void fixture_make_lock(struct certificate_lock *lock, const struct fixture_list *list, bool has_vrf)
{
	struct merkle tree;
	struct hash leaf;

	memset(lock, 0, sizeof *lock);
	memset(lock->draw.b, 0x2a, DRAW_ID_SIZE);
	lock->opened_us = 1692800000123456;
	lock->at = 1692806180;
	lock->deadline = 1692806904;
	lock->round = 980; /* due at 1692806304; the block comes so late that 1000 is used */
	lock->slot.n = 213000000;
	lock->n = list->n;
	lock->prizes = FIXTURE_PRIZES;
	lock->alternates = FIXTURE_ALTERNATES;
	lock->mode = SELECT_ONE_PER_PARTICIPANT;
	memset(lock->rules.b, 0x5c, HASH_SIZE);
	drand_chain_hash(&lock->drand, &DRAND_QUICKNET);
	lock->has_vrf = has_vrf;
	crypto_ed25519_public_key(&lock->vrf_key, FIXTURE_VRF);
	merkle_begin(&tree);
	for (uint32_t i = 0; i < list->n; i++) {
		ticket_leaf(&leaf, &lock->draw, i, &list->ticket[i]);
		merkle_add(&tree, &leaf, NULL);
		lock->total_weight += list->ticket[i].weight;
	}
	merkle_end(&tree, &lock->root, NULL);
	fixture_stakes(lock);
}

static inline void fixture_put_picks(FILE *f, const struct select_pick *pick, const struct ticket *ticket)
{
	fputs("\"picks\":[", f);
	for (unsigned i = 0; i < FIXTURE_PRIZES + FIXTURE_ALTERNATES; i++) {
		fprintf(f, "%s{\"attempt\":\"%u\",\"entry\":\"%u\",\"number\":\"%" PRIu64 "\",", i > 0 ? "," : "",
			pick[i].attempt, pick[i].entry, pick[i].number);
		fixture_put_hex(f, "participant", ticket[pick[i].entry].participant.b, HASH_SIZE);
		fprintf(f, ",\"total\":\"%" PRIu64 "\"}", pick[i].total);
	}
	fputs("],", f);
}

static inline void fixture_compute(const struct certificate_lock *lock, const struct hash *blockhash,
	const struct drand_signature *signature, struct ecvrf_proof *proof, struct ecvrf_steps *steps)
{
	const struct alpha alpha = { lock->draw, lock->n, lock->total_weight, lock->root, lock->rules, { 213000002 },
		*blockhash, 1000, *signature };
	uint8_t bytes[ALPHA_SIZE];
	const struct bytes whole = { bytes, sizeof bytes };

	alpha_bytes(bytes, &alpha);
	if (!lock->has_vrf)
		crypto_sha512(steps->beta.b, &whole, 1);
	else if (ecvrf_prove(proof, FIXTURE_VRF, whole) != ECVRF_OK ||
		 ecvrf_verify(steps, &lock->vrf_key, whole, (struct bytes){ proof->b, sizeof proof->b }) != ECVRF_OK)
		abort();
}

static inline void fixture_select(const struct certificate_lock *lock, const struct ecvrf_beta *beta,
	const struct fixture_list *list, struct select_pick *pick)
{
	const struct select_input input = { *beta, lock->draw, lock->root, list->ticket, list->n, lock->prizes,
		lock->alternates, lock->mode };
	void *memory = malloc(select_memory(list->n));
	struct hash key;

	if (memory == NULL || select_run(pick, &key, &input, memory) != SELECT_OK)
		abort();
	free(memory);
}

static inline void fixture_put_anchor(FILE *f)
{
	struct pubkey wallet;
	char text[PUBKEY_TEXT];

	crypto_ed25519_public_key(&wallet, FIXTURE_WALLET);
	fputs("\"anchor\":{", f);
	fixture_put_sig(f, 1);
	fprintf(f, ",\"slot\":\"212999950\",\"wallet\":\"%s\"},", fixture_key(text, &wallet));
}

static inline void fixture_put_block(FILE *f, const struct hash *blockhash)
{
	char text[PUBKEY_TEXT];

	base58_hash(text, blockhash);
	fprintf(f,
		"\"block\":{\"hash\":\"%s\",\"parent_slot\":\"212999999\",\"slot\":\"213000002\",\"time\":"
		"\"1692806300\"},",
		text);
}

static inline void fixture_put_round(FILE *f, const struct drand_signature *signature, int64_t made)
{
	fputs("\"round\":{\"checked_by\":\"poolkeeper 0.1.0 with blst 0.3.16\",\"number\":\"1000\",", f);
	fixture_put_hex(f, "signature", signature->b, DRAND_SIGNATURE_SIZE);
	fprintf(f, "}},\"format\":\"poolkeeper-certificate-1\",\"made\":\"%" PRId64 "\",", made);
}

/* Everything was there but the operator's proof. */
static inline void fixture_put_refunded(
	FILE *f, const struct fixture_list *list, const struct drand_signature *signature)
{
	struct certificate_lock lock;
	struct hash blockhash;

	memset(blockhash.b, 0x77, HASH_SIZE);
	fixture_make_lock(&lock, list, true);
	fputs("{\"body\":{\"draw\":{", f);
	fixture_put_anchor(f);
	fixture_put_block(f, &blockhash);
	fprintf(f, "\"default\":{\"at\":\"%" PRId64 "\",\"missing\":\"proof\"},\"lock\":", lock.deadline + 2);
	fixture_put_lock(f, &lock);
	fprintf(f, ",\"refund\":{\"at\":\"%" PRId64 "\",\"units\":\"%" PRIu64 "\"},", lock.deadline + 5, lock.stakes);
	fixture_put_round(f, signature, lock.deadline + 9);
}

/* The first winner is refused, so that the first alternate is used. */
static inline void fixture_put_draw(
	FILE *f, const struct fixture_list *list, const struct drand_signature *signature, bool has_vrf)
{
	struct certificate_lock lock;
	struct select_pick pick[FIXTURE_PRIZES + FIXTURE_ALTERNATES];
	struct ecvrf_proof proof;
	struct ecvrf_steps steps;
	struct hash blockhash;

	memset(blockhash.b, 0x77, HASH_SIZE);
	fixture_make_lock(&lock, list, has_vrf);
	fixture_compute(&lock, &blockhash, signature, &proof, &steps);
	fixture_select(&lock, &steps.beta, list, pick);
	fputs("{\"body\":{\"draw\":{", f);
	fixture_put_anchor(f);
	fputs("\"awards\":[{\"amount\":\"1000\",\"payment\":\"ledger 71\",\"pick\":\"2\",\"refused\":"
	      "[{\"at\":\"1692806200\",\"pick\":\"0\",\"reason\":\"rule 4: under age\"}]},"
	      "{\"amount\":\"500\",\"payment\":\"ledger 72\",\"pick\":\"1\",\"refused\":[]}],",
		f);
	fixture_put_hex(f, "beta", steps.beta.b, ECVRF_BETA_SIZE);
	fputc(',', f);
	fixture_put_block(f, &blockhash);
	fputs("\"lock\":", f);
	fixture_put_lock(f, &lock);
	fputc(',', f);
	fixture_put_picks(f, pick, list->ticket);
	if (has_vrf) {
		fixture_put_hex(f, "proof", proof.b, ECVRF_PROOF_SIZE);
		fputc(',', f);
	}
	fixture_put_round(f, signature, 1692806370);
}

/* ---- a pool's ---- */

static inline void fixture_put_seen(FILE *f, const char *key, unsigned slot, unsigned sig)
{
	fprintf(f, "\"%s\":{", key);
	fixture_put_sig(f, sig);
	fprintf(f, ",\"slot\":\"%u\",\"time\":\"%u\"}", slot, 1700000000 + slot);
}

static inline void fixture_put_key(FILE *f, const char *key, const struct pubkey *value)
{
	char text[PUBKEY_TEXT];

	fprintf(f, "\"%s\":\"%s\"", key, fixture_key(text, value));
}

static inline void fixture_put_commit(FILE *f, const struct oracle_fixture *o)
{
	const struct pubkey oracle = fixture_pubkey(104);

	fputs("\"commits\":[{", f);
	fixture_put_seen(f, "at", 300, 20);
	fputs(",\"fate\":\"revealed\",", f);
	fixture_put_key(f, "oracle", &oracle);
	fputs(",\"reason\":\"first\",\"reveal\":{", f);
	fixture_put_seen(f, "at", 320, 21);
	fputc(',', f);
	fixture_put_key(f, "oracle", &oracle);
	fprintf(f, ",\"recovery_id\":\"%u\",", o->answer.recovery_id);
	fixture_put_hex(f, "signature", o->answer.signature, 64);
	fputc(',', f);
	fixture_put_hex(f, "value", o->answer.value, 32);
	fprintf(f, "},\"seed_slot\":\"%" PRIu64 "\",", o->seed_slot.n);
	fixture_put_hex(f, "seed_slothash", o->seed_slothash.b, HASH_SIZE);
	fputs("}],", f);
}

static inline void fixture_put_payout(FILE *f, const struct pubkey *winner, const struct pubkey *mint, uint64_t total)
{
	const struct pubkey dev = fixture_pubkey(101), treasury = fixture_pubkey(102);
	struct pubkey token;
	struct draw_payout split;

	if (draw_payout(&split, total, 500, 350, 150) != DRAW_OK)
		abort();
	fprintf(f, "\"payout\":{\"burn_amount\":\"%" PRIu64 "\",\"dev_amount\":\"%" PRIu64 "\",", split.burn_amount,
		split.dev_amount);
	pda_ata(&token, &dev, mint, &ADDRESS_TOKEN);
	fixture_put_key(f, "dev_token", &token);
	fprintf(f, ",\"treasury_amount\":\"%" PRIu64 "\",", split.treasury_amount);
	pda_ata(&token, &treasury, mint, &ADDRESS_TOKEN);
	fixture_put_key(f, "treasury_token", &token);
	fputc(',', f);
	fixture_put_key(f, "winner", winner);
	fprintf(f, ",\"winner_amount\":\"%" PRIu64 "\",", split.winner_amount);
	pda_ata(&token, winner, mint, &ADDRESS_TOKEN);
	fixture_put_key(f, "winner_token", &token);
	fputs("},", f);
}

static inline void fixture_put_players(FILE *f)
{
	fputs("\"players\":[", f);
	for (unsigned i = 0; i < 3; i++) {
		const struct pubkey wallet = fixture_pubkey(i);

		fputs(i > 0 ? ",{" : "{", f);
		fixture_put_seen(f, "joined", 100 + i, 1 + i);
		fputc(',', f);
		fixture_put_key(f, "wallet", &wallet);
		fputc('}', f);
	}
	fputs("],", f);
}

static inline void fixture_put_terms(FILE *f, const struct pubkey *dev, const struct pubkey *treasury)
{
	fputs("\"start_time\":\"1700000100\",\"terms\":{\"allow_mock\":\"no\",\"bet\":\"1000003\",\"burn_bps\":\"350\","
	      "\"dev_bps\":\"500\",",
		f);
	fixture_put_key(f, "dev_wallet", dev);
	fputs(",\"lock_duration\":\"86400\",\"places\":\"3\",", f);
	fixture_put_key(f, "treasury", treasury);
	fputs(",\"treasury_bps\":\"150\"},", f);
}

static inline void fixture_put_rest(FILE *f, uint64_t pool_id, const struct oracle_fixture *o, const struct hash *salt)
{
	const struct pubkey dev = fixture_pubkey(101), treasury = fixture_pubkey(102);

	fixture_put_players(f);
	fprintf(f, "\"pool_id\":\"%" PRIu64 "\",", pool_id);
	fixture_put_key(f, "queue", &ADDRESS_SWITCHBOARD_QUEUE_DEVNET);
	fputc(',', f);
	fixture_put_key(f, "randomness_account", &o->randomness);
	fputc(',', f);
	fixture_put_seen(f, "requested", 300, 20);
	fputc(',', f);
	fixture_put_hex(f, "salt", salt->b, HASH_SIZE);
	fputc(',', f);
	fixture_put_seen(f, "selected", 320, 21);
	fputc(',', f);
	fixture_put_terms(f, &dev, &treasury);
	fixture_put_key(f, "token_program", &ADDRESS_TOKEN);
	fputs(",\"total\":\"3000009\"},", f);
}

static inline void fixture_put_pool(FILE *f)
{
	const struct hash salt = { .b = { 9 } };
	const struct pubkey mint = fixture_pubkey(100), creator = fixture_pubkey(0), dev = fixture_pubkey(101),
			    treasury = fixture_pubkey(102);
	const uint64_t pool_id = draw_pool_id(&salt, (struct slot){ 100 }, &creator);
	struct pool_account account = { .salt = salt,
		.max_participants = 3,
		.lock_duration = 86400,
		.bet_amount = 1000003,
		.dev_wallet = dev,
		.dev_fee_bps = 500,
		.burn_fee_bps = 350,
		.treasury_wallet = treasury,
		.treasury_fee_bps = 150,
		.start_time = 1700000100,
		.duration = 604800 };
	struct oracle_fixture o;
	struct pubkey address, winner;
	struct hash config_hash;
	struct drawn drawn;

	oracle_fixture_begin(&o);
	pda_pool(&address, &mint, &salt);
	draw_config_hash(&config_hash, &account);
	if (draw_winner(&drawn, pool_id, o.answer.value, 3) != DRAW_OK)
		abort();
	winner = fixture_pubkey(drawn.index);
	fputs("{\"body\":{\"format\":\"poolkeeper-certificate-1\",\"made\":\"1700000400\",\"pool\":{", f);
	fixture_put_key(f, "address", &address);
	fputc(',', f);
	fixture_put_commit(f, &o);
	fixture_put_hex(f, "config_hash", config_hash.b, HASH_SIZE);
	fputc(',', f);
	fixture_put_seen(f, "created", 100, 1);
	fputc(',', f);
	fixture_put_key(f, "creator", &creator);
	fprintf(f, ",\"donations\":\"0\",\"drawn\":{\"index\":\"%u\",\"number\":\"%" PRIu64 "\",", drawn.index,
		drawn.normalized);
	fixture_put_hex(f, "randomness", o.answer.value, 16);
	fputs("},", f);
	fixture_put_key(f, "mint", &mint);
	fputs(",\"network\":\"devnet\",", f);
	fixture_put_hex(f, "oracle_signer", o.signer, 64);
	fputc(',', f);
	fixture_put_seen(f, "paid", 320, 21);
	fputc(',', f);
	fixture_put_payout(f, &winner, &mint, 3 * (uint64_t)1000003);
	fixture_put_rest(f, pool_id, &o, &salt);
}

/* ---- both ---- */

/* Signs the body that stands in text, size bytes, and writes what follows it; list may be NULL. */
static inline size_t fixture_sign(char *text, size_t size, size_t body_end, const struct fixture_list *list)
{
	static const char before[] = "{\"body\":";
	uint8_t message[8 + HASH_SIZE] = "PKCERT01";
	char key_text[PUBKEY_TEXT], sig_text[SIGNATURE_TEXT];
	struct signature sig;
	struct pubkey key;
	struct hash hash;
	FILE *f = fmemopen(text + body_end, size - body_end, "w");
	size_t n;

	if (f == NULL)
		abort();
	crypto_sha256(&hash, &(struct bytes){ (const uint8_t *)text + strlen(before), body_end - strlen(before) }, 1);
	memcpy(message + 8, hash.b, HASH_SIZE);
	crypto_ed25519_public_key(&key, FIXTURE_OPERATOR);
	crypto_ed25519_sign(&sig, (struct bytes){ message, sizeof message }, FIXTURE_OPERATOR);
	base58_pubkey(key_text, &key);
	base58_signature(sig_text, &sig);
	fprintf(f, ",\"key\":\"%s\",\"signature\":\"%s\",\"tickets\":[", key_text, sig_text);
	for (uint32_t i = 0; list && i < list->n; i++) {
		fputs(i > 0 ? ",[\"" : "[\"", f);
		for (size_t k = 0; k < HASH_SIZE; k++)
			fprintf(f, "%02x", list->ticket[i].participant.b[k]);
		fprintf(f, "\",\"%" PRIu64 "\",\"%d\"]", list->ticket[i].weight, FIXTURE_STAKE);
	}
	fputs("]}\n", f);
	n = (size_t)ftell(f);
	fclose(f);
	return body_end + n;
}

enum fixture_kind { FIXTURE_DRAW, FIXTURE_BEACON, FIXTURE_REFUND, FIXTURE_POOL, FIXTURE_KINDS };
static const char *const FIXTURE_NAME[FIXTURE_KINDS] = { "draw", "beacon", "refund", "pool" };

/* text: size bytes, enough. Returns how many are used. list is of a pool not used; signature NULL: drand's own. */
static inline size_t fixture_write(char *text, size_t size, enum fixture_kind kind, const struct fixture_list *list,
	const struct drand_signature *signature)
{
	struct drand_signature own;
	FILE *f = fmemopen(text, size, "w");
	size_t n;

	if (f == NULL)
		abort();
	fixture_hex(own.b, sizeof own.b, FIXTURE_ROUND_1000);
	if (kind == FIXTURE_REFUND)
		fixture_put_refunded(f, list, signature ? signature : &own);
	else if (kind != FIXTURE_POOL)
		fixture_put_draw(f, list, signature ? signature : &own, kind == FIXTURE_DRAW);
	else
		fixture_put_pool(f);
	fprintf(f, "\"previous\":\"%064d\",\"serial\":\"1\"}", 0);
	n = (size_t)ftell(f);
	fclose(f);
	return fixture_sign(text, size, n, kind == FIXTURE_POOL ? NULL : list);
}

/* text: FIXTURE_TEXT bytes. */
static inline size_t fixture_certificate(char *text, enum fixture_kind kind, const struct drand_signature *signature)
{
	struct ticket ticket[FIXTURE_TICKETS];
	const struct fixture_list list = { ticket, FIXTURE_TICKETS };

	fixture_tickets(&list);
	return fixture_write(text, FIXTURE_TEXT, kind, &list, signature);
}

#endif
