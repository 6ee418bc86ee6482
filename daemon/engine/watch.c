/* The invariant watch: pools against their own accounts and against our records, after a change and in a slow sweep. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/clock.h"
#include "engine/draw_parts.h"
#include "engine/parts.h"

/* In ticks: how soon a pool is compared again on which a mismatch stands, and after how long without a change everything
 * about it can be judged (keeper.watch_compare waits for 12 and 24 ticks). */
enum { AGAIN_TICKS = 12, SETTLED_TICKS = 24 };

void watch_init(struct engine *e)
{
	e->watch.e = e;
	rpc_call_init(&e->watch.rpc);
	watch_call_init(&e->watch.call);
}

void watch_fini(struct engine *e)
{
	rpc_call_fini(&e->watch.rpc);
	watch_call_fini(&e->watch.call);
}

bool watch_busy(const struct engine *e)
{
	return e->watch.rpc.task.busy || e->watch.call.task.busy;
}

void watch_ticked(struct engine *e)
{
	e->watch.may_read = true;
}

void watch_changed(struct engine *e, struct pool_entry *p)
{
	p->changed_ms = e->around.now_ms;
	e->watch.next_ms = 0;
	if (p->draw)
		p->draw->facts.watch.known = false;
}

static unsigned count_bits(unsigned mask)
{
	unsigned n = 0;

	for (; mask != 0; mask &= mask - 1)
		n++;
	return n;
}

void watch_forget(struct engine *e, const struct pool_entry *p)
{
	e->watch.standing -= count_bits(p->mismatches);
}

/* ---- when ---- */

static uint64_t ticks(const struct engine *e, uint64_t n)
{
	return n * e->config.tick_ms;
}

static bool is_ours(const struct engine *e, const struct pool_entry *p)
{
	return p->valid && p->kind == VIEW_POOL && p->at.n != 0 &&
	       memcmp(p->raw + POOL_DEV_WALLET_OFFSET, e->policy.dev_wallet.b, PUBKEY_SIZE) == 0;
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When the pool is to be compared again. The accounts of a draw are read by the draw itself as long as it moves. */
static uint64_t due_at(const struct engine *e, const struct pool_entry *p)
{
	const uint64_t settled_ms = p->changed_ms + ticks(e, SETTLED_TICKS);
	uint64_t due;

	if (!is_ours(e, p) || (p->status > POOL_WINNER_SELECTED && p->mismatches == 0))
		return UINT64_MAX;
	if (p->watched_ms == 0 || p->watched_ms < p->changed_ms)
		return p->draw ? p->changed_ms + ticks(e, AGAIN_TICKS) : 0;
	due = p->watched_ms + e->config.watch_ms;
	if (p->watched_ms < settled_ms)
		due = earliest(due, settled_ms);
	if (p->mismatches != 0)
		due = earliest(due, p->watched_ms + ticks(e, AGAIN_TICKS));
	return due;
}

/* ---- what to compare ---- */

static struct watched *room_for(struct watch *w, const char *draw)
{
	for (size_t i = w->n_asked; i < w->n; i++)
		if (strcmp(w->view[i].draw.text, draw) == 0)
			return &w->view[i];
	if (w->n == 0)
		w->view_ms = w->e->around.now_ms;
	return w->n < WATCHED_MAX ? &w->view[w->n++] : NULL;
}

/* False: there is no room. The pool stays due and comes again. */
static bool add_view(struct engine *e, const struct pool_entry *p, const struct pool_account *pool, struct slot at,
	const struct token_view *vault, enum presence presence, const struct participants_account *participants)
{
	struct watch *w = &e->watch;
	char address[PUBKEY_TEXT];
	struct subject_key draw;
	struct watched *out;

	base58_pubkey(address, &p->address);
	snprintf(draw.text, sizeof draw.text, "draw:%s:%" PRIu64, address, pool->pool_id);
	out = room_for(w, draw.text);
	if (!out)
		return false;
	w->app_id[out - w->view] = p->app_id;
	*out = (struct watched){ .draw = draw,
		.at = at,
		.pool = *pool,
		.participants_known = presence == PRESENT,
		.participants = presence == PRESENT ? participants->count : 0,
		.observed = !p->changed && !e->tick.observe.task.busy,
		.quiet = (unsigned)((e->around.now_ms - p->changed_ms) / e->config.tick_ms) };
	out->n_invariants = watch_chain(out->invariant, pool, vault, presence, participants);
	return true;
}

void watch_draw(struct draw *d)
{
	struct engine *e = d->s.e;
	const struct draw_accounts *a = &d->facts.accounts;

	if (!is_ours(e, d->pool))
		return;
	if (!draw_status_is_bound(d))
		d->facts.watch.known = false;
	(void)add_view(e, d->pool, &d->facts.view.pool, a->at, &a->vault, a->participants_presence, &a->participants);
}

/* ---- the answer of Postgres ---- */

static void log_mismatch(const struct mismatch *m)
{
	const struct mismatch_def *def = &MISMATCHES[m->kind];
	const bool app = def->scope == SCOPE_APP;

	log_event(app ? LOG_AT_WARN : LOG_AT_ERROR, "watch.mismatch",
		"subject=%s scope=%s kind=%s expected=%s found=%s why=%s next=%s", m->draw.text,
		MISMATCH_SCOPES[def->scope], def->name, m->expected, m->found, def->text, app ? "go_on" : "human");
}

static void log_gone(const char *draw, unsigned mask)
{
	for (unsigned i = 0; i < MISMATCH_KINDS; i++)
		if (mask & 1u << i)
			log_info("watch.gone", "subject=%s scope=%s kind=%s", draw,
				MISMATCH_SCOPES[MISMATCHES[i].scope], MISMATCHES[i].name);
}

/* For a BIND or a PAYOUT only the answer about the very accounts that it is decided on counts. A bound pool takes what it
 * gets, for it waits for none. */
static void tell_draw(const struct pool_entry *p, const struct watched *view, const struct mismatch *contradiction)
{
	struct draw *d = p->draw;

	if (!d || strcmp(d->s.key.text, view->draw.text) != 0 || view->at.n < p->changed_at.n ||
		(view->at.n != d->facts.accounts.at.n && !draw_status_is_bound(d)))
		return;
	d->facts.watch.known = true;
	d->facts.watch.blocked = contradiction != NULL;
	if (contradiction)
		snprintf(d->contradiction, sizeof d->contradiction, "%s: expected %s, found %s",
			MISMATCHES[contradiction->kind].name, contradiction->expected, contradiction->found);
	subject_wake(&d->s);
}

static void take_verdict(struct engine *e, struct pool_entry *p, const struct watched *view)
{
	const struct watch_call *call = &e->watch.call;
	const struct mismatch *contradiction = NULL;
	unsigned mask = 0;

	for (size_t i = 0; i < call->n; i++) {
		const struct mismatch *m = &call->mismatches[i];

		if (strcmp(m->draw.text, view->draw.text) != 0)
			continue;
		mask |= 1u << m->kind;
		if (!(p->mismatches & 1u << m->kind))
			log_mismatch(m);
		if (MISMATCHES[m->kind].scope == SCOPE_KEEPER)
			contradiction = m;
	}
	log_gone(view->draw.text, p->mismatches & ~mask);
	e->watch.standing += count_bits(mask);
	e->watch.standing -= count_bits(p->mismatches);
	p->mismatches = (uint16_t)mask;
	if (view->at.n >= p->changed_at.n)
		p->watched_ms = e->around.now_ms;
	e->watch.next_ms = earliest(e->watch.next_ms, due_at(e, p));
	/* Perhaps our records are only short of a call: the history is read on from where Postgres says. */
	if (contradiction)
		ingest_want(e, p);
	tell_draw(p, view, contradiction);
}

static void on_compared(struct task *task, const struct reply *reply)
{
	struct watch *w = container_of(container_of(task, struct watch_call, task), struct watch, call);
	struct engine *e = w->e;

	attempts_note(&w->attempts, e->around.now_ms, reply->err == ERR_OK);
	if (reply->err != ERR_OK) {
		log_warn("watch.failed", "pools=%zu err=%s why=%s next=retry", w->n_asked, err_name(reply->err),
			reply->why);
		w->n_asked = 0;
		return;
	}
	for (size_t i = 0; i < w->n_asked; i++) {
		struct pool_entry *p = pools_find(e, w->app_id[i]);

		if (p)
			take_verdict(e, p, &w->view[i]);
	}
	w->n -= w->n_asked;
	memmove(w->view, w->view + w->n_asked, w->n * sizeof w->view[0]);
	memmove(w->app_id, w->app_id + w->n_asked, w->n * sizeof w->app_id[0]);
	w->n_asked = 0;
	w->view_ms = e->around.now_ms;
}

/* Postgres was away: what the app's tables say now is not about accounts as they were then. */
static void drop_old_views(struct watch *w)
{
	if (w->n == 0 || w->e->around.now_ms - w->view_ms <= POLICY_FRESH_MS)
		return;
	w->n = 0;
	w->next_ms = 0;
}

/* ---- the sweep ---- */

/* False: it is to be read again. */
static bool see_item(struct engine *e, const struct sweep_item *item, const struct rpc_account *account, struct slot at,
	int64_t chain_s)
{
	struct pool_entry *p = pools_find(e, item->app_id);
	struct participants_account participants = { 0 };
	struct pool_account pool;
	struct token_view vault;
	enum presence presence;

	if (!p || !pubkey_equal(&p->address, &item->address))
		return true; /* forgotten meanwhile */
	pools_look(e, p, &account[0], at, chain_s);
	/* Its accounts are other ones now, or the answer is older than what we know. */
	if (p->at.n != at.n || p->kind != VIEW_POOL || pool_decode(&pool, p->raw, p->raw_len) != ACCOUNT_OK ||
		!pubkey_equal(&pool.pool_token, &item->vault) ||
		!pubkey_equal(&pool.participants_account, &item->participants))
		return false;
	vault = token_view_of(&account[1], &pool.mint, &p->address, false);
	presence = participants_of_pool(&participants, &account[2], &p->address, &pool);
	return add_view(e, p, &pool, at, &vault, presence, &participants);
}

static void on_accounts(struct task *task, const struct reply *reply)
{
	struct watch *w = container_of(container_of(task, struct rpc_call, task), struct watch, rpc);
	const struct rpc_accounts *got = reply->data;
	struct engine *e = w->e;
	struct clock_sysvar clock;

	if (reply->err != ERR_OK) {
		log_warn("watch.read_failed", "pools=%zu err=%s why=%s next=retry", w->n_items, err_name(reply->err),
			reply->why);
		w->next_ms = 0;
		return;
	}
	if (!engine_saw_slot(e, got->at, w->rpc.endpoint) ||
		!clock_decode(&clock, got->account[3 * w->n_items].data, got->account[3 * w->n_items].len)) {
		w->next_ms = 0;
		return;
	}
	engine_saw_clock(e, clock.unix_time);
	for (size_t i = 0; i < w->n_items; i++)
		if (!see_item(e, &w->item[i], &got->account[3 * i], got->at, clock.unix_time))
			w->next_ms = 0;
}

/* Those that changed come first, then the others in turn, so that the sweep gets round however much happens. */
static void pick(struct engine *e)
{
	struct watch *w = &e->watch;
	const struct pool_entry *news[SWEEP_MAX], *rest[SWEEP_MAX];
	size_t n_news = 0, n_rest = 0, turn = 0;
	const size_t n = e->pools.n, from = n > 0 ? w->cursor % n : 0;

	w->next_ms = UINT64_MAX;
	for (size_t i = 0; i < n; i++) {
		const struct pool_entry *p = e->pools.entry[(from + i) % n];
		const uint64_t due = due_at(e, p);

		if (due > e->around.now_ms) {
			w->next_ms = earliest(w->next_ms, due);
		} else if (p->watched_ms != 0 && p->watched_ms < p->changed_ms && n_news < SWEEP_MAX) {
			news[n_news++] = p;
		} else if (n_rest < SWEEP_MAX) {
			rest[n_rest++] = p;
			turn = from + i + 1;
		} else {
			w->next_ms = 0;
		}
	}
	w->n_items = 0;
	for (size_t i = 0; i < n_news + n_rest && w->n_items < SWEEP_MAX; i++) {
		const struct pool_entry *p = i < n_news ? news[i] : rest[i - n_news];
		struct sweep_item *item = &w->item[w->n_items++];

		item->app_id = p->app_id;
		item->address = p->address;
		memcpy(item->vault.b, p->raw + POOL_VAULT_OFFSET, PUBKEY_SIZE);
		memcpy(item->participants.b, p->raw + POOL_PARTICIPANTS_OFFSET, PUBKEY_SIZE);
	}
	if (n_news + n_rest > w->n_items)
		w->next_ms = 0;
	if (n_rest > 0 && n_news + n_rest <= SWEEP_MAX)
		w->cursor = turn;
}

static void sweep(struct engine *e)
{
	struct watch *w = &e->watch;
	struct pubkey keys[RPC_ACCOUNTS_MAX];

	pick(e);
	if (w->n_items == 0)
		return;
	w->may_read = false;
	for (size_t i = 0; i < w->n_items; i++) {
		keys[3 * i] = w->item[i].address;
		keys[3 * i + 1] = w->item[i].vault;
		keys[3 * i + 2] = w->item[i].participants;
	}
	keys[3 * w->n_items] = ADDRESS_CLOCK;
	rpc_get_accounts(
		e->m.rpc, any_node(&w->rpc), keys, 3 * w->n_items + 1, CONFIRMED, (struct slot){ 0 }, on_accounts);
}

void watch_turn(struct engine *e)
{
	struct watch *w = &e->watch;

	if (!e->around.leader || e->around.stopping || e->around.journal_down_since_ms != 0 || w->call.task.busy ||
		!attempts_ready(&w->attempts, e->around.now_ms, 500, 10000))
		return;
	drop_old_views(w);
	if (w->n > 0) {
		w->n_asked = w->n;
		watches_compare(e->m.journal, &w->call, w->view, w->n, on_compared);
		return;
	}
	if (w->may_read && !w->rpc.task.busy && e->around.now_ms >= w->next_ms)
		sweep(e);
}
