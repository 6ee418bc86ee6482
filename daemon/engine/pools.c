/* The table of pools that the app registered, and which of them are near enough to be driven. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/clock.h"
#include "engine/parts.h"

static const char *const APP_STATUS[] = { "open", "locked", "unlocking", "randomness", "randomness", "winnerSelected",
	"ended", "cancelled", "closed" };
enum { APP_STATUSES = 9, APP_STATUS_UNKNOWN = 255 };

static uint8_t app_status_of(const char *text)
{
	for (uint8_t i = 0; i < APP_STATUSES; i++)
		if (strcmp(APP_STATUS[i], text) == 0)
			return i;
	return APP_STATUS_UNKNOWN;
}

struct pool_entry *pools_find(const struct engine *e, int64_t app_id)
{
	const struct pools *pools = &e->pools;
	size_t low = 0, high = pools->n;

	/* Rows come ordered by id and are only appended, so the table is sorted. */
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (pools->entry[middle]->app_id < app_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < pools->n && pools->entry[low]->app_id == app_id ? pools->entry[low] : NULL;
}

static void insert(struct pools *pools, struct pool_entry *p)
{
	size_t i = pools->n;

	if (pools->n == pools->capacity) {
		pools->capacity = pools->capacity ? pools->capacity * 2 : 64;
		pools->entry = realloc(pools->entry, pools->capacity * sizeof(struct pool_entry *));
		if (!pools->entry)
			abort();
	}
	for (; i > 0 && pools->entry[i - 1]->app_id > p->app_id; i--)
		pools->entry[i] = pools->entry[i - 1];
	pools->entry[i] = p;
	pools->n++;
}

struct pool_entry *pools_add(struct engine *e, const struct lease_pool *row)
{
	struct pool_entry *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	p->app_id = row->app_id;
	p->due_s = INT64_MAX;
	p->valid = base58_to_pubkey(&p->address, row->address, strlen(row->address));
	insert(&e->pools, p);
	if (!p->valid)
		log_warn("pool.bad_address",
			"pools_id=%" PRId64 " pool_address=%s why=\"not base58 of 32 bytes\" next=skip", row->app_id,
			row->address);
	return p;
}

/* A draw that had no row in the app has one now: the same pool under its new number. NULL: it was not among ours. */
static struct pool_entry *take_over(struct pools *pools, const struct lease_pool *row)
{
	struct pubkey address;

	if (row->app_id <= 0 || pools->n == 0 || pools->entry[0]->app_id > 0 ||
		!base58_to_pubkey(&address, row->address, strlen(row->address)))
		return NULL;
	for (size_t i = 0; i < pools->n && pools->entry[i]->app_id < 0; i++) {
		struct pool_entry *p = pools->entry[i];

		if (!pubkey_equal(&p->address, &address))
			continue;
		memmove(pools->entry + i, pools->entry + i + 1, (pools->n - i - 1) * sizeof *pools->entry);
		pools->n--;
		p->app_id = row->app_id;
		insert(pools, p);
		p->changed = p->kind == VIEW_POOL && p->at.n != 0;
		return p;
	}
	return NULL;
}

static void forget_unlisted(struct engine *e)
{
	struct pools *pools = &e->pools;
	size_t kept = 0;

	for (size_t i = 0; i < pools->n; i++) {
		struct pool_entry *p = pools->entry[i];

		if (p->listed || p->draw) {
			pools->entry[kept++] = p;
			continue;
		}
		ingest_forget(e, p);
		watch_forget(e, p);
		free(p);
	}
	pools->n = kept;
}

void pools_list(struct engine *e, const struct lease_pool *rows, size_t n, bool whole)
{
	for (size_t i = 0; whole && i < e->pools.n; i++)
		e->pools.entry[i]->listed = false;
	for (size_t i = 0; i < n; i++) {
		struct pool_entry *p = pools_find(e, rows[i].app_id);

		if (!p)
			p = take_over(&e->pools, &rows[i]);
		if (!p)
			p = pools_add(e, &rows[i]);
		p->listed = true;
		p->app_status = app_status_of(rows[i].status);
		/* The app's row went another way than the chain: written again with the next changes. */
		if (p->at.n != 0 && p->kind == VIEW_POOL && p->status != POOL_ENDED &&
			(p->app_status != p->status || !rows[i].agrees))
			p->changed = true;
		if (rows[i].app_id > e->pools.last_id)
			e->pools.last_id = rows[i].app_id;
	}
	if (whole)
		forget_unlisted(e);
}

static bool decode(const struct pool_entry *p, struct pool_account *out)
{
	return p->kind == VIEW_POOL && pool_decode(out, p->raw, p->raw_len) == ACCOUNT_OK;
}

static void note_kind(struct pool_entry *p, uint8_t kind, const struct rpc_account *a, const char *why)
{
	char address[PUBKEY_TEXT], owner[PUBKEY_TEXT];

	if (p->at.n != 0 && p->kind == kind)
		return;
	p->kind = kind;
	if (kind == VIEW_POOL)
		return;
	base58_pubkey(address, &p->address);
	base58_pubkey(owner, &a->owner);
	log_warn("pool.unusable", "pools_id=%" PRId64 " pool=%s owner=%s bytes=%zu status=%d why=\"%s\" next=wait",
		p->app_id, address, a->exists ? owner : "-", a->exists ? a->len : 0,
		a->exists && a->len > POOL_STATUS_OFFSET ? a->data[POOL_STATUS_OFFSET] : -1, why);
}

static void take_account(struct pool_entry *p, const struct rpc_account *a)
{
	struct pool_account pool;

	p->due_s = INT64_MAX;
	p->status = APP_STATUS_UNKNOWN;
	if (!a->exists) {
		note_kind(p, VIEW_MISSING, a, "no such account on chain");
		return;
	}
	if (!pubkey_equal(&a->owner, &ADDRESS_ML)) {
		note_kind(p, VIEW_FOREIGN, a, "the account is not the ml program's");
		return;
	}
	if (pool_decode(&pool, a->data, a->len) != ACCOUNT_OK) {
		note_kind(p, VIEW_BAD, a, "not a pool, or a field that cannot be");
		return;
	}
	note_kind(p, VIEW_POOL, a, "");
	p->status = (uint8_t)pool.status;
	if (pool.status == POOL_LOCKED)
		p->due_s = draw_due_s(&pool);
}

static bool unchanged(const struct pool_entry *p, const struct rpc_account *a)
{
	const size_t len = a->len < sizeof p->raw ? a->len : sizeof p->raw;

	return p->at.n != 0 && a->exists && p->kind == VIEW_POOL && p->raw_len == len &&
	       memcmp(p->raw, a->data, len) == 0 && pubkey_equal(&a->owner, &ADDRESS_ML);
}

/* Both are chain data: their difference must not wrap. */
static bool is_far(int64_t due_s, int64_t chain_s)
{
	int64_t left;

	return due_s > chain_s && (__builtin_sub_overflow(due_s, chain_s, &left) || left > POLICY_NEAR_S);
}

/* Two rows of the app may name one pool: its draw is driven once. */
static bool is_driven(const struct engine *e, const struct pubkey *address, uint64_t pool_id)
{
	for (size_t i = 0; i < e->n_active; i++)
		if (e->active[i]->pool_id == pool_id && pubkey_equal(&e->active[i]->address, address))
			return true;
	return false;
}

/* Makes the draw of a pool that needs one. */
static void activate(struct engine *e, struct pool_entry *p, int64_t chain_s)
{
	struct pool_account pool;

	if (p->draw || !decode(p, &pool))
		return;
	if (p->over && p->over_pool_id == pool.pool_id)
		return;
	switch (pool.status) {
	case POOL_OPEN:
	case POOL_CANCELLED:
	case POOL_CLOSED:
		return;
	case POOL_LOCKED:
		if (is_far(p->due_s, chain_s))
			return;
		break;
	case POOL_UNLOCKED:
	case POOL_RANDOMNESS_COMMITTED:
	case POOL_RANDOMNESS_REVEALED:
	case POOL_WINNER_SELECTED:
	case POOL_ENDED:
		break;
	}
	if (is_driven(e, &p->address, pool.pool_id))
		return;
	p->draw = draw_new(e, p, pool.pool_id);
	engine_activate(e, p->draw);
}

void pools_seen(
	struct engine *e, struct pool_entry *p, const struct rpc_account *account, struct slot at, int64_t chain_s)
{
	const bool was_missing = p->at.n != 0 && p->kind == VIEW_MISSING;

	if (at.n < p->at.n)
		return;
	if (!unchanged(p, account)) {
		const size_t len = account->len < sizeof p->raw ? account->len : sizeof p->raw;

		take_account(p, account);
		p->raw_len = account->exists ? (uint16_t)len : 0;
		if (account->exists)
			memcpy(p->raw, account->data, len);
		p->changed = p->kind == VIEW_POOL;
		p->changed_at = at;
		if (p->kind == VIEW_POOL || (p->kind == VIEW_MISSING && !was_missing))
			ingest_want(e, p);
		watch_changed(e, p);
	}
	p->at = at;
	activate(e, p, chain_s);
}

void pool_view_of(
	struct pool_view *out, const struct pool_entry *p, int64_t chain_s, uint64_t read_ms, uint64_t pool_id)
{
	*out = (struct pool_view){ .at = p->at, .chain_s = chain_s, .read_ms = read_ms };
	switch (p->kind) {
	case VIEW_MISSING:
		out->kind = VIEW_MISSING;
		return;
	case VIEW_FOREIGN:
		out->kind = VIEW_FOREIGN;
		return;
	case VIEW_POOL:
		break;
	default:
		out->kind = VIEW_BAD;
		return;
	}
	pool_view_take(out, &ADDRESS_ML, p->raw, p->raw_len, &pool_id);
}

void pools_look(
	struct engine *e, struct pool_entry *p, const struct rpc_account *account, struct slot at, int64_t chain_s)
{
	struct pool_view view;

	pools_seen(e, p, account, at, chain_s);
	if (!p->draw || p->at.n != at.n)
		return;
	pool_view_of(&view, p, chain_s, e->around.now_ms, p->draw->pool_id);
	draw_observe(p->draw, &view);
}

bool pools_near(const struct engine *e)
{
	for (size_t i = 0; i < e->n_active; i++) {
		const struct pool_view *v = &e->active[i]->facts.view;

		if (v->kind == VIEW_POOL && v->at.n != 0 && v->pool.status < POOL_WINNER_SELECTED &&
			pubkey_equal(&v->pool.dev_wallet, &e->policy.dev_wallet))
			return true;
	}
	return false;
}

void pools_free(struct pools *pools)
{
	for (size_t i = 0; i < pools->n; i++)
		free(pools->entry[i]);
	free(pools->entry);
}
