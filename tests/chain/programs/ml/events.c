/* Events the lottery program logs. */
#include "ml/events.h"

#include "discriminators.h"

struct PACKED state_event {
	uint64_t discriminator;
	struct pubkey pool;
	uint64_t pool_id;
	uint8_t status;
	uint8_t count;
	uint64_t total;
	uint8_t reason;
};

struct PACKED activity_event {
	uint64_t discriminator;
	struct pubkey pool;
	uint64_t pool_id;
	uint8_t action;
	uint64_t amount;
	uint8_t rank;
	uint16_t dev_bps;
	uint16_t burn_bps;
	uint16_t treasury_bps;
};

struct PACKED hint_event {
	uint64_t discriminator;
	struct pubkey pool;
	uint8_t hint;
};

struct PACKED burned_event {
	uint64_t discriminator;
	struct pubkey user;
	uint64_t amount;
	uint8_t reason;
};

struct PACKED refund_event {
	uint64_t discriminator;
	struct pubkey pool;
	struct pubkey user;
	uint64_t amount;
	uint64_t burned;
	uint8_t reason;
};

struct PACKED rent_event {
	uint64_t discriminator;
	struct pubkey pool;
	struct pubkey caller;
	struct pubkey sent_to;
	int64_t time;
};

struct PACKED winner_event {
	uint64_t discriminator;
	struct pubkey pool;
	uint64_t pool_id;
	struct pubkey winner;
	struct payout payout;
	uint64_t randomness[2];
};

struct PACKED forfeited_event {
	uint64_t discriminator;
	struct pubkey pool;
	uint64_t amount;
};

_Static_assert(sizeof(struct state_event) == 59, "PoolStateEvent");
_Static_assert(sizeof(struct activity_event) == 64, "PoolActivityEvent");
_Static_assert(sizeof(struct hint_event) == 41, "UIHint");
_Static_assert(sizeof(struct burned_event) == 49, "RefundBurned");
_Static_assert(sizeof(struct refund_event) == 89, "RefundClaimedEvent");
_Static_assert(sizeof(struct rent_event) == 112, "RentClaimed");
_Static_assert(sizeof(struct winner_event) == 128, "WinnerSelectedEvent");
_Static_assert(sizeof(struct forfeited_event) == 48, "ForfeitedToTreasury");

static void state(const struct call *c, uint8_t count, uint64_t total, enum status_reason reason)
{
	struct state_event event;

	event.discriminator = EVENT_POOL_STATE_EVENT;
	pubkey_copy(&event.pool, c->at[POOL]->key);
	event.pool_id = c->pool->pool_id;
	event.status = c->pool->status;
	event.count = count;
	event.total = total;
	event.reason = (uint8_t)reason;
	anchor_emit(&event, sizeof(event));
}

void emit_state(const struct call *c, enum status_reason reason)
{
	state(c, c->participants->count, c->pool->total_amount, reason);
}

void emit_state_ended(const struct call *c, enum status_reason reason)
{
	state(c, 0, 0, reason);
}

void emit_activity(const struct call *c, enum action action, uint64_t amount, uint8_t rank)
{
	struct activity_event event;

	event.discriminator = EVENT_POOL_ACTIVITY_EVENT;
	pubkey_copy(&event.pool, c->at[POOL]->key);
	event.pool_id = c->pool->pool_id;
	event.action = (uint8_t)action;
	event.amount = amount;
	event.rank = rank;
	event.dev_bps = c->pool->dev_fee_bps;
	event.burn_bps = c->pool->burn_fee_bps;
	event.treasury_bps = c->pool->treasury_fee_bps;
	anchor_emit(&event, sizeof(event));
}

void emit_hint(const struct call *c, enum hint hint)
{
	struct hint_event event;

	event.discriminator = EVENT_UIHINT;
	pubkey_copy(&event.pool, c->at[POOL]->key);
	event.hint = (uint8_t)hint;
	anchor_emit(&event, sizeof(event));
}

void emit_refund_burned(const struct call *c, uint64_t amount)
{
	struct burned_event event;

	event.discriminator = EVENT_REFUND_BURNED;
	pubkey_copy(&event.user, c->at[USER]->key);
	event.amount = amount;
	event.reason = c->pool->status_reason;
	anchor_emit(&event, sizeof(event));
}

void emit_refund_claimed(const struct call *c, uint64_t amount, uint64_t burned)
{
	struct refund_event event;

	event.discriminator = EVENT_REFUND_CLAIMED_EVENT;
	pubkey_copy(&event.pool, c->at[POOL]->key);
	pubkey_copy(&event.user, c->at[USER]->key);
	event.amount = amount;
	event.burned = burned;
	event.reason = c->pool->status_reason;
	anchor_emit(&event, sizeof(event));
}

void emit_rent_claimed(const struct call *c)
{
	struct rent_event event;

	event.discriminator = EVENT_RENT_CLAIMED;
	pubkey_copy(&event.pool, c->at[POOL]->key);
	pubkey_copy(&event.caller, c->at[USER]->key);
	pubkey_copy(&event.sent_to, c->at[CLOSE_TARGET]->key);
	event.time = c->now;
	anchor_emit(&event, sizeof(event));
}

void emit_winner(const struct call *c, const struct payout *payout)
{
	struct winner_event event;

	event.discriminator = EVENT_WINNER_SELECTED_EVENT;
	pubkey_copy(&event.pool, c->at[POOL]->key);
	event.pool_id = c->pool->pool_id;
	pubkey_copy(&event.winner, &c->pool->winner);
	event.payout = *payout;
	event.randomness[0] = c->pool->randomness[0];
	event.randomness[1] = c->pool->randomness[1];
	anchor_emit(&event, sizeof(event));
}

void emit_forfeited(const struct call *c, uint64_t amount)
{
	struct forfeited_event event;

	event.discriminator = EVENT_FORFEITED_TO_TREASURY;
	pubkey_copy(&event.pool, c->at[POOL]->key);
	event.amount = amount;
	anchor_emit(&event, sizeof(event));
}
