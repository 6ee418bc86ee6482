/* Compute budget instructions. */
#ifndef CORE_COMPUTE_H
#define CORE_COMPUTE_H

#include <stdint.h>

#include "base/bytes.h"
#include "core/ix.h"

enum {
	COMPUTE_LIMIT = 2, /* first byte of the data */
	COMPUTE_PRICE = 3,
	COMPUTE_LIMIT_SIZE = 5,
	COMPUTE_PRICE_SIZE = 9,
};

void compute_limit(struct ix *out, uint32_t units);
void compute_price(struct ix *out, uint64_t micro_lamports_per_unit);
/* One instruction's data: writes what it sets, and leaves the other as it is. */
void compute_read(struct bytes data, uint32_t *units, uint64_t *micro_lamports_per_unit);

#endif
