/* What to do about transactions that are already signed, before anything new is thought of (R2, R3, R9). Pure. */
#ifndef CORE_SETTLE_H
#define CORE_SETTLE_H
#include "core/action.h"
#include "core/journal_rows.h"

struct settle_facts {
	struct rows rows;
	struct sight sight[ROWS_MAX]; /* parallel to rows.row                                               */
	struct tip tip;
	bool lone_node; /* only one node answers for a while: it is enough for steps that the program refuses a second time */
	unsigned witnesses;       /* nodes that must agree on absence: 2 where there are 2, else 1      */
	uint64_t now_ms, sent_ms; /* monotonic; sent_ms 0: not sent since the row was loaded            */
	uint64_t resend_ms;
	bool journal_away; /* Postgres is gone for long: rows cannot change state, but open ones are still sent */
};

/* ACT_NONE: nothing is in the way of a new step. Otherwise a SEND, CLOSE, REOPEN, PROVE or WAIT. */
struct action settle(const struct settle_facts *f);
/* Row i did nothing: proven never to have landed and never to land any more (R3), or failed on chain. */
bool settle_spent(const struct settle_facts *f, unsigned i);
/* True when every row is final, failed or expired: what steps without a guard in the program need (R10). */
bool settle_all_closed(const struct rows *rows);
#endif
