/* A page of the program's transactions: those that no recorded history has are fetched, and pools that they made are written. */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "core/base58.h"
#include "engine/parts.h"

/* So old is a transaction that is listed and that no node gives, before it is given up. */
enum { PATIENCE_SLOTS = 1500 };

struct discovery_key census_name(const struct signature *sig)
{
	struct discovery_key name = { .pool_id = load_u64(sig->b + PUBKEY_SIZE) };

	memcpy(name.address.b, sig->b, PUBKEY_SIZE);
	return name;
}

static void on_asked(struct task *task, const struct reply *reply)
{
	struct census *c = census_of_db(task);

	if (reply->err != ERR_OK) {
		census_fail(c, "ask", reply);
		return;
	}
	c->at_unknown = 0;
	c->asked = 0;
	c->waits = false;
	c->stage = CENSUS_FETCH;
}

void census_ask(struct census *c)
{
	struct signature sigs[CENSUS_PAGE_MAX];

	for (size_t i = 0; i < c->n_items; i++)
		sigs[i] = c->item[i].sig;
	census_unknown(c->e->m.journal, &c->db, sigs, c->n_items, on_asked);
}

static const struct census_item *wanted(const struct census *c)
{
	return &c->item[c->db.unknown[c->at_unknown]];
}

static void next_transaction(struct census *c, bool judged)
{
	const struct discovery_key name = census_name(&wanted(c)->sig);

	if (judged)
		known_add(&c->judged, &name);
	c->asked = 0;
	c->waits = false;
	c->at_unknown++;
}

/* Each node was asked. What is young, or asked for too often, may still come: the position waits for it, the others are looked at
 * meanwhile. What all nodes have lost must not hold it for ever. */
static void give_up(struct census *c, const char *why)
{
	char sig[SIGNATURE_TEXT];

	if (c->waits || wanted(c)->slot.n + PATIENCE_SLOTS > c->tip.n) {
		c->left = true;
		next_transaction(c, false);
		return;
	}
	base58_signature(sig, &wanted(c)->sig);
	log_error("census.unread", "sig=%s slot=%" PRIu64 " why=\"%s\" next=human", sig, wanted(c)->slot.n, why);
	next_transaction(c, true);
}

/* NULL: it is read. */
static const char *read_transaction(struct census *c, const struct rpc_transaction *tx)
{
	const struct calls_source source = rpc_calls_source(tx);
	enum calls_result result;

	if (!tx->found)
		return "the node lists it and does not have it";
	result = calls_read_made(&c->made, &source, &wanted(c)->sig, &c->e->policy.dev_wallet);
	if (result != CALLS_OK)
		return calls_result_name(result);
	if (tx->failed || c->made.n == 0)
		next_transaction(c, true);
	else
		c->stage = CENSUS_FOUND;
	return NULL;
}

static void on_fetched(struct task *task, const struct reply *reply)
{
	struct census *c = census_of_rpc(task);
	const char *why = reply->err == ERR_OK ? read_transaction(c, reply->data) : reply->why;

	if (!why)
		return;
	c->waits = c->waits || reply->err == ERR_RETRY || reply->err == ERR_UNKNOWN;
	if (c->asked == (1U << rpc_endpoint_count(c->e->m.rpc)) - 1)
		give_up(c, why);
}

void census_fetch(struct census *c)
{
	const int n = (int)rpc_endpoint_count(c->e->m.rpc);
	int endpoint = c->endpoint;

	if (c->at_unknown >= c->db.n || c->db.unknown[c->at_unknown] >= c->n_items) {
		c->stage = CENSUS_NEXT;
		return;
	}
	while (c->asked & (1U << endpoint))
		endpoint = (endpoint + 1) % n;
	c->asked |= 1U << endpoint;
	c->rpc.endpoint = endpoint;
	rpc_get_transaction(c->e->m.rpc, &c->rpc, &wanted(c)->sig, FINALIZED, on_fetched);
}

void census_tell_found(struct engine *e, const struct pools_made *made, const struct signature *sig, struct slot slot)
{
	char pool[PUBKEY_TEXT], text[SIGNATURE_TEXT];

	base58_signature(text, sig);
	for (size_t i = 0; i < made->n; i++) {
		base58_pubkey(pool, &made->pool[i]);
		log_info("census.found", "pool=%s sig=%s slot=%" PRIu64 " why=\"%s\"", pool, text, slot.n,
			"its creation is in no history that is recorded: it is read now");
	}
	ingest_watch_soon(e);
}

static void on_found(struct task *task, const struct reply *reply)
{
	struct census *c = census_of_db(task);

	if (reply->err != ERR_OK) {
		census_fail(c, "found", reply);
		return;
	}
	census_tell_found(c->e, &c->made, &wanted(c)->sig, wanted(c)->slot);
	next_transaction(c, true);
	c->stage = CENSUS_FETCH;
}

void census_write_found(struct census *c)
{
	census_found(c->e->m.journal, &c->db, &c->made, wanted(c)->slot, on_found);
}
