/* The journal's list for housekeeping, as one daemon sees it: spent accounts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base58.h"
#include "sim/fake_journal.h"

void house_call_init(struct house_call *call)
{
	*call = (struct house_call){ 0 };
	call->state = call_new(&call->task);
}

void house_call_fini(struct house_call *call)
{
	call_free(call->state);
	call->state = NULL;
}

static void list_row(struct house_call *call, const char *subject, const struct pubkey *address)
{
	if (call->n == HOUSE_ROWS_MAX)
		return;
	snprintf(call->row[call->n].subject.text, SUBJECT_TEXT, "%s", subject);
	call->row[call->n++].address = *address;
}

static void take_house(struct journal_call_state *s, const struct statement *st)
{
	struct house_call *call = container_of(s->task, struct house_call, task);
	struct pubkey idle[HOUSE_ROWS_MAX];
	char text[SUBJECT_TEXT] = "randomness:";
	size_t n = 0;

	call->n = 0;
	for (size_t i = 0; i < db_subject_count(); i++) {
		const struct db_subject *o = db_subject_at(i);

		if (strncmp(o->text, text, 11) == 0 && o->n > 0 && row_unsettled(&o->step[o->n - 1].row))
			list_row(call, o->text, &o->step[0].row.randomness);
	}
	if (world.policy.close_randomness)
		n = ledger_idle(idle, HOUSE_ROWS_MAX, st->prev_seq, st->seq * 1000);
	for (size_t i = 0; i < n; i++) {
		base58_pubkey(text + 11, &idle[i]);
		list_row(call, text, &idle[i]);
	}
	s->data = call;
}

void house_work(struct journal *j, struct house_call *call, const struct house_terms *terms, journal_done *done)
{
	struct statement *st = call_begin(j, call->state, VERB_READ, NULL, take_house, done);

	st->prev_seq = terms->keep;
	st->seq = terms->idle_s;
	call_run(call->state, st);
}

void house_abandoned(struct journal *j, struct house_call *call, const struct pubkey *accounts, size_t n,
	uint64_t failures, journal_done *done)
{
	(void)j;
	(void)call;
	(void)accounts;
	(void)n;
	(void)failures;
	(void)done;
	abort();
}

void house_note(
	struct journal *j, struct house_call *call, const struct subject_key *pool, int64_t wait_s, journal_done *done)
{
	(void)wait_s;
	call_run(call->state, call_begin(j, call->state, VERB_OTHER, pool->text, NULL, done));
}
