/* Names of the row states, as keeper.steps stores them. */
#include "core/journal_rows.h"

static const char *const NAMES[ROW_STATES] = {
	[ROW_OPEN] = "open",
	[ROW_LANDED] = "landed",
	[ROW_STALE] = "stale",
	[ROW_FINAL] = "final",
	[ROW_FAILED] = "failed",
	[ROW_EXPIRED] = "expired",
};

const char *row_state_name(enum row_state state)
{
	return state < ROW_STATES ? NAMES[state] : "unknown";
}

bool row_state_from_name(const char *text, enum row_state *out)
{
	for (unsigned i = 0; i < ROW_STATES; i++) {
		if (strcmp(NAMES[i], text) != 0)
			continue;
		*out = (enum row_state)i;
		return true;
	}
	return false;
}
