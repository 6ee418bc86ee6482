/* SEL-1 against the rule as it is published, walked ticket by ticket; limits; ten thousand tickets of few players. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/select.h"

enum { TICKETS = 60, PICKS = 40, ROUNDS = 400 };

static uint64_t seed = 0x5e1ec7;

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* ---- the rule, step by step, with libsodium alone ---- */

struct naive {
	const struct select_input *in;
	uint8_t key[32];
	bool dead[TICKETS];
};

static void naive_hmac(uint8_t out[32], const uint8_t *key, size_t key_n, const uint8_t *text, size_t n)
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key, key_n);
	crypto_auth_hmacsha256_update(&state, text, n);
	crypto_auth_hmacsha256_final(&state, out);
}

static void put(uint8_t *out, uint64_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = (uint8_t)(value >> 8 * (n - 1 - i));
}

static uint64_t naive_total(const struct naive *s)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < s->in->n; i++)
		total += s->dead[i] ? 0 : s->in->ticket[i].weight;
	return total;
}

static void naive_key(struct naive *s)
{
	uint8_t text[12 + 16 + 32 + 8 + 8 + 1 + 4 + 4] = "PFD-SELECT-1";

	memcpy(text + 12, s->in->draw.b, 16);
	memcpy(text + 28, s->in->root.b, 32);
	put(text + 60, s->in->n, 8);
	put(text + 68, naive_total(s), 8);
	text[76] = (uint8_t)s->in->mode;
	put(text + 77, s->in->prizes, 4);
	put(text + 81, s->in->alternates, 4);
	naive_hmac(s->key, s->in->beta.b, 64, text, sizeof text);
}

static void naive_kill(struct naive *s, uint32_t entry, bool whole_participant)
{
	for (uint32_t i = 0; i < s->in->n; i++)
		if (i == entry || (whole_participant &&
					  hash_equal(&s->in->ticket[i].participant, &s->in->ticket[entry].participant)))
			s->dead[i] = true;
}

static void naive_pick(struct naive *s, uint32_t p, struct select_pick *pick)
{
	const uint64_t total = naive_total(s);
	uint8_t text[8], hash[32];
	uint64_t x = 0, sum = 0;

	*pick = (struct select_pick){ .empty = total == 0, .total = total };
	if (total == 0)
		return;
	for (pick->attempt = 0;; pick->attempt++) {
		put(text, p, 4);
		put(text + 4, pick->attempt, 4);
		naive_hmac(hash, s->key, 32, text, 8);
		x = 0;
		for (unsigned i = 0; i < 8; i++)
			x = x << 8 | hash[i];
		if (x >= (0 - total) % total)
			break;
	}
	pick->number = x % total;
	for (;; pick->entry++) {
		sum += s->dead[pick->entry] ? 0 : s->in->ticket[pick->entry].weight;
		if (sum > pick->number)
			break;
	}
}

static void naive_run(struct select_pick *pick, struct hash *key, const struct select_input *in)
{
	struct naive s = { .in = in };

	naive_key(&s);
	memcpy(key->b, s.key, 32);
	for (uint32_t p = 0; p < in->prizes + in->alternates; p++) {
		for (uint32_t i = 0; p == in->prizes && i < p; i++)
			if (!pick[i].empty)
				naive_kill(&s, pick[i].entry, true);
		naive_pick(&s, p, &pick[p]);
		if (pick[p].empty)
			continue;
		if (p >= in->prizes || in->mode == SELECT_ONE_PER_PARTICIPANT)
			naive_kill(&s, pick[p].entry, true);
		else if (in->mode == SELECT_ONE_PER_ENTRY)
			naive_kill(&s, pick[p].entry, false);
	}
}

/* ---- comparing ---- */

static void make_case(struct select_input *in, struct ticket ticket[TICKETS])
{
	static const unsigned SHIFT[] = { 60, 40, 7, 0 };
	const unsigned shift = SHIFT[next() % 4];

	*in = (struct select_input){ .ticket = ticket,
		.n = 1 + (uint32_t)(next() % TICKETS),
		.prizes = (uint32_t)(next() % 20),
		.alternates = (uint32_t)(next() % 20),
		.mode = (enum select_mode)(next() % 3) };
	for (size_t i = 0; i < sizeof in->beta.b; i++)
		in->beta.b[i] = (uint8_t)next();
	for (uint32_t i = 0; i < in->n; i++) {
		const uint64_t weight = shift == 0 ? next() % 3 : next() >> shift;

		ticket[i] = (struct ticket){ .weight = shift == 60 ? weight << 54 : weight };
		ticket[i].participant.b[31] = (uint8_t)(next() % 23);
	}
}

static enum select_result run(struct select_pick *pick, struct hash *key, const struct select_input *in)
{
	void *memory = malloc(select_memory(in->n)); /* to the byte: the sanitizer sees one more */
	enum select_result result;

	assert_non_null(memory);
	result = select_run(pick, key, in, memory);
	free(memory);
	return result;
}

static void test_same_as_the_rule(void **unused)
{
	struct select_pick pick[PICKS], naive[PICKS];
	struct ticket ticket[TICKETS];
	struct select_input in;
	struct hash key, naive_hash;
	unsigned made = 0, empty = 0, rejected = 0;

	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++) {
		make_case(&in, ticket);
		if (run(pick, &key, &in) != SELECT_OK)
			continue;
		naive_run(naive, &naive_hash, &in);
		assert_true(hash_equal(&key, &naive_hash));
		for (uint32_t p = 0; p < in.prizes + in.alternates; p++) {
			assert_int_equal(pick[p].empty, naive[p].empty);
			if (!pick[p].empty) {
				assert_int_equal(pick[p].entry, naive[p].entry);
				assert_true(pick[p].number == naive[p].number && pick[p].total == naive[p].total);
				assert_int_equal(pick[p].attempt, naive[p].attempt);
			}
			empty += pick[p].empty;
			rejected += pick[p].empty ? 0 : pick[p].attempt;
		}
		made++;
	}
	assert_true(made > ROUNDS / 2 && empty > 0 && rejected > 0); /* every branch of the rule was met */
}

static void test_limits(void **unused)
{
	struct ticket ticket[2] = { { .weight = UINT64_MAX }, { .weight = 0 } };
	struct select_input in = { .ticket = ticket, .n = 2, .prizes = 1 };
	struct select_pick pick[2];
	struct hash key;

	(void)unused;
	assert_int_equal(run(pick, &key, &in), SELECT_OK);
	assert_int_equal(pick[0].entry, 0);
	ticket[1].weight = 1;
	assert_int_equal(run(pick, &key, &in), SELECT_OVERFLOW);
	ticket[0].weight = ticket[1].weight = 0;
	assert_int_equal(run(pick, &key, &in), SELECT_NO_WEIGHT);
	in.n = 0;
	assert_int_equal(run(pick, &key, &in), SELECT_NO_TICKETS);
	in.n = 2;
	ticket[0].weight = 1;
	in.prizes = in.alternates = UINT32_MAX;
	assert_int_equal(run(pick, &key, &in), SELECT_TOO_MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_the_rule),
		cmocka_unit_test(test_limits),
	};

	return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
