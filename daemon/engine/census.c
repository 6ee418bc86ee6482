/* Reads the list of the program's own transactions back to where the last round ended. Of those that no recorded history has, the ones
 * that made a pool of our dev wallet say where to read: the pool itself may be gone. */
#include "engine/census.h"

#include <inttypes.h>

#include "base/log.h"
#include "core/address.h"
#include "core/base58.h"
#include "engine/parts.h"

/* AGE_SLOTS: by then the histories of pools that are known are recorded, and their transactions need no look. PATIENCE_SLOTS: so old is
 * a transaction that is listed and that no node gives, before it is given up. */
enum { FIRST_PAGE = 100, AGE_SLOTS = 150, PATIENCE_SLOTS = 1500, RETRY_MS = 5000 };

void census_init(struct engine *e)
{
	e->census.e = e;
	rpc_call_init(&e->census.rpc);
	census_call_init(&e->census.db);
}

void census_fini(struct engine *e)
{
	rpc_call_fini(&e->census.rpc);
	census_call_fini(&e->census.db);
}

bool census_busy(const struct engine *e)
{
	return e->census.rpc.task.busy || e->census.db.task.busy;
}

bool census_pending(const struct engine *e)
{
	return e->config.discovery_ms != 0 && !e->census.done_once;
}

static struct census *of_rpc(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct census, rpc);
}

static struct census *of_db(struct task *task)
{
	return container_of(container_of(task, struct census_call, task), struct census, db);
}

static void end_round(struct census *c, uint64_t pause_ms)
{
	c->stage = CENSUS_IDLE;
	c->done_once = true;
	c->due_ms = c->e->around.now_ms + pause_ms;
	c->endpoint = (int)(((size_t)c->endpoint + 1) % rpc_endpoint_count(c->e->m.rpc));
}

/* The next round begins at the top again; what was found is written. */
static void fail_round(struct census *c, const char *what, const struct reply *reply)
{
	const uint64_t usual = c->e->config.discovery_ms;

	if (!c->failure_told)
		log_warn("census.failed", "doing=%s err=%s why=%s next=retry", what, err_name(reply->err), reply->why);
	c->failure_told = true;
	end_round(c, RETRY_MS < usual ? RETRY_MS : usual);
}

/* ---- where it stands ---- */

static bool goes_on(const struct census *c)
{
	return c->begun && c->fence == c->e->tick.fence && c->database == c->e->tick.database;
}

static void on_epoch(struct task *task, const struct reply *reply)
{
	struct census *c = of_rpc(task);

	if (reply->err != ERR_OK) {
		fail_round(c, "epoch", reply);
		return;
	}
	c->tip = ((const struct rpc_epoch *)reply->data)->slot;
	c->upto.n = c->tip.n > AGE_SLOTS ? c->tip.n - AGE_SLOTS : 0;
	c->stage = goes_on(c) ? CENSUS_LIST : CENSUS_BEGIN;
}

static void on_begun(struct task *task, const struct reply *reply)
{
	struct census *c = of_db(task);

	if (reply->err != ERR_OK) {
		fail_round(c, "begin", reply);
		return;
	}
	c->at = c->db.at;
	c->listed = (struct census_position){ 0 };
	c->begun = true;
	c->stage = CENSUS_LIST;
}

/* What the tick says of the database may be older than the answer: then the next round begins again. */
static void begin(struct census *c)
{
	c->begun = false;
	c->fence = c->e->tick.fence;
	c->database = c->e->tick.database;
	census_begin(c->e->m.journal, &c->db, c->upto, on_begun);
}

/* ---- the list ---- */

static bool reaches(const struct census *c, const struct rpc_signature_info *info)
{
	return signature_equal(&info->sig, &c->at.sig) || info->slot.n < c->at.slot.n;
}

static unsigned page_size(const struct census *c)
{
	return signature_is_zero(&c->before) ? FIRST_PAGE : RPC_SIGNATURES_MAX;
}

static void take_page(struct census *c, const struct rpc_signatures *page)
{
	c->n_items = 0;
	for (size_t i = 0; i < page->n && !c->last_page; i++) {
		const struct rpc_signature_info *info = &page->info[i];

		if (info->slot.n > c->upto.n)
			continue;
		if (reaches(c, info)) {
			c->last_page = true;
			break;
		}
		if (signature_is_zero(&c->newest.sig))
			c->newest = (struct census_position){ info->sig, info->slot };
		if (!info->failed)
			c->item[c->n_items++] = (struct census_item){ info->sig, info->slot };
	}
	if (!c->last_page && page->n < page_size(c)) {
		c->last_page = true;
		c->short_list = !signature_is_zero(&c->at.sig);
	}
	if (page->n > 0)
		c->before = page->info[page->n - 1].sig;
}

static void on_list(struct task *task, const struct reply *reply)
{
	struct census *c = of_rpc(task);

	if (reply->err != ERR_OK) {
		fail_round(c, "list", reply);
		return;
	}
	take_page(c, reply->data);
	c->stage = c->n_items > 0 ? CENSUS_ASK : CENSUS_NEXT;
}

static void list(struct census *c)
{
	c->rpc.endpoint = c->endpoint;
	rpc_get_signatures(c->e->m.rpc, &c->rpc, &ADDRESS_ML, signature_is_zero(&c->before) ? NULL : &c->before, c->tip,
		page_size(c), FINALIZED, on_list);
}

/* ---- which of them made a pool of ours ---- */

static void on_asked(struct task *task, const struct reply *reply)
{
	struct census *c = of_db(task);

	if (reply->err != ERR_OK) {
		fail_round(c, "ask", reply);
		return;
	}
	c->at_unknown = c->fetches = 0;
	c->stage = CENSUS_FETCH;
}

static void ask(struct census *c)
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

static void next_transaction(struct census *c)
{
	c->fetches = 0;
	c->at_unknown++;
}

/* Each node was asked. A young one may still come; an old one must not hide all others. */
static void give_up(struct census *c, const char *why)
{
	char sig[SIGNATURE_TEXT];

	if (wanted(c)->slot.n + PATIENCE_SLOTS > c->tip.n) {
		fail_round(c, "fetch", &(struct reply){ ERR_RETRY, NULL, why });
		return;
	}
	base58_signature(sig, &wanted(c)->sig);
	log_warn("census.unread", "sig=%s slot=%" PRIu64 " why=\"%s\" next=human", sig, wanted(c)->slot.n, why);
	next_transaction(c);
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
		next_transaction(c);
	else
		c->stage = CENSUS_FOUND;
	return NULL;
}

static void on_fetched(struct task *task, const struct reply *reply)
{
	struct census *c = of_rpc(task);
	const char *why;

	attempts_note(&c->pace, c->e->around.now_ms, reply->err != ERR_RETRY && reply->err != ERR_UNKNOWN);
	if (c->pace.failures > 0)
		return; /* asked again: a long list must not begin anew because of it */
	why = reply->err == ERR_OK ? read_transaction(c, reply->data) : reply->why;
	if (why && ++c->fetches == rpc_endpoint_count(c->e->m.rpc))
		give_up(c, why);
}

static void fetch(struct census *c)
{
	if (c->at_unknown >= c->db.n || c->db.unknown[c->at_unknown] >= c->n_items) {
		c->stage = CENSUS_NEXT;
		return;
	}
	if (!attempts_ready(&c->pace, c->e->around.now_ms, RETRY_MS / 10, RETRY_MS))
		return;
	c->rpc.endpoint = (int)(((size_t)c->endpoint + c->fetches + c->pace.failures) %
				rpc_endpoint_count(c->e->m.rpc));
	rpc_get_transaction(c->e->m.rpc, &c->rpc, &wanted(c)->sig, FINALIZED, on_fetched);
}

static void on_found(struct task *task, const struct reply *reply)
{
	struct census *c = of_db(task);
	char pool[PUBKEY_TEXT], sig[SIGNATURE_TEXT];

	if (reply->err != ERR_OK) {
		fail_round(c, "found", reply);
		return;
	}
	base58_signature(sig, &wanted(c)->sig);
	for (size_t i = 0; i < c->made.n; i++) {
		base58_pubkey(pool, &c->made.pool[i]);
		log_info("census.found", "pool=%s sig=%s slot=%" PRIu64 " why=\"%s\"", pool, sig, wanted(c)->slot.n,
			"its creation is in no history that is recorded: it is read now");
	}
	ingest_watch_soon(c->e);
	next_transaction(c);
	c->stage = CENSUS_FETCH;
}

/* ---- the end of a round ---- */

/* As far back as this node remembers. Each is asked before what lies between is given up, and that is said. True: go on without it. */
static bool list_lost(struct census *c)
{
	const size_t nodes = rpc_endpoint_count(c->e->m.rpc);

	if (c->short_list && ++c->short_of < (nodes > 1 ? nodes : 2)) {
		fail_round(c, "gap",
			&(struct reply){ ERR_RETRY, NULL, "the node's list ends before what was read last time" });
		return false;
	}
	if (c->short_list)
		log_warn("census.history_lost", "slot=%" PRIu64 " why=\"%s\" next=human", c->at.slot.n,
			"no node's list of the program's transactions reaches back to this slot: pools that came and "
			"went "
			"since may be unknown");
	c->short_of = 0;
	return true;
}

static void complete(struct census *c)
{
	c->listed = c->newest;
	c->failure_told = false;
	end_round(c, c->e->config.discovery_ms);
}

static void on_done(struct task *task, const struct reply *reply)
{
	struct census *c = of_db(task);

	if (reply->err != ERR_OK) {
		fail_round(c, "done", reply);
		return;
	}
	c->at = c->to;
	complete(c);
}

static void done(struct census *c)
{
	if (!list_lost(c))
		return;
	/* What one node leaves out another one lists: where there are two, the position follows a round later. */
	c->to = rpc_endpoint_count(c->e->m.rpc) > 1 ? c->listed : c->newest;
	if (signature_is_zero(&c->to.sig) || c->to.slot.n < c->at.slot.n || signature_equal(&c->to.sig, &c->at.sig))
		complete(c);
	else
		census_done(c->e->m.journal, &c->db, &c->to, on_done);
}

static void step(struct census *c)
{
	switch (c->stage) {
	case CENSUS_IDLE:
		c->newest = (struct census_position){ 0 };
		c->before = (struct signature){ 0 };
		c->last_page = c->short_list = false;
		c->stage = CENSUS_EPOCH;
		break;
	case CENSUS_EPOCH:
		rpc_get_epoch(c->e->m.rpc, any_node(&c->rpc), FINALIZED, on_epoch);
		break;
	case CENSUS_BEGIN:
		begin(c);
		break;
	case CENSUS_LIST:
		list(c);
		break;
	case CENSUS_ASK:
		ask(c);
		break;
	case CENSUS_FETCH:
		fetch(c);
		break;
	case CENSUS_FOUND:
		census_found(c->e->m.journal, &c->db, c->made.pool, c->made.n, on_found);
		break;
	case CENSUS_NEXT:
		c->stage = c->last_page ? CENSUS_DONE : CENSUS_LIST;
		break;
	case CENSUS_DONE:
		done(c);
		break;
	}
}

/* After the first look at the pools there are: what their histories hold need not be fetched twice. */
void census_turn(struct engine *e)
{
	struct census *c = &e->census;
	enum census_stage stage;

	if (e->config.discovery_ms == 0 || !e->around.leader || e->policy.dry_run || e->around.stopping ||
		e->tick.fence == 0 || e->around.journal_down_since_ms != 0 || discovery_pending(e) ||
		(!c->done_once && ingest_left(e) > 0))
		return;
	if (census_busy(e) || (c->stage == CENSUS_IDLE && e->around.now_ms < c->due_ms))
		return;
	do {
		stage = c->stage;
		step(c);
	} while (!census_busy(e) && c->stage != CENSUS_IDLE && c->stage != stage);
}
