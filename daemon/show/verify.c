/* verify: the draw computed again from public data, with every input shown. Chain only: no database, no key. */
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "show/commands.h"
#include "show/history.h"
#include "show/judge.h"
#include "show/judged_print.h"
#include "show/print.h"

enum { SEED_AGE_SLOTS = 300 }; /* request_randomness takes no older commit */

struct verifying {
	struct show *s;
	struct show_pool pool;
	struct evidence evidence;
	struct evidence_accounts accounts;
	bool skipping; /* transactions of a later pool at this address */
	char gap[SHOW_WHY];
};

/* ---- gathering ---- */

static bool fails(struct verifying *v, const struct rpc_signature_info *info, enum calls_result result)
{
	char sig[SIGNATURE_TEXT];

	if (result == CALLS_OK)
		return false;
	snprintf(v->gap, sizeof v->gap, "transaction %s proves nothing: %s", print_sig(sig, &info->sig),
		calls_result_name(result));
	return true;
}

static bool is_wanted(const struct verifying *v, const struct evidence *e)
{
	return e->created.slot.n != 0 && (!v->pool.has_pool_id || e->pool_id == v->pool.pool_id);
}

static bool visit_pool(void *owner, const struct rpc_transaction *tx, const struct rpc_signature_info *info)
{
	struct verifying *v = owner;
	const struct evidence before = v->evidence;

	if (fails(v, info, evidence_of_pool(&v->evidence, tx, &info->sig)))
		return false;
	/* The address is used again: what follows is about another pool. */
	if (v->pool.has_pool_id && is_wanted(v, &before) && v->evidence.pool_id != before.pool_id) {
		v->evidence = before;
		return false;
	}
	return true;
}

static bool visit_randomness(void *owner, const struct rpc_transaction *tx, const struct rpc_signature_info *info)
{
	struct verifying *v = owner;

	return !fails(v, info,
		evidence_of_randomness(&v->evidence, tx, &info->sig, &v->s->config->policy.switchboard.program));
}

static void gather_transactions(struct verifying *v)
{
	const struct history_range all = { .at = FINALIZED };
	struct history_range window = { .at = FINALIZED };
	struct evidence *e = &v->evidence;
	char gap[SHOW_WHY];

	evidence_begin(e, &v->pool.address);
	if (!history_read(v->s, &v->pool.address, &all, visit_pool, v, gap) && v->gap[0] == '\0')
		memcpy(v->gap, gap, sizeof v->gap);
	if (v->gap[0] == '\0' && e->created.slot.n == 0 && (e->n_players > 0 || e->requested.slot.n != 0))
		snprintf(v->gap, sizeof v->gap,
			"the list of transactions begins after the pool's creation: ask an endpoint with the whole "
			"history");
	if (e->created.slot.n != 0 && !is_wanted(v, e))
		snprintf(v->gap, sizeof v->gap, "no pool with the id %" PRIu64 " was created at this address",
			v->pool.pool_id);
	if (v->gap[0] != '\0' || e->requested.slot.n == 0)
		return;
	window.from.n = e->requested.slot.n > SEED_AGE_SLOTS ? e->requested.slot.n - SEED_AGE_SLOTS : 0;
	window.to = e->selected.slot;
	if (!history_read(v->s, &e->randomness_account, &window, visit_randomness, v, gap) && v->gap[0] == '\0')
		memcpy(v->gap, gap, sizeof v->gap);
}

static void gather_accounts(struct verifying *v)
{
	const struct rpc_accounts *got;
	struct pubkey keys[EVIDENCE_ACCOUNTS];

	evidence_account_keys(keys, &v->evidence);
	got = ask_accounts(v->s, keys, EVIDENCE_ACCOUNTS, FINALIZED);
	if (got)
		evidence_of_accounts(&v->accounts, &v->evidence, got, &v->s->config->policy.switchboard.program);
	else
		snprintf(v->gap, sizeof v->gap, "the accounts are not given: %.200s", v->s->why);
}

/* ---- showing ---- */

static void show_seen(struct out *out, const char *name, const struct seen_at *at)
{
	char sig[SIGNATURE_TEXT], time[TIME_TEXT];

	if (at->slot.n != 0)
		out_field(out, name, NULL, "%s slot %" PRIu64 " %s", print_time(time, at->time), at->slot.n,
			print_sig(sig, &at->sig));
}

static void show_terms(const struct verifying *v, const struct judged *j)
{
	static const char signed_by[] = "signed in create_pool";
	const struct evidence *e = &v->evidence;
	const struct ml_args *t = &e->terms;
	struct out *out = v->s->out;
	char key[PUBKEY_TEXT], hex[HEX_TEXT];

	out_section(out, "pool");
	out_field(out, "address", NULL, "%s", print_key(key, &v->pool.address));
	if (e->created.slot.n == 0)
		return;
	out_field(out, "pool_id", NULL, "%" PRIu64, e->pool_id);
	out_field(out, "creator", signed_by, "%s", print_key(key, &e->creator));
	out_field(out, "mint", signed_by, "%s", print_key(key, &e->mint));
	out_field(out, "salt", signed_by, "%s", print_hex(hex, t->salt.b, HASH_SIZE));
	out_field(out, "places", signed_by, "%u", (unsigned)t->max_participants);
	out_field(out, "lock_duration", signed_by, "%" PRId64, t->lock_duration);
	out_field(out, "bet", signed_by, "%" PRIu64, t->bet_amount);
	out_field(out, "dev_wallet", signed_by, "%s", print_key(key, &t->dev_wallet));
	out_field(out, "treasury", signed_by, "%s", print_key(key, &t->treasury_wallet));
	out_field(out, "fees_bps", signed_by, "dev %u burn %u treasury %u", (unsigned)t->dev_fee_bps,
		(unsigned)t->burn_fee_bps, (unsigned)t->treasury_fee_bps);
	out_field(out, "allow_mock", signed_by, "%s", t->allow_mock ? "yes" : "no");
	out_field(out, "config_hash", "computed", "%s", print_hex(hex, j->config_hash.b, HASH_SIZE));
	show_seen(out, "created", &e->created);
	show_seen(out, "unlocked", &e->unlocked);
	show_seen(out, "requested", &e->requested);
	show_seen(out, "selected", &e->selected);
	show_seen(out, "paid", &e->paid);
	show_seen(out, "cancelled", &e->cancelled);
	show_seen(out, "rent_claimed", &e->rent_claimed);
}

static void show_players(const struct verifying *v)
{
	static const char *const columns[] = { "index", "wallet", "slot", "signature" };
	const struct evidence *e = &v->evidence;
	struct out *out = v->s->out;
	char key[PUBKEY_TEXT], sig[SIGNATURE_TEXT];

	out_section(out, "players");
	out_field(out, "total", "bets and donations", "%" PRIu64, e->total_amount);
	out_field(out, "donations", NULL, "%u", e->n_donations);
	out_table(out, "list", columns, 4);
	for (unsigned i = 0; i < e->n_players && i < PARTICIPANTS_MAX; i++) {
		out_cell(out, "%u", i);
		out_cell(out, "%s", print_key(key, &e->player[i].wallet));
		out_cell(out, "%" PRIu64, e->player[i].joined.slot.n);
		out_cell(out, "%s", print_sig(sig, &e->player[i].joined.sig));
	}
	out_table_end(out);
}

static void show_used(const struct verifying *v, const struct evidence_commit *c)
{
	struct out *out = v->s->out;
	const struct evidence_accounts *a = &v->accounts;
	char key[PUBKEY_TEXT], hex[HEX_TEXT];

	out_field(out, "oracle", NULL, "%s", print_key(key, &c->oracle));
	show_seen(out, "committed", &c->at);
	out_field(out, "seed_slot", "commit's log", "%" PRIu64, c->seed_slot.n);
	out_field(out, "seed_slothash", "commit's log", "%s", print_hex(hex, c->seed_slothash.b, HASH_SIZE));
	show_seen(out, "revealed", &c->revealed);
	out_field(out, "value", "signed reveal", "%s", print_hex(hex, c->answer.value, sizeof c->answer.value));
	out_field(out, "oracle_signature", "signed reveal", "%s recovery_id %u",
		print_hex(hex, c->answer.signature, sizeof c->answer.signature), (unsigned)c->answer.recovery_id);
	if (a->has_randomness && a->randomness.has_signer)
		out_field(out, "account_signer", "randomness account", "%s",
			print_hex(hex, a->randomness.signer, sizeof a->randomness.signer));
	if (a->has_oracle)
		out_field(out, "oracle_signer", "oracle account", "%s",
			print_hex(hex, a->oracle.signer, sizeof a->oracle.signer));
}

static void show_randomness(const struct verifying *v)
{
	const struct evidence_commit *used = evidence_used(&v->evidence);
	struct out *out = v->s->out;
	char key[PUBKEY_TEXT];

	if (v->evidence.requested.slot.n == 0)
		return;
	out_section(out, "randomness");
	out_field(out, "account", "signed request", "%s", print_key(key, &v->evidence.randomness_account));
	out_field(out, "commits", NULL, "%u", v->evidence.n_commits);
	if (used)
		show_used(v, used);
}

static void show_result(const struct verifying *v, const struct judged *j)
{
	struct out *out = v->s->out;
	char key[PUBKEY_TEXT], number[U128_TEXT];

	if (!j->drawn_known && !j->split_known)
		return;
	out_section(out, "computed");
	if (j->drawn_known) {
		out_field(out, "randomness", "value[0..16]", "%s", print_u128(number, j->drawn.randomness));
		out_field(out, "number", "SHA-256(pool_id, randomness)[0..8]", "%" PRIu64, j->drawn.normalized);
		out_field(out, "index", "number mod players", "%u", (unsigned)j->drawn.index);
		out_field(out, "winner", NULL, "%s", print_key(key, &j->winner));
	}
	if (j->split_known) {
		out_field(out, "winner_amount", NULL, "%" PRIu64, j->split.winner_amount);
		out_field(out, "dev_amount", NULL, "%" PRIu64, j->split.dev_amount);
		out_field(out, "burn_amount", NULL, "%" PRIu64, j->split.burn_amount);
		out_field(out, "treasury_amount", NULL, "%" PRIu64, j->split.treasury_amount);
	}
}

int show_verify(struct show *s)
{
	static const int CODE[] = { EX_OK, SHOW_NOT_FAIR, EX_TEMPFAIL, EX_UNAVAILABLE };
	struct verifying v = { .s = s };
	struct judged judged;
	int code = EX_OK;

	if (!show_find_pool(s, &v.pool, &code))
		return code == EX_UNAVAILABLE ? EX_UNAVAILABLE : EX_USAGE;
	gather_transactions(&v);
	if (v.gap[0] == '\0')
		gather_accounts(&v);
	judge(&judged, &v.evidence, &v.accounts, &s->config->policy.switchboard, v.gap[0] != '\0' ? v.gap : NULL);
	show_terms(&v, &judged);
	if (v.evidence.created.slot.n != 0)
		show_players(&v);
	show_randomness(&v);
	show_result(&v, &judged);
	judged_print_checks(s->out, &judged);
	out_field(s->out, "endpoints", NULL, "%zu, believed about logs and inner instructions", s->config->n_rpc_urls);
	judged_print_verdict(s->out, &judged, NULL);
	return CODE[judged.verdict];
}
