/* What the pages say, from what the journal's side answers and the figures of this process. */
#include "app/jackpot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/inspect.h"
#include "base/crypto.h"
#include "base/log.h"
#include "journal/jackpot.h"
#include "ops/jackpot_kpi.h"

enum {
	WAGERS_MAX = 32, /* contributions that wait for the database or are there; health_http has 64 clients       */
	READERS_MAX = 8, /* and so many of one page: some of the 64 are always left for probes */
	DEADLINE_MS = 2000,
	FRESH_MS = 1000, /* a page is asked for anew after this */
	SAY_AGAIN_MS = 60000,
	RETRY_S = 1,
	RETRY_SCHEMA_S = 60,
	PAGE_MAX = 65536,
	WHY_MAX = 320,
};

struct reader {
	struct later *request;
	void (*write)(struct jackpot *j, struct buf *out);
};

/* One statement's last answer, and who waits for the next. */
struct page {
	struct jackpot *owner;
	struct jackpot_call call;
	void (*start)(struct jackpot_db *db, struct jackpot_call *call, jackpot_done *done);
	struct buf text;
	uint64_t at_ms; /* 0: never */
	struct reader reader[READERS_MAX];
	size_t n;
};

/* One contribution from its acceptance to its answer. */
struct wagering {
	struct jackpot *owner;
	struct jackpot_call call;
	struct later *request;
	uint64_t began_us;
};

struct jackpot {
	struct jackpot_db db;
	bool dry_run, open; /* open: there is a token */
	struct hash token;  /* its SHA-256 */
	struct page pools, totals;
	struct wagering slot[WAGERS_MAX];
	struct jackpot_kpi kpi;
	struct buf out;
	enum jackpot_fault told;
	uint64_t told_ms;
};

/* ---- answers ---- */

struct saying {
	unsigned status, retry_after_s;
	const char *error, *message;
};

static const struct saying SAYINGS[] = {
	[JACKPOT_SOUND] = { 200, 0, "", "" },
	[JACKPOT_AWAY] = { 503, RETRY_S, "database_away", "the database does not answer: nothing was added" },
	[JACKPOT_DOUBT] = { 503, RETRY_S, "unknown",
		"the database was lost on the way: send the same wager with the same key again" },
	[JACKPOT_MISSING] = { 503, RETRY_SCHEMA_S, "no_schema",
		"schema jackpot is not there, is older than this version, or gives this role no right: see "
		"docs/offchain.md" },
	[JACKPOT_CONFLICT] = { 409, 0, "key_used", "this key was used for another wager: nothing was added" },
	[JACKPOT_REFUSED] = { 503, RETRY_SCHEMA_S, "refused", "the database refuses: the log says why" },
};
static const struct saying BUSY = { 503, RETRY_S, "busy", "too many requests wait already: nothing was added" };
static const struct saying STOPPING = { 503, RETRY_S, "stopping",
	"this daemon stops: send the same wager with the same key again" };
static const struct saying DRY_RUN = { 503, RETRY_SCHEMA_S, "dry_run", "a dry run writes nothing" };
static const struct saying DISABLED = { 404, 0, "disabled", "JACKPOT_API_TOKEN is not set: wagers are not taken here" };
static const struct saying UNAUTHORIZED = { 401, 0, "unauthorized", "send Authorization: Bearer and the token" };
static const struct saying TOO_LARGE = { 413, 0, "too_large", "the body is longer than 2048 bytes" };

/* Messages hold no quotes and no backslashes. */
static void say(struct later *request, const struct saying *saying)
{
	char text[WHY_MAX];
	const int n = snprintf(
		text, sizeof(text), "{\"error\":\"%s\",\"message\":\"%s\"}\n", saying->error, saying->message);
	const struct later_answer answer = {
		.status = saying->status, .body = text, .n = (size_t)n, .retry_after_s = saying->retry_after_s
	};

	later_answer(request, &answer);
}

static void say_methods(struct later *request, const char *allow)
{
	static const char text[] = "{\"error\":\"method\",\"message\":\"this page does not take this method\"}\n";
	const struct later_answer answer = { .status = 405, .body = text, .n = sizeof(text) - 1, .allow = allow };

	later_answer(request, &answer);
}

/* Once when it changes, and again now and then. */
static void tell(struct jackpot *j, enum jackpot_fault fault, const char *why)
{
	const uint64_t now = loop_mono_ms();

	if (fault == JACKPOT_CONFLICT ||
		(fault == j->told && (fault == JACKPOT_SOUND || now - j->told_ms < SAY_AGAIN_MS)))
		return;
	if (fault == JACKPOT_SOUND)
		log_info("jackpot.well", NULL);
	else
		log_warn("jackpot.unwell", "fault=%s why=%s", SAYINGS[fault].error, why);
	j->told = fault;
	j->told_ms = now;
}

/* ---- pages that are read ---- */

static void write_pools(struct jackpot *j, struct buf *out)
{
	buf_fmt(out, "%s\n", j->pools.text.data);
}

static void write_metrics(struct jackpot *j, struct buf *out)
{
	struct kpi_connections c = { .total = j->db.n, .up = jackpot_db_up(&j->db), .busy = jackpot_db_busy(&j->db) };
	size_t out_now = j->pools.call.task.busy;

	for (size_t i = 0; i < WAGERS_MAX; i++)
		out_now += j->slot[i].call.task.busy;
	c.waiting = out_now > c.busy ? out_now - c.busy : 0;
	kpi_write(out, &j->kpi, &c, j->totals.text.data);
}

static void write_health(struct jackpot *j, struct buf *out)
{
	(void)j;
	buf_str(out, "{\"configured\":true,\"status\":\"healthy\"}\n");
}

static void answer_reader(struct page *page, const struct reader *reader)
{
	struct jackpot *j = page->owner;
	struct later_answer answer = { .status = 200 };

	if (page->call.fault != JACKPOT_SOUND) {
		say(reader->request, &SAYINGS[page->call.fault]);
		return;
	}
	buf_reset(&j->out);
	reader->write(j, &j->out);
	answer.body = j->out.data;
	answer.n = j->out.len;
	later_answer(reader->request, &answer);
}

static void on_page(struct task *task, const struct reply *reply)
{
	struct page *page = container_of(container_of(task, struct jackpot_call, task), struct page, call);

	tell(page->owner, page->call.fault, reply->why);
	buf_reset(&page->text);
	if (reply->err == ERR_OK)
		buf_str(&page->text, reply->data);
	page->at_ms = loop_mono_ms();
	while (page->n > 0)
		answer_reader(page, &page->reader[--page->n]);
}

static void show(struct page *page, struct later *request, void (*write)(struct jackpot *, struct buf *))
{
	const struct reader reader = { request, write };

	if (page->at_ms != 0 && loop_mono_ms() - page->at_ms < FRESH_MS) {
		answer_reader(page, &reader);
		return;
	}
	if (page->n == READERS_MAX) {
		say(request, &BUSY);
		return;
	}
	page->reader[page->n++] = reader;
	if (!page->call.task.busy)
		page->start(&page->owner->db, &page->call, on_page);
}

/* ---- wagers ---- */

/* Hashes are compared, so neither the token's length nor its bytes show in the time. */
static bool is_allowed(const struct jackpot *j, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	const size_t n = sizeof(scheme) - 1;
	struct hash given;

	if (authorization == NULL || strncasecmp(authorization, scheme, n) != 0)
		return false;
	crypto_sha256(&given, &(struct bytes){ (const uint8_t *)authorization + n, strlen(authorization + n) }, 1);
	return crypto_secret_equal(&given, &j->token, sizeof(given));
}

static void refuse_wager(
	struct jackpot *j, struct later *request, const struct later_request *what, const struct saying *saying)
{
	kpi_note(&j->kpi, saying->status >= 500 ? KPI_FAILED : KPI_ANSWERED, loop_mono_us() - what->began_us);
	say(request, saying);
}

static void on_wager(struct task *task, const struct reply *reply)
{
	struct wagering *slot = container_of(container_of(task, struct jackpot_call, task), struct wagering, call);
	struct jackpot *j = slot->owner;
	const enum jackpot_fault fault = slot->call.fault;
	const uint64_t us = loop_mono_us() - slot->began_us;
	struct later_answer answer = { .status = 200, .body = reply->data };

	tell(j, fault, reply->why);
	if (fault != JACKPOT_SOUND) {
		kpi_note(&j->kpi, fault == JACKPOT_CONFLICT ? KPI_ANSWERED : KPI_FAILED, us);
		say(slot->request, &SAYINGS[fault]);
		return;
	}
	kpi_note(&j->kpi, KPI_ADDED, us);
	answer.n = strlen(answer.body);
	later_answer(slot->request, &answer);
}

static struct wagering *free_slot(struct jackpot *j)
{
	for (size_t i = 0; i < WAGERS_MAX; i++)
		if (!j->slot[i].call.task.busy)
			return &j->slot[i];
	return NULL;
}

static void take_wager(struct jackpot *j, struct later *request, const struct later_request *what)
{
	struct wagering *slot = free_slot(j);
	struct wager wager;
	const char *why = wager_parse(&wager, what->body, what->n, what->idempotency_key);

	if (why != NULL) {
		refuse_wager(j, request, what, &(struct saying){ 400, 0, "bad_request", why });
	} else if (j->dry_run) {
		refuse_wager(j, request, what, &DRY_RUN);
	} else if (slot == NULL) {
		refuse_wager(j, request, what, &BUSY);
	} else if (jackpot_db_up(&j->db) == 0) {
		tell(j, JACKPOT_AWAY, "no connection is up");
		refuse_wager(j, request, what, &SAYINGS[JACKPOT_AWAY]);
	} else {
		slot->request = request;
		slot->began_us = what->began_us;
		jackpot_contribute(&j->db, &slot->call, &wager, on_wager);
	}
}

static void contribute(struct jackpot *j, struct later *request, const struct later_request *what)
{
	if (strcmp(what->method, "POST") != 0)
		say_methods(request, "POST");
	else if (!j->open)
		say(request, &DISABLED);
	else if (!is_allowed(j, what->authorization))
		say(request, &UNAUTHORIZED);
	else if (what->body_over)
		refuse_wager(j, request, what, &TOO_LARGE);
	else
		take_wager(j, request, what);
}

/* ---- the pages ---- */

static const char CONTRIBUTE[] = "/api/jackpot/contribute", POOLS[] = "/api/jackpot/pools",
		  METRICS[] = "/api/metrics/jackpot", HEALTH[] = "/api/health/jackpot";

static bool has(void *owner, const char *path)
{
	(void)owner;
	return strcmp(path, CONTRIBUTE) == 0 || strcmp(path, POOLS) == 0 || strcmp(path, METRICS) == 0 ||
	       strcmp(path, HEALTH) == 0;
}

static void ask(void *owner, struct later *request, const struct later_request *what)
{
	struct jackpot *j = owner;

	if (strcmp(what->path, CONTRIBUTE) == 0)
		contribute(j, request, what);
	else if (strcmp(what->method, "GET") != 0 && strcmp(what->method, "HEAD") != 0)
		say_methods(request, "GET, HEAD");
	else if (strcmp(what->path, METRICS) == 0)
		show(&j->totals, request, write_metrics);
	else
		show(&j->pools, request, strcmp(what->path, HEALTH) == 0 ? write_health : write_pools);
}

struct later_pages jackpot_pages(struct jackpot *j)
{
	return j != NULL ? (struct later_pages){ j, has, ask } : (struct later_pages){ 0 };
}

static void take_token(struct jackpot *j, struct config *config)
{
	struct secret_text token = config_take_jackpot_token(config);

	j->open = token.text != NULL;
	if (j->open)
		crypto_sha256(&j->token, &(struct bytes){ (const uint8_t *)token.text, token.len }, 1);
	config_wipe_key(&token);
}

static void init_page(struct page *page, struct jackpot *j,
	void (*start)(struct jackpot_db *db, struct jackpot_call *call, jackpot_done *done))
{
	page->owner = j;
	page->start = start;
	buf_heap(&page->text, PAGE_MAX);
}

struct jackpot *jackpot_new(struct loop *loop, struct config *config, bool dry_run)
{
	const uint32_t deadline_ms = config->db_timeout_ms < DEADLINE_MS ? (uint32_t)config->db_timeout_ms
	                                                                 : DEADLINE_MS;
	char conninfo[CONNINFO_MAX], why[WHY_MAX];
	struct jackpot *j;

	if (config->jackpot_connections == 0)
		return NULL;
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		abort();
	if (!database_conninfo(config, conninfo) ||
		!jackpot_db_init(
			&j->db, loop, conninfo, config->jackpot_connections, dry_run, deadline_ms, why, sizeof(why)))
		abort(); /* cannot be: the journal's connection has read the same */
	crypto_wipe(conninfo, sizeof(conninfo));
	j->dry_run = dry_run;
	take_token(j, config);
	for (size_t i = 0; i < WAGERS_MAX; i++)
		j->slot[i].owner = j;
	init_page(&j->pools, j, jackpot_pools);
	init_page(&j->totals, j, jackpot_totals);
	buf_heap(&j->out, 2 * PAGE_MAX);
	return j;
}

static void dismiss(struct page *page)
{
	while (page->n > 0)
		say(page->reader[--page->n].request, &STOPPING);
	buf_free(&page->text);
}

void jackpot_free(struct jackpot *j)
{
	if (j == NULL)
		return;
	for (size_t i = 0; i < WAGERS_MAX; i++)
		if (j->slot[i].call.task.busy)
			say(j->slot[i].request, &STOPPING);
	dismiss(&j->pools);
	dismiss(&j->totals);
	jackpot_db_fini(&j->db);
	buf_free(&j->out);
	free(j);
}
