/* Reads the wallet's list of signatures back to where the last audit ended, and judges what the journal does not hold. */
#include "engine/audit.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "core/base58.h"
#include "engine/parts.h"

/* PAGE_QUIET: so much of the list is read again each time, so that what a node left out once is found later. */
enum { PAGE_QUIET = 25, RETRY_MS = 5000, FETCHES_MAX = 5 };

static struct audit *of_rpc(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct audit, rpc);
}

static struct audit *of_db(struct task *task)
{
	return container_of(container_of(task, struct audit_call, task), struct audit, db);
}

static void end_round(struct audit *a, uint64_t pause_ms)
{
	a->stage = AUDIT_IDLE;
	a->done_once = true;
	a->due_ms = a->e->around.now_ms + pause_ms;
	a->endpoint = (int)(((size_t)a->endpoint + 1) % rpc_endpoint_count(a->e->m.rpc));
}

/* The next round begins at the top again; what was imported is not imported again. */
static void fail_round(struct audit *a, const char *what, const struct reply *reply)
{
	if (!a->failure_told)
		log_warn("audit.failed", "doing=%s err=%s why=%s next=retry", what, err_name(reply->err), reply->why);
	a->failure_told = true;
	end_round(a, RETRY_MS < a->e->config.audit_ms ? RETRY_MS : a->e->config.audit_ms);
}

/* ---- where we stand ---- */

static void on_epoch(struct task *task, const struct reply *reply)
{
	struct audit *a = of_rpc(task);

	if (reply->err != ERR_OK) {
		fail_round(a, "epoch", reply);
		return;
	}
	a->epoch = *(const struct rpc_epoch *)reply->data;
	/* A quiet list asks Postgres nothing. */
	a->stage = audit_going_on(a) ? AUDIT_LIST : AUDIT_BEGIN;
}

/* Not the first round under this lease. */
static bool same_lease(const struct audit *a)
{
	return a->begun && a->fence == a->e->tick.fence;
}

bool audit_going_on(const struct audit *a)
{
	return same_lease(a) && a->state.database == a->e->tick.database;
}

static void tell_state(const struct audit *a)
{
	char wallet[PUBKEY_TEXT];

	base58_pubkey(wallet, audit_wallet(a));
	if (a->state.restored)
		log_error("audit.database_changed", "wallet=%s hold_until_height=%" PRIu64 " why=\"%s\" next=audit",
			wallet, a->state.hold.n,
			"another server, timeline or copy of the database than last time: a backup or a standby");
	else if (a->state.restarted)
		log_info("audit.server_started", "wallet=%s hold_until_height=%" PRIu64 " why=\"%s\" next=audit",
			wallet, a->state.hold.n,
			"Postgres was started since last time: what it had acknowledged may be gone");
	if (!same_lease(a) && a->state.untold > 0)
		log_error("audit.untold", "wallet=%s signatures=%" PRIu64 " why=\"%s\" next=human", wallet,
			a->state.untold,
			"an earlier run found foreign signatures and ended before it said so: see "
			"keeper.foreign_signatures");
}

/* The lease survives a failover, rows that the old server acknowledged may not. What we remember to be judged was judged by that
 * one. */
static void on_begun(struct task *task, const struct reply *reply)
{
	struct audit *a = of_db(task);
	const struct height held = a->state.hold;
	const bool reads_again = a->state.restored;
	const bool judged_there = same_lease(a) && a->state.database == a->db.audit.database;

	if (reply->err != ERR_OK) {
		fail_round(a, "begin", reply);
		return;
	}
	a->state = a->db.audit;
	if (a->state.hold.n < held.n)
		a->state.hold = held;
	tell_state(a);
	if (!judged_there)
		a->n_recent = 0;
	a->state.restored |= reads_again;
	a->alerted = a->state.untold > 0;
	a->fence = a->e->tick.fence;
	a->begun = true;
	a->stage = AUDIT_LIST;
}

/* ---- the list ---- */

static bool is_recent(const struct audit *a, const struct signature *sig)
{
	for (size_t i = 0; i < a->n_recent; i++)
		if (signature_equal(&a->recent[i], sig))
			return true;
	return false;
}

static unsigned page_size(const struct audit *a)
{
	return !a->state.restored && !signature_is_zero(&a->state.watermark) && signature_is_zero(&a->before)
	               ? PAGE_QUIET
	               : AUDIT_PAGE_MAX;
}

static bool reaches(const struct audit *a, const struct rpc_signature_info *info)
{
	return signature_equal(&info->sig, &a->state.watermark) || info->slot.n < a->state.watermark_slot.n;
}

static void take_page(struct audit *a, const struct rpc_signatures *got)
{
	const bool known = !signature_is_zero(&a->state.watermark);

	if (signature_is_zero(&a->newest) && got->n > 0) {
		a->newest = got->info[0].sig;
		a->newest_slot = got->info[0].slot;
	}
	a->n_page = 0;
	for (size_t i = 0; i < got->n; i++) {
		const struct rpc_signature_info *info = &got->info[i];

		a->last_page = a->last_page || (known && reaches(a, info));
		if (is_recent(a, &info->sig))
			continue;
		a->page[a->n_page++] = (struct audit_item){ .sig = info->sig,
			.slot = info->slot,
			.block_time = info->block_time,
			.failed = info->failed,
			.anchors = info->anchors };
	}
	if (!a->last_page && got->n < page_size(a)) {
		a->last_page = true;
		a->short_list = known;
	}
	if (got->n > 0)
		a->before = got->info[got->n - 1].sig;
}

static void on_list(struct task *task, const struct reply *reply)
{
	struct audit *a = of_rpc(task);

	if (reply->err != ERR_OK) {
		fail_round(a, "list", reply);
		return;
	}
	take_page(a, reply->data);
	a->stage = a->n_page > 0 ? AUDIT_CHECK : AUDIT_NEXT;
}

static void list(struct audit *a)
{
	a->rpc.endpoint = a->endpoint;
	rpc_get_signatures(a->e->m.rpc, &a->rpc, audit_wallet(a), signature_is_zero(&a->before) ? NULL : &a->before,
		(struct slot){ 0 }, page_size(a), FINALIZED, on_list);
}

/* ---- what is not ours ---- */

static void on_checked(struct task *task, const struct reply *reply)
{
	struct audit *a = of_db(task);

	if (reply->err != ERR_OK) {
		fail_round(a, "check", reply);
		return;
	}
	a->n_found = a->at_found = 0;
	a->fetches = 0;
	for (size_t i = 0; i < a->db.n && a->db.unknown[i] < a->n_page; i++) {
		struct audit_item *item = &a->found[a->n_found++];

		*item = a->page[a->db.unknown[i]];
		/* A lock is never history: its draw may be locked again. */
		item->kind = audit_is_history(a, item) && !item->anchors ? AUDIT_HISTORY : AUDIT_KINDS;
	}
	a->stage = a->n_found > 0 ? AUDIT_FETCH : AUDIT_NEXT;
}

/* A row that waits in the local spool was sent, and is not in Postgres: not yet is not never. */
static void check(struct audit *a)
{
	struct signature sigs[AUDIT_PAGE_MAX];

	if (journal_spool_waits(a->e->m.journal)) {
		fail_round(a, "spool", &(struct reply){ ERR_RETRY, NULL, "a step waits in the local spool" });
		return;
	}
	for (size_t i = 0; i < a->n_page; i++)
		sigs[i] = a->page[i].sig;
	audit_unknown(a->e->m.journal, &a->db, sigs, a->n_page, on_checked);
}

static void on_fetched(struct task *task, const struct reply *reply)
{
	struct audit *a = of_rpc(task);
	struct audit_item *item = &a->found[a->at_found];
	const bool ok = reply->err == ERR_OK && audit_judge(a, reply->data, item);

	attempts_note(&a->pace, a->e->around.now_ms, ok);
	if (!ok && ++a->fetches < FETCHES_MAX)
		return;
	if (!ok)
		item->kind = AUDIT_UNSEEN;
	a->fetches = 0;
	a->pace = (struct attempts){ 0 };
	a->at_found++;
}

static void fetch(struct audit *a)
{
	while (a->at_found < a->n_found && a->found[a->at_found].kind == AUDIT_HISTORY)
		a->at_found++;
	if (a->at_found == a->n_found) {
		a->stage = AUDIT_IMPORT;
		return;
	}
	if (!attempts_ready(&a->pace, a->e->around.now_ms, 200, 5000))
		return;
	a->rpc.endpoint = (int)(((size_t)a->endpoint + a->fetches) % rpc_endpoint_count(a->e->m.rpc));
	rpc_get_transaction(a->e->m.rpc, &a->rpc, &a->found[a->at_found].sig, FINALIZED, on_fetched);
}

/* ---- what is said about it ---- */

static void tell(struct audit *a, const struct audit_item *item)
{
	char wallet[PUBKEY_TEXT], sig[SIGNATURE_TEXT];

	if (item->kind == AUDIT_HISTORY) {
		a->n_history++;
		return;
	}
	base58_signature(sig, &item->sig);
	if (item->kind == AUDIT_MENTION) {
		log_info("audit.mention", "sig=%s slot=%" PRIu64 " why=\"%s\"", sig, item->slot.n,
			"names our wallet, signed by others");
		return;
	}
	a->alerted = true;
	count_breach(a->e, BREACH_OWN_SIGNATURES);
	base58_pubkey(wallet, audit_wallet(a));
	log_error("audit.foreign_signature",
		"wallet=%s sig=%s slot=%" PRIu64 " failed=%d kind=%s memo=%s why=\"%s\" next=human", wallet, sig,
		item->slot.n, item->failed ? 1 : 0, audit_kind_name(item->kind), item->memo.text,
		audit_why(item->kind));
}

static void on_imported(struct task *task, const struct reply *reply)
{
	struct audit *a = of_db(task);
	const uint64_t hold = a->epoch.height.n + 150;

	if (reply->err != ERR_OK) {
		/* It may have been written all the same: then the next begin tells of it, and of the hold. */
		a->begun = false;
		fail_round(a, "import", reply);
		return;
	}
	for (size_t i = 0; i < a->n_found; i++)
		tell(a, &a->found[i]);
	if (a->alerted && a->state.hold.n < hold)
		a->state.hold.n = hold;
	a->stage = AUDIT_NEXT;
}

static void remember(struct audit *a)
{
	for (size_t i = a->n_page; i-- > 0;) {
		memmove(a->recent + 1, a->recent, (AUDIT_RECENT - 1) * sizeof a->recent[0]);
		a->recent[0] = a->page[i].sig;
		a->n_recent += a->n_recent < AUDIT_RECENT;
	}
}

/* ---- the end of a round ---- */

/* Every node's list ends above the watermark: what lies between is lost, and that is said. True: go on without it. */
static bool history_lost(struct audit *a)
{
	const size_t nodes = rpc_endpoint_count(a->e->m.rpc);
	char wallet[PUBKEY_TEXT], sig[SIGNATURE_TEXT];

	if (!a->short_list) {
		a->short_of = 0;
		return true;
	}
	if (++a->short_of < (nodes > 1 ? nodes : 2)) {
		fail_round(a, "gap",
			&(struct reply){ ERR_RETRY, NULL, "the node's list ends before the last audited signature" });
		return false;
	}
	base58_pubkey(wallet, audit_wallet(a));
	base58_signature(sig, &a->state.watermark);
	log_error("audit.history_lost", "wallet=%s after=%s slot=%" PRIu64 " why=\"%s\" next=human", wallet, sig,
		a->state.watermark_slot.n,
		"no node's list reaches back to the last audited signature: what lies between was not audited");
	a->short_of = 0;
	return true;
}

static void complete(struct audit *a)
{
	char wallet[PUBKEY_TEXT];

	base58_pubkey(wallet, audit_wallet(a));
	if (a->n_history > 0)
		log_info("audit.history", "wallet=%s signatures=%" PRIu64 " up_to_slot=%" PRIu64 " why=\"%s\"", wallet,
			a->n_history, a->state.began.n,
			"older than this database's first audit: kept in keeper.foreign_signatures, not alerted");
	if (a->complete_fence != a->fence)
		log_info("audit.complete", "wallet=%s slot=%" PRIu64, wallet, a->state.watermark_slot.n);
	a->n_history = 0;
	a->alerted = a->failure_told = a->state.restored = false;
	a->complete_fence = a->fence;
	a->complete_height = a->epoch.height;
	a->complete_ms = a->e->around.now_ms;
	end_round(a, audit_going_on(a) ? a->e->config.audit_ms : RETRY_MS / 10);
}

static void on_done(struct task *task, const struct reply *reply)
{
	struct audit *a = of_db(task);

	if (reply->err != ERR_OK) {
		fail_round(a, "done", reply);
		return;
	}
	if (!signature_is_zero(&a->newest)) {
		a->state.watermark = a->newest;
		a->state.watermark_slot = a->newest_slot;
	}
	complete(a);
}

/* A node that lags shows an older end of the list: the watermark stays where it is. */
static void done(struct audit *a)
{
	if (!history_lost(a))
		return;
	if (a->newest_slot.n < a->state.watermark_slot.n)
		a->newest = a->state.watermark, a->newest_slot = a->state.watermark_slot;
	if (signature_equal(&a->newest, &a->state.watermark) && !a->alerted)
		complete(a);
	else
		audit_done(a->e->m.journal, &a->db, audit_wallet(a), &a->newest, a->newest_slot, on_done);
}

static void step(struct audit *a)
{
	switch (a->stage) {
	case AUDIT_IDLE:
		a->newest = a->before = (struct signature){ 0 };
		a->newest_slot.n = 0;
		a->last_page = a->short_list = false;
		a->stage = AUDIT_EPOCH;
		break;
	case AUDIT_EPOCH:
		rpc_get_epoch(a->e->m.rpc, any_node(&a->rpc), CONFIRMED, on_epoch);
		break;
	case AUDIT_BEGIN:
		audit_begin(a->e->m.journal, &a->db, audit_wallet(a), a->epoch.slot, a->epoch.height, on_begun);
		break;
	case AUDIT_LIST:
		list(a);
		break;
	case AUDIT_CHECK:
		check(a);
		break;
	case AUDIT_FETCH:
		fetch(a);
		break;
	case AUDIT_IMPORT:
		audit_import(
			a->e->m.journal, &a->db, audit_wallet(a), a->epoch.height, a->found, a->n_found, on_imported);
		break;
	case AUDIT_NEXT:
		remember(a);
		a->n_page = 0;
		a->stage = a->last_page ? AUDIT_DONE : AUDIT_LIST;
		break;
	case AUDIT_DONE:
		done(a);
		break;
	}
}

void audit_advance(struct audit *a)
{
	enum audit_stage stage;

	if (audit_of_busy(a))
		return;
	if (a->stage > AUDIT_BEGIN && !audit_going_on(a)) { /* what this round took for known is not, here and now */
		a->stage = AUDIT_IDLE;
		a->due_ms = a->e->around.now_ms + RETRY_MS / 10; /* the tick may have to see it first */
	}
	if (a->stage == AUDIT_IDLE && a->e->around.now_ms < a->due_ms)
		return;
	do {
		stage = a->stage;
		step(a);
	} while (!audit_of_busy(a) && a->stage != AUDIT_IDLE && a->stage != stage);
}
