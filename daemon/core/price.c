/* Chooses the priority fee. */
#include "core/price.h"

#include "core/address.h"
#include "core/compute.h"
#include "core/tx.h"

enum { LAMPORTS_PER_SIGNATURE = 5000, MICRO = 1000000 };

static uint64_t within(const struct policy *policy, uint64_t price)
{
	if (price > policy->price_cap)
		return policy->price_cap;
	return price < policy->price_floor ? policy->price_floor : price;
}

uint64_t price_choose(const struct policy *policy, const uint64_t *prices, size_t n, unsigned urgency)
{
	uint64_t price = n == 0 ? policy->price_fallback : prices[n * 3 / 4 < n ? n * 3 / 4 : n - 1];

	for (unsigned i = 0; i < urgency && i < 3; i++)
		price = price > policy->price_cap / 2 ? policy->price_cap : price * 2;
	return within(policy, price);
}

struct lamports price_fee(uint32_t units, uint64_t price, unsigned signatures)
{
	const uint64_t base = (uint64_t)LAMPORTS_PER_SIGNATURE * signatures;
	uint64_t micro;

	if (__builtin_mul_overflow((uint64_t)units, price, &micro))
		return (struct lamports){ UINT64_MAX };
	return (struct lamports){ base + micro / MICRO + (micro % MICRO != 0) };
}

struct lamports price_of(const uint8_t *tx, size_t len)
{
	struct tx_view view;
	uint32_t units = 0;
	uint64_t price = 0;

	if (tx_parse(&view, tx, len) != TX_OK)
		return (struct lamports){ 0 };
	for (unsigned i = 0; i < view.n_ixs; i++) {
		struct pubkey program;

		if (tx_view_key(&view, view.ixs[i].program, NULL, 0, &program) &&
			pubkey_equal(&program, &ADDRESS_COMPUTE_BUDGET))
			compute_read(tx_view_ix_data(&view, &view.ixs[i]), &units, &price);
	}
	return price_fee(units, price, view.n_signatures);
}
