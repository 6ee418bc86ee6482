/* Decoding the Clock sysvar. */
#include "core/clock.h"

#include "base/bytes.h"

bool clock_decode(struct clock_sysvar *out, const uint8_t *data, size_t size)
{
	if (size != CLOCK_ACCOUNT_SIZE)
		return false;
	out->slot.n = load_u64(data);
	out->epoch_start_time = load_i64(data + 8);
	out->epoch = load_u64(data + 16);
	out->leader_schedule_epoch = load_u64(data + 24);
	out->unix_time = load_i64(data + 32);
	return true;
}
