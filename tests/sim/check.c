/* The invariants, checked at each event and at the end; the first violation ends the process. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tx.h"
#include "sim/sim.h"

enum { TOLD_MAX = 96 };

/* What the journal last told a daemon about one subject. */
struct told {
	char subject[SUBJECT_TEXT];
	unsigned n;
	struct {
		struct signature sig;
		enum row_state state;
	} row[ROWS_MAX];
};

static struct told told[DAEMONS_MAX][TOLD_MAX];
static size_t n_told[DAEMONS_MAX];
static unsigned binds[POOLS_MAX], selects[POOLS_MAX], pays[POOLS_MAX], created[POOLS_MAX];

void check_begin(void)
{
	memset(n_told, 0, sizeof n_told);
	memset(binds, 0, sizeof binds);
	memset(selects, 0, sizeof selects);
	memset(pays, 0, sizeof pays);
	memset(created, 0, sizeof created);
}

void violation(const char *invariant, const char *format, ...)
{
	va_list args;

	printf("violation %s: ", invariant);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n  after %" PRIu64 " ms; again with: sim --scenario %s --seed %" PRIu64 " --crash-at %" PRIu64
	       " --verbose\n",
		world.now_ms - world.start_ms, world.scenario->name, world.seed, world.crash_at);
	fflush(stdout);
	_Exit(1);
}

/* ---- I2, I4: what may be sent ---- */

static struct told *told_of(int daemon, const char *subject)
{
	for (size_t i = 0; i < n_told[daemon]; i++)
		if (strcmp(told[daemon][i].subject, subject) == 0)
			return &told[daemon][i];
	if (n_told[daemon] == TOLD_MAX)
		abort();
	memcpy(told[daemon][n_told[daemon]].subject, subject, strlen(subject) + 1);
	return &told[daemon][n_told[daemon]++];
}

void check_told_rows(int daemon, const char *subject, const struct rows *rows)
{
	struct told *t = told_of(daemon, subject);

	t->n = rows->n;
	for (unsigned i = 0; i < rows->n; i++) {
		t->row[i].sig = rows->row[i].sig;
		t->row[i].state = rows->row[i].state;
	}
}

void check_daemon_died(int daemon)
{
	n_told[daemon] = 0;
}

static bool told_open(int daemon, const struct signature *sig)
{
	for (size_t i = 0; i < n_told[daemon]; i++)
		for (unsigned k = 0; k < told[daemon][i].n; k++)
			if (signature_equal(&told[daemon][i].row[k].sig, sig))
				return told[daemon][i].row[k].state == ROW_OPEN;
	return false;
}

void check_send(int daemon, const uint8_t *tx, size_t len)
{
	const struct db_step *step;
	struct signature sig;

	memcpy(sig.b, tx + 1, SIGNATURE_SIZE);
	step = db_step_of(&sig);
	if (!step && !spool_has(world.daemon[daemon].spool, &sig))
		violation("I2", "a transaction is sent that no journal row knows");
	if (step && (step->row.tx_len != len || memcmp(step->row.tx, tx, len) != 0))
		violation("I4", "other bytes than the row's are sent");
	if (!told_open(daemon, &sig))
		violation("I4", "a row is sent that is not open as far as the daemon knows");
}

/* ---- opening: I4, I7, R10 ---- */

static bool final_seed_is_newest(const struct row *row)
{
	const struct state *newest = chain_state(chain_tip()), *final = chain_state(chain_root());
	const struct rand_state *a = state_rand((struct state *)(uintptr_t)newest, &row->randomness);
	const struct rand_state *b = state_rand((struct state *)(uintptr_t) final, &row->randomness);

	return a && b && a->seed_slot == b->seed_slot && hash_equal(&a->seed_slothash, &b->seed_slothash);
}

/* Nothing but its row says when a payment can land no more. */
static void check_life(const struct db_subject *subject, const struct row *row)
{
	struct tx_view view;
	struct hash hash;
	size_t block;

	if (tx_parse(&view, row->tx, row->tx_len) != TX_OK)
		violation("I4", "%s opened for %s is no transaction", STEPS[row->step].name, subject->text);
	hash = tx_view_blockhash(&view);
	block = chain_block_of(&hash);
	if (block != SIZE_MAX && row->last_valid.n < chain_height(block) + HASH_LIFE)
		violation("R3", "%s opened for %s can land until block %" PRIu64 ", and its row says %" PRIu64,
			STEPS[row->step].name, subject->text, chain_height(block) + HASH_LIFE, row->last_valid.n);
}

static void check_unguarded(const struct db_subject *subject, const struct row *row)
{
	for (size_t i = 0; i < subject->n; i++)
		if (row_unsettled(&subject->step[i].row))
			violation("R10", "%s opened for %s while row %" PRIu64 " is %s", STEPS[row->step].name,
				subject->text, subject->step[i].row.seq, row_state_name(subject->step[i].row.state));
	if (row->step == STEP_PAY_REFERRAL && row->floor.n > chain_at(chain_root())->slot.n)
		violation("R10", "%s opened for %s on a view that is not final", STEPS[row->step].name, subject->text);
	if (row->step == STEP_PAY_REFERRAL)
		check_life(subject, row);
	/* What was closed before it may be closed by one node's word. */
	if (row->step == STEP_RECOMMIT && !world.scenario->forger && !final_seed_is_newest(row))
		violation(
			"R10", "%s opened for %s on a commit that is not final", STEPS[row->step].name, subject->text);
}

void check_opening(const struct db_subject *subject, const struct row *row)
{
	const int pool = pool_of_subject(subject->text);

	for (size_t i = 0; i < subject->n; i++)
		if (subject->step[i].row.state == ROW_OPEN || subject->step[i].row.state == ROW_STALE)
			violation("I4", "%s opened for %s while row %" PRIu64 " is %s", STEPS[row->step].name,
				subject->text, subject->step[i].row.seq, row_state_name(subject->step[i].row.state));
	if (row->step == STEP_PAY_REFERRAL || row->step == STEP_RECOMMIT)
		check_unguarded(subject, row);
	world.bind_opened = world.bind_opened || row->step == STEP_BIND;
	if (row->step == STEP_BIND && pool >= 0 && world.now_ms < world.pool[pool].gate_until_ms)
		violation("I7", "%s bound while its gate is closed", subject->text);
}

void check_open_rows(const struct db_subject *subject)
{
	unsigned open = 0;

	for (size_t i = 0; i < subject->n; i++)
		open += subject->step[i].row.state == ROW_OPEN;
	if (open > 1)
		violation("I4", "%s has %u open rows", subject->text, open);
}

/* ---- landing: I1, I2, I5 ---- */

static void count(unsigned counter[POOLS_MAX], int pool, const char *what)
{
	if (pool >= 0 && ++counter[pool] > 1)
		violation("I1", "%s took effect %u times for pool %d", what, counter[pool], pool);
}

static bool known(const struct signature *sig)
{
	for (unsigned i = 0; i < world.n_daemons; i++)
		if (spool_has(world.daemon[i].spool, sig))
			return true;
	return db_step_of(sig) != NULL;
}

static void check_replaced(const struct rand_state *old)
{
	const struct commit_row *row = ledger_find(&old->address, old->seed_slot, &old->seed_slothash);

	if (row && row->answered && oracle_accepted(old, &row->answer))
		violation("I5", "commit %u of slot %" PRIu64 " was replaced although its answer is good", row->n,
			old->seed_slot);
}

/* A sponsored win is passed on whole, to the right one, by what pays it; any other win stays with the winner. */
static void check_passed_on(const struct effects *effects)
{
	const struct pubkey *recipient;

	if (effects->pay < 0 && effects->passed_on.amount == 0)
		return;
	recipient = effects->pay < 0 ? NULL : recipient_of(&world.pool[effects->pay], &effects->paid.to);
	if (!recipient != (effects->passed_on.amount == 0) ||
		(recipient && (effects->passed_on.amount != effects->paid.winner ||
				      !pubkey_equal(&effects->passed_on.to, recipient))))
		violation("I8", "the win of pool %d, %" PRIu64 ", was passed on as %" PRIu64, effects->pay,
			effects->paid.winner, effects->passed_on.amount);
}

void check_landed(const struct sim_tx *tx, const struct effects *effects)
{
	if (!known(&tx->sig))
		violation("I2", "a transaction landed that no journal row knows");
	check_passed_on(effects);
	if (effects->claim_times > 1)
		violation("I10", "a claim is paid %u times", effects->claim_times);
	if (effects->bind >= 0)
		world_pool_bound();
	if (effects->orphaned >= 0)
		violation("I8", "the randomness account of bound pool %d was closed", effects->orphaned);
	/* Of two daemons that both write, one may ask while the other commits again: the fence is what forbids it. */
	if (effects->replaced && !world.scenario->split_brain)
		check_replaced(&effects->old);
	if (world.scenario->strict)
		return; /* forks undo effects, and the program itself excludes doubles */
	count(binds, effects->bind, "bind");
	count(selects, effects->select, "select");
	count(pays, effects->pay, "payout");
	count(created, effects->created_ata, "create token account");
}

/* Answers are in the ledger, or the spool, before anything that reveals them is signed. */
void check_signed_reveal(const struct guard *guard, const uint8_t *tx, size_t len)
{
	struct oracle_answer answer;
	struct tx_view view;
	enum sb_ix which;
	bool recorded;

	if (tx_parse(&view, tx, len) != TX_OK)
		violation("I4", "what was signed is no transaction");
	for (unsigned i = 0; i < view.n_ixs; i++) {
		const struct bytes data = tx_view_ix_data(&view, &view.ixs[i]);

		if (!sb_identify(&which, data.p, data.n) || which != SB_REVEAL)
			continue;
		memcpy(answer.value, data.p + 73, sizeof answer.value);
		recorded = ledger_has_answer(&guard->randomness, &answer);
		for (unsigned k = 0; k < world.n_daemons; k++)
			recorded = recorded || spool_has_answer(world.daemon[k].spool, &guard->randomness, &answer);
		if (!recorded)
			violation("I5", "a reveal was signed with an answer that is not the ledger's");
	}
}

/* ---- I6 ---- */

void check_payout(int pool, const struct journal_payout *p)
{
	const struct sim_tx *tx = chain_find(&p->sig);
	const struct draw_payout_fact *paid = tx ? &tx->effects.paid : NULL;

	const struct pubkey *recipient = recipient_of(&world.pool[pool], &p->winner), none = { 0 };

	if (!pubkey_equal(&p->recipient, recipient ? recipient : &none))
		violation("I8", "pool %d is recorded as passed on to somebody else", pool);
	if (!tx || tx->landed == SIZE_MAX || tx->failed || tx->effects.pay != pool)
		violation("I6", "pool %d is recorded as paid by a transaction that did not pay", pool);
	if (tx->landed > chain_root())
		violation("I6", "pool %d is recorded before its payout is final", pool);
	if (paid->winner != p->winner_amount || paid->dev != p->dev_amount || paid->burn != p->burn_amount ||
		paid->treasury != p->treasury_amount || !pubkey_equal(&paid->to, &p->winner) ||
		paid->end_time != p->end_time || chain_at(tx->landed)->slot.n != p->slot.n)
		violation("I6", "pool %d is recorded with other facts than the chain's", pool);
}

/* ---- I3 ---- */

bool check_settled(unsigned pool)
{
	for (size_t i = 0; i < db_subject_count(); i++) {
		const struct db_subject *s = db_subject_at(i);

		if (pool_of_subject(s->text) != (int)pool)
			continue;
		for (size_t k = 0; k < s->n; k++)
			if (row_unsettled(&s->step[k].row))
				return false;
	}
	return true;
}

static bool finished(unsigned pool)
{
	return db_paid((int)pool)->recorded && check_settled(pool);
}

/* ---- I9: housekeeping comes to its end ---- */

static bool given_up(const struct db_subject *s)
{
	unsigned failed = 0;

	for (size_t i = 0; i < s->n; i++)
		failed += s->step[i].row.state == ROW_FAILED;
	return failed >= POLICY_CHORE_FAILURES;
}

static bool house_clean(void)
{
	struct pubkey idle[RANDS_MAX];
	size_t left;

	for (size_t i = 0; i < db_subject_count(); i++) {
		const struct db_subject *s = db_subject_at(i);

		if (strncmp(s->text, "randomness:", 11) != 0)
			continue;
		if (given_up(s))
			return true;
		for (size_t k = 0; k < s->n; k++)
			if (row_unsettled(&s->step[k].row))
				return false;
	}
	left = ledger_idle(idle, RANDS_MAX, world.policy.randomness_keep, 0);
	return !world.policy.close_randomness || left == 0;
}

bool check_finished(void)
{
	/* Asked after every event: what is cheap and mostly false comes first. */
	for (unsigned i = 0; i < world.n_pools; i++)
		if (world.pool[i].payable && !finished(i))
			return false;
	return house_clean() && claims_settled();
}

void check_end(void)
{
	for (unsigned i = 0; i < world.n_pools; i++) {
		const struct pool_state *p = &chain_state(chain_tip())->pool[i];

		if (!world.pool[i].payable && p->status > POOL_UNLOCKED)
			violation("I7", "pool %u was bound although its gate never opens: %s", i,
				pool_status_name(p->status));
		if (!world.pool[i].payable)
			continue;
		if (p->status != POOL_ENDED)
			violation("I3", "pool %u ends as %s", i, pool_status_name(p->status));
		if (!db_paid((int)i)->recorded)
			violation("I3", "pool %u was paid and never recorded", i);
		if (!check_settled(i))
			violation("I3", "pool %u has rows that are never settled", i);
		check_payout((int)i, &db_paid((int)i)->payout);
	}
	claims_check_end();
	if (!house_clean())
		violation("I9", "spent randomness accounts are left over, or their closing is never settled");
}
