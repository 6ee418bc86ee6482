/* Collects proof that transactions of ours are not on chain, node by node, as R3 demands. */
#include <string.h>

#include "base/log.h"
#include "engine/parts.h"

enum { ROUND_EVERY_MS = 1000, LONE_AFTER_MS = 5000 };
enum { ASK_EPOCH, ASK_FIRST_BLOCK, ASK_STATUSES, NEXT_NODE };

void witness_init(struct engine *e)
{
	e->witness.e = e;
	rpc_call_init(&e->witness.rpc);
}

void witness_fini(struct engine *e)
{
	rpc_call_fini(&e->witness.rpc);
}

bool witness_busy(const struct engine *e)
{
	return e->witness.rpc.task.busy;
}

/* Past its blockhash's life, or landed and then not found; or final by one node's word where that is not enough. */
static bool needs_proof(const struct engine *e, const struct row *row, const struct sight *sight)
{
	if (!STEPS[row->step].guarded && row_unsettled(row) && sight->asked && sight->found && sight->finalized)
		return true;
	if (row->state == ROW_LANDED)
		return sight->asked && !sight->found;
	return row_unsettled(row) && e->tip.confirmed_height.n > row->last_valid.n && !(sight->asked && sight->found);
}

static void collect(struct engine *e)
{
	struct witness *w = &e->witness;

	w->n_asked = 0;
	for (size_t k = 0; k < engine_subject_count(e); k++) {
		const struct settle_facts *f = &engine_subject(e, k)->own->settle;

		for (unsigned i = 0; i < f->rows.n && w->n_asked < RPC_STATUSES_MAX; i++)
			if (needs_proof(e, &f->rows.row[i], &f->sight[i]))
				w->asked[w->n_asked++] = f->rows.row[i].sig;
	}
}

static struct witness *of(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct witness, rpc);
}

/* A node that does not answer gives no proof; the next one is asked. */
static void advance(struct witness *w, enum err err)
{
	w->stage = err == ERR_OK ? w->stage + 1 : NEXT_NODE;
}

static void on_epoch(struct task *task, const struct reply *reply)
{
	struct witness *w = of(task);
	const struct rpc_epoch *got = reply->data;

	if (reply->err == ERR_OK) {
		w->proof.finalized_slot = got->slot;
		w->proof.finalized_height = got->height;
	}
	advance(w, reply->err);
}

static void on_first_block(struct task *task, const struct reply *reply)
{
	struct witness *w = of(task);

	if (reply->err == ERR_OK)
		w->proof.first_block = *(const struct slot *)reply->data;
	advance(w, reply->err);
}

static void tell(struct witness *w, const struct signature *sig, const struct rpc_status *status)
{
	for (size_t k = 0; k < engine_subject_count(w->e); k++) {
		struct subject *s = engine_subject(w->e, k);

		if (status->found) {
			subject_observe(s, sig, status, w->proof.at);
			subject_observe_fate(s, sig, status, w->given == 0);
		} else {
			subject_observe_absence(s, sig, &w->proof, w->given == 0);
		}
	}
}

static void on_statuses(struct task *task, const struct reply *reply)
{
	struct witness *w = of(task);
	const struct rpc_statuses *got = reply->data;

	if (reply->err == ERR_OK && engine_saw_slot(w->e, got->at, w->rpc.endpoint)) {
		w->proof.at = got->at;
		for (size_t i = 0; i < w->n_asked; i++)
			tell(w, &w->asked[i], &got->status[i]);
		w->hosts |= 1U << rpc_host_of(w->e->m.rpc, w->endpoint);
		w->given++;
	}
	w->stage = NEXT_NODE;
}

static void ask(struct witness *w)
{
	struct rpc *rpc = w->e->m.rpc;

	w->rpc.endpoint = w->endpoint;
	switch (w->stage) {
	case ASK_EPOCH:
		rpc_get_epoch(rpc, &w->rpc, FINALIZED, on_epoch);
		break;
	case ASK_FIRST_BLOCK:
		rpc_get_first_block(rpc, &w->rpc, on_first_block);
		break;
	case ASK_STATUSES:
		rpc_get_statuses(rpc, &w->rpc, w->asked, w->n_asked, true, on_statuses);
		break;
	default:
		break;
	}
}

/* A node that is down would keep every expired row open for as long as it is; see settle_facts.lone_node. */
static void end_round(struct witness *w)
{
	w->running = false;
	if (w->given != 1)
		w->lone_since_ms = 0;
	else if (w->lone_since_ms == 0)
		w->lone_since_ms = w->e->around.now_ms;
}

/* A host that gave its proof gives no second one through another of its endpoints. */
static void next_host(struct witness *w)
{
	const struct rpc *rpc = w->e->m.rpc;

	do
		w->endpoint++;
	while ((size_t)w->endpoint < rpc_endpoint_count(rpc) && (w->hosts >> rpc_host_of(rpc, w->endpoint) & 1) != 0);
}

bool witness_lone(const struct engine *e)
{
	const uint64_t since = e->witness.lone_since_ms;

	return rpc_witnesses(e->m.rpc) > 1 && since != 0 && e->around.now_ms > since + LONE_AFTER_MS;
}

void witness_turn(struct engine *e)
{
	struct witness *w = &e->witness;

	if (w->rpc.task.busy)
		return;
	if (!w->running) {
		if (e->around.now_ms - w->started_ms < ROUND_EVERY_MS)
			return;
		collect(e);
		if (w->n_asked == 0)
			return;
		w->running = true;
		w->started_ms = e->around.now_ms;
		w->endpoint = 0;
		w->given = w->hosts = 0;
		w->stage = ASK_EPOCH;
	}
	if (w->stage == NEXT_NODE) {
		next_host(w);
		w->stage = ASK_EPOCH;
		memset(&w->proof, 0, sizeof w->proof);
	}
	if ((size_t)w->endpoint >= rpc_endpoint_count(e->m.rpc))
		end_round(w);
	else
		ask(w);
}
