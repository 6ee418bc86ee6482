/* Who signed an oracle's answer: a recorded answer that the program accepted, and what is wrong near it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "chain/oracle_sig.h"
#include "oracle_fixture.h"

static bool valid(const struct oracle_fixture *f)
{
	return oracle_sig_valid(&f->randomness, &f->seed_slothash, f->seed_slot, &f->answer, f->signer);
}

static void test_accepted_answer(void **state)
{
	struct oracle_fixture f;

	(void)state;
	oracle_fixture_begin(&f);
	assert_true(valid(&f));
}

/* n - s: the program does not ask for the low form. */
static void test_high_s_is_accepted(void **state)
{
	struct oracle_fixture f;

	(void)state;
	oracle_fixture_begin(&f);
	fixture_hex(f.answer.signature + 32, 32, "8378ac4b8b89138676af1b0d7ae08863272fd1a8dcdd042482939906f41cce04");
	f.answer.recovery_id = 0;
	assert_true(valid(&f));
	f.answer.recovery_id = 1;
	assert_false(valid(&f));
}

static void test_wrong_recovery_id_is_refused(void **state)
{
	struct oracle_fixture f;

	(void)state;
	oracle_fixture_begin(&f);
	for (unsigned id = 0; id < 256; id++) {
		f.answer.recovery_id = (uint8_t)id;
		assert_int_equal(valid(&f), id == 1);
	}
}

static void test_every_byte_counts(void **state)
{
	struct oracle_fixture good, f;

	(void)state;
	oracle_fixture_begin(&good);
	for (size_t i = 0; i < 32; i++) {
		f = good;
		f.randomness.b[i] ^= 1;
		assert_false(valid(&f));
		f = good;
		f.seed_slothash.b[i] ^= 1;
		assert_false(valid(&f));
		f = good;
		f.answer.value[i] ^= 1;
		assert_false(valid(&f));
	}
	for (size_t i = 0; i < 64; i++) {
		f = good;
		f.answer.signature[i] ^= 1;
		assert_false(valid(&f));
		f = good;
		f.signer[i] ^= 1;
		assert_false(valid(&f));
	}
	f = good;
	f.seed_slot.n++;
	assert_false(valid(&f));
}

static void test_degenerate_signatures_are_refused(void **state)
{
	struct oracle_fixture f;

	(void)state;
	oracle_fixture_begin(&f);
	memset(f.answer.signature, 0, sizeof f.answer.signature);
	assert_false(valid(&f));
	memset(f.answer.signature, 0xff, sizeof f.answer.signature); /* r, s >= group order */
	assert_false(valid(&f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted_answer),
		cmocka_unit_test(test_high_s_is_accepted),
		cmocka_unit_test(test_wrong_recovery_id_is_refused),
		cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_degenerate_signatures_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
