/* Which oracles of the queue could answer now: read from the chain while some pool is near. */
#include <string.h>

#include "base/log.h"
#include "core/address.h"
#include "core/base58.h"
#include "core/clock.h"
#include "core/oracle_usable.h"
#include "engine/parts.h"

enum { READ_EVERY_MS = 20000, READ_AGAIN_MS = 3000, SILENT_FOR_MS = 60000 };

void oracles_init(struct engine *e)
{
	rpc_call_init(&e->oracles.rpc);
}

void oracles_fini(struct engine *e)
{
	rpc_call_fini(&e->oracles.rpc);
}

static struct engine *engine_of(struct task *task)
{
	struct oracles *o = container_of(container_of(task, struct rpc_call, task), struct oracles, rpc);

	return container_of(o, struct engine, oracles);
}

const struct oracle_entry *oracles_find(const struct engine *e, const struct pubkey *address)
{
	for (size_t i = 0; i < e->oracles.n; i++)
		if (pubkey_equal(&e->oracles.entry[i].address, address))
			return &e->oracles.entry[i];
	return NULL;
}

/* It may be committed to, and its gateway may be asked. */
static bool viable(const struct engine *e, const struct pubkey *address, const struct sb_oracle *o)
{
	return oracle_usable(&e->oracles.queue, &e->policy.switchboard.queue, address, o, e->oracles.chain_s) &&
	       gateway_uri_allowed(e->m.gateway, o->gateway_uri);
}

static void note_viability(struct oracle_entry *entry, bool now)
{
	char address[PUBKEY_TEXT];

	if (entry->viable == now && entry->seen)
		return;
	entry->seen = true;
	entry->viable = now;
	base58_pubkey(address, &entry->address);
	log_event(now ? LOG_AT_INFO : LOG_AT_WARN, now ? "oracle.viable" : "oracle.not_viable",
		"oracle=%s status=%u valid_until=%lld last_heartbeat=%lld gateway=%s", address,
		(unsigned)entry->account.verification_status, (long long)entry->account.valid_until,
		(long long)entry->account.last_heartbeat, entry->account.gateway_uri);
}

static void on_oracles(struct task *task, const struct reply *reply)
{
	struct engine *e = engine_of(task);
	const struct rpc_accounts *got = reply->data;

	attempts_note(&e->oracles.read, e->around.now_ms, reply->err == ERR_OK);
	if (reply->err != ERR_OK)
		return;
	for (size_t i = 0; i < e->oracles.n && i < got->n; i++) {
		struct oracle_entry *entry = &e->oracles.entry[i];
		const struct rpc_account *a = &got->account[i];
		const bool decoded = a->exists && pubkey_equal(&a->owner, &e->policy.switchboard.program) &&
		                     sb_oracle_decode(&entry->account, a->data, a->len) == ACCOUNT_OK;

		note_viability(entry, decoded && viable(e, &entry->address, &entry->account));
	}
	e->oracles.read_ms = e->around.now_ms;
	e->oracles.queue_known = false;
}

/* Entries are never dropped: a bound draw may depend on the answer of an oracle that has left the queue. */
static void merge_queue(struct oracles *o)
{
	for (unsigned i = 0; i < o->queue.n_oracles && o->n < ORACLES_MAX; i++) {
		bool known = pubkey_is_zero(&o->queue.oracles[i]);

		for (size_t k = 0; k < o->n; k++)
			known = known || pubkey_equal(&o->entry[k].address, &o->queue.oracles[i]);
		if (!known)
			o->entry[o->n++] = (struct oracle_entry){ .address = o->queue.oracles[i] };
	}
}

static void on_queue(struct task *task, const struct reply *reply)
{
	struct engine *e = engine_of(task);
	const struct rpc_accounts *got = reply->data;
	struct clock_sysvar clock;

	attempts_note(&e->oracles.read, e->around.now_ms, false);
	if (reply->err != ERR_OK)
		return;
	if (!got->account[0].exists ||
		sb_queue_decode(&e->oracles.queue, got->account[0].data, got->account[0].len) != ACCOUNT_OK ||
		!clock_decode(&clock, got->account[1].data, got->account[1].len)) {
		log_warn("oracle.no_queue",
			"why=\"the queue account is missing or not a Switchboard queue\" next=retry");
		return;
	}
	e->oracles.read = (struct attempts){ 0 };
	e->oracles.chain_s = clock.unix_time;
	e->oracles.queue_known = true;
	merge_queue(&e->oracles);
}

void oracles_turn(struct engine *e)
{
	struct oracles *o = &e->oracles;
	const uint64_t now = e->around.now_ms;
	struct pubkey keys[ORACLES_MAX];

	if (o->rpc.task.busy || !pools_near(e) || !attempts_ready(&o->read, now, 500, 5000))
		return;
	if (o->read_ms != 0 && now - o->read_ms < (e->around.oracle_viable ? READ_EVERY_MS : READ_AGAIN_MS))
		return;
	if (!o->queue_known) {
		keys[0] = e->policy.switchboard.queue;
		keys[1] = ADDRESS_CLOCK;
		rpc_get_accounts(e->m.rpc, any_node(&o->rpc), keys, 2, CONFIRMED, (struct slot){ 0 }, on_queue);
		return;
	}
	for (size_t i = 0; i < o->n; i++)
		keys[i] = o->entry[i].address;
	if (o->n == 0) {
		o->queue_known = false;
		o->read_ms = now;
		return;
	}
	rpc_get_accounts(e->m.rpc, any_node(&o->rpc), keys, o->n, CONFIRMED, (struct slot){ 0 }, on_oracles);
}

static bool among(const struct pubkey *list, size_t n, const struct pubkey *key)
{
	for (size_t i = 0; i < n; i++)
		if (pubkey_equal(&list[i], key))
			return true;
	return false;
}

/* An oracle that some commit of ours names, whether the queue still lists it or not. */
void oracles_track(struct engine *e, const struct pubkey *address)
{
	struct oracles *o = &e->oracles;

	if (oracles_find(e, address) || o->n == ORACLES_MAX)
		return;
	o->entry[o->n++] = (struct oracle_entry){ .address = *address };
	o->read_ms = 0;
}

void oracles_silent(struct engine *e, const struct pubkey *address)
{
	for (size_t i = 0; i < e->oracles.n; i++)
		if (pubkey_equal(&e->oracles.entry[i].address, address))
			e->oracles.entry[i].silent_until_ms = e->around.now_ms + SILENT_FOR_MS;
}

bool oracles_choose(const struct engine *e, const struct pubkey *tried, size_t n_tried, struct pubkey *out)
{
	const struct oracle_entry *best = NULL;

	if (e->around.canary_fresh && !among(tried, n_tried, &e->around.oracle)) {
		*out = e->around.oracle;
		return true;
	}
	for (size_t i = 0; i < e->oracles.n; i++) {
		const struct oracle_entry *entry = &e->oracles.entry[i];

		if (!entry->viable || among(tried, n_tried, &entry->address))
			continue;
		if (!best || entry->silent_until_ms < best->silent_until_ms)
			best = entry;
	}
	if (!best)
		return false;
	*out = best->address;
	return true;
}
