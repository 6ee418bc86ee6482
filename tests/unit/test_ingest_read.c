/* engine/ingest_read.c: a list that is longer than what is held of it, and the slot that alone is longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "core/address.h"
#include "engine/parts.h"

/* Before, in and after the crowded slot; the ring takes INGEST_SIGS. */
enum {
	BEFORE = 3,
	CROWD = INGEST_SIGS + 900,
	AFTER = 2,
	ALL = BEFORE + CROWD + AFTER,
	SLOT = 700,
	STEPS_MAX = 4 * ALL,
	BODY_MAX = 256
};

static struct engine *e;
static struct ingest_job job;
static uint8_t seed[CRYPTO_SEED_SIZE];
static struct pubkey payer;
static struct signature sig[ALL]; /* oldest first */
static uint8_t body[ALL][BODY_MAX];
static size_t body_len[ALL];
static struct history position;
static unsigned recorded[ALL], lists;
static bool done;

static uint64_t slot_of(size_t i)
{
	return i < BEFORE ? SLOT - 1 : i < BEFORE + CROWD ? SLOT : SLOT + 1;
}

/* Somebody's transaction that names the pool and asks nothing of it. */
static void make(size_t i)
{
	const struct hash blockhash = { { (uint8_t)i, (uint8_t)(i >> 8) } };
	struct tx tx;
	struct ix ix;

	ix_begin(&ix, &ADDRESS_MEMO);
	ix_account(&ix, &payer, IX_SIGN_WRITE);
	assert_int_equal(tx_compile(&tx, &payer, &blockhash, &ix, 1), TX_OK);
	crypto_ed25519_sign(&sig[i], tx_message(&tx), seed);
	assert_int_equal(tx_put_signature(&tx, &payer, &sig[i]), TX_OK);
	assert_true(tx.size <= BODY_MAX);
	memcpy(body[i], tx.bytes, tx.size);
	body_len[i] = tx.size;
}

/* They are asked for in order: the next one is near the last one. */
static size_t index_of(const struct signature *wanted)
{
	static size_t last;

	for (size_t k = 0; k < ALL; k++) {
		const size_t i = (last + k) % ALL;

		if (signature_equal(&sig[i], wanted))
			return last = i;
	}
	fail_msg("nobody signed that");
	return 0;
}

/* ---- the two seams: what the nodes and Postgres say ---- */

size_t rpc_endpoint_count(const struct rpc *rpc)
{
	(void)rpc;
	return 1;
}

void rpc_get_signatures(struct rpc *rpc, struct rpc_call *call, const struct pubkey *address,
	const struct signature *before, struct slot floor, unsigned limit, enum commitment at, rpc_done *on_page)
{
	static struct rpc_signature_info info[RPC_SIGNATURES_MAX];
	struct rpc_signatures page = { 0, info };
	const struct reply reply = { ERR_OK, &page, "" };

	(void)rpc;
	(void)address;
	(void)floor;
	(void)at;
	lists += before == NULL;
	for (size_t i = before ? index_of(before) : ALL; i > 0 && page.n < limit; i--, page.n++)
		info[page.n] = (struct rpc_signature_info){ .sig = sig[i - 1], .slot = { slot_of(i - 1) } };
	task_begin(&call->task, on_page);
	task_end(&call->task, &reply);
}

void rpc_get_transaction(struct rpc *rpc, struct rpc_call *call, const struct signature *wanted, enum commitment at,
	rpc_done *on_transaction)
{
	const size_t i = index_of(wanted);
	struct rpc_transaction got = { .found = true, .slot = { slot_of(i) }, .has_inner = true };
	const struct reply reply = { ERR_OK, &got, "" };

	(void)rpc;
	(void)at;
	got.tx = body[i];
	got.tx_len = body_len[i];
	task_begin(&call->task, on_transaction);
	task_end(&call->task, &reply);
}

static void answer(struct history_call *call, journal_done *on_answer)
{
	const struct reply reply = { ERR_OK, call, "" };

	task_begin(&call->task, on_answer);
	task_end(&call->task, &reply);
}

void histories_load(struct journal *j, struct history_call *call, const struct pubkey *address, journal_done *on_loaded)
{
	(void)j;
	(void)address;
	call->history = position;
	answer(call, on_loaded);
}

void histories_record(
	struct journal *j, struct history_call *call, const struct history_step *step, journal_done *on_recorded)
{
	(void)j;
	assert_int_equal(step->n_gaps, 0);
	for (size_t i = 0; i < step->n_reads; i++)
		recorded[index_of(&step->read[i])]++;
	if (step->to.has_sig) {
		/* Everything up to there must be in the rows. */
		for (size_t i = 0; i <= index_of(&step->to.sig); i++)
			assert_true(recorded[i] > 0);
		position = step->to;
	}
	answer(call, on_recorded);
}

void census_found(struct journal *j, struct census_call *call, const struct pools_made *made, struct slot slot,
	journal_done *on_found)
{
	(void)j;
	(void)call;
	(void)made;
	(void)slot;
	(void)on_found;
	fail_msg("no transaction here makes a pool");
}

void census_tell_found(
	struct engine *engine, const struct pools_made *made, const struct signature *creation, struct slot slot)
{
	(void)engine;
	(void)made;
	(void)creation;
	(void)slot;
}

void ingest_done(struct ingest *in)
{
	in->job = NULL;
	done = true;
}

void ingest_put_back(struct ingest *in)
{
	(void)in;
	fail_msg("nothing went wrong here");
}

void ingest_project_soon(struct engine *engine)
{
	(void)engine;
}

void proofs_calls(struct engine *engine)
{
	(void)engine;
}

/* ---- tests ---- */

static int begin(void **state)
{
	(void)state;
	memset(seed, 9, sizeof seed);
	crypto_ed25519_public_key(&payer, seed);
	for (size_t i = 0; i < ALL; i++)
		make(i);
	e = calloc(1, sizeof *e);
	e->ingest.e = e;
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(e);
	return 0;
}

/* More of one slot than fits: only a part of it can be passed, and it must be, or the same part is read for ever. */
static void a_slot_longer_than_the_ring_is_read_through(void **state)
{
	size_t twice = 0;

	(void)state;
	job.exists = true;
	job.floor.n = SLOT + 1;
	e->ingest.job = &job;
	ingest_read_begin(&e->ingest);
	for (unsigned i = 0; i < STEPS_MAX && !done; i++)
		ingest_read_step(&e->ingest);
	assert_true(done);
	assert_true(signature_equal(&position.sig, &sig[ALL - 1]));
	for (size_t i = 0; i < ALL; i++) {
		assert_true(recorded[i] > 0);
		twice += recorded[i] > 1;
	}
	/* The part of the slot that came with the slot before it is read once more, alone. */
	assert_int_equal(twice, INGEST_SIGS - BEFORE);
	assert_int_equal(lists, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_slot_longer_than_the_ring_is_read_through) };

	return crypto_init() ? cmocka_run_group_tests(tests, begin, end) : 1;
}
