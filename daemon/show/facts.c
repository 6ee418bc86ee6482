/* The chain's side of the facts of a draw, and the daemon's decision on them. */
#include "show/facts.h"

#include <string.h>

#include "chain/gateway_uri.h"
#include "core/address.h"
#include "core/clock.h"
#include "core/costs.h"
#include "core/draw_view.h"
#include "core/oracle_usable.h"
#include "core/pda.h"
#include "io/loop.h"

enum { AT_POOL, AT_CLOCK, AT_PARTICIPANTS, AT_VAULT, AT_MINT, AT_WALLET, AT_RANDOMNESS, AT_COUNT };

void facts_assume(struct facts *out, const char *what)
{
	if (out->n_assumed < sizeof out->assumed / sizeof out->assumed[0])
		out->assumed[out->n_assumed++] = what;
}

static struct raw_account raw_of(const struct rpc_account *a)
{
	return (struct raw_account){ a->exists, a->owner, a->data, a->len };
}

/* ---- the pool ---- */

static void see_pool(struct facts *out, const struct rpc_account *a, struct slot at)
{
	struct pool_view *view = &out->draw.view;

	view->at = at;
	pool_view_take(
		view, a->exists ? &a->owner : NULL, a->data, a->len, out->record.known ? &out->record.pool_id : NULL);
}

static bool read_pool(struct show *s, struct facts *out)
{
	const struct pubkey keys[] = { out->record.address, ADDRESS_CLOCK };
	const struct rpc_accounts *got = ask_accounts(s, keys, 2, CONFIRMED);
	struct clock_sysvar clock = { 0 };

	if (!got || !clock_decode(&clock, got->account[1].data, got->account[1].len))
		return false;
	see_pool(out, &got->account[0], got->at);
	out->draw.view.chain_s = out->around.chain_s = clock.unix_time;
	out->draw.view.read_ms = out->around.now_ms;
	if (!out->record.known && out->draw.view.kind == VIEW_POOL)
		out->record.pool_id = out->draw.view.pool.pool_id;
	return true;
}

/* ---- everything else of the draw ---- */

static void see_accounts(struct facts *out, const struct rpc_accounts *got)
{
	struct draw_accounts *a = &out->draw.accounts;
	const struct pool_account *pool = &out->draw.view.pool;
	struct raw_account raw[AT_COUNT];
	struct token_mint mint;

	for (size_t i = 0; i < got->n && i < AT_COUNT; i++)
		raw[i] = raw_of(&got->account[i]);
	a->at = got->at;
	a->read_ms = out->around.now_ms;
	a->participants_presence = view_participants(
		&a->participants, &raw[AT_PARTICIPANTS], &out->record.address, pool);
	a->vault = view_token(&raw[AT_VAULT], &pool->mint, &out->record.address, false);
	a->mint_presence = view_mint(&mint, &a->decimals_known, &raw[AT_MINT]);
	if (a->decimals_known) {
		a->decimals = mint.decimals;
		a->token_program = raw[AT_MINT].owner;
	}
	a->wallet.n = got->account[AT_WALLET].lamports;
	if (!pubkey_is_zero(&pool->randomness_account))
		a->randomness_presence = view_randomness(
			&a->randomness, &raw[AT_RANDOMNESS], &out->policy.switchboard.program);
}

static bool read_atas(struct show *s, struct facts *out)
{
	struct draw_accounts *a = &out->draw.accounts;
	const struct pool_account *pool = &out->draw.view.pool;
	const struct rpc_accounts *got;
	struct raw_account dev, treasury;
	struct pubkey keys[2];

	pda_ata(&keys[0], &pool->dev_wallet, &pool->mint, &a->token_program);
	pda_ata(&keys[1], &pool->treasury_wallet, &pool->mint, &a->token_program);
	got = ask_accounts(s, keys, 2, CONFIRMED);
	if (!got)
		return false;
	dev = raw_of(&got->account[0]);
	treasury = raw_of(&got->account[1]);
	a->dev_ata = view_token(&dev, &pool->mint, &pool->dev_wallet, true);
	a->treasury_ata = view_token(&treasury, &pool->mint, &pool->treasury_wallet, true);
	return true;
}

static bool read_accounts(struct show *s, struct facts *out)
{
	const struct pool_account *pool = &out->draw.view.pool;
	const struct pubkey keys[AT_COUNT] = { out->record.address, ADDRESS_CLOCK, pool->participants_account,
		pool->pool_token, pool->mint, out->policy.dev_wallet, pool->randomness_account };
	const struct rpc_accounts *got = ask_accounts(s, keys, AT_COUNT, CONFIRMED);

	if (!got)
		return false;
	see_pool(out, &got->account[AT_POOL], got->at);
	if (out->draw.view.kind != VIEW_POOL)
		return true;
	see_accounts(out, got);
	return read_atas(s, out);
}

/* ---- the surroundings of a draw that is to be bound ---- */

static bool read_oracles(struct show *s, struct facts *out)
{
	const struct pubkey *queue_address = &out->policy.switchboard.queue;
	const struct rpc_accounts *got = ask_accounts(s, queue_address, 1, CONFIRMED);
	struct sb_queue queue;

	if (!got || !got->account[0].exists ||
		sb_queue_decode(&queue, got->account[0].data, got->account[0].len) != ACCOUNT_OK)
		return got != NULL;
	got = queue.n_oracles > 0 ? ask_accounts(s, queue.oracles, queue.n_oracles, CONFIRMED) : NULL;
	for (size_t i = 0; got && i < got->n; i++) {
		const struct rpc_account *a = &got->account[i];
		struct sb_oracle oracle;

		if (a->exists && pubkey_equal(&a->owner, &out->policy.switchboard.program) &&
			sb_oracle_decode(&oracle, a->data, a->len) == ACCOUNT_OK &&
			oracle_usable(&queue, queue_address, &queue.oracles[i], &oracle, out->around.chain_s) &&
			(gateway_uri_public(oracle.gateway_uri, s->config->devnet) ||
				gateway_uri_extra(oracle.gateway_uri, s->config->gateway_hosts)))
			out->around.oracle_viable = true;
	}
	out->around.canary_fresh = true;
	facts_assume(out, "an oracle's gateway answers the daemon's canary: only the daemon asks it");
	return got != NULL || queue.n_oracles == 0;
}

static bool read_costs(struct show *s, struct facts *out)
{
	struct lamports rent[COST_ACCOUNTS];

	for (size_t i = 0; i < COST_ACCOUNTS; i++)
		if (!ask_rent(s, COST_SIZE[i], &rent[i]))
			return false;
	costs_of(rent, out->policy.price_cap, &out->around.bind_cost, &out->around.draw_cost, &out->around.ata_cost);
	return true;
}

static bool waits_for_bind(const struct facts *out)
{
	const struct pool_view *view = &out->draw.view;

	return view->kind == VIEW_POOL && (view->pool.status == POOL_LOCKED || view->pool.status == POOL_UNLOCKED) &&
	       view->chain_s >= draw_due_s(&view->pool);
}

/* ---- the journal's transactions, as the nodes see them ---- */

static void see_status(struct sight *sight, const struct row *row, const struct rpc_status *status, struct slot at)
{
	*sight = (struct sight){ .of = row->sig,
		.asked = true,
		.found = status->found,
		.confirmed = status->confirmed,
		.finalized = status->finalized,
		.failed = status->failed,
		.failure = status->failure,
		.landed = status->landed,
		.at = at };
}

static bool read_sights(struct show *s, struct facts *out)
{
	struct settle_facts *settle = &out->draw.own.settle;
	struct signature sigs[ROWS_MAX];
	const struct rpc_statuses *got;
	struct rpc_epoch finalized, confirmed;

	if (!ask_epoch(s, FINALIZED, &finalized) || !ask_epoch(s, CONFIRMED, &confirmed))
		return false;
	settle->tip = (struct tip){ finalized.slot, finalized.height, confirmed.slot, confirmed.height };
	if (settle->rows.n == 0)
		return true;
	for (unsigned i = 0; i < settle->rows.n; i++)
		sigs[i] = settle->rows.row[i].sig;
	got = ask_statuses(s, sigs, settle->rows.n);
	for (unsigned i = 0; got && i < settle->rows.n; i++)
		see_status(&settle->sight[i], &settle->rows.row[i], &got->status[i], got->at);
	return got != NULL;
}

/* ---- together ---- */

void facts_begin(struct show *s, struct facts *out)
{
	*out = (struct facts){ .n_assumed = 0 };
	out->policy = s->config->policy;
	out->draw.policy = &out->policy;
	out->draw.around = &out->around;
	out->around.now_ms = loop_mono_ms();
	out->around.leader = out->around.audit_clear = true;
	out->around.journal_ok_ms = out->around.now_ms;
	out->draw.own.settle.now_ms = out->draw.own.settle.sent_ms = out->around.now_ms;
	out->draw.own.settle.resend_ms = POLICY_RESEND_MS;
	out->draw.own.settle.witnesses = s->config->n_rpc_urls > 1 ? 2 : 1;
	out->draw.own.price_known = true;
	out->draw.account_picked = out->draw.rescue_possible = true;
}

/* This process holds no key: whose daemon it is says the journal. */
void facts_choose_wallets(struct facts *out)
{
	const struct pool_account *pool = &out->draw.view.pool;

	out->policy.dev_wallet = out->keeper.wallet;
	if (pubkey_is_zero(&out->keeper.wallet)) {
		out->policy.dev_wallet = pool->dev_wallet;
		facts_assume(out, "the pool's dev wallet is the daemon's: the journal does not tell its wallet");
	}
	if (pubkey_is_zero(&out->policy.treasury)) {
		out->policy.treasury = pool->treasury_wallet;
		facts_assume(out, "the pool's treasury is ours: TREASURY_WALLET_PUBKEY is not set");
	}
}

void facts_read(struct show *s, const struct show_pool *pool, struct facts *out)
{
	facts_begin(s, out);
	facts_read_record(s, pool, out);
	if (!out->record.known)
		out->record.pool_id = pool->pool_id;
	out->chain = read_pool(s, out);
	if (out->draw.view.kind == VIEW_POOL && out->chain) {
		facts_choose_wallets(out);
		out->chain = read_accounts(s, out);
	}
	facts_read_journal(s, out);
	out->draw.recorded = out->record.paid_at != 0;
	out->chain = out->chain && (!waits_for_bind(out) || (read_oracles(s, out) && read_costs(s, out))) &&
	             read_sights(s, out);
	if (!out->journal) {
		facts_assume(out, "no transaction of the daemon is out, and it may bind: the journal is away");
		out->draw.creator.known = out->draw.sponsors.known = out->draw.watch.known = true;
		out->draw.sponsors.read_ms = out->around.now_ms;
	}
	out->decided = out->chain;
	out->around.now_ms = out->draw.own.settle.now_ms = out->draw.view.read_ms = out->draw.accounts.read_ms;
	if (out->decided)
		out->action = decide_draw(&out->draw);
	if (out->action.kind == ACT_SIMULATE)
		facts_assume(
			out, "a node's simulation of that step succeeds: else the daemon logs tx.simulation_failed");
}
