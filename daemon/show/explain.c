/* explain: one pool's state, what it waits for, what comes next, its money and everything that happened to it. */
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "core/calls.h"
#include "core/draw.h"
#include "journal/journal.h"
#include "show/commands.h"
#include "show/next.h"
#include "show/print.h"
#include "show/timeline.h"

static const char CHAIN[] = "chain, confirmed", JOURNAL[] = "journal", DECIDED[] = "decided now, as the daemon does";

struct explaining {
	struct show *s;
	struct facts facts;
	struct timeline timeline;
};

static const struct pool_account *pool_of(const struct explaining *x)
{
	return x->facts.draw.view.at.n != 0 && x->facts.draw.view.kind == VIEW_POOL ? &x->facts.draw.view.pool : NULL;
}

static unsigned decimals_of(const struct explaining *x)
{
	if (x->facts.draw.accounts.decimals_known)
		return x->facts.draw.accounts.decimals;
	return x->facts.record.known && x->facts.record.decimals != CALLS_DECIMALS_UNKNOWN ? x->facts.record.decimals
	                                                                                   : 0;
}

/* Base units and, where the mint is known, whole tokens. */
static void amount_field(const struct explaining *x, const char *name, const char *from, uint64_t amount)
{
	char text[AMOUNT_TEXT];

	if (decimals_of(x) == 0)
		out_field(x->s->out, name, from, "%" PRIu64, amount);
	else
		out_field(x->s->out, name, from, "%" PRIu64 " (%s tokens)", amount,
			print_amount(text, amount, decimals_of(x)));
}

/* ---- who it is, and in what state ---- */

static void explain_pool(const struct explaining *x)
{
	const struct pool_account *pool = pool_of(x);
	const struct draw_record *record = &x->facts.record;
	struct out *out = x->s->out;
	char key[PUBKEY_TEXT];

	out_section(out, "pool");
	out_field(out, "address", NULL, "%s", print_key(key, &record->address));
	if (record->known || pool)
		out_field(out, "pool_id", pool ? CHAIN : JOURNAL, "%" PRIu64, record->pool_id);
	if (record->app_id != 0)
		out_field(out, "app_id", JOURNAL, "%" PRId32, record->app_id);
	if (!pool)
		return;
	out_field(out, "mint", CHAIN, "%s", print_key(key, &pool->mint));
	out_field(out, "creator", CHAIN, "%s", print_key(key, &pool->creator));
	out_field(out, "dev_wallet", CHAIN, "%s", print_key(key, &pool->dev_wallet));
	/* A payout empties the list. */
	out_field(out, "players", CHAIN, "%u of %u",
		pool->status == POOL_ENDED ? (unsigned)pool->max_participants
					   : (unsigned)x->facts.draw.accounts.participants.count,
		(unsigned)pool->max_participants);
}

static int64_t since_of(const struct explaining *x, const struct pool_account *pool)
{
	switch (pool->status) {
	case POOL_OPEN:
		return pool->start_time;
	case POOL_LOCKED:
		return pool->lock_start_time;
	case POOL_UNLOCKED:
		return pool->unlock_time;
	case POOL_ENDED:
		return pool->end_time;
	case POOL_CANCELLED:
	case POOL_CLOSED:
		return pool->close_time;
	case POOL_RANDOMNESS_COMMITTED:
	case POOL_RANDOMNESS_REVEALED:
	case POOL_WINNER_SELECTED:
		break;
	}
	/* The program stores no time: that of the newest transaction that called it. Anybody can name the pool in one that does not. */
	for (size_t i = x->timeline.n; i > 0; i--) {
		const struct moment *m = &x->timeline.moment[i - 1];

		if (m->slot.n != 0 && !m->bad && (m->ours || !pubkey_is_zero(&m->who)))
			return m->time;
	}
	return 0;
}

static void explain_deadline(const struct explaining *x, const struct pool_account *pool)
{
	const uint64_t end = pool->randomness_commit_slot.n + POLICY_DEADLINE_SLOTS;
	const uint64_t now = x->facts.draw.view.at.n;

	if (pool->status != POOL_RANDOMNESS_COMMITTED && pool->status != POOL_RANDOMNESS_REVEALED)
		return;
	if (now > end)
		out_mood_field(x->s->out, OUT_BAD, "deadline", CHAIN, "slot %" PRIu64 " is past: the pot is lost", end);
	else
		out_mood_field(x->s->out, OUT_WARN, "deadline", CHAIN,
			"slot %" PRIu64 ", %" PRIu64 " slots from now: then the pot is lost", end, end - now);
}

static void explain_state(const struct explaining *x)
{
	const struct pool_account *pool = pool_of(x);
	const struct pool_view *view = &x->facts.draw.view;
	const struct draw_record *record = &x->facts.record;
	struct out *out = x->s->out;
	char time[TIME_TEXT], span[SPAN_TEXT];
	int64_t since;

	out_section(out, "state");
	if (pool) {
		since = since_of(x, pool);
		out_field(out, "state", CHAIN, "%s%s", pool_status_name(pool->status), pool->paused ? ", paused" : "");
		out_field(out, "since", CHAIN, "%s, %s", print_time(time, since),
			since != 0 ? print_span(span, view->chain_s, since) : "not known");
		out_field(out, "seen", NULL, "at slot %" PRIu64 ", %s by the chain's clock", view->at.n,
			print_time(time, view->chain_s));
		explain_deadline(x, pool);
	} else {
		if (view->at.n != 0)
			out_field(out, "account", CHAIN, "%s",
				view->kind == VIEW_MISSING      ? "deleted: the rent was claimed"
				: view->kind == VIEW_OTHER_DRAW ? "the address holds a newer pool"
								: "not a pool of the program");
		if (record->known)
			out_field(out, "state", JOURNAL, "%s, as of slot %" PRIu64, pool_status_name(record->status),
				record->status_slot.n);
	}
	if (x->facts.journal && x->facts.keeper.lease_valid)
		out_field(out, "daemon", JOURNAL, "%s holds the lease", x->facts.keeper.owner);
	else if (x->facts.journal)
		out_mood_field(out, OUT_WARN, "daemon", JOURNAL, "nobody holds the lease: no daemon is running");
}

/* ---- what it waits for ---- */

static void explain_next(const struct explaining *x)
{
	static const char *const columns[] = { "assumed" };
	static const enum out_mood MOOD[] = { OUT_GOOD, OUT_WARN, OUT_BAD };
	struct out *out = x->s->out;
	struct next next;

	out_section(out, "next");
	if (!x->facts.decided) {
		out_field(out, "waits_for", NULL, "cannot be told without the chain");
		return;
	}
	next_of(&next, &x->facts);
	out_mood_field(out, MOOD[REASONS[next.reason].level], "waits_for", DECIDED, "%s: %s", REASONS[next.reason].name,
		REASONS[next.reason].text);
	out_field(out, "next_step", DECIDED, "%s", next.step);
	out_field(out, "when", DECIDED, "%s", next.when);
	if (x->facts.mismatches[0] != '\0')
		out_mood_field(out, OUT_BAD, "mismatches", JOURNAL, "%s", x->facts.mismatches);
	if (x->facts.n_assumed == 0)
		return;
	out_table(out, "taken_for_granted", columns, 1);
	for (unsigned i = 0; i < x->facts.n_assumed; i++)
		out_cell(out, "%s", x->facts.assumed[i]);
	out_table_end(out);
}

static void explain_error(const struct explaining *x)
{
	char sig[SIGNATURE_TEXT], time[TIME_TEXT];

	out_section(x->s->out, "last_error");
	for (size_t i = x->timeline.n; i > 0; i--) {
		const struct moment *m = &x->timeline.moment[i - 1];

		if (!m->bad || !(m->ours || m->on_chain))
			continue;
		out_mood_field(
			x->s->out, OUT_WARN, "what", m->in_journal ? JOURNAL : CHAIN, "%s %s", m->what, m->state);
		out_field(x->s->out, "when", NULL, "%s, signature %s", print_time(time, m->time),
			print_sig(sig, &m->sig));
		return;
	}
	out_field(x->s->out, "what", NULL, "no transaction of this pool failed or expired");
}

/* ---- money ---- */

static void explain_paid(const struct explaining *x)
{
	const struct draw_record *r = &x->facts.record;
	char key[PUBKEY_TEXT], time[TIME_TEXT], sig[SIGNATURE_TEXT];

	out_field(x->s->out, "winner", JOURNAL, "%s", print_key(key, &r->winner));
	amount_field(x, "total", JOURNAL, r->total_amount);
	amount_field(x, "winner_amount", JOURNAL, r->winner_amount);
	amount_field(x, "dev_amount", JOURNAL, r->dev_amount);
	amount_field(x, "burn_amount", JOURNAL, r->burn_amount);
	amount_field(x, "treasury_amount", JOURNAL, r->treasury_amount);
	out_field(x->s->out, "paid", JOURNAL, "%s in slot %" PRIu64 ", signature %s", print_time(time, r->end_time),
		r->payout_slot.n, print_sig(sig, &r->payout_sig));
	out_field(x->s->out, "app_tables", JOURNAL, "%s", r->projected ? "written" : "not written yet");
}

static void explain_unpaid(const struct explaining *x, const struct pool_account *pool)
{
	const struct token_view *vault = &x->facts.draw.accounts.vault;
	struct draw_payout split;
	char key[PUBKEY_TEXT];

	amount_field(x, "bet", CHAIN, pool->bet_amount);
	if (pool->status == POOL_ENDED) {
		out_field(x->s->out, "winner", CHAIN, "%s", print_key(key, &pool->winner));
		out_field(x->s->out, "paid", CHAIN, "yes; the amounts are not in the journal%s",
			x->facts.journal ? " yet" : ", which is away");
		return;
	}
	amount_field(x, "total", CHAIN, pool->total_amount);
	amount_field(x, "vault", CHAIN, vault->amount);
	if (pool->status == POOL_WINNER_SELECTED)
		out_field(x->s->out, "winner", CHAIN, "%s", print_key(key, &pool->winner));
	if (draw_payout(&split, pool->total_amount, pool->dev_fee_bps, pool->burn_fee_bps, pool->treasury_fee_bps) !=
			DRAW_OK ||
		pool->status > POOL_ENDED)
		return;
	amount_field(x, "winner_would_get", "computed", split.winner_amount);
	amount_field(x, "dev_would_get", "computed", split.dev_amount);
	amount_field(x, "burned_would_be", "computed", split.burn_amount);
	amount_field(x, "treasury_would_get", "computed", split.treasury_amount);
}

static void explain_money(const struct explaining *x)
{
	const struct pool_account *pool = pool_of(x);
	uint64_t fees = 0;
	bool whole = true;

	out_section(x->s->out, "money");
	if (x->facts.record.paid_at != 0)
		explain_paid(x);
	else if (pool)
		explain_unpaid(x, pool);
	else if (x->facts.record.known)
		amount_field(x, "total", JOURNAL, x->facts.record.total_amount);
	for (size_t i = 0; i < x->timeline.n; i++) {
		const struct moment *m = &x->timeline.moment[i];

		if (m->ours && m->slot.n != 0) {
			fees += m->fee.n;
			whole = whole && m->fee_known;
		}
	}
	if (x->s->no_chain[0] != '\0')
		return;
	out_field(x->s->out, "fees_paid", CHAIN, "%" PRIu64 " lamports by the daemon%s", fees,
		whole ? "" : ", and more: the chain does not tell all");
}

/* ---- history ---- */

static void explain_timeline(const struct explaining *x)
{
	static const char *const columns[] = { "time", "slot", "what", "by", "state", "fee", "source", "signature" };
	struct out *out = x->s->out;
	char time[TIME_TEXT], key[PUBKEY_TEXT], sig[SIGNATURE_TEXT], number[24];

	out_section(out, "timeline");
	out_table(out, "transactions", columns, 8);
	for (size_t i = 0; i < x->timeline.n; i++) {
		const struct moment *m = &x->timeline.moment[i];

		out_row_mood(out, m->bad ? OUT_WARN : OUT_PLAIN);
		out_cell(out, "%s", print_time(time, m->time));
		snprintf(number, sizeof number, "%" PRIu64, m->slot.n);
		out_cell(out, "%s", m->slot.n ? number : "-");
		out_cell(out, "%s", m->what);
		out_cell(out, "%s", m->ours ? "poolkeeper" : print_key(key, &m->who));
		out_cell(out, "%s", m->state);
		snprintf(number, sizeof number, "%" PRIu64, m->fee.n);
		out_cell(out, "%s", m->fee_known ? number : "-");
		out_cell(out, "%s", m->in_journal ? m->on_chain ? "both" : "journal" : "chain");
		out_cell(out, "%s", print_sig(sig, &m->sig));
	}
	out_table_end(out);
}

static void take_commits(void *owner, const struct db_result *r)
{
	static const char *const columns[] = { "n", "oracle", "seed_slot", "answered", "fate", "reason" };
	struct out *out = owner;

	if (db_rows(r) == 0)
		return;
	out_section(out, "oracle");
	out_table(out, "commits", columns, 6);
	for (int i = 0; i < db_rows(r); i++)
		for (int k = 0; k < 6; k++)
			out_cell(out, "%s", db_get(r, i, k) ? db_get(r, i, k) : "-");
	out_table_end(out);
}

static void explain_commits(const struct explaining *x)
{
	char subject[SUBJECT_TEXT], address[PUBKEY_TEXT];
	const char *const params[] = { subject };

	snprintf(subject, sizeof subject, "draw:%s:%" PRIu64, print_key(address, &x->facts.record.address),
		x->facts.record.pool_id);
	(void)ask_rows(x->s,
		"SELECT n, oracle, seed_slot, to_char(answered_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS\"Z\"'), "
		"fate, reason"
		" FROM keeper.commits WHERE draw = $1 ORDER BY n",
		params, 1, take_commits, x->s->out);
}

/* Somebody mistyped: nothing is known of it anywhere. */
static bool is_unknown(const struct explaining *x)
{
	for (size_t i = 0; i < x->timeline.n; i++)
		if (!pubkey_is_zero(&x->timeline.moment[i].who))
			return false;
	return x->facts.journal && !x->facts.record.known && x->facts.draw.view.at.n != 0 &&
	       x->facts.draw.view.kind != VIEW_POOL && x->timeline.gap[0] == '\0';
}

int show_explain(struct show *s)
{
	struct explaining x = { .s = s };
	struct show_pool pool;
	int code = EX_OK;

	if (!show_find_pool(s, &pool, &code))
		return code;
	facts_read(s, &pool, &x.facts);
	timeline_read(s, &x.facts, &x.timeline);
	if (is_unknown(&x)) {
		fprintf(s->complaints,
			"poolkeeper: neither the chain nor the journal knows such a pool: look at its address\n");
		code = EX_USAGE;
	} else {
		explain_pool(&x);
		explain_state(&x);
		explain_next(&x);
		explain_error(&x);
		explain_money(&x);
		explain_commits(&x);
		explain_timeline(&x);
		code = show_missing(s, x.timeline.gap);
	}
	timeline_free(&x.timeline);
	return code;
}
