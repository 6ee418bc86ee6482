/* Was a draw off chain fair? Everything that its certificate holds, computed again. Pure. Private to show. */
#ifndef SHOW_JUDGE_DRAW_H
#define SHOW_JUDGE_DRAW_H

#include "core/certificate.h"
#include "show/judge.h"

struct judged_draw {
	uint8_t alpha[ALPHA_SIZE];
	struct ecvrf_steps vrf;
	struct hash root;      /* of the tickets; with has_tickets */
	uint64_t total_weight; /* likewise                         */
	bool has_tickets, picked;
	bool drand_unchecked;                           /* this build has no library for pairings */
	struct hash select_key;                         /* with picked                      */
	struct select_pick pick[CERTIFICATE_PICKS_MAX]; /* likewise, n_picks of the lock */
};

/* ticket and stakes (STAKE_SIZE bytes each): all of the lock's, or NULL where the certificate does not carry them. memory: select_memory() bytes for them.
 * Adds its checks to *out; judge_certificate() concludes. */
void judge_draw(struct judged *out, struct judged_draw *computed, const struct certificate_draw *draw,
	const struct ticket *ticket, const uint8_t *stakes, void *memory);
/* Of these checks, the one of who got what: it asks for nothing but the lock, the picks and the awards. */
void judge_awards(struct judged *out, const struct certificate_draw *draw);
/* The same as judge_draw() for a pool's draw; the terms are put into *e for show. */
void judge_pool(struct judged *out, struct evidence *e, const struct certificate_pool *pool);

#endif
