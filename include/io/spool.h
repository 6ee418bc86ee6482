/* A local append-only file of records that survives a crash, for when Postgres is away. */
#ifndef IO_SPOOL_H
#define IO_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { SPOOL_RECORD_MAX = 65535, SPOOL_FILE_MAX = 64 * 1024 * 1024 };

struct spool;

/* <dir>/spool, mode 0600, in a directory of mode 0700 that is made when it does
 * not exist (its parent must). The file stays locked while it is open: one process per directory.
 * A torn tail (an append that never returned, so nobody acted on it) is cut. All failures put one line in why:
 *   REFUSED  not ours, open to others, or in use by another process
 *   RETRY    the disk said no */
NODISCARD enum err spool_open(struct spool **spool, const char *dir, char *why, size_t why_size);
void spool_close(struct spool *spool); /* NULL is allowed */

/* Returns only when the record is on the disk. Synchronous on purpose: there
 * are a few records per outage, nothing may be sent before one is safe, and a write plus
 * fdatasync of 2 KB takes 0.2 to 20 ms.
 *   RETRY    not written (disk full); the file is as before
 *   UNKNOWN  it may be in the file; close and open again before the next append
 *   INVALID  empty, longer than SPOOL_RECORD_MAX, or the file is at SPOOL_FILE_MAX */
NODISCARD enum err spool_append(struct spool *spool, const void *record, size_t len, char *why, size_t why_size);

/* Oldest first. each() returns false to stop; then, and when all were read, ERR_OK.
 * The record is borrowed until each() returns. each() must not append or reset. */
NODISCARD enum err spool_read_all(struct spool *spool, bool (*each)(void *owner, const void *record, size_t len),
	void *owner, char *why, size_t why_size);

/* After the import: empties the file. UNKNOWN as for spool_append(). A file with damage in the middle is kept aside as <dir>/spool.damaged-N. */
NODISCARD enum err spool_reset(struct spool *spool, char *why, size_t why_size);

unsigned spool_records(const struct spool *spool);
/* Bytes that are no record although good records follow them; 0 in a healthy file. Alert. */
uint64_t spool_damaged(const struct spool *spool);
/* Bytes of the torn tail that spool_open() cut. */
uint64_t spool_cut(const struct spool *spool);

#endif
