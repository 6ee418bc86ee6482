/* Writes what was paid, once it is final: the transaction itself says it, and our own arithmetic must agree. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/draw.h"
#include "core/event.h"
#include "core/pda.h"
#include "core/token.h"
#include "core/tx.h"
#include "engine/draw_parts.h"
#include "engine/parts.h"

static struct draw *of_record_rpc(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct draw, record_rpc);
}

static void again_later(struct draw *d)
{
	d->n_paid = 0;
	attempts_note(&d->facts.record, d->s.e->around.now_ms, false);
	subject_wake(&d->s);
}

/* The program's own event in the transaction's log; forged lines of other programs do not count. */
static bool find_event(const struct draw *d, const struct rpc_transaction *tx, struct event *out)
{
	struct event_log log;
	uint8_t buffer[512];
	struct bytes data;

	event_log_begin(&log);
	for (size_t i = 0; i < tx->n_logs; i++) {
		const char *line = tx->logs[i];

		if (event_log_line(&log, &ADDRESS_ML, line, strlen(line), buffer, sizeof buffer, &data) !=
			EVENT_LINE_TRUSTED)
			continue;
		if (event_decode(out, data.p, data.n) && out->kind == EVENT_WINNER_SELECTED &&
			pubkey_equal(&out->pool, &d->address) && out->as.winner.pool_id == d->pool_id)
			return true;
	}
	return false;
}

/* The fees' sum cannot wrap: the program paid these out of one u64 total. */
static bool agrees_with_rules(const struct draw *d, const struct journal_payout *paid)
{
	const struct pool_account *pool = &d->facts.view.pool;
	struct draw_payout split;

	if (draw_payout(&split, paid->total_amount, pool->dev_fee_bps, pool->burn_fee_bps, pool->treasury_fee_bps) !=
		DRAW_OK)
		return false;
	return split.winner_amount == paid->winner_amount && split.dev_amount == paid->dev_amount &&
	       split.burn_amount == paid->burn_amount && split.treasury_amount == paid->treasury_amount &&
	       (pubkey_is_zero(&pool->winner) || pubkey_equal(&paid->winner, &pool->winner));
}

/* A block's time is the Clock that the program saw in it. The pool account says the same, but of the fork and the moment
 * in which it was last read. */
static int64_t end_time_of(const struct draw *d, const struct rpc_transaction *tx)
{
	return tx->block_time != 0 ? tx->block_time : d->facts.view.pool.end_time;
}

static bool same_ix(const struct tx_view *view, const struct tx_ix *ix, const struct ix *expected)
{
	const struct bytes accounts = tx_view_ix_accounts(view, ix), data = tx_view_ix_data(view, ix);
	struct pubkey key;

	if (!tx_view_key(view, ix->program, NULL, 0, &key) || !pubkey_equal(&key, &expected->program) ||
		accounts.n != expected->n_metas || data.n != expected->data_size ||
		memcmp(data.p, expected->data, data.n) != 0)
		return false;
	for (size_t i = 0; i < accounts.n; i++)
		if (!tx_view_key(view, accounts.p[i], NULL, 0, &key) || !pubkey_equal(&key, &expected->metas[i].key))
			return false;
	return true;
}

/* The paying transaction itself gave the whole win to the person. */
static bool passes_on(
	const struct draw *d, const struct rpc_transaction *tx, const struct sponsored *s, uint64_t amount)
{
	const struct pubkey *const programs[] = { &ADDRESS_TOKEN, &ADDRESS_TOKEN_2022 };
	const struct pubkey *mint = &d->facts.view.pool.mint;
	struct pubkey from, to;
	struct tx_view view;
	struct ix expected;

	if (tx_parse(&view, tx->tx, tx->tx_len) != TX_OK)
		return false;
	for (size_t p = 0; p < 2; p++) {
		pda_ata(&from, &s->auxiliary, mint, programs[p]);
		pda_ata(&to, &s->recipient, mint, programs[p]);
		token_transfer_checked(
			&expected, programs[p], &from, mint, &to, &s->auxiliary, amount, d->facts.accounts.decimals);
		for (unsigned i = 0; i < view.n_ixs; i++)
			if (same_ix(&view, &view.ixs[i], &expected))
				return true;
	}
	return false;
}

/* Somebody else paid: the win lies in the wallet of the house, and a human must pass it on. */
static struct pubkey recipient_of(const struct draw *d, const struct rpc_transaction *tx, const struct event *event)
{
	const struct sponsored *s = sponsors_find(&d->facts.sponsors, &event->as.winner.winner);
	char recipient[PUBKEY_TEXT];

	if (!s || !s->valid || passes_on(d, tx, s, event->as.winner.winner_amount))
		return s && s->valid ? s->recipient : (struct pubkey){ 0 };
	base58_pubkey(recipient, &s->recipient);
	count_breach(d->s.e, BREACH_WIN_PASSED_ON);
	log_error("draw.not_passed_on", "subject=%s recipient=%s amount=%" PRIu64 " next=human", d->s.key.text,
		recipient, event->as.winner.winner_amount);
	return (struct pubkey){ 0 };
}

static void take_payout(struct draw *d, const struct rpc_transaction *tx, const struct event *event)
{
	struct journal_payout *p = &d->paid[d->n_paid++];

	*p = (struct journal_payout){ .pool = d->address,
		.winner = event->as.winner.winner,
		.mint = d->facts.view.pool.mint,
		.recipient = recipient_of(d, tx, event),
		.pool_id = d->pool_id,
		.winner_amount = event->as.winner.winner_amount,
		.dev_amount = event->as.winner.dev_amount,
		.burn_amount = event->as.winner.burn_amount,
		.treasury_amount = event->as.winner.treasury_amount,
		.decimals = d->facts.accounts.decimals,
		.end_time = end_time_of(d, tx),
		.sig = d->record_sig,
		.slot = tx->slot,
		.seq = d->record_seq,
		.clear_chat = d->s.e->config.clear_chat };
	p->total_amount = p->winner_amount + p->dev_amount + p->burn_amount + p->treasury_amount;
}

static bool same_payout(const struct journal_payout *a, const struct journal_payout *b)
{
	return pubkey_equal(&a->winner, &b->winner) && pubkey_equal(&a->recipient, &b->recipient) &&
	       a->winner_amount == b->winner_amount && a->dev_amount == b->dev_amount &&
	       a->burn_amount == b->burn_amount && a->treasury_amount == b->treasury_amount && a->slot.n == b->slot.n;
}

/* For whoever looks at the status page. */
static void keep_for_show(struct draw *d)
{
	const struct journal_payout *p = &d->paid[0];
	struct paid_snapshot *kept = &d->s.e->paid;

	memmove(kept->draw + 1, kept->draw, (PAID_KEPT - 1) * sizeof kept->draw[0]);
	kept->n += kept->n < PAID_KEPT;
	kept->draw[0] = (struct paid_draw){ .pool = p->pool,
		.mint = p->mint,
		.winner = p->winner,
		.recipient = p->recipient,
		.randomness = d->facts.view.pool.randomness_account,
		.pool_id = p->pool_id,
		.total = p->total_amount,
		.won = p->winner_amount,
		.dev = p->dev_amount,
		.burned = p->burn_amount,
		.treasury = p->treasury_amount,
		.decimals = p->decimals,
		.end_s = p->end_time,
		.sig = p->sig,
		.slot = p->slot };
}

static void on_recorded(struct task *task, const struct reply *reply)
{
	struct draw *d = container_of(
		container_of(container_of(task, struct journal_call, task), struct subject, journal), struct draw, s);

	d->facts.recorded = reply->err == ERR_OK;
	if (d->facts.recorded) {
		d->facts.record = (struct attempts){ 0 };
		d->s.e->counters.records++;
		keep_for_show(d);
		d->pool->over = true;
		d->pool->over_pool_id = d->pool_id;
	} else {
		again_later(d);
	}
	subject_rows_done(task, reply);
}

static void write_record(struct draw *d)
{
	const struct journal_payout *p = &d->paid[0];
	char winner[PUBKEY_TEXT], sig[SIGNATURE_TEXT];

	base58_pubkey(winner, &p->winner);
	base58_signature(sig, &p->sig);
	log_info("draw.paid",
		"subject=%s winner=%s amount=%" PRIu64 " dev=%" PRIu64 " burn=%" PRIu64 " treasury=%" PRIu64
		" slot=%" PRIu64 " sig=%s",
		d->s.key.text, winner, p->winner_amount, p->dev_amount, p->burn_amount, p->treasury_amount, p->slot.n,
		sig);
	journal_record_payout(d->s.e->m.journal, &d->s.journal, &d->s.key, p, on_recorded);
}

static void mismatch(struct draw *d, const char *what)
{
	const struct action halt = action_wait(WAIT_RECORD_MISMATCH);

	count_breach(d->s.e, BREACH_PAYOUT_RECORD);
	log_error("draw.record_mismatch", "subject=%s why=\"%s\" next=human", d->s.key.text, what);
	subject_wait(&d->s, &halt);
	again_later(d);
}

/* Our own payout landed, so its event must be there: this node gave no log, or a cut one. */
static void no_event(struct draw *d, const struct rpc_transaction *tx)
{
	log_warn("draw.no_event", "subject=%s logs=%zu truncated=%d next=retry", d->s.key.text, tx->n_logs,
		tx->logs_truncated ? 1 : 0);
	again_later(d);
}

static void on_transaction(struct task *task, const struct reply *reply)
{
	struct draw *d = of_record_rpc(task);
	const struct rpc_transaction *tx = reply->data;
	struct event event;

	subject_wake(&d->s);
	if (reply->err == ERR_OK && (!tx->found || tx->failed))
		subject_forget(&d->s, &d->record_sig); /* who said that it paid may have lied */
	if (reply->err != ERR_OK || !tx->found) {
		again_later(d);
		return;
	}
	if (tx->failed || !find_event(d, tx, &event)) {
		d->record_next = true;
		if (d->record_seq != 0)
			no_event(d, tx);
		return;
	}
	d->paid_endpoint = d->record_rpc.endpoint;
	take_payout(d, tx, &event);
}

/* To the end, and the payout is not in it: from the newest again. */
static void list_exhausted(struct draw *d)
{
	d->record_older = false;
	log_warn("draw.payout_not_found", "subject=%s next=retry", d->s.key.text);
	again_later(d);
}

/* A page of signatures of the pool's address, newest first: for a payout that no row of ours made. Anybody can put younger
 * ones before it, so it is looked for page after page. */
static void on_signatures(struct task *task, const struct reply *reply)
{
	struct draw *d = of_record_rpc(task);
	const struct rpc_signatures *got = reply->data;

	subject_wake(&d->s);
	if (reply->err != ERR_OK) {
		again_later(d);
		return;
	}
	d->n_record_sigs = 0;
	d->record_at = 0;
	for (size_t i = 0; i < got->n && d->n_record_sigs < DRAW_RECORD_SIGS; i++)
		if (!got->info[i].failed)
			d->record_sigs[d->n_record_sigs++] = got->info[i].sig;
	if (got->n == 0) {
		list_exhausted(d);
		return;
	}
	d->record_older = true;
	d->record_before = got->info[got->n - 1].sig;
}

static const struct row *row_of(const struct draw *d, uint64_t seq)
{
	const struct rows *rows = &d->facts.own.settle.rows;

	for (unsigned i = 0; i < rows->n; i++)
		if (rows->row[i].seq == seq)
			return &rows->row[i];
	return NULL;
}

/* Which signature paid: our row's, or the next one of the pool's own list. False: a page must be fetched first. */
static bool choose_signature(struct draw *d, const struct action *a)
{
	const struct row *row = row_of(d, a->seq);

	d->record_seq = row ? a->seq : 0;
	if (row) {
		d->record_sig = row->sig;
		return true;
	}
	if (d->record_next && d->record_at < d->n_record_sigs)
		d->record_at++;
	d->record_next = false;
	if (d->record_at >= d->n_record_sigs)
		return false;
	d->record_sig = d->record_sigs[d->record_at];
	return true;
}

/* Whose word is a second one: another endpoint of the same host is not. */
static int second_node(const struct draw *d)
{
	const struct rpc *rpc = d->s.e->m.rpc;
	const size_t nodes = rpc_endpoint_count(rpc);
	const int first = d->paid_endpoint;
	int others[RPC_ENDPOINTS_MAX];
	size_t n = 0;

	for (size_t i = 1; i < nodes; i++) {
		const int next = (int)(((size_t)first + i) % nodes);

		if (rpc_host_of(rpc, next) != rpc_host_of(rpc, first))
			others[n++] = next;
	}
	return n > 0 ? others[d->facts.record.failures % n] : first;
}

/* The best node first; after a failure each in turn, for one that never tells must not stand in the way of the others. */
static int node_to_ask(const struct draw *d)
{
	const size_t nodes = rpc_endpoint_count(d->s.e->m.rpc), failures = d->facts.record.failures;

	if (d->n_paid > 0)
		return second_node(d);
	return failures == 0 ? RPC_ANY : (int)(failures % nodes);
}

static void fetch_transaction(struct draw *d)
{
	d->record_rpc.endpoint = node_to_ask(d);
	rpc_get_transaction(d->s.e->m.rpc, &d->record_rpc, &d->record_sig, FINALIZED, on_transaction);
}

static void fetch_signatures(struct draw *d)
{
	d->record_rpc.endpoint = node_to_ask(d);
	rpc_get_signatures(d->s.e->m.rpc, &d->record_rpc, &d->address, d->record_older ? &d->record_before : NULL,
		(struct slot){ 0 }, DRAW_RECORD_SIGS, FINALIZED, on_signatures);
}

/* Called once per turn until it is done: read by as many nodes as must agree, compare, write. */
void draw_record(struct draw *d, const struct action *a)
{
	if (d->n_paid > 0 && !agrees_with_rules(d, &d->paid[0])) {
		mismatch(d, "the amounts or the winner are not what the pool's own fields say");
		return;
	}
	if (d->n_paid == 2 && !same_payout(&d->paid[0], &d->paid[1])) {
		mismatch(d, "two nodes tell different payouts");
		return;
	}
	if (d->n_paid >= d->facts.own.settle.witnesses) {
		write_record(d);
		d->n_paid = 0;
		return;
	}
	if (choose_signature(d, a))
		fetch_transaction(d);
	else
		fetch_signatures(d);
}
