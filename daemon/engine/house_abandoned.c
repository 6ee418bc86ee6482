/* Finds randomness accounts of our key that the journal does not know: the chain's list of them says where to look, never what
 * is there. Each becomes a chore like any other. */
#include "base/log.h"
#include "engine/parts.h"

enum { RECOVER_EVERY_MS = 3600000, RECOVER_RETRY_MS = 60000 };

void house_recover_init(struct engine *e)
{
	rpc_call_init(&e->house.recover.list);
	house_call_init(&e->house.recover.ask);
}

void house_recover_fini(struct engine *e)
{
	rpc_call_fini(&e->house.recover.list);
	house_call_fini(&e->house.recover.ask);
}

bool house_recover_busy(const struct engine *e)
{
	return e->house.recover.list.task.busy || e->house.recover.ask.task.busy;
}

static void end_round(struct engine *e, uint64_t pause_ms)
{
	e->house.recover.stage = RECOVER_IDLE;
	e->house.recover.due_ms = e->around.now_ms + pause_ms;
}

/* Said once, until somebody lists them again: everything else goes on without. */
static void no_list(struct engine *e, const struct reply *reply)
{
	struct recover *r = &e->house.recover;
	const unsigned all = (1U << rpc_endpoint_count(e->m.rpc)) - 1;

	r->asked |= 1U << r->endpoint;
	if (reply->err == ERR_REFUSED)
		r->refused |= 1U << r->endpoint;
	r->endpoint = (int)(((size_t)r->endpoint + 1) % rpc_endpoint_count(e->m.rpc));
	if (r->asked != all)
		return; /* the next one is asked in the same round */
	if (!r->told)
		log_warn("house.recover_failed", "err=%s why=%s next=retry hint=\"%s\"", err_name(reply->err),
			reply->why, "RECOVER_RANDOMNESS needs an endpoint that answers getProgramAccounts");
	r->told = true;
	end_round(e, r->refused == all ? RECOVER_EVERY_MS : RECOVER_RETRY_MS);
}

static void on_list(struct task *task, const struct reply *reply)
{
	struct recover *r = container_of(container_of(task, struct rpc_call, task), struct recover, list);
	struct engine *e = container_of(container_of(r, struct house, recover), struct engine, house);

	if (reply->err != ERR_OK) {
		no_list(e, reply);
		return;
	}
	r->told = false;
	r->program = reply->data;
	r->next = r->n = 0;
	r->stage = RECOVER_PAGES;
}

static void on_page(struct task *task, const struct reply *reply)
{
	struct house_call *call = container_of(task, struct house_call, task);
	struct recover *r = container_of(call, struct recover, ask);
	struct engine *e = container_of(container_of(r, struct house, recover), struct engine, house);

	if (reply->err != ERR_OK) {
		log_warn("house.recover_failed", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
		end_round(e, RECOVER_RETRY_MS);
		return;
	}
	for (size_t i = 0; i < call->n && r->n < RECOVER_PAGE; i++)
		r->row[r->n++] = call->row[i];
	house_add_abandoned(e);
}

void house_add_abandoned(struct engine *e)
{
	for (size_t i = 0; i < e->house.recover.n; i++)
		house_add(e, &e->house.recover.row[i]);
}

void house_let_go(struct engine *e, const struct pubkey *account)
{
	struct recover *r = &e->house.recover;

	for (size_t i = 0; i < r->n; i++)
		if (pubkey_equal(&r->row[i].address, account))
			r->row[i--] = r->row[--r->n];
}

/* The page before is done with. */
static void next_page(struct engine *e)
{
	struct recover *r = &e->house.recover;
	struct pubkey account[RECOVER_PAGE];
	size_t n = 0;

	for (; r->next < r->program->n && n < RECOVER_PAGE; r->next++)
		account[n++] = r->program->account[r->next].address;
	if (n == 0)
		end_round(e, RECOVER_EVERY_MS);
	else
		house_abandoned(e->m.journal, &r->ask, account, n, POLICY_CHORE_FAILURES, on_page);
}

/* After the first look at all pools, and never while Postgres is away: draws come first. */
void house_recover_turn(struct engine *e)
{
	struct recover *r = &e->house.recover;

	if (!e->policy.recover_randomness || !e->around.leader || e->policy.dry_run || e->around.stopping ||
		e->counters.ticks == 0 || e->around.journal_down_since_ms != 0 || house_recover_busy(e))
		return;
	if (r->stage == RECOVER_IDLE && e->around.now_ms >= r->due_ms) {
		r->asked = r->refused = 0;
		r->stage = RECOVER_LIST;
	}
	if (r->stage == RECOVER_LIST) {
		r->list.endpoint = r->endpoint;
		rpc_get_program(e->m.rpc, &r->list, &e->policy.switchboard.program, SB_RANDOMNESS_SIZE,
			SB_RANDOMNESS_AUTHORITY_OFFSET, &e->policy.dev_wallet, on_list);
	} else if (r->stage == RECOVER_PAGES && r->n == 0) {
		next_page(e);
	}
}
