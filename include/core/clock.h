/* The Clock sysvar: the only time a pool knows. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/units.h"

enum { CLOCK_ACCOUNT_SIZE = 40 };

struct clock_sysvar {
	struct slot slot;
	int64_t epoch_start_time; /* unix s */
	uint64_t epoch;
	uint64_t leader_schedule_epoch;
	int64_t unix_time; /* unix s */
};

/* False when the data is not 40 bytes. */
NODISCARD bool clock_decode(struct clock_sysvar *out, const uint8_t *data, size_t size);

#endif
