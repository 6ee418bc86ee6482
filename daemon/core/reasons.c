/* Names and sentences of the wait reasons. */
#include "core/reasons.h"

#include <string.h>

#define X(name, level, whose, text) { #name, REASON_##level, WHOSE_##whose, text },
const struct reason_def REASONS[REASON_COUNT] = { REASON_TABLE(X) };
#undef X

bool reason_from_name(const char *text, enum reason *out)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		if (strcmp(REASONS[i].name, text) != 0)
			continue;
		*out = (enum reason)i;
		return true;
	}
	return false;
}
