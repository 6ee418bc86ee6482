/* One draw: made when its pool comes near, advanced once per turn while awake, forgotten when it is over. */
#include "engine/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "core/base58.h"
#include "core/draw.h"
#include "engine/draw_parts.h"
#include "engine/parts.h"

struct draw *draw_new(struct engine *e, struct pool_entry *pool, uint64_t pool_id)
{
	struct draw *d = calloc(1, sizeof *d);
	char address[PUBKEY_TEXT];

	if (!d)
		abort();
	d->pool = pool;
	d->address = pool->address;
	d->pool_id = pool_id;
	base58_pubkey(address, &pool->address);
	snprintf(d->s.key.text, sizeof d->s.key.text, "draw:%s:%" PRIu64, address, pool_id);
	d->facts.policy = &e->policy;
	d->facts.around = &e->around;
	subject_init(&d->s, e, &d->facts.own);
	d->s.simulated = draw_simulated;
	gateway_call_init(&d->gateway);
	commit_call_init(&d->commit);
	record_call_init(&d->record);
	rpc_call_init(&d->record_rpc);
	return d;
}

void draw_free(struct draw *d)
{
	subject_fini(&d->s);
	gateway_call_fini(&d->gateway);
	commit_call_fini(&d->commit);
	record_call_fini(&d->record);
	rpc_call_fini(&d->record_rpc);
	account_key_free(d->new_account);
	free(d);
}

bool draw_busy(const struct draw *d)
{
	return subject_busy(&d->s) || d->gateway.task.busy || d->commit.task.busy || d->record.task.busy ||
	       d->record_rpc.task.busy;
}

void draw_doubt(struct draw *d)
{
	commit_call_fini(&d->commit);
	commit_call_init(&d->commit);
	record_call_fini(&d->record);
	record_call_init(&d->record);
	d->facts.commit.known = d->facts.sponsors.known = false;
	d->facts.watch.known = false;
}

bool draw_status_is_bound(const struct draw *d)
{
	const struct pool_view *v = &d->facts.view;

	return v->kind == VIEW_POOL &&
	       (v->pool.status == POOL_RANDOMNESS_COMMITTED || v->pool.status == POOL_RANDOMNESS_REVEALED);
}

bool draw_is_bound(const struct draw *d)
{
	const struct rows *rows = &d->facts.own.settle.rows;

	if (draw_status_is_bound(d) || (d->s.opening && d->s.in_step == STEP_BIND))
		return true;
	for (unsigned i = 0; i < rows->n; i++)
		if (rows->row[i].step == STEP_BIND && row_unsettled(&rows->row[i]) && !rows->row[i].landed_failed)
			return d->facts.view.kind != VIEW_POOL || d->facts.view.pool.status < POOL_WINNER_SELECTED;
	return false;
}

bool draw_idle(const struct draw *d)
{
	const enum reason r = d->s.reason;

	if (draw_busy(d) || !d->s.loaded || subject_unsettled(&d->s))
		return false;
	return r == WAIT_OVER || r == WAIT_OPEN_POOL || r == WAIT_OTHER_POOL_ID || r == WAIT_NO_ACCOUNT ||
	       (r == WAIT_TOO_EARLY && draw_due_s(&d->facts.view.pool) - d->facts.view.chain_s > POLICY_NEAR_S);
}

static void log_status(const struct draw *d, const struct pool_view *old, const struct pool_view *new)
{
	if (new->kind != VIEW_POOL ||
		(old->at.n != 0 && old->kind == VIEW_POOL && old->pool.status == new->pool.status))
		return;
	log_info("draw.state", "subject=%s from=%s to=%s slot=%" PRIu64, d->s.key.text,
		old->at.n != 0 && old->kind == VIEW_POOL ? pool_status_name(old->pool.status) : "unseen",
		pool_status_name(new->pool.status), new->at.n);
}

void draw_observe(struct draw *d, const struct pool_view *view)
{
	struct pool_view *mine = &d->facts.view;

	if (view->at.n < mine->at.n)
		return;
	const struct pool_account last = mine->pool;

	log_status(d, mine, view);
	*mine = *view;
	/* The creator may take the rent, and with it the account, before the payout is recorded. */
	if (view->kind != VIEW_POOL)
		mine->pool = last;
	subject_wake(&d->s);
}

/* A third of the 3000 slots is gone: a human has time to look at why. */
static void alert_when_late(struct draw *d)
{
	const uint64_t commit = d->facts.view.pool.randomness_commit_slot.n, now = d->s.e->tip.confirmed_slot.n;

	if (d->late || !draw_status_is_bound(d) || now <= commit + POLICY_ALERT_SLOTS)
		return;
	d->late = true;
	log_error("draw.late", "subject=%s slots_used=%" PRIu64 " slots_left=%" PRIu64 " reason=%s next=human",
		d->s.key.text, now - commit,
		now < commit + POLICY_DEADLINE_SLOTS ? commit + POLICY_DEADLINE_SLOTS - now : 0,
		REASONS[d->s.reason].name);
}

/* Only before the pool is bound: afterwards nothing may depend on a count. */
static void refresh_creator(struct draw *d)
{
	const struct pool_view *v = &d->facts.view;
	const bool waits = v->kind == VIEW_POOL && (v->pool.status == POOL_LOCKED || v->pool.status == POOL_UNLOCKED) &&
	                   pubkey_equal(&v->pool.dev_wallet, &d->s.e->policy.dev_wallet);

	d->facts.creator = (struct creator_count){ 0 };
	if (waits && d->s.e->policy.creator_day_lamports != 0)
		d->facts.creator = spending_want(d->s.e, &v->pool.creator);
}

static void refresh_shared_facts(struct draw *d)
{
	struct engine *e = d->s.e;
	struct pubkey other;

	subject_refresh(&d->s);
	refresh_creator(d);
	d->facts.accounts_wanted = false;
	if (d->facts.view.kind == VIEW_POOL && !pubkey_is_zero(&d->facts.view.pool.randomness_account) &&
		!pubkey_equal(&d->facts.view.pool.randomness_account, &d->randomness)) {
		d->randomness = d->facts.view.pool.randomness_account;
		d->facts.accounts_wanted = true;
	}
	d->facts.account_picked = !pubkey_is_zero(&d->randomness);
	/* An answer that the ledger does not have yet is an answer: to commit again would be a second draw. */
	d->facts.rescue_possible = !d->answer_pending && draw_choose_oracle(d, &other);
	e->around.bound = engine_bound_others(e, d);
}

/* A mismatch is named with what was expected and what was found. */
static void name_values(struct draw *d, enum reason reason)
{
	const struct draw_accounts *a = &d->facts.accounts;
	const struct pool_account *pool = &d->facts.view.pool;
	char *out = d->s.values;

	out[0] = '\0';
	if (reason == WAIT_VAULT_MISMATCH)
		snprintf(out, sizeof d->s.values, "total_amount=%" PRIu64 " vault=%" PRIu64, pool->total_amount,
			a->vault.amount);
	else if (reason == WAIT_PARTICIPANTS_MISMATCH)
		snprintf(out, sizeof d->s.values, "max_participants=%u participants=%u", pool->max_participants,
			a->participants.count);
	else if (reason == WAIT_KEEPER_MISMATCH)
		snprintf(out, sizeof d->s.values, "%s", d->contradiction);
}

static void perform(struct draw *d, const struct action *a)
{
	name_values(d, a->reason);
	if (subject_only_looks(&d->s, a))
		return;
	switch (a->kind) {
	case ACT_READ:
		draw_read_accounts(d);
		return;
	case ACT_NOTE_COMMIT:
		draw_note_commit(d);
		return;
	case ACT_ASK_ORACLE:
		draw_ask_oracle(d);
		return;
	case ACT_PICK_ACCOUNT:
		draw_pick_account(d);
		return;
	case ACT_NOTE_SPONSORS:
		draw_note_sponsors(d);
		return;
	case ACT_ASK_FEES:
		draw_ask_fees(d);
		return;
	case ACT_SIMULATE:
		draw_simulate(d, a);
		return;
	case ACT_OPEN:
	case ACT_SPOOL:
		draw_open(d, a);
		return;
	case ACT_RECORD:
		draw_record(d, a);
		return;
	case ACT_NONE:
	case ACT_WAIT:
	case ACT_HALT:
	case ACT_SEND:
	case ACT_CLOSE:
	case ACT_REOPEN:
	case ACT_PROVE:
	case ACT_KINDS:
		break;
	}
	subject_perform(&d->s, a);
	if (a->kind == ACT_WAIT && a->reason == WAIT_ATA_MISSING)
		draw_want_atas(d);
}

void draw_advance(struct draw *d)
{
	struct action a;

	if (draw_busy(d))
		return;
	d->s.awake = false;
	d->s.wake_ms = 0;
	if (!subject_ready(&d->s))
		return;
	refresh_shared_facts(d);
	alert_when_late(d);
	a = decide_draw(&d->facts);
	perform(d, &a);
}
