/* The published rules and VRF keys, as files beside the certificates that name them. Only engine/ includes this. */
#ifndef ENGINE_TERMS_H
#define ENGINE_TERMS_H
#include "journal/certificates.h"

struct engine;

struct terms {
	struct terms_call call;
	char after[CERTIFICATE_NAME_TEXT]; /* the file that was looked at last; empty: begin with the first */
	uint64_t due_ms;
	bool looked;  /* all of them, once  */
	bool failing; /* and the log has it */
};

void terms_init(struct engine *e);
void terms_fini(struct engine *e);
/* certificates_turn() calls it while certificates are made. */
void terms_turn(struct engine *e);
/* Another daemon leads, or this one begins to. */
void terms_reset(struct engine *e);
bool terms_busy(const struct engine *e);
/* Nobody looked yet. */
bool terms_pending(const struct engine *e);
#endif
