/* The end of what verify shows. */
#include "show/judged_print.h"

static enum out_mood mood_of(enum check_state state)
{
	static const enum out_mood MOOD[] = { OUT_GOOD, OUT_BAD, OUT_WARN, OUT_PLAIN };

	return MOOD[state];
}

void judged_print_checks(struct out *out, const struct judged *judged)
{
	static const char *const columns[] = { "check", "result", "what" };

	out_section(out, "verdict");
	out_table(out, "checks", columns, 3);
	for (unsigned i = 0; i < judged->n; i++) {
		out_row_mood(out, mood_of(judged->check[i].state));
		out_cell(out, "%s", judged->check[i].name);
		out_cell(out, "%s", check_state_name(judged->check[i].state));
		out_cell(out, "%s", judged->check[i].text);
	}
	out_table_end(out);
}

void judged_print_verdict(struct out *out, const struct judged *judged, const char *limits)
{
	static const enum out_mood MOOD[] = { OUT_GOOD, OUT_BAD, OUT_WARN, OUT_WARN, OUT_WARN };

	out_mood_field(out, MOOD[judged->verdict], "verdict", limits, "%s", verdict_name(judged->verdict));
	out_field(out, "why", NULL, "%s", judged->why);
}
