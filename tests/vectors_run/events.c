/* events.json: events from log lines, and bytes that are none. */
#include <json-c/json.h>
#include <string.h>

#include "core/event.h"
#include "vectors.h"

static void expect_state(struct check *check, struct json_object *data, const struct event *e)
{
	expect_u64(check, data, "numerical_pool_id", e->as.state.pool_id);
	expect_text(check, data, "status", pool_status_name(e->as.state.status));
	expect_u64(check, data, "participant_count", e->as.state.participant_count);
	expect_u64(check, data, "total_amount", e->as.state.total_amount);
	expect_u64(check, data, "status_reason", e->as.state.status_reason);
}

static void expect_activity(struct check *check, struct json_object *data, const struct event *e)
{
	expect_u64(check, data, "numerical_pool_id", e->as.activity.pool_id);
	expect_text(check, data, "action", event_action_name(e->as.activity.action));
	expect_u64(check, data, "amount", e->as.activity.amount);
	expect_u64(check, data, "participant_rank", e->as.activity.participant_rank);
	expect_u64(check, data, "dev_fee_percent", e->as.activity.dev_fee_bps);
	expect_u64(check, data, "burn_fee_percent", e->as.activity.burn_fee_bps);
	expect_u64(check, data, "treasury_fee_percent", e->as.activity.treasury_fee_bps);
}

static void expect_winner(struct check *check, struct json_object *data, const struct event *e)
{
	expect_u64(check, data, "numerical_pool_id", e->as.winner.pool_id);
	expect_key(check, data, "winner", &e->as.winner.winner);
	expect_u64(check, data, "winner_amount", e->as.winner.winner_amount);
	expect_u64(check, data, "dev_amount", e->as.winner.dev_amount);
	expect_u64(check, data, "burn_amount", e->as.winner.burn_amount);
	expect_u64(check, data, "treasury_amount", e->as.winner.treasury_amount);
	expect_u128(check, data, "randomness", e->as.winner.randomness);
}

/* Returns the members that the event has, for the note about unknown ones. */
static const char *expect_event(struct check *check, struct json_object *data, const struct event *e)
{
	if (e->kind != EVENT_REFUND_BURNED)
		expect_key(check, data, "pool_id", &e->pool);
	switch (e->kind) {
	case EVENT_POOL_STATE:
		expect_state(check, data, e);
		return "pool_id numerical_pool_id status participant_count total_amount status_reason";
	case EVENT_POOL_ACTIVITY:
		expect_activity(check, data, e);
		return "pool_id numerical_pool_id action amount participant_rank dev_fee_percent burn_fee_percent "
		       "treasury_fee_percent";
	case EVENT_UI_HINT:
		expect_text(check, data, "hint", event_hint_name(e->as.hint.hint));
		return "pool_id hint";
	case EVENT_REFUND_BURNED:
		expect_key(check, data, "user", &e->as.refund_burned.user);
		expect_u64(check, data, "amount", e->as.refund_burned.amount);
		expect_u64(check, data, "reason", e->as.refund_burned.reason);
		return "user amount reason";
	case EVENT_REFUND_CLAIMED:
		expect_key(check, data, "user", &e->as.refund_claimed.user);
		expect_u64(check, data, "amount", e->as.refund_claimed.amount);
		expect_u64(check, data, "burn_amount", e->as.refund_claimed.burn_amount);
		expect_u64(check, data, "reason", e->as.refund_claimed.reason);
		return "pool_id user amount burn_amount reason";
	case EVENT_RENT_CLAIMED:
		expect_key(check, data, "caller", &e->as.rent_claimed.caller);
		expect_key(check, data, "sent_to", &e->as.rent_claimed.sent_to);
		expect_i64(check, data, "timestamp", e->as.rent_claimed.time);
		return "pool_id caller sent_to timestamp";
	case EVENT_WINNER_SELECTED:
		expect_winner(check, data, e);
		return "pool_id numerical_pool_id winner winner_amount dev_amount burn_amount treasury_amount "
		       "randomness";
	case EVENT_FORFEITED_TO_TREASURY:
		expect_u64(check, data, "amount", e->as.forfeited.amount);
		return "pool_id amount";
	}
	return "";
}

static void run_case(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct event event;
	struct bytes bytes;
	struct json_object *data;

	check_begin(&check, suite, "cases[%zu]", i);
	note_unknown_members(suite, object, "base64 name data");
	bytes = read_base64(&check, object, "base64");
	data = member(&check, object, "data");
	if (!event_decode(&event, bytes.p, bytes.n)) {
		check_fail(&check, "base64: not taken for an event");
	} else if (json_object_is_type(data, json_type_object)) {
		expect_text(&check, object, "name", event_name(event.kind));
		note_unknown_members(suite, data, expect_event(&check, data, &event));
	}
	check_end(&check);
}

static void run_rejected(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct event event;
	struct bytes bytes;

	check_begin(&check, suite, "rejected[%zu]", i);
	note_unknown_members(suite, object, "why base64");
	bytes = read_base64(&check, object, "base64");
	check_that(&check, !event_decode(&event, bytes.p, bytes.n), "the bytes are refused");
	check_end(&check);
}

static const char *action_name(unsigned code)
{
	return code <= ACTION_EXPIRED ? event_action_name((enum event_action)code) : "?";
}

static const char *hint_name(unsigned code)
{
	return code <= HINT_UNLOCKED ? event_hint_name((enum event_hint)code) : "?";
}

static const char *status_name(unsigned code)
{
	return code <= POOL_CLOSED ? pool_status_name((enum pool_status)code) : "?";
}

/* { "Created": 0, ... } */
static void expect_codes(
	struct check *check, struct json_object *meta, const char *name, const char *(*name_of)(unsigned))
{
	struct json_object *codes = member(check, meta, name);
	struct json_object_iter at;

	if (codes == NULL)
		return;
	json_object_object_foreachC(codes, at)
	{
		const char *got = name_of((unsigned)json_object_get_int(at.val));

		if (strcmp(got, at.key) != 0)
			check_fail(check, "%s: got %s, expected %s", name, got, at.key);
	}
}

static void run_meta(const struct suite *suite, struct json_object *meta)
{
	struct check check;

	check_begin(&check, suite, "meta");
	expect_codes(&check, meta, "action_codes", action_name);
	expect_codes(&check, meta, "hint_codes", hint_name);
	expect_codes(&check, meta, "status_codes", status_name);
	check_end(&check);
}

void vectors_events(const struct suite *suite, struct json_object *root)
{
	if (member_exists(root, "meta"))
		run_meta(suite, json_object_object_get(root, "meta"));
	for (size_t i = 0; i < section_size(suite, root, "cases"); i++)
		run_case(suite, section_at(root, "cases", i), i);
	for (size_t i = 0; i < section_size(suite, root, "rejected"); i++)
		run_rejected(suite, section_at(root, "rejected", i), i);
	note_unknown_members(suite, root, "meta cases rejected");
}
