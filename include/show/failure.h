/* What a failed transaction is called. */
#ifndef SHOW_FAILURE_H
#define SHOW_FAILURE_H
#include <stddef.h>

#include "base/bytes.h"
#include "base/key.h"
#include "core/journal_rows.h"

/* "failed at instruction 2: 6047 InvalidInstruction". Numbers of different programs overlap: only the program that the
 * transaction's own bytes name for that instruction gives one its name; without bytes there is none.
 * switchboard: its program on this network. */
void failure_text(
	char *out, size_t size, const struct tx_failure *failure, struct bytes tx, const struct pubkey *switchboard);

#endif
