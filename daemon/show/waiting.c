/* What is due and not locked: there is no row of such a draw, so this is what the daemon last told about it. */
#include "journal/call.h"
#include "show/offchain.h"
#include "show/print.h"

static const char TOLD[] = "told by the daemon";

/* The first five columns are shown as they are. */
static const char WAITS[] =
	"SELECT w.source, w.source_key, w.reason, nullif(w.why, ''), floor(extract(epoch FROM w.since))::bigint, "
	"floor(extract(epoch FROM clock_timestamp()))::bigint FROM keeper.offchain_waits w";
enum { COL_SOURCE, COL_KEY, COL_REASON, COL_WHY, COL_SINCE, COL_NOW };

struct told {
	struct show *s;
	bool found;
	struct keeper_record keeper;
	bool keeper_known;
};

static bool reason_of(const struct db_result *r, int i, enum reason *out)
{
	return reason_from_name(db_get(r, i, COL_REASON), out);
}

static enum out_mood mood_of(enum reason reason)
{
	return REASONS[reason].level == REASON_INFO ? OUT_PLAIN : OUT_WARN;
}

static void explain(void *owner, const struct db_result *r)
{
	struct told *t = owner;
	struct out *out = t->s->out;
	char time[TIME_TEXT], span[SPAN_TEXT];
	enum reason reason;
	int64_t since_s, now_s;

	t->found = db_rows(r) == 1 && reason_of(r, 0, &reason) && call_parse_i64(db_get(r, 0, COL_SINCE), &since_s) &&
	           call_parse_i64(db_get(r, 0, COL_NOW), &now_s);
	if (!t->found)
		return;
	out_section(out, "draw");
	out_field(out, "source", NULL, "%s", db_get(r, 0, COL_SOURCE));
	out_field(out, "key", NULL, "%s", db_get(r, 0, COL_KEY));
	out_section(out, "state");
	out_field(out, "state", NULL, "due, and not locked");
	if (t->keeper_known && !t->keeper.lease_valid)
		out_mood_field(
			out, OUT_WARN, "daemon", NULL, "nobody holds the lease: no daemon is running, and this is old");
	out_section(out, "next");
	out_mood_field(out, mood_of(reason), "waits_for", TOLD, "%s: %s", REASONS[reason].name,
		reason == WAIT_NONE ? "nothing: it is locked next" : REASONS[reason].text);
	if (db_get(r, 0, COL_WHY))
		out_mood_field(out, mood_of(reason), "why", TOLD, "%s", db_get(r, 0, COL_WHY));
	out_field(out, "since", TOLD, "%s, %s", print_time(time, since_s), print_span(span, now_s, since_s));
	out_field(out, "next_step", NULL, "lock: its entries are frozen, and slot, round and deadline are fixed");
}

bool show_explain_waiting(struct show *s, const char *name)
{
	const char *const params[] = { name };
	struct told t = { .s = s };
	char sql[sizeof WAITS + 96];

	snprintf(sql, sizeof sql,
		"%s WHERE w.source = split_part($1, ':', 1) AND w.source_key = substr($1, strpos($1, ':') + 1)", WAITS);
	t.keeper_known = facts_read_keeper(s, &t.keeper);
	return ask_rows(s, sql, params, 1, explain, &t) && t.found;
}

static void list(void *owner, const struct db_result *r)
{
	static const char *const columns[] = { "source", "key", "waits_for", "since", "why" };
	struct out *out = ((struct told *)owner)->s->out;
	char time[TIME_TEXT];
	enum reason reason;
	int64_t since_s;

	if (db_rows(r) == 0)
		return;
	out_section(out, "due_and_not_locked");
	out_table(out, "list", columns, sizeof columns / sizeof columns[0]);
	for (int i = 0; i < db_rows(r); i++) {
		if (!reason_of(r, i, &reason) || !call_parse_i64(db_get(r, i, COL_SINCE), &since_s))
			continue;
		out_row_mood(out, mood_of(reason));
		out_cell(out, "%s", db_get(r, i, COL_SOURCE));
		out_cell(out, "%s", db_get(r, i, COL_KEY));
		out_cell(out, "%s", reason == WAIT_NONE ? "-" : REASONS[reason].name);
		out_cell(out, "%s", print_time(time, since_s));
		out_cell(out, "%s", db_get(r, i, COL_WHY) ? db_get(r, i, COL_WHY) : "-");
	}
	out_table_end(out);
}

void show_status_waiting(struct show *s)
{
	char sql[sizeof WAITS + 48];
	struct told t = { .s = s };

	snprintf(sql, sizeof sql, "%s ORDER BY w.since, w.source, w.source_key", WAITS);
	(void)ask_rows(s, sql, NULL, 0, list, &t);
}
