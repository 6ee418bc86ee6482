/* A transaction as a node gave it, held against the claim that was made about it. */
#include "engine/parts.h"

enum {
	SLOT_MS_LEAST = 100, /* a block without a time is at least so much older per slot */
	LOADED_MAX = 256,
};

/* A null block time: its slot says how old it is at least. */
static int64_t happened_s(const struct engine *e, const struct rpc_transaction *tx)
{
	const uint64_t tip = e->tip.confirmed_slot.n;
	const uint64_t slots = tip > tx->slot.n ? tip - tx->slot.n : 0;

	return tx->block_time != 0 ? tx->block_time : e->chain_s - (int64_t)(slots * SLOT_MS_LEAST / 1000);
}

enum submission_body submission_judge(const struct engine *e, const struct submission_look *look,
	const struct rpc_transaction *tx, enum claim_verdict *verdict)
{
	const size_t n_loaded = tx->n_writable + tx->n_readonly;
	const int64_t handed_in_s = e->chain_s - (int64_t)(look->row.waited_ms / 1000);
	struct pubkey loaded[LOADED_MAX];
	struct claim_judge judge;

	for (size_t i = 0; i < n_loaded && i < LOADED_MAX; i++)
		loaded[i] = i < tx->n_writable ? tx->loaded_writable[i] : tx->loaded_readonly[i - tx->n_writable];
	if (n_loaded > LOADED_MAX ||
		!claim_begin(&judge, &look->row.claim, (struct bytes){ tx->tx, tx->tx_len }, loaded, n_loaded))
		return BODY_NOT_SIGNED;
	for (size_t i = 0; i < tx->n_inner; i++) {
		const struct tx_inner *inner = &tx->inner[i];

		if (inner->data)
			claim_inner(&judge, inner->program, (struct bytes){ inner->accounts, inner->n_accounts },
				(struct bytes){ inner->data, inner->n_data });
	}
	if (!tx->failed && claim_is_cut(&judge, tx->n_writable, tx->n_readonly, tx->has_inner))
		return BODY_CUT;
	*verdict = claim_end(&judge, tx->failed, happened_s(e, tx), handed_in_s, &e->config.claims);
	return BODY_WHOLE;
}
