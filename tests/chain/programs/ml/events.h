/* Events the lottery program logs. */
#ifndef ML_EVENTS_H
#define ML_EVENTS_H

#include "ml/ml.h"

/* Borsh writes the position in the list, not the numbers the Rust source assigns. */
enum action {
	ACTION_CREATED,
	ACTION_JOINED,
	ACTION_DONATED,
	ACTION_CLOSED,
	ACTION_ENDED,
	ACTION_CANCELLED,
	ACTION_RANDOMNESS_COMMITTED,
	ACTION_RANDOMNESS_MOCK_COMMITTED,
	ACTION_REACHED_MAX,
	ACTION_UNLOCKED,
	ACTION_ADMIN_CLOSED,
	ACTION_EMERGENCY_REVEAL,
	ACTION_EXPIRED
};

enum hint { HINT_REACHED_MAX, HINT_NEAR_EXPIRE, HINT_UNLOCKED };

struct payout {
	uint64_t winner;
	uint64_t dev;
	uint64_t burn;
	uint64_t treasury;
};

/* Status, count and total as the pool holds them now; emit_state_ended() says zero for both numbers. */
void emit_state(const struct call *c, enum status_reason reason);
void emit_state_ended(const struct call *c, enum status_reason reason);
void emit_activity(const struct call *c, enum action action, uint64_t amount, uint8_t rank);
void emit_hint(const struct call *c, enum hint hint);
void emit_refund_burned(const struct call *c, uint64_t amount);
void emit_refund_claimed(const struct call *c, uint64_t amount, uint64_t burned);
void emit_rent_claimed(const struct call *c);
void emit_winner(const struct call *c, const struct payout *payout);
void emit_forfeited(const struct call *c, uint64_t amount);

#endif
