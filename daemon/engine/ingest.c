/* Which pools' histories are to be read, in which order. A pool waits in a list of its own size, so none is forgotten. */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "engine/parts.h"

enum {
	RETRY_MS = 500,
	RETRY_MAX_MS = 10000,
	EPOCH_MS = 1000,     /* how often the finalized slot is asked for while somebody waits for it */
	PROJECT_MS = 1000,   /* calls come in batches: the projection follows them */
	PROJECT_LIMIT = 200, /* calls per statement */
	LOOKS = 32,          /* waiting jobs that one turn looks at */
};

void ingest_init(struct engine *e)
{
	e->ingest.e = e;
	rpc_call_init(&e->ingest.rpc);
	history_call_init(&e->ingest.record);
	census_call_init(&e->ingest.census);
	rpc_call_init(&e->ingest.watch.rpc);
	history_call_init(&e->ingest.watch.page);
}

void ingest_fini(struct engine *e)
{
	struct ingest *in = &e->ingest;

	for (struct ingest_job *job = in->first, *next; job; job = next) {
		next = job->next;
		free(job);
	}
	free(in->job);
	rpc_call_fini(&in->rpc);
	history_call_fini(&in->record);
	census_call_fini(&in->census);
	rpc_call_fini(&in->watch.rpc);
	history_call_fini(&in->watch.page);
}

bool ingest_busy(const struct engine *e)
{
	const struct ingest *in = &e->ingest;

	return in->rpc.task.busy || in->record.task.busy || in->census.task.busy || in->watch.rpc.task.busy ||
	       in->watch.page.task.busy;
}

static bool may_read(const struct engine *e)
{
	return e->around.leader && !e->policy.dry_run;
}

size_t ingest_left(const struct engine *e)
{
	const struct ingest *in = &e->ingest;

	return may_read(e) ? in->n_jobs + !in->watch.whole_round + !in->projected : 0;
}

/* ---- the list ---- */

static void append(struct ingest *in, struct ingest_job *job)
{
	job->next = NULL;
	if (in->first)
		in->last->next = job;
	else
		in->first = job;
	in->last = job;
}

struct ingest_job *ingest_add(struct engine *e, const struct pubkey *address, struct slot floor)
{
	struct ingest_job *job = calloc(1, sizeof *job);

	if (!job)
		abort();
	job->address = *address;
	job->floor = floor;
	append(&e->ingest, job);
	e->ingest.n_jobs++;
	return job;
}

static bool is_known(const struct engine *e, const struct pubkey *address)
{
	for (size_t i = 0; i < e->pools.n; i++)
		if (e->pools.entry[i]->valid && pubkey_equal(&e->pools.entry[i]->address, address))
			return true;
	for (const struct ingest_job *job = e->ingest.first; job; job = job->next)
		if (pubkey_equal(&job->address, address))
			return true;
	return false;
}

void ingest_named(struct engine *e, const struct pubkey *address, struct slot at)
{
	if (!is_known(e, address))
		ingest_add(e, address, at)->blind = true;
}

static void look(struct ingest_job *job, const struct pool_entry *p)
{
	const struct bytes raw = { p->raw, p->raw_len };
	struct pool_account pool;

	job->floor = p->changed_at;
	job->exists = p->kind == VIEW_POOL;
	crypto_sha256(&job->seen, &raw, 1);
	job->has_pool_id = job->exists && pool_decode(&pool, p->raw, p->raw_len) == ACCOUNT_OK;
	if (job->has_pool_id)
		job->pool_id = pool.pool_id;
}

/* A job that waits reads up to the newest view; one that is under way is followed by another when it is done. */
void ingest_want(struct engine *e, struct pool_entry *p)
{
	if (e->policy.dry_run)
		return;
	if (!p->job) {
		p->job = ingest_add(e, &p->address, p->changed_at);
		p->job->pool = p;
		p->job->at_start = e->counters.ticks == 0;
		e->ingest.n_start += p->job->at_start;
	}
	if (p->job != e->ingest.job)
		look(p->job, p);
}

void ingest_forget(struct engine *e, struct pool_entry *p)
{
	e->ingest.watch.next_ms = e->around.now_ms; /* it is on that list now */
	if (p->job)
		p->job->pool = NULL;
	p->job = NULL;
}

void ingest_project_soon(struct engine *e)
{
	const uint64_t soon = e->around.now_ms + PROJECT_MS;

	if (e->ingest.projected && e->ingest.project_ms > soon)
		e->ingest.project_ms = soon;
}

void ingest_put_back(struct ingest *in)
{
	struct ingest_job *job = in->job;

	attempts_note(&job->attempts, in->e->around.now_ms, false);
	in->job = NULL;
	append(in, job);
	if (job->pool)
		look(job, job->pool);
}

void ingest_done(struct ingest *in)
{
	struct ingest_job *job = in->job;
	struct pool_entry *pool = job->pool;
	struct slot read = job->floor;

	if (job->watched)
		in->watch.n_jobs--;
	if (job->whole)
		in->e->rebuild.job_done = true;
	if (pool)
		pool->job = NULL;
	in->n_start_done += job->at_start;
	free(job);
	in->job = NULL;
	in->n_jobs--;
	if (pool && pool->changed_at.n > read.n)
		ingest_want(in->e, pool);
}

/* ---- turns ---- */

static void on_epoch(struct task *task, const struct reply *reply)
{
	struct ingest *in = container_of(container_of(task, struct rpc_call, task), struct ingest, rpc);

	if (reply->err == ERR_OK)
		in->finalized = ((const struct rpc_epoch *)reply->data)->slot;
}

/* A list at finalized that was made before the change is final does not show it. */
static bool is_ready(const struct ingest *in, const struct ingest_job *job)
{
	return job->floor.n <= in->finalized.n &&
	       attempts_ready(&job->attempts, in->e->around.now_ms, RETRY_MS, RETRY_MAX_MS);
}

/* Who is not ready goes to the end: each turn looks at some, so that many who wait cost no more than few. */
static bool choose(struct ingest *in)
{
	for (int i = 0; i < LOOKS && in->first; i++) {
		struct ingest_job *job = in->first;

		in->first = job->next;
		if (is_ready(in, job)) {
			in->job = job;
			ingest_read_begin(in);
			return true;
		}
		append(in, job);
	}
	return false;
}

static void on_projected(struct task *task, const struct reply *reply)
{
	struct ingest *in = container_of(container_of(task, struct history_call, task), struct ingest, record);
	const uint64_t now = in->e->around.now_ms;

	if (reply->err != ERR_OK) {
		in->project_ms = now + RETRY_MAX_MS;
		log_warn("calls.not_projected", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
		return;
	}
	in->projected = in->projected || !in->record.more || in->record.wait_s > 0;
	in->project_ms = !in->record.more ? UINT64_MAX : now + 1 + in->record.wait_s * 1000;
}

/* One call at a time, and nothing while Postgres is away: draws come first. */
static bool may_go_on(const struct engine *e)
{
	return !ingest_busy(e) && may_read(e) && !e->around.stopping && e->around.journal_down_since_ms == 0;
}

void ingest_turn(struct engine *e)
{
	struct ingest *in = &e->ingest;
	const uint64_t now = e->around.now_ms;

	progress_turn(e);
	if (!may_go_on(e))
		return;
	if (in->job || choose(in)) {
		ingest_read_step(in);
		return;
	}
	if (in->first && now >= in->epoch_ms + EPOCH_MS) {
		in->epoch_ms = now;
		rpc_get_epoch(e->m.rpc, any_node(&in->rpc), FINALIZED, on_epoch);
	} else if (now >= in->project_ms) {
		histories_project(e->m.journal, &in->record, PROJECT_LIMIT, on_projected);
	} else {
		ingest_watch_turn(e);
	}
}

uint64_t ingest_wake_ms(const struct engine *e)
{
	const struct ingest *in = &e->ingest;
	const uint64_t now = e->around.now_ms;
	const uint64_t watch = ingest_watch_due_ms(in);
	uint64_t wake = in->project_ms < watch ? in->project_ms : watch;

	if (!may_go_on(e))
		return 0;
	if (in->first && now + RETRY_MS < wake)
		wake = now + RETRY_MS;
	if (in->job)
		wake = now;
	return wake > now ? wake : now + 1;
}
