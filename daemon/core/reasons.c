/* Names and sentences of the wait reasons. */
#include "core/reasons.h"

#define X(name, level, text) { #name, REASON_##level, text },
const struct reason_def REASONS[REASON_COUNT] = { REASON_TABLE(X) };
#undef X
