/* The checks and the verdict, alike for all that verify looks at. Private to show. */
#ifndef SHOW_JUDGED_PRINT_H
#define SHOW_JUDGED_PRINT_H

#include "show/judge.h"
#include "show/out.h"

/* Begins the section "verdict". limits: what the verdict does not say, shown behind it; NULL: nothing. */
void judged_print_checks(struct out *out, const struct judged *judged);
void judged_print_verdict(struct out *out, const struct judged *judged, const char *limits);

#endif
