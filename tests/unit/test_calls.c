/* From a transaction to its calls, where no recorded body goes: pool ids, what was moved, what may be hidden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/crypto.h"
#include "core/address.h"
#include "core/calls.h"

enum { KEY_SEED = 9, SLOT = 777 };
static const uint64_t CREATED_ID =
	7721728168836111412U; /* of SHA-256(0, 1, ... 31, slot 1234567890123, the key of seed 9, 9, ...) */
static const uint64_t CREATED_SLOT = 1234567890123U;

static struct tx tx;
static struct signature sig;
static struct pubkey user;
static struct ml_accounts accounts;

static int begin(void **state)
{
	uint8_t seed[CRYPTO_SEED_SIZE];

	(void)state;
	memset(seed, KEY_SEED, sizeof seed);
	crypto_ed25519_public_key(&user, seed);
	for (size_t i = 0; i < ML_ROLE_COUNT; i++)
		memset(&accounts.of[i], (int)i + 1, PUBKEY_SIZE);
	accounts.of[ML_USER] = user;
	accounts.of[ML_TOKEN_PROGRAM] = ADDRESS_TOKEN;
	return 0;
}

static void sign(const struct ix *ixs, size_t n)
{
	const struct hash blockhash = { { 1 } };
	uint8_t seed[CRYPTO_SEED_SIZE];

	memset(seed, KEY_SEED, sizeof seed);
	assert_int_equal(tx_compile(&tx, &user, &blockhash, ixs, n), TX_OK);
	crypto_ed25519_sign(&sig, tx_message(&tx), seed);
	assert_int_equal(tx_put_signature(&tx, &user, &sig), TX_OK);
}

static struct calls_source source_at(uint64_t slot)
{
	return (struct calls_source){ .tx = { tx.bytes, tx.size }, .slot = { slot }, .has_inner = true };
}

static void test_created_id(void **state)
{
	struct ml_args args = { .bet_amount = UINT64_MAX };
	struct calls_source source;
	struct pool_calls calls;
	struct ix ix;

	(void)state;
	for (int i = 0; i < HASH_SIZE; i++)
		args.salt.b[i] = (uint8_t)i;
	ml_build(&ix, ML_CREATE_POOL, &accounts, &args);
	sign(&ix, 1);
	source = source_at(CREATED_SLOT);
	assert_int_equal(calls_read(&calls, &source, &sig, &accounts.of[ML_POOL]), CALLS_OK);
	assert_int_equal(calls.n, 1);
	assert_true(calls.call[0].has_pool_id && calls.call[0].pool_id == CREATED_ID);
	assert_true(calls.call[0].has_amount && calls.call[0].amount == UINT64_MAX);
	assert_int_equal(calls.call[0].decimals, CALLS_DECIMALS_UNKNOWN);
	assert_true(pubkey_equal(&calls.call[0].mint, &accounts.of[ML_MINT]));
}

/* Rent of the old pool, a new one at its address, and a join of that: all in one transaction, without a log. */
static void test_address_used_again(void **state)
{
	const struct ml_args args = { .bet_amount = 5 };
	struct calls_source source;
	struct pool_calls calls;
	uint64_t id = 7;
	bool known = true;
	struct ix ix[3];

	(void)state;
	ml_build(&ix[0], ML_CLAIM_RENT, &accounts, &args);
	ml_build(&ix[1], ML_CREATE_POOL, &accounts, &args);
	ml_build(&ix[2], ML_JOIN_POOL, &accounts, &args);
	sign(ix, 3);
	source = source_at(SLOT);
	assert_int_equal(calls_read(&calls, &source, &sig, &accounts.of[ML_POOL]), CALLS_OK);
	assert_int_equal(calls.n, 3);
	assert_false(calls.makes_others);
	assert_true(calls_attribute(&calls, &known, &id));
	assert_int_equal(calls.call[0].pool_id, 7);
	assert_true(calls.call[1].pool_id != 7 && calls.call[1].pool_id == calls.call[2].pool_id);
	assert_true(id == calls.call[2].pool_id);
	assert_int_equal(calls_read(&calls, &source, &sig, &accounts.of[ML_POOL]), CALLS_OK);
	known = false;
	assert_false(calls_attribute(&calls, &known, &id));
	assert_false(calls.call[0].has_pool_id);
	assert_true(calls.call[1].has_pool_id && calls.call[2].has_pool_id && known);
}

static uint8_t index_of(const struct pubkey *key)
{
	struct tx_view view;
	struct pubkey at;

	assert_int_equal(tx_parse(&view, tx.bytes, tx.size), TX_OK);
	for (size_t i = 0; i < tx_view_key_count(&view); i++)
		if (tx_view_key(&view, i, NULL, 0, &at) && pubkey_equal(&at, key))
			return (uint8_t)i;
	fail();
	return 0;
}

/* What a refund paid is the transfer between just its accounts, not one that somebody put beside it. */
static void test_movement(void **state)
{
	static const uint8_t OTHER[10] = { 12, 9, 0, 0, 0, 0, 0, 0, 0, 6 },
			     PAID[10] = { 12, 0, 1, 0, 0, 0, 0, 0, 0, 8 };
	static const uint8_t BURN[10] = { 15, 3, 0, 0, 0, 0, 0, 0, 0, 8 };
	struct tx_inner inner[3];
	uint8_t out[4], in[4];
	struct calls_source source;
	struct pool_calls calls;
	struct ix ix;

	(void)state;
	ml_build(&ix, ML_CLAIM_REFUND, &accounts, NULL);
	sign(&ix, 1);
	source = source_at(SLOT);
	out[0] = in[2] = index_of(&accounts.of[ML_POOL_TOKEN]);
	out[2] = in[0] = index_of(&accounts.of[ML_USER_TOKEN]);
	out[1] = in[1] = index_of(&accounts.of[ML_MINT]);
	out[3] = in[3] = index_of(&user);
	inner[0] = (struct tx_inner){ 0, index_of(&ADDRESS_TOKEN), 4, in, 10, OTHER };
	inner[1] = (struct tx_inner){ 0, index_of(&ADDRESS_TOKEN), 4, out, 10, BURN };
	inner[2] = (struct tx_inner){ 0, index_of(&ADDRESS_TOKEN), 4, out, 10, PAID };
	source.inner = inner;
	source.n_inner = 3;
	assert_int_equal(calls_read(&calls, &source, &sig, &accounts.of[ML_POOL]), CALLS_OK);
	assert_true(calls.call[0].has_amount);
	assert_int_equal(calls.call[0].amount, 256);
	assert_int_equal(calls.call[0].decimals, 8);
	inner[2].program = index_of(&accounts.of[ML_MINT]);
	assert_int_equal(calls_read(&calls, &source, &sig, &accounts.of[ML_POOL]), CALLS_OK);
	assert_false(calls.call[0].has_amount);
}

/* Without a record of what programs called, another program that got the pool may have called the lottery. */
static void test_hidden(void **state)
{
	const struct pubkey program = { { 77 } };
	const struct pubkey other = { { 78 } };
	struct calls_source source;
	struct pool_calls calls;
	struct ix ix;

	(void)state;
	ix_begin(&ix, &program);
	ix_account(&ix, &accounts.of[ML_POOL], IX_WRITE);
	sign(&ix, 1);
	source = source_at(SLOT);
	assert_int_equal(calls_read(&calls, &source, &sig, &accounts.of[ML_POOL]), CALLS_OK);
	source.has_inner = false;
	assert_int_equal(calls_read(&calls, &source, &sig, &accounts.of[ML_POOL]), CALLS_NO_INNER);
	assert_int_equal(calls_read(&calls, &source, &sig, &other), CALLS_OK);
	ml_build(&ix, ML_CANCEL_POOL, &accounts, NULL);
	sign(&ix, 1);
	source = source_at(SLOT);
	source.has_inner = false;
	assert_int_equal(calls_read(&calls, &source, &sig, &accounts.of[ML_POOL]), CALLS_OK);
	assert_int_equal(calls.n, 1);
}

static void test_too_many(void **state)
{
	static struct tx_inner inner[CALLS_MAX + 1];
	struct calls_source source;
	struct pool_calls calls;
	uint8_t keys[16];
	struct ix ix;

	(void)state;
	ml_build(&ix, ML_UNLOCK_POOL, &accounts, NULL);
	sign(&ix, 1);
	source = source_at(SLOT);
	keys[0] = index_of(&accounts.of[ML_POOL]);
	keys[1] = index_of(&user);
	keys[2] = index_of(&accounts.of[ML_PARTICIPANTS]);
	for (size_t i = 0; i <= CALLS_MAX; i++)
		inner[i] = (struct tx_inner){ 0, index_of(&ADDRESS_ML), 3, keys, ix.data_size, ix.data };
	source.inner = inner;
	source.n_inner = CALLS_MAX - 1;
	assert_int_equal(calls_read(&calls, &source, &sig, &accounts.of[ML_POOL]), CALLS_OK);
	assert_int_equal(calls.n, CALLS_MAX);
	source.n_inner = CALLS_MAX;
	assert_int_equal(calls_read(&calls, &source, &sig, &accounts.of[ML_POOL]), CALLS_TOO_MANY);
}

static enum calls_result read_made(struct pools_made *made, const struct calls_source *source)
{
	const struct pubkey ours = { { 55 } };

	return calls_read_made(made, source, &sig, &ours);
}

static void build_creation(struct ix *ix, uint8_t pool, uint8_t dev_wallet)
{
	const struct ml_args args = { .bet_amount = 5, .dev_wallet = { { dev_wallet } } };

	accounts.of[ML_POOL] = (struct pubkey){ { pool } };
	ml_build(ix, ML_CREATE_POOL, &accounts, &args);
}

/* Of two pools in one transaction the one that names our dev wallet; nothing else that is done with a pool makes one. */
static void test_made(void **state)
{
	struct calls_source source;
	struct pool_calls calls;
	struct pools_made made;
	struct ix ix[3];

	(void)state;
	build_creation(&ix[0], 101, 55);
	build_creation(&ix[1], 102, 56);
	ml_build(&ix[2], ML_JOIN_POOL, &accounts, &(struct ml_args){ .bet_amount = 5, .dev_wallet = { { 55 } } });
	sign(ix, 3);
	source = source_at(SLOT);
	assert_int_equal(read_made(&made, &source), CALLS_OK);
	assert_int_equal(made.n, 1);
	assert_int_equal(made.pool[0].b[0], 101);
	assert_int_equal(calls_read(&calls, &source, &sig, &made.pool[0]), CALLS_OK);
	assert_true(calls.makes_others);
	tx.bytes[tx.size - 1] ^= 1;
	assert_int_equal(read_made(&made, &source), CALLS_BAD_SIGNATURE);
	assert_int_equal(made.n, 0);
}

/* Another program that was given the lottery's may have had it make a pool. */
static void test_made_inside(void **state)
{
	const struct pubkey program = { { 77 } };
	const struct pubkey pool = { { 101 } };
	uint8_t keys[16] = { 0 };
	struct tx_inner inner;
	struct calls_source source;
	struct pools_made made;
	struct ix creation, ix;

	(void)state;
	build_creation(&creation, 101, 55);
	ix_begin(&ix, &program);
	ix_account(&ix, &pool, IX_WRITE);
	ix_account(&ix, &ADDRESS_ML, 0);
	sign(&ix, 1);
	for (size_t i = 0; i < creation.n_metas; i++)
		keys[i] = index_of(&pool);
	inner = (struct tx_inner){ 0, index_of(&ADDRESS_ML), (uint8_t)creation.n_metas, keys, creation.data_size,
		creation.data };
	source = source_at(SLOT);
	source.inner = &inner;
	source.n_inner = 1;
	assert_int_equal(read_made(&made, &source), CALLS_OK);
	assert_int_equal(made.n, 1);
	assert_true(pubkey_equal(&made.pool[0], &pool));
	source.n_inner = 0;
	source.has_inner = false;
	assert_int_equal(read_made(&made, &source), CALLS_NO_INNER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_created_id, begin),
		cmocka_unit_test_setup(test_address_used_again, begin),
		cmocka_unit_test_setup(test_movement, begin),
		cmocka_unit_test_setup(test_hidden, begin),
		cmocka_unit_test_setup(test_too_many, begin),
		cmocka_unit_test_setup(test_made, begin),
		cmocka_unit_test_setup(test_made_inside, begin),
	};

	return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
