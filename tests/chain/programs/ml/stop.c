/* Ways to stop a pool: cancel_pool, admin_close_pool, sweep_expired_pool, pause_pool, unpause_pool, force_expire. */
#include "known.h"
#include "ml/events.h"

static void cancel(struct call *c, enum status_reason reason)
{
	c->pool->status = CANCELLED;
	c->pool->status_reason = (uint8_t)reason;
	c->pool->close_time = c->now;
}

uint64_t cancel_pool(struct call *c)
{
	struct pool *pool = c->pool;

	TRY(check_token_program(c));
	REQUIRE(pool->initialized, UninitializedAccount);
	REQUIRE(!pool->paused, Paused);
	REQUIRE(is_user(c, &pool->creator), NotCreator);
	REQUIRE(pool->status == OPEN, InvalidPoolStatus);
	cancel(c, REASON_CANCELLED);
	emit_state_ended(c, REASON_CANCELLED);
	emit_activity(c, ACTION_CANCELLED, 0, 0);
	return 0;
}

uint64_t admin_close_pool(struct call *c)
{
	const struct account *wallet = c->at[CREATOR_WALLET];
	struct pool *pool = c->pool;

	REQUIRE(pubkey_equal(wallet->key, &pool->creator), NotCreator);
	REQUIRE(pubkey_equal(wallet->owner, &KNOWN_SYSTEM), AccountNotSystemOwned);
	TRY(check_token_program(c));
	REQUIRE(!pool->paused, Paused);
	REQUIRE(is_user(c, &pool->dev_wallet), NotDeveloper);
	REQUIRE(pool->status == OPEN, InvalidPoolStatus);
	cancel(c, REASON_ADMIN_CLOSED);
	emit_state_ended(c, REASON_ADMIN_CLOSED);
	emit_activity(c, ACTION_ADMIN_CLOSED, 0, 0);
	return 0;
}

uint64_t sweep_expired_pool(struct call *c)
{
	struct pool *pool = c->pool;

	REQUIRE(!pool->paused, Paused);
	REQUIRE(c->now > pool->expire_time + SWEEP_DELAY || pool->allow_mock, PoolNotExpired);
	REQUIRE(is_user(c, &pool->dev_wallet), NotDeveloper);
	REQUIRE(pool->status == OPEN, InvalidPoolStatus);
	cancel(c, REASON_EXPIRED);
	emit_state(c, REASON_EXPIRED);
	emit_activity(c, ACTION_EXPIRED, 0, 0);
	return 0;
}

/* Overwrites status_reason whatever the status: on a cancelled pool that ends all refunds. */
static uint64_t set_paused(struct call *c, bool paused, enum status_reason reason)
{
	struct pool *pool = c->pool;

	REQUIRE(is_user(c, &pool->dev_wallet), Unauthorized);
	REQUIRE(pool->status != ENDED && pool->status != CLOSED, InvalidPoolStatus);
	pool->paused = paused;
	pool->status_reason = (uint8_t)reason;
	emit_state(c, reason);
	return 0;
}

uint64_t pause_pool(struct call *c)
{
	return set_paused(c, true, REASON_PAUSED);
}

uint64_t unpause_pool(struct call *c)
{
	return set_paused(c, false, REASON_NONE);
}

/* Looks at no status, and changes a field the config hash covers. */
uint64_t force_expire(struct call *c)
{
	struct pool *pool = c->pool;

	REQUIRE(pool->allow_mock, Unauthorized);
	REQUIRE(is_user(c, &pool->dev_wallet), Unauthorized);
	REQUIRE(c->now >= pool->start_time + FORCE_EXPIRE_AGE, TooEarlyForEmergency);
	pool->expire_time = c->now - 10;
	pool->duration = 0;
	return 0;
}
