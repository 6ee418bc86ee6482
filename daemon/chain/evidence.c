/* From a pool's transactions to what they prove. */
#include "chain/evidence.h"

#include <string.h>

#include "core/address.h"
#include "core/pda.h"

enum {
	EVENT_MAX = 512,
	LOADED_MAX = 256,
	TRANSFER_SIZE = 10, /* tag, amount u64, decimals u8: TransferChecked and BurnChecked */
	TOKEN_TRANSFER = 3,
	TOKEN_BURN = 8,
	TOKEN_TRANSFER_CHECKED = 12,
	TOKEN_BURN_CHECKED = 15,
};

/* One transaction taken apart. */
struct parts {
	const struct rpc_transaction *tx;
	struct tx_view view;
	struct pubkey loaded[LOADED_MAX];
	size_t n_loaded;
	struct seen_at at;
};

/* One instruction, at top level or inner. */
struct part {
	struct pubkey program;
	struct bytes accounts, data;
};

void evidence_begin(struct evidence *e, const struct pubkey *pool)
{
	*e = (struct evidence){ .pool = *pool };
}

bool seen_before(const struct seen_at *a, const struct seen_at *b)
{
	return a->slot.n <= b->slot.n;
}

/* After calls_read() said that it is sound. */
static void take_apart(struct parts *p, const struct rpc_transaction *tx, const struct signature *sig)
{
	p->tx = tx;
	p->n_loaded = 0;
	p->at = (struct seen_at){ *sig, tx->slot, tx->block_time };
	if (tx_parse(&p->view, tx->tx, tx->tx_len) != TX_OK)
		return;
	for (size_t i = 0; i < tx->n_writable && p->n_loaded < LOADED_MAX; i++)
		p->loaded[p->n_loaded++] = tx->loaded_writable[i];
	for (size_t i = 0; i < tx->n_readonly && p->n_loaded < LOADED_MAX; i++)
		p->loaded[p->n_loaded++] = tx->loaded_readonly[i];
}

static bool key_at(const struct parts *p, struct bytes accounts, int position, struct pubkey *out)
{
	*out = (struct pubkey){ 0 };
	return position >= 0 && (size_t)position < accounts.n &&
	       tx_view_key(&p->view, accounts.p[position], p->loaded, p->n_loaded, out);
}

static bool top_part(const struct parts *p, unsigned i, struct part *out)
{
	const struct tx_ix *ix = &p->view.ixs[i];

	out->accounts = tx_view_ix_accounts(&p->view, ix);
	out->data = tx_view_ix_data(&p->view, ix);
	return tx_view_key(&p->view, ix->program, p->loaded, p->n_loaded, &out->program);
}

static bool inner_part(const struct parts *p, size_t i, struct part *out)
{
	const struct tx_inner *inner = &p->tx->inner[i];

	out->accounts = (struct bytes){ inner->accounts, inner->n_accounts };
	out->data = (struct bytes){ inner->data, inner->data ? inner->n_data : 0 };
	return tx_view_key(&p->view, inner->program, p->loaded, p->n_loaded, &out->program);
}

/* Where the call stands in the transaction; *next: the first inner instruction after it. */
static bool part_of_call(const struct parts *p, const struct pool_call *call, struct part *out, size_t *next)
{
	int number = 0;

	*next = 0;
	if (call->inner < 0)
		return top_part(p, call->ix, out);
	for (size_t i = 0; i < p->tx->n_inner; i++) {
		if (p->tx->inner[i].outer != call->ix)
			continue;
		if (number++ == call->inner) {
			*next = i + 1;
			return inner_part(p, i, out);
		}
	}
	return false;
}

static void role(
	const struct parts *p, const struct part *part, enum ml_ix which, enum ml_role role, struct pubkey *out)
{
	(void)key_at(p, part->accounts, ml_position(which, role), out);
}

/* ---- the pool's calls ---- */

static void add_amount(struct evidence *e, uint64_t amount)
{
	if (__builtin_add_overflow(e->total_amount, amount, &e->total_amount))
		e->overflow = true;
}

static void add_player(struct evidence *e, const struct parts *p, const struct pool_call *call)
{
	if (e->n_players < PARTICIPANTS_MAX)
		e->player[e->n_players] = (struct evidence_player){ call->user, p->at };
	e->n_players++;
	add_amount(e, call->amount);
}

static void take_creation(
	struct evidence *e, const struct parts *p, const struct pool_call *call, const struct part *part)
{
	const struct pubkey pool = e->pool;
	enum ml_ix which;

	evidence_begin(e, &pool);
	if (!ml_parse(&which, &e->terms, part->data.p, part->data.n))
		return;
	e->created = p->at;
	e->pool_id = call->pool_id;
	e->creator = call->user;
	role(p, part, ML_CREATE_POOL, ML_MINT, &e->mint);
	role(p, part, ML_CREATE_POOL, ML_TOKEN_PROGRAM, &e->token_program);
	add_player(e, p, call);
}

static void find_event(struct evidence *e, const struct parts *p)
{
	struct event_log log;
	uint8_t buffer[EVENT_MAX];
	struct bytes data;

	event_log_begin(&log);
	for (size_t i = 0; i < p->tx->n_logs && !e->event_known; i++) {
		const char *line = p->tx->logs[i];

		e->event_known = event_log_line(&log, &ADDRESS_ML, line, strlen(line), buffer, sizeof buffer, &data) ==
		                         EVENT_LINE_TRUSTED &&
		                 event_decode(&e->event, data.p, data.n) && e->event.kind == EVENT_WINNER_SELECTED &&
		                 pubkey_equal(&e->event.pool, &e->pool);
	}
}

/* What the token program did with the vault during the call. A wallet may play two parts: amounts add up per account. */
static void take_movement(
	struct evidence *e, const struct parts *p, const struct part *part, const struct pubkey *vault)
{
	struct draw_payout *sum = &e->moved.amount;
	struct pubkey from, to;
	uint8_t tag;
	uint64_t amount;

	if (part->data.n < 9 ||
		(!pubkey_equal(&part->program, &ADDRESS_TOKEN) && !pubkey_equal(&part->program, &ADDRESS_TOKEN_2022)))
		return;
	tag = part->data.p[0];
	amount = load_u64(part->data.p + 1);
	if (!key_at(p, part->accounts, 0, &from) || !pubkey_equal(&from, vault))
		return;
	if (tag == TOKEN_BURN || tag == TOKEN_BURN_CHECKED) {
		sum->burn_amount += amount;
		return;
	}
	if ((tag != TOKEN_TRANSFER && tag != TOKEN_TRANSFER_CHECKED) ||
		!key_at(p, part->accounts, tag == TOKEN_TRANSFER ? 1 : 2, &to)) {
		return;
	}
	/* The program's order: winner, dev, treasury. One account in two parts is filled in that order. */
	if (pubkey_equal(&to, &e->paid_token) && sum->winner_amount == 0)
		sum->winner_amount = amount;
	else if (pubkey_equal(&to, &e->dev_token) && sum->dev_amount == 0)
		sum->dev_amount = amount;
	else if (pubkey_equal(&to, &e->treasury_token) && sum->treasury_amount == 0)
		sum->treasury_amount = amount;
	else
		e->moved.stray = true;
}

static void take_payout(
	struct evidence *e, const struct parts *p, const struct pool_call *call, const struct part *part, size_t next)
{
	struct pubkey vault;

	e->paid = p->at;
	role(p, part, ML_PAYOUT_WINNER, ML_POOL_TOKEN, &vault);
	role(p, part, ML_PAYOUT_WINNER, ML_WINNER_PUBKEY, &e->paid_to);
	role(p, part, ML_PAYOUT_WINNER, ML_WINNER_TOKEN, &e->paid_token);
	role(p, part, ML_PAYOUT_WINNER, ML_DEV_TOKEN, &e->dev_token);
	role(p, part, ML_PAYOUT_WINNER, ML_TREASURY_TOKEN, &e->treasury_token);
	find_event(e, p);
	e->moved = (struct evidence_moved){ .known = p->tx->has_inner };
	for (size_t i = next; i < p->tx->n_inner; i++) {
		struct part inner;

		if (p->tx->inner[i].outer != call->ix || !inner_part(p, i, &inner))
			continue;
		if (pubkey_equal(&inner.program, &ADDRESS_ML))
			return;
		take_movement(e, p, &inner, &vault);
	}
}

static void take_call(struct evidence *e, const struct parts *p, const struct pool_call *call)
{
	struct part part;
	size_t next;

	if (!part_of_call(p, call, &part, &next))
		return;
	switch (call->which) {
	case ML_CREATE_POOL:
		take_creation(e, p, call, &part);
		break;
	case ML_JOIN_POOL:
		add_player(e, p, call);
		break;
	case ML_DONATE:
		e->n_donations++;
		add_amount(e, call->amount);
		break;
	case ML_SET_LOCK_DURATION:
	case ML_FORCE_EXPIRE:
		e->terms_changed = true;
		break;
	case ML_UNLOCK_POOL:
		e->unlocked = p->at;
		break;
	case ML_REQUEST_RANDOMNESS:
		e->requested = p->at;
		role(p, &part, ML_REQUEST_RANDOMNESS, ML_RANDOMNESS, &e->randomness_account);
		break;
	case ML_SELECT_WINNER:
		e->selected = p->at;
		break;
	case ML_PAYOUT_WINNER:
		take_payout(e, p, call, &part, next);
		break;
	case ML_CANCEL_POOL:
	case ML_ADMIN_CLOSE_POOL:
	case ML_SWEEP_EXPIRED_POOL:
		e->cancelled = p->at;
		break;
	case ML_CLAIM_RENT:
		e->rent_claimed = p->at;
		break;
	case ML_CLAIM_REFUND:
	case ML_FINALIZE_FORFEITED_POOL:
	case ML_PAUSE_POOL:
	case ML_UNPAUSE_POOL:
		break;
	}
}

enum calls_result evidence_of_pool(struct evidence *e, const struct rpc_transaction *tx, const struct signature *sig)
{
	const struct calls_source source = rpc_calls_source(tx);
	struct pool_calls calls;
	struct parts parts;
	const enum calls_result result = calls_read(&calls, &source, sig, &e->pool);

	if (result != CALLS_OK)
		return result;
	take_apart(&parts, tx, sig);
	for (size_t i = 0; i < calls.n; i++)
		take_call(e, &parts, &calls.call[i]);
	return CALLS_OK;
}

/* ---- the randomness account ---- */

enum { REVEAL_SIGNATURE_AT = 8, REVEAL_RECOVERY_AT = 72, REVEAL_VALUE_AT = 73, REVEAL_SIZE = 105 };
enum { COMMIT_ORACLE = 2, REVEAL_ORACLE = 1 }; /* positions of accounts; the randomness account is the first of both */

/* The n-th commit event of this account in the transaction. */
static bool commit_event(const struct evidence *e, const struct parts *p, const struct pubkey *switchboard,
	unsigned nth, struct sb_commit_event *out)
{
	struct event_log log;
	uint8_t buffer[EVENT_MAX];
	struct bytes data;

	event_log_begin(&log);
	for (size_t i = 0; i < p->tx->n_logs; i++) {
		const char *line = p->tx->logs[i];

		if (event_log_line(&log, switchboard, line, strlen(line), buffer, sizeof buffer, &data) ==
				EVENT_LINE_TRUSTED &&
			sb_commit_event_decode(out, data.p, data.n) &&
			pubkey_equal(&out->randomness, &e->randomness_account) && nth-- == 0)
			return true;
	}
	return false;
}

static void take_commit(struct evidence *e, const struct parts *p, const struct part *part,
	const struct pubkey *switchboard, unsigned nth)
{
	struct evidence_commit commit = { .at = p->at };
	struct sb_commit_event event;

	(void)key_at(p, part->accounts, COMMIT_ORACLE, &commit.oracle);
	commit.seed_known = commit_event(e, p, switchboard, nth, &event);
	if (commit.seed_known) {
		commit.seed_slot = event.slot;
		commit.seed_slothash = event.slothash;
	}
	if (e->n_commits < EVIDENCE_COMMITS)
		e->commit[e->n_commits++] = commit;
	else
		e->commits_lost = true;
}

static void take_reveal(struct evidence *e, const struct parts *p, const struct part *part)
{
	struct evidence_commit *commit = e->n_commits > 0 ? &e->commit[e->n_commits - 1] : NULL;

	if (!commit || part->data.n < REVEAL_SIZE)
		return;
	commit->revealed = p->at;
	(void)key_at(p, part->accounts, REVEAL_ORACLE, &commit->reveal_oracle);
	memcpy(commit->answer.signature, part->data.p + REVEAL_SIGNATURE_AT, sizeof commit->answer.signature);
	commit->answer.recovery_id = part->data.p[REVEAL_RECOVERY_AT];
	memcpy(commit->answer.value, part->data.p + REVEAL_VALUE_AT, sizeof commit->answer.value);
}

static void take_switchboard(struct evidence *e, const struct parts *p, const struct part *part,
	const struct pubkey *switchboard, unsigned *commits)
{
	struct pubkey account;
	enum sb_ix kind;

	if (!pubkey_equal(&part->program, switchboard) || !sb_identify(&kind, part->data.p, part->data.n) ||
		!key_at(p, part->accounts, 0, &account) || !pubkey_equal(&account, &e->randomness_account))
		return;
	if (kind == SB_COMMIT)
		take_commit(e, p, part, switchboard, (*commits)++);
	else if (kind == SB_REVEAL)
		take_reveal(e, p, part);
}

enum calls_result evidence_of_randomness(struct evidence *e, const struct rpc_transaction *tx,
	const struct signature *sig, const struct pubkey *switchboard)
{
	const struct calls_source source = rpc_calls_source(tx);
	struct pool_calls none;
	struct parts parts;
	struct part part;
	unsigned commits = 0;
	const enum calls_result result = calls_read(&none, &source, sig, &e->randomness_account);

	if (result != CALLS_OK)
		return result;
	take_apart(&parts, tx, sig);
	for (unsigned i = 0; i < parts.view.n_ixs; i++) {
		if (top_part(&parts, i, &part))
			take_switchboard(e, &parts, &part, switchboard, &commits);
		for (size_t k = 0; k < tx->n_inner; k++)
			if (tx->inner[k].outer == i && inner_part(&parts, k, &part))
				take_switchboard(e, &parts, &part, switchboard, &commits);
	}
	return CALLS_OK;
}

const struct evidence_commit *evidence_used(const struct evidence *e)
{
	const struct evidence_commit *used = NULL;

	for (unsigned i = 0; i < e->n_commits; i++)
		if (e->commit[i].revealed.slot.n != 0 &&
			(e->selected.slot.n == 0 || seen_before(&e->commit[i].revealed, &e->selected)))
			used = &e->commit[i];
	return used;
}

/* ---- the accounts ---- */

void evidence_account_keys(struct pubkey keys[EVIDENCE_ACCOUNTS], const struct evidence *e)
{
	const struct evidence_commit *used = evidence_used(e);

	keys[0] = e->pool;
	pda_participants(&keys[1], &e->pool);
	keys[2] = e->randomness_account;
	keys[3] = used ? used->oracle : ADDRESS_SYSTEM;
}

static bool held_by(const struct rpc_account *a, const struct pubkey *program)
{
	return a->exists && pubkey_equal(&a->owner, program);
}

void evidence_of_accounts(struct evidence_accounts *out, const struct evidence *e, const struct rpc_accounts *got,
	const struct pubkey *switchboard)
{
	const struct rpc_account *a = got->account;

	*out = (struct evidence_accounts){ 0 };
	out->has_pool = held_by(&a[0], &ADDRESS_ML) && pool_decode(&out->pool, a[0].data, a[0].len) == ACCOUNT_OK &&
	                out->pool.pool_id == e->pool_id;
	out->has_participants = out->has_pool && held_by(&a[1], &ADDRESS_ML) &&
	                        participants_decode(&out->participants, a[1].data, a[1].len) == ACCOUNT_OK;
	out->has_randomness = held_by(&a[2], switchboard) &&
	                      sb_randomness_decode(&out->randomness, a[2].data, a[2].len) == ACCOUNT_OK;
	out->has_oracle = held_by(&a[3], switchboard) &&
	                  sb_oracle_decode(&out->oracle, a[3].data, a[3].len) == ACCOUNT_OK;
}
