/* After a pool was cancelled or ended: claim_refund, finalize_forfeited_pool, claim_rent. */
#include "known.h"
#include "ml/events.h"
#include "system.h"

#define CREATOR_BURN_DIVISOR 20 /* the creator of a cancelled pool loses a twentieth of the bet */

static bool forfeit_due(const struct call *c)
{
	return c->now > c->pool->close_time + FORFEIT_DELAY;
}

static uint64_t empty_into_treasury(const struct call *c, uint64_t *amount)
{
	*amount = vault_balance(c);
	TRY(pay_out(c, TREASURY_TOKEN, *amount));
	REQUIRE(vault_balance(c) == 0, PoolNotEmpty);
	return 0;
}

/* The developer never gets a refund, not even as a participant: this path shadows it. */
static uint64_t forfeit(struct call *c)
{
	uint64_t amount;

	REQUIRE(forfeit_due(c), TooEarlyForEmergency);
	TRY(check_token_strict(c, TREASURY_TOKEN, &c->pool->treasury_wallet));
	TRY(empty_into_treasury(c, &amount));
	c->participants->count = 0;
	emit_forfeited(c, amount);
	return 0;
}

static uint64_t find_participant(const struct call *c, uint8_t *index)
{
	const struct participants *seats = c->participants;
	uint8_t i = 0;

	while (i < seats->count && i < MAX_PARTICIPANTS && !is_user(c, &seats->list[i]))
		i++;
	REQUIRE(i < seats->count && i < MAX_PARTICIPANTS, NotParticipant);
	*index = i;
	return 0;
}

static void remove_participant(struct participants *seats, uint8_t index)
{
	seats->count--;
	for (uint8_t i = index; i < seats->count; i++)
		pubkey_copy(&seats->list[i], &seats->list[i + 1]);
	pubkey_copy(&seats->list[seats->count], &KNOWN_SYSTEM);
}

static uint64_t refund(struct call *c)
{
	const struct pool *pool = c->pool;
	const struct pubkey *user = c->at[USER]->key;
	uint64_t burned = is_user(c, &pool->creator) ? pool->amount / CREATOR_BURN_DIVISOR : 0;
	uint8_t index;

	TRY(check_ata(c, USER_TOKEN, user));
	TRY(check_token(c, USER_TOKEN, user));
	TRY(find_participant(c, &index));
	if (burned > 0) {
		TRY(burn_from_vault(c, burned));
		emit_refund_burned(c, burned);
	}
	TRY(pay_out(c, USER_TOKEN, pool->amount - burned));
	emit_refund_claimed(c, pool->amount - burned, burned);
	remove_participant(c->participants, index);
	return 0;
}

uint64_t claim_refund(struct call *c)
{
	TRY(check_token_program(c));
	TRY(check_vault(c));
	REQUIRE(!c->pool->processing, PoolProcessing);
	TRY(check_refundable(c));
	return is_user(c, &c->pool->dev_wallet) ? forfeit(c) : refund(c);
}

static uint64_t check_finalizable(const struct call *c)
{
	const struct pool *pool = c->pool;

	TRY(check_token_program(c));
	TRY(check_vault(c));
	REQUIRE(pool->initialized, UninitializedAccount);
	REQUIRE(!pool->paused, Paused);
	REQUIRE(!pool->processing, PoolProcessing);
	TRY(check_refundable(c));
	REQUIRE(pool->close_time != 0, InvalidPoolStatus);
	REQUIRE(forfeit_due(c) || pool->allow_mock, TooEarlyForEmergency);
	REQUIRE(is_user(c, &pool->dev_wallet) || is_user(c, &pool->treasury_wallet), Unauthorized);
	TRY(check_token_strict(c, POOL_TOKEN, c->at[POOL]->key));
	return check_token_strict(c, TREASURY_TOKEN, &pool->treasury_wallet);
}

uint64_t finalize_forfeited_pool(struct call *c)
{
	struct participants *seats = c->participants;
	struct pool *pool = c->pool;
	uint64_t amount;

	TRY(check_finalizable(c));
	TRY(empty_into_treasury(c, &amount));
	for (uint8_t i = 0; i < seats->count && i < MAX_PARTICIPANTS; i++)
		pubkey_copy(&seats->list[i], &KNOWN_SYSTEM);
	seats->count = 0;
	pool->status = CLOSED;
	pool->status_reason = REASON_NONE;
	pool->close_time = c->now;
	pool->total_amount = 0;
	emit_state_ended(c, REASON_NONE);
	emit_activity(c, ACTION_CLOSED, amount, 0);
	emit_forfeited(c, amount);
	return 0;
}

static uint64_t check_rent_claim(const struct call *c)
{
	const struct pool *pool = c->pool;
	const struct account *target = c->at[CLOSE_TARGET];
	bool dev = is_user(c, &pool->dev_wallet);

	TRY(check_token_program(c));
	REQUIRE(pool->status == ENDED || pool->status == CANCELLED || pool->status == CLOSED ||
			pool->status == WINNER_SELECTED,
		InvalidPoolStatus);
	REQUIRE(c->participants->count == 0, PoolNotEmpty);
	REQUIRE(dev || is_user(c, &pool->creator), Unauthorized);
	if (dev)
		REQUIRE(forfeit_due(c), TooEarlyForEmergency); /* payout leaves close_time 0: due at once */
	REQUIRE(pubkey_equal(target->key, dev ? &pool->treasury_wallet : &pool->creator), Unauthorized);
	REQUIRE(pubkey_equal(target->owner, &KNOWN_SYSTEM), AccountNotSystemOwned);
	return 0;
}

uint64_t claim_rent(struct call *c)
{
	struct pool *pool = c->pool;

	TRY(check_rent_claim(c));
	if (pool->status == CANCELLED)
		TRY(burn_from_vault(c, vault_balance(c)));
	REQUIRE(vault_balance(c) == 0, PoolNotEmpty);
	TRY(close_vault(c));
	pool->status = CLOSED;
	emit_state_ended(c, REASON_NONE);
	emit_activity(c, ACTION_CLOSED, 0, 0);
	emit_rent_claimed(c);
	system_close(c->at[PARTICIPANTS], c->at[CLOSE_TARGET]);
	system_close(c->at[POOL], c->at[CLOSE_TARGET]);
	return 0;
}
