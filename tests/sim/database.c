/* keeper.steps and keeper.draws: the verbs of migrations/V003 and V004 as they act on rows. One call is one statement. */
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"

enum { SUBJECTS_MAX = 96, UNSETTLED_MAX = 6 };

static struct db_subject subjects[SUBJECTS_MAX];
static size_t n_subjects;
static struct db_payout payouts[POOLS_MAX];

void db_end(void)
{
	for (size_t i = 0; i < n_subjects; i++)
		free(subjects[i].step);
	n_subjects = 0;
}

void db_begin(void)
{
	db_end();
	memset(payouts, 0, sizeof payouts);
	ledger_begin();
}

struct db_subject *db_subject(const char *text)
{
	for (size_t i = 0; i < n_subjects; i++)
		if (strcmp(subjects[i].text, text) == 0)
			return &subjects[i];
	if (n_subjects == SUBJECTS_MAX)
		abort();
	subjects[n_subjects] = (struct db_subject){ .n = 0 };
	memcpy(subjects[n_subjects].text, text, strlen(text) + 1);
	return &subjects[n_subjects++];
}

size_t db_subject_count(void)
{
	return n_subjects;
}

struct db_subject *db_subject_at(size_t i)
{
	return &subjects[i];
}

const struct db_step *db_step_of(const struct signature *sig)
{
	for (size_t i = 0; i < n_subjects; i++)
		for (size_t k = 0; k < subjects[i].n; k++)
			if (signature_equal(&subjects[i].step[k].row.sig, sig))
				return &subjects[i].step[k];
	return NULL;
}

const struct db_payout *db_paid(int pool)
{
	return &payouts[pool];
}

bool db_held(uint64_t fence)
{
	return world.scenario->split_brain || (fence != 0 && fence == ledger_fence());
}

static bool succeeded(const struct row *row)
{
	return row->state == ROW_FINAL || (row->state == ROW_LANDED && !row->landed_failed);
}

static struct slot floor_of(const struct db_subject *s)
{
	struct slot floor = { 0 };

	for (size_t i = 0; i < s->n; i++)
		if (s->step[i].high.n > floor.n)
			floor = s->step[i].high;
	return floor;
}

static uint32_t failures_of(const struct db_subject *s)
{
	const enum step last = s->step[s->n - 1].row.step;
	uint32_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (succeeded(&s->step[i].row))
			n = 0;
		else if (s->step[i].row.step == last && s->step[i].row.state == ROW_FAILED)
			n++;
	}
	return n;
}

void db_rows(const char *subject, struct rows *out)
{
	const struct db_subject *s = db_subject(subject);

	*out = (struct rows){ 0 };
	if (s->n == 0)
		return;
	out->last_seq = s->step[s->n - 1].row.seq;
	out->floor = floor_of(s);
	out->failures = failures_of(s);
	for (size_t i = 0; i < s->n; i++) {
		const struct row *row = &s->step[i].row;

		out->draw_spent = out->draw_spent ||
		                  (row->step == STEP_DRAW && (row->state == ROW_FAILED || row->state == ROW_EXPIRED));
		if (row_unsettled(row) || i + 1 == s->n)
			out->row[out->n++] = *row;
	}
}

/* ---- verbs ---- */

static size_t count_blockers(const struct db_subject *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->step[i].row.state == ROW_OPEN || s->step[i].row.state == ROW_STALE;
	return n;
}

static size_t count_unsettled(const struct db_subject *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += row_unsettled(&s->step[i].row);
	return n;
}

static bool claims(enum step step)
{
	return step == STEP_BIND || step == STEP_CANARY_INIT || step == STEP_CLOSE_RANDOMNESS;
}

static enum err insert(struct db_subject *s, uint64_t prev_seq, const struct row *row, struct slot lut_slot,
	enum row_state state, bool import)
{
	const uint64_t last = s->n == 0 ? 0 : s->step[s->n - 1].row.seq;

	if (last != prev_seq)
		return ERR_REFUSED;
	if (count_unsettled(s) >= UNSETTLED_MAX || db_step_of(&row->sig))
		return ERR_REFUSED;
	if (claims(row->step) && !ledger_claim(s->text, last + 1, &row->randomness, lut_slot))
		return ERR_REFUSED;
	if (!import)
		check_opening(s, row);
	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 16;
		s->step = realloc(s->step, s->room * sizeof *s->step);
		if (!s->step)
			abort();
	}
	s->step[s->n] = (struct db_step){ .row = *row, .high = row->floor };
	s->step[s->n].row.seq = last + 1;
	s->step[s->n].row.state = state;
	s->n++;
	check_open_rows(s);
	return ERR_OK;
}

enum err db_open(uint64_t fence, const char *subject, uint64_t prev_seq, const struct row *row, struct slot lut_slot,
	bool import)
{
	struct db_subject *s = db_subject(subject);
	enum row_state state = ROW_OPEN;

	if (!db_held(fence))
		return ERR_REFUSED;
	if (import) {
		for (size_t i = 0; i < s->n; i++)
			if (signature_equal(&s->step[i].row.sig, &row->sig) && s->step[i].row.seq == prev_seq + 1)
				return ERR_OK;
		if (count_blockers(s) > 0)
			state = ROW_STALE;
	} else if (count_blockers(s) > 0) {
		return ERR_REFUSED;
	}
	return insert(s, prev_seq, row, lut_slot, state, import);
}

static struct db_step *find(const char *subject, uint64_t seq)
{
	struct db_subject *s = db_subject(subject);

	for (size_t i = 0; i < s->n; i++)
		if (s->step[i].row.seq == seq)
			return &s->step[i];
	return NULL;
}

static bool selects(enum step step)
{
	return step == STEP_DRAW || step == STEP_REVEAL_SELECT || step == STEP_SELECT;
}

enum err db_settle(const char *subject, uint64_t seq, const struct journal_outcome *o)
{
	struct db_step *step = find(subject, seq);
	struct row *row = step ? &step->row : NULL;

	if (!row || !row_unsettled(row) || (row->state == ROW_LANDED && o->outcome == ROW_LANDED))
		return ERR_REFUSED;
	row->state = o->outcome;
	row->landed_failed = o->failed;
	row->failure = o->failed ? o->failure : (struct tx_failure){ 0 };
	if (o->outcome == ROW_EXPIRED)
		row->landed.n = 0;
	else if (o->landed.n != 0)
		row->landed = o->landed;
	if (o->landed.n > step->high.n)
		step->high = o->landed;
	if (o->outcome == ROW_FINAL && selects(row->step))
		ledger_release(subject, 0, true);
	else if (o->outcome == ROW_FAILED || o->outcome == ROW_EXPIRED)
		ledger_release(subject, seq, false);
	return ERR_OK;
}

enum err db_close(uint64_t fence, const char *subject, uint64_t seq, const struct journal_outcome *outcome)
{
	return db_held(fence) ? db_settle(subject, seq, outcome) : ERR_REFUSED;
}

static void put_back(struct row *row, enum row_state state)
{
	row->state = state;
	row->landed.n = 0;
	row->landed_failed = false;
	row->failure = (struct tx_failure){ 0 };
}

enum err db_reopen(uint64_t fence, const char *subject, uint64_t seq)
{
	struct db_step *step = find(subject, seq);
	struct db_subject *s = db_subject(subject);
	bool blocked = false;

	if (!db_held(fence) || !step || step->row.state != ROW_LANDED)
		return ERR_REFUSED;
	for (size_t i = 0; i < s->n; i++) {
		struct row *row = &s->step[i].row;

		if (row->seq > seq && (row->state == ROW_OPEN || row->state == ROW_LANDED))
			put_back(row, ROW_STALE);
		blocked = blocked || (row->seq < seq && (row->state == ROW_OPEN || row->state == ROW_STALE));
	}
	put_back(&step->row, blocked ? ROW_STALE : ROW_OPEN);
	check_open_rows(s);
	return ERR_OK;
}

static bool same_payout(const struct journal_payout *a, const struct journal_payout *b)
{
	return pubkey_equal(&a->winner, &b->winner) && pubkey_equal(&a->mint, &b->mint) &&
	       a->total_amount == b->total_amount && a->winner_amount == b->winner_amount &&
	       a->dev_amount == b->dev_amount && a->burn_amount == b->burn_amount &&
	       a->treasury_amount == b->treasury_amount &&
	       (signature_is_zero(&a->sig) || signature_is_zero(&b->sig) || signature_equal(&a->sig, &b->sig));
}

enum err db_payout(uint64_t fence, const char *subject, const struct journal_payout *payout)
{
	const struct journal_outcome final = { .outcome = ROW_FINAL, .landed = payout->slot };
	struct db_payout *paid = &payouts[pool_of_subject(subject)];
	const struct db_step *step;

	if (!db_held(fence) || (paid->recorded && !same_payout(&paid->payout, payout)))
		return ERR_REFUSED;
	check_payout(pool_of_subject(subject), payout);
	if (payout->seq > 0) {
		step = find(subject, payout->seq);
		if (!step || !signature_equal(&step->row.sig, &payout->sig))
			return ERR_REFUSED;
		if (step->row.state != ROW_FINAL && db_settle(subject, payout->seq, &final) != ERR_OK)
			return ERR_REFUSED;
	}
	ledger_release(subject, 0, true);
	if (!paid->recorded || signature_is_zero(&paid->payout.sig))
		paid->payout = *payout;
	paid->recorded = true;
	paid->times++;
	return ERR_OK;
}
