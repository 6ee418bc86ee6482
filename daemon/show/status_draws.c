/* status: the table of draws of the database: all that are not over, and the newest that are. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "journal/call.h"
#include "show/offchain.h"
#include "show/print.h"

enum { OVER_SHOWN = 20, OVER_MAX = 1000000, PAGE = 1000 };

struct listing {
	struct show *s;
	struct shown_draw *draw; /* not over */
	size_t n;
	/* Those that are over, which are shown as they are read. */
	int page_rows;
	int64_t before; /* seq of the last one */
	size_t over_shown;
	bool over_cut;
};

/* Both are found by indexes: what is over grows for ever. */
static const char NOT_OVER[] = "SELECT " SHOWN_DRAW_COLUMNS SHOWN_DRAW_FROM
			       "WHERE d.state NOT IN ('settled', 'refunded') ORDER BY d.deadline, d.draw";
static const char OVER[] =
	"SELECT " SHOWN_DRAW_COLUMNS ",d.seq" SHOWN_DRAW_FROM
	"WHERE d.seq < $1::bigint AND d.state IN ('settled', 'refunded') ORDER BY d.seq DESC LIMIT $2";

static void take(void *owner, const struct db_result *r)
{
	struct listing *l = owner;

	l->draw = calloc((size_t)db_rows(r) + 1, sizeof *l->draw);
	if (!l->draw)
		abort();
	for (int i = 0; i < db_rows(r); i++)
		l->n += shown_draw_read(r, i, &l->draw[l->n]);
}

static void decide(struct listing *l)
{
	struct shown_chain chain;
	bool asked = false, known = false;

	for (size_t i = 0; i < l->n; i++) {
		if (!asked && shown_draw_needs_chain(&l->draw[i])) {
			asked = true;
			known = ask_chain_now(l->s, &chain);
		}
		shown_draw_decide(&l->draw[i], known ? &chain : NULL);
	}
}

static void show_line(struct out *out, const struct shown_draw *d)
{
	const struct offchain_row *row = &d->row;
	char time[TIME_TEXT];

	out_row_mood(out, shown_draw_mood(d));
	out_cell(out, "%s", row->id);
	out_cell(out, "%s", row->source);
	out_cell(out, "%s", row->key);
	out_cell(out, "%s", offchain_state_name(row->state));
	out_cell(out, "%s", print_time(time, d->since_s));
	out_cell(out, "%s", !d->decided ? "-" : d->next.reason == WAIT_NONE ? "-" : REASONS[d->next.reason].name);
	out_cell(out, "%.*s", d->decided ? (int)strcspn(d->next.step, ":") : 1, d->decided ? d->next.step : "-");
	out_cell(out, "%s", d->decided ? d->next.when : "-");
	out_cell(out, "%s", print_time(time, row->deadline_s));
	out_cell(out, "%s", row->halted[0] ? row->halted : row->default_why[0] ? row->default_why : "-");
}

static void take_over(void *owner, const struct db_result *r)
{
	struct listing *l = owner;
	const size_t max = l->s->config->all ? OVER_MAX : OVER_SHOWN;
	struct shown_draw d;

	l->page_rows = db_rows(r);
	for (int i = 0; i < db_rows(r); i++) {
		if (l->over_shown == max) {
			l->over_cut = true;
			return;
		}
		if (!call_parse_i64(db_get(r, i, SHOWN_DRAW_COLUMNS_N), &l->before) || !shown_draw_read(r, i, &d)) {
			l->page_rows = 0;
			return;
		}
		shown_draw_decide(&d, NULL);
		l->over_shown++;
		show_line(l->s->out, &d);
	}
}

static void show_over(struct listing *l)
{
	char before[24], page[24];
	const char *const params[] = { before, page };

	l->before = INT64_MAX;
	snprintf(page, sizeof page, "%d", PAGE);
	do {
		snprintf(before, sizeof before, "%" PRId64, l->before);
		l->page_rows = 0;
		(void)ask_rows(l->s, OVER, params, 2, take_over, l);
	} while (l->page_rows == PAGE && !l->over_cut);
}

static void show_list(struct listing *l)
{
	static const char *const columns[] = { "draw", "source", "key", "state", "since", "waits_for", "next", "when",
		"deadline", "why" };

	out_section(l->s->out, "draws_of_the_database");
	out_table(l->s->out, "list", columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < l->n; i++)
		show_line(l->s->out, &l->draw[i]);
	show_over(l);
	out_table_end(l->s->out);
	if (l->over_cut)
		out_field(l->s->out, "left_out", NULL, "all that are over but the newest %zu: %s", l->over_shown,
			l->s->config->all ? "ask explain" : "status --all shows them, explain one of them");
}

static void take_any(void *owner, const struct db_result *r)
{
	*(bool *)owner = db_rows(r) > 0;
}

void show_status_draws(struct show *s)
{
	struct listing l = { .s = s };
	bool any = false;

	show_status_waiting(s);
	if (!ask_rows(s, "SELECT FROM keeper.offchain_draws LIMIT 1", NULL, 0, take_any, &any) || !any)
		return;
	if (ask_rows(s, NOT_OVER, NULL, 0, take, &l)) {
		decide(&l);
		show_list(&l);
	}
	free(l.draw);
}
