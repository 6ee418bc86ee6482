/* Drives the rows of one subject: load, send, close, reopen, and what the nodes say about their signatures. */
#include "engine/subject.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "core/base58.h"
#include "engine/parts.h"

enum { DRY_RUN_LOOK_MS = 1000 };

void subject_init(struct subject *s, struct engine *e, struct subject_facts *own)
{
	s->e = e;
	s->own = own;
	own->settle.resend_ms = POLICY_RESEND_MS;
	journal_call_init(&s->journal);
	rpc_call_init(&s->rpc);
	s->simulate_at = RPC_ANY;
	subject_wake(s);
}

void subject_fini(struct subject *s)
{
	journal_call_fini(&s->journal);
	rpc_call_fini(&s->rpc);
}

bool subject_busy(const struct subject *s)
{
	return s->journal.task.busy || s->rpc.task.busy;
}

void subject_wake(struct subject *s)
{
	s->awake = true;
}

void subject_refresh(struct subject *s)
{
	struct settle_facts *f = &s->own->settle;

	f->tip = s->e->tip;
	f->now_ms = s->e->around.now_ms;
	f->witnesses = (unsigned)rpc_witnesses(s->e->m.rpc);
	f->lone_node = witness_lone(s->e);
	/* Nor can a dry run close a row: it decides as if somebody had. */
	f->journal_away = journal_long_gone(s->e) || s->e->policy.dry_run;
}

bool subject_unsettled(const struct subject *s)
{
	return !settle_all_closed(&s->own->settle.rows);
}

static const struct row *row_by_seq(const struct rows *rows, uint64_t seq)
{
	for (unsigned i = 0; i < rows->n; i++)
		if (rows->row[i].seq == seq)
			return &rows->row[i];
	return NULL;
}

static enum log_level level_of(const struct row *row)
{
	if (row->state == ROW_FAILED || row->state == ROW_STALE || (row->state == ROW_LANDED && row->landed_failed))
		return LOG_AT_WARN;
	return LOG_AT_INFO;
}

static void log_row(const struct subject *s, const struct row *row, const char *event)
{
	char sig[SIGNATURE_TEXT];

	base58_signature(sig, &row->sig);
	log_event(level_of(row), event,
		"subject=%s seq=%" PRIu64 " step=%s sig=%s slot=%" PRIu64 " failed=%d ix=%d code=%" PRIu32
		" why=\"%s\"",
		s->key.text, row->seq, STEPS[row->step].name, sig, row->landed.n, row->landed_failed ? 1 : 0,
		row->landed_failed ? row->failure.ix : -1, row->landed_failed ? row->failure.code : 0u,
		STEPS[row->step].why);
}

static const char *row_event(enum row_state state, bool known)
{
	switch (state) {
	case ROW_OPEN:
		return known ? "tx.reopened" : "tx.open";
	case ROW_LANDED:
		return "tx.landed";
	case ROW_STALE:
		return "tx.stale";
	case ROW_FINAL:
		return "tx.final";
	case ROW_FAILED:
		return "tx.failed";
	case ROW_EXPIRED:
		return "tx.expired";
	case ROW_STATES:
		break;
	}
	return "tx.unknown";
}

static void note_outcome(struct subject *s, const struct row *row)
{
	if (row->state == ROW_FAILED || row->state == ROW_EXPIRED)
		attempts_note(&s->own->open, s->e->around.now_ms, false);
	else if (row->state == ROW_FINAL)
		s->own->open = (struct attempts){ 0 };
	/* What comes next is another step: how often this one's simulation failed says nothing about it. */
	if (row->state == ROW_FINAL || (row->state == ROW_LANDED && !row->landed_failed))
		s->own->simulate = (struct attempts){ 0 };
}

/* A row that was closed and is not the last one is not among the rows that come back: it became what was asked for. */
static void log_closed(struct subject *s, const struct rows *old, const struct rows *new)
{
	const struct row *before = row_by_seq(old, s->closing.seq);
	struct row closed;

	if (before && !row_by_seq(new, s->closing.seq)) {
		closed = *before;
		closed.state = s->closing.outcome;
		closed.landed_failed = s->closing.failed;
		closed.failure = s->closing.failure;
		closed.landed = s->closing.landed;
		log_row(s, &closed, row_event(closed.state, true));
		count_row(s->e, &closed, before->state, s->sent);
		note_outcome(s, &closed);
	}
	s->closing.seq = 0;
}

static void log_changes(struct subject *s, const struct rows *old, const struct rows *new)
{
	for (unsigned i = 0; i < new->n; i++) {
		const struct row *row = &new->row[i], *before = row_by_seq(old, row->seq);

		if (before && before->state == row->state)
			continue;
		log_row(s, row, row_event(row->state, before != NULL));
		count_row(s->e, row, before ? before->state : ROW_STATES, s->sent);
		note_outcome(s, row);
	}
	log_closed(s, old, new);
}

/* Sights follow their signatures; a row that changed starts without one. */
static void carry_sights(struct settle_facts *f, const struct rows *old, const struct rows *new)
{
	struct sight fresh[ROWS_MAX] = { 0 };

	for (unsigned i = 0; i < new->n; i++)
		for (unsigned k = 0; k < old->n; k++)
			if (signature_equal(&f->sight[k].of, &new->row[i].sig) &&
				old->row[k].state == new->row[i].state)
				fresh[i] = f->sight[k];
	memcpy(f->sight, fresh, sizeof f->sight);
}

static bool has_open(const struct rows *rows)
{
	for (unsigned i = 0; i < rows->n; i++)
		if (rows->row[i].state == ROW_OPEN)
			return true;
	return false;
}

/* The only place where rows change in memory: they are always what Postgres returned. */
void subject_rows_done(struct task *task, const struct reply *reply)
{
	struct subject *s = container_of(container_of(task, struct journal_call, task), struct subject, journal);
	struct settle_facts *f = &s->own->settle;

	/* Refused again and again must not be tried again at once. */
	if (s->opening && reply->err == ERR_REFUSED)
		attempts_note(&s->own->open, s->e->around.now_ms, false);
	if (s->opening && reply->err == ERR_UNKNOWN && !STEPS[s->in_step].guarded)
		s->own->unsure_until = s->opening_valid;
	s->opening = false;
	s->loaded = reply->err == ERR_OK;
	attempts_note(&s->load, s->e->around.now_ms, s->loaded);
	if (s->loaded) {
		const struct rows *rows = reply->data;

		log_changes(s, &f->rows, rows);
		carry_sights(f, &f->rows, rows);
		if (!has_open(&f->rows))
			f->sent_ms = 0;
		if (rows->last_seq != f->rows.last_seq) {
			s->own->simulate = (struct attempts){ 0 };
			s->own->unsure_until.n = 0; /* it appeared, or another one has its place (R7) */
		}
		f->rows = *rows;
	} else {
		log_event(reply->err == ERR_RETRY ? LOG_AT_DEBUG : LOG_AT_WARN, "journal.doubt",
			"subject=%s err=%s why=%s next=load", s->key.text, err_name(reply->err), reply->why);
	}
	subject_wake(s);
}

/* An answer that is on its way may be older than the doubt. */
void subject_doubt(struct subject *s)
{
	journal_call_fini(&s->journal);
	journal_call_init(&s->journal);
	s->opening = false;
	s->loaded = false;
	subject_wake(s);
}

bool subject_ready(struct subject *s)
{
	if (s->loaded)
		return true;
	if (!attempts_ready(&s->load, s->e->around.now_ms, 100, 2000)) {
		s->wake_ms = attempts_next_ms(&s->load, 100, 2000);
		return false;
	}
	journal_load(s->e->m.journal, &s->journal, &s->key, subject_rows_done);
	return false;
}

static void on_sent(struct task *task, const struct reply *reply)
{
	struct subject *s = container_of(container_of(task, struct rpc_call, task), struct subject, rpc);

	if (reply->err != ERR_OK)
		log_warn("tx.send_doubt", "subject=%s err=%s why=%s next=resend", s->key.text, err_name(reply->err),
			reply->why);
	subject_wake(s);
}

static void perform_send(struct subject *s, const struct action *a)
{
	const struct row *row = row_by_seq(&s->own->settle.rows, a->seq);
	char sig[SIGNATURE_TEXT];

	base58_signature(sig, &row->sig);
	log_info("tx.send", "subject=%s seq=%" PRIu64 " step=%s sig=%s last_valid=%" PRIu64, s->key.text, row->seq,
		STEPS[row->step].name, sig, row->last_valid.n);
	if (s->own->settle.sent_ms == 0)
		s->sent = s->e->tip.confirmed_slot;
	s->own->settle.sent_ms = s->e->around.now_ms;
	s->e->counters.sends++;
	rpc_send(s->e->m.rpc, any_node(&s->rpc), row->tx, row->tx_len, row->floor, on_sent);
}

static void perform_close(struct subject *s, const struct action *a)
{
	const struct journal_outcome outcome = { a->outcome, a->landed, a->failed, a->failure };

	s->closing = *a;
	journal_close(s->e->m.journal, &s->journal, &s->key, a->seq, &outcome, subject_rows_done);
}

/* The reason is logged once when it changes; the witness round itself is paced by witness.c. */
static void perform_prove(struct subject *s, const struct action *a)
{
	const struct action wait = action_wait_until(a->reason, s->e->around.now_ms + 500);

	subject_wait(s, &wait);
}

static void log_wait(const struct subject *s, const struct action *a)
{
	const struct reason_def *reason = &REASONS[a->reason];
	const enum log_level level = reason->level == REASON_ALERT  ? LOG_AT_ERROR
	                             : reason->level == REASON_WARN ? LOG_AT_WARN
	                                                            : LOG_AT_INFO;
	const bool halt = a->kind == ACT_HALT;

	if (s->values[0] != '\0')
		log_event(level, halt ? "draw.halt" : "draw.wait",
			"subject=%s seq=%" PRIu64 " reason=%s values=%s why=\"%s\" next=%s", s->key.text,
			s->own->settle.rows.last_seq, reason->name, s->values, reason->text, halt ? "human" : "wait");
	else
		log_event(level, halt ? "draw.halt" : "draw.wait",
			"subject=%s seq=%" PRIu64 " reason=%s why=\"%s\" next=%s", s->key.text,
			s->own->settle.rows.last_seq, reason->name, reason->text, halt ? "human" : "wait");
}

void subject_wait(struct subject *s, const struct action *a)
{
	const uint64_t now = s->e->around.now_ms;

	/* A time that has passed brings no news: a pulse later there may be some. */
	s->wake_ms = a->until_ms == 0 || a->until_ms > now ? a->until_ms : now + s->e->config.pulse_ms;
	if (a->reason == s->reason)
		return;
	s->reason = a->reason;
	if (a->reason == WAIT_NONE)
		return;
	log_wait(s, a);
}

static bool changes_something(enum act kind)
{
	return kind == ACT_SEND || kind == ACT_CLOSE || kind == ACT_REOPEN || kind == ACT_NOTE_COMMIT ||
	       kind == ACT_RECORD;
}

bool subject_only_looks(struct subject *s, const struct action *a)
{
	const struct action wait = action_wait_until(WAIT_DRY_RUN, s->e->around.now_ms + DRY_RUN_LOOK_MS);

	if (!s->e->policy.dry_run || !changes_something(a->kind))
		return false;
	s->loaded = false; /* somebody else may do it: its rows are read again */
	subject_wait(s, &wait);
	return true;
}

bool subject_perform(struct subject *s, const struct action *a)
{
	s->wake_ms = 0;
	if (subject_only_looks(s, a))
		return true;
	switch (a->kind) {
	case ACT_NONE:
	case ACT_WAIT:
	case ACT_HALT:
		subject_wait(s, a);
		return true;
	case ACT_SEND:
		perform_send(s, a);
		return true;
	case ACT_CLOSE:
		perform_close(s, a);
		return true;
	case ACT_REOPEN:
		journal_reopen(s->e->m.journal, &s->journal, &s->key, a->seq, subject_rows_done);
		return true;
	case ACT_PROVE:
		perform_prove(s, a);
		return true;
	case ACT_READ:
	case ACT_NOTE_COMMIT:
	case ACT_ASK_ORACLE:
	case ACT_NOTE_SPONSORS:
	case ACT_PICK_ACCOUNT:
	case ACT_ASK_FEES:
	case ACT_SIMULATE:
	case ACT_OPEN:
	case ACT_SPOOL:
	case ACT_RECORD:
	case ACT_KINDS:
		break;
	}
	return false;
}

/* Where the program does not refuse a second effect one node's word counts for little, and others may take it back. */
static bool is_final(const struct row *row, const struct sight *sight)
{
	return sight->finalized && STEPS[row->step].guarded;
}

/* A node that lags knows less, never more: news about a found signature stand, and what is final cannot vanish. */
static bool knows_better(const struct row *row, const struct sight *sight, struct slot at)
{
	return sight->asked && sight->found && (is_final(row, sight) || at.n < sight->at.n);
}

void subject_observe(struct subject *s, const struct signature *sig, const struct rpc_status *status, struct slot at)
{
	struct settle_facts *f = &s->own->settle;

	for (unsigned i = 0; i < f->rows.n; i++) {
		struct sight *sight = &f->sight[i];

		if (!signature_equal(&f->rows.row[i].sig, sig))
			continue;
		if (signature_equal(&sight->of, sig) && !status->found && knows_better(&f->rows.row[i], sight, at))
			return;
		sight->of = *sig;
		sight->asked = true;
		sight->found = status->found;
		sight->confirmed = status->confirmed;
		sight->finalized = status->finalized;
		sight->failed = status->failed;
		sight->failure = status->failure;
		sight->landed = status->landed;
		sight->at = at;
		if (status->found)
			sight->absent_by = 0;
		if (status->found && STEPS[f->rows.row[i].step].guarded)
			sight->gone_by = 0;
		subject_wake(s);
		return;
	}
}

void subject_forget(struct subject *s, const struct signature *sig)
{
	struct settle_facts *f = &s->own->settle;

	for (unsigned i = 0; i < f->rows.n; i++)
		if (signature_equal(&f->sight[i].of, sig))
			f->sight[i] = (struct sight){ 0 };
}

void subject_observe_fate(
	struct subject *s, const struct signature *sig, const struct rpc_status *status, bool first_witness)
{
	struct settle_facts *f = &s->own->settle;

	for (unsigned i = 0; i < f->rows.n; i++) {
		struct sight *sight = &f->sight[i];

		if (!signature_equal(&f->rows.row[i].sig, sig) || STEPS[f->rows.row[i].step].guarded)
			continue;
		if (first_witness)
			sight->final_by[0] = sight->final_by[1] = 0;
		sight->final_by[status->failed] += status->finalized;
		return;
	}
}

void subject_observe_absence(
	struct subject *s, const struct signature *sig, const struct absence *proof, bool first_witness)
{
	struct settle_facts *f = &s->own->settle;

	for (unsigned i = 0; i < f->rows.n; i++) {
		const struct row *row = &f->rows.row[i];
		struct sight *sight = &f->sight[i];

		if (!signature_equal(&row->sig, sig))
			continue;
		if (signature_equal(&sight->of, sig) && sight->found && is_final(row, sight))
			return;
		sight->of = *sig;
		sight->asked = true;
		sight->found = false;
		sight->at = proof->at;
		if (first_witness) {
			sight->absent_by = sight->gone_by = 0;
			sight->final_by[0] = sight->final_by[1] = 0;
			sight->pruned = false;
		}
		if (proof->first_block.n > row->floor.n)
			sight->pruned = true;
		else if (proof->finalized_height.n > row->last_valid.n && proof->at.n >= proof->finalized_slot.n)
			sight->absent_by++;
		if (row->state == ROW_LANDED && proof->at.n >= row->landed.n)
			sight->gone_by++;
		subject_wake(s);
		return;
	}
}
