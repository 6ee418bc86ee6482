/* Token accounts that payouts need and that do not exist: made once, whatever the number of draws that wait for them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "core/base58.h"
#include "core/pda.h"
#include "engine/parts.h"

static struct ata *find(const struct atas *atas, const struct pubkey *address)
{
	for (size_t i = 0; i < atas->n; i++)
		if (pubkey_equal(&atas->list[i]->address, address))
			return atas->list[i];
	return NULL;
}

static void free_one(struct ata *a)
{
	subject_fini(&a->s);
	free(a);
}

void atas_want(struct engine *e, const struct pubkey *owner, const struct pubkey *mint,
	const struct pubkey *token_program, const struct pubkey *creator)
{
	struct pubkey address;
	struct ata *a;
	char text[PUBKEY_TEXT];

	pda_ata(&address, owner, mint, token_program);
	if (find(&e->atas, &address) || e->atas.n == ATAS_MAX)
		return;
	a = calloc(1, sizeof *a);
	if (!a)
		abort();
	a->address = address;
	a->owner = *owner;
	a->mint = *mint;
	a->token_program = *token_program;
	a->facts.policy = &e->policy;
	a->facts.around = &e->around;
	a->facts.wanted = true;
	base58_pubkey(text, &address);
	snprintf(a->s.key.text, sizeof a->s.key.text, "ata:%s", text);
	subject_init(&a->s, e, &a->facts.own);
	a->s.creator = *creator;
	e->atas.list[e->atas.n++] = a;
}

static void on_account(struct task *task, const struct reply *reply)
{
	struct ata *a = container_of(
		container_of(container_of(task, struct rpc_call, task), struct subject, rpc), struct ata, s);
	const struct rpc_accounts *got = reply->data;

	attempts_note(&a->facts.own.read, a->s.e->around.now_ms, reply->err == ERR_OK);
	subject_wake(&a->s);
	if (reply->err != ERR_OK || !engine_saw_slot(a->s.e, got->at, a->s.rpc.endpoint))
		return;
	a->facts.at = got->at;
	a->facts.read_ms = a->s.e->around.now_ms;
	a->facts.wallet.n = got->account[1].lamports;
	a->facts.presence = got->account[0].exists && got->account[0].len > 0 ? PRESENT : ABSENT;
}

static void fill(const struct ata *a, struct compose *c)
{
	*c = (struct compose){ .net = &a->s.e->policy.switchboard,
		.payer = a->s.e->policy.dev_wallet,
		.token_program = a->token_program,
		.mint = a->mint,
		.ata_owner = a->owner,
		.ata = a->address };
}

static void open_row(struct ata *a, const struct action *action)
{
	struct compose c;
	struct guard guard;

	fill(a, &c);
	guard_for(a->s.e, STEP_CREATE_ATA, &guard);
	guard.mint = a->mint;
	guard.token_program = a->token_program;
	a->s.in_step = STEP_CREATE_ATA;
	spending_opened(a->s.e, &a->s.creator, STEP_CREATE_ATA);
	subject_open(&a->s, action, &c, &guard, NULL, (struct slot){ 0 });
}

static void perform(struct ata *a, const struct action *action)
{
	const struct pubkey touched[] = { a->address, a->s.e->policy.dev_wallet };
	struct compose c;

	if (subject_perform(&a->s, action))
		return;
	if (action->kind == ACT_READ) {
		rpc_get_accounts(a->s.e->m.rpc, any_node(&a->s.rpc), touched, 2, CONFIRMED,
			a->facts.own.settle.rows.floor, on_account);
	} else if (action->kind == ACT_ASK_FEES) {
		subject_ask_fees(&a->s, touched, 2);
	} else if (action->kind == ACT_SIMULATE) {
		fill(a, &c);
		subject_simulate(&a->s, action, &c, a->facts.at);
	} else {
		open_row(a, action);
	}
}

static void refresh(struct ata *a)
{
	struct engine *e = a->s.e;

	subject_refresh(&a->s);
	e->around.bound = engine_bound_others(e, NULL);
	if (e->policy.creator_day_lamports != 0)
		a->facts.creator = spending_want(e, &a->s.creator);
}

/* Who wanted it asks again once its creator's day has room: until then it takes no place here. */
static bool done_with(const struct ata *a)
{
	return !subject_busy(&a->s) && a->s.loaded && (a->s.reason == WAIT_OVER || a->s.reason == WAIT_CREATOR_CAP) &&
	       !subject_unsettled(&a->s);
}

static void advance(struct ata *a)
{
	struct action action;

	if (subject_busy(&a->s))
		return;
	a->s.awake = false;
	a->s.wake_ms = 0;
	if (!subject_ready(&a->s))
		return;
	refresh(a);
	action = decide_ata(&a->facts);
	perform(a, &action);
}

void atas_turn(struct engine *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->atas.n; i++) {
		struct ata *a = e->atas.list[i];

		if (a->s.awake || (a->s.wake_ms != 0 && e->around.now_ms >= a->s.wake_ms))
			advance(a);
		if (done_with(a))
			free_one(a);
		else
			e->atas.list[kept++] = a;
	}
	e->atas.n = kept;
}

void atas_free(struct engine *e)
{
	for (size_t i = 0; i < e->atas.n; i++)
		free_one(e->atas.list[i]);
	e->atas.n = 0;
}
