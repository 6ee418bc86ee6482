/* What every off-chain draw is computed with, tried on published vectors before the first draw: a library or a compiler that
 * computes something else must not draw. Pure. */
#ifndef CORE_SELF_TEST_H
#define CORE_SELF_TEST_H

#include "core/select.h"

enum { SELF_TEST_DRAWS = 2, SELF_TEST_TICKETS = 5, SELF_TEST_PICKS = 7 };

/* Bytes as lower-case hex. */
struct self_test_vectors {
	struct {
		const char *seed, *key, *alpha, *proof, *beta;
	} vrf;
	struct self_test_draw {
		const char *draw, *root, *beta, *key;
		enum select_mode mode;
		uint32_t n, prizes, alternates;
		struct {
			const char *participant;
			uint64_t weight;
		} ticket[SELF_TEST_TICKETS];
		struct select_pick pick[SELF_TEST_PICKS];
	} draw[SELF_TEST_DRAWS];
};

/* Example 17 of RFC 9381; raffle 3 and large weights 10 of tests/vectors/vrf.json, with their trees. */
extern const struct self_test_vectors SELF_TEST_VECTORS;

/* NULL: everything is as published. Else what is not, in a few words. */
NODISCARD const char *self_test(const struct self_test_vectors *vectors);

#endif
