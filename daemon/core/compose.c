/* Builds the instruction list of each step in the order that STEPS describes. */
#include "core/compose.h"

#include "core/address.h"
#include "core/ata.h"
#include "core/compute.h"
#include "core/ml.h"
#include "core/pda.h"
#include "core/token.h"

enum { COMPOSE_IXS_MAX = 9, UNIT_LIMIT_MAX = 1400000, UNIT_LIMIT_MIN = 20000 };

struct list {
	struct ix ix[COMPOSE_IXS_MAX];
	size_t n;
};

static struct ix *next(struct list *list)
{
	return &list->ix[list->n++];
}

static void accounts_of(struct ml_accounts *out, const struct compose *c)
{
	*out = (struct ml_accounts){ 0 };
	out->of[ML_POOL] = c->pool;
	out->of[ML_USER] = c->payer;
	out->of[ML_MINT] = c->account->mint;
	out->of[ML_POOL_TOKEN] = c->account->pool_token;
	out->of[ML_PARTICIPANTS] = c->account->participants_account;
	out->of[ML_RANDOMNESS] = c->randomness;
	out->of[ML_DEV_TOKEN] = c->dev_ata;
	out->of[ML_TREASURY_TOKEN] = c->treasury_ata;
	out->of[ML_CLOSE_TARGET] = c->account->treasury_wallet;
	out->of[ML_TOKEN_PROGRAM] = c->token_program;
}

static void add_ml(struct list *list, enum ml_ix which, const struct compose *c)
{
	struct ml_accounts accounts;

	accounts_of(&accounts, c);
	ml_build(next(list), which, &accounts, NULL);
}

static void add_reveal(struct list *list, const struct compose *c)
{
	sb_reveal(next(list), c->net, &c->randomness, &c->oracle, &c->payer, &c->payer, c->answer);
}

static void add_payout(struct list *list, const struct compose *c)
{
	const struct pubkey *mint = &c->account->mint;
	const bool pass_on = !pubkey_is_zero(&c->recipient);
	struct ml_accounts accounts;
	struct pubkey recipient_ata;

	if (c->make_dev_ata)
		ata_create_idempotent(
			next(list), &c->payer, &c->dev_ata, &c->account->dev_wallet, mint, &c->token_program);
	if (c->make_treasury_ata)
		ata_create_idempotent(
			next(list), &c->payer, &c->treasury_ata, &c->account->treasury_wallet, mint, &c->token_program);
	if (pass_on) {
		pda_ata(&recipient_ata, &c->recipient, mint, &c->token_program);
		ata_create_idempotent(next(list), &c->payer, &recipient_ata, &c->recipient, mint, &c->token_program);
	}
	accounts_of(&accounts, c);
	accounts.of[ML_WINNER_PUBKEY] = c->winner;
	pda_ata(&accounts.of[ML_WINNER_TOKEN], &c->winner, mint, &c->token_program);
	ml_build(next(list), ML_PAYOUT_WINNER, &accounts, NULL);
	if (pass_on)
		token_transfer_checked(next(list), &c->token_program, &accounts.of[ML_WINNER_TOKEN], mint,
			&recipient_ata, &c->winner, c->winner_amount, c->decimals);
}

/* Fee, rent of the receiver's token account and the amount: all of it is the treasury's. */
static void add_referral(struct list *list, const struct compose *c)
{
	struct pubkey from, to;

	pda_ata(&from, &c->payer, &c->mint, &c->token_program);
	pda_ata(&to, &c->recipient, &c->mint, &c->token_program);
	ata_create_idempotent(next(list), &c->payer, &to, &c->recipient, &c->mint, &c->token_program);
	token_transfer_checked(
		next(list), &c->token_program, &from, &c->mint, &to, &c->payer, c->winner_amount, c->decimals);
}

static void add_bind(struct list *list, const struct compose *c)
{
	if (c->unlock)
		add_ml(list, ML_UNLOCK_POOL, c);
	if (c->init)
		sb_init(next(list), c->net, &c->randomness, &c->payer, &c->payer, c->recent_slot);
	sb_commit(next(list), c->net, &c->randomness, &c->oracle, &c->payer);
	add_ml(list, ML_REQUEST_RANDOMNESS, c);
}

static void add_step(struct list *list, enum step step, const struct compose *c)
{
	switch (step) {
	case STEP_BIND:
		add_bind(list, c);
		break;
	case STEP_CANARY_INIT:
		sb_init(next(list), c->net, &c->randomness, &c->payer, &c->payer, c->recent_slot);
		sb_commit(next(list), c->net, &c->randomness, &c->oracle, &c->payer);
		break;
	case STEP_RECOMMIT:
	case STEP_CANARY_COMMIT:
		sb_commit(next(list), c->net, &c->randomness, &c->oracle, &c->payer);
		break;
	case STEP_DRAW:
		add_reveal(list, c);
		add_ml(list, ML_SELECT_WINNER, c);
		add_payout(list, c);
		break;
	case STEP_REVEAL_SELECT:
		add_reveal(list, c);
		add_ml(list, ML_SELECT_WINNER, c);
		break;
	case STEP_SELECT:
		add_ml(list, ML_SELECT_WINNER, c);
		break;
	case STEP_PAYOUT:
		add_payout(list, c);
		break;
	case STEP_CREATE_ATA:
		ata_create_idempotent(next(list), &c->payer, &c->ata, &c->ata_owner, &c->mint, &c->token_program);
		break;
	case STEP_CLOSE_RANDOMNESS:
		sb_close(next(list), c->net, &c->randomness, &c->payer, c->lut_slot);
		break;
	case STEP_SWEEP:
		add_ml(list, ML_SWEEP_EXPIRED_POOL, c);
		break;
	case STEP_FINALIZE:
		add_ml(list, ML_FINALIZE_FORFEITED_POOL, c);
		break;
	case STEP_CLAIM_RENT:
		add_ml(list, ML_CLAIM_RENT, c);
		break;
	case STEP_PAY_REFERRAL:
		add_referral(list, c);
		break;
	case STEP_ANCHOR:
		memo_build(next(list), &c->payer, &c->anchor);
		break;
	case STEP_COUNT:
		break;
	}
}

enum tx_result compose_step(struct tx *out, enum step step, const struct compose *c)
{
	struct list list;

	list.n = 0;
	compute_limit(next(&list), c->unit_limit);
	compute_price(next(&list), c->unit_price);
	add_step(&list, step, c);
	return tx_compile(out, &c->payer, &c->blockhash, list.ix, list.n);
}

/* Of our own transactions: what is for none of the others is for the oracles' program, whose id depends on the network. */
static enum ix_program program_kind(const struct pubkey *program)
{
	if (pubkey_equal(program, &ADDRESS_COMPUTE_BUDGET))
		return IX_OF_BUDGET;
	if (pubkey_equal(program, &ADDRESS_ML))
		return IX_OF_ML;
	if (pubkey_equal(program, &ADDRESS_ATA))
		return IX_OF_ATA;
	if (pubkey_equal(program, &ADDRESS_MEMO))
		return IX_OF_MEMO;
	if (pubkey_equal(program, &ADDRESS_TOKEN) || pubkey_equal(program, &ADDRESS_TOKEN_2022))
		return IX_OF_TOKEN;
	return IX_OF_SB;
}

enum ix_kind compose_kind_at(enum step step, const uint8_t *tx, size_t len, int ix)
{
	const struct step_def *def = &STEPS[step];
	struct tx_view view;
	struct pubkey program;
	struct bytes data;

	if (tx_parse(&view, tx, len) != TX_OK || ix < 0 || ix >= view.n_ixs ||
		!tx_view_key(&view, view.ixs[ix].program, NULL, 0, &program))
		return IX_KINDS;
	data = tx_view_ix_data(&view, &view.ixs[ix]);
	for (unsigned i = 0; i < def->n_slots; i++)
		if (ix_kind_program(def->slots[i].kind) == program_kind(&program) &&
			ix_kind_is(def->slots[i].kind, data))
			return def->slots[i].kind;
	return IX_KINDS;
}

uint32_t compose_fixed_limit(enum step step)
{
	switch (step) {
	case STEP_BIND:
	case STEP_CANARY_INIT:
		return 400000;
	case STEP_DRAW:
		return 600000;
	case STEP_REVEAL_SELECT:
		return 300000;
	case STEP_PAYOUT:
		return 400000;
	case STEP_RECOMMIT:
	case STEP_SELECT:
	case STEP_CREATE_ATA:
	case STEP_CANARY_COMMIT:
	case STEP_CLOSE_RANDOMNESS:
	case STEP_SWEEP:
	case STEP_FINALIZE:
	case STEP_CLAIM_RENT:
	case STEP_PAY_REFERRAL:
	case STEP_ANCHOR:
	case STEP_COUNT:
		break;
	}
	return 200000;
}

/* Twice the simulation: 1.3 times was reported too tight for this oracle, and unused units cost only priority fee. */
uint32_t compose_limit(uint64_t simulated_units)
{
	const uint64_t limit = simulated_units * 2;

	if (simulated_units > UNIT_LIMIT_MAX / 2)
		return UNIT_LIMIT_MAX;
	return limit < UNIT_LIMIT_MIN ? UNIT_LIMIT_MIN : (uint32_t)limit;
}
