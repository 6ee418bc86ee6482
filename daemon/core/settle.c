/* Decides the fate of signed transactions from what the nodes say about them. */
#include "core/settle.h"

static struct action close_as(const struct row *row, enum row_state outcome, const struct sight *seen)
{
	return (struct action){ .kind = ACT_CLOSE,
		.step = row->step,
		.seq = row->seq,
		.outcome = outcome,
		.landed = seen->landed,
		.failed = seen->failed,
		.failure = seen->failure };
}

/* An answer counts only for the signature it is about (R6). */
static bool answered(const struct row *row, const struct sight *seen)
{
	return seen->asked && signature_equal(&seen->of, &row->sig);
}

static bool past_last_valid(const struct settle_facts *f, const struct row *row)
{
	return f->tip.confirmed_height.n > row->last_valid.n;
}

/* One node's word is enough where the program refuses a second effect. Elsewhere two must say it; or one, as long as it is
 * alone or when the bytes can land no more, if an account shows what became of them. */
static bool final_as(const struct settle_facts *f, const struct row *row, const struct sight *seen, bool failed)
{
	const unsigned *by = seen->final_by;

	if (!STEPS[row->step].guarded && by[failed] >= f->witnesses && by[failed] > by[!failed])
		return true;
	if (!STEPS[row->step].guarded && (step_unseen(row->step) || !(f->lone_node || past_last_valid(f, row))))
		return false;
	return seen->failed == failed;
}

/* Of the nodes of one round. */
static bool disputed(const struct sight *seen)
{
	const unsigned done = seen->final_by[0], failed = seen->final_by[1];

	return (done > 0 && failed > 0) || (done + failed > 0 && seen->gone_by > 0);
}

/* ACT_NONE: not final yet, as far as is proven. */
static struct action finalized_as(const struct settle_facts *f, const struct row *row, const struct sight *seen)
{
	struct action a = action_of(ACT_NONE);

	if (!seen->found || !seen->finalized)
		return a;
	for (int failed = 0; failed < 2; failed++) {
		if (!final_as(f, row, seen, failed))
			continue;
		a = close_as(row, failed ? ROW_FAILED : ROW_FINAL, seen);
		a.failed = failed;
	}
	return a;
}

/* A node that is down must not keep a bound pool waiting where the program itself rules out a second effect. */
static unsigned witnesses_for(const struct settle_facts *f, const struct row *row)
{
	return STEPS[row->step].guarded && f->lone_node ? 1 : f->witnesses;
}

/* Only nodes whose own finalized chain is past last_valid, and that still have the history, can say "never" (R3). */
static bool proven_absent(const struct settle_facts *f, const struct row *row, const struct sight *seen)
{
	return !seen->found && seen->absent_by >= witnesses_for(f, row);
}

static struct action prove(const struct row *row, const struct sight *seen)
{
	return (struct action){ .kind = ACT_PROVE,
		.step = row->step,
		.seq = row->seq,
		.reason = seen->pruned ? WAIT_HISTORY_PRUNED : WAIT_PROVING_EXPIRY };
}

static struct action settle_open(const struct settle_facts *f, const struct row *row, const struct sight *seen)
{
	if (answered(row, seen)) {
		const struct action a = finalized_as(f, row, seen);

		if (a.kind != ACT_NONE)
			return a;
		if (seen->found && seen->confirmed)
			return close_as(row, ROW_LANDED, seen);
		if (proven_absent(f, row, seen))
			return close_as(row, ROW_EXPIRED, seen);
	}
	if (past_last_valid(f, row))
		return prove(row, seen);
	if (f->sent_ms == 0 || f->now_ms - f->sent_ms >= f->resend_ms)
		return (struct action){ .kind = ACT_SEND, .step = row->step, .seq = row->seq };
	return action_wait(WAIT_IN_FLIGHT);
}

/* ACT_NONE: it stands, and need not be final for guarded steps to follow (R10). */
static struct action settle_landed(const struct settle_facts *f, const struct row *row, const struct sight *seen)
{
	struct action a;

	if (!answered(row, seen))
		return action_of(ACT_NONE);
	a = finalized_as(f, row, seen);
	if (a.kind != ACT_NONE)
		return a;
	if (step_unseen(row->step) && disputed(seen))
		return action_wait(WAIT_REFERRAL_DISPUTED);
	if (!seen->found && seen->gone_by >= witnesses_for(f, row))
		return (struct action){ .kind = ACT_REOPEN, .step = row->step, .seq = row->seq };
	return action_of(ACT_NONE);
}

/* A stale row is never sent again, but may land by itself: nothing new is signed until it cannot (R9). */
static struct action settle_stale(const struct settle_facts *f, const struct row *row, const struct sight *seen)
{
	if (answered(row, seen)) {
		const struct action a = finalized_as(f, row, seen);

		if (a.kind != ACT_NONE)
			return a;
		if (proven_absent(f, row, seen))
			return close_as(row, ROW_EXPIRED, seen);
	}
	if (past_last_valid(f, row) && !(answered(row, seen) && seen->found))
		return prove(row, seen);
	return action_wait(WAIT_STALE_SUCCESSOR);
}

static struct action settle_row(const struct settle_facts *f, const struct row *row, const struct sight *seen)
{
	switch (row->state) {
	case ROW_OPEN:
		return settle_open(f, row, seen);
	case ROW_LANDED:
		return settle_landed(f, row, seen);
	case ROW_STALE:
		return settle_stale(f, row, seen);
	case ROW_FINAL:
	case ROW_FAILED:
	case ROW_EXPIRED:
	case ROW_STATES:
		break;
	}
	return action_of(ACT_NONE);
}

static bool needs_journal(enum act kind)
{
	return kind == ACT_CLOSE || kind == ACT_REOPEN;
}

/* Lowest seq first: a later row may stand on an earlier one. A stale row waits without hiding what its
 * predecessor needs, and a wait never hides a later row's news. */
struct action settle(const struct settle_facts *f)
{
	struct action waiting = action_of(ACT_NONE);

	for (unsigned i = 0; i < f->rows.n; i++) {
		const struct action a = settle_row(f, &f->rows.row[i], &f->sight[i]);

		if (f->journal_away && needs_journal(a.kind))
			continue;
		if (a.kind == ACT_WAIT && waiting.kind == ACT_NONE)
			waiting = a;
		else if (a.kind != ACT_NONE && a.kind != ACT_WAIT)
			return a;
	}
	return waiting;
}

bool settle_spent(const struct settle_facts *f, unsigned i)
{
	const struct row *row = &f->rows.row[i];
	const struct sight *seen = &f->sight[i];

	return answered(row, seen) && (proven_absent(f, row, seen) || (seen->found && seen->confirmed && seen->failed));
}

bool settle_all_closed(const struct rows *rows)
{
	for (unsigned i = 0; i < rows->n; i++)
		if (row_unsettled(&rows->row[i]))
			return false;
	return true;
}
