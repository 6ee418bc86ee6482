/* payout_winner: the pot to winner, developer and treasury, the rest burned. */
#include "ml/events.h"

static uint64_t check_payable(const struct call *c)
{
	const struct pool *pool = c->pool;
	bool timeout = c->now > pool->unlock_time + PAYOUT_TIMEOUT;

	TRY(check_token_program(c));
	TRY(check_vault(c));
	REQUIRE(!pool->paused, Paused);
	REQUIRE(!pool->processing, PoolProcessing);
	REQUIRE(pool->status == WINNER_SELECTED, InvalidPoolStatus);
	REQUIRE(c->participants->count > 0, NoParticipants);
	REQUIRE(!pubkey_zero(&pool->winner), NoWinnerSelected);
	REQUIRE(pubkey_equal(&pool->winner, c->at[WINNER]->key), InvalidWinnerPubkey);
	REQUIRE(timeout || is_user(c, &pool->dev_wallet), Unauthorized);
	return 0;
}

static uint64_t check_receiver(const struct call *c, enum role token, const struct pubkey *owner)
{
	TRY(check_ata(c, token, owner));
	return check_token_strict(c, token, owner);
}

/* Multiplied first, then floored; what rounding leaves goes to the winner. */
static uint64_t fee(uint64_t total, uint16_t bps, uint64_t *amount)
{
	REQUIRE(!mul_overflows(total, bps, amount), Overflow);
	*amount /= FEE_DENOMINATOR;
	return 0;
}

static uint64_t split(const struct pool *pool, struct payout *payout)
{
	uint64_t total = pool->total_amount;
	uint64_t fees;

	TRY(fee(total, pool->dev_fee_bps, &payout->dev));
	TRY(fee(total, pool->burn_fee_bps, &payout->burn));
	TRY(fee(total, pool->treasury_fee_bps, &payout->treasury));
	fees = payout->dev + payout->burn + payout->treasury;
	REQUIRE(fees <= total, Overflow);
	payout->winner = total - fees;
	return 0;
}

static uint64_t pay(const struct call *c, const struct payout *payout)
{
	TRY(pay_out(c, WINNER_TOKEN, payout->winner));
	TRY(pay_out(c, DEV_TOKEN, payout->dev));
	TRY(pay_out(c, TREASURY_TOKEN, payout->treasury));
	TRY(burn_from_vault(
		c, payout->burn)); /* the original burns leftovers too, but checked above that none can be */
	REQUIRE(vault_balance(c) == 0, PoolNotEmpty);
	return 0;
}

uint64_t payout_winner(struct call *c)
{
	struct pool *pool = c->pool;
	struct payout payout;

	TRY(check_payable(c));
	TRY(check_receiver(c, DEV_TOKEN, &pool->dev_wallet));
	TRY(check_receiver(c, TREASURY_TOKEN, &pool->treasury_wallet));
	TRY(check_receiver(c, WINNER_TOKEN, &pool->winner));
	REQUIRE(vault_balance(c) == pool->total_amount, SpoofedDonation);
	TRY(split(pool, &payout));
	TRY(pay(c, &payout));
	c->participants->count = 0; /* the list itself stays */
	pool->end_time = c->now;
	pool->status_reason = REASON_NONE;
	pool->total_amount = 0;
	pool->status = ENDED;
	emit_winner(c, &payout);
	emit_activity(c, ACTION_ENDED, payout.winner, 0);
	emit_state_ended(c, REASON_NONE);
	return 0;
}
