/* Merges the journal's and the chain's record of a pool by signature. */
#include "show/timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/base58.h"
#include "core/calls.h"
#include "journal/call.h"
#include "show/failure.h"
#include "show/history.h"

struct merging {
	struct show *s;
	const struct facts *facts;
	struct timeline *out;
	unsigned visited;
	bool inside; /* of the wanted pool: an address is used again */
};

static struct moment *moment_of(struct timeline *t, const struct signature *sig)
{
	for (size_t i = 0; i < t->n; i++)
		if (signature_equal(&t->moment[i].sig, sig))
			return &t->moment[i];
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->moment = realloc(t->moment, t->room * sizeof *t->moment);
		if (!t->moment)
			abort();
	}
	t->moment[t->n] = (struct moment){ .sig = *sig, .order = (unsigned)t->n };
	return &t->moment[t->n++];
}

static void tell_failure(struct moment *m, const struct tx_failure *f, const uint8_t *tx, size_t tx_len,
	const struct pubkey *switchboard)
{
	m->bad = true;
	failure_text(m->state, sizeof m->state, f, (struct bytes){ tx, tx_len }, switchboard);
}

/* ---- the journal ---- */

/* One row per transaction: our steps, and users' calls; of a step of ours both know. */
static const char MOMENTS[] =
	"SELECT coalesce(s.sig, c.sig), coalesce(s.landed_slot, c.slot), coalesce(c.t, extract(epoch FROM "
	"s.opened_at)::bigint),"
	" coalesce(s.step, c.what), c.who, coalesce(s.state, 'final'), s.failure_ix, s.failure_custom, s.failure_code, "
	"s.sig IS NOT NULL, s.tx"
	" FROM (SELECT keeper.base58(k.signature) AS sig, min(k.slot) AS slot, min(k.block_time) AS t,"
	"              string_agg(k.instruction || coalesce(' ' || k.amount, ''), ' + ' ORDER BY k.ix, k.inner_ix) AS "
	"what,"
	"              min(k.user_wallet) AS who"
	"         FROM keeper.calls k WHERE k.draw = $1 GROUP BY k.signature) c"
	" FULL JOIN (SELECT * FROM keeper.steps x WHERE x.subject = $1) s ON s.sig = c.sig"
	" ORDER BY 2 NULLS LAST, s.seq, c.sig";

static void take_failure(struct moment *m, const struct pubkey *switchboard, const struct db_result *r, int i)
{
	uint8_t tx[ROW_TX_MAX];
	size_t tx_len = 0;
	struct tx_failure failure = { 0 };
	int64_t ix;
	uint64_t code;

	if (!db_get(r, i, 6) || !call_parse_i64(db_get(r, i, 6), &ix) ||
		!call_parse_bool(db_get(r, i, 7), &failure.custom) || !call_parse_u64(db_get(r, i, 8), &code) ||
		!db_bytea(r, i, 10, tx, sizeof tx, &tx_len))
		return;
	failure.ix = (int)ix;
	failure.code = (uint32_t)code;
	tell_failure(m, &failure, tx, tx_len, switchboard);
}

static void take_moment(struct merging *g, const struct db_result *r, int i)
{
	const char *text = db_get(r, i, 0);
	struct signature sig;
	struct moment *m;

	if (!text || !base58_to_signature(&sig, text, strlen(text)))
		return;
	m = moment_of(g->out, &sig);
	m->in_journal = true;
	(void)(db_get(r, i, 1) && call_parse_u64(db_get(r, i, 1), &m->slot.n));
	(void)(db_get(r, i, 2) && call_parse_i64(db_get(r, i, 2), &m->time));
	snprintf(m->what, sizeof m->what, "%s", db_get(r, i, 3) ? db_get(r, i, 3) : "");
	if (!call_parse_pubkey(db_get(r, i, 4), &m->who))
		m->who = (struct pubkey){ 0 };
	snprintf(m->state, sizeof m->state, "%s", db_get(r, i, 5));
	m->bad = strcmp(m->state, "expired") == 0 || strcmp(m->state, "stale") == 0;
	if (!call_parse_bool(db_get(r, i, 9), &m->ours))
		m->ours = false;
	take_failure(m, &g->s->config->policy.switchboard.program, r, i);
}

static void take_moments(void *owner, const struct db_result *r)
{
	for (int i = 0; i < db_rows(r); i++)
		take_moment(owner, r, i);
}

/* ---- the chain ---- */

static void tell_calls(struct moment *m, const struct pool_calls *calls)
{
	struct buf what;

	buf_on(&what, m->what, sizeof m->what);
	for (size_t i = 0; i < calls->n; i++) {
		const struct pool_call *call = &calls->call[i];

		buf_fmt(&what, "%s%s", i > 0 ? " + " : "", ml_name(call->which));
		if (call->has_amount)
			buf_fmt(&what, " %" PRIu64, call->amount);
		m->who = call->user;
	}
	if (calls->n == 0)
		buf_str(&what, "names the pool");
}

/* The transaction belongs to the wanted pool. It begins with its creation and ends with the next one's. */
static bool of_this_pool(struct merging *g, const struct pool_calls *calls)
{
	for (size_t i = 0; i < calls->n; i++)
		if (calls->call[i].which == ML_CREATE_POOL)
			g->inside = !g->facts->record.known || calls->call[i].pool_id == g->facts->record.pool_id;
	return g->inside;
}

static bool visit(void *owner, const struct rpc_transaction *tx, const struct rpc_signature_info *info)
{
	struct merging *g = owner;
	const struct calls_source source = rpc_calls_source(tx);
	struct pool_calls calls = { .n = 0 };
	const enum calls_result read = calls_read(&calls, &source, &info->sig, &g->facts->record.address);
	struct moment *m;

	if (!tx->failed && read == CALLS_OK && !of_this_pool(g, &calls))
		return true;
	if (!g->inside)
		return true;
	m = moment_of(g->out, &info->sig);
	m->on_chain = m->fee_known = true;
	m->order = g->visited++;
	m->fee.n = tx->fee;
	m->slot = tx->slot;
	if (tx->block_time != 0)
		m->time = tx->block_time;
	if (m->what[0] == '\0' && read == CALLS_OK)
		tell_calls(m, &calls);
	else if (m->what[0] == '\0')
		snprintf(m->what, sizeof m->what, "cannot be read: %s", calls_result_name(read));
	if (tx->failed)
		tell_failure(m, &tx->failure, tx->tx, tx->tx_len, &g->s->config->policy.switchboard.program);
	else if (!m->in_journal)
		snprintf(m->state, sizeof m->state, "confirmed");
	return true;
}

/* A step that does not name the pool is not in the pool's list. */
static void ask_fees(struct show *s, struct timeline *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct moment *m = &t->moment[i];
		const struct rpc_transaction *tx;

		if (m->on_chain || m->slot.n == 0)
			continue;
		tx = ask_transaction(s, &m->sig, CONFIRMED);
		if (!tx || !tx->found)
			continue;
		m->on_chain = m->fee_known = true;
		m->fee.n = tx->fee;
		if (tx->block_time != 0)
			m->time = tx->block_time;
	}
}

static int by_slot(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;
	const uint64_t left = x->slot.n ? x->slot.n : UINT64_MAX, right = y->slot.n ? y->slot.n : UINT64_MAX;

	return left < right ? -1 : left > right ? 1 : x->order < y->order ? -1 : x->order > y->order;
}

void timeline_read(struct show *s, const struct facts *facts, struct timeline *out)
{
	const struct history_range all = { .at = CONFIRMED, .failed_too = true };
	struct merging g = { .s = s, .facts = facts, .out = out, .inside = !facts->record.known };
	char subject[SUBJECT_TEXT], address[PUBKEY_TEXT];
	const char *const params[] = { subject };

	*out = (struct timeline){ 0 };
	base58_pubkey(address, &facts->record.address);
	snprintf(subject, sizeof subject, "draw:%s:%" PRIu64, address, facts->record.pool_id);
	(void)ask_rows(s, MOMENTS, params, 1, take_moments, &g);
	if (history_read(s, &facts->record.address, &all, visit, &g, out->gap))
		ask_fees(s, out);
	if (out->n > 0)
		qsort(out->moment, out->n, sizeof *out->moment, by_slot);
}

void timeline_free(struct timeline *timeline)
{
	free(timeline->moment);
}
