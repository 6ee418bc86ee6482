/* One function per kind of certificate; the page says the same under the same names. */
#include "show/outside.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "show/print.h"

static const char EXPLORER[] = "https://explorer.solana.com";

static void add(struct outside *out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void add(struct outside *out, const char *name, const char *format, ...)
{
	va_list args;

	out->fact[out->n].name = name;
	va_start(args, format);
	(void)vsnprintf(out->fact[out->n].must_be, sizeof out->fact[0].must_be, format, args);
	va_end(args);
}

/* Ends the fact that add() began. */
static void with(struct outside *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void with(struct outside *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(out->fact[out->n].check_with, sizeof out->fact[0].check_with, format, args);
	va_end(args);
	out->n++;
}

static void add_anchor(struct outside *out, const struct certificate_draw *d)
{
	char wallet[PUBKEY_TEXT], sig[SIGNATURE_TEXT], hex[HEX_TEXT];

	print_key(wallet, &d->anchor_wallet);
	print_sig(sig, &d->anchor);
	add(out, "anchor", "that transaction, in slot %" PRIu64 ", is signed by %s and has a memo with %s",
		d->anchor_slot.n, wallet, print_hex(hex, d->lock.hash.b, HASH_SIZE));
	with(out, "%s/tx/%s", EXPLORER, sig);
	add(out, "one_lock", "%s has no other memo with seq %" PRIu64 ", nor with %.120s:%.120s", wallet, d->lock.seq,
		d->lock.source, d->lock.source_key);
	with(out, "%s/address/%s", EXPLORER, wallet);
}

static void add_block(struct outside *out, const struct certificate_draw *d)
{
	struct pubkey blockhash;
	char key[PUBKEY_TEXT];

	memcpy(blockhash.b, d->blockhash.b, HASH_SIZE);
	add(out, "block", "slot %" PRIu64 " has the block hash %s, the parent slot %" PRIu64 " and the time %" PRId64,
		d->block_slot.n, print_key(key, &blockhash), d->block_parent.n, d->block_time);
	with(out, "%s/block/%" PRIu64, EXPLORER, d->block_slot.n);
}

/* What the operator says was not there, when the deadline came. That a proof was missing is his own fault: nobody else has it. */
static void add_missing(struct outside *out, const struct certificate_draw *d)
{
	const uint64_t slot = d->lock.slot.n, round = d->lock.round;
	char hex[HEX_TEXT];

	if (d->missing == MISSING_ANCHOR) {
		add(out, "missing", "no memo with %s stands on the chain before slot %" PRIu64,
			print_hex(hex, d->lock.hash.b, HASH_SIZE), slot);
		with(out, "the memos of the wallet that signs this operator's other locks");
	} else if (d->missing == MISSING_BLOCK) {
		add(out, "missing", "at %" PRId64 " the chain had no block from slot %" PRIu64 " on", d->lock.deadline,
			slot);
		with(out, "%s/block/%" PRIu64, EXPLORER, slot);
	} else if (d->missing == MISSING_ROUND) {
		add(out, "missing",
			"at %" PRId64 " drand had not signed round %" PRIu64
			", or the later one that the block's time asks for",
			d->lock.deadline, round);
		with(out, "curl https://api.drand.sh/v2/beacons/quicknet/rounds/%" PRIu64, round);
	}
}

static void add_rules(struct outside *out, const struct certificate_draw *d)
{
	char key[PUBKEY_TEXT], hex[HEX_TEXT];

	if (d->lock.has_vrf) {
		add(out, "vrf_key", "the operator published %s before the draw opened",
			print_key(key, &d->lock.vrf_key));
		with(out, "vrf-key-%s.json beside the certificate, and the locks before this one", key);
	} else {
		add(out, "randomness",
			"the published rules say that this type of draw has no VRF: the block's maker and drand "
			"together could choose the winner");
		with(out, "the published rules");
	}
	add(out, "rules", "the published rules are a text with the SHA-256 %s",
		print_hex(hex, d->lock.rules.b, HASH_SIZE));
	with(out, "sha256sum rules-%s.json, which is beside the certificate", hex);
	if (d->n_refused > 0) {
		add(out, "refusals", "the rules name the reasons for which %u picks were refused, and they are true",
			(unsigned)d->n_refused);
		with(out, "the published rules; who was refused");
	}
}

static void add_draw(struct outside *out, const struct certificate *c, bool drand_unchecked)
{
	const struct certificate_draw *d = &c->draw;
	const bool drawn = d->missing == MISSING_NOTHING;

	if (d->missing != MISSING_ANCHOR)
		add_anchor(out, d);
	if (drawn || d->missing > MISSING_BLOCK)
		add_block(out, d);
	if (drand_unchecked) {
		add(out, "drand_signature",
			"the signature of round %" PRIu64 " is drand's: this build has no library for it", d->round);
		with(out, "curl https://api.drand.sh/v2/beacons/quicknet/rounds/%" PRIu64, d->round);
	}
	add_missing(out, d);
	add_rules(out, d);
	add(out, "certificates", "the operator has no other certificate with serial %" PRIu64 ", nor of this draw",
		c->serial);
	with(out, "the certificates before and after it: their hashes make a chain");
	if (drawn) {
		add(out, "payments", "who won was paid, and nobody else");
		with(out, "where each award's payment says");
	}
	if (d->has_refund) {
		add(out, "refunds", "each ticket's stake went back to who paid it");
		with(out, "your own account: the list has each ticket's stake");
	}
}

void outside_of(struct outside *out, const struct certificate *certificate, bool drand_unchecked)
{
	const struct certificate_pool *p = &certificate->pool;
	char key[PUBKEY_TEXT];

	out->n = 0;
	if (certificate->is_draw) {
		add_draw(out, certificate, drand_unchecked);
		return;
	}
	add(out, "chain", "the transactions, the oracle's key and the accounts are as the certificate says");
	with(out, "poolkeeper verify %s:%" PRIu64, print_key(key, &p->address), p->pool_id);
}
