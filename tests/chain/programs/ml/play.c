/* What players do while a pool is open: join_pool, donate, set_lock_duration. */
#include "ml/events.h"

#define NEAR_EXPIRE 60 /* seconds before the end of the open period */

static uint64_t book(struct pool *pool, uint64_t amount)
{
	uint64_t sum;

	REQUIRE(!add_overflows(pool->total_amount, amount, &sum), Overflow);
	pool->total_amount = sum;
	REQUIRE(!add_overflows(pool->total_volume, amount, &sum), Overflow);
	pool->total_volume = sum;
	return 0;
}

static uint64_t check_joinable(const struct call *c)
{
	const struct pool *pool = c->pool;

	TRY(check_token_program(c));
	REQUIRE(pool->initialized, UninitializedAccount);
	REQUIRE(!pool->paused, Paused);
	REQUIRE(c->now <= pool->start_time + pool->duration, PoolExpired);
	REQUIRE(pool->status == OPEN, PoolUnavailableForJoin);
	REQUIRE(pool->lock_start_time == 0, JoinClosedAfterUnlock);
	TRY(check_vault(c));
	REQUIRE(!pool->processing, PoolProcessing);
	return check_config(c);
}

static uint64_t check_seat(const struct call *c)
{
	const struct participants *seats = c->participants;

	REQUIRE(seats->count + 1 <= c->pool->max_participants, MaxParticipantsReached);
	for (uint8_t i = 0; i < seats->count; i++)
		REQUIRE(!is_user(c, &seats->list[i]), AlreadyParticipated);
	return 0;
}

static void lock(struct call *c)
{
	struct pool *pool = c->pool;

	pool->status = LOCKED;
	pool->status_reason = REASON_MAX_REACHED;
	pool->lock_start_time = c->now;
	emit_state(c, REASON_MAX_REACHED);
	emit_activity(c, ACTION_REACHED_MAX, pool->total_amount, 0);
	emit_hint(c, HINT_REACHED_MAX);
}

uint64_t join_pool(struct call *c)
{
	struct participants *seats = c->participants;
	const struct pubkey *user = c->at[USER]->key;
	uint64_t amount = load64(c->args);

	TRY(check_joinable(c));
	REQUIRE(amount == c->pool->amount, InvalidAmount);
	TRY(check_minimum(c, amount));
	TRY(check_token(c, USER_TOKEN, user));
	REQUIRE(token_account_of(c->at[USER_TOKEN])->amount >= amount, InsufficientFunds);
	TRY(check_seat(c));
	TRY(pay_in(c, amount));
	pubkey_copy(&seats->list[seats->count], user);
	seats->count++;
	TRY(book(c->pool, amount));
	c->pool->total_joins++;
	c->pool->last_join_time = c->now;
	emit_state(c, REASON_NONE);
	emit_activity(c, ACTION_JOINED, amount, seats->count);
	if (seats->count == c->pool->max_participants)
		lock(c);
	return 0;
}

static uint64_t check_donation_time(const struct call *c)
{
	const struct pool *pool = c->pool;

	if (pool->status == OPEN) {
		REQUIRE(c->now <= pool->start_time + pool->duration, PoolExpired);
		return 0;
	}
	REQUIRE(pool->status == LOCKED, DonateClosedAfterUnlock);
	REQUIRE(c->now < pool->lock_start_time + pool->lock_duration, DonateClosedAfterUnlock);
	return 0;
}

static uint64_t check_donation(const struct call *c, uint64_t amount)
{
	const struct pool *pool = c->pool;

	TRY(check_token_program(c));
	TRY(check_vault(c));
	REQUIRE(pool->initialized, UninitializedAccount);
	REQUIRE(!pool->paused, Paused);
	REQUIRE(!pool->processing, PoolProcessing);
	REQUIRE(pool->status != UNLOCKED && pool->status != ENDED, DonateClosedAfterUnlock);
	TRY(check_config(c));
	TRY(check_token(c, USER_TOKEN, c->at[USER]->key));
	TRY(check_donation_time(c));
	TRY(check_minimum(c, amount));
	REQUIRE(token_account_of(c->at[USER_TOKEN])->amount >= amount, InsufficientFunds);
	return 0;
}

uint64_t donate(struct call *c)
{
	uint64_t amount = load64(c->args);

	TRY(check_donation(c, amount));
	TRY(pay_in(c, amount));
	TRY(book(c->pool, amount));
	c->pool->total_donations++;
	emit_state(c, REASON_NONE);
	emit_activity(c, ACTION_DONATED, amount, 0);
	if (c->now > c->pool->start_time + c->pool->duration - NEAR_EXPIRE)
		emit_hint(c, HINT_NEAR_EXPIRE);
	return 0;
}

/* The stored config_hash is left alone: after a change every join, donate and select fails with ConfigMismatch. */
uint64_t set_lock_duration(struct call *c)
{
	int64_t duration = (int64_t)load64(c->args);
	struct pool *pool = c->pool;

	REQUIRE(!pool->paused, Paused);
	REQUIRE(is_user(c, &pool->creator), NotCreator);
	REQUIRE(pool->status == OPEN, InvalidPoolStatus);
	REQUIRE(duration >= MIN_LOCK_DURATION && duration <= MAX_LOCK_DURATION, InvalidLockDuration);
	REQUIRE(duration >= pool->lock_duration, CannotDecreaseLockDuration);
	REQUIRE(c->participants->count == 1, CannotChangeAfterJoins);
	pool->lock_duration = duration;
	return 0;
}
