/* The pages: plain text for probes, and the JSON that the web backend's own pages have. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/version.h"
#include "ops/health.h"
#include "ops/metrics.h"
#include "ops/status_page.h"

/* Being answered is the proof: it comes from the loop that draws. */
static void write_live(struct buf *out, const struct health_facts *f, const struct health_verdict *v)
{
	(void)f, (void)v;
	buf_str(out, "ok\n");
}

static void write_ready(struct buf *out, const struct health_facts *f, const struct health_verdict *v)
{
	for (int i = 0; i < HEALTH_CHECKS; i++)
		buf_fmt(out, "[%c]%s %s%s\n", v->ok[i] ? '+' : '-', HEALTH_CHECK_NAMES[i], v->ok[i] ? "ok" : "",
			v->why[i]);
	buf_fmt(out, "role=%s\n%s\n", health_role(f), v->ready ? "ready" : "not ready");
}

static const char *yes(bool b)
{
	return b ? "true" : "false";
}

/* Reasons hold no quotes and no backslashes: every part of them is ours, a number, or base58. */
static void write_reasons(struct buf *out, const struct health_verdict *v)
{
	const char *comma = "";

	buf_str(out, "[");
	for (int i = 0; i < HEALTH_CHECKS; i++) {
		if (v->ok[i])
			continue;
		buf_fmt(out, "%s\"%s: %s\"", comma, HEALTH_CHECK_NAMES[i], v->why[i]);
		comma = ",";
	}
	buf_str(out, "]");
}

static void write_time(struct buf *out, int64_t wall_ms)
{
	const time_t seconds = (time_t)(wall_ms / 1000);
	struct tm utc;
	char text[32];

	if (gmtime_r(&seconds, &utc) == NULL || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc) == 0)
		text[0] = '\0';
	buf_fmt(out, "\"timestamp\":\"%s.%03dZ\"", text, (int)(wall_ms % 1000));
}

/* latency: of the quickest endpoint that is well. */
static void write_rpc(struct buf *out, const struct health_facts *f)
{
	size_t well = 0;
	uint64_t best_us = 0;

	for (size_t i = 0; i < f->outside.n_nodes; i++) {
		const struct node_snapshot *n = &f->outside.node[i];

		well += n->well && n->latency_us != 0;
		if (n->well && n->latency_us != 0 && (best_us == 0 || n->latency_us < best_us))
			best_us = n->latency_us;
	}
	buf_fmt(out,
		"\"rpc\":{\"connected\":%s,\"currentSlot\":%" PRIu64 ",\"latency\":%" PRIu64
		",\"totalEndpoints\":%zu,\"healthyEndpoints\":%zu}",
		yes(well > 0), f->survey.confirmed.n, best_us / 1000, f->outside.n_nodes, well);
}

static void write_monitor(struct buf *out, const struct health_facts *f)
{
	buf_fmt(out, "\"running\":%s,\"processingCount\":%zu", yes(f->engine_known && f->phase == HEALTH_PHASE_RUNNING),
		f->engine.active);
}

static void write_health(struct buf *out, const struct health_facts *f, const struct health_verdict *v)
{
	buf_fmt(out, "{\"status\":\"%s\",", v->ready ? "healthy" : "unhealthy");
	write_time(out, f->wall_ms);
	buf_fmt(out, ",\"uptime\":%" PRIu64 ",\"version\":\"%s\",\"database\":\"%s\",",
		(f->now_ms - f->started_ms) / 1000, POOLKEEPER_VERSION,
		v->ok[HEALTH_DATABASE] ? "connected" : "disconnected");
	write_rpc(out, f);
	buf_str(out, ",\"poolMonitor\":{");
	write_monitor(out, f);
	buf_fmt(out, "},\"role\":\"%s\",\"reasons\":", health_role(f));
	write_reasons(out, v);
	buf_str(out, "}\n");
}

/* One connection, so the pool's numbers are 0 and 1. */
static void write_database(struct buf *out, const struct health_facts *f, const struct health_verdict *v)
{
	const struct outside_snapshot *o = &f->outside;

	buf_fmt(out,
		"{\"healthy\":%s,\"latency\":%" PRIu64 ".%03" PRIu64
		",\"poolStats\":{\"total\":%d,\"active\":%d,\"idle\":%d,\"waiting\":%u,\"max\":1}",
		yes(v->ok[HEALTH_DATABASE]), o->db_last_us / 1000, o->db_last_us % 1000, o->db_up ? 1 : 0,
		o->db_up && o->db_busy ? 1 : 0, o->db_up && !o->db_busy ? 1 : 0, o->db_waiting);
	buf_fmt(out, ",\"reason\":\"%s\"}\n", v->why[HEALTH_DATABASE]);
}

static void write_jackpot(struct buf *out, const struct health_facts *f, const struct health_verdict *v)
{
	(void)f, (void)v;
	buf_str(out, "{\"configured\":false,\"status\":\"not_configured\",\"reason\":\"JACKPOT_CONNECTION_POOL_SIZE is "
		     "0: this poolkeeper serves no jackpots\"}\n");
}

static void write_waiting(struct buf *out, const struct health_facts *f)
{
	const char *comma = "";

	buf_str(out, "{");
	for (int i = 0; i < REASON_COUNT; i++) {
		if (f->survey.draws[i] == 0)
			continue;
		buf_fmt(out, "%s\"%s\":%zu", comma, REASONS[i].name, f->survey.draws[i]);
		comma = ",";
	}
	buf_str(out, "}");
}

static void write_status(struct buf *out, const struct health_facts *f, const struct health_verdict *v)
{
	buf_str(out, "{");
	write_monitor(out, f);
	buf_fmt(out, ",\"role\":\"%s\",\"ready\":%s,\"ticks\":%" PRIu64 ",\"lastTickAgeMs\":", health_role(f),
		yes(v->ready), f->engine.ticks);
	if (f->engine.ticks > 0)
		buf_fmt(out, "%" PRIu64, f->now_ms - f->engine.last_tick_ms);
	else
		buf_str(out, "null");
	buf_fmt(out, ",\"pools\":%zu,\"bound\":%zu,\"payoutsRecorded\":%" PRIu64 ",\"waiting\":", f->engine.pools,
		f->survey.bound, f->engine.records);
	write_waiting(out, f);
	buf_str(out, ",\"oldestOverdue\":");
	if (f->survey.n_late > 0)
		buf_fmt(out, "{\"subject\":\"%s\",\"seconds\":%" PRId64 ",\"reason\":\"%s\"}", f->survey.late[0].text,
			f->survey.late[0].seconds, REASONS[f->survey.late[0].reason].name);
	else
		buf_str(out, "null");
	buf_str(out, ",\"reasons\":");
	write_reasons(out, v);
	buf_str(out, "}\n");
}

#define TEXT "text/plain; charset=utf-8"
#define JSON "application/json"

static const struct health_page PAGES[] = {
	{ "/", "text/html; charset=utf-8", status_page_write, FAILS_NEVER, status_page_policy },
	{ "/livez", TEXT, write_live, FAILS_NEVER, NULL },
	{ "/healthz", TEXT, write_live, FAILS_NEVER, NULL },
	{ "/readyz", TEXT, write_ready, FAILS_UNREADY, NULL },
	{ "/health", JSON, write_health, FAILS_UNREADY, NULL },
	{ "/health/database", JSON, write_database, FAILS_DATABASE, NULL },
	{ "/api/health/database", JSON, write_database, FAILS_DATABASE, NULL },
	{ "/api/health/jackpot", JSON, write_jackpot, FAILS_NEVER, NULL },
	{ "/api/monitor/status", JSON, write_status, FAILS_NEVER, NULL },
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", metrics_write, FAILS_NEVER, NULL },
};

const struct health_page *health_page_find(const char *path)
{
	for (size_t i = 0; i < sizeof(PAGES) / sizeof(PAGES[0]); i++)
		if (strcmp(PAGES[i].path, path) == 0)
			return &PAGES[i];
	return NULL;
}

unsigned health_page_status(const struct health_page *page, const struct health_verdict *verdict)
{
	const bool fails = (page->fails == FAILS_UNREADY && !verdict->ready) ||
	                   (page->fails == FAILS_DATABASE && !verdict->ok[HEALTH_DATABASE]);

	return fails ? 503 : 200;
}
