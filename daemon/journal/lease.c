/* The lease row, and what the web backend registered. */
#include "journal/lease.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "journal/call.h"
#include "journal/spooled.h"

enum { LEASE_TTL_MS = 15000 }; /* three ticks of 5 s */

enum {
	COL_HELD,
	COL_FENCE,
	COL_HOLDER,
	COL_APP_ID,
	COL_ADDRESS,
	COL_STATUS,
	COL_AGREES,
	COL_SUBMISSIONS,
	COL_UNSEALED,
	COL_DATABASE
};

static const char TICK[] = "SELECT held,fence,holder,app_id,address,status,agrees,"
			   "(SELECT keeper.submissions_wait()),(SELECT keeper.audit_waits()),"
			   "(SELECT keeper.database_mark()) "
			   "FROM keeper.lease_tick($1,$2,$3)";
static const char LOOK[] = "SELECT held,fence,holder,app_id,address,status,agrees FROM keeper.lease_look($1)";
static const char RELEASE[] = "SELECT held,fence,holder FROM keeper.lease_release($2,$1)";

void lease_call_init(struct lease_call *call)
{
	*call = (struct lease_call){ 0 };
	call->state = call_state_new(&call->task);
}

void lease_call_fini(struct lease_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
	free(call->list);
	call->list = NULL;
	call->pools = NULL;
	call->n = 0;
}

static void copy_text(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text ? text : "");
}

static bool parse_pool(const struct db_result *r, int i, struct lease_pool *pool)
{
	copy_text(pool->address, sizeof pool->address, db_get(r, i, COL_ADDRESS));
	copy_text(pool->status, sizeof pool->status, db_get(r, i, COL_STATUS));
	return call_parse_i64(db_get(r, i, COL_APP_ID), &pool->app_id) &&
	       call_parse_bool(db_get(r, i, COL_AGREES), &pool->agrees);
}

static void make_room(struct lease_call *call, size_t n)
{
	struct lease_pool *list;

	if (n <= call->room)
		return;
	list = realloc(call->list, n * sizeof *list);
	if (!list)
		abort();
	call->list = list;
	call->room = n;
}

static bool parse_pools(struct lease_call *call, const struct db_result *r)
{
	/* The one row of an empty list carries the lease only. */
	const size_t n = db_get(r, 0, COL_APP_ID) ? (size_t)db_rows(r) : 0;

	make_room(call, n);
	for (size_t i = 0; i < n; i++)
		if (!parse_pool(r, (int)i, &call->list[i]))
			return false;
	call->pools = call->list;
	call->n = n;
	return true;
}

static bool parse_lease(struct lease_call *call, const struct db_result *r)
{
	call->n = 0;
	copy_text(call->holder, sizeof call->holder, db_rows(r) > 0 ? db_get(r, 0, COL_HOLDER) : NULL);
	return db_rows(r) > 0 && call_parse_bool(db_get(r, 0, COL_HELD), &call->held) &&
	       call_parse_u64(db_get(r, 0, COL_FENCE), &call->fence);
}

static void note_lease(struct journal *j, const struct lease_call *call)
{
	const uint64_t fence = call->held ? call->fence : 0;

	if (fence != 0 && fence != j->fence)
		log_info("lease.taken", "fence=%" PRIu64 " owner=%s", fence, j->owner);
	else if (fence == 0 && j->fence != 0)
		log_warn("lease.lost", "fence=%" PRIu64 " holder=%s next=standby", j->fence, call->holder);
	else if (fence == 0 && !j->lease_seen)
		log_info("lease.standby", "holder=%s", call->holder);
	j->lease_seen = true;
	j->fence = fence;
}

static bool parse_tick(struct task *task, const struct db_result *r, const void **data)
{
	struct lease_call *call = container_of(task, struct lease_call, task);
	struct journal *j = call->state->journal;

	if (!parse_lease(call, r) || !parse_pools(call, r))
		return false;
	*data = call;
	if (j->read_only) {
		j->write_ok_ms = loop_mono_ms(); /* a dry run decides as if this look had been the write */
		return true;
	}
	if (!call_parse_bool(db_get(r, 0, COL_SUBMISSIONS), &call->submissions) ||
		!call_parse_bool(db_get(r, 0, COL_UNSEALED), &call->unsealed) ||
		!call_parse_i64(db_get(r, 0, COL_DATABASE), &call->database))
		return false;
	note_lease(j, call);
	if (call->held) {
		j->write_ok_ms = loop_mono_ms();
		spooled_import(j->spooled);
	}
	return true;
}

static bool parse_release(struct task *task, const struct db_result *r, const void **data)
{
	struct lease_call *call = container_of(task, struct lease_call, task);
	struct journal *j = call->state->journal;

	if (!parse_lease(call, r))
		return false;
	log_info("lease.released", "fence=%" PRIu64, j->fence);
	j->fence = 0;
	*data = call;
	return true;
}

void lease_tick(struct journal *j, struct lease_call *call, int64_t after_id, journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin(j, s, j->read_only ? LOOK : TICK, parse_tick, done);
	call->whole = after_id == 0;
	s->writes = !j->read_only;
	if (!j->read_only)
		call_text(s, j->owner);
	call_i64(s, after_id);
	if (!j->read_only)
		call_u64(s, LEASE_TTL_MS);
	call_send(s, CALL_DEADLINE_MS);
}

void lease_release(struct journal *j, struct lease_call *call, journal_done *done)
{
	call_begin_write(j, call->state, RELEASE, parse_release, done);
	call_text(call->state, j->owner);
	call_send(call->state, CALL_DEADLINE_MS);
}
