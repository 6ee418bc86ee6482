/* Names and sentences of the wait reasons. */
#include "core/reasons.h"

#define X(name, level, whose, text) { #name, REASON_##level, WHOSE_##whose, text },
const struct reason_def REASONS[REASON_COUNT] = { REASON_TABLE(X) };
#undef X
