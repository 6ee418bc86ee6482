/* Events of the ml program, from bytes. */
#include "core/event.h"

#include <string.h>

static const struct {
	const char *name;
	uint8_t discriminator[8];
	uint8_t size; /* discriminator included */
} DEF[EVENT_KIND_COUNT] = {
	[EVENT_POOL_STATE] = { "PoolStateEvent", { 0x48, 0xa9, 0x4d, 0x43, 0xac, 0xd9, 0x03, 0x73 }, 59 },
	[EVENT_POOL_ACTIVITY] = { "PoolActivityEvent", { 0x74, 0xdd, 0xcb, 0x6e, 0x72, 0x8b, 0x61, 0x7c }, 64 },
	[EVENT_UI_HINT] = { "UIHint", { 0xe5, 0x02, 0x46, 0x79, 0xd9, 0x1a, 0xe7, 0x97 }, 41 },
	[EVENT_REFUND_BURNED] = { "RefundBurned", { 0x36, 0xb4, 0x4b, 0x95, 0x6f, 0x1a, 0x1c, 0xd9 }, 49 },
	[EVENT_REFUND_CLAIMED] = { "RefundClaimedEvent", { 0x4d, 0x53, 0xac, 0x7b, 0xeb, 0x3a, 0x9a, 0xe9 }, 89 },
	[EVENT_RENT_CLAIMED] = { "RentClaimed", { 0x21, 0x11, 0x04, 0x79, 0xe4, 0x07, 0x64, 0x88 }, 112 },
	[EVENT_WINNER_SELECTED] = { "WinnerSelectedEvent", { 0x58, 0x44, 0x4c, 0x46, 0xeb, 0xfe, 0x07, 0x5c }, 128 },
	[EVENT_FORFEITED_TO_TREASURY] = { "ForfeitedToTreasury", { 0x27, 0x6e, 0x82, 0xf0, 0x13, 0x3e, 0x1f, 0x74 },
		48 },
};

static const char *const ACTION_NAME[] = {
	[ACTION_CREATED] = "Created",
	[ACTION_JOINED] = "Joined",
	[ACTION_DONATED] = "Donated",
	[ACTION_CLOSED] = "Closed",
	[ACTION_ENDED] = "Ended",
	[ACTION_CANCELLED] = "Cancelled",
	[ACTION_RANDOMNESS_COMMITTED] = "RandomnessCommitted",
	[ACTION_RANDOMNESS_MOCK_COMMITTED] = "RandomnessMockCommitted",
	[ACTION_REACHED_MAX] = "ReachedMax",
	[ACTION_UNLOCKED] = "Unlocked",
	[ACTION_ADMIN_CLOSED] = "AdminClosed",
	[ACTION_EMERGENCY_REVEAL] = "EmergencyReveal",
	[ACTION_EXPIRED] = "Expired",
};

static const char *const HINT_NAME[] = {
	[HINT_REACHED_MAX] = "ReachedMax",
	[HINT_NEAR_EXPIRE] = "NearExpire",
	[HINT_UNLOCKED] = "Unlocked",
};

static void load_key(struct pubkey *out, const uint8_t *p)
{
	memcpy(out->b, p, PUBKEY_SIZE);
}

static bool take_state(struct event *out, const uint8_t *p)
{
	load_key(&out->pool, p);
	out->as.state.pool_id = load_u64(p + 32);
	out->as.state.status = (enum pool_status)p[40];
	out->as.state.participant_count = p[41];
	out->as.state.total_amount = load_u64(p + 42);
	out->as.state.status_reason = p[50];
	return p[40] <= POOL_CLOSED;
}

static bool take_activity(struct event *out, const uint8_t *p)
{
	load_key(&out->pool, p);
	out->as.activity.pool_id = load_u64(p + 32);
	out->as.activity.action = (enum event_action)p[40];
	out->as.activity.amount = load_u64(p + 41);
	out->as.activity.participant_rank = p[49];
	out->as.activity.dev_fee_bps = load_u16(p + 50);
	out->as.activity.burn_fee_bps = load_u16(p + 52);
	out->as.activity.treasury_fee_bps = load_u16(p + 54);
	return p[40] <= ACTION_EXPIRED;
}

static void take_refund_claimed(struct event *out, const uint8_t *p)
{
	load_key(&out->pool, p);
	load_key(&out->as.refund_claimed.user, p + 32);
	out->as.refund_claimed.amount = load_u64(p + 64);
	out->as.refund_claimed.burn_amount = load_u64(p + 72);
	out->as.refund_claimed.reason = p[80];
}

static void take_rent_claimed(struct event *out, const uint8_t *p)
{
	load_key(&out->pool, p);
	load_key(&out->as.rent_claimed.caller, p + 32);
	load_key(&out->as.rent_claimed.sent_to, p + 64);
	out->as.rent_claimed.time = load_i64(p + 96);
}

static void take_winner(struct event *out, const uint8_t *p)
{
	load_key(&out->pool, p);
	out->as.winner.pool_id = load_u64(p + 32);
	load_key(&out->as.winner.winner, p + 40);
	out->as.winner.winner_amount = load_u64(p + 72);
	out->as.winner.dev_amount = load_u64(p + 80);
	out->as.winner.burn_amount = load_u64(p + 88);
	out->as.winner.treasury_amount = load_u64(p + 96);
	out->as.winner.randomness = load_u128(p + 104);
}

/* p: behind the discriminator; the size was checked. */
static bool take_fields(struct event *out, const uint8_t *p)
{
	switch (out->kind) {
	case EVENT_POOL_STATE:
		return take_state(out, p);
	case EVENT_POOL_ACTIVITY:
		return take_activity(out, p);
	case EVENT_UI_HINT:
		load_key(&out->pool, p);
		out->as.hint.hint = (enum event_hint)p[32];
		return p[32] <= HINT_UNLOCKED;
	case EVENT_REFUND_BURNED:
		load_key(&out->as.refund_burned.user, p);
		out->as.refund_burned.amount = load_u64(p + 32);
		out->as.refund_burned.reason = p[40];
		return true;
	case EVENT_REFUND_CLAIMED:
		take_refund_claimed(out, p);
		return true;
	case EVENT_RENT_CLAIMED:
		take_rent_claimed(out, p);
		return true;
	case EVENT_WINNER_SELECTED:
		take_winner(out, p);
		return true;
	case EVENT_FORFEITED_TO_TREASURY:
		load_key(&out->pool, p);
		out->as.forfeited.amount = load_u64(p + 32);
		return true;
	}
	return false;
}

bool event_decode(struct event *out, const uint8_t *data, size_t size)
{
	size_t kind = 0;

	if (size < 8)
		return false;
	while (kind < EVENT_KIND_COUNT && memcmp(data, DEF[kind].discriminator, 8) != 0)
		kind++;
	if (kind == EVENT_KIND_COUNT || size < DEF[kind].size)
		return false;
	memset(out, 0, sizeof *out);
	out->kind = (enum event_kind)kind;
	return take_fields(out, data + 8);
}

const char *event_name(enum event_kind kind)
{
	return DEF[kind].name;
}

const char *event_action_name(enum event_action action)
{
	return ACTION_NAME[action];
}

const char *event_hint_name(enum event_hint hint)
{
	return HINT_NAME[hint];
}
