/* Claims of referrers, as keeper.referral_payouts has them (migrations/V016). */
#ifndef JOURNAL_REFERRALS_H
#define JOURNAL_REFERRALS_H
#include "core/reasons.h"
#include "journal/journal.h"

enum { REFERRAL_ROWS_MAX = 96, REFERRAL_LOOKS = 32 };
struct referral_row {
	struct subject_key subject;
	struct pubkey wallet, mint; /* zero until something is known to be paid      */
	uint64_t units;             /* base units                                     */
	enum reason obstacle;       /* WAIT_NONE: nothing, or its transaction is out  */
	bool work;                  /* not only news                                  */
	bool news;                  /* the app's row was just seen to differ from ours */
};
struct referral_call {
	struct task task;
	struct referral_row row[REFERRAL_ROWS_MAX];
	size_t n;
	struct journal_call_state *state;
};
void referral_call_init(struct referral_call *call);
void referral_call_fini(struct referral_call *call); /* cancels */

enum referral_switch { REFERRALS_OFF, REFERRALS_ON, REFERRALS_AS_THEY_ARE };
struct referral_terms {
	enum referral_switch payouts;
	struct pubkey treasury;
	uint64_t max_units, max_per_day;
};
/* Begins or ends a period where the switch says so, takes in new claims of the period, and lists what is out. When on it looks at
 * up to REFERRAL_LOOKS that wait, at those first that were looked at longest ago, and lists what may be paid, what waits for
 * something else than before, and always the first REFERRAL_LOOKS / 2 of those that wait for something. reply.data: the call. */
void referrals_work(
	struct journal *j, struct referral_call *call, const struct referral_terms *terms, journal_done *done);
#endif
