/* Compute budget instructions: one tag byte, one number, no accounts. */
#include "core/compute.h"

#include "core/address.h"

void compute_limit(struct ix *out, uint32_t units)
{
	ix_begin(out, &ADDRESS_COMPUTE_BUDGET);
	ix_u8(out, COMPUTE_LIMIT);
	ix_u32(out, units);
}

void compute_price(struct ix *out, uint64_t micro_lamports_per_unit)
{
	ix_begin(out, &ADDRESS_COMPUTE_BUDGET);
	ix_u8(out, COMPUTE_PRICE);
	ix_u64(out, micro_lamports_per_unit);
}

void compute_read(struct bytes data, uint32_t *units, uint64_t *micro_lamports_per_unit)
{
	if (data.n == 5 && data.p[0] == 2)
		*units = load_u32(data.p + 1);
	if (data.n == 9 && data.p[0] == 3)
		*micro_lamports_per_unit = load_u64(data.p + 1);
}
