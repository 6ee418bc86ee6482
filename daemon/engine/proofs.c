/* One paid pool after the other: what the journal knows of it, then its few transactions and accounts from a node, at finalized; then
 * one row, with what the certificate says or why there is none. Nothing of it is kept in memory beyond that: a process that dies begins
 * that pool anew. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "engine/parts.h"

enum {
	RETRY_TICKS = 6,
	TRIES = 5,       /* of something that no node gives        */
	LOOKS_MAX = 6,   /* doublings of a tick, for a history that is not read */
	ONCE_DRAWS = 16, /* so many are waited for by --once       */
};

void proofs_init(struct engine *e)
{
	struct proofs *p = &e->certificates.proofs;

	rpc_call_init(&p->rpc);
	proof_call_init(&p->call);
	p->wanted = true;
}

void proofs_fini(struct engine *e)
{
	rpc_call_fini(&e->certificates.proofs.rpc);
	proof_call_fini(&e->certificates.proofs.call);
}

bool proofs_busy(const struct engine *e)
{
	return e->certificates.proofs.rpc.task.busy || e->certificates.proofs.call.task.busy;
}

void proofs_reset(struct engine *e)
{
	e->certificates.proofs.stage = PROOFS_NEXT;
	e->certificates.proofs.wanted = true;
}

void proofs_calls(struct engine *e)
{
	struct proofs *p = &e->certificates.proofs;

	if (p->waits && p->stage == PROOFS_NEXT) {
		p->wanted = true;
		p->due_ms = 0;
	}
}

bool proofs_pending(const struct engine *e)
{
	const struct proofs *p = &e->certificates.proofs;

	return p->n_done < ONCE_DRAWS && (p->stage != PROOFS_NEXT || p->wanted || p->records != e->counters.records);
}

static struct engine *of_proofs(struct proofs *p)
{
	return container_of(container_of(p, struct certificates, proofs), struct engine, certificates);
}

static struct proofs *of_rpc(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct proofs, rpc);
}

static struct proofs *of_call(struct task *task)
{
	return container_of(container_of(task, struct proof_call, task), struct proofs, call);
}

/* While a pool is bound one call per tick: what draws it shares the nodes and the database. */
static void go(struct proofs *p, enum proofs_stage stage)
{
	const struct engine *e = of_proofs(p);

	p->stage = stage;
	p->tries = 0;
	p->due_ms = engine_any_bound(e) ? e->around.now_ms + e->config.tick_ms : 0;
}

static void again(struct proofs *p, enum err err, const char *why)
{
	const struct engine *e = of_proofs(p);

	if (!p->failing)
		log_warn("certificate.failed", "what=%s err=%s why=%s next=retry",
			p->stage == PROOFS_NEXT ? "pools" : p->call.work.draw, err_name(err), why);
	p->failing = true;
	p->due_ms = e->around.now_ms + RETRY_TICKS * e->config.tick_ms;
}

/* ---- which ---- */

static void begin(struct proofs *p)
{
	const struct proof_work *work = &p->call.work;

	p->n_read = 0;
	p->why = work->why[0] != '\0' ? work->why : NULL;
	evidence_begin(&p->evidence, &work->address);
	go(p, p->why ? PROOFS_ADD : PROOFS_READ);
}

static void on_next(struct task *task, const struct reply *reply)
{
	struct proofs *p = of_call(task);
	struct engine *e = of_proofs(p);

	if (reply->err != ERR_OK) {
		p->wanted = true;
		again(p, reply->err, reply->why);
		return;
	}
	p->failing = false;
	p->waits = p->call.waits;
	p->looks = p->waits && p->looks < LOOKS_MAX ? p->looks + 1 : p->looks;
	if (p->call.found)
		begin(p);
	else if (p->waits)
		p->due_ms = e->around.now_ms + (e->config.tick_ms << p->looks);
}

/* After the start, after each payout, and now and then for as long as the history of some draw is not read. */
static void ask_next(struct proofs *p)
{
	struct engine *e = of_proofs(p);

	if (!p->wanted && !p->waits && p->records == e->counters.records)
		return;
	p->wanted = false;
	p->records = e->counters.records;
	proof_next(e->m.journal, &p->call, on_next);
}

/* ---- what ---- */

/* Another node may have it. False: none has. */
static bool try_again(struct proofs *p, enum err err, const char *why)
{
	if (err != ERR_RETRY && err != ERR_UNKNOWN && ++p->tries >= TRIES) {
		go(p, PROOFS_ADD);
		p->why = "not_available";
		return false;
	}
	again(p, err, why);
	return true;
}

static struct rpc_call *ask_node(struct proofs *p)
{
	p->rpc.endpoint = p->tries == 0 ? RPC_ANY : (int)(p->tries % rpc_endpoint_count(of_proofs(p)->m.rpc));
	return &p->rpc;
}

static void take_transaction(struct proofs *p, const struct rpc_transaction *tx)
{
	const struct engine *e = of_proofs(p);
	const struct signature *sig = &p->call.work.read[p->n_read++];

	if (evidence_of_pool(&p->evidence, tx, sig) == CALLS_OK &&
		evidence_of_randomness(&p->evidence, tx, sig, &e->policy.switchboard.program) == CALLS_OK) {
		go(p, p->n_read < p->call.work.n_reads ? PROOFS_READ : PROOFS_ACCOUNTS);
		return;
	}
	p->why = "bad_transaction";
	go(p, PROOFS_ADD);
}

static void on_transaction(struct task *task, const struct reply *reply)
{
	struct proofs *p = of_rpc(task);
	const struct rpc_transaction *tx = reply->data;

	if (reply->err != ERR_OK)
		(void)try_again(p, reply->err, reply->why);
	else if (!tx->found || tx->failed || tx->block_time == 0 || !tx->has_inner)
		(void)try_again(p, ERR_REFUSED,
			"the node does not have a transaction of the draw, or not its time and its calls");
	else
		take_transaction(p, tx);
}

static void read_next(struct proofs *p)
{
	struct engine *e = of_proofs(p);

	rpc_get_transaction(e->m.rpc, ask_node(p), &p->call.work.read[p->n_read], FINALIZED, on_transaction);
}

static void on_accounts(struct task *task, const struct reply *reply)
{
	struct proofs *p = of_rpc(task);
	const struct engine *e = of_proofs(p);
	struct evidence_accounts accounts;
	struct buf out;

	if (reply->err != ERR_OK) {
		(void)try_again(p, reply->err, reply->why);
		return;
	}
	evidence_of_accounts(&accounts, &p->evidence, reply->data, &e->policy.switchboard.program);
	p->why = proof_pool(&p->pool, &p->call.work, &p->evidence, &accounts, e->config.network);
	if (!p->why) {
		buf_on(&out, p->member, sizeof p->member);
		certificate_write_pool(&out, &p->pool);
		if (!buf_ok(&out))
			p->why = "too_many";
	}
	go(p, PROOFS_ADD);
}

/* A node that is behind the payout would show the accounts from before it. */
static void read_accounts(struct proofs *p)
{
	struct engine *e = of_proofs(p);
	struct pubkey keys[EVIDENCE_ACCOUNTS];

	evidence_account_keys(keys, &p->evidence);
	rpc_get_accounts(e->m.rpc, ask_node(p), keys, EVIDENCE_ACCOUNTS, FINALIZED, p->evidence.paid.slot, on_accounts);
}

/* ---- the row ---- */

static void on_added(struct task *task, const struct reply *reply)
{
	struct proofs *p = of_call(task);
	struct engine *e = of_proofs(p);

	if (reply->err != ERR_OK) {
		again(p, reply->err, reply->why);
		p->stage = PROOFS_NEXT;
		p->wanted = true;
		return;
	}
	if (p->call.added && p->call.why[0] != '\0')
		log_warn("certificate.impossible", "draw=%s why=%s", p->call.work.draw, p->call.why);
	p->failing = false;
	p->looks = 0;
	p->n_done++;
	certificates_soon(e);
	go(p, PROOFS_NEXT);
	p->due_ms = e->around.now_ms + e->config.tick_ms;
	p->wanted = true;
}

void proofs_turn(struct engine *e)
{
	struct proofs *p = &e->certificates.proofs;

	if (proofs_busy(e) || e->around.now_ms < p->due_ms)
		return;
	switch (p->stage) {
	case PROOFS_NEXT:
		ask_next(p);
		break;
	case PROOFS_READ:
		read_next(p);
		break;
	case PROOFS_ACCOUNTS:
		read_accounts(p);
		break;
	case PROOFS_ADD:
		proof_add(e->m.journal, &p->call, p->why ? NULL : p->member, p->why, on_added);
		break;
	}
}
