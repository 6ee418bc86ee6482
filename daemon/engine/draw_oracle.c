/* The randomness of a draw: which account, which oracle, and the one answer to each commit. */
#include <inttypes.h>

#include "base/log.h"
#include "core/base58.h"
#include "engine/draw_parts.h"
#include "engine/parts.h"

static struct draw *of_commit(struct task *task)
{
	return container_of(container_of(task, struct commit_call, task), struct draw, commit);
}

/* The newest last: it is the one that is committed to. */
static void remember_tried(struct draw *d, const struct pubkey *oracle)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < d->n_tried; i++)
		if (!pubkey_equal(&d->tried[i], oracle))
			d->tried[kept++] = d->tried[i];
	if (kept == DRAW_TRIED_MAX)
		memmove(d->tried, d->tried + 1, --kept * sizeof d->tried[0]);
	d->tried[kept++] = *oracle;
	d->n_tried = kept;
}

/* One that was not tried yet; when all were, the one whose turn was longest ago, but not the one that is committed to:
 * an oracle may have been given up for a fork or an outage that was no fault of its own. */
bool draw_choose_oracle(const struct draw *d, struct pubkey *out)
{
	const unsigned keep = pubkey_is_zero(&d->facts.view.pool.randomness_account) ? 0 : 1;

	for (unsigned skip = 0; skip == 0 || skip + keep <= d->n_tried; skip++)
		if (oracles_choose(d->s.e, d->tried + skip, d->n_tried - skip, out))
			return true;
	return false;
}

static void take_commit(struct draw *d, const struct commit_row *row)
{
	struct commit_fact *f = &d->facts.commit;
	/* Not by its number: a commit that waits in the spool has none yet. */
	const bool same = f->known && f->seed_slot.n == row->seed_slot.n && pubkey_equal(&f->oracle, &row->oracle) &&
	                  hash_equal(&f->seed_slothash, &row->seed_slothash);

	f->known = row->known;
	f->n = row->n;
	f->seed_slot = row->seed_slot;
	f->seed_slothash = row->seed_slothash;
	f->oracle = row->oracle;
	f->answered = row->answered;
	f->answer = row->answer;
	if (!same) {
		f->refused_by = 0;
		d->answer_pending = false; /* it answered another commit */
		d->facts.own.ask = (struct attempts){ 0 };
		d->facts.own.simulation = (struct simulation_fact){ 0 };
		remember_tried(d, &row->oracle);
	}
}

static void on_commit(struct task *task, const struct reply *reply)
{
	struct draw *d = of_commit(task);
	const bool had_answer = d->facts.commit.answered;

	attempts_note(&d->facts.note, d->s.e->around.now_ms, reply->err == ERR_OK);
	subject_wake(&d->s);
	if (reply->err != ERR_OK) {
		log_warn("commit.doubt", "subject=%s err=%s why=%s next=retry", d->s.key.text, err_name(reply->err),
			reply->why);
		return;
	}
	take_commit(d, reply->data);
	d->answer_pending = d->answer_pending && !d->facts.commit.answered;
	if (d->facts.commit.answered && !had_answer)
		log_info("oracle.answered", "subject=%s commit=%u seed_slot=%" PRIu64, d->s.key.text, d->facts.commit.n,
			d->facts.commit.seed_slot.n);
}

/* Without Postgres the commit is known from the chain alone; it is written together with its answer, to the spool. */
static void note_from_chain(struct draw *d)
{
	const struct sb_randomness *r = &d->facts.accounts.randomness;
	const struct commit_row row = { .known = true,
		.randomness = d->randomness,
		.oracle = r->oracle,
		.seed_slot = r->seed_slot,
		.seed_slothash = r->seed_slothash };

	take_commit(d, &row);
	subject_wake(&d->s);
}

void draw_note_commit(struct draw *d)
{
	const struct sb_randomness *r = &d->facts.accounts.randomness;
	const char *reason = d->n_tried == 0 ? "bind"
	                     : d->facts.commit.known && !pubkey_equal(&d->facts.commit.oracle, &r->oracle)
	                             ? "rescue"
	                             : "seed_changed";

	if (journal_long_gone(d->s.e)) {
		note_from_chain(d);
		return;
	}
	commits_record(d->s.e->m.journal, &d->commit, &d->s.key, &d->randomness, &r->oracle, r->seed_slot,
		&r->seed_slothash, reason, NULL, on_commit);
}

static void record_answer(struct draw *d)
{
	const struct commit_fact *f = &d->facts.commit;

	commits_record(d->s.e->m.journal, &d->commit, &d->s.key, &d->randomness, &f->oracle, f->seed_slot,
		&f->seed_slothash, "answer", &d->answer, on_commit);
}

static void on_answer(struct task *task, const struct reply *reply)
{
	struct draw *d = container_of(container_of(task, struct gateway_call, task), struct draw, gateway);

	attempts_note(&d->facts.own.ask, d->s.e->around.now_ms, reply->err == ERR_OK);
	subject_wake(&d->s);
	if (reply->err != ERR_OK) {
		log_event(d->facts.own.ask.failures > 3 ? LOG_AT_WARN : LOG_AT_INFO, "oracle.no_answer",
			"subject=%s tries=%u err=%s why=%s next=retry", d->s.key.text, d->facts.own.ask.failures,
			err_name(reply->err), reply->why);
		return;
	}
	/* Nothing else happens with an answer before the ledger has it. */
	d->answer = *(const struct oracle_answer *)reply->data;
	d->answer_pending = true;
}

void draw_ask_oracle(struct draw *d)
{
	const struct sb_randomness *r = &d->facts.accounts.randomness;
	const struct oracle_entry *oracle = oracles_find(d->s.e, &d->facts.commit.oracle);
	struct gateway_question q = {
		.randomness = d->randomness, .seed_slothash = r->seed_slothash, .seed_slot = r->seed_slot
	};

	if (d->answer_pending) {
		record_answer(d);
		return;
	}
	if (!oracle || oracle->account.gateway_uri[0] == '\0') {
		oracles_track(d->s.e, &d->facts.commit.oracle);
		attempts_note(&d->facts.own.ask, d->s.e->around.now_ms, false);
		subject_wake(&d->s);
		return;
	}
	memcpy(q.uri, oracle->account.gateway_uri, sizeof q.uri);
	memcpy(q.signer, r->has_signer ? r->signer : oracle->account.signer, sizeof q.signer);
	log_info("oracle.ask", "subject=%s commit=%u seed_slot=%" PRIu64, d->s.key.text, d->facts.commit.n,
		q.seed_slot.n);
	gateway_ask(d->s.e->m.gateway, &d->gateway, &q, on_answer);
}

/* What was read and simulated before was about another account. */
void draw_pick_new(struct draw *d)
{
	account_key_free(d->new_account);
	d->new_account = account_key_new();
	d->randomness = *account_key_pubkey(d->new_account);
	d->facts.accounts.randomness_presence = ABSENT;
	d->facts.own.simulation.done = false;
}

/* Draws that come due together are all told of the same free account: the first one keeps it. So does housekeeping. */
static bool held_by_another(const struct draw *d, const struct pubkey *randomness)
{
	const struct engine *e = d->s.e;

	for (size_t i = 0; i < e->n_active; i++)
		if (e->active[i] != d && pubkey_equal(&e->active[i]->randomness, randomness))
			return true;
	return house_holds(e, randomness);
}

static void on_free_account(struct task *task, const struct reply *reply)
{
	struct draw *d = of_commit(task);
	const struct commit_row *row = reply->data;

	subject_wake(&d->s);
	if (reply->err != ERR_OK) {
		attempts_note(&d->facts.note, d->s.e->around.now_ms, false);
		return;
	}
	if (!row->known || held_by_another(d, &row->randomness)) {
		draw_pick_new(d);
		return;
	}
	/* An account of an earlier draw: it must be read before it is used. */
	d->randomness = row->randomness;
	d->facts.accounts.at.n = 0;
}

void draw_pick_account(struct draw *d)
{
	commits_free_account(d->s.e->m.journal, &d->commit, &d->s.key, on_free_account);
}
