/* Lists an address's signatures to their beginning, then fetches the transactions oldest first. */
#include "show/history.h"

#include <stdlib.h>

#include "core/base58.h"

enum { LIST_MAX = 200000 }; /* 200 pages: an address with more is not a pool */

struct list {
	struct rpc_signature_info *info; /* newest first */
	size_t n, room;
	bool ended;
};

static void push(struct list *list, const struct rpc_signature_info *info)
{
	if (list->n == list->room) {
		list->room = list->room ? 2 * list->room : 256;
		list->info = realloc(list->info, list->room * sizeof *list->info);
		if (!list->info)
			abort();
	}
	list->info[list->n++] = *info;
}

/* Pages until one is not full, or older than what is wanted. */
static bool fill(struct show *s, const struct pubkey *address, const struct history_range *range, struct list *list)
{
	struct signature before = { 0 };

	while (list->n < LIST_MAX) {
		const struct rpc_signatures *page = ask_signatures(
			s, address, signature_is_zero(&before) ? NULL : &before, range->at);

		if (!page)
			return false;
		for (size_t i = 0; i < page->n; i++) {
			if (page->info[i].slot.n < range->from.n)
				return true;
			if (range->to.n == 0 || page->info[i].slot.n <= range->to.n)
				push(list, &page->info[i]);
		}
		if (page->n < RPC_SIGNATURES_MAX)
			return true;
		before = page->info[page->n - 1].sig;
	}
	snprintf(s->why, sizeof s->why, "the address has more than %d transactions", LIST_MAX);
	return false;
}

static bool visit_one(struct show *s, const struct rpc_signature_info *info, const struct history_range *range,
	history_visit *visit, void *owner, bool *go_on, char gap[SHOW_WHY])
{
	const struct rpc_transaction *tx;
	char sig[SIGNATURE_TEXT];

	if (info->failed && !range->failed_too)
		return true;
	tx = ask_transaction(s, &info->sig, range->at);
	if (!tx || !tx->found) {
		base58_signature(sig, &info->sig);
		snprintf(gap, SHOW_WHY, "transaction %s is listed and not given: %.120s", sig,
			tx ? "not found" : s->why);
		return false;
	}
	*go_on = visit(owner, tx, info);
	return true;
}

bool history_read(struct show *s, const struct pubkey *address, const struct history_range *range, history_visit *visit,
	void *owner, char gap[SHOW_WHY])
{
	struct list list = { 0 };
	bool whole = fill(s, address, range, &list), go_on = true;

	gap[0] = '\0';
	if (!whole)
		snprintf(gap, SHOW_WHY, "the list of transactions is not given: %.200s", s->why);
	for (size_t i = list.n; whole && go_on && i > 0; i--)
		whole = visit_one(s, &list.info[i - 1], range, visit, owner, &go_on, gap);
	free(list.info);
	return whole;
}
