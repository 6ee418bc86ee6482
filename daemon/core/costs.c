/* The most that a draw can cost. */
#include "core/costs.h"

#include "core/compose.h"
#include "core/price.h"

enum { LUT_SIZE = 152, ESCROW_SIZE = 165, ATA_2022_SIZE = 170 };

const size_t COST_SIZE[COST_ACCOUNTS] = {
	[COST_EMPTY] = 0,
	[COST_RANDOMNESS] = SB_RANDOMNESS_SIZE,
	[COST_ESCROW] = ESCROW_SIZE,
	[COST_LUT] = LUT_SIZE,
	[COST_ATA_2022] = ATA_2022_SIZE,
};

void costs_of(const struct lamports rent[COST_ACCOUNTS], uint64_t price_cap, struct lamports *bind,
	struct lamports *draw, struct lamports *ata)
{
	bind->n = rent[COST_EMPTY].n + rent[COST_RANDOMNESS].n + rent[COST_ESCROW].n + rent[COST_LUT].n +
	          price_fee(compose_fixed_limit(STEP_BIND), price_cap, 2).n;
	draw->n = rent[COST_ATA_2022].n + price_fee(compose_fixed_limit(STEP_DRAW), price_cap, 1).n;
	ata->n = rent[COST_ATA_2022].n + price_fee(compose_fixed_limit(STEP_CREATE_ATA), price_cap, 1).n;
}

struct lamports costs_claim(const struct lamports rent[COST_ACCOUNTS], uint64_t price_cap)
{
	return (struct lamports){ rent[COST_EMPTY].n + rent[COST_ATA_2022].n +
				  price_fee(compose_fixed_limit(STEP_PAY_REFERRAL), price_cap, 1).n };
}
