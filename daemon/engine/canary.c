/* The canary: an account of ours committed to an oracle, whose gateway is asked for real before a pool depends on it. */
#include <stdio.h>

#include "base/log.h"
#include "core/base58.h"
#include "engine/parts.h"

void canary_init(struct engine *e)
{
	struct canary *c = &e->canary;

	c->facts.policy = &e->policy;
	c->facts.around = &e->around;
	snprintf(c->s.key.text, sizeof c->s.key.text, "canary:1");
	subject_init(&c->s, e, &c->facts.own);
	gateway_call_init(&c->gateway);
}

void canary_fini(struct engine *e)
{
	subject_fini(&e->canary.s);
	gateway_call_fini(&e->canary.gateway);
	account_key_free(e->canary.new_account);
}

/* The row says that it was made, it is not there, and its key is not here any more: a node lied, or somebody closed it. */
static bool lost(const struct canary *c, const struct row *last)
{
	const struct rows *rows = &c->facts.own.settle.rows;

	return c->facts.at.n != 0 && c->facts.at.n >= rows->floor.n && c->facts.presence == ABSENT &&
	       settle_all_closed(rows) &&
	       !(c->new_account && pubkey_equal(account_key_pubkey(c->new_account), &last->randomness));
}

/* The account is the one that the last row which can have landed names; a new one when that never did, or it is gone. */
static void find_account(struct canary *c)
{
	const struct rows *rows = &c->facts.own.settle.rows;

	if (rows->n > 0) {
		const struct row *last = &rows->row[rows->n - 1];
		const bool never = last->step == STEP_CANARY_INIT &&
		                   (last->state == ROW_FAILED || last->state == ROW_EXPIRED);

		if (!never && !lost(c, last)) {
			c->randomness = last->randomness;
			return;
		}
		if (pubkey_equal(&c->randomness, &last->randomness))
			c->randomness = (struct pubkey){ 0 };
	}
	if (!pubkey_is_zero(&c->randomness))
		return;
	account_key_free(c->new_account);
	c->new_account = account_key_new();
	c->randomness = *account_key_pubkey(c->new_account);
}

static void on_account(struct task *task, const struct reply *reply)
{
	struct canary *c = container_of(
		container_of(container_of(task, struct rpc_call, task), struct subject, rpc), struct canary, s);
	struct engine *e = c->s.e;
	const struct rpc_accounts *got = reply->data;

	attempts_note(&c->facts.own.read, e->around.now_ms, reply->err == ERR_OK);
	subject_wake(&c->s);
	if (reply->err != ERR_OK || !engine_saw_slot(e, got->at, c->s.rpc.endpoint))
		return;
	c->facts.at = got->at;
	c->facts.read_ms = e->around.now_ms;
	c->facts.presence = ABSENT;
	if (got->account[0].exists && pubkey_equal(&got->account[0].owner, &e->policy.switchboard.program) &&
		sb_randomness_decode(&c->facts.account, got->account[0].data, got->account[0].len) == ACCOUNT_OK)
		c->facts.presence = PRESENT;
}

static void on_answer(struct task *task, const struct reply *reply)
{
	struct canary *c = container_of(container_of(task, struct gateway_call, task), struct canary, gateway);
	struct engine *e = c->s.e;

	attempts_note(&c->facts.own.ask, e->around.now_ms, reply->err == ERR_OK);
	subject_wake(&c->s);
	if (reply->err == ERR_OK) {
		c->facts.answered_ms = e->around.now_ms;
		c->facts.recommit = (struct attempts){ 0 };
		c->answered_oracle = c->facts.account.oracle;
		return;
	}
	log_warn("canary.silent", "tries=%u err=%s why=%s next=retry", c->facts.own.ask.failures, err_name(reply->err),
		reply->why);
	oracles_silent(e, &c->facts.account.oracle);
}

static void ask(struct canary *c)
{
	const struct sb_randomness *r = &c->facts.account;
	const struct oracle_entry *oracle = oracles_find(c->s.e, &r->oracle);
	struct gateway_question q = {
		.randomness = c->randomness, .seed_slothash = r->seed_slothash, .seed_slot = r->seed_slot
	};

	memcpy(q.uri, oracle->account.gateway_uri, sizeof q.uri);
	memcpy(q.signer, r->has_signer ? r->signer : oracle->account.signer, sizeof q.signer);
	gateway_ask(c->s.e->m.gateway, &c->gateway, &q, on_answer);
}

static bool fill(struct canary *c, enum step step, struct compose *out)
{
	struct engine *e = c->s.e;

	if (!oracles_choose(e, NULL, 0, &c->oracle) || (step == STEP_CANARY_INIT && !c->new_account))
		return false;
	*out = (struct compose){ .net = &e->policy.switchboard,
		.payer = e->policy.dev_wallet,
		.randomness = c->randomness,
		.oracle = c->oracle,
		.recent_slot = e->tip.finalized_slot.n };
	return true;
}

static void open_row(struct canary *c, const struct action *a)
{
	const bool creates = a->step == STEP_CANARY_INIT;
	struct compose tx;
	struct guard guard;

	if (!fill(c, a->step, &tx))
		return;
	guard_for(c->s.e, a->step, &guard);
	guard.randomness = c->randomness;
	c->s.in_step = a->step;
	c->facts.own.ask = (struct attempts){ 0 };
	attempts_note(&c->facts.recommit, c->s.e->around.now_ms, false);
	subject_open(
		&c->s, a, &tx, &guard, creates ? c->new_account : NULL, (struct slot){ creates ? tx.recent_slot : 0 });
}

static void perform(struct canary *c, const struct action *a)
{
	struct engine *e = c->s.e;
	const struct pubkey writable[] = { e->policy.dev_wallet, e->policy.switchboard.queue };
	struct compose tx;

	if (subject_perform(&c->s, a))
		return;
	if (a->kind == ACT_READ)
		rpc_get_accounts(e->m.rpc, any_node(&c->s.rpc), &c->randomness, 1, CONFIRMED,
			c->facts.own.settle.rows.floor, on_account);
	else if (a->kind == ACT_ASK_FEES)
		subject_ask_fees(&c->s, writable, 2);
	else if (a->kind == ACT_ASK_ORACLE)
		ask(c);
	else if (a->kind == ACT_SIMULATE && fill(c, a->step, &tx))
		subject_simulate(&c->s, a, &tx, c->facts.at);
	else if (a->kind == ACT_OPEN)
		open_row(c, a);
}

static void refresh(struct canary *c)
{
	struct engine *e = c->s.e;
	struct pubkey candidate;
	const struct oracle_entry *oracle;

	subject_refresh(&c->s);
	c->facts.wanted = pools_near(e);
	oracle = c->facts.presence == PRESENT ? oracles_find(e, &c->facts.account.oracle) : NULL;
	c->facts.oracle_listed = oracle && oracle->viable;
	c->facts.candidate_known = e->tip.finalized_slot.n != 0 && e->around.blockhash_known &&
	                           oracles_choose(e, NULL, 0, &candidate);
}

/* What the draws need to know: an oracle proven alive within the last minute. */
static void tell(struct canary *c)
{
	struct engine *e = c->s.e;
	struct surroundings *around = &e->around;
	const struct oracle_entry *oracle = oracles_find(e, &c->answered_oracle);
	struct pubkey candidate;

	around->canary_fresh = c->facts.answered_ms != 0 && around->now_ms - c->facts.answered_ms < POLICY_CANARY_MS &&
	                       oracle && oracle->viable;
	around->oracle = c->answered_oracle;
	around->oracle_viable = oracles_choose(e, NULL, 0, &candidate);
}

bool canary_busy(const struct engine *e)
{
	return subject_busy(&e->canary.s) || e->canary.gateway.task.busy;
}

void canary_turn(struct engine *e)
{
	struct canary *c = &e->canary;
	struct action a;

	tell(c);
	if (canary_busy(e))
		return;
	if (!c->s.awake && !(c->s.wake_ms != 0 && e->around.now_ms >= c->s.wake_ms) && c->facts.wanted == pools_near(e))
		return;
	c->s.awake = false;
	c->s.wake_ms = 0;
	if (!pools_near(e) && !subject_unsettled(&c->s)) {
		c->facts.wanted = false;
		return;
	}
	if (!subject_ready(&c->s))
		return;
	find_account(c);
	refresh(c);
	a = decide_canary(&c->facts);
	perform(c, &a);
}
