/* Units of the chain as C types, so that a slot can never be compared with a height or a fee. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* A slot number (context.slot, seed_slot, commit slot). Slots may be skipped; they count time. */
struct slot {
	uint64_t n;
};

/* A block height (lastValidBlockHeight). Heights have no holes; they decide when a blockhash dies. */
struct height {
	uint64_t n;
};

/* 1e-9 SOL: fees, rents, wallet balances. Amounts of tokens stay uint64_t and are named *_amount. */
struct lamports {
	uint64_t n;
};

/* Only pool.randomness needs 128 bits: value = hi * 2^64 + lo. */
struct u128 {
	uint64_t lo;
	uint64_t hi;
};

static inline bool u128_equal(struct u128 a, struct u128 b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

#endif
