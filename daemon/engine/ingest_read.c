/* One pool's history: listed to where it is known, fetched oldest first, verified, and recorded together with how far
 * that is. The position never passes a transaction that is neither recorded nor noted as a gap, and moves by whole slots,
 * because nodes do not agree on the order within one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "core/base58.h"
#include "core/calls.h"
#include "engine/parts.h"

enum { STAGE_LOAD, STAGE_LIST, STAGE_FETCH, STAGE_MADE, STAGE_RECORD };
enum {
	FIRST_PAGE = 100,      /* most pools have no more */
	TRIES = 5,             /* of a transaction that is listed and that no node gives */
	PATIENCE_SLOTS = 1500, /* and it must be older than this: a young one may still come */
};

static struct ingest *of_rpc(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct ingest, rpc);
}

static struct ingest *of_record(struct task *task)
{
	return container_of(container_of(task, struct history_call, task), struct ingest, record);
}

static void name_pool(const struct ingest *in, char out[PUBKEY_TEXT])
{
	base58_pubkey(out, &in->job->address);
}

/* Everything else is served first; the pool is read again from its position. */
static void later(struct ingest *in, const char *what, const char *why)
{
	char pool[PUBKEY_TEXT];

	name_pool(in, pool);
	log_warn("ingest.retry", "pool=%s doing=%s why=\"%s\" next=retry", pool, what, why);
	if (in->step.n_reads + in->step.n_gaps > 0 && in->stage < STAGE_MADE) {
		in->give_way = true;
		in->stage = STAGE_RECORD;
	} else {
		ingest_put_back(in);
	}
}

static void begin_step(struct ingest *in)
{
	in->step.n_calls = in->step.n_gaps = in->step.n_reads = 0;
	in->made.n = 0;
	in->step.to = (struct history){ 0 };
	in->step.gone = false;
	in->step.address = in->job->address;
	in->step.repair = in->job->whole;
}

void ingest_read_begin(struct ingest *in)
{
	in->stage = STAGE_LOAD;
	in->give_way = in->last_step = false;
	in->list.endpoint = in->job->short_lists == 0 ? RPC_ANY
	                                              : (int)(in->job->short_lists % rpc_endpoint_count(in->e->m.rpc));
	begin_step(in);
}

static void begin_list(struct ingest *in)
{
	struct ingest_list *list = &in->list;

	list->head = list->n = list->cut = 0;
	list->more = false;
	in->stage = STAGE_LIST;
}

static void on_loaded(struct task *task, const struct reply *reply)
{
	struct ingest *in = of_record(task);

	if (reply->err != ERR_OK) {
		later(in, "load", reply->why);
		return;
	}
	in->at = in->record.history;
	if (in->job->whole)
		in->at.has_sig = in->at.has_pool_id = in->at.has_seen = false;
	in->n_gaps = in->at.has_sig ? in->at.n_gaps : 0; /* else the list has them */
	/* A look at the accounts from before what is read already says nothing about now: they may not have been there yet. */
	const bool old = in->job->watched && in->at.has_sig && in->job->floor.n < in->at.slot.n;
	const bool seen = in->at.has_seen && hash_equal(&in->at.seen, &in->job->seen);
	/* Read to its end, and perhaps the app has a row of it only now. */
	const bool late = in->at.gone && !in->job->exists && in->job->pool && in->job->pool->app_id > 0;

	in->saw_rent = in->at.gone;
	if (old || (seen && !late))
		ingest_done(in);
	else
		begin_list(in);
}

/* ---- gaps ---- */

static void note_gap(struct ingest *in, const struct signature *sig, struct slot slot, const char *reason)
{
	char pool[PUBKEY_TEXT], text[SIGNATURE_TEXT] = "-";

	name_pool(in, pool);
	if (!signature_is_zero(sig))
		base58_signature(text, sig);
	log_error("ingest.gap", "pool=%s sig=%s slot=%" PRIu64 " reason=%s next=rebuild", pool, text, slot.n, reason);
	if (in->step.n_gaps < HISTORY_READS)
		in->step.gap[in->step.n_gaps++] = (struct history_gap){ *sig, slot, reason };
}

/* ---- listing ---- */

static void push(struct ingest_list *list, const struct rpc_signature_info *info)
{
	const size_t at = (list->head + list->n) % INGEST_SIGS;

	list->ring[at] = (struct ingest_sig){ info->sig, info->slot };
	if (list->n < INGEST_SIGS) {
		list->n++;
		return;
	}
	list->head = (list->head + 1) % INGEST_SIGS;
	list->cut++;
}

static bool is_known(const struct ingest *in, const struct rpc_signature_info *info)
{
	return in->at.has_sig && (info->slot.n < in->at.slot.n || signature_equal(&info->sig, &in->at.sig));
}

/* A page must begin where the one before it ended, and go back in time. */
static bool continues(const struct ingest_list *list, const struct rpc_signatures *page)
{
	for (size_t i = 1; i < page->n; i++)
		if (page->info[i].slot.n > page->info[i - 1].slot.n)
			return false;
	return !list->more || (page->n > 0 && signature_equal(&page->info[0].sig, &list->last.sig));
}

/* 0: the newest that is left. */
static const struct ingest_sig *at_age(const struct ingest_list *list, size_t age)
{
	return &list->ring[(list->head + age) % INGEST_SIGS];
}

/* Newest first, as the node lists them; failed ones changed nothing and are left out. True: the position was reached. */
static bool take_page(struct ingest *in, const struct rpc_signatures *page)
{
	struct ingest_list *list = &in->list;

	for (size_t i = list->more ? 1 : 0; i < page->n; i++) {
		if (is_known(in, &page->info[i]))
			return true;
		if (!page->info[i].failed)
			push(list, &page->info[i]);
	}
	return false;
}

/* The list ended before the position: this node's history is too short. Another one may have more. */
static void list_too_short(struct ingest *in)
{
	struct ingest_job *job = in->job;

	if (job->short_lists < 2 * rpc_endpoint_count(in->e->m.rpc)) {
		job->short_lists++;
		later(in, "list", "the node's list ends before what is recorded");
		return;
	}
	note_gap(in, &in->at.sig, in->at.slot, "list_ends_early");
	in->stage = STAGE_FETCH;
}

static void on_list(struct task *task, const struct reply *reply)
{
	struct ingest *in = of_rpc(task);
	struct ingest_list *list = &in->list;
	const struct rpc_signatures *page = reply->data;
	bool reached;

	if (reply->err != ERR_OK || !continues(list, page)) {
		later(in, "list", reply->err != ERR_OK ? reply->why : "the page does not follow the one before it");
		return;
	}
	list->endpoint = in->rpc.endpoint;
	reached = take_page(in, page);
	list->one_slot = list->n > 0 && at_age(list, 0)->slot.n == at_age(list, list->n - 1)->slot.n;
	list->more = !reached && page->n == list->asked;
	if (list->more) {
		list->before = page->info[page->n - 2].sig;
		list->last.sig = page->info[page->n - 1].sig;
	} else if (!reached && (in->at.has_sig || (page->n == 0 && in->job->exists))) {
		list_too_short(in);
	} else {
		in->stage = STAGE_FETCH;
	}
}

static void ask_list(struct ingest *in)
{
	struct ingest_list *list = &in->list;

	list->asked = list->more ? RPC_SIGNATURES_MAX : FIRST_PAGE;
	in->rpc.endpoint = list->endpoint;
	rpc_get_signatures(in->e->m.rpc, &in->rpc, &in->job->address, list->more ? &list->before : NULL, in->job->floor,
		list->asked, FINALIZED, on_list);
}

/* ---- reading ---- */

static void add_call(struct ingest *in, const struct rpc_transaction *tx, const struct pool_call *call)
{
	in->saw_rent = call->which == ML_CLAIM_RENT || (in->saw_rent && call->which != ML_CREATE_POOL);
	in->step.call[in->step.n_calls++] = (struct user_call){ .sig = in->now.sig,
		.ix = call->ix,
		.inner = call->inner,
		.slot = tx->slot,
		.block_time = tx->block_time,
		.pool_id = call->pool_id,
		.user = call->user,
		.mint = call->mint,
		.instruction = ml_name(call->which),
		.has_amount = call->has_amount,
		.amount = call->amount,
		.decimals = call->decimals };
}

/* Which pool of this address: as the transaction says, else the one before, else the one that is there now. */
static bool attribute(struct ingest *in, struct pool_calls *calls)
{
	static const struct signature none;
	struct history *at = &in->at;
	bool known = at->has_pool_id;
	uint64_t pool_id = at->pool_id;

	if (in->now_is_gap) /* from before the position: what it says must not be taken for what comes next */
		return calls_attribute(calls, &known, &pool_id);
	if (!at->has_pool_id && calls->n > 0 && calls->call[0].which != ML_CREATE_POOL) {
		note_gap(in, &none, in->now.slot, "no_creation");
		if (!calls->call[0].has_pool_id && in->job->has_pool_id) {
			at->has_pool_id = true;
			at->pool_id = in->job->pool_id;
		}
	}
	return calls_attribute(calls, &at->has_pool_id, &at->pool_id);
}

/* Once it is recorded here the census passes this transaction by. */
static void note_others(struct ingest *in, const struct calls_source *source)
{
	struct pools_made *made = &in->made;
	size_t kept = 0;

	if (calls_read_made(made, source, &in->now.sig, &in->e->policy.dev_wallet) != CALLS_OK)
		made->n = 0;
	for (size_t i = 0; i < made->n; i++)
		if (!pubkey_equal(&made->pool[i], &in->job->address))
			made->pool[kept++] = made->pool[i];
	made->n = kept;
}

static void read_transaction(struct ingest *in, const struct rpc_transaction *tx)
{
	const struct calls_source source = rpc_calls_source(tx);
	struct pool_calls calls = { 0 };
	enum calls_result result = calls_read(&calls, &source, &in->now.sig, &in->job->address);

	if (result != CALLS_OK) {
		note_gap(in, &in->now.sig, in->now.slot, calls_result_name(result));
		return;
	}
	if (!tx->failed && calls.makes_others)
		note_others(in, &source);
	if (!tx->failed && !attribute(in, &calls))
		note_gap(in, &in->now.sig, in->now.slot, "no_pool_id");
	for (size_t i = 0; !tx->failed && i < calls.n; i++)
		if (calls.call[i].has_pool_id)
			add_call(in, tx, &calls.call[i]);
	in->step.read[in->step.n_reads++] = in->now.sig;
}

/* Everything up to here is in the step; its slot is complete when the next one is another. */
static void move_position(struct ingest *in)
{
	if (in->now_is_gap || !in->now_ends_slot)
		return;
	in->step.to.has_sig = true;
	in->step.to.sig = in->now.sig;
	in->step.to.slot = in->now.slot;
}

static void on_missing(struct ingest *in, const char *why)
{
	struct ingest_job *job = in->job;

	if (!in->now_is_gap) {
		job->stuck_tries = signature_equal(&job->stuck, &in->now.sig) ? job->stuck_tries + 1 : 1;
		job->stuck = in->now.sig;
		if (job->stuck_tries < TRIES || in->finalized.n < in->now.slot.n + PATIENCE_SLOTS) {
			in->epoch_ms = 0;
			later(in, "fetch", why);
			return;
		}
	}
	note_gap(in, &in->now.sig, in->now.slot, "not_available");
	move_position(in);
}

static void on_transaction(struct task *task, const struct reply *reply)
{
	struct ingest *in = of_rpc(task);
	const struct rpc_transaction *tx = reply->data;

	if (reply->err == ERR_RETRY || reply->err == ERR_UNKNOWN) {
		later(in, "fetch", reply->why);
		return;
	}
	if (reply->err != ERR_OK || !tx->found) {
		on_missing(in, reply->err != ERR_OK ? reply->why : "the node lists it and does not have it");
		return;
	}
	read_transaction(in, tx);
	move_position(in);
}

static void fetch(struct ingest *in)
{
	const struct ingest_job *job = in->job;
	struct rpc *rpc = in->e->m.rpc;
	const bool stuck = job->stuck_tries > 0 && signature_equal(&job->stuck, &in->now.sig);

	in->rpc.endpoint = stuck ? (int)(job->stuck_tries % rpc_endpoint_count(rpc)) : RPC_ANY;
	rpc_get_transaction(rpc, &in->rpc, &in->now.sig, FINALIZED, on_transaction);
}

/* Old gaps first, then oldest first. False: all is read. */
static bool next_signature(struct ingest *in)
{
	struct ingest_list *list = &in->list;

	in->now_is_gap = in->n_gaps > 0;
	if (in->now_is_gap) {
		in->n_gaps--;
		in->now = (struct ingest_sig){ in->at.gap[in->n_gaps], in->at.gap_slot[in->n_gaps] };
		return true;
	}
	if (list->n == 0)
		return false;
	list->n--;
	in->now = *at_age(list, list->n);
	in->now_ends_slot = list->n == 0 ? list->cut == 0 || list->one_slot
	                                 : at_age(list, list->n - 1)->slot.n != in->now.slot.n;
	return true;
}

static bool step_is_full(const struct ingest *in)
{
	return in->made.n > 0 || in->step.n_reads + in->step.n_gaps >= INGEST_READS ||
	       in->step.n_calls > HISTORY_CALLS - CALLS_MAX;
}

/* ---- recording ---- */

static void tell_calls(const struct ingest *in)
{
	char pool[PUBKEY_TEXT], sig[SIGNATURE_TEXT], user[PUBKEY_TEXT];

	name_pool(in, pool);
	for (size_t i = 0; i < in->step.n_calls; i++) {
		const struct user_call *call = &in->step.call[i];

		base58_signature(sig, &call->sig);
		base58_pubkey(user, &call->user);
		log_info("call.verified", "draw=draw:%s:%" PRIu64 " instruction=%s user=%s sig=%s slot=%" PRIu64, pool,
			call->pool_id, call->instruction, user, sig, call->slot.n);
	}
}

static void count(struct ingest *in)
{
	struct rebuild *r = &in->e->rebuild;

	r->transactions += in->step.n_reads;
	r->calls += in->step.n_calls;
	r->gaps += in->step.n_gaps;
	r->changed += in->record.written;
}

static void on_recorded(struct task *task, const struct reply *reply)
{
	struct ingest *in = of_record(task);

	if (reply->err != ERR_OK) {
		later(in, "record", reply->why);
		return;
	}
	tell_calls(in);
	if (in->job->whole)
		count(in);
	if (in->step.n_calls > 0 || in->step.gone) {
		ingest_project_soon(in->e);
		proofs_calls(in->e);
	}
	if (in->step.to.has_sig) {
		in->at.has_sig = true;
		in->at.sig = in->step.to.sig;
		in->at.slot = in->step.to.slot;
		in->job->attempts = (struct attempts){ 0 };
	}
	if (in->give_way) {
		ingest_put_back(in);
	} else if (in->last_step) {
		ingest_done(in);
	} else {
		const bool list_again = in->list.n == 0 && in->list.cut > 0;

		begin_step(in);
		in->stage = STAGE_FETCH;
		if (list_again)
			begin_list(in);
	}
}

static void record(struct ingest *in)
{
	const struct ingest_job *job = in->job;
	struct history_step *step = &in->step;
	/* A look from before the newest transaction says nothing of what came after it. */
	const struct slot newest = step->to.has_sig ? step->to.slot : in->at.slot;
	const bool current = job->floor.n >= newest.n;

	in->last_step = !in->give_way && in->list.n == 0 && in->n_gaps == 0 && in->list.cut == 0;
	step->to.has_pool_id = in->at.has_pool_id;
	step->to.pool_id = in->at.pool_id;
	step->to.has_seen = in->last_step && !job->whole && !job->blind && current;
	step->to.seen = job->seen;
	/* Not there, at confirmed, may be undone by a fork, unless the list at finalized shows the rent; and what never was
	 * there, at finalized, may still come. */
	step->gone = in->last_step && !job->exists && (in->saw_rent || (job->watched && in->at.has_sig && current));
	histories_record(in->e->m.journal, &in->record, step, on_recorded);
}

static void on_made(struct task *task, const struct reply *reply)
{
	struct ingest *in = container_of(container_of(task, struct census_call, task), struct ingest, census);

	if (reply->err != ERR_OK) {
		later(in, "made", reply->why);
		return;
	}
	census_tell_found(in->e, &in->made, &in->now.sig, in->now.slot);
	in->stage = STAGE_RECORD;
}

/* An address where nothing was as yet: nothing to record, not even a position. */
static bool is_nothing(const struct ingest *in)
{
	return !in->job->exists && !in->at.has_sig && in->list.n == 0 && in->step.n_reads == 0 && in->step.n_gaps == 0;
}

static void fetch_next(struct ingest *in)
{
	if (is_nothing(in))
		ingest_done(in);
	else if (!step_is_full(in) && next_signature(in))
		fetch(in);
	else if (in->made.n > 0)
		in->stage = STAGE_MADE;
	else
		record(in);
}

void ingest_read_step(struct ingest *in)
{
	switch (in->stage) {
	case STAGE_LOAD:
		histories_load(in->e->m.journal, &in->record, &in->job->address, on_loaded);
		break;
	case STAGE_LIST:
		ask_list(in);
		break;
	case STAGE_FETCH:
		fetch_next(in);
		break;
	case STAGE_MADE:
		census_found(in->e->m.journal, &in->census, &in->made, in->now.slot, on_made);
		break;
	case STAGE_RECORD:
		record(in);
		break;
	default:
		break;
	}
}
