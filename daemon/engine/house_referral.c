/* Claims of referrers: which there are, and reading what pays for one of them at one finalized slot (R10). */
#include <inttypes.h>

#include "base/log.h"
#include "core/pda.h"
#include "engine/parts.h"

/* Off: what is out is in memory, and only another keeper could add to it. */
enum { REFERRALS_EVERY_MS = 5000, REFERRALS_OFF_MS = 600000, REFERRALS_SOON_MS = 1000 };
enum { AT_MINT, AT_WALLET, AT_FROM, AT_TO, AT_MAX };

void house_referrals_init(struct engine *e)
{
	referral_call_init(&e->house.referrals.list);
}

void house_referrals_fini(struct engine *e)
{
	referral_call_fini(&e->house.referrals.list);
}

bool house_referrals_busy(const struct engine *e)
{
	return e->house.referrals.list.task.busy;
}

void house_referrals_soon(struct engine *e)
{
	const uint64_t at = e->around.now_ms + REFERRALS_SOON_MS;

	if (e->house.referrals.due_ms > at)
		e->house.referrals.due_ms = at;
}

/* ---- the list ---- */

static void take(struct engine *e, const struct referral_row *row)
{
	struct chore *c;

	if (row->news)
		log_error("referral.mismatch", "subject=%s why=\"%s\" next=human", row->subject.text,
			REASONS[WAIT_REFERRAL_CHANGED].text);
	c = row->work ? house_chore(e, &row->subject, &CHORE_REFERRAL) : NULL;
	if (!c)
		return;
	c->address = row->wallet;
	c->mint = row->mint;
	c->referral.amount = row->units;
	c->referral.obstacle = row->obstacle;
	subject_wake(&c->s);
}

static void on_list(struct task *task, const struct reply *reply)
{
	struct referral_call *call = container_of(task, struct referral_call, task);
	struct referrals *r = container_of(call, struct referrals, list);
	struct engine *e = container_of(container_of(r, struct house, referrals), struct engine, house);

	if (reply->err != ERR_OK) {
		log_warn("referral.list_failed", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
		r->due_ms = e->around.now_ms + REFERRALS_EVERY_MS;
		return;
	}
	house_unlist(e, &CHORE_REFERRAL);
	for (size_t i = 0; i < call->n; i++)
		take(e, &call->row[i]);
}

/* A period begins only after an audit: what the treasury's key signs from then on is neither history nor old news. */
static enum referral_switch wanted(const struct engine *e)
{
	if (!e->policy.pay_referrals)
		return REFERRALS_OFF;
	return audit_through(e) ? REFERRALS_ON : REFERRALS_AS_THEY_ARE;
}

void house_referrals_turn(struct engine *e)
{
	struct referrals *r = &e->house.referrals;
	const struct referral_terms terms = { .payouts = wanted(e),
		.treasury = e->policy.treasury,
		.max_units = e->policy.referral_max_units,
		.max_per_day = e->policy.referral_max_per_day };

	if (!e->around.leader || e->policy.dry_run || e->around.stopping || e->tick.fence == 0 ||
		e->counters.ticks == 0 || e->around.journal_down_since_ms != 0 || r->list.task.busy ||
		(r->fence == e->tick.fence && e->around.now_ms < r->due_ms))
		return;
	r->fence = e->tick.fence;
	r->due_ms = e->around.now_ms + (terms.payouts == REFERRALS_ON           ? REFERRALS_EVERY_MS
					       : terms.payouts == REFERRALS_OFF ? REFERRALS_OFF_MS
										: REFERRALS_SOON_MS);
	referrals_work(e->m.journal, &r->list, &terms, on_list);
}

/* ---- one claim ---- */

/* The mint's owner is the token program, and from it hang the token accounts: the first answer finds them. True: this one was
 * about all of them. */
static bool addresses_known(struct chore *c, const struct rpc_account *mint)
{
	struct pubkey from;

	pda_ata(&from, &c->payer, &c->mint, &mint->owner);
	if (pubkey_equal(&c->treasury_ata, &from))
		return true;
	c->token_program = mint->owner;
	c->treasury_ata = from;
	pda_ata(&c->vault, &c->address, &c->mint, &mint->owner);
	return false;
}

static void see_accounts(struct chore *c, const struct rpc_accounts *got)
{
	struct referral_facts *f = &c->referral;

	f->from = token_view_of(&got->account[AT_FROM], &c->mint, &c->payer, true);
	f->to = token_view_of(&got->account[AT_TO], &c->mint, &c->address, true);
	f->wallet.n = got->account[AT_WALLET].lamports;
	f->chore.at = got->at;
	f->chore.read_ms = c->s.e->around.now_ms;
}

static void on_accounts(struct task *task, const struct reply *reply)
{
	struct chore *c = container_of(
		container_of(container_of(task, struct rpc_call, task), struct subject, rpc), struct chore, s);
	struct engine *e = c->s.e;
	const struct rpc_accounts *got = reply->data;

	attempts_note(&c->facts->own.read, e->around.now_ms, reply->err == ERR_OK);
	subject_wake(&c->s);
	if (reply->err != ERR_OK || !engine_saw_slot(e, got->at, c->s.rpc.endpoint))
		return;
	c->referral.mint = mint_of(&got->account[AT_MINT], &c->decimals);
	if (c->referral.mint != PRESENT || addresses_known(c, &got->account[AT_MINT]))
		see_accounts(c, got);
}

static struct pubkey or_mint(const struct chore *c, const struct pubkey *key)
{
	return pubkey_is_zero(key) ? c->mint : *key;
}

static void read_accounts(struct chore *c)
{
	struct pubkey keys[AT_MAX];

	keys[AT_MINT] = c->mint;
	keys[AT_WALLET] = c->payer;
	keys[AT_FROM] = or_mint(c, &c->treasury_ata);
	keys[AT_TO] = or_mint(c, &c->vault);
	rpc_get_accounts(c->s.e->m.rpc, any_node(&c->s.rpc), keys, AT_MAX, FINALIZED, c->facts->own.settle.rows.floor,
		on_accounts);
}

/* Nothing of it is open: the guard has the receiver and the amount. */
static void fill(const struct chore *c, struct compose *out, struct guard *guard)
{
	out->mint = guard->mint = c->mint;
	out->token_program = guard->token_program = c->token_program;
	out->recipient = guard->recipient = c->address;
	out->winner_amount = guard->pass_on_amount = c->referral.amount;
	out->decimals = guard->pass_on_decimals = c->decimals;
	guard->payer = c->payer;
}

static struct action decide(struct chore *c)
{
	struct referral_facts *f = &c->referral;
	const struct house *h = &c->s.e->house;

	f->cost = c->s.e->rents.known ? costs_claim(c->s.e->rents.rent, c->s.e->policy.price_cap)
	                              : (struct lamports){ 0 };
	f->others = 0;
	f->also_out = 0;
	for (size_t i = 0; i < h->n; i++) {
		const struct chore *o = h->chore[i];

		if (o == c || o->kind != &CHORE_REFERRAL || !chore_under_way(o))
			continue;
		f->others++;
		if (pubkey_equal(&o->mint, &c->mint))
			f->also_out += o->referral.amount;
	}
	return decide_referral(f);
}

/* Paid: its place is for the next one. What only left the list asks for nothing, or many that wait would ask without end. */
static bool end(struct chore *c)
{
	if (c->s.reason == WAIT_OVER)
		house_referrals_soon(c->s.e);
	return true;
}

const struct chore_kind CHORE_REFERRAL = { decide, read_accounts, fill, end };
