/* What a signature is that the chain shows for our wallet and the journal does not hold. */
#include "engine/audit.h"

#include <string.h>

#include "core/address.h"
#include "core/tx.h"
#include "engine/parts.h"

const struct pubkey *audit_wallet(const struct audit *a)
{
	const struct policy *policy = &a->e->policy;

	return a == &a->e->audit[AUDIT_DEV] ? &policy->dev_wallet : &policy->treasury;
}

bool audit_is_history(const struct audit *a, const struct audit_item *item)
{
	return item->slot.n <= a->state.began.n;
}

/* Only programs that our steps call: somebody does our work, or we did it and the journal forgot. */
static bool looks_like_a_step(const struct audit *a, const struct tx_view *view)
{
	const struct pubkey draws[] = { ADDRESS_COMPUTE_BUDGET, ADDRESS_ML, ADDRESS_ATA,
		a->e->policy.switchboard.program };
	const struct pubkey claims[] = { ADDRESS_COMPUTE_BUDGET, ADDRESS_ATA, ADDRESS_TOKEN, ADDRESS_TOKEN_2022 };

	return tx_view_calls_only(view, a == &a->e->audit[AUDIT_DEV] ? draws : claims, 4);
}

/* Locks are the dev wallet's. */
static bool anchors(const struct audit *a, const struct tx_view *view, struct memo *memo)
{
	struct pubkey program;

	for (size_t i = 0; a == &a->e->audit[AUDIT_DEV] && i < view->n_ixs; i++) {
		const struct bytes data = tx_view_ix_data(view, &view->ixs[i]);

		if (!tx_view_key(view, view->ixs[i].program, NULL, 0, &program) ||
			!pubkey_equal(&program, &ADDRESS_MEMO) || !memo_is_anchor(data))
			continue;
		memcpy(memo->text, data.p, data.n);
		return true;
	}
	return false;
}

/* The signature itself is the proof: a node cannot make up that our key signed. */
bool audit_judge(const struct audit *a, const struct rpc_transaction *tx, struct audit_item *item)
{
	struct tx_view view;
	struct signature first;

	if (!tx->found || tx_parse(&view, tx->tx, tx->tx_len) != TX_OK)
		return false;
	first = tx_view_signature(&view, 0);
	if (!signature_equal(&first, &item->sig) || !tx_view_verify(&view))
		return false;
	if (!tx_view_signed_by(&view, audit_wallet(a)))
		item->kind = AUDIT_MENTION;
	else if (!item->failed && anchors(a, &view, &item->memo))
		item->kind = AUDIT_ANCHOR;
	else
		item->kind = looks_like_a_step(a, &view) ? AUDIT_STEP : AUDIT_OTHER;
	if (item->kind != AUDIT_ANCHOR && audit_is_history(a, item))
		item->kind = AUDIT_HISTORY;
	return true;
}

const char *audit_why(enum audit_kind kind)
{
	switch (kind) {
	case AUDIT_STEP:
		return "signed with our key, as our steps are, and not in the journal: a backup of the database was "
		       "restored, or a second keeper or the old monitor uses this key";
	case AUDIT_OTHER:
		return "signed with our key, and no step of ours: somebody else uses this key";
	case AUDIT_UNSEEN:
		return "not in the journal, and no node hands the transaction out: who signed it is not known";
	case AUDIT_ANCHOR:
		return "a lock signed with our key, and not in the journal: a backup of the database was restored, or "
		       "a second keeper uses this key; nothing is locked until keeper.offchain_answer('SIGNATURE', "
		       "'WHAT BECAME "
		       "OF IT') was called";
	case AUDIT_HISTORY:
	case AUDIT_MENTION:
	case AUDIT_KINDS:
		break;
	}
	return "";
}
