/* What the two transactions of a draw can cost at most, from the rents that a node told. Pure. */
#ifndef CORE_COSTS_H
#define CORE_COSTS_H
#include <stddef.h>
#include <stdint.h>
#include "base/units.h"

/* Accounts that a draw may have to make. */
enum cost_account { COST_EMPTY, COST_RANDOMNESS, COST_ESCROW, COST_LUT, COST_ATA_2022, COST_ACCOUNTS };
extern const size_t COST_SIZE[COST_ACCOUNTS]; /* bytes of each: what to ask the rent for */

/* The dearest case of each: a new randomness account, a new winner account, the highest price allowed. ata: a token
 * account of the house's, made before a draw. */
void costs_of(const struct lamports rent[COST_ACCOUNTS], uint64_t price_cap, struct lamports *bind,
	struct lamports *draw, struct lamports *ata);
/* Of one referrer's claim at most: the highest price, a new token account, and what the treasury must keep to stay. */
struct lamports costs_claim(const struct lamports rent[COST_ACCOUNTS], uint64_t price_cap);
#endif
