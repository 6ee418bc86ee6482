/* explain DRAW: a draw of the database: its state, what it waits for, what comes next, its money and everything that happened. */
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "core/draw_name.h"
#include "journal/call.h"
#include "show/offchain.h"
#include "show/print.h"

static const char DECIDED[] = "decided now, as the daemon does";

struct explaining {
	struct show *s;
	bool found;
	struct shown_draw draw;
	struct keeper_record keeper;
	bool keeper_known;
};

/* ---- who it is ---- */

static const char FIND[] = "SELECT " SHOWN_DRAW_COLUMNS SHOWN_DRAW_FROM
			   "WHERE d.draw = $1::uuid OR $1 IS NULL AND d.source = split_part($2, ':', 1) AND "
			   "d.source_key = substr($2, strpos($2, ':') + 1)";

static void take_draw(void *owner, const struct db_result *r)
{
	struct explaining *x = owner;

	x->found = db_rows(r) == 1 && shown_draw_read(r, 0, &x->draw);
}

/* One row of texts, one field each; what is null is left out. */
struct fields {
	struct show *s;
	const char *const *name;
	int n;
};

static void take_fields(void *owner, const struct db_result *r)
{
	const struct fields *f = owner;

	for (int i = 0; i < f->n && db_rows(r) == 1; i++)
		if (db_get(r, 0, i))
			out_field(f->s->out, f->name[i], NULL, "%s", db_get(r, 0, i));
}

static void show_fields(const struct explaining *x, const char *sql, const char *const *name, int n)
{
	struct fields fields = { x->s, name, n };
	const char *const params[] = { x->draw.row.id };

	(void)ask_rows(x->s, sql, params, 1, take_fields, &fields);
}

static void explain_who(const struct explaining *x)
{
	static const char *const names[] = { "draw", "source", "key", "type", "randomness", "vrf_key", "entries",
		"prizes", "slot", "round", "hash" };

	out_section(x->s->out, "draw");
	show_fields(x,
		"SELECT d.draw, d.source, d.source_key, format('%s, rules version %s', d.type, d.version), "
		"d.randomness, "
		"encode(d.vrf_key, 'hex'), format('%s, total weight %s', d.n, d.total_weight), "
		"format('%s, and %s alternates', d.prizes, d.alternates), d.slot, "
		"format('%s%s', d.locked_round, CASE WHEN d.round <> d.locked_round THEN ' at lock, then ' || d.round "
		"END), "
		"encode(d.hash, 'hex') FROM keeper.offchain_draws d WHERE d.draw = $1",
		names, sizeof names / sizeof names[0]);
}

/* ---- its state, and what it waits for ---- */

static void explain_state(const struct explaining *x)
{
	const struct offchain_row *row = &x->draw.row;
	struct out *out = x->s->out;
	char time[TIME_TEXT], span[SPAN_TEXT];
	const bool over = row->state == OFFCHAIN_SETTLED || row->state == OFFCHAIN_REFUNDED;
	const bool late = !over && row->now_ms >= row->deadline_s * 1000;

	out_section(out, "state");
	out_field(out, "state", NULL, "%s", offchain_state_name(row->state));
	out_field(out, "since", NULL, "%s, %s", print_time(time, x->draw.since_s),
		print_span(span, row->now_ms / 1000, x->draw.since_s));
	out_field(out, "seen", NULL, "%s by the database's clock", print_time(time, row->now_ms / 1000));
	out_mood_field(out, late ? OUT_BAD : OUT_PLAIN, "deadline", NULL, "%s, %s", print_time(time, row->deadline_s),
		print_span(span, row->now_ms / 1000, row->deadline_s));
	if (x->keeper_known && x->keeper.lease_valid)
		out_field(out, "daemon", NULL, "%s holds the lease", x->keeper.owner);
	else if (x->keeper_known)
		out_mood_field(out, OUT_WARN, "daemon", NULL, "nobody holds the lease: no daemon is running");
}

static void explain_next(const struct explaining *x)
{
	static const char *const columns[] = { "assumed" };
	const struct shown_draw *d = &x->draw;
	struct out *out = x->s->out;

	out_section(out, "next");
	if (!d->decided) {
		out_field(out, "waits_for", NULL, "cannot be told without the chain");
		return;
	}
	out_mood_field(out, shown_draw_mood(d), "waits_for", DECIDED, "%s: %s", REASONS[d->next.reason].name,
		REASONS[d->next.reason].text);
	out_field(out, "next_step", DECIDED, "%s", d->next.step);
	out_field(out, "when", DECIDED, "%s", d->next.when);
	if (d->n_assumed == 0)
		return;
	out_table(out, "taken_for_granted", columns, 1);
	for (unsigned i = 0; i < d->n_assumed; i++)
		out_cell(out, "%s", d->assumed[i]);
	out_table_end(out);
}

static void take_error(void *owner, const struct db_result *r)
{
	const struct explaining *x = owner;
	struct out *out = x->s->out;

	if (db_rows(r) == 0)
		out_field(out, "what", NULL, "nothing failed, as far as the database tells");
	for (int i = 0; i < db_rows(r); i++)
		out_mood_field(out, OUT_WARN, "what", NULL, "%s", db_get(r, i, 0));
}

/* What holds it up now comes before what is past. */
static void explain_error(struct explaining *x)
{
	const char *const params[] = { x->draw.row.id };

	out_section(x->s->out, "last_error");
	(void)ask_rows(x->s,
		"SELECT e.what FROM keeper.offchain_draws d CROSS JOIN LATERAL (SELECT 1 AS n, 'halted: ' || "
		"d.halted_why "
		"AS what, NULL::bigint AS seq WHERE d.halted_why IS NOT NULL UNION ALL SELECT 2, 'defaulted: ' || "
		"d.default_why, NULL "
		"WHERE d.default_why IS NOT NULL UNION ALL SELECT 3, format('the memo %s: %s', s.sig, s.state), s.seq "
		"FROM keeper.steps s WHERE s.subject = 'offchain:' || d.draw AND s.state IN ('failed', 'expired', "
		"'stale')) AS e "
		"WHERE d.draw = $1 ORDER BY e.n, e.seq DESC LIMIT 1",
		params, 1, take_error, x);
}

/* ---- money ---- */

static void take_table(void *owner, const struct db_result *r)
{
	const struct fields *f = owner;

	for (int i = 0; i < db_rows(r); i++)
		for (int k = 0; k < f->n; k++)
			out_cell(f->s->out, "%s", db_get(r, i, k) ? db_get(r, i, k) : "-");
}

static void show_table(const struct explaining *x, const char *name, const char *sql, const char *const *columns, int n)
{
	struct fields fields = { x->s, columns, n };
	const char *const params[] = { x->draw.row.id };

	out_table(x->s->out, name, columns, (size_t)n);
	(void)ask_rows(x->s, sql, params, 1, take_table, &fields);
	out_table_end(x->s->out);
}

static void explain_money(const struct explaining *x)
{
	static const char *const names[] = { "currency", "staked", "prizes", "paid", "refunded" };
	static const char *const columns[] = { "prize", "pick", "entry", "account", "ref", "units", "payment" };

	out_section(x->s->out, "money");
	show_fields(x,
		"SELECT d.currency, d.stake_units, (SELECT sum(a) FROM unnest(d.amounts) AS a), d.paid_units, "
		"CASE WHEN d.state = 'refunded' THEN d.stake_units END FROM keeper.offchain_draws d WHERE d.draw = $1",
		names, sizeof names / sizeof names[0]);
	if (x->draw.row.state != OFFCHAIN_DRAWN && x->draw.row.state != OFFCHAIN_SETTLED)
		return;
	show_table(x, "winners",
		"SELECT w.prize, w.pick, w.entry, w.account, w.ref, d.amounts[w.prize + 1], "
		"nullif(d.payments[w.prize + 1], '') "
		"FROM keeper.offchain_draws d CROSS JOIN LATERAL keeper.offchain_winners(d.draw) AS w WHERE d.draw = "
		"$1::uuid ORDER BY 1",
		columns, sizeof columns / sizeof columns[0]);
}

/* ---- history ---- */

#define UTC(column) "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS\"Z\"')"

/* In the order of a draw's life: the chain's clock, drand's and the database's need not agree. */
static const char TIMELINE[] = "SELECT " UTC(
	"e.t") ", e.slot, e.what, e.detail, e.sig FROM keeper.offchain_draws d CROSS JOIN LATERAL ("
	       "SELECT 1 AS n, d.opened_at AS t, NULL::bigint AS slot, 'opened' AS what, 'its rules and key are older' "
	       "AS detail, NULL::text AS sig"
	       " UNION ALL SELECT 2, d.locked_at, NULL, 'locked', format('%s entries, slot S %s, round %s', d.n, "
	       "d.slot, d.locked_round), NULL"
	       " UNION ALL SELECT 3, s.opened_at, s.landed_slot, 'anchor', s.state, s.sig FROM keeper.steps s WHERE "
	       "s.subject = 'offchain:' || d.draw"
	       " UNION ALL SELECT 4, NULL, d.anchor_slot, 'anchor', 'final', d.anchor_sig WHERE d.anchor_sig IS NOT "
	       "NULL"
	       " AND NOT EXISTS (SELECT FROM keeper.steps s WHERE s.subject = 'offchain:' || d.draw AND s.sig = "
	       "d.anchor_sig)"
	       " UNION ALL SELECT 4, r.refused_at, NULL, 'refused', format('participant %s: %s', encode(r.participant, "
	       "'hex'), r.reason), NULL FROM keeper.offchain_refusals r WHERE r.draw = d.draw"
	       " UNION ALL SELECT 5, to_timestamp(d.block_time), d.block_slot, 'block', keeper.base58(d.blockhash), "
	       "NULL WHERE d.block_slot IS NOT NULL"
	       " UNION ALL SELECT 6, to_timestamp(keeper.drand_time(d.round)), NULL, 'beacon', format('round %s, "
	       "checked by %s', d.round, d.checked_by), NULL"
	       " WHERE d.drand_signature IS NOT NULL"
	       " UNION ALL SELECT 7, d.proven_at, NULL, 'proof', CASE WHEN d.proven_at > d.deadline THEN 'after the "
	       "deadline' ELSE 'in time' END, NULL"
	       " WHERE d.proven_at IS NOT NULL"
	       " UNION ALL SELECT 8, d.drawn_at, NULL, 'winners', format('%s', (SELECT count(*) FROM "
	       "keeper.offchain_winners(d.draw))), NULL WHERE d.drawn_at IS NOT NULL"
	       " UNION ALL SELECT 10, d.settled_at, NULL, 'settled', format('%s units paid', d.paid_units), NULL WHERE "
	       "d.settled_at IS NOT NULL"
	       " UNION ALL SELECT 11, d.defaulted_at, NULL, 'defaulted', d.default_why, NULL WHERE d.defaulted_at IS "
	       "NOT NULL"
	       " UNION ALL SELECT 12, d.refunded_at, NULL, 'refunded', format('%s units given back', d.stake_units), "
	       "NULL WHERE d.refunded_at IS NOT NULL"
	       " UNION ALL SELECT 13, c.made, NULL, 'certificate', format('serial %s', c.serial), NULL FROM "
	       "keeper.certificates c WHERE c.draw = d.draw"
	       ") AS e WHERE d.draw = $1 ORDER BY e.n, e.t";

static void explain_timeline(const struct explaining *x)
{
	static const char *const columns[] = { "time", "slot", "what", "detail", "signature" };

	out_section(x->s->out, "timeline");
	show_table(x, "events", TIMELINE, columns, sizeof columns / sizeof columns[0]);
}

/* The chain is asked only where slots decide. */
static int end(struct explaining *x)
{
	if (!shown_draw_needs_chain(&x->draw))
		x->s->no_chain[0] = '\0';
	return show_missing(x->s, "");
}

int show_explain_draw(struct show *s)
{
	struct explaining x = { .s = s };
	const char *name = s->config->draw, *const params[] = { draw_name_id(name), name };
	struct shown_chain chain;

	if (!ask_rows(s, FIND, params, 2, take_draw, &x)) {
		s->no_chain[0] = '\0';
		return show_missing(s, "");
	}
	if (!x.found) {
		s->no_chain[0] = '\0';
		if (show_explain_waiting(s, name))
			return show_missing(s, "");
		fprintf(s->complaints,
			"poolkeeper: no draw %s is locked or due: give its id, or SOURCE:KEY as the source writes "
			"them\n",
			name);
		return EX_USAGE;
	}
	x.keeper_known = facts_read_keeper(s, &x.keeper);
	shown_draw_decide(&x.draw, shown_draw_needs_chain(&x.draw) && ask_chain_now(s, &chain) ? &chain : NULL);
	explain_who(&x);
	explain_state(&x);
	explain_next(&x);
	explain_error(&x);
	explain_money(&x);
	explain_timeline(&x);
	return end(&x);
}
