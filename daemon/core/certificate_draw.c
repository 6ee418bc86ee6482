/* The body of a draw off chain. */
#include <string.h>

#include "base/crypto.h"
#include "core/certificate.h"

static struct slot read_slot(struct certificate_reader *r, const char *key)
{
	return (struct slot){ reader_number(r, key, UINT64_MAX) };
}

static int64_t read_time(struct certificate_reader *r, const char *key)
{
	return (int64_t)reader_number(r, key, INT64_MAX);
}

static void read_amounts(struct certificate_reader *r, struct certificate_lock *out)
{
	reader_array(r, "amounts");
	while (reader_more(r))
		if (out->prizes == CERTIFICATE_PICKS_MAX)
			reader_fail(r, "amounts", "there are more than 1000 prizes");
		else
			out->amount[out->prizes++] = reader_number(r, NULL, UINT64_MAX);
	if (!r->failed && out->prizes == 0)
		reader_fail(r, "amounts", "there is no prize");
}

static void read_filled(struct certificate_reader *r, const char *key, char *out)
{
	reader_text(r, key, out, CERTIFICATE_TEXT);
	if (!r->failed && out[0] == '\0')
		reader_fail(r, key, "is empty");
}

static bool read_has_vrf(struct certificate_reader *r)
{
	char kind[CERTIFICATE_TEXT];
	bool has_vrf;

	reader_text(r, "randomness", kind, sizeof kind);
	has_vrf = strcmp(kind, "vrf") == 0;
	if (!r->failed && !has_vrf && strcmp(kind, "beacon") != 0)
		reader_fail(r, "randomness", "must be vrf or beacon");
	return has_vrf;
}

static void read_lock(struct certificate_reader *r, struct certificate_lock *out)
{
	size_t from;

	reader_object(r, "lock");
	from = r->at - 1;
	out->alternates = (uint32_t)reader_number(r, "alternates", CERTIFICATE_PICKS_MAX);
	read_amounts(r, out);
	out->at = read_time(r, "at");
	read_filled(r, "currency", out->currency);
	out->deadline = read_time(r, "deadline");
	reader_hex(r, "drand", out->drand.b, HASH_SIZE);
	reader_hex(r, "draw", out->draw.b, DRAW_ID_SIZE);
	out->mode = (enum select_mode)reader_number(r, "mode", SELECT_ONE_PER_ENTRY);
	out->opened_us = reader_number(r, "opened", INT64_MAX);
	reader_hex(r, "previous", out->previous.b, HASH_SIZE);
	out->has_vrf = read_has_vrf(r);
	reader_hex(r, "root", out->root.b, HASH_SIZE);
	out->round = reader_number(r, "round", UINT64_MAX);
	reader_hex(r, "rules", out->rules.b, HASH_SIZE);
	out->seq = reader_number(r, "seq", UINT64_MAX);
	out->slot = read_slot(r, "slot");
	read_filled(r, "source", out->source);
	read_filled(r, "source_key", out->source_key);
	out->stakes = reader_number(r, "stakes", UINT64_MAX);
	reader_hex(r, "stakes_root", out->stakes_root.b, HASH_SIZE);
	out->n = reader_number(r, "tickets", UINT32_MAX - 1);
	out->total_weight = reader_number(r, "total_weight", UINT64_MAX);
	if (out->has_vrf)
		reader_pubkey(r, "vrf_key", &out->vrf_key);
	reader_object_end(r);
	if (!r->failed && out->prizes + out->alternates > CERTIFICATE_PICKS_MAX)
		reader_fail(r, "lock", "there are more than 1000 prizes and alternates");
	if (!r->failed)
		crypto_sha256(&out->hash, &(struct bytes){ (const uint8_t *)r->text + from, r->at - from }, 1);
}

static void read_block(struct certificate_reader *r, struct certificate_draw *out)
{
	struct pubkey hash;

	reader_object(r, "block");
	reader_pubkey(r, "hash", &hash); /* base58 of 32 bytes, as nodes write it */
	memcpy(out->blockhash.b, hash.b, HASH_SIZE);
	out->block_parent = read_slot(r, "parent_slot");
	out->block_slot = read_slot(r, "slot");
	out->block_time = read_time(r, "time");
	reader_object_end(r);
}

static void read_pick(struct certificate_reader *r, struct certificate_pick *out)
{
	reader_object(r, NULL);
	out->pick.empty = reader_at_end(r);
	if (!out->pick.empty) {
		out->pick.attempt = (uint32_t)reader_number(r, "attempt", UINT32_MAX);
		out->pick.entry = (uint32_t)reader_number(r, "entry", UINT32_MAX - 1);
		out->pick.number = reader_number(r, "number", UINT64_MAX);
		reader_hex(r, "participant", out->participant.b, HASH_SIZE);
		out->pick.total = reader_number(r, "total", UINT64_MAX);
	}
	reader_object_end(r);
}

static void read_refused(struct certificate_reader *r, struct certificate_draw *out, struct certificate_award *award)
{
	award->refused_from = out->n_refused;
	reader_array(r, "refused");
	while (reader_more(r)) {
		struct certificate_refusal *refusal = &out->refused[out->n_refused];

		if (out->n_refused == CERTIFICATE_PICKS_MAX) {
			reader_fail(r, "refused", "there are more than 1000");
			return;
		}
		reader_object(r, NULL);
		refusal->at = read_time(r, "at");
		refusal->pick = (uint32_t)reader_number(r, "pick", CERTIFICATE_PICKS_MAX);
		reader_text(r, "reason", refusal->reason, sizeof refusal->reason);
		reader_object_end(r);
		out->n_refused++;
		award->refused_n++;
	}
}

static void read_award(struct certificate_reader *r, struct certificate_draw *out, struct certificate_award *award)
{
	reader_object(r, NULL);
	award->amount = reader_number(r, "amount", UINT64_MAX);
	award->pick = CERTIFICATE_NO_PICK;
	reader_text(r, "payment", award->payment, sizeof award->payment);
	if (reader_next_is(r, "pick")) /* left out where nobody gets the prize */
		award->pick = (uint32_t)reader_number(r, "pick", CERTIFICATE_PICKS_MAX);
	read_refused(r, out, award);
	reader_object_end(r);
}

static void read_awards(struct certificate_reader *r, struct certificate_draw *out)
{
	reader_array(r, "awards");
	while (reader_more(r))
		if (out->n_awards == CERTIFICATE_PICKS_MAX)
			reader_fail(r, "awards", "there are more than 1000");
		else
			read_award(r, out, &out->award[out->n_awards++]);
}

static void read_picks(struct certificate_reader *r, struct certificate_draw *out)
{
	reader_array(r, "picks");
	while (reader_more(r))
		if (out->n_picks == CERTIFICATE_PICKS_MAX)
			reader_fail(r, "picks", "there are more than 1000");
		else
			read_pick(r, &out->pick[out->n_picks++]);
}

/* ---- the draw ---- */

static const char *const MISSING[] = { "nothing", "anchor", "block", "round", "proof" };

const char *certificate_missing_name(enum certificate_missing missing)
{
	return MISSING[missing];
}

static void read_anchor(struct certificate_reader *r, struct certificate_draw *out)
{
	reader_object(r, "anchor");
	reader_signature(r, "signature", &out->anchor);
	out->anchor_slot = read_slot(r, "slot");
	reader_pubkey(r, "wallet", &out->anchor_wallet);
	reader_object_end(r);
}

static void read_default(struct certificate_reader *r, struct certificate_draw *out)
{
	char missing[CERTIFICATE_TEXT];

	reader_object(r, "default");
	out->defaulted_at = read_time(r, "at");
	reader_text(r, "missing", missing, sizeof missing);
	out->missing = MISSING_ANCHOR;
	while (out->missing < MISSING_PROOF && strcmp(missing, MISSING[out->missing]) != 0)
		out->missing++;
	if (!r->failed && strcmp(missing, MISSING[out->missing]) != 0)
		reader_fail(r, "missing", "must be anchor, block, round or proof");
	reader_object_end(r);
}

/* The keys that stand before it depend on whether there is a default, so they are compared afterwards. */
struct before_lock {
	bool anchor, awards, beta, block;
};

static void read_before_lock(struct certificate_reader *r, struct certificate_draw *out, struct before_lock *had)
{
	had->anchor = reader_next_is(r, "anchor");
	if (had->anchor)
		read_anchor(r, out);
	had->awards = reader_next_is(r, "awards");
	if (had->awards)
		read_awards(r, out);
	had->beta = reader_next_is(r, "beta");
	if (had->beta)
		reader_hex(r, "beta", out->beta.b, ECVRF_BETA_SIZE);
	had->block = reader_next_is(r, "block");
	if (had->block)
		read_block(r, out);
	if (reader_next_is(r, "default"))
		read_default(r, out);
}

static void check_before_lock(
	struct certificate_reader *r, const struct certificate_draw *d, const struct before_lock *had)
{
	const bool drawn = d->missing == MISSING_NOTHING;
	const struct {
		const char *key;
		bool had, due;
	} KEYS[] = {
		{ "anchor", had->anchor, drawn || d->missing > MISSING_ANCHOR },
		{ "awards", had->awards, drawn },
		{ "beta", had->beta, drawn },
		{ "block", had->block, drawn || d->missing > MISSING_BLOCK },
	};

	for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0] && !r->failed; i++)
		if (KEYS[i].had != KEYS[i].due)
			reader_fail(r, KEYS[i].key,
				KEYS[i].had ? "is there, and the default says it is not" : "is missing");
}

static void read_refund(struct certificate_reader *r, struct certificate_draw *out)
{
	out->has_refund = true;
	reader_object(r, "refund");
	out->refunded_at = read_time(r, "at");
	out->refunded = reader_number(r, "units", UINT64_MAX);
	reader_object_end(r);
}

static void read_round(struct certificate_reader *r, struct certificate_draw *out)
{
	reader_object(r, "round");
	reader_text(r, "checked_by", out->checked_by, sizeof out->checked_by);
	out->round = reader_number(r, "number", UINT64_MAX);
	reader_hex(r, "signature", out->signature.b, DRAND_SIGNATURE_SIZE);
	reader_object_end(r);
}

void certificate_read_draw(struct certificate_reader *r, struct certificate_draw *out)
{
	struct before_lock had;
	bool drawn;

	reader_object(r, "draw");
	read_before_lock(r, out, &had);
	check_before_lock(r, out, &had);
	drawn = out->missing == MISSING_NOTHING;
	read_lock(r, &out->lock);
	if (!r->failed && out->missing == MISSING_PROOF && !out->lock.has_vrf)
		reader_fail(r, "missing", "there is no proof to wait for: the lock says beacon");
	if (drawn)
		read_picks(r, out);
	if (drawn && out->lock.has_vrf)
		reader_hex(r, "proof", out->proof.b, ECVRF_PROOF_SIZE);
	if (!drawn || reader_next_is(r, "refund"))
		read_refund(r, out);
	if (drawn || out->missing == MISSING_PROOF)
		read_round(r, out);
	reader_object_end(r);
}
