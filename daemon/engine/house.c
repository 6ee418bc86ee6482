/* Housekeeping: what the journal lists is looked at one by one, behind the draws. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/parts.h"

/* At most HOUSE_UNDER_WAY transactions at a time, so that draws always find the nodes free. What nothing happened to has
 * deadlines of days, by the chain's clock: an empty list is asked for again after HOUSE_REST_S, so that quiet ticks stay one
 * statement. */
enum { HOUSE_EVERY_MS = 15000, HOUSE_REST_S = 600, HOUSE_SOON_MS = 1000, HOUSE_UNDER_WAY = 4 };

void house_init(struct engine *e)
{
	house_call_init(&e->house.list);
	house_recover_init(e);
	house_referrals_init(e);
}

static void free_chore(struct chore *c)
{
	subject_fini(&c->s);
	house_call_fini(&c->note);
	free(c);
}

void house_fini(struct engine *e)
{
	for (size_t i = 0; i < e->house.n; i++)
		free_chore(e->house.chore[i]);
	e->house.n = 0;
	house_call_fini(&e->house.list);
	house_recover_fini(e);
	house_referrals_fini(e);
}

/* Only one whose transaction is out: otherwise the draw takes the account and the chore lets go. */
bool house_holds(const struct engine *e, const struct pubkey *randomness)
{
	for (size_t i = 0; i < e->house.n; i++)
		if (chore_under_way(e->house.chore[i]) && pubkey_equal(&e->house.chore[i]->address, randomness))
			return true;
	return false;
}

static bool cold(const struct engine *e, const struct chore *c)
{
	return !c->s.awake && !subject_busy(&c->s) && !subject_unsettled(&c->s) &&
	       (c->s.wake_ms == 0 || c->s.wake_ms > e->around.now_ms + HOUSE_SOON_MS);
}

bool house_hot(const struct engine *e)
{
	for (size_t i = 0; i < e->house.n; i++)
		if (!cold(e, e->house.chore[i]))
			return true;
	return false;
}

/* ---- the list ---- */

static struct chore *find(const struct house *h, const struct subject_key *key)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->chore[i]->s.key.text, key->text) == 0)
			return h->chore[i];
	return NULL;
}

static struct chore *make(struct engine *e, const struct subject_key *key, const struct chore_kind *kind)
{
	struct chore *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	c->kind = kind;
	c->facts = kind == &CHORE_POOL       ? &c->pool.chore
	           : kind == &CHORE_REFERRAL ? &c->referral.chore
	           : kind == &CHORE_ANCHOR   ? &c->anchor.chore
	                                     : &c->account.chore;
	c->payer = kind == &CHORE_REFERRAL ? e->policy.treasury : e->policy.dev_wallet;
	c->s.key = *key;
	c->facts->policy = &e->policy;
	c->facts->around = &e->around;
	subject_init(&c->s, e, &c->facts->own);
	house_call_init(&c->note);
	e->house.chore[e->house.n++] = c;
	return c;
}

struct chore *house_chore(struct engine *e, const struct subject_key *key, const struct chore_kind *kind)
{
	struct chore *c = find(&e->house, key);

	if (!c && e->house.n < HOUSE_MAX)
		c = make(e, key, kind);
	if (c)
		c->listed = true;
	return c;
}

void house_add(struct engine *e, const struct house_row *row)
{
	const bool pool = strncmp(row->subject.text, "pool:", 5) == 0;
	const bool known = find(&e->house, &row->subject) != NULL;
	struct chore *c = house_chore(e, &row->subject, pool ? &CHORE_POOL : &CHORE_ACCOUNT);

	if (!c || known)
		return;
	c->address = row->address;
	c->pool_id = row->pool_id;
	c->account.abandoned = row->abandoned;
}

void house_unlist(struct engine *e, const struct chore_kind *kind)
{
	for (size_t i = 0; i < e->house.n; i++) {
		struct chore *c = e->house.chore[i];

		if (kind ? c->kind == kind : c->kind == &CHORE_ACCOUNT || c->kind == &CHORE_POOL)
			c->listed = false;
	}
}

static void rest(struct engine *e)
{
	struct house *h = &e->house;

	h->due_ms = e->around.now_ms + HOUSE_REST_S * 1000;
	if (h->wanted_ms > e->around.now_ms && h->wanted_ms < h->due_ms)
		h->due_ms = h->wanted_ms;
}

static void on_list(struct task *task, const struct reply *reply)
{
	struct house_call *call = container_of(task, struct house_call, task);
	struct house *h = container_of(call, struct house, list);
	struct engine *e = container_of(h, struct engine, house);

	if (reply->err != ERR_OK) {
		log_warn("house.list_failed", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
		h->due_ms = e->around.now_ms + HOUSE_SOON_MS;
		return;
	}
	house_unlist(e, NULL);
	for (size_t i = 0; i < call->n; i++)
		house_add(e, &call->row[i]);
	house_add_pools(e);
	house_add_abandoned(e);
	if (h->n == 0)
		rest(e);
}

void house_within(struct engine *e, uint64_t ms)
{
	const uint64_t at = e->around.now_ms + ms;

	if (e->house.wanted_ms < at)
		e->house.wanted_ms = at;
	if (e->house.due_ms > at)
		e->house.due_ms = at;
}

/* Not before its account can count as idle. */
void house_soon(struct engine *e)
{
	house_within(e, HOUSE_SOON_MS + e->policy.randomness_idle_s * 1000);
}

void house_left_over(struct engine *e)
{
	house_within(e, HOUSE_EVERY_MS);
}

static void ask_list(struct engine *e)
{
	struct house *h = &e->house;
	const struct policy *p = &e->policy;
	const struct house_terms terms = { .close = p->close_randomness,
		.pools = p->finalize || p->claim_rent || p->refund_atas,
		.keep = p->randomness_keep,
		.idle_s = p->randomness_idle_s,
		.failures = POLICY_CHORE_FAILURES };

	/* What the daemon before this one let go becomes idle meanwhile. */
	if (h->due_ms == 0)
		house_soon(e);
	h->due_ms = e->around.now_ms + HOUSE_EVERY_MS;
	h->chain_s = e->chain_s;
	house_work(e->m.journal, &h->list, &terms, on_list);
}

/* Not before all pools were read once: which of them are overdue is seen with the list. */
static bool may_list(const struct engine *e)
{
	return e->around.leader && !e->around.stopping && !e->house.list.task.busy &&
	       e->around.journal_down_since_ms == 0 && e->counters.ticks > 0 &&
	       (e->around.now_ms >= e->house.due_ms || e->chain_s >= e->house.chain_s + HOUSE_REST_S);
}

/* ---- one chore ---- */

/* With the guard that allows exactly this. */
static void fill(const struct chore *c, enum step step, struct compose *out, struct guard *guard)
{
	const struct engine *e = c->s.e;

	*out = (struct compose){ .net = &e->policy.switchboard, .payer = c->payer };
	guard_for(e, step, guard);
	c->kind->fill(c, out, guard);
}

static void perform(struct chore *c, const struct action *a)
{
	const struct pubkey writable[] = { c->payer, c->address };
	struct compose tx;
	struct guard guard;

	if (subject_perform(&c->s, a)) {
		if (a->kind == ACT_WAIT && a->reason == WAIT_ATA_MISSING)
			house_want_ata(c);
	} else if (a->kind == ACT_READ) {
		c->kind->read(c);
	} else if (a->kind == ACT_ASK_FEES) {
		subject_ask_fees(&c->s, writable, 2);
	} else if (a->kind == ACT_SIMULATE) {
		fill(c, a->step, &tx, &guard);
		subject_simulate(&c->s, a, &tx, c->facts->at);
	} else if (a->kind == ACT_OPEN) {
		fill(c, a->step, &tx, &guard);
		c->s.in_step = a->step;
		subject_open(&c->s, a, &tx, &guard, NULL, (struct slot){ 0 });
	}
}

/* A third of the 3000 slots is gone and the pool can still be saved. */
static bool some_draw_is_late(const struct engine *e)
{
	const uint64_t now = e->tip.confirmed_slot.n;

	for (size_t i = 0; i < e->n_active; i++) {
		const uint64_t commit = e->active[i]->facts.view.pool.randomness_commit_slot.n;

		if (draw_is_bound(e->active[i]) && commit != 0 && now > commit + POLICY_ALERT_SLOTS &&
			now <= commit + POLICY_DEADLINE_SLOTS)
			return true;
	}
	return false;
}

/* An anchor does not wait for others: it is late after some 150 slots. */
static bool no_room(const struct chore *c)
{
	const struct house *h = &c->s.e->house;
	size_t n = 0;

	if (c->kind == &CHORE_ANCHOR)
		return false;

	for (size_t i = 0; i < h->n; i++)
		n += h->chore[i] != c && chore_under_way(h->chore[i]);
	return n >= HOUSE_UNDER_WAY;
}

static void advance(struct chore *c)
{
	struct action a;

	if (subject_busy(&c->s))
		return;
	c->s.awake = false;
	c->s.wake_ms = 0;
	if (!subject_ready(&c->s))
		return;
	subject_refresh(&c->s);
	c->facts->draws_first = some_draw_is_late(c->s.e) || no_room(c);
	a = c->kind->decide(c);
	perform(c, &a);
}

/* Over, or for nobody to change soon: the list has it again when it is time. Others shall have the place. */
static bool rests(const struct chore *c)
{
	const enum reason r = c->s.reason;

	if (r == WAIT_SIMULATION_FAILED)
		return (c->kind == &CHORE_POOL || c->account.abandoned) &&
		       c->facts->own.simulate.failures >= POLICY_CHORE_FAILURES;
	return c->s.wake_ms == 0 && !c->s.awake &&
	       (r == WAIT_OVER ||
		       (c->account.abandoned && (r == WAIT_NEEDED || r == WAIT_NOT_SPENT || r == WAIT_GIVEN_UP)) ||
		       r == WAIT_PAUSED || r == WAIT_ATA_UNUSABLE || r == WAIT_VAULT_MISMATCH ||
		       (r >= WAIT_POLICY_TREASURY && r <= WAIT_POLICY_MOCK));
}

/* Also what is not on the newest list any more: a draw took the account, or nothing is to be done. */
static bool done(struct chore *c)
{
	if (subject_busy(&c->s) || !c->s.loaded || subject_unsettled(&c->s) || (!rests(c) && c->listed))
		return false;
	return c->s.e->around.stopping || c->kind->end(c);
}

void house_turn(struct engine *e)
{
	struct house *h = &e->house;
	size_t kept = 0;

	if (may_list(e))
		ask_list(e);
	house_recover_turn(e);
	house_referrals_turn(e);
	/* Each looks at the others: none is freed meanwhile. */
	for (size_t i = 0; i < h->n; i++) {
		struct chore *c = h->chore[i];

		if (c->s.awake || (c->s.wake_ms != 0 && e->around.now_ms >= c->s.wake_ms))
			advance(c);
	}
	for (size_t i = 0; i < h->n; i++) {
		struct chore *c = h->chore[i];

		if (!done(c)) {
			h->chore[kept++] = c;
			continue;
		}
		free_chore(c);
		house_soon(e);
	}
	h->n = kept;
}

bool house_busy(const struct engine *e)
{
	for (size_t i = 0; i < e->house.n; i++)
		if (e->house.chore[i]->note.task.busy)
			return true;
	return e->house.list.task.busy || house_recover_busy(e) || house_referrals_busy(e);
}
