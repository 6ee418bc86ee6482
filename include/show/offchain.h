/* Draws whose stakes are in Postgres: the daemon's own decision on the row as it is now, in words. Private to show. */
#ifndef SHOW_OFFCHAIN_H
#define SHOW_OFFCHAIN_H

#include "core/offchain.h"
#include "journal/offchain.h"
#include "show/next.h"

/* What shown_draw_read() reads, of keeper.offchain_draws AS d; what is wanted besides comes behind it. */
#define SHOWN_DRAW_COLUMNS           \
	OFFCHAIN_COLUMNS             \
	",floor(extract(epoch FROM " \
	"coalesce(d.refunded_at,d.defaulted_at,d.settled_at,d.drawn_at,d.locked_at)))::bigint"
#define SHOWN_DRAW_FROM " FROM keeper.offchain_draws d CROSS JOIN LATERAL keeper.offchain_facts(d) AS f "
enum { SHOWN_DRAW_COLUMNS_N = OFFCHAIN_COLUMNS_N + 1, SHOWN_ASSUMED = 4 };

struct shown_draw {
	struct offchain_row row;
	int64_t since_s; /* since when it is in its state */
	bool decided;    /* false: the chain's slots or its clock are needed, and are not known */
	struct next next;
	const char *assumed[SHOWN_ASSUMED]; /* what the decision takes for granted, one sentence each */
	unsigned n_assumed;
};

/* False: no row of ours. */
NODISCARD bool shown_draw_read(const struct db_result *result, int row, struct shown_draw *out);
/* Only such a draw is about slots, or about whose clock is right. */
bool shown_draw_needs_chain(const struct shown_draw *draw);
struct shown_chain {
	struct tip tip;
	int64_t clock_s; /* Unix */
};
/* chain NULL: nobody told it. */
void shown_draw_decide(struct shown_draw *draw, const struct shown_chain *chain);
/* Also of draws that are over: then plain. */
enum out_mood shown_draw_mood(const struct shown_draw *draw);

/* The newest slots and the Clock; false: no node answers. */
NODISCARD bool ask_chain_now(struct show *s, struct shown_chain *out);

/* What a source says is due and the daemon has not locked, as the daemon told it. False: no such one. */
bool show_explain_waiting(struct show *s, const char *name);
/* The table of them, when there are any. */
void show_status_waiting(struct show *s);

/* explain DRAW; status: the table of such draws, when there are any. */
int show_explain_draw(struct show *s);
void show_status_draws(struct show *s);

#endif
