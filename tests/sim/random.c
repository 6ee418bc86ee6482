/* The run's only source of chance: splitmix64. */
#include <string.h>

#include "sim/sim.h"

static uint64_t state;

uint64_t random_mixed(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t next(void)
{
	return random_mixed(state += 0x9e3779b97f4a7c15u);
}

void random_seed(uint64_t seed)
{
	state = seed * 0xd1342543de82ef95u + 1;
	(void)next();
}

uint32_t random_below(uint32_t n)
{
	return (uint32_t)((next() >> 32) * n >> 32);
}

bool random_chance(unsigned per_mille)
{
	return per_mille != 0 && random_below(1000) < per_mille;
}

void random_bytes(void *out, size_t n)
{
	uint8_t *p = out;

	for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
		const uint64_t word = next();

		memcpy(p + i, &word, n - i < sizeof word ? n - i : sizeof word);
	}
}
