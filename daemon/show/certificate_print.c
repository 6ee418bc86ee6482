/* Every input and every step of a certificate, so that anybody can do it by hand. */
#include "show/certificate_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "show/judged_print.h"
#include "show/outside.h"
#include "show/print.h"

static void hex_field(struct out *out, const char *name, const char *from, const void *bytes, size_t n)
{
	char hex[HEX_TEXT];

	out_field(out, name, from, "%s", print_hex(hex, bytes, n));
}

static void time_field(struct out *out, const char *name, const char *from, int64_t unix_s)
{
	char time[TIME_TEXT];

	out_field(out, name, from, "%" PRId64 " %s", unix_s, print_time(time, unix_s));
}

static void key_field(struct out *out, const char *name, const char *from, const struct pubkey *key)
{
	char text[PUBKEY_TEXT];

	out_field(out, name, from, "%s", print_key(text, key));
}

static void sig_field(struct out *out, const char *name, const char *from, const struct signature *sig)
{
	char text[SIGNATURE_TEXT];

	out_field(out, name, from, "%s", print_sig(text, sig));
}

static void print_envelope(struct out *out, const char *path, const struct certificate *c)
{
	out_section(out, "certificate");
	out_field(out, "file", NULL, "%s", path);
	out_field(out, "serial", NULL, "%" PRIu64, c->serial);
	hex_field(out, "previous", "hash of the one before", c->previous.b, HASH_SIZE);
	time_field(out, "made", NULL, c->made);
	key_field(out, "key", "of the operator", &c->key);
	hex_field(out, "hash", "SHA-256 of the body", c->hash.b, HASH_SIZE);
	sig_field(out, "signature", "over PKCERT01 and the hash", &c->signature);
}

/* ---- a draw off chain ---- */

static void print_lock(struct out *out, const struct certificate_lock *lock)
{
	static const char *const MODE[] = { "with replacement", "one prize per participant", "one prize per ticket" };

	out_section(out, "lock");
	hex_field(out, "draw", NULL, lock->draw.b, DRAW_ID_SIZE);
	out_field(out, "seq", "of the operator's locks", "%" PRIu64, lock->seq);
	hex_field(out, "previous", "hash of the lock before", lock->previous.b, HASH_SIZE);
	out_field(out, "source", NULL, "%s %s", lock->source, lock->source_key);
	time_field(out, "opened", "to the second", (int64_t)(lock->opened_us / 1000000));
	time_field(out, "at", NULL, lock->at);
	time_field(out, "deadline", NULL, lock->deadline);
	out_field(out, "tickets", NULL, "%" PRIu64, lock->n);
	out_field(out, "total_weight", NULL, "%" PRIu64, lock->total_weight);
	hex_field(out, "root", "RFC 9162 tree of the tickets", lock->root.b, HASH_SIZE);
	hex_field(out, "rules", "SHA-256 of the published rules", lock->rules.b, HASH_SIZE);
	out_field(out, "slot", NULL, "%" PRIu64, lock->slot.n);
	out_field(out, "round", NULL, "%" PRIu64, lock->round);
	hex_field(out, "drand", "hash of the chain", lock->drand.b, HASH_SIZE);
	out_field(out, "randomness", NULL, "%s", lock->has_vrf ? "vrf" : "beacon, without a VRF");
	if (lock->has_vrf)
		key_field(out, "vrf_key", NULL, &lock->vrf_key);
	out_field(out, "mode", NULL, "%u, %s", (unsigned)lock->mode, MODE[lock->mode]);
	out_field(out, "prizes", NULL, "%u", (unsigned)lock->prizes);
	out_field(out, "alternates", NULL, "%u", (unsigned)lock->alternates);
	out_field(out, "currency", NULL, "%s", lock->currency);
	out_field(out, "stakes", "a refund gives them back", "%" PRIu64, lock->stakes);
	hex_field(out, "stakes_root", "tree of the tickets' stakes", lock->stakes_root.b, HASH_SIZE);
	hex_field(out, "hash", "SHA-256 of the lock as it stands", lock->hash.b, HASH_SIZE);
}

static void print_anchor(struct out *out, const struct certificate_draw *d)
{
	out_section(out, "anchor");
	if (d->missing == MISSING_ANCHOR) {
		out_field(out, "signature", NULL, "none: the lock did not reach the chain in time");
		return;
	}
	sig_field(out, "signature", "of the memo's transaction", &d->anchor);
	out_field(out, "slot", NULL, "%" PRIu64, d->anchor_slot.n);
	key_field(out, "wallet", "who signed it", &d->anchor_wallet);
}

static void print_refund(struct out *out, const struct certificate_draw *d)
{
	out_section(out, "refund");
	if (d->missing != MISSING_NOTHING) {
		out_field(out, "missing", "at the deadline", "%s", certificate_missing_name(d->missing));
		time_field(out, "defaulted", NULL, d->defaulted_at);
	}
	time_field(out, "at", NULL, d->refunded_at);
	out_field(out, "units", "all stakes, each ticket its own", "%" PRIu64, d->refunded);
}

static void print_round(struct out *out, const struct certificate_draw *d, const struct judged_draw *c)
{
	struct hash message;
	char alpha[4][HEX_TEXT];

	out_field(out, "round", NULL, "%" PRIu64, d->round);
	drand_message(&message, d->round);
	hex_field(out, "round_message", "SHA-256 of the round", message.b, HASH_SIZE);
	hex_field(out, "round_signature", NULL, d->signature.b, DRAND_SIGNATURE_SIZE);
	out_field(out, "round_checked_by", "the operator's word", "%s", d->checked_by);
	for (size_t i = 0; i < 4; i++)
		print_hex(alpha[i], c->alpha + i * ALPHA_SIZE / 4, ALPHA_SIZE / 4);
	out_field(out, "alpha", "computed", "%s%s%s%s", alpha[0], alpha[1], alpha[2], alpha[3]);
}

static void print_vrf(struct out *out, const struct certificate_draw *d, const struct judged_draw *c)
{
	hex_field(out, "gamma", "proof[0..32]", d->proof.b, 32);
	hex_field(out, "c", "proof[32..48]", d->proof.b + 32, ECVRF_CHALLENGE_SIZE);
	hex_field(out, "s", "proof[48..80]", d->proof.b + 48, 32);
	out_field(out, "tries", "computed", "%u", c->vrf.tries);
	hex_field(out, "h", "computed", c->vrf.h.b, CURVE_POINT_SIZE);
	hex_field(out, "u", "computed", c->vrf.u.b, CURVE_POINT_SIZE);
	hex_field(out, "v", "computed", c->vrf.v.b, CURVE_POINT_SIZE);
}

static void print_randomness(struct out *out, const struct certificate_draw *d, const struct judged_draw *c)
{
	struct pubkey blockhash;

	out_section(out, "randomness");
	out_field(out, "block_slot", NULL, "%" PRIu64 " after %" PRIu64, d->block_slot.n, d->block_parent.n);
	memcpy(blockhash.b, d->blockhash.b, HASH_SIZE);
	key_field(out, "blockhash", NULL, &blockhash);
	time_field(out, "block_time", NULL, d->block_time);
	if (d->missing == MISSING_ROUND)
		return;
	print_round(out, d, c);
	if (d->missing == MISSING_PROOF)
		return;
	if (d->lock.has_vrf)
		print_vrf(out, d, c);
	hex_field(out, "beta", "computed", c->vrf.beta.b, ECVRF_BETA_SIZE);
	if (c->has_tickets)
		hex_field(out, "root", "computed", c->root.b, HASH_SIZE);
	if (c->picked)
		hex_field(out, "select_key", "computed", c->select_key.b, HASH_SIZE);
}

static void print_picks(struct out *out, const struct certificate_draw *d)
{
	static const char *const columns[] = { "pick", "for", "total", "attempt", "number", "ticket", "participant" };
	char hex[HEX_TEXT];

	out_section(out, "picks");
	out_table(out, "picks", columns, 7);
	for (uint32_t i = 0; i < d->n_picks; i++) {
		const struct certificate_pick *p = &d->pick[i];

		out_cell(out, "%u", (unsigned)i);
		out_cell(out, "%s", i < d->lock.prizes ? "prize" : "alternate");
		out_cell(out, "%" PRIu64, p->pick.total);
		out_cell(out, "%u", (unsigned)p->pick.attempt);
		out_cell(out, "%" PRIu64, p->pick.number);
		out_cell(out, p->pick.empty ? "-" : "%u", (unsigned)p->pick.entry);
		out_cell(out, "%s", p->pick.empty ? "nobody was left" : print_hex(hex, p->participant.b, HASH_SIZE));
	}
	out_table_end(out);
}

static void print_awards(struct out *out, const struct certificate_draw *d)
{
	static const char *const columns[] = { "prize", "amount", "pick", "refused", "participant", "payment" };
	char hex[HEX_TEXT];

	out_section(out, "awards");
	out_table(out, "awards", columns, 6);
	for (uint32_t i = 0; i < d->n_awards; i++) {
		const struct certificate_award *a = &d->award[i];
		const bool given = a->pick < d->n_picks;

		out_cell(out, "%u", (unsigned)i);
		out_cell(out, "%" PRIu64, a->amount);
		out_cell(out, given ? "%u" : "-", (unsigned)a->pick);
		out_cell(out, "%u", (unsigned)a->refused_n);
		out_cell(out, "%s", given ? print_hex(hex, d->pick[a->pick].participant.b, HASH_SIZE) : "nobody");
		out_cell(out, "%s", a->payment);
	}
	out_table_end(out);
	for (uint32_t i = 0; i < d->n_refused; i++)
		out_field(out, "refused", NULL, "pick %u at %" PRId64 ": %s", (unsigned)d->refused[i].pick,
			d->refused[i].at, d->refused[i].reason);
}

/* ---- a pool's draw ---- */

static void seen_field(struct out *out, const char *name, const struct certificate_seen *seen)
{
	char sig[SIGNATURE_TEXT], time[TIME_TEXT];

	out_field(out, name, NULL, "%s slot %" PRIu64 " %s", print_time(time, seen->time), seen->slot.n,
		print_sig(sig, &seen->sig));
}

static void print_pool_terms(struct out *out, const struct certificate_pool *p, const struct judged *j)
{
	out_section(out, "pool");
	out_field(out, "network", NULL, "%s", p->network);
	key_field(out, "address", NULL, &p->address);
	out_field(out, "pool_id", NULL, "%" PRIu64, p->pool_id);
	key_field(out, "creator", NULL, &p->creator);
	key_field(out, "mint", NULL, &p->mint);
	hex_field(out, "salt", NULL, p->terms.salt.b, HASH_SIZE);
	out_field(out, "places", NULL, "%u", (unsigned)p->terms.max_participants);
	out_field(out, "lock_duration", NULL, "%" PRId64, p->terms.lock_duration);
	out_field(out, "bet", NULL, "%" PRIu64, p->terms.bet_amount);
	key_field(out, "dev_wallet", NULL, &p->terms.dev_wallet);
	key_field(out, "treasury", NULL, &p->terms.treasury_wallet);
	out_field(out, "fees_bps", NULL, "dev %u burn %u treasury %u", (unsigned)p->terms.dev_fee_bps,
		(unsigned)p->terms.burn_fee_bps, (unsigned)p->terms.treasury_fee_bps);
	hex_field(out, "config_hash", "computed", j->config_hash.b, HASH_SIZE);
	seen_field(out, "created", &p->created);
	seen_field(out, "requested", &p->requested);
	seen_field(out, "selected", &p->selected);
	seen_field(out, "paid", &p->paid);
	out_field(out, "total", NULL, "%" PRIu64, p->total_amount);
}

static void print_pool_players(struct out *out, const struct certificate_pool *p)
{
	static const char *const columns[] = { "index", "wallet", "slot", "signature" };
	char key[PUBKEY_TEXT], sig[SIGNATURE_TEXT];

	out_section(out, "players");
	out_table(out, "list", columns, 4);
	for (unsigned i = 0; i < p->n_players; i++) {
		out_cell(out, "%u", i);
		out_cell(out, "%s", print_key(key, &p->player[i].wallet));
		out_cell(out, "%" PRIu64, p->player[i].joined.slot.n);
		out_cell(out, "%s", print_sig(sig, &p->player[i].joined.sig));
	}
	out_table_end(out);
}

static void print_pool_commits(struct out *out, const struct certificate_pool *p)
{
	static const char *const columns[] = { "slot", "oracle", "seed_slot", "seed_slothash", "value", "reason",
		"fate" };
	char key[PUBKEY_TEXT], hash[HEX_TEXT], value[HEX_TEXT];

	out_section(out, "randomness");
	key_field(out, "account", NULL, &p->randomness_account);
	hex_field(out, "oracle_signer", NULL, p->oracle_signer, sizeof p->oracle_signer);
	out_table(out, "commits", columns, 7);
	for (unsigned i = 0; i < p->n_commits; i++) {
		const struct certificate_commit *c = &p->commit[i];

		out_cell(out, "%" PRIu64, c->at.slot.n);
		out_cell(out, "%s", print_key(key, &c->oracle));
		out_cell(out, "%" PRIu64, c->seed_slot.n);
		out_cell(out, "%s", print_hex(hash, c->seed_slothash.b, HASH_SIZE));
		out_cell(out, "%s",
			c->revealed.slot.n != 0 ? print_hex(value, c->answer.value, sizeof c->answer.value) : "-");
		out_cell(out, "%s", c->reason);
		out_cell(out, "%s", c->fate);
	}
	out_table_end(out);
}

static void print_pool_result(struct out *out, const struct judged *j)
{
	char number[U128_TEXT];

	out_section(out, "computed");
	if (j->drawn_known) {
		out_field(out, "randomness", "value[0..16]", "%s", print_u128(number, j->drawn.randomness));
		out_field(out, "number", "SHA-256(pool_id, randomness)[0..8]", "%" PRIu64, j->drawn.normalized);
		out_field(out, "index", "number mod players", "%u", (unsigned)j->drawn.index);
		key_field(out, "winner", NULL, &j->winner);
	}
	if (j->split_known)
		out_field(out, "split", NULL, "winner %" PRIu64 " dev %" PRIu64 " burn %" PRIu64 " treasury %" PRIu64,
			j->split.winner_amount, j->split.dev_amount, j->split.burn_amount, j->split.treasury_amount);
}

/* ---- both ---- */

static void print_outside(struct out *out, const struct outside *outside)
{
	static const char *const columns[] = { "fact", "must_be", "check_with" };

	out_section(out, "not_checked");
	out_table(out, "facts", columns, 3);
	for (unsigned i = 0; i < outside->n; i++) {
		out_cell(out, "%s", outside->fact[i].name);
		out_cell(out, "%s", outside->fact[i].must_be);
		out_cell(out, "%s", outside->fact[i].check_with);
	}
	out_table_end(out);
}

/* "as far as the file shows; not checked here: anchor, block" */
static void write_limits(struct buf *out, const struct outside *outside)
{
	buf_str(out, "as far as the file shows; not checked here: ");
	for (unsigned i = 0; i < outside->n; i++)
		buf_fmt(out, "%s%s", i > 0 ? ", " : "", outside->fact[i].name);
}

static void print_draw(struct out *out, const struct certificate_verdict *v)
{
	const struct certificate_draw *d = &v->certificate.draw;

	print_lock(out, &d->lock);
	print_anchor(out, d);
	if (d->missing == MISSING_NOTHING || d->missing > MISSING_BLOCK)
		print_randomness(out, d, &v->computed);
	if (d->missing == MISSING_NOTHING) {
		print_picks(out, d);
		print_awards(out, d);
	}
	if (d->has_refund)
		print_refund(out, d);
}

void certificate_print(struct out *out, const char *path, const struct certificate_verdict *v)
{
	const struct certificate *c = &v->certificate;
	const bool limited = v->judged.verdict == VERDICT_FAIR || v->judged.verdict == VERDICT_REFUNDED;
	struct outside outside;
	char text[OUTSIDE_LIMITS];
	struct buf limits;

	buf_on(&limits, text, sizeof text);
	if (v->well_formed) {
		print_envelope(out, path, c);
		if (c->is_draw) {
			print_draw(out, v);
		} else {
			print_pool_terms(out, &c->pool, &v->judged);
			print_pool_players(out, &c->pool);
			print_pool_commits(out, &c->pool);
			print_pool_result(out, &v->judged);
		}
		outside_of(&outside, c, v->computed.drand_unchecked);
		print_outside(out, &outside);
		write_limits(&limits, &outside);
	}
	judged_print_checks(out, &v->judged);
	judged_print_verdict(out, &v->judged, limited ? text : NULL);
}
