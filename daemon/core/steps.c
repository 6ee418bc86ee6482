/* The step table: names, sentences, and the instructions each step consists of. */
#include "core/steps.h"

#include <string.h>

#define BUDGET { IX_COMPUTE_LIMIT, 1, 1 }, { IX_COMPUTE_PRICE, 1, 1 }

/* In the order of the instructions. BIND without IX_UNLOCK is for a pool that somebody else unlocked; without IX_INIT
 * for a randomness account that exists. DRAW pays in the same transaction; ATAs that vanished since are made again.
 * A sponsored win is passed on at once, to a token account that may have to be made. */
#define SHAPE_BIND          6, { BUDGET, { IX_UNLOCK, 0, 1 }, { IX_INIT, 0, 1 }, { IX_COMMIT, 1, 1 }, { IX_REQUEST, 1, 1 } }
#define SHAPE_RECOMMIT      3, { BUDGET, { IX_COMMIT, 1, 1 } }
#define SHAPE_DRAW          7, { BUDGET, { IX_REVEAL, 1, 1 }, { IX_SELECT, 1, 1 }, { IX_CREATE_ATA, 0, 2 }, { IX_PAYOUT, 1, 1 }, { IX_PASS_ON, 0, 1 } }
#define SHAPE_REVEAL_SELECT 4, { BUDGET, { IX_REVEAL, 1, 1 }, { IX_SELECT, 1, 1 } }
#define SHAPE_SELECT        3, { BUDGET, { IX_SELECT, 1, 1 } }
#define SHAPE_PAYOUT        5, { BUDGET, { IX_CREATE_ATA, 0, 3 }, { IX_PAYOUT, 1, 1 }, { IX_PASS_ON, 0, 1 } }
#define SHAPE_CREATE_ATA    3, { BUDGET, { IX_CREATE_ATA, 1, 1 } }
#define SHAPE_CANARY_INIT   4, { BUDGET, { IX_INIT, 1, 1 }, { IX_COMMIT, 1, 1 } }
#define SHAPE_CANARY_COMMIT 3, { BUDGET, { IX_COMMIT, 1, 1 } }
#define SHAPE_CLOSE_RANDOMNESS 3, { BUDGET, { IX_CLOSE, 1, 1 } }
#define SHAPE_SWEEP 3, { BUDGET, { IX_SWEEP, 1, 1 } }
#define SHAPE_FINALIZE 3, { BUDGET, { IX_FINALIZE, 1, 1 } }
#define SHAPE_CLAIM_RENT 3, { BUDGET, { IX_CLAIM_RENT, 1, 1 } }
#define SHAPE_ANCHOR 3, { BUDGET, { IX_MEMO, 1, 1 } }
#define SHAPE_PAY_REFERRAL 4, { BUDGET, { IX_CREATE_ATA, 1, 1 }, { IX_PASS_ON, 1, 1 } }

#define X(name, subject, guarded, why) { #name, SUBJECT_##subject, guarded, why, SHAPE_##name },
const struct step_def STEPS[STEP_COUNT] = { STEP_TABLE(X) };
#undef X

bool step_from_name(const char *text, enum step *out)
{
	for (unsigned i = 0; i < STEP_COUNT; i++) {
		if (strcmp(STEPS[i].name, text) != 0)
			continue;
		*out = (enum step)i;
		return true;
	}
	return false;
}
