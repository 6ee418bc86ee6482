/* Takes a message apart and builds it again from the guard and from what a step leaves open; both must be equal. */
#include "core/guard.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "core/address.h"
#include "core/ata.h"
#include "core/compute.h"
#include "core/ml.h"
#include "core/oracle_answer.h"
#include "core/pda.h"
#include "core/switchboard.h"
#include "core/token.h"
#include "core/tx.h"

enum {
	GUARD_IXS_MAX = 8,
	GUARD_SIGNERS_MAX = 2,    /* we, and a new randomness account or the wallet of a sponsored player */
	UNIT_LIMIT_MAX = 1400000, /* the runtime's own maximum */
	SIGNATURE_FEE = 5000,     /* lamports */
	INIT_SIZE = 16,
	REVEAL_SIZE = 105,
	COMMIT_ORACLE = 2,
	REVEAL_ORACLE = 1,
	CREATE_OWNER = 2,
	CREATE_ATA = 1, /* positions */
};

struct check {
	const struct guard *guard;
	struct buf why;
	struct sb_net net;
	struct tx_view view;
	enum ix_kind kind[GUARD_IXS_MAX];
	struct ix expected[GUARD_IXS_MAX];
	uint32_t unit_limit;
	uint64_t unit_price;
	uint8_t bytes[TX_SIZE_MAX];
};

#define REFUSE(check, ...) (buf_fmt(&(check)->why, __VA_ARGS__), false)

static bool pays_claim(const struct guard *guard)
{
	return guard->step == STEP_PAY_REFERRAL;
}

/* As a transaction whose signatures are still empty, because that is what the parser reads. */
static bool parse(struct check *check, const uint8_t *message, size_t len)
{
	size_t n = len > 0 ? message[0] : 0, head = 1 + n * SIGNATURE_SIZE;

	if (n < 1 || n > GUARD_SIGNERS_MAX)
		return REFUSE(check, "not a legacy message with one or two signers");
	if (head + len > TX_SIZE_MAX)
		return REFUSE(check, "%zu bytes and %zu signatures do not fit a packet", len, n);
	check->bytes[0] = (uint8_t)n;
	memset(check->bytes + 1, 0, head - 1);
	memcpy(check->bytes + head, message, len);
	enum tx_result result = tx_parse(&check->view, check->bytes, head + len);
	if (result != TX_OK)
		return REFUSE(check, "not a message: %s", tx_result_text(result));
	return true;
}

static bool key_at(const struct check *check, size_t index, struct pubkey *out)
{
	return tx_view_key(&check->view, index, NULL, 0, out);
}

/* An account of an instruction by its position in the instruction's list. */
static bool account_at(const struct check *check, const struct tx_ix *ix, int position, struct pubkey *out)
{
	struct bytes accounts = tx_view_ix_accounts(&check->view, ix);

	return position >= 0 && (size_t)position < accounts.n && key_at(check, accounts.p[position], out);
}

static struct pubkey program_of(const struct check *check, enum ix_kind kind)
{
	switch (ix_kind_program(kind)) {
	case IX_OF_BUDGET:
		return ADDRESS_COMPUTE_BUDGET;
	case IX_OF_ML:
		return check->guard->ml_program;
	case IX_OF_SB:
		return check->guard->switchboard_program;
	case IX_OF_ATA:
		return ADDRESS_ATA;
	case IX_OF_TOKEN:
		return check->guard->token_program;
	case IX_OF_MEMO:
		return ADDRESS_MEMO;
	}
	return (struct pubkey){ 0 };
}

static bool is_kind(const struct check *check, const struct tx_ix *ix, enum ix_kind kind)
{
	const struct pubkey want = program_of(check, kind);
	struct pubkey program;

	return key_at(check, ix->program, &program) && pubkey_equal(&program, &want) &&
	       ix_kind_is(kind, tx_view_ix_data(&check->view, ix));
}

/* Each instruction to its slot of the step's shape, in order. */
static bool match_shape(struct check *check)
{
	const struct step_def *def = &STEPS[check->guard->step];
	unsigned at = 0;

	if (check->view.n_ixs > GUARD_IXS_MAX)
		return REFUSE(check, "%u instructions are more than any step has", check->view.n_ixs);
	for (unsigned slot = 0; slot < def->n_slots; slot++) {
		unsigned n = 0;
		while (at < check->view.n_ixs && n < def->slots[slot].max &&
			is_kind(check, &check->view.ixs[at], def->slots[slot].kind)) {
			check->kind[at++] = def->slots[slot].kind;
			n++;
		}
		if (n < def->slots[slot].min)
			return REFUSE(check, "instruction %u of a %s must be %s", at, def->name,
				ix_kind_name(def->slots[slot].kind));
	}
	if (at < check->view.n_ixs)
		return REFUSE(check, "instruction %u does not belong to a %s", at, def->name);
	return true;
}

static void expect_ml(const struct check *check, struct ix *out, enum ml_ix which, struct ml_accounts *accounts)
{
	const struct guard *guard = check->guard;

	accounts->of[ML_POOL] = guard->pool;
	accounts->of[ML_USER] = guard->payer;
	accounts->of[ML_RANDOMNESS] = guard->randomness;
	pda_participants(&accounts->of[ML_PARTICIPANTS], &guard->pool);
	ml_build(out, which, accounts, NULL);
	out->program = guard->ml_program;
}

/* Open: who won, and the treasury's account, which the program holds against the pool's treasury wallet. */
static bool expect_payout(const struct check *check, const struct tx_ix *ix, struct ix *out)
{
	const struct guard *guard = check->guard;
	struct ml_accounts accounts = { 0 };

	if (!account_at(check, ix, ml_position(ML_PAYOUT_WINNER, ML_WINNER_PUBKEY), &accounts.of[ML_WINNER_PUBKEY]) ||
		!account_at(
			check, ix, ml_position(ML_PAYOUT_WINNER, ML_TREASURY_TOKEN), &accounts.of[ML_TREASURY_TOKEN]))
		return false;
	accounts.of[ML_MINT] = guard->mint;
	accounts.of[ML_TOKEN_PROGRAM] = guard->token_program;
	pda_ata(&accounts.of[ML_POOL_TOKEN], &guard->pool, &guard->mint, &guard->token_program);
	pda_ata(&accounts.of[ML_WINNER_TOKEN], &accounts.of[ML_WINNER_PUBKEY], &guard->mint, &guard->token_program);
	pda_ata(&accounts.of[ML_DEV_TOKEN], &guard->payer, &guard->mint, &guard->token_program);
	expect_ml(check, out, ML_PAYOUT_WINNER, &accounts);
	return true;
}

/* Of a pool that is not drawn. Nothing is open. */
static void expect_of_pool(const struct check *check, enum ml_ix which, struct ix *out)
{
	const struct guard *guard = check->guard;
	struct ml_accounts accounts = { 0 };

	accounts.of[ML_MINT] = guard->mint;
	accounts.of[ML_TOKEN_PROGRAM] = guard->token_program;
	accounts.of[ML_CLOSE_TARGET] = guard->treasury;
	pda_ata(&accounts.of[ML_POOL_TOKEN], &guard->pool, &guard->mint, &guard->token_program);
	pda_ata(&accounts.of[ML_TREASURY_TOKEN], &guard->treasury, &guard->mint, &guard->token_program);
	expect_ml(check, out, which, &accounts);
}

static bool expect_create_ata(const struct check *check, const struct tx_ix *ix, struct ix *out)
{
	const struct guard *guard = check->guard;
	struct pubkey owner, ata;

	if (!account_at(check, ix, CREATE_OWNER, &owner))
		return false;
	pda_ata(&ata, &owner, &guard->mint, &guard->token_program);
	ata_create_idempotent(out, &guard->payer, &ata, &owner, &guard->mint, &guard->token_program);
	return true;
}

/* Nothing is open: from whom, to whom and how much are the guard's. */
static void expect_pass_on(const struct check *check, struct ix *out)
{
	const struct guard *guard = check->guard;
	const struct pubkey *owner = pays_claim(guard) ? &guard->payer : &guard->auxiliary;
	struct pubkey from, to;

	pda_ata(&from, owner, &guard->mint, &guard->token_program);
	pda_ata(&to, &guard->recipient, &guard->mint, &guard->token_program);
	token_transfer_checked(out, &guard->token_program, &from, &guard->mint, &to, owner, guard->pass_on_amount,
		guard->pass_on_decimals);
}

static bool expect_init(const struct check *check, struct bytes data, struct ix *out)
{
	const struct guard *guard = check->guard;

	if (data.n != INIT_SIZE)
		return false;
	sb_init(out, &check->net, &guard->randomness, &guard->payer, &guard->payer, load_u64(data.p + 8));
	return true;
}

static bool expect_reveal(const struct check *check, const struct tx_ix *ix, struct bytes data, struct ix *out)
{
	const struct guard *guard = check->guard;
	struct oracle_answer answer;
	struct pubkey oracle;

	if (data.n != REVEAL_SIZE || !account_at(check, ix, REVEAL_ORACLE, &oracle))
		return false;
	memcpy(answer.signature, data.p + 8, sizeof(answer.signature));
	answer.recovery_id = data.p[72];
	memcpy(answer.value, data.p + 73, sizeof(answer.value));
	if (answer.recovery_id > 3)
		return false;
	sb_reveal(out, &check->net, &guard->randomness, &oracle, &guard->payer, &guard->payer, &answer);
	return true;
}

static bool expect_commit(const struct check *check, const struct tx_ix *ix, struct ix *out)
{
	struct pubkey oracle;

	if (!account_at(check, ix, COMMIT_ORACLE, &oracle))
		return false;
	sb_commit(out, &check->net, &check->guard->randomness, &oracle, &check->guard->payer);
	return true;
}

/* Nothing of it is open: the rent goes to us. */
static void expect_close(const struct check *check, struct ix *out)
{
	const struct guard *guard = check->guard;

	sb_close(out, &check->net, &guard->randomness, &guard->payer, guard->lut_slot);
}

/* What this instruction must be; false when its open parts cannot be read. */
static bool expect(struct check *check, const struct tx_ix *ix, enum ix_kind kind, struct ix *out)
{
	struct bytes data = tx_view_ix_data(&check->view, ix);
	struct ml_accounts accounts = { 0 };

	switch (kind) {
	case IX_COMPUTE_LIMIT:
		check->unit_limit = load_u32(data.p + 1);
		compute_limit(out, check->unit_limit);
		return true;
	case IX_COMPUTE_PRICE:
		check->unit_price = load_u64(data.p + 1);
		compute_price(out, check->unit_price);
		return true;
	case IX_UNLOCK:
		expect_ml(check, out, ML_UNLOCK_POOL, &accounts);
		return true;
	case IX_REQUEST:
		expect_ml(check, out, ML_REQUEST_RANDOMNESS, &accounts);
		return true;
	case IX_SELECT:
		expect_ml(check, out, ML_SELECT_WINNER, &accounts);
		return true;
	case IX_PAYOUT:
		return expect_payout(check, ix, out);
	case IX_SWEEP:
		expect_of_pool(check, ML_SWEEP_EXPIRED_POOL, out);
		return true;
	case IX_FINALIZE:
		expect_of_pool(check, ML_FINALIZE_FORFEITED_POOL, out);
		return true;
	case IX_CLAIM_RENT:
		expect_of_pool(check, ML_CLAIM_RENT, out);
		return true;
	case IX_INIT:
		return expect_init(check, data, out);
	case IX_COMMIT:
		return expect_commit(check, ix, out);
	case IX_REVEAL:
		return expect_reveal(check, ix, data, out);
	case IX_CLOSE:
		expect_close(check, out);
		return true;
	case IX_CREATE_ATA:
		return expect_create_ata(check, ix, out);
	case IX_PASS_ON:
		expect_pass_on(check, out);
		return true;
	case IX_MEMO:
		memo_build(out, &check->guard->payer, &check->guard->anchor);
		return true;
	case IX_KINDS:
		break;
	}
	return false;
}

/* Says what differs, for the operator; that nothing differs is proven by same_message(). */
static bool same_ix(struct check *check, unsigned at)
{
	const struct tx_ix *ix = &check->view.ixs[at];
	const struct ix *expected = &check->expected[at];
	struct bytes data = tx_view_ix_data(&check->view, ix);
	const char *name = ix_kind_name(check->kind[at]);
	struct pubkey key;

	if (data.n != expected->data_size || memcmp(data.p, expected->data, data.n) != 0)
		return REFUSE(check, "instruction %u (%s): unexpected data", at, name);
	if (ix->n_accounts != expected->n_metas)
		return REFUSE(check, "instruction %u (%s): %u accounts, must be %u", at, name, ix->n_accounts,
			expected->n_metas);
	for (int i = 0; i < expected->n_metas; i++) {
		if (!account_at(check, ix, i, &key) || !pubkey_equal(&key, &expected->metas[i].key))
			return REFUSE(
				check, "instruction %u (%s): account %d is not the one of this step", at, name, i);
	}
	return true;
}

static bool same_ixs(struct check *check)
{
	for (unsigned at = 0; at < check->view.n_ixs; at++) {
		if (!expect(check, &check->view.ixs[at], check->kind[at], &check->expected[at]))
			return REFUSE(check, "instruction %u (%s): malformed", at, ix_kind_name(check->kind[at]));
		if (!same_ix(check, at))
			return false;
	}
	return true;
}

/* The payout's instruction as it must be; NULL: this step has none. A claim is paid without one. */
static const struct ix *payout_of(const struct check *check)
{
	for (unsigned at = 0; at < check->view.n_ixs; at++)
		if (check->kind[at] == IX_PAYOUT)
			return &check->expected[at];
	return NULL;
}

static bool is_paid(const struct check *check, const struct ix *payout, const struct pubkey *ata)
{
	const struct guard *guard = check->guard;
	struct pubkey recipient;

	if (!pubkey_is_zero(&guard->recipient)) {
		pda_ata(&recipient, &guard->recipient, &guard->mint, &guard->token_program);
		if (pubkey_equal(ata, &recipient))
			return true;
	}
	if (!payout)
		return false;
	return pubkey_equal(ata, &payout->metas[ml_position(ML_PAYOUT_WINNER, ML_WINNER_TOKEN)].key) ||
	       pubkey_equal(ata, &payout->metas[ml_position(ML_PAYOUT_WINNER, ML_DEV_TOKEN)].key) ||
	       pubkey_equal(ata, &payout->metas[ml_position(ML_PAYOUT_WINNER, ML_TREASURY_TOKEN)].key);
}

/* What pays may make only token accounts that it pays to. */
static bool atas_are_paid(struct check *check)
{
	const struct ix *payout = payout_of(check);
	const bool pays = payout || pays_claim(check->guard);

	for (unsigned at = 0; pays && at < check->view.n_ixs; at++)
		if (check->kind[at] == IX_CREATE_ATA &&
			!is_paid(check, payout, &check->expected[at].metas[CREATE_ATA].key))
			return REFUSE(check, "instruction %u makes a token account that is not paid", at);
	return true;
}

/* A win is passed on exactly when it is a sponsored one, and then it is that player's. */
static bool win_is_passed_on(struct check *check)
{
	const struct guard *guard = check->guard;
	const bool sponsored = !pubkey_is_zero(&guard->auxiliary);
	const bool passed_on = check->kind[check->view.n_ixs - 1U] == IX_PASS_ON;
	const struct ix *payout = payout_of(check);

	if (pays_claim(guard))
		return true;
	if (passed_on != sponsored)
		return REFUSE(
			check, passed_on ? "this win is nobody's to pass on" : "a sponsored win is not passed on");
	if (sponsored && (!payout || !pubkey_equal(&payout->metas[ml_position(ML_PAYOUT_WINNER, ML_WINNER_PUBKEY)].key,
					     &guard->auxiliary)))
		return REFUSE(check, "the winner is not the sponsored player");
	return true;
}

static bool fee_is_capped(struct check *check)
{
	uint64_t units = check->unit_limit, price = check->unit_price, fee;

	if (units == 0 || units > UNIT_LIMIT_MAX)
		return REFUSE(check, "compute limit %" PRIu64 " is not 1..%d", units, UNIT_LIMIT_MAX);
	if (price > UINT64_MAX / units - 1)
		return REFUSE(check, "compute price %" PRIu64 " is beyond any budget", price);
	fee = (units * price + 999999) / 1000000 + (uint64_t)check->view.n_signatures * SIGNATURE_FEE;
	if (fee > check->guard->max_fee_lamports)
		return REFUSE(check, "fee of %" PRIu64 " lamports is above the %" PRIu64 " allowed", fee,
			check->guard->max_fee_lamports);
	return true;
}

/* Flags, order of keys, unused keys, extra signers, trailing bytes: all settled by comparing with our own build. */
static bool same_message(struct check *check, const uint8_t *message, size_t len)
{
	struct hash blockhash = tx_view_blockhash(&check->view);
	struct tx built;
	struct bytes own;

	if (tx_compile(&built, &check->guard->payer, &blockhash, check->expected, check->view.n_ixs) != TX_OK)
		return REFUSE(check, "the step does not fit a packet");
	own = tx_message(&built);
	if (own.n != len || memcmp(own.p, message, len) != 0)
		return REFUSE(
			check, "keys, signers or flags are not exactly those of a %s", STEPS[check->guard->step].name);
	return true;
}

static bool guard_is_set(struct check *check)
{
	const struct guard *guard = check->guard;
	const enum subject_kind subject = STEPS[guard->step].subject;
	const bool needs_pool = subject == SUBJECT_DRAW || subject == SUBJECT_POOL;

	if (pubkey_is_zero(&guard->payer) || pubkey_is_zero(&guard->ml_program) ||
		pubkey_is_zero(&guard->switchboard_program) || pubkey_is_zero(&guard->queue))
		return REFUSE(check, "payer, programs or queue are not set");
	if (needs_pool && pubkey_is_zero(&guard->pool))
		return REFUSE(check, "the pool is not set");
	if (pays_claim(guard) && (!pubkey_is_zero(&guard->auxiliary) || guard->pass_on_amount == 0))
		return REFUSE(check, "a claim needs an amount, and nobody plays for its referrer");
	if (!pays_claim(guard) && pubkey_is_zero(&guard->auxiliary) != pubkey_is_zero(&guard->recipient))
		return REFUSE(check, "a sponsored player without a recipient, or the other way round");
	return true;
}

/* A guard that leaves out what an instruction names would let it name the zero key. */
static bool accounts_are_set(struct check *check)
{
	const struct guard *guard = check->guard;

	for (unsigned at = 0; at < check->view.n_ixs; at++) {
		bool memo = check->kind[at] == IX_MEMO;
		bool token = check->kind[at] >= IX_CREATE_ATA && !memo;
		bool randomness = check->kind[at] >= IX_INIT && check->kind[at] <= IX_SELECT;
		if (token && (pubkey_is_zero(&guard->mint) ||
				     (!pubkey_equal(&guard->token_program, &ADDRESS_TOKEN) &&
					     !pubkey_equal(&guard->token_program, &ADDRESS_TOKEN_2022))))
			return REFUSE(check, "the mint is not set, or the token program is none");
		if (memo && guard->anchor.text[0] == '\0')
			return REFUSE(check, "the memo of the anchor is not set");
		if (check->kind[at] >= IX_FINALIZE && !memo && pubkey_is_zero(&guard->treasury))
			return REFUSE(check, "the treasury is not set");
		if (randomness && pubkey_is_zero(&guard->randomness))
			return REFUSE(check, "the randomness account is not set");
	}
	return true;
}

bool guard_allows(const struct guard *guard, const uint8_t *message, size_t len, char *why, size_t why_size)
{
	struct check check;

	check.guard = guard;
	check.unit_limit = 0;
	check.unit_price = 0;
	buf_on(&check.why, why, why_size);
	sb_net_init(&check.net, &guard->switchboard_program, &guard->queue);
	return guard_is_set(&check) && parse(&check, message, len) && match_shape(&check) && accounts_are_set(&check) &&
	       same_ixs(&check) && atas_are_paid(&check) && win_is_passed_on(&check) && fee_is_capped(&check) &&
	       same_message(&check, message, len);
}
