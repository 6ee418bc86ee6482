/* Records that were written to the local spool while Postgres was away, until they are imported. Private to daemon/journal. */
#ifndef JOURNAL_SPOOLED_H
#define JOURNAL_SPOOLED_H
#include "journal/call.h"
#include "journal/commits.h"

enum spooled_kind { SPOOLED_STEP = 'S', SPOOLED_COMMIT = 'C' };

/* Steps of one subject that may wait here at once: Postgres takes no more unsettled rows of a subject than it can hand back. */
enum { SPOOLED_STEPS_MAX = 3 };

/* Loads what a previous run left. dir NULL: no spool. A spool that cannot be opened is an error in the log, and is
 * tried again with each append. */
struct spooled *spooled_new(struct journal *j, const char *dir);
void spooled_free(struct spooled *spooled);

/* Appends the parameters of a call (after the fence) of step_import or commit_record; on the disk when it returns OK.
 * REFUSED: a step of a subject of which SPOOLED_STEPS_MAX wait here, or that was not decided on the last of them. */
NODISCARD enum err spooled_append(struct spooled *spooled, enum spooled_kind kind, const struct journal_call_state *s,
	char *why, size_t why_size);

/* The oldest step of this subject that waits here, and the last row that it was decided on. NULL: none. */
const struct row *spooled_row(const struct spooled *spooled, const struct subject_key *subject, uint64_t *prev_seq);
/* The one that was decided on row prev_seq. NULL: none. */
const struct row *spooled_after(const struct spooled *spooled, const struct subject_key *subject, uint64_t prev_seq);
/* The answer that waits here; .n and .total are 0. NULL: none. */
const struct commit_row *spooled_commit(const struct spooled *spooled, const struct pubkey *randomness,
	struct slot seed_slot, const struct hash *seed_slothash);

/* Starts the import, oldest first, when there is something and none is running. Called when the lease is held. */
void spooled_import(struct spooled *spooled);

/* Readers of the spooled texts, which are those of the statements. */
bool commit_row_read(struct commit_row *row, const char *randomness, const char *oracle, const char *seed_slot,
	const char *seed_slothash);
#endif
