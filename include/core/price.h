/* How much to pay per compute unit, from what recent blocks paid. Micro-lamports per unit. Pure. */
#ifndef CORE_PRICE_H
#define CORE_PRICE_H
#include <stddef.h>
#include <stdint.h>
#include "core/policy.h"

/* prices ascending, n 0: nothing is known (then the fallback). urgency 0..3: 75th percentile, then doubled each time;
 * always within floor and cap. */
uint64_t price_choose(const struct policy *policy, const uint64_t *prices, size_t n, unsigned urgency);
/* Lamports that `units` at `price` cost, rounded up, plus the base fee of the signatures. */
struct lamports price_fee(uint32_t units, uint64_t price, unsigned signatures);
/* What a transaction with compute budget instructions costs once it has landed; 0 when it cannot be read. */
struct lamports price_of(const uint8_t *tx, size_t len);
#endif
