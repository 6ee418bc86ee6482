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
	p->due_ms = e->around.now_ms + (p->tries > 0 ? 1U << (p->tries - 1) : RETRY_TICKS) * e->config.tick_ms;
}

/* ---- which ---- */

static void begin_reading(struct proofs *p)
{
	p->n_read = 0;
	p->why = NULL;
	evidence_begin(&p->evidence, &p->call.work.address);
	go(p, PROOFS_READ);
}

static void begin(struct proofs *p)
{
	p->round = 0;
	begin_reading(p);
	if (p->call.work.why[0] == '\0')
		return;
	p->why = p->call.work.why;
	go(p, PROOFS_ADD);
}

/* What one node tells is no reason as long as there is another one to ask. False: they were all asked. */
static bool next_round(struct proofs *p)
{
	if (p->round + 1 >= rpc_endpoint_count(of_proofs(p)->m.rpc))
		return false;
	p->round++;
	begin_reading(p);
	return true;
}

static void cannot(struct proofs *p, const char *why)
{
	if (next_round(p))
		return;
	go(p, PROOFS_ADD);
	p->why = why;
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

/* Another node may have it, or this one later. */
static void try_again(struct proofs *p, enum err err, const char *why)
{
	if (err != ERR_RETRY && err != ERR_UNKNOWN && ++p->tries >= TRIES) {
		p->why = "not_available";
		go(p, PROOFS_ADD);
	} else {
		again(p, err, why);
	}
}

static struct rpc_call *ask_node(struct proofs *p)
{
	const unsigned turn = p->round + p->tries;

	p->rpc.endpoint = turn == 0 ? RPC_ANY : (int)(turn % rpc_endpoint_count(of_proofs(p)->m.rpc));
	return &p->rpc;
}

/* The program's log of a commit: without it nobody knows what was committed to. */
static bool lacks_log(const struct evidence *e)
{
	return e->n_commits > 0 && !e->commit[e->n_commits - 1].seed_known;
}

static void take_transaction(struct proofs *p, const struct rpc_transaction *tx)
{
	const struct engine *e = of_proofs(p);
	const struct signature *sig = &p->call.work.read[p->n_read++];
	const struct evidence before = p->evidence;

	if (evidence_of_pool(&p->evidence, tx, sig) != CALLS_OK ||
		evidence_of_randomness(&p->evidence, tx, sig, &e->policy.switchboard.program) != CALLS_OK) {
		cannot(p, "bad_transaction");
	} else if (lacks_log(&p->evidence)) {
		p->evidence = before;
		p->n_read--;
		try_again(p, ERR_REFUSED, "the node does not have the log of a commit");
	} else {
		go(p, p->n_read < p->call.work.n_reads ? PROOFS_READ : PROOFS_ACCOUNTS);
	}
}

static void on_transaction(struct task *task, const struct reply *reply)
{
	struct proofs *p = of_rpc(task);
	const struct rpc_transaction *tx = reply->data;

	if (reply->err != ERR_OK)
		try_again(p, reply->err, reply->why);
	else if (!tx->found || tx->failed || tx->block_time == 0 || !tx->has_inner)
		try_again(p, ERR_REFUSED,
			"the node does not have a transaction of the draw, or not its time and its calls");
	else
		take_transaction(p, tx);
}

static void read_next(struct proofs *p)
{
	struct engine *e = of_proofs(p);

	rpc_get_transaction(e->m.rpc, ask_node(p), &p->call.work.read[p->n_read], FINALIZED, on_transaction);
}

static void put_together(struct proofs *p, const struct rpc_accounts *got)
{
	const struct engine *e = of_proofs(p);
	struct evidence_accounts accounts;
	const char *why;
	struct buf out;

	evidence_of_accounts(&accounts, &p->evidence, got, &e->policy.switchboard.program);
	why = proof_pool(&p->pool, &p->call.work, &p->evidence, &accounts, e->config.network);
	if (why) {
		cannot(p, why);
		return;
	}
	buf_on(&out, p->member, sizeof p->member);
	certificate_write_pool(&out, &p->pool);
	if (!buf_ok(&out))
		p->why = "too_many";
	go(p, PROOFS_ADD);
}

static void on_accounts(struct task *task, const struct reply *reply)
{
	struct proofs *p = of_rpc(task);

	if (reply->err != ERR_OK)
		try_again(p, reply->err, reply->why);
	else
		put_together(p, reply->data);
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
	if (!p->call.added && p->call.why[0] != '\0' && next_round(p))
		return;
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

/* While another node may tell it differently, a member that is not what was recorded is not kept as a reason. */
static void add(struct proofs *p)
{
	struct engine *e = of_proofs(p);
	const bool last = p->round + 1 >= rpc_endpoint_count(e->m.rpc);

	proof_add(e->m.journal, &p->call, p->why ? NULL : p->member,
		p->why ? p->why
		: last ? "records_differ"
		       : NULL,
		on_added);
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
		add(p);
		break;
	}
}
