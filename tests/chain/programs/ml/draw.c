/* From a full pool to a winner: unlock_pool, request_randomness, select_winner. */
#include "discriminators.h"
#include "known.h"
#include "ml/events.h"

/* Start of the Switchboard account: 408 bytes in the client library the program was built with, 480 on chain. */
struct PACKED randomness_account {
	uint64_t discriminator;
	struct pubkey authority;
	struct pubkey queue;
	uint8_t seed_slothash[32];
	uint64_t seed_slot;
	struct pubkey oracle;
	uint64_t reveal_slot;
	uint8_t value[32];
	uint8_t rest[224];
};

_Static_assert(sizeof(struct randomness_account) == 408, "RandomnessAccountData");

static bool after_timeout(const struct call *c)
{
	return c->now > c->pool->unlock_time + PAYOUT_TIMEOUT;
}

static uint64_t check_lock_over(const struct call *c)
{
	REQUIRE(c->now >= c->pool->lock_start_time + c->pool->lock_duration, PoolStillLocked);
	return 0;
}

uint64_t unlock_pool(struct call *c)
{
	struct pool *pool = c->pool;

	REQUIRE(!pool->paused, Paused);
	REQUIRE(is_user(c, &pool->dev_wallet), Unauthorized);
	REQUIRE(pool->status == LOCKED, InvalidPoolStatus);
	TRY(check_lock_over(c));
	REQUIRE(pool->lock_start_time != 0, InvalidLockDuration);
	pool->status = UNLOCKED;
	pool->unlock_time = c->now;
	pool->status_reason = REASON_NONE;
	emit_state(c, REASON_NONE);
	emit_activity(c, ACTION_UNLOCKED, 0, 0);
	emit_hint(c, HINT_UNLOCKED);
	return 0;
}

static uint64_t parse_randomness(const struct call *c, const struct randomness_account **account)
{
	const struct account *a = c->at[RANDOMNESS];

	REQUIRE(account_len(a) >= sizeof(**account), InvalidRandomness);
	REQUIRE(load64(a->data) == ACCOUNT_RANDOMNESS_ACCOUNT_DATA, InvalidRandomness);
	*account = (const struct randomness_account *)a->data;
	return 0;
}

static uint64_t check_switchboard(const struct call *c)
{
	REQUIRE(pubkey_equal(c->at[RANDOMNESS]->owner, &KNOWN_SWITCHBOARD), InvalidRandomnessAccount);
	return 0;
}

/* Predictable by anyone: only the slot is new. */
static NOINLINE void mock_randomness(const struct call *c, uint64_t *r16)
{
	struct bytes parts[3] = { { &c->pool->pool_id, 8 }, { &c->clock.slot, 8 }, { &c->pool->creator, 32 } };
	uint8_t hash[32];

	sol_sha256(parts, 3, hash);
	r16[0] = load64(hash);
	r16[1] = load64(hash + 8);
}

static uint64_t bind_randomness(struct call *c)
{
	const struct randomness_account *account;
	uint64_t slot = c->clock.slot;
	uint64_t oldest = slot > SEED_SLOTS ? slot - SEED_SLOTS : 0;

	TRY(check_switchboard(c));
	TRY(parse_randomness(c, &account));
	REQUIRE(account->seed_slot <= slot && account->seed_slot >= oldest, InvalidRandomness);
	pubkey_copy(&c->pool->randomness_account, c->at[RANDOMNESS]->key);
	return 0;
}

uint64_t request_randomness(struct call *c)
{
	struct pool *pool = c->pool;
	bool mock = pool->allow_mock && pubkey_zero(c->at[RANDOMNESS]->key);
	uint64_t mock_value[2];

	REQUIRE(!pool->paused, Paused);
	REQUIRE(pool->status == UNLOCKED, InvalidPoolStatus);
	TRY(check_lock_over(c));
	REQUIRE(is_user(c, &pool->dev_wallet) || (after_timeout(c) && is_user(c, &pool->creator)), Unauthorized);
	REQUIRE(pubkey_zero(&pool->randomness_account), RandomnessAlreadySet);
	if (mock) {
		mock_randomness(c, mock_value);
		pool->randomness[0] = mock_value[0];
		pool->randomness[1] = mock_value[1];
	} else {
		TRY(bind_randomness(c));
	}
	pool->status = RANDOMNESS_COMMITTED;
	pool->randomness_commit_slot = c->clock.slot;
	pool->randomness_deadline_slot = c->clock.slot + RANDOMNESS_SLOTS;
	emit_state(c, REASON_NONE);
	emit_activity(c, mock ? ACTION_RANDOMNESS_MOCK_COMMITTED : ACTION_RANDOMNESS_COMMITTED, 0, 0);
	return 0;
}

static uint64_t check_selectable(const struct call *c)
{
	const struct pool *pool = c->pool;
	uint8_t status = pool->status;

	REQUIRE(!pool->paused, Paused);
	REQUIRE(!pool->processing, PoolProcessing);
	REQUIRE(status != ENDED && status != CANCELLED && status != CLOSED, AlreadyEnded);
	if (pool->randomness_commit_slot != 0)
		REQUIRE(c->clock.slot <= pool->randomness_commit_slot + RANDOMNESS_SLOTS, RandomnessExpired);
	REQUIRE(after_timeout(c) || is_user(c, &pool->dev_wallet), Unauthorized);
	REQUIRE(status == UNLOCKED || status == RANDOMNESS_COMMITTED || status == RANDOMNESS_REVEALED,
		InvalidPoolStatus);
	REQUIRE(c->participants->count > 0, NoParticipants);
	return check_config(c);
}

/* Mock pools only, a day after unlock: the account named in the request was never revealed. */
static uint64_t emergency_randomness(struct call *c, uint64_t *r16)
{
	REQUIRE(c->pool->allow_mock, InvalidRandomness);
	REQUIRE(c->now > c->pool->unlock_time + EMERGENCY_DELAY, TooEarlyForEmergency);
	REQUIRE(is_user(c, &c->pool->dev_wallet) || is_user(c, &c->pool->creator), Unauthorized);
	mock_randomness(c, r16);
	pubkey_copy(&c->pool->randomness_account, &KNOWN_SYSTEM);
	emit_activity(c, ACTION_EMERGENCY_REVEAL, 0, 0);
	return 0;
}

/* On mock pools neither owner nor key of the account are looked at: any forged account will do. */
static uint64_t revealed_randomness(struct call *c, uint64_t *r16)
{
	const struct randomness_account *account;
	bool mock = c->pool->allow_mock;

	if (!mock) {
		TRY(check_switchboard(c));
		REQUIRE(pubkey_equal(c->at[RANDOMNESS]->key, &c->pool->randomness_account), InvalidRandomnessAccount);
	}
	TRY(parse_randomness(c, &account));
	REQUIRE(account->seed_slot != 0 || mock, RandomnessNotCommitted);
	if (account->reveal_slot == 0)
		return emergency_randomness(c, r16);
	REQUIRE(!pubkey_zero(account->value), RandomnessNotResolved);
	r16[0] = load64(account->value);
	r16[1] = load64(account->value + 8);
	return 0;
}

static uint64_t find_randomness(struct call *c, uint64_t *r16)
{
	if (!c->pool->allow_mock || !pubkey_zero(&c->pool->randomness_account))
		return revealed_randomness(c, r16);
	r16[0] = c->pool->randomness[0];
	r16[1] = c->pool->randomness[1];
	REQUIRE(r16[0] | r16[1], RandomnessNotCommitted);
	return 0;
}

static NOINLINE uint64_t winner_index(const struct call *c, const uint64_t *r16)
{
	struct bytes parts[2] = { { &c->pool->pool_id, 8 }, { r16, 16 } };
	uint8_t hash[32];

	sol_sha256(parts, 2, hash);
	return load64(hash) % c->participants->count;
}

uint64_t select_winner(struct call *c)
{
	struct pool *pool = c->pool;
	uint64_t r16[2];
	uint64_t index;

	TRY(check_selectable(c));
	TRY(find_randomness(c, r16));
	index = winner_index(c, r16);
	if (index >= MAX_PARTICIPANTS) {
		LOG("panicked: index out of bounds");
		abort();
	}
	pubkey_copy(&pool->winner, &c->participants->list[index]);
	pool->randomness[0] = r16[0];
	pool->randomness[1] = r16[1];
	pool->status = WINNER_SELECTED;
	pool->status_reason = REASON_NONE;
	emit_state(c, REASON_NONE);
	return 0;
}
