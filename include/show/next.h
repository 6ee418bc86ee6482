/* The daemon's decision in words. Private to show. */
#ifndef SHOW_NEXT_H
#define SHOW_NEXT_H

#include "show/facts.h"

struct next {
	enum reason reason; /* WAIT_NONE: nothing stands in the way */
	char step[160], when[96];
};

void next_of(struct next *out, const struct facts *facts);

#endif
