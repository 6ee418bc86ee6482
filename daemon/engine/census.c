/* Reads the list of the program's own transactions back to where the last round ended. Of those that no recorded history has, the ones
 * that made a pool of our dev wallet say where to read: the pool itself may be gone. */
#include "engine/census.h"

#include <inttypes.h>

#include "base/log.h"
#include "core/address.h"
#include "core/base58.h"
#include "engine/parts.h"

/* AGE_SLOTS: by then the histories of pools that are known are recorded, and their transactions need no look. */
enum { FIRST_PAGE = 100, AGE_SLOTS = 150, NOBODY = -1 };
/* LONE_MS: a second host that has listed nothing for so long is not waited for. START_MS: nor are histories at the start. */
enum { RETRY_MS = 5000, PAGE_TRIES = 5, LONE_MS = 3600000, START_MS = 600000, JUDGED_MAX = 10000 };

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
	known_clear(&e->census.judged);
}

bool census_busy(const struct engine *e)
{
	return e->census.rpc.task.busy || e->census.db.task.busy;
}

bool census_pending(const struct engine *e)
{
	return e->config.discovery_ms != 0 && e->census.rounds < rpc_witnesses(e->m.rpc);
}

static bool same_host(const struct census *c, int one, int other)
{
	return rpc_host_of(c->e->m.rpc, one) == rpc_host_of(c->e->m.rpc, other);
}

/* The next one; after a whole list the next one of another host, where there is one. */
static void turn_to_next(struct census *c, bool listed)
{
	const int n = (int)rpc_endpoint_count(c->e->m.rpc), from = c->endpoint;

	c->endpoint = (from + 1) % n;
	for (int i = 2; listed && i < n && same_host(c, c->endpoint, from); i++)
		c->endpoint = (from + i) % n;
}

static void end_round(struct census *c, bool listed, uint64_t pause_ms)
{
	c->stage = CENSUS_IDLE;
	c->rounds++;
	c->due_ms = c->e->around.now_ms + pause_ms;
	turn_to_next(c, listed);
}

/* The next round begins at the top again; what was judged is remembered, and what was found is written. */
void census_fail(struct census *c, const char *what, const struct reply *reply)
{
	const uint64_t usual = c->e->config.discovery_ms;

	if (!c->failure_told)
		log_warn("census.failed", "doing=%s err=%s why=%s next=retry", what, err_name(reply->err), reply->why);
	c->failure_told = true;
	end_round(c, false, RETRY_MS < usual ? RETRY_MS : usual);
}

/* ---- where it stands ---- */

static bool goes_on(const struct census *c)
{
	return c->begun && c->fence == c->e->tick.fence && c->database == c->e->tick.database;
}

static void on_epoch(struct task *task, const struct reply *reply)
{
	struct census *c = census_of_rpc(task);

	if (reply->err != ERR_OK) {
		census_fail(c, "epoch", reply);
		return;
	}
	c->tip = ((const struct rpc_epoch *)reply->data)->slot;
	c->upto.n = c->tip.n > AGE_SLOTS ? c->tip.n - AGE_SLOTS : 0;
	c->stage = goes_on(c) ? CENSUS_LIST : CENSUS_BEGIN;
}

static void on_begun(struct task *task, const struct reply *reply)
{
	struct census *c = census_of_db(task);

	if (reply->err != ERR_OK) {
		census_fail(c, "begin", reply);
		return;
	}
	c->at = c->db.at;
	c->listed_by = NOBODY;
	c->agreed_ms = c->e->around.now_ms;
	known_clear(&c->judged);
	c->begun = true;
	c->stage = CENSUS_LIST;
}

/* What the tick says of the database may be older than the answer: then it begins again. */
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

static bool is_first_page(const struct census *c)
{
	return signature_is_zero(&c->before);
}

static unsigned page_size(const struct census *c)
{
	return is_first_page(c) ? FIRST_PAGE : RPC_SIGNATURES_MAX;
}

/* A page must begin where the one before it ended, and go back in time. */
static bool continues(const struct census *c, const struct rpc_signatures *page)
{
	for (size_t i = 1; i < page->n; i++)
		if (page->info[i].slot.n > page->info[i - 1].slot.n)
			return false;
	return is_first_page(c) || (page->n > 0 && signature_equal(&page->info[0].sig, &c->last));
}

static void take(struct census *c, const struct rpc_signature_info *info)
{
	const struct discovery_key name = census_name(&info->sig);

	if (signature_is_zero(&c->newest.sig))
		c->newest = (struct census_position){ info->sig, info->slot };
	if (!info->failed && !known_has(&c->judged, &name))
		c->item[c->n_items++] = (struct census_item){ info->sig, info->slot };
}

static void take_page(struct census *c, const struct rpc_signatures *page)
{
	const unsigned asked = page_size(c);

	c->n_items = 0;
	for (size_t i = is_first_page(c) ? 0 : 1; i < page->n && !c->last_page; i++) {
		if (reaches(c, &page->info[i]))
			c->last_page = true;
		else if (page->info[i].slot.n <= c->upto.n)
			take(c, &page->info[i]);
	}
	if (!c->last_page && page->n < asked) {
		c->last_page = true;
		c->short_list = !signature_is_zero(&c->at.sig);
	} else if (!c->last_page) {
		c->before = page->info[page->n - 2].sig;
		c->last = page->info[page->n - 1].sig;
	}
}

static void on_list(struct task *task, const struct reply *reply)
{
	struct census *c = census_of_rpc(task);

	attempts_note(&c->pace, c->e->around.now_ms, reply->err != ERR_RETRY);
	if (c->pace.failures > 0 && c->pace.failures < PAGE_TRIES)
		return; /* a long list must not begin anew because of one answer */
	c->pace = (struct attempts){ 0 };
	if (reply->err != ERR_OK) {
		census_fail(c, "list", reply);
	} else if (!continues(c, reply->data)) {
		census_fail(
			c, "list", &(struct reply){ ERR_RETRY, NULL, "the page does not follow the one before it" });
	} else {
		take_page(c, reply->data);
		c->stage = c->n_items > 0 ? CENSUS_ASK : CENSUS_NEXT;
	}
}

/* What the histories that the start found hold need not be fetched twice. */
static bool may_list(const struct census *c)
{
	const struct engine *e = c->e;

	return c->rounds > 0 || e->around.now_ms - c->agreed_ms > START_MS ||
	       (e->counters.ticks > 0 && !discovery_pending(e) && e->ingest.n_start_done == e->ingest.n_start);
}

static void list(struct census *c)
{
	if (!may_list(c) || !attempts_ready(&c->pace, c->e->around.now_ms, RETRY_MS / 10, RETRY_MS))
		return;
	c->rpc.endpoint = c->endpoint;
	rpc_get_signatures(c->e->m.rpc, &c->rpc, &ADDRESS_ML, is_first_page(c) ? NULL : &c->before, c->tip,
		page_size(c), FINALIZED, on_list);
}

/* ---- the end of a round ---- */

/* As far back as this node remembers. Each is asked before what lies between is given up, and that is said. True: go on without it. */
static bool list_lost(struct census *c)
{
	const unsigned all = (1U << rpc_endpoint_count(c->e->m.rpc)) - 1;

	if (!c->short_list) {
		c->short_nodes = c->short_rounds = 0;
		return true;
	}
	c->short_nodes |= 1U << c->endpoint;
	if (++c->short_rounds < 2 || c->short_nodes != all) {
		census_fail(c, "gap",
			&(struct reply){ ERR_RETRY, NULL, "the node's list ends before what was read last time" });
		return false;
	}
	log_error("census.history_lost", "slot=%" PRIu64 " why=\"%s\" next=human", c->at.slot.n,
		"no node's list of the program's transactions reaches back to this slot: pools that came and went "
		"since may be unknown");
	c->short_nodes = c->short_rounds = 0;
	return true;
}

static bool two_agree(const struct census *c)
{
	return rpc_witnesses(c->e->m.rpc) == 1 || (c->listed_by != NOBODY && !same_host(c, c->listed_by, c->endpoint));
}

/* What one host leaves out another one lists: the position is what both have passed. */
static struct census_position next_position(const struct census *c)
{
	if (rpc_witnesses(c->e->m.rpc) == 1 || c->e->around.now_ms - c->agreed_ms > LONE_MS)
		return c->newest;
	if (!two_agree(c))
		return c->at;
	return c->listed.slot.n < c->newest.slot.n ? c->listed : c->newest;
}

static void complete(struct census *c)
{
	if (two_agree(c))
		c->agreed_ms = c->e->around.now_ms;
	c->listed = c->newest;
	c->listed_by = c->endpoint;
	c->failure_told = false;
	end_round(c, true, c->rounds + 1 < rpc_witnesses(c->e->m.rpc) ? 0 : c->e->config.discovery_ms);
}

static void on_done(struct task *task, const struct reply *reply)
{
	struct census *c = census_of_db(task);

	if (reply->err != ERR_OK) {
		census_fail(c, "done", reply);
		return;
	}
	c->at = c->to;
	if (c->judged.n > JUDGED_MAX)
		known_clear(&c->judged);
	complete(c);
}

static void done(struct census *c)
{
	if (c->left) {
		census_fail(c, "fetch",
			&(struct reply){ ERR_RETRY, NULL, "a transaction is listed, and no node gives it now" });
		return;
	}
	if (!list_lost(c))
		return;
	if (signature_is_zero(&c->newest.sig))
		c->newest = c->at;
	c->to = next_position(c);
	if (signature_equal(&c->to.sig, &c->at.sig))
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
		c->last_page = c->short_list = c->left = false;
		c->pace = (struct attempts){ 0 };
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
		census_ask(c);
		break;
	case CENSUS_FETCH:
		census_fetch(c);
		break;
	case CENSUS_FOUND:
		census_write_found(c);
		break;
	case CENSUS_NEXT:
		c->stage = c->last_page ? CENSUS_DONE : CENSUS_LIST;
		break;
	case CENSUS_DONE:
		done(c);
		break;
	}
}

void census_turn(struct engine *e)
{
	struct census *c = &e->census;
	enum census_stage stage;

	if (e->config.discovery_ms == 0 || !e->around.leader || e->policy.dry_run || e->around.stopping ||
		e->tick.fence == 0 || e->around.journal_down_since_ms != 0 || census_busy(e))
		return;
	if (c->stage > CENSUS_BEGIN && !goes_on(c))
		c->stage = CENSUS_IDLE; /* what this round took for known is not, here and now */
	else if (c->stage == CENSUS_IDLE && e->around.now_ms < c->due_ms)
		return;
	do {
		stage = c->stage;
		step(c);
	} while (!census_busy(e) && c->stage != CENSUS_IDLE && c->stage != stage);
}
