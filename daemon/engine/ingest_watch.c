/* Pools that are over are on no list of a tick. Refunds shorten their participants and rent deletes them: those accounts
 * are looked at page by page, at finalized, and what changed is read like any other history. */
#include <inttypes.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "core/address.h"
#include "core/pda.h"
#include "engine/parts.h"

enum { IDLE_MS = 3600000, RETRY_MS = 5000, PER_POOL = 2 };

static struct ingest *of_rpc(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct ingest, watch.rpc);
}

static struct ingest *of_page(struct task *task)
{
	return container_of(container_of(task, struct history_call, task), struct ingest, watch.page);
}

static void failed(struct ingest *in, const struct reply *reply)
{
	in->watch.next_ms = in->e->around.now_ms + RETRY_MS;
	in->watch.loaded = false;
	log_warn("ingest.watch_failed", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
}

/* The end of the list: from the start again, soon while there is anything on it; who leaves the tick wakes it as well. */
static void end_round(struct ingest *in)
{
	struct ingest_watch *w = &in->watch;

	w->next_ms = in->e->around.now_ms + (w->again ? 0 : w->found ? in->e->config.tick_ms : IDLE_MS);
	w->whole_round = !w->again;
	w->found = w->again = false;
	w->after = (struct pubkey){ 0 };
}

static void on_page(struct task *task, const struct reply *reply)
{
	struct ingest *in = of_page(task);
	struct ingest_watch *w = &in->watch;

	if (reply->err != ERR_OK) {
		failed(in, reply);
		return;
	}
	w->loaded = w->page.n_watched > 0;
	w->found = w->found || w->loaded;
	if (!w->loaded)
		end_round(in);
}

static struct hash look(const struct rpc_account *account)
{
	static const uint8_t FINAL[] = "finalized"; /* never equal to what a tick saw, at confirmed */
	struct bytes parts[PER_POOL + 1] = { { NULL, 0 }, { NULL, 0 }, { FINAL, sizeof FINAL } };
	struct hash seen;

	for (size_t i = 0; i < PER_POOL; i++)
		if (account[i].exists)
			parts[i] = (struct bytes){ account[i].data, account[i].len };
	crypto_sha256(&seen, parts, PER_POOL + 1);
	return seen;
}

static void look_at(
	struct ingest *in, const struct watched_pool *pool, const struct rpc_account *account, struct slot at)
{
	const struct hash seen = look(account);
	struct pool_account decoded;
	struct ingest_job *job;

	if (pool->has_seen && hash_equal(&pool->seen, &seen))
		return;
	job = ingest_add(in->e, &pool->address, at);
	job->seen = seen;
	job->watched = true;
	job->exists = account[0].exists || account[1].exists;
	job->has_pool_id = account[0].exists && pubkey_equal(&account[0].owner, &ADDRESS_ML) &&
	                   pool_decode(&decoded, account[0].data, account[0].len) == ACCOUNT_OK;
	if (job->has_pool_id)
		job->pool_id = decoded.pool_id;
	in->watch.n_jobs++;
}

static void on_accounts(struct task *task, const struct reply *reply)
{
	struct ingest *in = of_rpc(task);
	struct ingest_watch *w = &in->watch;
	const struct rpc_accounts *got = reply->data;

	if (reply->err != ERR_OK) {
		failed(in, reply);
		return;
	}
	if (got->at.n > in->finalized.n)
		in->finalized = got->at;
	for (size_t i = 0; i < w->page.n_watched; i++)
		look_at(in, &w->page.watched[i], &got->account[PER_POOL * i], got->at);
	w->after = w->page.watched[w->page.n_watched - 1].address;
	w->loaded = false;
	w->next_ms = in->e->around.now_ms + in->e->config.tick_ms / 2;
	if (w->page.n_watched < HISTORIES_PAGE)
		end_round(in);
}

void ingest_watch_soon(struct engine *e)
{
	struct ingest_watch *w = &e->ingest.watch;

	w->again = true;
	w->whole_round = false;
	w->next_ms = e->around.now_ms;
}

uint64_t ingest_watch_due_ms(const struct ingest *in)
{
	return in->watch.n_jobs > 0 ? UINT64_MAX : in->watch.next_ms;
}

void ingest_watch_turn(struct engine *e)
{
	struct ingest *in = &e->ingest;
	struct ingest_watch *w = &in->watch;
	struct pubkey keys[PER_POOL * HISTORIES_PAGE];

	if (e->around.now_ms < ingest_watch_due_ms(in))
		return;
	if (!w->loaded) {
		histories_watched(e->m.journal, &w->page, &w->after, on_page);
		return;
	}
	for (size_t i = 0; i < w->page.n_watched; i++) {
		keys[PER_POOL * i] = w->page.watched[i].address;
		pda_participants(&keys[PER_POOL * i + 1], &w->page.watched[i].address);
	}
	rpc_get_accounts(e->m.rpc, any_node(&w->rpc), keys, PER_POOL * w->page.n_watched, FINALIZED, (struct slot){ 0 },
		on_accounts);
}
