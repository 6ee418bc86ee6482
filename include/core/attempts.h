/* Exponential backoff as a fact: how often something failed in a row, and when it was tried last. */
#ifndef CORE_ATTEMPTS_H
#define CORE_ATTEMPTS_H
#include <stdbool.h>
#include <stdint.h>

/* last_ms 0: never tried. Times are monotonic ms. */
struct attempts {
	unsigned failures;
	uint64_t last_ms;
};

/* When the next try is due: at once when it never failed, else last + base * 2^(failures - 1), at most max. */
static inline uint64_t attempts_next_ms(const struct attempts *a, uint64_t base_ms, uint64_t max_ms)
{
	const unsigned shift = a->failures > 16 ? 16 : a->failures;
	const uint64_t pause = shift == 0 ? 0 : base_ms << (shift - 1);

	return a->last_ms + (pause < max_ms ? pause : max_ms);
}

static inline bool attempts_ready(const struct attempts *a, uint64_t now_ms, uint64_t base_ms, uint64_t max_ms)
{
	return a->failures == 0 || now_ms >= attempts_next_ms(a, base_ms, max_ms);
}

static inline void attempts_note(struct attempts *a, uint64_t now_ms, bool ok)
{
	a->last_ms = now_ms;
	a->failures = ok ? 0 : a->failures + 1;
}
#endif
