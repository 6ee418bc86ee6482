/* payouts.json: who gets how much, and when the multiplication does not fit. */
#include <json-c/json.h>

#include "core/draw.h"
#include "vectors.h"

static uint16_t read_bps(struct check *check, struct json_object *object, const char *name)
{
	uint64_t bps = read_u64(check, object, name);

	check_that(check, bps <= UINT16_MAX, "bps fit 16 bits");
	return (uint16_t)bps;
}

/* "dev_fee multiply": the first of the three that does not fit. */
static void expect_where(struct check *check, struct json_object *object, uint64_t total, const uint16_t bps[3])
{
	static const char *const where[] = { "dev_fee multiply", "burn_fee multiply", "treasury_fee multiply" };
	size_t i = 0;

	while (i < 2 && (bps[i] == 0 || total <= UINT64_MAX / bps[i]))
		i++;
	expect_text(check, object, "where", where[i]);
}

static void run_case(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct draw_payout got;
	uint64_t total;
	uint16_t bps[3];
	enum draw_result result;

	check_begin(&check, suite, "cases[%zu]", i);
	note_unknown_members(
		suite, object, "kind total dev_bps burn_bps treasury_bps winner dev burn treasury error where");
	total = read_u64(&check, object, "total");
	bps[0] = read_bps(&check, object, "dev_bps");
	bps[1] = read_bps(&check, object, "burn_bps");
	bps[2] = read_bps(&check, object, "treasury_bps");
	result = draw_payout(&got, total, bps[0], bps[1], bps[2]);
	if (member_exists(object, "error")) {
		expect_u64(&check, object, "error", (uint64_t)result);
		if (member_exists(object, "where"))
			expect_where(&check, object, total, bps);
	} else if (result != DRAW_OK) {
		check_fail(&check, "refused with %d", (int)result);
	} else {
		expect_u64(&check, object, "winner", got.winner_amount);
		expect_u64(&check, object, "dev", got.dev_amount);
		expect_u64(&check, object, "burn", got.burn_amount);
		expect_u64(&check, object, "treasury", got.treasury_amount);
	}
	check_end(&check);
}

static void run_refund(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct draw_refund got;
	uint64_t bet;

	check_begin(&check, suite, "refunds[%zu]", i);
	note_unknown_members(suite, object, "bet creator burn refund");
	bet = read_u64(&check, object, "bet");
	draw_refund(&got, bet, read_bool(&check, object, "creator"));
	expect_u64(&check, object, "burn", got.burn_amount);
	expect_u64(&check, object, "refund", got.refund_amount);
	check_end(&check);
}

void vectors_payouts(const struct suite *suite, struct json_object *root)
{
	for (size_t i = 0; i < section_size(suite, root, "cases"); i++)
		run_case(suite, section_at(root, "cases", i), i);
	for (size_t i = 0; i < section_size(suite, root, "refunds"); i++)
		run_refund(suite, section_at(root, "refunds", i), i);
	note_unknown_members(suite, root, "meta cases refunds");
}
