/* fairness: what all past draws together look like. Single draws are verify's. */
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "journal/call.h"
#include "show/chi_square.h"
#include "show/commands.h"
#include "show/fairness_rows.h"

struct fairness {
	struct show *s;
	struct fairness_places places;
	struct fairness_numbers numbers;
	struct chi_square of_places, of_numbers;
};

/* ---- the two tests ---- */

static void show_test(struct out *out, const struct chi_square *chi, const char *of)
{
	out_field(out, of, NULL, "%" PRIu64 " tested, %" PRIu64 " left out", chi->used, chi->left_out);
	out_field(out, "chi_square", NULL, "%s", chi->value);
	out_field(out, "degrees_of_freedom", NULL, "%u", chi->df);
	out_mood_field(out, chi->unlikely ? OUT_BAD : OUT_PLAIN, "p_value", NULL, "%s", chi->p);
}

static void show_places(struct fairness *f)
{
	static const char *const columns[] = { "players", "draws", "chi_square", "degrees_of_freedom", "p_value" };
	struct chi_group group[PARTICIPANTS_MAX + 1];
	struct out *out = f->s->out;

	for (unsigned n = 0; n <= PARTICIPANTS_MAX; n++)
		group[n] = (struct chi_group){ .cells = n, .seen = f->places.won[n] };
	chi_square_test(&f->of_places, group, PARTICIPANTS_MAX + 1);
	out_section(out, "pools");
	show_test(out, &f->of_places, "draws");
	out_field(out, "not_known", NULL, "%" PRIu64 " paid without a recorded number of players or random number",
		f->places.unknown);
	out_table(out, "by_players", columns, 5);
	for (unsigned n = 1; n <= PARTICIPANTS_MAX; n++) {
		struct chi_square one;

		chi_square_test(&one, &group[n], 1);
		if (one.used + one.left_out == 0)
			continue;
		out_row_mood(out, one.unlikely ? OUT_BAD : OUT_PLAIN);
		out_cell(out, "%u", n);
		out_cell(out, "%" PRIu64, one.used + one.left_out);
		out_cell(out, "%s", one.value);
		out_cell(out, "%u", one.df);
		out_cell(out, "%s", one.p);
	}
	out_table_end(out);
}

/* As many bins as the picks fill: 20, 10, 5, 4 or 2; the smaller numbers divide the largest. */
static unsigned merge_bins(const struct fairness_numbers *numbers, uint64_t bin[FAIRNESS_BINS])
{
	static const unsigned sizes[] = { 20, 10, 5, 4, 2 };
	unsigned bins = 2;

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		if (numbers->picks >= (uint64_t)sizes[i] * CHI_EXPECTED_MIN) {
			bins = sizes[i];
			break;
		}
	}
	for (unsigned i = 0; i < FAIRNESS_BINS; i++)
		bin[i * bins / FAIRNESS_BINS] += numbers->in[i];
	return bins;
}

static void show_numbers(struct fairness *f)
{
	static const char *const columns[] = { "from", "to", "picks" };
	uint64_t bin[FAIRNESS_BINS] = { 0 };
	const struct chi_group group = { .cells = merge_bins(&f->numbers, bin), .seen = bin };
	struct out *out = f->s->out;

	chi_square_test(&f->of_numbers, &group, 1);
	out_section(out, "offchain");
	show_test(out, &f->of_numbers, "picks");
	if (f->numbers.picks == 0)
		return;
	out_table(out, "bins", columns, 3);
	for (unsigned i = 0; i < group.cells; i++) {
		out_cell(out, "%u %%", i * 100 / group.cells);
		out_cell(out, "%u %%", (i + 1) * 100 / group.cells);
		out_cell(out, "%" PRIu64, bin[i]);
	}
	out_table_end(out);
}

/* ---- what Postgres sums up itself ---- */

/* Pools: from the end of the lock, by the chain's clock. Without a program: from the lock's row, by the database's. */
static const char TIMES[] =
	"WITH took AS (SELECT 'pools' AS what, (end_time - lock_start_time - lock_duration)::numeric AS s"
	" FROM keeper.draws WHERE paid_at IS NOT NULL AND lock_start_time > 0"
	" UNION ALL SELECT CASE state WHEN 'settled' THEN 'offchain' ELSE 'refunds' END,"
	" extract(epoch FROM coalesce(settled_at, refunded_at) - locked_at)"
	" FROM keeper.offchain_draws WHERE state IN ('settled', 'refunded'))"
	" SELECT w.what, count(t.s), round(percentile_disc(0.5) WITHIN GROUP (ORDER BY t.s), 1),"
	" round(percentile_disc(0.9) WITHIN GROUP (ORDER BY t.s), 1),"
	" round(percentile_disc(0.99) WITHIN GROUP (ORDER BY t.s), 1)"
	" FROM (VALUES (1, 'pools'), (2, 'offchain'), (3, 'refunds')) AS w (i, what) LEFT JOIN took t USING (what)"
	" GROUP BY w.i, w.what ORDER BY w.i";

/* How each draw without a program ended. refunded: all stakes went back. */
static const char OUTCOMES[] =
	"SELECT w.what, count(d.draw), count(d.refunded_units)"
	" FROM (VALUES (1, 'settled'), (2, 'nobody_won'), (3, 'no_anchor'), (4, 'no_block'), (5, 'no_beacon'),"
	" (6, 'no_proof'), (7, 'not_over')) AS w (i, what)"
	" LEFT JOIN (SELECT draw, refunded_units, coalesce(default_why, CASE WHEN state <> 'settled' THEN 'not_over'"
	" WHEN refunded_units IS NULL THEN 'settled' ELSE 'nobody_won' END) AS what FROM keeper.offchain_draws) AS d"
	" USING (what) GROUP BY w.i, w.what ORDER BY w.i";

static const char KEYS[] =
	"SELECT coalesce(encode(k.key, 'hex'), 'none (beacon)'), CASE WHEN k.retired_at IS NOT NULL THEN 'retired'"
	" WHEN k.key IS NOT NULL THEN 'registered' ELSE '-' END, count(d.draw),"
	" count(*) FILTER (WHERE d.state IN ('drawn', 'settled')), count(*) FILTER (WHERE d.state = 'settled'),"
	" count(*) FILTER (WHERE d.state = 'locked'), count(*) FILTER (WHERE d.default_why IS NOT NULL),"
	" count(*) FILTER (WHERE d.default_why = 'no_proof'), count(d.refunded_units),"
	" count(*) FILTER (WHERE d.proven_at > d.deadline)"
	" FROM keeper.vrf_keys k FULL JOIN keeper.offchain_draws d ON d.vrf_key = k.key"
	" GROUP BY k.key, k.retired_at, k.registered_at ORDER BY k.registered_at NULLS LAST";

/* One row of text after the other, under these columns. */
struct listed {
	struct out *out;
	const char *section, *name;
	const char *const *columns;
	int n;
};

static void take_listed(void *owner, const struct db_result *r)
{
	const struct listed *l = owner;

	out_section(l->out, l->section);
	out_table(l->out, l->name, l->columns, (size_t)l->n);
	for (int i = 0; i < db_rows(r); i++) {
		for (int k = 0; k < l->n; k++)
			out_cell(l->out, "%s", db_get(r, i, k) ? db_get(r, i, k) : "-");
	}
	out_table_end(l->out);
}

static bool show_times(struct fairness *f)
{
	static const char *const columns[] = { "draws_of", "draws", "p50", "p90", "p99" };
	struct listed listed = { f->s->out, "lock_to_payout", "seconds", columns, 5 };

	return ask_rows(f->s, TIMES, NULL, 0, take_listed, &listed);
}

static bool show_outcomes(struct fairness *f)
{
	static const char *const columns[] = { "outcome", "draws", "refunded" };
	struct listed listed = { f->s->out, "outcomes", "offchain", columns, 3 };

	return ask_rows(f->s, OUTCOMES, NULL, 0, take_listed, &listed);
}

static bool show_keys(struct fairness *f)
{
	static const char *const columns[] = { "vrf_key", "state", "draws", "drawn", "settled", "locked", "defaults",
		"no_proof", "refunded", "late_proofs" };
	struct listed listed = { f->s->out, "vrf_keys", "list", columns, 10 };

	return ask_rows(f->s, KEYS, NULL, 0, take_listed, &listed);
}

/* ---- all of it ---- */

static int show_verdict(struct fairness *f)
{
	struct out *out = f->s->out;
	const bool unlikely = f->of_places.unlikely || f->of_numbers.unlikely;
	const bool tested = f->of_places.df + f->of_numbers.df > 0;

	out_section(out, "verdict");
	out_mood_field(out,
		unlikely ? OUT_BAD
		: tested ? OUT_GOOD
			 : OUT_PLAIN,
		"verdict", NULL, "%s",
		unlikely ? "unlike fair draws"
		: tested ? "like fair draws"
			 : "too few draws to say");
	out_field(out, "means", NULL,
		"fair draws have a p value below 0.0001 once in ten thousand looks; whether one draw followed its rule "
		"is what verify tells");
	return unlikely ? SHOW_NOT_FAIR : EX_OK;
}

int show_fairness(struct show *s)
{
	struct fairness f = { .s = s };
	int code = EX_OK;

	s->no_chain[0] = '\0'; /* not asked */
	if (fairness_read_places(s, &f.places) && fairness_read_numbers(s, &f.numbers)) {
		show_places(&f);
		show_numbers(&f);
		if (show_times(&f) && show_outcomes(&f) && show_keys(&f))
			code = show_verdict(&f);
	}
	return s->no_database[0] == '\0' ? code : show_missing(s, "");
}
