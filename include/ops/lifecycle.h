/* The steps of core/steps.h as text for people. */
#ifndef OPS_LIFECYCLE_H
#define OPS_LIFECYCLE_H

#include <stdio.h>

/* One block per step; the README carries it verbatim. */
void lifecycle_print(FILE *out);

#endif
