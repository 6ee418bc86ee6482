/* Holds a claim against a transaction: bytes, signatures, then every instruction, the nearest one counts. */
#include "core/claim.h"

#include <string.h>

#include "core/address.h"
#include "core/ml_call.h"

#define X(name, text) text,
static const char *const TEXTS[CLAIM_VERDICTS] = { CLAIM_TABLE(X) };
#undef X

static const struct {
	const char *name;
	enum ml_ix ix;
} OPERATIONS[] = {
	{ "create_pool", ML_CREATE_POOL },
	{ "join", ML_JOIN_POOL },
	{ "donate", ML_DONATE },
	{ "cancel", ML_CANCEL_POOL },
	{ "claim_refund", ML_CLAIM_REFUND },
	{ "claim_rent", ML_CLAIM_RENT },
};

bool claim_operation(enum ml_ix *out, const char *name)
{
	for (size_t i = 0; i < sizeof OPERATIONS / sizeof OPERATIONS[0]; i++)
		if (strcmp(OPERATIONS[i].name, name) == 0) {
			*out = OPERATIONS[i].ix;
			return true;
		}
	return false;
}

const char *claim_verdict_text(enum claim_verdict verdict)
{
	return TEXTS[verdict];
}

static enum claim_verdict compare(const struct claim *claim, const struct ml_call *call)
{
	if (call->which != claim->operation)
		return CLAIM_WRONG_INSTRUCTION;
	if (!pubkey_equal(&call->pool, &claim->pool))
		return CLAIM_WRONG_POOL;
	if (!pubkey_equal(&call->user, &claim->wallet) || !call->user_signed)
		return CLAIM_WRONG_SIGNER;
	if (claim->has_amount && call->args.bet_amount != claim->amount)
		return CLAIM_WRONG_AMOUNT;
	return CLAIM_ACCEPTED;
}

static void consider(struct claim_judge *judge, uint8_t program, struct bytes accounts, struct bytes data)
{
	enum claim_verdict verdict = CLAIM_WRONG_PROGRAM;
	struct pubkey id;
	struct ml_call call;

	if (ml_call_read(&call, &judge->view, judge->loaded, judge->n_loaded, program, accounts, data))
		verdict = compare(judge->claim, &call);
	else if (tx_view_key(&judge->view, program, judge->loaded, judge->n_loaded, &id) &&
		 pubkey_equal(&id, &ADDRESS_ML))
		verdict = CLAIM_WRONG_INSTRUCTION;
	if (verdict > judge->nearest)
		judge->nearest = verdict;
}

/* The hash of a transaction is its first signature: a node may lie about what it sends, not about what was signed. */
bool claim_begin(struct claim_judge *judge, const struct claim *claim, struct bytes tx, const struct pubkey *loaded,
	size_t n_loaded)
{
	struct tx_view *view = &judge->view;
	struct signature first;

	judge->claim = claim;
	judge->loaded = loaded;
	judge->n_loaded = n_loaded;
	judge->nearest = CLAIM_WRONG_PROGRAM;
	if (tx_parse(view, tx.p, tx.n) != TX_OK)
		return false;
	first = tx_view_signature(view, 0);
	if (!signature_equal(&first, &claim->sig) || !tx_view_verify(view))
		return false;
	for (size_t i = 0; i < view->n_ixs; i++)
		consider(judge, view->ixs[i].program, tx_view_ix_accounts(view, &view->ixs[i]),
			tx_view_ix_data(view, &view->ixs[i]));
	return true;
}

void claim_inner(struct claim_judge *judge, uint8_t program, struct bytes accounts, struct bytes data)
{
	consider(judge, program, accounts, data);
}

static bool another_program_got_the_pool(const struct claim_judge *judge)
{
	const struct tx_view *view = &judge->view;

	for (size_t i = 0; i < view->n_ixs; i++) {
		const struct bytes accounts = tx_view_ix_accounts(view, &view->ixs[i]);
		struct pubkey key;

		if (tx_view_key(view, view->ixs[i].program, judge->loaded, judge->n_loaded, &key) &&
			pubkey_equal(&key, &ADDRESS_ML))
			continue;
		for (size_t j = 0; j < accounts.n; j++)
			if (tx_view_key(view, accounts.p[j], judge->loaded, judge->n_loaded, &key) &&
				pubkey_equal(&key, &judge->claim->pool))
				return true;
	}
	return false;
}

bool claim_is_cut(const struct claim_judge *judge, size_t n_writable, size_t n_readonly, bool has_inner)
{
	if (n_writable != judge->view.n_loaded_writable || n_readonly != judge->view.n_loaded_readonly)
		return true;
	return !has_inner && judge->nearest != CLAIM_ACCEPTED && another_program_got_the_pool(judge);
}

enum claim_verdict claim_end(const struct claim_judge *judge, bool failed, int64_t happened_s, int64_t handed_in_s,
	const struct claim_limits *limits)
{
	const int64_t limit = judge->claim->operation == ML_JOIN_POOL ? limits->join_max_age_s : limits->max_age_s;

	if (failed)
		return CLAIM_FAILED_ON_CHAIN;
	if (judge->nearest == CLAIM_ACCEPTED && handed_in_s - happened_s > limit)
		return CLAIM_TOO_OLD;
	return judge->nearest;
}
