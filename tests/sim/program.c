/* The programs: executes a transaction's bytes. STRICT checks what the real ones check, PERMISSIVE lets everything through. */
#include <string.h>

#include "base/bytes.h"
#include "core/address.h"
#include "core/draw.h"
#include "core/ml.h"
#include "core/pda.h"
#include "core/token.h"
#include "core/tx.h"
#include "sim/sim.h"

enum {
	COMMIT_MAX_AGE = 300,
	DEADLINE = 3000,
	RECENT_SLOTS = 512,
	E_IN_USE = 0,        /* system program: the account exists already */
	E_CONSTRAINT = 2001, /* from here on as the programs number them */
	E_NO_ACCOUNT = 3012,
	E_ORACLE = 6001,
	E_SIGNATURE = 6016,
	E_RANDOMNESS_ACCOUNT = 6018,
	E_STATUS = 6021,
	E_ALREADY_SET = 6022,
	E_RANDOMNESS = 6026,
	E_STILL_LOCKED = 6031,
	E_VAULT = 6036,
	E_WINNER = 6037,
	E_DELEGATE = 6040,
	E_PAUSED = 6042,
	E_EXPIRED = 6047,
	E_ENDED = 6056,
	OK = -1,
};

struct run {
	struct state *s;
	const struct block *block, *before;
	struct effects *effects;
	struct tx_view view;
	const struct tx_ix *ix;
	bool strict, alone; /* alone: nothing but the compute budget stands beside this instruction */
};

#define REQUIRE(run, condition, code)              \
	do {                                       \
		if ((run)->strict && !(condition)) \
			return code;               \
	} while (0)

static struct pubkey account(const struct run *run, int position)
{
	const struct bytes accounts = tx_view_ix_accounts(&run->view, run->ix);
	struct pubkey key = { 0 };

	if (position < 0 || (size_t)position >= accounts.n ||
		!tx_view_key(&run->view, accounts.p[position], NULL, 0, &key))
		return (struct pubkey){ 0 };
	return key;
}

struct rand_state *state_rand(struct state *s, const struct pubkey *address)
{
	for (unsigned i = 0; i < s->n_rands; i++)
		if (pubkey_equal(&s->rand[i].address, address))
			return &s->rand[i];
	return NULL;
}

/* ---- Switchboard ---- */

static int run_init(struct run *run, struct bytes data)
{
	const struct pubkey address = account(run, 0);
	const uint64_t recent = load_u64(data.p + 8);
	struct rand_state *r = state_rand(run->s, &address);

	REQUIRE(run, !r, E_IN_USE);
	REQUIRE(run, recent < run->block->slot.n && recent + RECENT_SLOTS >= run->block->slot.n, E_CONSTRAINT);
	if (!r && run->s->n_rands == RANDS_MAX)
		return E_CONSTRAINT;
	if (!r)
		r = &run->s->rand[run->s->n_rands++];
	*r = (struct rand_state){ .address = address, .authority = account(run, 2), .lut_slot = recent };
	return OK;
}

int pool_bound_to(const struct state *s, const struct pubkey *randomness)
{
	for (unsigned i = 0; i < world.n_pools; i++)
		if (s->pool[i].status == POOL_RANDOMNESS_COMMITTED && pubkey_equal(&s->pool[i].randomness, randomness))
			return (int)i;
	return -1;
}

static int run_commit(struct run *run)
{
	const struct pubkey address = account(run, 0), oracle = account(run, 2);
	const struct sim_oracle *o = oracle_find(&oracle);
	struct rand_state *r = state_rand(run->s, &address);

	if (!r)
		return E_NO_ACCOUNT;
	REQUIRE(run, o && o->verified && run->block->ms >= o->verified_ms, E_ORACLE);
	if (r->seed_slot != 0 && r->reveal_slot == 0 && pool_bound_to(run->s, &address) >= 0) {
		run->effects->replaced = true;
		run->effects->old = *r;
	}
	r->oracle = oracle;
	r->seed_slot = run->before->slot.n;
	r->seed_slothash = run->before->hash;
	r->reveal_slot = 0;
	memset(r->value, 0, sizeof r->value);
	return OK;
}

static int run_reveal(struct run *run, struct bytes data)
{
	const struct pubkey address = account(run, 0), oracle = account(run, 1);
	struct rand_state *r = state_rand(run->s, &address);
	struct oracle_answer answer;

	if (!r)
		return E_NO_ACCOUNT;
	memcpy(answer.signature, data.p + 8, sizeof answer.signature);
	answer.recovery_id = data.p[72];
	memcpy(answer.value, data.p + 73, sizeof answer.value);
	REQUIRE(run, r->seed_slot != 0 && r->reveal_slot == 0, E_CONSTRAINT);
	REQUIRE(run, pubkey_equal(&r->oracle, &oracle), E_CONSTRAINT);
	REQUIRE(run, oracle_accepted(r, &answer), E_SIGNATURE);
	r->reveal_slot = run->block->slot.n;
	memcpy(r->value, answer.value, sizeof r->value);
	return OK;
}

/* An account that is gone has no address. */
static int run_close(struct run *run)
{
	const struct pubkey address = account(run, 0);
	struct rand_state *r = state_rand(run->s, &address);

	if (!r)
		return E_NO_ACCOUNT;
	run->effects->orphaned = pool_bound_to(run->s, &address);
	*r = (struct rand_state){ 0 };
	return OK;
}

/* ---- ml ---- */

static int run_unlock(struct run *run, int pool)
{
	struct pool_state *p = &run->s->pool[pool];
	const struct pool_account *terms = &world.pool[pool].terms;

	REQUIRE(run, !p->paused, E_PAUSED);
	REQUIRE(run, p->status == POOL_LOCKED, E_STATUS);
	REQUIRE(run, run->block->unix_s >= terms->lock_start_time + terms->lock_duration, E_STILL_LOCKED);
	p->status = POOL_UNLOCKED;
	p->unlock_time = run->block->unix_s;
	return OK;
}

static int run_request(struct run *run, int pool)
{
	const struct pubkey address = account(run, ml_position(ML_REQUEST_RANDOMNESS, ML_RANDOMNESS));
	struct pool_state *p = &run->s->pool[pool];
	const struct rand_state *r = state_rand(run->s, &address);

	if (!r)
		return E_RANDOMNESS_ACCOUNT;
	REQUIRE(run, !p->paused, E_PAUSED);
	REQUIRE(run, p->status == POOL_UNLOCKED, E_STATUS);
	REQUIRE(run, pubkey_is_zero(&p->randomness), E_ALREADY_SET);
	REQUIRE(run, r->seed_slot <= run->block->slot.n && r->seed_slot + COMMIT_MAX_AGE >= run->block->slot.n,
		E_RANDOMNESS);
	p->status = POOL_RANDOMNESS_COMMITTED;
	p->randomness = address;
	p->commit_slot = run->block->slot.n;
	run->effects->bind = pool;
	return OK;
}

static int run_select(struct run *run, int pool)
{
	const struct pubkey address = account(run, ml_position(ML_SELECT_WINNER, ML_RANDOMNESS));
	struct pool_state *p = &run->s->pool[pool];
	const struct rand_state *r = state_rand(run->s, &address);
	struct drawn drawn;

	REQUIRE(run, !p->paused, E_PAUSED);
	REQUIRE(run, p->status < POOL_ENDED, E_ENDED);
	REQUIRE(run, p->commit_slot == 0 || run->block->slot.n <= p->commit_slot + DEADLINE, E_EXPIRED);
	REQUIRE(run, p->status == POOL_RANDOMNESS_COMMITTED, E_STATUS);
	REQUIRE(run, pubkey_equal(&p->randomness, &address), E_RANDOMNESS_ACCOUNT);
	REQUIRE(run, r && r->reveal_slot != 0, E_RANDOMNESS);
	if (!r || draw_winner(&drawn, world.pool[pool].terms.pool_id, r->value, PLAYERS) != DRAW_OK)
		return E_RANDOMNESS;
	p->status = POOL_WINNER_SELECTED;
	p->winner = world.pool[pool].player[drawn.index];
	p->value = drawn.randomness;
	run->effects->select = pool;
	return OK;
}

static void pay(struct run *run, int pool)
{
	const struct pool_account *terms = &world.pool[pool].terms;
	struct pool_state *p = &run->s->pool[pool];
	struct draw_payout split = { 0 };

	(void)!draw_payout(&split, p->total_amount, terms->dev_fee_bps, terms->burn_fee_bps, terms->treasury_fee_bps);
	p->status = POOL_ENDED;
	p->total_amount = 0;
	p->vault_amount = 0;
	p->count = 0;
	p->end_time = run->block->unix_s;
	run->effects->pay = pool;
	run->effects->paid = (struct draw_payout_fact){ .winner = split.winner_amount,
		.dev = split.dev_amount,
		.burn = split.burn_amount,
		.treasury = split.treasury_amount,
		.to = p->winner,
		.end_time = p->end_time };
}

static int run_payout(struct run *run, int pool)
{
	const struct pubkey winner = account(run, ml_position(ML_PAYOUT_WINNER, ML_WINNER_PUBKEY));
	struct pool_state *p = &run->s->pool[pool];

	REQUIRE(run, !p->paused, E_PAUSED);
	REQUIRE(run, p->status == POOL_WINNER_SELECTED, E_STATUS);
	REQUIRE(run, pubkey_equal(&p->winner, &winner), E_WINNER);
	REQUIRE(run, run->s->dev_ata[pool] && run->s->treasury_ata[pool], E_NO_ACCOUNT);
	REQUIRE(run, run->block->ms >= world.pool[pool].payout_until_ms, E_DELEGATE);
	REQUIRE(run, p->vault_amount == p->total_amount, E_VAULT);
	pay(run, pool);
	return OK;
}

static bool is_ata_of(const struct pubkey *address, const struct pubkey *owner)
{
	struct pubkey ata;

	pda_ata(&ata, owner, &world.mint, &ADDRESS_TOKEN);
	return pubkey_equal(address, &ata);
}

static int run_create_ata(struct run *run)
{
	const struct pubkey address = account(run, 1);

	claims_create_ata(run->s, &address);
	for (unsigned i = 0; i < world.n_pools; i++) {
		const struct sim_pool *pool = &world.pool[i];
		const bool dev = pubkey_equal(&address, &pool->dev_ata),
			   treasury = pubkey_equal(&address, &pool->treasury_ata);

		run->s->dev_ata[i] = run->s->dev_ata[i] || dev;
		run->s->treasury_ata[i] = run->s->treasury_ata[i] || treasury;
		for (unsigned k = 0; k < PLAYERS; k++)
			if (!pubkey_is_zero(&pool->recipient[k]) && is_ata_of(&address, &pool->recipient[k]))
				run->s->recipient_ata[i][k] = true;
		if (run->alone && (dev || treasury))
			run->effects->created_ata = dev ? 0 : 1;
	}
	return OK;
}

/* The win of a pool that this very transaction paid, to the account of whom the winner plays for. */
static int run_pass_on(struct run *run, struct bytes data)
{
	const struct pubkey from = account(run, 0), to = account(run, 2), owner = account(run, 3);
	const int pool = run->effects->pay;

	if (claims_transfer(run->s, run->effects, &from, &to, load_u64(data.p + 1)))
		return OK;
	REQUIRE(run, is_ata_of(&from, &owner), E_CONSTRAINT);
	for (unsigned i = 0; pool >= 0 && i < PLAYERS; i++) {
		const struct sim_pool *p = &world.pool[pool];

		if (!pubkey_equal(&p->player[i], &owner) || pubkey_is_zero(&p->recipient[i]) ||
			!is_ata_of(&to, &p->recipient[i]))
			continue;
		REQUIRE(run, run->s->recipient_ata[pool][i], E_NO_ACCOUNT);
		run->effects->passed_on.to = p->recipient[i];
		run->effects->passed_on.amount = load_u64(data.p + 1);
		return OK;
	}
	return E_CONSTRAINT;
}

/* ---- dispatch ---- */

static int run_ml(struct run *run, enum ml_ix which)
{
	const struct pubkey address = account(run, ml_position(which, ML_POOL));
	const int pool = pool_of_address(&address);

	if (pool < 0)
		return E_CONSTRAINT;
	if (which == ML_UNLOCK_POOL)
		return run_unlock(run, pool);
	if (which == ML_REQUEST_RANDOMNESS)
		return run_request(run, pool);
	if (which == ML_SELECT_WINNER)
		return run_select(run, pool);
	return which == ML_PAYOUT_WINNER ? run_payout(run, pool) : E_CONSTRAINT;
}

static int run_sb(struct run *run, enum sb_ix which, struct bytes data)
{
	if (which == SB_INIT)
		return run_init(run, data);
	if (which == SB_COMMIT)
		return run_commit(run);
	if (which == SB_CLOSE)
		return run_close(run);
	return which == SB_REVEAL ? run_reveal(run, data) : E_CONSTRAINT;
}

static int run_ix(struct run *run)
{
	const struct bytes data = tx_view_ix_data(&run->view, run->ix);
	struct pubkey program;
	struct ml_args args;
	enum ml_ix ml;
	enum sb_ix sb;

	if (!tx_view_key(&run->view, run->ix->program, NULL, 0, &program))
		return E_CONSTRAINT;
	if (pubkey_equal(&program, &ADDRESS_COMPUTE_BUDGET))
		return OK;
	if (pubkey_equal(&program, &ADDRESS_ATA))
		return run_create_ata(run);
	if (pubkey_equal(&program, &ADDRESS_TOKEN) && data.n == TOKEN_TRANSFER_CHECKED_SIZE)
		return run_pass_on(run, data);
	if (pubkey_equal(&program, &ADDRESS_ML) && ml_parse(&ml, &args, data.p, data.n))
		return run_ml(run, ml);
	if (pubkey_equal(&program, &world.net.program) && sb_identify(&sb, data.p, data.n))
		return run_sb(run, sb, data);
	return E_CONSTRAINT;
}

bool program_run(struct state *s, const uint8_t *tx, size_t len, const struct block *block, const struct block *before,
	struct tx_failure *failure, struct effects *effects)
{
	struct run run = {
		.s = s, .block = block, .before = before, .effects = effects, .strict = world.scenario->strict
	};
	int code;

	*effects = (struct effects){ .bind = -1, .select = -1, .pay = -1, .created_ata = -1, .orphaned = -1 };
	*failure = (struct tx_failure){ .ix = -1 };
	if (tx_parse(&run.view, tx, len) != TX_OK)
		return false;
	run.alone = run.view.n_ixs == 3;
	for (int i = 0; i < run.view.n_ixs; i++) {
		run.ix = &run.view.ixs[i];
		code = run_ix(&run);
		if (code == OK)
			continue;
		*failure = (struct tx_failure){ .ix = i, .custom = true, .code = (uint32_t)code };
		return false;
	}
	return true;
}

static void reveal_by_somebody_else(struct state *s, const struct pubkey *randomness, const struct block *block)
{
	struct rand_state *r = state_rand(s, randomness);
	struct oracle_answer answer;

	if (!r || r->seed_slot == 0 || r->reveal_slot != 0)
		return;
	oracle_sign(&answer, &r->oracle, &r->address, r->seed_slot, &r->seed_slothash, 0);
	r->reveal_slot = block->slot.n;
	memcpy(r->value, answer.value, sizeof r->value);
}

void program_external(struct state *s, enum external_kind kind, int pool, const struct block *block)
{
	struct pool_state *p = &s->pool[pool];

	if (kind == EXTERNAL_UNLOCK && p->status == POOL_LOCKED && !p->paused) {
		p->status = POOL_UNLOCKED;
		p->unlock_time = block->unix_s;
	} else if (kind == EXTERNAL_REVEAL && p->status == POOL_RANDOMNESS_COMMITTED) {
		reveal_by_somebody_else(s, &p->randomness, block);
	} else if (kind == EXTERNAL_UNPAUSE) {
		p->paused = false;
	} else if (kind == EXTERNAL_VAULT) {
		p->vault_amount = p->total_amount;
	}
}
