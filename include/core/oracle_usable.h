/* May a draw be committed to this oracle? Pure; whether its gateway's address may be asked is for the caller. */
#ifndef CORE_ORACLE_USABLE_H
#define CORE_ORACLE_USABLE_H
#include <stdbool.h>
#include "core/policy.h"

/* In the queue, commit would accept it for at least an hour more, and it is alive. chain_s: the Clock sysvar. */
bool oracle_usable(const struct sb_queue *queue, const struct pubkey *queue_address, const struct pubkey *address,
	const struct sb_oracle *oracle, int64_t chain_s);
#endif
