/* The status page for people, and the proofs of the draws that it shows. */
#ifndef OPS_STATUS_PAGE_H
#define OPS_STATUS_PAGE_H

#include "ops/health.h"

/* One HTML page that needs nothing else: no script, no image, no other address. */
void status_page_write(struct buf *out, const struct health_facts *facts, const struct health_verdict *verdict);
/* Its Content-Security-Policy: nothing but the page's own style, by its hash. */
const char *status_page_policy(void);

/* /draws/ADDRESS/POOL_ID: what was paid, as JSON, all values strings. False: not among the last ones. */
bool draw_proof_write(struct buf *out, const struct health_facts *facts, const char *path);
#define DRAW_PROOF_PREFIX "/draws/"

#endif
