/* Pearson's chi-square test against cells that are all as likely. Floating point lives in its source only: it judges draws
 * together and touches no amount. Private to show. */
#ifndef SHOW_CHI_SQUARE_H
#define SHOW_CHI_SQUARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A cell that is expected less often than this makes the test's distribution wrong. */
enum { CHI_EXPECTED_MIN = 5, CHI_TEXT = 24 };

/* Draws of one kind: each went into one of the cells. */
struct chi_group {
	unsigned cells; /* 2 or more; fewer say nothing */
	const uint64_t *seen;
};

struct chi_square {
	uint64_t used, left_out; /* draws; left out: of groups with too few of them, or with one cell   */
	unsigned df;             /* degrees of freedom: cells less one, over all groups; 0: too few draws */
	char value[CHI_TEXT];    /* sum of (seen - expected)^2 / expected; "-" without df               */
	char p[CHI_TEXT];        /* P(chi-square of df >= value), by the incomplete gamma function      */
	bool unlikely;           /* p < 0.0001: one in ten thousand fair records looks like this        */
};

/* All groups together: sums of chi-squares are chi-squares. */
void chi_square_test(struct chi_square *out, const struct chi_group *group, size_t n);

#endif
