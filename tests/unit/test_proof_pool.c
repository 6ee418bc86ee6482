/* What a pool's certificate says, put together from evidence, accounts and journal: whole, or the reason why it cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "certificate_fixture.h"
#include "engine/proofs.h"

static char text[FIXTURE_TEXT], written[CERTIFICATE_POOL_TEXT];
static struct certificate *c; /* tests/certificates/pool.json */
static struct certificate_pool made;
static struct evidence e;
static struct evidence_accounts a;
static struct proof_work work;

static struct seen_at seen(const struct certificate_seen *at)
{
	return (struct seen_at){ at->sig, at->slot, at->time };
}

static void fill_evidence(const struct certificate_pool *p)
{
	const struct certificate_commit *commit = &p->commit[0];

	e = (struct evidence){ .pool = p->address,
		.created = seen(&p->created),
		.pool_id = p->pool_id,
		.terms = p->terms,
		.creator = p->creator,
		.mint = p->mint,
		.token_program = p->token_program,
		.requested = seen(&p->requested),
		.selected = seen(&p->selected),
		.paid = seen(&p->paid),
		.randomness_account = p->randomness_account,
		.n_commits = 1,
		.paid_to = p->winner,
		.paid_token = p->winner_token,
		.dev_token = p->dev_token,
		.treasury_token = p->treasury_token,
		.moved = { .known = true, .amount = p->payout } };
	e.commit[0] = (struct evidence_commit){ .at = seen(&commit->at),
		.oracle = commit->oracle,
		.seed_slot = commit->seed_slot,
		.seed_slothash = commit->seed_slothash,
		.seed_known = true,
		.revealed = seen(&commit->revealed),
		.reveal_oracle = commit->reveal_oracle,
		.answer = commit->answer };
}

static void fill_accounts(const struct certificate_pool *p)
{
	a = (struct evidence_accounts){
		.has_pool = true, .has_participants = true, .has_randomness = true, .has_oracle = true
	};
	a.pool.start_time = p->start_time;
	a.pool.config_hash = p->config_hash;
	for (unsigned i = 0; i < p->n_players; i++)
		a.participants.list[i] = p->player[i].wallet;
	a.randomness.queue = a.oracle.queue = p->queue;
	a.randomness.has_signer = true;
	memcpy(a.randomness.signer, p->oracle_signer, sizeof a.randomness.signer);
	memcpy(a.oracle.signer, p->oracle_signer, sizeof a.oracle.signer);
}

/* The players as the journal has them: in another order than the chain. */
static void fill_work(const struct certificate_pool *p)
{
	work = (struct proof_work){ .address = p->address,
		.pool_id = p->pool_id,
		.total = p->total_amount,
		.donations = p->n_donations,
		.n_players = p->n_players,
		.n_commits = 2 };
	for (unsigned i = 0; i < p->n_players; i++) {
		const struct certificate_seen *at = &p->player[i].joined;

		work.player[p->n_players - 1 - i] = (struct proof_player){ p->player[i].wallet, at->sig, at->slot,
			at->time };
	}
	for (unsigned i = 0; i < 2; i++) {
		struct proof_commit *row = &work.commit[i];

		row->oracle = p->commit[0].oracle;
		row->seed_slot.n = p->commit[0].seed_slot.n + 1 - i; /* the first one was taken away by a fork */
		row->seed_slothash = p->commit[0].seed_slothash;
		snprintf(row->reason, sizeof row->reason, "%s", i == 0 ? "lost" : p->commit[0].reason);
		snprintf(row->fate, sizeof row->fate, "%s", i == 0 ? "forked" : p->commit[0].fate);
	}
}

static int set_up(void **unused)
{
	(void)unused;
	fill_evidence(&c->pool);
	fill_accounts(&c->pool);
	fill_work(&c->pool);
	return 0;
}

static const char *put_together(void)
{
	return proof_pool(&made, &work, &e, &a, c->pool.network);
}

static void expect_same(void)
{
	const char *from = strstr(text, "\"pool\":") + 7, *to = strstr(text, ",\"previous\"");
	struct buf out;

	assert_null(put_together());
	buf_on(&out, written, sizeof written);
	certificate_write_pool(&out, &made);
	assert_int_equal(out.len, to - from);
	assert_memory_equal(written, from, out.len);
}

static void test_whole(void **unused)
{
	(void)unused;
	expect_same();
}

/* The randomness account is used again, or closed: the oracle's own key still proves the answer. */
static void test_other_key(void **unused)
{
	(void)unused;
	a.randomness.signer[0] ^= 1;
	expect_same();
	a.has_randomness = false;
	expect_same();
	(void)set_up(NULL);
	a.oracle.signer[0] ^= 1;
	expect_same();
}

static void expect_why(const char *why)
{
	const char *got = put_together();

	assert_non_null(got);
	assert_string_equal(got, why);
	(void)set_up(NULL);
}

static void test_not_known(void **unused)
{
	(void)unused;
	e.created.slot.n = 0;
	expect_why("bad_transaction");
	e.pool_id++;
	expect_why("bad_transaction");
	e.requested.slot.n = 0;
	expect_why("bad_transaction");
	e.selected.slot.n = 0;
	expect_why("bad_transaction");
	e.paid.slot.n = 0;
	expect_why("bad_transaction");
	e.moved.known = false;
	expect_why("bad_transaction");
	e.moved.stray = true;
	expect_why("bad_transaction");
	e.commits_lost = true;
	expect_why("bad_transaction");
	e.commit[0].revealed.slot.n = 0;
	expect_why("bad_transaction");
	e.terms_changed = true;
	expect_why("terms_changed");
	a.has_pool = false;
	expect_why("account_gone");
	a.has_participants = false;
	expect_why("account_gone");
	a.participants.list[1].b[0] ^= 1;
	expect_why("order_unknown");
	e.commit[0].seed_known = false;
	expect_why("no_commit_row");
	work.commit[1].seed_slothash.b[0] ^= 1;
	expect_why("no_commit_row");
	work.commit[1].oracle.b[0] ^= 1;
	expect_why("no_commit_row");
	a.has_oracle = false;
	expect_why("no_oracle_key");
	a.randomness.queue.b[0] ^= 1;
	expect_why("no_oracle_key");
	a.randomness.has_signer = false;
	a.oracle.signer[0] ^= 1;
	expect_why("no_oracle_key");
	e.paid_to.b[0] ^= 1;
	expect_why("records_differ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_whole, set_up),
		cmocka_unit_test_setup(test_other_key, set_up),
		cmocka_unit_test_setup(test_not_known, set_up),
	};
	const char *why;
	int failed = 1;

	c = calloc(1, sizeof *c);
	if (crypto_init() && c && certificate_read(c, text, fixture_certificate(text, FIXTURE_POOL, NULL), &why))
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(c);
	return failed;
}
