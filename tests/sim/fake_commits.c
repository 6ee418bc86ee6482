/* The other verbs of the journal as one daemon sees them: the ledger of answers, the lease, records, the spool's import. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base58.h"
#include "journal/retention.h"
#include "journal/submissions.h"
#include "journal/trail.h"
#include "sim/fake_journal.h"

static const char *const APP_STATUS[] = { "open", "locked", "unlocking", "randomness", "randomness", "winnerSelected",
	"ended" };

/* ---- ledger ---- */

void commit_call_init(struct commit_call *call)
{
	*call = (struct commit_call){ 0 };
	call->state = call_new(&call->task);
}

void commit_call_fini(struct commit_call *call)
{
	call_free(call->state);
	call->state = NULL;
}

static void take_commit(struct journal_call_state *s, const struct statement *st)
{
	struct commit_call *call = container_of(s->task, struct commit_call, task);

	call->row = st->commit;
	s->data = &call->row;
}

static void answer_from_spool(struct commit_call *call, struct statement *st, const struct commit_row *spooled)
{
	const struct commit_row before = call->row;

	call->row = *spooled;
	call->row.n = call->row.total = 0;
	if (before.known && before.seed_slot.n == spooled->seed_slot.n &&
		pubkey_equal(&before.randomness, &spooled->randomness) &&
		hash_equal(&before.seed_slothash, &spooled->seed_slothash)) {
		call->row.n = before.n;
		call->row.total = before.total;
	}
	call_local(call->state, st, ERR_OK, &call->row);
}

void commits_record(struct journal *j, struct commit_call *call, const struct subject_key *draw,
	const struct pubkey *randomness, const struct pubkey *oracle, struct slot seed_slot,
	const struct hash *seed_slothash, const char *reason, const struct oracle_answer *answer, journal_done *done)
{
	struct statement *st = call_begin(j, call->state, VERB_COMMIT, draw->text, take_commit, done);

	(void)reason;
	st->commit = (struct commit_row){ .randomness = *randomness,
		.oracle = *oracle,
		.seed_slot = seed_slot,
		.seed_slothash = *seed_slothash,
		.answered = answer != NULL };
	if (answer)
		st->commit.answer = *answer;
	if (!spool_commit(j->spool, &st->commit) && answer && j->fence != 0 && call_spool_time(j) &&
		!world.daemon[j->daemon].dying)
		(void)!spool_add_commit(j->spool, draw->text, &st->commit);
	if (spool_commit(j->spool, &st->commit))
		answer_from_spool(call, st, spool_commit(j->spool, &st->commit));
	else
		call_run(call->state, st);
}

void commits_free_account(
	struct journal *j, struct commit_call *call, const struct subject_key *draw, journal_done *done)
{
	call_run(call->state, call_begin(j, call->state, VERB_FREE_ACCOUNT, draw->text, take_commit, done));
}

/* ---- import ---- */

static void import_next(struct journal *j);

static void on_imported(struct task *task, const struct reply *reply)
{
	struct journal *j = container_of(task, struct journal, importing);

	if (reply->err == ERR_RETRY || reply->err == ERR_UNKNOWN || (reply->err != ERR_OK && j->fence == 0))
		return;
	spool_drop_first(j->spool, reply->err != ERR_OK);
	import_next(j);
}

static void import_next(struct journal *j)
{
	struct statement found = { .verb = VERB_OTHER }, *st;

	if (j->importing.busy || !spool_first(j->spool, &found))
		return;
	st = call_begin(j, j->import, found.verb, found.subject, NULL, on_imported);
	st->prev_seq = found.prev_seq;
	st->row = found.row;
	st->commit = found.commit;
	call_run(j->import, st);
}

/* ---- lease ---- */

void lease_call_init(struct lease_call *call)
{
	*call = (struct lease_call){ 0 };
	call->state = call_new(&call->task);
}

void lease_call_fini(struct lease_call *call)
{
	call_free(call->state);
	free(call->list);
	*call = (struct lease_call){ 0 };
}

/* The status string follows the chain a little later; it only has to be plausible. */
static void list_pools(struct lease_call *call, uint64_t after_id)
{
	if (!call->list)
		call->list = calloc(POOLS_MAX, sizeof *call->list);
	if (!call->list)
		abort();
	call->n = 0;
	for (unsigned i = 0; i < world.n_pools; i++) {
		struct lease_pool *row = &call->list[call->n];
		enum pool_status status = chain_state(chain_tip())->pool[i].status;

		if (i + 1 <= after_id || (db_paid((int)i)->recorded && check_settled(i)))
			continue;
		if (status > POOL_WINNER_SELECTED)
			status = POOL_WINNER_SELECTED;
		*row = (struct lease_pool){ .app_id = (int64_t)i + 1, .agrees = true };
		base58_pubkey(row->address, &world.pool[i].address);
		snprintf(row->status, sizeof row->status, "%s", APP_STATUS[status]);
		call->n++;
	}
	call->pools = call->list;
}

static void take_lease(struct journal_call_state *s, const struct statement *st)
{
	struct lease_call *call = container_of(s->task, struct lease_call, task);
	struct journal *j = s->journal;

	call->held = st->held;
	call->fence = st->fence;
	list_pools(call, st->seq);
	j->fence = st->held ? st->fence : 0;
	s->data = call;
	if (st->held) {
		j->write_ok_ms = world.now_ms;
		import_next(j);
	}
}

void lease_tick(struct journal *j, struct lease_call *call, int64_t after_id, journal_done *done)
{
	struct statement *st = call_begin(j, call->state, VERB_LEASE, NULL, take_lease, done);

	call->whole = after_id == 0;
	st->seq = (uint64_t)after_id;
	call_run(call->state, st);
}

/* ---- records ---- */

void record_call_init(struct record_call *call)
{
	*call = (struct record_call){ 0 };
	call->state = call_new(&call->task);
}

void record_call_fini(struct record_call *call)
{
	call_free(call->state);
	call->state = NULL;
}

static void take_nothing(struct journal_call_state *s, const struct statement *st)
{
	(void)st;
	s->data = container_of(s->task, struct record_call, task);
}

void records_observe(
	struct journal *j, struct record_call *call, const struct pool_change *changes, size_t n, journal_done *done)
{
	(void)changes;
	(void)n;
	call_run(call->state, call_begin(j, call->state, VERB_OTHER, NULL, take_nothing, done));
}

/* ---- histories ---- */

static void take_sponsors(struct journal_call_state *s, const struct statement *st)
{
	(void)st;
	s->data = &container_of(s->task, struct record_call, task)->sponsors;
}

void records_sponsors(struct journal *j, struct record_call *call, const struct subject_key *draw, int64_t app_id,
	const struct pubkey *players, size_t n, bool look, journal_done *done)
{
	const struct sim_pool *pool = &world.pool[pool_of_subject(draw->text)];
	struct sponsors *out = &call->sponsors;

	(void)app_id;
	(void)players;
	(void)n;
	(void)look;
	*out = (struct sponsors){ .known = true };
	for (unsigned i = 0; i < PLAYERS; i++)
		if (!pubkey_is_zero(&pool->recipient[i]))
			out->of[out->n++] = (struct sponsored){
				.auxiliary = pool->player[i], .recipient = pool->recipient[i], .valid = true
			};
	call_run(call->state, call_begin(j, call->state, VERB_OTHER, NULL, take_sponsors, done));
}

void records_settle_rest(struct journal *j, struct record_call *call, bool clear_chat, journal_done *done)
{
	(void)clear_chat;
	call_run(call->state, call_begin(j, call->state, VERB_OTHER, NULL, take_nothing, done));
}

void history_call_init(struct history_call *call)
{
	*call = (struct history_call){ 0 };
	call->state = call_new(&call->task);
}

void history_call_fini(struct history_call *call)
{
	call_free(call->state);
	call->state = NULL;
}

static void take_history(struct journal_call_state *s, const struct statement *st)
{
	(void)st;
	s->data = container_of(s->task, struct history_call, task);
}

void histories_load(struct journal *j, struct history_call *call, const struct pubkey *address, journal_done *done)
{
	(void)address;
	call_run(call->state, call_begin(j, call->state, VERB_READ, NULL, take_history, done));
}

void histories_record(struct journal *j, struct history_call *call, const struct history_step *step, journal_done *done)
{
	call->history = step->to;
	call_run(call->state, call_begin(j, call->state, VERB_OTHER, NULL, take_history, done));
}

void histories_project(struct journal *j, struct history_call *call, unsigned limit, journal_done *done)
{
	(void)limit;
	call_run(call->state, call_begin(j, call->state, VERB_OTHER, NULL, take_history, done));
}

void histories_watched(struct journal *j, struct history_call *call, const struct pubkey *after, journal_done *done)
{
	(void)after;
	call_run(call->state, call_begin(j, call->state, VERB_READ, NULL, take_history, done));
}

/* ---- retention: nothing is old here ---- */

void retention_call_init(struct retention_call *call)
{
	*call = (struct retention_call){ 0 };
	call->state = call_new(&call->task);
}

void retention_call_fini(struct retention_call *call)
{
	call_free(call->state);
	call->state = NULL;
}

static void take_batch(struct journal_call_state *s, const struct statement *st)
{
	struct retention_call *call = container_of(s->task, struct retention_call, task);

	(void)st;
	call->more = false;
	s->data = call;
}

void retention_run(struct journal *j, struct retention_call *call, int64_t after_id, uint64_t keep_s,
	uint64_t age_limit_s, journal_done *done)
{
	(void)after_id;
	(void)keep_s;
	(void)age_limit_s;
	call_run(call->state, call_begin(j, call->state, VERB_OTHER, NULL, take_batch, done));
}

/* ---- the audit trail: this database keeps none, so the tick never asks for it ---- */

void trail_call_init(struct trail_call *call)
{
	*call = (struct trail_call){ 0 };
}

void trail_call_fini(struct trail_call *call)
{
	(void)call;
}

void trail_seal(struct journal *j, struct trail_call *call, journal_done *done)
{
	(void)j;
	(void)call;
	(void)done;
}

/* ---- submissions: this world has no web backend ---- */

void submissions_call_init(struct submissions_call *call)
{
	*call = (struct submissions_call){ 0 };
	call->state = call_new(&call->task);
}

void submissions_call_fini(struct submissions_call *call)
{
	call_free(call->state);
	call->state = NULL;
}

static void take_no_submission(struct journal_call_state *s, const struct statement *st)
{
	(void)st;
	s->data = container_of(s->task, struct submissions_call, task);
}

void submissions_page(struct journal *j, struct submissions_call *call, int64_t after_id, struct height height,
	uint64_t height_age_ms, journal_done *done)
{
	(void)after_id;
	(void)height;
	(void)height_age_ms;
	call_run(call->state, call_begin(j, call->state, VERB_OTHER, NULL, take_no_submission, done));
}

void submissions_answer(struct journal *j, struct submissions_call *call, const struct submission_answer *answers,
	size_t n, journal_done *done)
{
	(void)answers;
	(void)n;
	call_run(call->state, call_begin(j, call->state, VERB_OTHER, NULL, take_no_submission, done));
}

/* ---- the watch: our records always agree here ---- */

void watch_call_init(struct watch_call *call)
{
	*call = (struct watch_call){ 0 };
	call->state = call_new(&call->task);
}

void watch_call_fini(struct watch_call *call)
{
	call_free(call->state);
	*call = (struct watch_call){ 0 };
}

static void take_agreement(struct journal_call_state *s, const struct statement *st)
{
	(void)st;
	s->data = container_of(s->task, struct watch_call, task);
}

void watches_compare(
	struct journal *j, struct watch_call *call, const struct watched *pools, size_t n, journal_done *done)
{
	(void)pools;
	(void)n;
	call_run(call->state, call_begin(j, call->state, VERB_OTHER, NULL, take_agreement, done));
}
