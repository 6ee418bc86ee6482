/* Transactions: a parsed view never points outside of its bytes, and parsing is one-to-one. */
#include <stdint.h>
#include <stdlib.h>

#include "core/tx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sink;

/* Reads everything that a view says is there; a sanitizer sees what is not. */
static void touch(struct bytes bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		sink += bytes.p[i];
}

static void walk(const struct tx_view *view)
{
	static struct pubkey loaded[512];
	struct pubkey key;

	touch(tx_view_message(view));
	sink += tx_view_blockhash(view).b[0];
	for (size_t i = 0; view->signatures_given && i < view->n_signatures; i++)
		sink += tx_view_signature(view, i).b[63];
	for (size_t i = 0; i < tx_view_key_count(view); i++)
		if (!tx_view_key(view, i, loaded, (size_t)view->n_loaded_writable + view->n_loaded_readonly, &key) ||
			(tx_view_is_signer(view, i) && i >= view->n_keys))
			abort();
	if (!tx_view_is_signer(view, 0) || !tx_view_is_writable(view, 0))
		abort();
	for (size_t i = 0; i < view->n_ixs; i++) {
		struct bytes accounts = tx_view_ix_accounts(view, &view->ixs[i]);

		touch(accounts);
		touch(tx_view_ix_data(view, &view->ixs[i]));
		for (size_t j = 0; j < accounts.n; j++)
			if (accounts.p[j] >= tx_view_key_count(view))
				abort();
		if (view->ixs[i].program == 0 || view->ixs[i].program >= view->n_keys)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tx_view view;

	if (tx_parse(&view, data, size) == TX_OK)
		walk(&view);
	if (tx_parse_message(&view, data, size) == TX_OK)
		walk(&view);
	return 0;
}
