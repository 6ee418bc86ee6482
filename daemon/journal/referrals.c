/* The verb of migrations/V016. */
#include "journal/referrals.h"

#include <stdio.h>

#include "journal/call.h"

enum { COL_SUBJECT, COL_WALLET, COL_MINT, COL_UNITS, COL_WAITS_FOR, COL_WORK, COL_NEWS };

static const char WORK[] =
	"SELECT subject,wallet,mint,units,waits_for,work,news FROM keeper.referral_work($1,$2,$3,$4,$5,$6)";

void referral_call_init(struct referral_call *call)
{
	*call = (struct referral_call){ 0 };
	call->state = call_state_new(&call->task);
}

void referral_call_fini(struct referral_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static bool parse_row(const struct db_result *r, int i, struct referral_row *row)
{
	const char *subject = db_get(r, i, COL_SUBJECT), *units = db_get(r, i, COL_UNITS);
	const char *waits_for = db_get(r, i, COL_WAITS_FOR);

	*row = (struct referral_row){ .obstacle = WAIT_NONE };
	if (!subject || (waits_for && !reason_from_name(waits_for, &row->obstacle)))
		return false;
	(void)snprintf(row->subject.text, sizeof row->subject.text, "%s", subject);
	return call_parse_pubkey(db_get(r, i, COL_WALLET), &row->wallet) &&
	       call_parse_pubkey(db_get(r, i, COL_MINT), &row->mint) &&
	       (!units || call_parse_u64(units, &row->units)) && call_parse_bool(db_get(r, i, COL_WORK), &row->work) &&
	       call_parse_bool(db_get(r, i, COL_NEWS), &row->news);
}

static bool parse_work(struct task *task, const struct db_result *r, const void **data)
{
	struct referral_call *call = container_of(task, struct referral_call, task);

	call->n = 0;
	for (int i = 0; i < db_rows(r) && call->n < REFERRAL_ROWS_MAX; i++)
		if (!parse_row(r, i, &call->row[call->n++]))
			return false;
	*data = call;
	return true;
}

void referrals_work(
	struct journal *j, struct referral_call *call, const struct referral_terms *terms, journal_done *done)
{
	static const char *const payouts[] = {
		[REFERRALS_OFF] = "f", [REFERRALS_ON] = "t", [REFERRALS_AS_THEY_ARE] = NULL
	};
	struct journal_call_state *s = call->state;

	call_begin_write(j, s, WORK, parse_work, done);
	call_text(s, payouts[terms->payouts]);
	call_pubkey(s, &terms->treasury);
	call_u64(s, terms->max_units);
	call_u64(s, terms->max_per_day);
	call_u64(s, REFERRAL_LOOKS);
	call_send(s, CALL_DEADLINE_MS);
}
