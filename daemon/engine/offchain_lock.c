/* Locks what sources say is due: S, R and the newest key that is here, one draw at a time. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/price.h"
#include "engine/parts.h"

enum { LOCK_BASE_MS = 5000, LOCK_MAX_MS = 600000, PRESSING_MS = 150000 };
/* A lock that took longer than S and R allowed for is tried again with the next one. */
enum { ALLOWANCES = 3 };
static const unsigned ALLOWANCE_S[ALLOWANCES] = { 5, 90, 600 };

static struct offchain_candidate *find(
	const struct offchain *o, const struct source_def *source, const struct offchain_due *due)
{
	for (size_t i = 0; i < o->n_candidates; i++)
		if (o->candidate[i]->source == source && strcmp(o->candidate[i]->due.key, due->key) == 0)
			return o->candidate[i];
	return NULL;
}

static void forget_unlisted(struct offchain *o)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->n_candidates; i++) {
		if (o->candidate[i]->listed)
			o->candidate[kept++] = o->candidate[i];
		else
			free(o->candidate[i]);
	}
	o->n_candidates = kept;
}

static void add(struct offchain *o, const struct source_def *source, const struct offchain_due *due)
{
	struct offchain_candidate *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	*c = (struct offchain_candidate){ .source = source, .due = *due, .listed = true };
	o->candidate[o->n_candidates++] = c;
}

/* Of the source that was asked; what it does not name any more is locked or over. */
void offchain_take_due(struct engine *e, const struct offchain_call *look)
{
	struct offchain *o = e->offchain;

	for (size_t i = 0; i < o->n_candidates; i++)
		if (o->candidate[i]->source == o->asked)
			o->candidate[i]->listed = false;
	for (size_t i = 0; i < look->n_due; i++) {
		struct offchain_candidate *c = find(o, o->asked, &look->due[i]);

		if (c)
			c->listed = true;
	}
	forget_unlisted(o);
	for (size_t i = 0; i < look->n_due && o->n_candidates < OFFCHAIN_CANDIDATES_MAX; i++)
		if (!find(o, o->asked, &look->due[i]))
			add(o, o->asked, &look->due[i]);
	if (look->n_due > 0) {
		o->clock_ms = look->now_ms;
		o->clock_at_ms = e->around.now_ms;
	}
}

static void on_locked(struct task *task, const struct reply *reply)
{
	struct offchain *o = container_of(container_of(task, struct offchain_call, task), struct offchain, verb);
	struct offchain_candidate *c = o->locking;
	struct engine *e = o->e;
	const struct offchain_row *row = &o->verb.row[0];

	o->locking = NULL;
	attempts_note(&c->tried, e->around.now_ms, reply->err == ERR_OK);
	if (reply->err == ERR_OK) {
		e->counters.offchain[OFFCHAIN_LOCKED]++;
		log_info("offchain.locked", "id=%s source=%s key=%s n=%" PRIu64 " slot=%" PRIu64 " deadline=%" PRId64,
			row->id, row->source, row->key, row->n, row->slot.n, row->deadline_s);
		offchain_take_row(e, row);
		c->listed = false;
		forget_unlisted(o);
		offchain_list_anchors(e);
	} else if (reply->err == ERR_REFUSED && c->slow + 1 < ALLOWANCES &&
		   strstr(reply->why, "offchain_draws_round_is_ahead")) {
		c->slow++;
		c->tried = (struct attempts){ 0 };
	} else {
		log_warn("offchain.lock_failed", "source=%s key=%s err=%s why=%s next=retry", c->source->name,
			c->due.key, err_name(reply->err), reply->why);
		offchain_soon(e);
	}
}

/* A memo that cannot be paid for would let the draw default. */
static bool can_anchor(const struct engine *e)
{
	const uint64_t fee = price_fee(compose_fixed_limit(STEP_ANCHOR), e->policy.price_cap, 1).n;

	return e->counters.wallet_known && e->counters.wallet.n / (e->offchain->n + 1) > fee;
}

/* A lock may take a minute, and one statement goes after the other: none begins while another draw's deadline is near. */
static bool some_deadline_is_near(const struct offchain *o)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct offchain_facts *f = &o->draw[i]->facts;

		if (f->row.state == OFFCHAIN_LOCKED && !f->row.beta_known && f->row.block_slot.n != 0 &&
			f->row.deadline_s * 1000 - offchain_now_ms(f) < PRESSING_MS)
			return true;
	}
	return false;
}

static void lock(struct engine *e, struct offchain_candidate *c)
{
	struct offchain *o = e->offchain;
	const int64_t now_ms = o->clock_ms + (int64_t)(e->around.now_ms - o->clock_at_ms);
	struct offchain_locking locking = { .source = c->source->name,
		.key = c->due.key,
		.type = c->due.type,
		.freeze = c->source->sql[SOURCE_FREEZE],
		.entries = c->source->sql[SOURCE_ENTRIES],
		.terms = offchain_terms_of(e->tip.confirmed_slot, now_ms, ALLOWANCE_S[c->slow]) };

	/* The database says which one the draw has: after a rotation that may be an earlier one. */
	if (e->m.vrf->n > 0)
		vrf_key_public(e->m.vrf->key[c->tried.failures % e->m.vrf->n], &locking.vrf_key);
	o->locking = c;
	offchain_lock(e->m.journal, &o->verb, &locking, on_locked);
}

/* Until the wallet's list is read, a lock may be on the chain that a restored database has forgotten. Draws that are locked go on. */
void offchain_lock_next(struct engine *e)
{
	struct offchain *o = e->offchain;

	if (o->verb.task.busy || !e->around.audit_clear || o->look.task.busy || o->n == OFFCHAIN_DRAWS_MAX ||
		e->around.now_ms - e->tip_ms > 2 * e->config.tick_ms || !can_anchor(e) || some_deadline_is_near(o))
		return;
	for (size_t i = 0; i < o->n_candidates; i++) {
		struct offchain_candidate *c = o->candidate[i];

		if (!attempts_ready(&c->tried, e->around.now_ms, LOCK_BASE_MS, LOCK_MAX_MS))
			continue;
		lock(e, c);
		return;
	}
}
