/* The invariants that a pool's own accounts answer: each alone is found, with its values, and only while it means something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/watch.h"
#include "unit/decide_fixture.h"

struct watch_case {
	enum mismatch_kind kind;
	uint64_t expected, found;
	uint64_t vault;
	enum presence vault_presence, participants_presence;
	unsigned count;
	bool hash;
};
#define NOTHING MISMATCH_KINDS

static const struct watch_case CASES[] = {
	{ NOTHING, 0, 0, TOTAL, PRESENT, PRESENT, 4, false },
	{ MISMATCH_VAULT_SHORT, TOTAL, TOTAL - 1, TOTAL - 1, PRESENT, PRESENT, 4, false },
	{ MISMATCH_VAULT_SHORT, TOTAL, 0, 0, PRESENT, PRESENT, 4, false },
	{ MISMATCH_VAULT_DUST, TOTAL, TOTAL + 1, TOTAL + 1, PRESENT, PRESENT, 4, false },
	{ MISMATCH_VAULT_DUST, TOTAL, UINT64_MAX, UINT64_MAX, PRESENT, PRESENT, 4, false },
	{ MISMATCH_VAULT_UNUSABLE, TOTAL, 0, 0, ABSENT, PRESENT, 4, false },
	{ MISMATCH_VAULT_UNUSABLE, TOTAL, TOTAL, TOTAL, UNUSABLE, PRESENT, 4, false },
	{ MISMATCH_PARTICIPANTS, 4, 3, TOTAL, PRESENT, PRESENT, 3, false },
	{ MISMATCH_PARTICIPANTS, 4, 5, TOTAL, PRESENT, PRESENT, 5, false },
	{ MISMATCH_PARTICIPANTS, 4, 0, TOTAL, PRESENT, UNUSABLE, 4, false },
	{ MISMATCH_PARTICIPANTS, 4, 0, TOTAL, PRESENT, ABSENT, 4, false },
	{ MISMATCH_CONFIG_HASH, 0, 0, TOTAL, PRESENT, PRESENT, 4, true },
};

static unsigned judge(struct invariant out[INVARIANTS_MAX], const struct watch_case *c, enum pool_status status)
{
	const struct token_view vault = { c->vault_presence, c->vault };
	const struct participants_account participants = { .count = (uint8_t)c->count, .in_range = true };
	struct pool_account pool;

	fixture_pool(&pool);
	pool.status = status;
	if (c->hash)
		pool.config_hash.b[7] ^= 1;
	return watch_chain(out, &pool, &vault, c->participants_presence, &participants);
}

static void check(const struct watch_case *c, enum pool_status status, enum mismatch_kind wanted)
{
	struct invariant out[INVARIANTS_MAX];
	const unsigned n = judge(out, c, status);
	bool seen[MISMATCH_KINDS] = { false };

	assert_int_equal(n, INVARIANTS_MAX);
	for (unsigned i = 0; i < n; i++) {
		assert_false(seen[out[i].kind]);
		seen[out[i].kind] = true;
		assert_int_equal(MISMATCHES[out[i].kind].scope, SCOPE_CHAIN);
		if (out[i].ok == (out[i].kind == wanted))
			fail_msg("status %d: %s", (int)status, MISMATCHES[out[i].kind].name);
		if (out[i].kind != wanted || wanted == MISMATCH_CONFIG_HASH)
			continue;
		assert_int_equal(out[i].expected, c->expected);
		assert_int_equal(out[i].found, c->found);
	}
}

static void test_each_alone(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		for (int status = POOL_LOCKED; status <= POOL_RANDOMNESS_REVEALED; status++)
			check(&CASES[i], (enum pool_status)status, CASES[i].kind);
}

/* Nothing after select compares the hash, and nothing of a pool that has ended is ours to watch. */
static void test_by_status(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		check(&CASES[i], POOL_WINNER_SELECTED, CASES[i].kind == MISMATCH_CONFIG_HASH ? NOTHING : CASES[i].kind);
		for (int status = POOL_ENDED; status <= POOL_CLOSED; status++)
			check(&CASES[i], (enum pool_status)status, NOTHING);
	}
}

/* An open pool fills up: any number from its creator to the last seat. */
static void test_open_pool_fills(void **unused)
{
	struct watch_case c = CASES[0];

	(void)unused;
	for (c.count = 1; c.count <= 4; c.count++)
		check(&c, POOL_OPEN, NOTHING);
	for (c.count = 0; c.count <= 5; c.count += 5) {
		c.expected = 4;
		c.found = c.count;
		check(&c, POOL_OPEN, MISMATCH_PARTICIPANTS);
	}
}

static void test_hash_values(void **unused)
{
	const struct watch_case *c = &CASES[sizeof CASES / sizeof CASES[0] - 1];
	struct invariant out[INVARIANTS_MAX];
	const unsigned n = judge(out, c, POOL_OPEN);

	(void)unused;
	for (unsigned i = 0; i < n; i++)
		if (out[i].kind == MISMATCH_CONFIG_HASH)
			assert_int_equal(out[i].expected ^ out[i].found, UINT64_C(1) << 56);
}

static void test_names(void **unused)
{
	enum mismatch_kind kind;

	(void)unused;
	for (unsigned i = 0; i < MISMATCH_KINDS; i++) {
		assert_true(mismatch_from_name(MISMATCHES[i].name, &kind));
		assert_int_equal(kind, i);
	}
	assert_false(mismatch_from_name("vault", &kind));
	assert_true(MISMATCH_KINDS <= 16); /* a pool keeps them as bits of 16 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_alone),
		cmocka_unit_test(test_by_status),
		cmocka_unit_test(test_open_pool_fills),
		cmocka_unit_test(test_hash_values),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
