/* Past draws as counts: what fairness judges. Private to show. */
#ifndef SHOW_FAIRNESS_ROWS_H
#define SHOW_FAIRNESS_ROWS_H

#include "core/pool.h"
#include "core/select.h"
#include "core/ticket.h"
#include "show/ask.h"

enum { FAIRNESS_BINS = 20 };

/* Pools by their number of players: how often each place won. */
struct fairness_places {
	uint64_t won[PARTICIPANTS_MAX + 1][PARTICIPANTS_MAX]; /* [players][place] */
	uint64_t unknown;                                     /* paid, but the number or the players are not recorded */
};

/* Picks of draws without a chain program: where their numbers lie in 0 .. total - 1. */
struct fairness_numbers {
	uint64_t picks, in[FAIRNESS_BINS];
};

/* The bin of a number: of [number, number + 1) / total a point is taken by SHA-256("PKFAIR01" | draw 16 | pick u32), so that
 * small totals fill the bins evenly, too. number < total. */
unsigned fairness_bin(const struct draw_id *draw, uint32_t pick, uint64_t number, uint64_t total);

/* Each is false when the database does not answer; s->no_database says why. */
NODISCARD bool fairness_read_places(struct show *s, struct fairness_places *out);
NODISCARD bool fairness_read_numbers(struct show *s, struct fairness_numbers *out);

#endif
