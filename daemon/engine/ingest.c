/* Users' transactions of a pool: listed, fetched one by one, every signature verified here, and recorded once. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "core/base58.h"
#include "core/ml_call.h"
#include "engine/parts.h"

enum { STAGE_IDLE, STAGE_WATERMARK, STAGE_LIST, STAGE_FETCH, STAGE_WRITE };

void ingest_init(struct engine *e)
{
	e->ingest.e = e;
	rpc_call_init(&e->ingest.rpc);
	record_call_init(&e->ingest.record);
}

void ingest_fini(struct engine *e)
{
	rpc_call_fini(&e->ingest.rpc);
	record_call_fini(&e->ingest.record);
}

bool ingest_busy(const struct engine *e)
{
	return e->ingest.rpc.task.busy || e->ingest.record.task.busy;
}

void ingest_want(struct engine *e, const struct pool_entry *p, uint64_t pool_id, uint8_t decimals)
{
	struct ingest *in = &e->ingest;
	struct ingest_job *job;

	if (in->n_jobs == INGEST_JOBS)
		return; /* the pool comes again when its draw is recorded */
	job = &in->job[in->n_jobs++];
	job->address = p->address;
	job->pool_id = pool_id;
	job->app_id = p->app_id > 0 ? p->app_id : 0;
	job->decimals = decimals;
}

static struct ingest *of_rpc(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct ingest, rpc);
}

static void later(struct ingest *in, const char *what, const struct reply *reply)
{
	attempts_note(&in->attempts, in->e->around.now_ms, false);
	log_warn("ingest.retry", "draw=%s doing=%s err=%s why=%s next=retry", in->draw.text, what, err_name(reply->err),
		reply->why);
}

static void finish_job(struct ingest *in)
{
	memmove(in->job, in->job + 1, (in->n_jobs - 1) * sizeof in->job[0]);
	in->n_jobs--;
	in->stage = STAGE_IDLE;
}

static void on_watermark(struct task *task, const struct reply *reply)
{
	struct ingest *in = container_of(container_of(task, struct record_call, task), struct ingest, record);

	if (reply->err != ERR_OK) {
		later(in, "watermark", reply);
		return;
	}
	in->watermark = *(const struct signature *)reply->data;
	in->stage = STAGE_LIST;
}

/* Newest first, as the node lists them; failed ones changed nothing and are left out. */
static void on_list(struct task *task, const struct reply *reply)
{
	struct ingest *in = of_rpc(task);
	const struct rpc_signatures *got = reply->data;

	if (reply->err != ERR_OK) {
		later(in, "list", reply);
		return;
	}
	for (size_t i = 0; i < got->n && in->n_sigs < INGEST_SIGS; i++)
		if (!got->info[i].failed)
			in->sig[in->n_sigs++] = got->info[i].sig;
	if (got->n > 0)
		in->before = got->info[got->n - 1].sig;
	in->listed_all = got->n < RPC_SIGNATURES_MAX || in->n_sigs == INGEST_SIGS;
	if (in->listed_all)
		in->stage = STAGE_FETCH;
}

static void add_call(
	struct ingest *in, const struct rpc_transaction *tx, const struct ml_call *call, unsigned ix, int inner)
{
	const struct ingest_job *job = &in->job[0];
	struct user_call *out = &in->call[in->n_calls];

	if (in->n_calls == INGEST_CALLS || !pubkey_equal(&call->pool, &job->address))
		return;
	*out = (struct user_call){ .sig = in->sig[in->n_sigs],
		.ix = ix,
		.inner = inner,
		.slot = tx->slot,
		.block_time = tx->block_time,
		.pool = call->pool,
		.user = call->user,
		.pool_id = job->pool_id,
		.app_id = job->app_id,
		.decimals = job->decimals,
		.amount = call->args.bet_amount,
		.has_amount = call->which == ML_CREATE_POOL || call->which == ML_JOIN_POOL ||
		              call->which == ML_DONATE };
	snprintf(out->instruction, sizeof out->instruction, "%s", ml_name(call->which));
	in->n_calls++;
}

/* Inner calls of top-level instruction `outer`, numbered within it. */
static void add_inner(struct ingest *in, const struct rpc_transaction *tx, const struct tx_view *view,
	const struct pubkey *loaded, unsigned outer)
{
	int number = 0;

	for (size_t i = 0; i < tx->n_inner; i++) {
		const struct rpc_inner *inner = &tx->inner[i];
		struct ml_call call;

		if (inner->outer != outer)
			continue;
		if (inner->data && ml_call_read(&call, view, loaded, tx->n_writable + tx->n_readonly, inner->program,
					   (struct bytes){ inner->accounts, inner->n_accounts },
					   (struct bytes){ inner->data, inner->n_data }))
			add_call(in, tx, &call, outer, number);
		number++;
	}
}

static void collect(struct ingest *in, const struct rpc_transaction *tx, const struct tx_view *view)
{
	struct pubkey loaded[256];
	struct ml_call call;

	if (tx->n_writable + tx->n_readonly > 256)
		return;
	for (size_t i = 0; i < tx->n_writable; i++)
		loaded[i] = tx->loaded_writable[i];
	for (size_t i = 0; i < tx->n_readonly; i++)
		loaded[tx->n_writable + i] = tx->loaded_readonly[i];
	for (unsigned i = 0; i < view->n_ixs; i++) {
		if (ml_call_read(&call, view, loaded, tx->n_writable + tx->n_readonly, view->ixs[i].program,
			    tx_view_ix_accounts(view, &view->ixs[i]), tx_view_ix_data(view, &view->ixs[i])))
			add_call(in, tx, &call, i, -1);
		add_inner(in, tx, view, loaded, i);
	}
}

/* The node may lie about what it sends, not about what was signed. */
static bool verified(struct ingest *in, const struct rpc_transaction *tx, struct tx_view *view)
{
	const char *why = NULL;
	char text[SIGNATURE_TEXT];
	struct signature first;

	if (tx_parse(view, tx->tx, tx->tx_len) != TX_OK) {
		why = "the transaction does not parse";
	} else {
		first = tx_view_signature(view, 0);
		if (!signature_equal(&first, &in->sig[in->n_sigs]))
			why = "the node sent another transaction";
		else if (!tx_view_verify(view))
			why = "an ed25519 signature does not verify";
	}
	if (!why)
		return true;
	base58_signature(text, &in->sig[in->n_sigs]);
	log_error("ingest.bad_transaction", "draw=%s sig=%s why=\"%s\" next=skip", in->draw.text, text, why);
	return false;
}

static void on_transaction(struct task *task, const struct reply *reply)
{
	struct ingest *in = of_rpc(task);
	const struct rpc_transaction *tx = reply->data;
	struct tx_view view;

	if (reply->err != ERR_OK || !tx->found) {
		in->n_sigs++; /* the same one again */
		later(in, "fetch", reply);
		return;
	}
	in->n_calls = 0;
	if (!tx->failed && verified(in, tx, &view))
		collect(in, tx, &view);
	in->stage = STAGE_WRITE;
}

static void on_written(struct task *task, const struct reply *reply)
{
	struct ingest *in = container_of(container_of(task, struct record_call, task), struct ingest, record);

	if (reply->err != ERR_OK) {
		later(in, "write", reply);
		return;
	}
	for (size_t i = 0; i < in->n_calls; i++) {
		char sig[SIGNATURE_TEXT], user[PUBKEY_TEXT];

		base58_signature(sig, &in->call[i].sig);
		base58_pubkey(user, &in->call[i].user);
		log_info("call.verified", "draw=%s instruction=%s user=%s sig=%s slot=%" PRIu64, in->draw.text,
			in->call[i].instruction, user, sig, in->call[i].slot.n);
	}
	in->attempts = (struct attempts){ 0 };
	if (in->finishing)
		finish_job(in);
	else
		in->stage = STAGE_FETCH;
}

/* Oldest first, so that the watermark never passes a transaction that is not recorded. */
static void fetch_next(struct ingest *in)
{
	if (in->n_sigs == 0) {
		in->n_calls = 0;
		in->finishing = true;
		in->stage = STAGE_WRITE;
		return;
	}
	in->n_sigs--;
	rpc_get_transaction(in->e->m.rpc, any_node(&in->rpc), &in->sig[in->n_sigs], FINALIZED, on_transaction);
}

static void begin(struct ingest *in)
{
	char address[PUBKEY_TEXT];

	base58_pubkey(address, &in->job[0].address);
	snprintf(in->draw.text, sizeof in->draw.text, "draw:%s:%" PRIu64, address, in->job[0].pool_id);
	in->n_sigs = 0;
	in->finishing = in->listed_all = false;
	in->before = (struct signature){ 0 };
	in->stage = STAGE_WATERMARK;
}

static void step(struct ingest *in)
{
	struct journal *j = in->e->m.journal;
	const struct signature *before = signature_is_zero(&in->before) ? NULL : &in->before;
	const struct signature *until = signature_is_zero(&in->watermark) ? NULL : &in->watermark;

	switch (in->stage) {
	case STAGE_IDLE:
		begin(in);
		break;
	case STAGE_WATERMARK:
		records_watermark(j, &in->record, &in->draw, on_watermark);
		break;
	case STAGE_LIST:
		rpc_get_signatures(in->e->m.rpc, any_node(&in->rpc), &in->job[0].address, before, until,
			RPC_SIGNATURES_MAX, FINALIZED, on_list);
		break;
	case STAGE_FETCH:
		fetch_next(in);
		break;
	case STAGE_WRITE:
		records_calls(j, &in->record, &in->draw, in->call, in->n_calls,
			in->finishing ? NULL : &in->sig[in->n_sigs], on_written);
		break;
	default:
		break;
	}
}

/* One call at a time, and nothing while Postgres is away: draws come first. */
void ingest_turn(struct engine *e)
{
	struct ingest *in = &e->ingest;

	if (in->n_jobs == 0 || ingest_busy(e) || !e->around.leader || e->policy.dry_run || e->around.stopping)
		return;
	if (e->around.journal_down_since_ms != 0 || !attempts_ready(&in->attempts, e->around.now_ms, 500, 10000))
		return;
	step(in);
}
