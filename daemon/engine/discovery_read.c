/* What discovery believes: the accounts themselves, read like any other. */
#include "engine/discovery.h"

#include <inttypes.h>

#include "base/log.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/clock.h"
#include "core/pda.h"
#include "core/token.h"
#include "engine/parts.h"

enum { UNKNOWN = 255, CLOCK_MS = 10000 };

static struct discovery *of_read(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct discovery, read);
}

/* ---- what time it is ---- */

static bool saw_clock(struct discovery *d, const struct rpc_accounts *got, size_t at)
{
	struct clock_sysvar clock;

	if (!engine_saw_slot(d->e, got->at, d->read.endpoint) ||
		!clock_decode(&clock, got->account[at].data, got->account[at].len)) {
		discovery_fail(d, "clock", &(struct reply){ ERR_INVALID, NULL, "a slot or a Clock that cannot be" });
		return false;
	}
	engine_saw_clock(d->e, clock.unix_time);
	return true;
}

static void on_clock(struct task *task, const struct reply *reply)
{
	struct discovery *d = of_read(task);

	if (reply->err != ERR_OK)
		discovery_fail(d, "clock", reply);
	else if (saw_clock(d, reply->data, 0))
		d->stage = DISCOVERY_LIST;
}

/* While no pool is followed, no tick tells the chain's time. */
void discovery_read_clock(struct discovery *d)
{
	if (d->e->chain_s != 0 && d->e->around.now_ms - d->e->chain_ms < CLOCK_MS)
		d->stage = DISCOVERY_LIST;
	else
		rpc_get_accounts(
			d->e->m.rpc, any_node(&d->read), &ADDRESS_CLOCK, 1, CONFIRMED, (struct slot){ 0 }, on_clock);
}

/* ---- what is really there ---- */

static void drop(struct discovery *d, const struct found_pool *f, const char *why)
{
	char address[PUBKEY_TEXT];

	base58_pubkey(address, &f->key.address);
	log_warn("discovery.dropped", "pool=%s pool_id=%" PRIu64 " endpoint=%s why=\"%s\" next=skip", address,
		f->key.pool_id, rpc_endpoint_label(d->e->m.rpc, d->endpoint), why);
	known_add(&d->known, &f->key);
}

/* NULL: a pool of ours. The filters were only a wish. */
static const char *judge(const struct discovery *d, struct found_pool *f, const struct rpc_account *a)
{
	struct pubkey own;

	if (!pubkey_equal(&a->owner, &ADDRESS_ML))
		return "the account is not the ml program's";
	if (a->len != POOL_ACCOUNT_SIZE || pool_decode(&f->pool, a->data, a->len) != ACCOUNT_OK)
		return "not a pool, or a field that cannot be";
	pda_pool(&own, &f->pool.mint, &f->pool.salt);
	if (!pubkey_equal(&own, &f->key.address))
		return "the address is not the one that its mint and salt give";
	if (!pubkey_equal(&f->pool.dev_wallet, &d->e->policy.dev_wallet))
		return "dev_wallet of this pool is not our key";
	return NULL;
}

static void take_pool(struct discovery *d, struct found_pool *f, const struct rpc_account *a, struct slot at)
{
	const char *why;

	f->at = at;
	f->ours = false;
	f->participants = f->decimals = UNKNOWN;
	f->mint_usable = false;
	if (!a->exists)
		return; /* closed in between */
	why = judge(d, f, a);
	if (why) {
		drop(d, f, why);
		return;
	}
	/* Another pool began at this address in between: its turn comes with the next list. */
	f->ours = f->pool.pool_id == f->key.pool_id;
}

static void on_pools(struct task *task, const struct reply *reply)
{
	struct discovery *d = of_read(task);
	const struct rpc_accounts *got = reply->data;

	if (reply->err != ERR_OK) {
		discovery_fail(d, "read", reply);
		return;
	}
	if (!saw_clock(d, got, d->n_found))
		return;
	for (size_t i = 0; i < d->n_found; i++)
		take_pool(d, &d->found[i], &got->account[i], got->at);
	d->stage = DISCOVERY_MORE;
}

void discovery_read_pools(struct discovery *d)
{
	struct pubkey keys[FOUND_MAX + 1];

	for (d->n_found = 0; d->at_news < d->db.n && d->n_found < FOUND_MAX; d->at_news++, d->n_found++) {
		struct found_pool *f = &d->found[d->n_found];

		f->key = d->ask[d->db.news[d->at_news].n];
		f->registered = d->db.news[d->at_news].registered;
		keys[d->n_found] = f->key.address;
	}
	if (d->n_found == 0) {
		d->stage = DISCOVERY_ASK;
		return;
	}
	keys[d->n_found] = ADDRESS_CLOCK;
	rpc_get_accounts(
		d->e->m.rpc, any_node(&d->read), keys, d->n_found + 1, CONFIRMED, (struct slot){ 0 }, on_pools);
}

static void take_more(struct found_pool *f, const struct rpc_account *mint, const struct rpc_account *players)
{
	struct participants_account participants;
	struct token_mint decoded;

	if (mint->exists && token_mint_decode(&decoded, &mint->owner, mint->data, mint->len) == TOKEN_OK) {
		f->decimals = decoded.decimals;
		f->mint_usable = decoded.forbidden == 0;
	}
	if (players->exists && pubkey_equal(&players->owner, &ADDRESS_ML) &&
		participants_decode(&participants, players->data, players->len) == ACCOUNT_OK && participants.in_range)
		f->participants = participants.count;
}

static void on_more(struct task *task, const struct reply *reply)
{
	struct discovery *d = of_read(task);
	const struct rpc_accounts *got = reply->data;

	if (reply->err != ERR_OK) {
		discovery_fail(d, "read_mints", reply);
		return;
	}
	for (size_t i = 0, at = 0; i < d->n_found; i++) {
		if (!d->found[i].ours)
			continue;
		take_more(&d->found[i], &got->account[at], &got->account[at + 1]);
		at += 2;
	}
	d->stage = DISCOVERY_OBSERVE;
}

/* Their mints, for amounts in whole tokens, and how many play. */
void discovery_read_more(struct discovery *d)
{
	struct pubkey keys[2 * FOUND_MAX];
	size_t n = 0;

	for (size_t i = 0; i < d->n_found; i++) {
		if (!d->found[i].ours)
			continue;
		keys[n++] = d->found[i].pool.mint;
		keys[n++] = d->found[i].pool.participants_account;
	}
	if (n == 0)
		d->stage = DISCOVERY_POOLS;
	else
		rpc_get_accounts(d->e->m.rpc, any_node(&d->read), keys, n, CONFIRMED, d->found[0].at, on_more);
}
