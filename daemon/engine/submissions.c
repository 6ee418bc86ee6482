/* Claims of the web backend: a page of rows, one look at all their hashes, the bodies of those that are there, answers. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "core/base58.h"
#include "engine/parts.h"

enum {
	STAGE_IDLE,
	STAGE_HEIGHT,    /* how far the chain is                                      */
	STAGE_PAGE,      /* the rows                                                  */
	STAGE_LOOK,      /* one node: which of the hashes does it know                */
	STAGE_PROOF_TIP, /* node after node: how far its finalized chain goes,        */
	STAGE_PROOF,     /* ... and which of those that are missing it does not know  */
	STAGE_FETCH,     /* the bodies                                                */
	STAGE_WRITE,
};
enum {
	PAGES_PER_TICK = 16,
	PAGES_WHILE_BOUND = 1,
	/* Blocks after which a hash that existed at a confirmed height is dead: the life of a blockhash, and what the newest
	 * block may have been ahead of the confirmed one. */
	LIFE_BLOCKS = 150 + 32,
	FAILURES_MAX = 8,
	RETRY_MS = 500,
	RETRY_MAX_MS = 10000,
};

void submissions_init(struct engine *e)
{
	struct submissions *s = &e->submissions;

	s->e = e;
	rpc_call_init(&s->rpc);
	submissions_call_init(&s->call);
	for (size_t i = 0; i < SUBMISSIONS_FETCHES; i++) {
		s->fetch[i].e = e;
		rpc_call_init(&s->fetch[i].rpc);
	}
}

void submissions_fini(struct engine *e)
{
	struct submissions *s = &e->submissions;

	rpc_call_fini(&s->rpc);
	submissions_call_fini(&s->call);
	for (size_t i = 0; i < SUBMISSIONS_FETCHES; i++)
		rpc_call_fini(&s->fetch[i].rpc);
}

static size_t fetching(const struct submissions *s)
{
	size_t n = 0;

	for (size_t i = 0; i < SUBMISSIONS_FETCHES; i++)
		n += s->fetch[i].rpc.task.busy;
	return n;
}

bool submissions_busy(const struct engine *e)
{
	const struct submissions *s = &e->submissions;

	return s->rpc.task.busy || s->call.task.busy || fetching(s) > 0;
}

void submissions_want(struct engine *e)
{
	if (e->submissions.stage == STAGE_IDLE)
		e->submissions.wanted = true;
}

static struct submissions *of_rpc(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct submissions, rpc);
}

static struct submissions *of_call(struct task *task)
{
	return container_of(container_of(task, struct submissions_call, task), struct submissions, call);
}

/* The rows stay as they are in Postgres: the next tick looks again. */
static void give_up(struct submissions *s, const char *what, const struct reply *reply)
{
	attempts_note(&s->attempts, s->e->around.now_ms, false);
	log_warn("submissions.retry", "doing=%s err=%s why=%s next=retry", what, err_name(reply->err), reply->why);
	s->wanted = false;
	s->stage = STAGE_IDLE;
}

static void set_answer(struct submission_look *look, enum claim_verdict verdict, struct slot slot, int64_t block_time)
{
	look->answered = true;
	look->answer = (struct submission_answer){ .id = look->row.id,
		.verdict = verdict,
		.slot = slot,
		.block_time = block_time,
		.final = verdict == CLAIM_ACCEPTED && look->finalized };
}

/* ---- rows ---- */

static void on_height(struct task *task, const struct reply *reply)
{
	struct submissions *s = of_rpc(task);
	const struct rpc_epoch *got = reply->data;

	if (reply->err != ERR_OK) {
		give_up(s, "height", reply);
		return;
	}
	s->confirmed = got->height;
	s->stage = STAGE_PAGE;
}

static void on_page(struct task *task, const struct reply *reply)
{
	struct submissions *s = of_call(task);

	if (reply->err != ERR_OK) {
		give_up(s, "page", reply);
		return;
	}
	s->failures = 0;
	s->n = s->call.n;
	for (size_t i = 0; i < s->n; i++)
		s->look[i] = (struct submission_look){ .row = s->call.as.row[i] };
	s->stage = s->n > 0 ? STAGE_LOOK : STAGE_WRITE;
}

/* ---- which hashes are on the chain ---- */

static void ask(struct submissions *s, bool only_missing, rpc_done *done)
{
	s->n_asked = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (only_missing && !s->look[i].missing)
			continue;
		s->asked_look[s->n_asked] = &s->look[i];
		s->asked[s->n_asked++] = s->look[i].row.claim.sig;
	}
	rpc_get_statuses(s->e->m.rpc, &s->rpc, s->asked, s->n_asked, true, done);
}

static bool past_its_life(const struct submission_look *look, struct height height)
{
	return look->row.seen.n > 0 && height.n > look->row.seen.n + LIFE_BLOCKS;
}

/* Answers come at confirmed; what would take an acceptance back waits for finality. */
static void judge_status(struct submission_look *look, const struct rpc_status *status)
{
	const bool same_block = look->row.accepted && look->row.slot.n == status->landed.n;

	look->finalized = status->finalized;
	if (!status->finalized && (!status->confirmed || look->row.accepted))
		return;
	if (status->failed)
		set_answer(look, CLAIM_FAILED_ON_CHAIN, status->landed, 0);
	else if (same_block)
		set_answer(look, CLAIM_ACCEPTED, status->landed, 0);
	else
		look->fetch = true;
}

static void on_look(struct task *task, const struct reply *reply)
{
	struct submissions *s = of_rpc(task);
	const struct rpc_statuses *got = reply->data;
	bool missing = false;

	if (reply->err != ERR_OK) {
		give_up(s, "look", reply);
		return;
	}
	for (size_t i = 0; i < s->n_asked; i++) {
		struct submission_look *look = s->asked_look[i];

		if (got->status[i].found)
			judge_status(look, &got->status[i]);
		else
			look->missing = past_its_life(look, s->confirmed);
		missing = missing || look->missing;
	}
	s->node = 0;
	s->hosts = 0;
	s->next = 0;
	s->stage = missing ? STAGE_PROOF_TIP : STAGE_FETCH;
}

/* ---- absence: a node that is past the last block which could hold it, and another one where there are several ---- */

static void conclude(struct submissions *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->look[i].missing && !s->look[i].found && s->look[i].witnesses > 0)
			set_answer(&s->look[i], CLAIM_NOT_FOUND, (struct slot){ 0 }, 0);
	s->stage = STAGE_FETCH;
}

static void next_node(struct submissions *s)
{
	bool enough = true;

	for (size_t i = 0; i < s->n; i++)
		enough = enough && (!s->look[i].missing || s->look[i].found || s->look[i].witnesses > 1);
	/* Another endpoint of a host that has answered is no second witness. */
	do
		s->node++;
	while (s->node < rpc_endpoint_count(s->e->m.rpc) &&
		(s->hosts >> rpc_host_of(s->e->m.rpc, (int)s->node) & 1) != 0);
	if (enough || s->node >= rpc_endpoint_count(s->e->m.rpc))
		conclude(s);
	else
		s->stage = STAGE_PROOF_TIP;
}

static void on_proof_tip(struct task *task, const struct reply *reply)
{
	struct submissions *s = of_rpc(task);
	const struct rpc_epoch *got = reply->data;

	if (reply->err != ERR_OK) {
		next_node(s);
		return;
	}
	s->node_height = got->height;
	s->node_slot = got->slot;
	s->stage = STAGE_PROOF;
}

static void on_proof(struct task *task, const struct reply *reply)
{
	struct submissions *s = of_rpc(task);
	const struct rpc_statuses *got = reply->data;

	if (reply->err == ERR_OK && got->at.n >= s->node_slot.n) {
		s->hosts |= 1U << rpc_host_of(s->e->m.rpc, (int)s->node);
		for (size_t i = 0; i < s->n_asked; i++) {
			struct submission_look *look = s->asked_look[i];

			look->found = look->found || got->status[i].found;
			look->witnesses += !got->status[i].found && past_its_life(look, s->node_height);
		}
	}
	next_node(s);
}

/* ---- bodies ---- */

/* One node's bytes that were not signed so say something about the node: another one is asked before the claim is refused.
 * For a body that is cut it is never refused: with the next tick all are asked again. */
static void on_unfit_body(struct engine *e, struct submission_look *look, int endpoint, bool cut)
{
	const size_t nodes = rpc_endpoint_count(e->m.rpc);
	const bool more = ++look->refused < nodes;
	char text[SIGNATURE_TEXT];

	look->cut = look->cut || cut;
	base58_signature(text, &look->row.claim.sig);
	log_event(cut ? LOG_AT_WARN : LOG_AT_ERROR, cut ? "submission.cut_body" : "submission.bad_bytes",
		"sig=%s endpoint=%s why=\"%s\" next=%s", text, rpc_endpoint_label(e->m.rpc, endpoint),
		cut ? "the node left out what the claim is judged by"
		    : "what the node sent is not signed as the hash says",
		more        ? "ask_another"
		: look->cut ? "retry"
			    : "refuse");
	look->node = (endpoint + 1) % (int)nodes;
	if (more)
		look->fetch = true;
	else if (!look->cut)
		set_answer(look, CLAIM_BAD_SIGNATURE, (struct slot){ 0 }, 0);
}

static void on_body(struct task *task, const struct reply *reply)
{
	struct submission_fetch *f = container_of(
		container_of(task, struct rpc_call, task), struct submission_fetch, rpc);
	struct submission_look *look = f->look;
	const struct rpc_transaction *tx = reply->data;
	enum claim_verdict verdict;

	if (reply->err != ERR_OK) {
		log_warn("submission.retry", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
		f->e->submissions.failures++;
		return;
	}
	if (!tx->found)
		return; /* listed but not to be had yet: with the next tick */
	switch (submission_judge(f->e, look, tx, &verdict)) {
	case BODY_WHOLE:
		set_answer(look, verdict, tx->slot, tx->block_time);
		break;
	case BODY_CUT:
		on_unfit_body(f->e, look, f->rpc.endpoint, true);
		break;
	case BODY_NOT_SIGNED:
		on_unfit_body(f->e, look, f->rpc.endpoint, false);
		break;
	}
}

/* When several bodies could not be had, the nodes are left alone until the next tick. */
static struct submission_look *next_fetch(struct submissions *s)
{
	if (s->failures >= FAILURES_MAX)
		return NULL;
	for (size_t i = 0; i < s->n; i++)
		if (s->look[i].fetch)
			return &s->look[i];
	return NULL;
}

/* Bound pools have the nodes to themselves but for one call. */
static void fetch_turn(struct submissions *s)
{
	const size_t most = engine_any_bound(s->e) ? 1 : SUBMISSIONS_FETCHES;

	for (size_t i = 0; i < SUBMISSIONS_FETCHES && fetching(s) < most; i++) {
		struct submission_fetch *f = &s->fetch[i];
		struct submission_look *look = f->rpc.task.busy ? NULL : next_fetch(s);

		if (!look)
			continue;
		look->fetch = false;
		f->look = look;
		f->rpc.endpoint = look->refused == 0 ? RPC_ANY : look->node;
		rpc_get_transaction(
			s->e->m.rpc, &f->rpc, &look->row.claim.sig, look->finalized ? FINALIZED : CONFIRMED, on_body);
	}
	if (fetching(s) == 0)
		s->stage = STAGE_WRITE;
}

/* ---- answers ---- */

/* An acceptance that became final was counted when it was accepted. */
static void count_answer(
	struct engine_snapshot *counters, const struct submission *row, const struct submission_result *result)
{
	counters->submissions_accepted += strcmp(result->state, "accepted") == 0 && !row->accepted;
	counters->submissions_rejected += strcmp(result->state, "rejected") == 0;
	counters->submissions_revoked += strcmp(result->state, "revoked") == 0;
	counters->replays_refused += strcmp(result->reason, "already_used") == 0;
}

static void note_result(struct submissions *s, const struct submission_result *result)
{
	char sig[SIGNATURE_TEXT], wallet[PUBKEY_TEXT], pool[PUBKEY_TEXT];

	for (size_t i = 0; i < s->n; i++) {
		const struct submission *row = &s->look[i].row;

		if (row->id != result->id)
			continue;
		count_answer(&s->e->counters, row, result);
		if (result->final && strcmp(result->state, "accepted") == 0)
			ingest_named(s->e, &row->claim.pool, s->look[i].answer.slot);
		base58_signature(sig, &row->claim.sig);
		base58_pubkey(wallet, &row->claim.wallet);
		base58_pubkey(pool, &row->claim.pool);
		log_info("submission",
			"id=%" PRId64 " pool=%s state=%s reason=%s final=%d sig=%s wallet=%s operation=%s", row->id,
			pool, result->state, result->reason[0] ? result->reason : "-", result->final, sig, wallet,
			ml_name(row->claim.operation));
	}
}

/* Further pages follow in this tick, as many as are allowed; where it stopped the next tick goes on. */
static void page_done(struct submissions *s)
{
	const unsigned most = engine_any_bound(s->e) ? PAGES_WHILE_BOUND : PAGES_PER_TICK;
	const bool last = s->n < SUBMISSIONS_PAGE;

	s->attempts = (struct attempts){ 0 };
	s->after_id = last ? 0 : s->look[s->n - 1].row.id;
	s->stage = last || ++s->pages >= most ? STAGE_IDLE : STAGE_PAGE;
	if (s->stage == STAGE_IDLE)
		s->wanted = false;
}

static void on_answered(struct task *task, const struct reply *reply)
{
	struct submissions *s = of_call(task);

	if (reply->err != ERR_OK) {
		give_up(s, "answer", reply);
		return;
	}
	for (size_t i = 0; i < s->call.n; i++)
		note_result(s, &s->call.as.result[i]);
	page_done(s);
}

static void write_answers(struct submissions *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->look[i].answered)
			s->answer[n++] = s->look[i].answer;
	if (n > 0)
		submissions_answer(s->e->m.journal, &s->call, s->answer, n, on_answered);
	else
		page_done(s);
}

static void begin(struct submissions *s)
{
	s->pages = 0;
	s->stage = STAGE_HEIGHT;
}

static void step(struct submissions *s)
{
	struct engine *e = s->e;

	switch (s->stage) {
	case STAGE_IDLE:
		begin(s);
		break;
	case STAGE_HEIGHT:
		s->height_ms = e->around.now_ms;
		rpc_get_epoch(e->m.rpc, any_node(&s->rpc), CONFIRMED, on_height);
		break;
	case STAGE_PAGE:
		submissions_page(
			e->m.journal, &s->call, s->after_id, s->confirmed, e->around.now_ms - s->height_ms, on_page);
		break;
	case STAGE_LOOK:
		any_node(&s->rpc);
		ask(s, false, on_look);
		break;
	case STAGE_PROOF_TIP:
		s->rpc.endpoint = (int)s->node;
		rpc_get_epoch(e->m.rpc, &s->rpc, FINALIZED, on_proof_tip);
		break;
	case STAGE_PROOF:
		s->rpc.endpoint = (int)s->node;
		ask(s, true, on_proof);
		break;
	case STAGE_WRITE:
		write_answers(s);
		break;
	default:
		break;
	}
}

/* Draws come first: nothing while Postgres is away. */
static bool may_go_on(const struct engine *e)
{
	const struct submissions *s = &e->submissions;

	return s->wanted && !s->rpc.task.busy && !s->call.task.busy && !e->around.stopping && e->chain_s != 0 &&
	       e->around.journal_down_since_ms == 0 &&
	       attempts_ready(&s->attempts, e->around.now_ms, RETRY_MS, RETRY_MAX_MS);
}

/* Until a call is out: stages without one of their own follow at once. */
void submissions_turn(struct engine *e)
{
	struct submissions *s = &e->submissions;

	if ((!e->around.leader || e->policy.dry_run) && !submissions_busy(e)) {
		s->wanted = false;
		s->stage = STAGE_IDLE;
	}
	while (may_go_on(e)) {
		if (s->stage == STAGE_FETCH)
			fetch_turn(s);
		else
			step(s);
		if (s->stage == STAGE_FETCH && fetching(s) > 0)
			return;
	}
}
