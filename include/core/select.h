/* Rule SEL-1: from the VRF's beta to the winners of an off-chain draw. The rule as published stands in docs/certificate.md.
 *
 * Picks cost O(log n) each: a tree of sums finds the ticket, and the tickets of one participant are found through a table.
 * The answers are those of walking the list. */
#ifndef CORE_SELECT_H
#define CORE_SELECT_H

#include <stdint.h>

#include "base/err.h"
#include "base/key.h"
#include "core/ecvrf.h"
#include "core/ticket.h"

/* What a prize pick takes out. The values are hashed and published: never renumber. */
enum select_mode {
	SELECT_WITH_REPLACEMENT = 0,
	SELECT_ONE_PER_PARTICIPANT = 1,
	SELECT_ONE_PER_ENTRY = 2,
};

struct select_input {
	struct ecvrf_beta beta;
	struct draw_id draw;
	struct hash root; /* of the tickets' tree */
	const struct ticket *ticket;
	uint32_t n;
	uint32_t prizes, alternates;
	enum select_mode mode;
};

enum select_result {
	SELECT_OK,
	SELECT_NO_TICKETS, /* n is 0                            */
	SELECT_NO_WEIGHT,  /* the sum of the weights is 0       */
	SELECT_OVERFLOW,   /* the sum of the weights is 2^64 or more */
	SELECT_TOO_MANY,   /* prizes and alternates do not fit 32 bits */
};

struct select_pick {
	bool empty;       /* no weight was left          */
	uint32_t attempt; /* from 0; before it numbers were rejected */
	uint64_t number;  /* the ticket's number, below total        */
	uint64_t total;   /* of the live weights         */
	uint32_t entry;   /* which ticket it is          */
};

/* Bytes of scratch memory for n tickets, 8-byte aligned: at most 8(n+1) + 4n + 8n. With the tickets themselves (40n)
 * ten million need 587 MB. n is below 2^32 - 1. */
size_t select_memory(uint32_t n);

/* pick: room for prizes + alternates, in the order of the rule: prizes first. key: what the numbers were drawn with, for
 * whoever computes them by hand. Nothing is written to the tickets. */
NODISCARD enum select_result select_run(
	struct select_pick *pick, struct hash *key, const struct select_input *input, void *memory);

/* Sum of the weights. */
NODISCARD enum select_result select_total(uint64_t *out, const struct ticket *ticket, uint32_t n);

/* One sentence for people. */
const char *select_result_text(enum select_result result);

#endif
