/* Before the first row is written: is this the schema that poolkeeper was built for? */
#include "journal/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/version.h"

enum { AGAIN_MS = 1000 };

void schema_init(struct schema *s, struct db *db, uint32_t deadline_ms)
{
	*s = (struct schema){ .db = db };
	s->call.sql = "SELECT max(version), pg_backend_pid() FROM keeper.schema_migrations";
	s->call.deadline_ms = deadline_ms;
}

void schema_fini(struct schema *s)
{
	db_cancel(s->db, &s->call);
}

/* undefined_table, invalid_schema_name */
static bool is_missing(const char *sqlstate)
{
	return strcmp(sqlstate, "42P01") == 0 || strcmp(sqlstate, "3F000") == 0;
}

static void on_version(struct task *task, const struct reply *reply)
{
	struct schema *s = container_of(container_of(task, struct db_call, task), struct schema, call);
	const struct db_result *result = reply->data;
	const char *version = reply->err == ERR_OK && db_rows(result) == 1 ? db_get(result, 0, 0) : NULL;
	char pid[16];

	if (reply->err != ERR_OK && !is_missing(db_sqlstate(result))) {
		s->failures++;
		s->again_ms = loop_mono_ms() + AGAIN_MS;
		log_warn("start.waiting", "for=database why=%s", reply->why);
		return;
	}
	if (version == NULL || strcmp(version, POOLKEEPER_SCHEMA) != 0) {
		s->verdict = SCHEMA_REFUSED;
		log_error("start.refused", "schema=%s expected=%s why=%s", version != NULL ? version : "none",
			POOLKEEPER_SCHEMA, "run scripts/db migrate of the same version as this poolkeeper");
		return;
	}
	s->verdict = SCHEMA_PASSED;
	/* A pooler makes up a number of its own at the start and hands the statement to another process. */
	snprintf(pid, sizeof(pid), "%d", db_backend_pid(s->db));
	log_info("db.checked", "schema=%s pooled=%d", version, strcmp(pid, db_get(result, 0, 1)) != 0);
}

uint64_t schema_turn(struct schema *s, uint64_t now_ms)
{
	if (s->verdict != SCHEMA_OPEN || s->call.task.busy)
		return UINT64_MAX;
	if (now_ms < s->again_ms)
		return s->again_ms;
	db_run(s->db, &s->call, on_version);
	return UINT64_MAX;
}
