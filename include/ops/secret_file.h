/* Reads a small file into locked memory, and says whether others on this machine could read it too. */
#ifndef OPS_SECRET_FILE_H
#define OPS_SECRET_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* text is NUL-terminated (not counted in len) and lives in guarded memory; NULL when there is none. locked false: it
 * may be swapped. */
struct secret_text {
	char *text;
	size_t len;
	bool locked;
};

enum secret_file_rule {
	SECRET_FILE_PRIVATE,    /* regular, no symbolic link, owner root or us, closed to group and others */
	SECRET_FILE_CREDENTIAL, /* the same, but the group's bits may show the mask of systemd's ACL        */
	SECRET_FILE_ANY,        /* whatever can be read to its end                                          */
};

/* At most max bytes. crypto_init() first. On failure text stays NULL and why is one line that says what to do:
 *   INVALID  it does not exist, cannot be read, or is longer than max
 *   REFUSED  it breaks the rule
 * *exposed (may be NULL): the file is open to group or others, or belongs to somebody else. */
NODISCARD enum err secret_file_read(struct secret_text *out, const char *path, size_t max, enum secret_file_rule rule,
	bool *exposed, char *why, size_t why_size);

/* A copy in guarded memory. False when memory is short. */
NODISCARD bool secret_text_copy(struct secret_text *out, const char *text, size_t len);

/* Wipes and frees; leaves text NULL. */
void secret_text_wipe(struct secret_text *secret);

#endif
