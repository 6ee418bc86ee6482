/* poolkeeper: starts the modules in written order, checks the world once, turns the engine until told to stop. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/database.h"
#include "app/draw_keys.h"
#include "app/draws.h"
#include "app/inspect.h"
#include "app/jackpot.h"
#include "app/self_check.h"
#include "app/settings.h"
#include "app/vrf_register.h"
#include "app/wallets.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/version.h"
#include "chain/gateway.h"
#include "chain/preflight.h"
#include "chain/rpc.h"
#include "engine/engine.h"
#include "io/db.h"
#include "io/http.h"
#include "io/loop.h"
#include "journal/journal.h"
#include "journal/lease.h"
#include "journal/schema.h"
#include "ops/config.h"
#include "ops/harden.h"
#include "ops/health_http.h"
#include "ops/log_watch.h"
#include "ops/notify.h"
#include "ops/options.h"
#include "show/command_line.h"

enum {
	WHY_MAX = 320,
	ONCE_TRIES = 3,      /* a dead endpoint or database ends --once with 69 after so many unanswered calls */
	QUIET_MS = 30000,    /* --once: what is left waits for something outside and nothing moves             */
	QUIET_DRY_MS = 5000, /* --once --dry-run: nothing can move any more                                    */
	STOP_MS = 10000,     /* a call in flight may take so long after SIGTERM                                */
};

enum phase { PHASE_CHECKING, PHASE_RUNNING, PHASE_STOPPING };

struct app {
	struct options options;
	struct config *config;
	struct loop *loop;
	struct http *http;
	struct db *db;
	struct journal *journal;
	struct rpc *rpc;
	struct gateway *gateway;
	struct signer *signer;
	struct draw_keys draw_keys;
	struct draws draws;
	struct engine *engine;
	struct loop_io *log_watch;
	struct notify *notify;
	struct health_http *health;
	struct jackpot *jackpot;
	uint64_t started_ms;
	struct loop_timer *wake, *limit;
	enum phase phase;
	int code; /* what to exit with */
	struct preflight preflight;
	struct schema schema;
	struct lease_call lease;
	uint64_t once_mark, once_moved_ms;
	bool signalled;
};

/* --once and --rebuild do something and exit; they do not wait for a world that does not answer. */
static bool ends_by_itself(const struct app *app)
{
	return app->options.mode == MODE_ONCE || app->options.mode == MODE_REBUILD;
}

static void begin_stop(struct app *app, int code)
{
	if (app->phase == PHASE_STOPPING)
		return;
	app->code = code;
	/* What is left undone because Postgres says what it must not say, will be left the next time as well. */
	if (code != EX_OK && code != EX_CONFIG && journal_unreadable(app->journal))
		app->code = EX_SOFTWARE;
	notify_stopping(app->notify);
	if (app->phase == PHASE_CHECKING) {
		loop_stop(app->loop);
	} else {
		engine_stop(app->engine);
		loop_timer_set(app->limit, STOP_MS);
	}
	app->phase = PHASE_STOPPING;
}

static void on_signal(void *owner, int signo)
{
	struct app *app = owner;

	log_info("stop", "signal=%s next=%s", strsignal(signo), app->signalled ? "exit" : "finish_what_is_in_flight");
	if (app->signalled) {
		log_flush(200);
		_exit(128 + signo);
	}
	app->signalled = true;
	begin_stop(app, ends_by_itself(app) ? EX_TEMPFAIL : EX_OK);
}

/* Not one whole look at the pools: whoever should have answered, did not. */
static bool never_looked(const struct app *app)
{
	struct engine_snapshot seen;

	if (app->phase == PHASE_CHECKING)
		return true;
	engine_snapshot(app->engine, &seen);
	return seen.ticks == 0;
}

static void on_limit(void *owner)
{
	struct app *app = owner;

	log_warn("limit", "seconds=%" PRIu64 " why=%s",
		app->phase == PHASE_STOPPING ? STOP_MS / 1000 : app->config->once_deadline_seconds,
		"not everything is finished; the next start reads what became of it");
	if (app->phase == PHASE_STOPPING)
		loop_stop(app->loop);
	else
		begin_stop(app, never_looked(app) ? EX_UNAVAILABLE : EX_TEMPFAIL);
}

static void start_engine(struct app *app)
{
	const struct engine_modules modules = { app->rpc, app->journal, app->gateway, app->signer, &app->draws.sources,
		app->draws.relays, &app->draw_keys.vrf, app->draw_keys.certificate };
	struct engine_config config;

	settings_for_engine(&config, app->config, signer_pubkey(app->signer), &app->options);
	app->engine = engine_new(&config, &modules);
	app->phase = PHASE_RUNNING;
	log_info("ready", "endpoints=%zu", rpc_endpoint_count(app->rpc));
}

static void on_reload(void *owner, int signo)
{
	struct app *app = owner;
	struct engine_config config;

	(void)signo;
	if (app->phase == PHASE_STOPPING)
		return;
	notify_reloading(app->notify);
	if (!config_reload(app->config, &app->options.files)) {
		log_error("config.reload_refused", "why=%s",
			"nothing was changed: correct the lines above, then SIGHUP again");
	} else {
		log_set_level(app->config->log_level);
		log_set_format(app->config->log_format);
		settings_for_engine(&config, app->config, signer_pubkey(app->signer), &app->options);
		if (app->engine != NULL)
			engine_configure(app->engine, &config);
		log_info("config.reloaded", NULL);
	}
	notify_reloaded(app->notify);
}

/* Returns when it wants the next turn. Also while running: endpoints that were down at the start are still asked. */
static uint64_t checks_turn(struct app *app, uint64_t now)
{
	uint64_t chain = preflight_turn(&app->preflight, now), database = schema_turn(&app->schema, now);
	enum preflight_verdict verdict = preflight_verdict(&app->preflight);

	if (verdict == PREFLIGHT_REFUSED || app->schema.verdict == SCHEMA_REFUSED)
		begin_stop(app, EX_CONFIG);
	else if (app->phase != PHASE_CHECKING)
		return chain;
	else if (verdict == PREFLIGHT_PASSED && app->schema.verdict == SCHEMA_PASSED)
		start_engine(app);
	else if (ends_by_itself(app) && app->preflight.failures + app->schema.failures >= ONCE_TRIES)
		begin_stop(app, EX_UNAVAILABLE);
	return chain < database ? chain : database;
}

/* --once ends when nothing that is due is left, or when what is left has not moved for a while. */
static void check_once(struct app *app, uint64_t now)
{
	struct engine_snapshot seen;
	uint64_t quiet_ms = app->options.dry_run ? QUIET_DRY_MS : QUIET_MS, mark;

	engine_snapshot(app->engine, &seen);
	if (app->options.mode == MODE_REBUILD) {
		if (seen.rebuilt)
			begin_stop(app, seen.due_unfinished == 0 ? EX_OK : EX_TEMPFAIL);
		return;
	}
	if (seen.ticks == 0) {
		if (journal_unreadable(app->journal)) /* not even which pools there are */
			begin_stop(app, EX_UNAVAILABLE);
		return;
	}
	if (seen.due_unfinished + seen.blocked == 0) {
		begin_stop(app, EX_OK);
		return;
	}
	mark = seen.due_unfinished + seen.sends + seen.opens + seen.records;
	if (mark != app->once_mark || (seen.due_unfinished > 0 && !app->options.dry_run) || app->once_moved_ms == 0) {
		app->once_mark = mark;
		app->once_moved_ms = now;
	} else if (now - app->once_moved_ms >= quiet_ms) {
		begin_stop(app, EX_TEMPFAIL);
	}
}

static void report(struct app *app)
{
	struct engine_snapshot seen;
	char status[WHY_MAX];

	engine_snapshot(app->engine, &seen);
	snprintf(status, sizeof(status),
		"%s, %zu pools, %zu draws near or under way, %zu waiting for something outside",
		seen.leader ? "drawing" : "standby", seen.pools, seen.active, seen.blocked);
	notify_ticks(app->notify, seen.ticks, status);
}

/* ---- stopping: the engine comes to rest, then the lease is given up so that a successor need not wait for it ---- */

static void on_released(struct task *task, const struct reply *reply)
{
	struct app *app = container_of(container_of(task, struct lease_call, task), struct app, lease);

	if (reply->err != ERR_OK)
		log_warn("stop.lease_kept", "why=%s", reply->why);
	loop_stop(app->loop);
}

static void stopping_turn(struct app *app)
{
	if (app->lease.task.busy || !engine_stopped(app->engine))
		return;
	if (app->options.dry_run)
		loop_stop(app->loop);
	else
		lease_release(app->journal, &app->lease, on_released);
}

static void on_turn(void *owner)
{
	struct app *app = owner;
	uint64_t now = loop_mono_ms(), wake = checks_turn(app, now), engine_wake;

	if (app->engine != NULL) {
		engine_turn(app->engine, now);
		report(app);
		if (app->phase == PHASE_RUNNING && ends_by_itself(app))
			check_once(app, now);
		if (app->phase == PHASE_STOPPING)
			stopping_turn(app);
		engine_wake = engine_wake_ms(app->engine);
		wake = engine_wake < wake ? engine_wake : wake;
	}
	if (wake != UINT64_MAX)
		loop_timer_set(app->wake, wake > now ? wake - now : 1);
	log_watch_turn(app->log_watch);
}

/* ---- modules ---- */

static void collect_health(void *owner, struct health_facts *out)
{
	static const enum health_phase phases[] = { [PHASE_CHECKING] = HEALTH_PHASE_STARTING,
		[PHASE_RUNNING] = HEALTH_PHASE_RUNNING,
		[PHASE_STOPPING] = HEALTH_PHASE_STOPPING };
	struct app *app = owner;

	*out = (struct health_facts){ .phase = phases[app->phase],
		.now_ms = loop_mono_ms(),
		.started_ms = app->started_ms,
		.wall_ms = loop_wall_ms(),
		.tick_ms = app->config->tick_seconds * 1000,
		.network = network_name(app->config->network),
		.dry_run = app->options.dry_run,
		.certificate_url = app->config->certificate_url,
		.engine_known = app->engine != NULL };
	if (app->engine != NULL) {
		engine_snapshot(app->engine, &out->engine);
		engine_survey(app->engine, &out->survey);
		engine_paid(app->engine, &out->paid);
	}
	outside_snapshot(app->rpc, app->db, &out->outside);
}

/* The pages' own connections are made only where there are pages. */
static void new_health(struct app *app)
{
	app->jackpot = jackpot_new(app->loop, app->config, app->options.dry_run);
	const struct later_pages later = jackpot_pages(app->jackpot);
	app->health = health_http_new(app->loop, &app->config->http, collect_health, app, &later);
}

static void new_rpc(struct app *app)
{
	const struct config *c = app->config;
	struct rpc_config config = {
		.n = c->n_rpc_urls, .timeout_ms = (unsigned)c->rpc_timeout_ms, .dry_run = app->options.dry_run
	};

	for (size_t i = 0; i < c->n_rpc_urls; i++)
		config.endpoint[i].url = c->rpc_urls[i];
	app->rpc = rpc_new(app->loop, app->http, &config);
	preflight_init(
		&app->preflight, app->rpc, network_name(c->network), network_genesis(c->network), &c->ml_program);
}

/* Host, process and start: who a lease row belongs to. */
static struct journal *new_journal(struct app *app)
{
	char host[64] = "", owner[96];

	(void)gethostname(host, sizeof(host) - 1); /* a nameless host is told apart by its process and time */
	snprintf(owner, sizeof(owner), "%.40s:%ld:%" PRId64, host, (long)getpid(), loop_wall_ms() / 1000);
	return journal_new(app->loop, app->db, app->config->spool_dir, owner, app->options.dry_run);
}

static void on_timer(void *owner)
{
	(void)owner; /* the turn hook, which runs after every event, does the work */
}

/* The written order; free_modules() goes back the same way. */
static int new_modules(struct app *app)
{
	const struct http_config http = {
		.max_connections = 32, .accept_encoding = "gzip", .user_agent = "poolkeeper"
	};
	char why[WHY_MAX];
	bool has_draws;
	int code;

	app->started_ms = loop_mono_ms();
	app->loop = loop_new();
	loop_on_signal(app->loop, SIGTERM, on_signal, app);
	loop_on_signal(app->loop, SIGINT, on_signal, app);
	loop_on_signal(app->loop, SIGHUP, on_reload, app);
	log_info("start", "version=%s commit=%s pid=%ld network=%s", POOLKEEPER_VERSION, POOLKEEPER_COMMIT,
		(long)getpid(), network_name(app->config->network));
	app->log_watch = log_watch_new(app->loop);
	app->notify = notify_new();
	log_watch_signals(app->loop);
	app->wake = loop_timer_new(app->loop, on_timer, app);
	app->limit = loop_timer_new(app->loop, on_limit, app);
	app->http = http_new(app->loop, &http, why, sizeof(why));
	if (app->http == NULL) {
		log_error("start.failed", "what=http why=%s", why);
		return EX_SOFTWARE;
	}
	app->db = database_open(app->loop, app->config, "journal", app->options.dry_run);
	if (app->db == NULL)
		return EX_CONFIG;
	schema_init(&app->schema, app->db, (uint32_t)app->config->db_timeout_ms);
	app->journal = new_journal(app);
	lease_call_init(&app->lease);
	new_rpc(app);
	app->gateway = gateway_new(
		app->loop, app->http, app->config->gateway_hosts, app->config->network != NETWORK_MAINNET_BETA);
	/* What is wrong with the sources is told whatever the keys are. */
	has_draws = draws_open(&app->draws, app->loop, app->http, app->journal, app->config, app->options.dry_run);
	code = wallets_load(&app->signer, app->config);
	if (!has_draws || (code == EX_OK && !draw_keys_load(&app->draw_keys, app->config, app->signer)))
		code = EX_CONFIG;
	if (code == EX_OK && !ends_by_itself(app))
		new_health(app);
	return code;
}

static void free_modules(struct app *app)
{
	jackpot_free(app->jackpot);
	health_http_free(app->health);
	engine_free(app->engine);
	draw_keys_free(&app->draw_keys);
	signer_free(app->signer);
	gateway_free(app->gateway);
	if (app->rpc != NULL) {
		preflight_fini(&app->preflight);
		rpc_free(app->rpc);
	}
	if (app->journal != NULL) {
		lease_call_fini(&app->lease);
		journal_free(app->journal);
	}
	if (app->db != NULL)
		schema_fini(&app->schema);
	draws_close(&app->draws);
	db_free(app->db);
	http_free(app->http);
	loop_timer_free(app->limit);
	loop_timer_free(app->wake);
	notify_free(app->notify);
	loop_io_free(app->log_watch);
	loop_free(app->loop);
}

static int run(struct app *app)
{
	app->code = new_modules(app);
	if (app->code == EX_OK) {
		if (ends_by_itself(app))
			loop_timer_set(app->limit, app->config->once_deadline_seconds * 1000);
		loop_each_turn(app->loop, on_turn, app);
		loop_timer_set(app->wake, 1); /* the first turn must not wait for an event */
		loop_run(app->loop);
		log_info("stop.done", "code=%d", app->code);
	}
	free_modules(app);
	return app->code;
}

static int load_config(struct app *app)
{
	if (options_shows(app->options.mode))
		return config_load_reader(&app->config, &app->options.files);
	if (app->options.mode == MODE_VRF_KEY)
		return config_load_vrf(&app->config, &app->options.files);
	return config_load(&app->config, &app->options.files);
}

static int with_config(struct app *app)
{
	int code;

	if (!harden())
		log_warn("start.not_hardened", "why=%s", "the kernel refused to protect the memory of this process");
	if (!crypto_init()) {
		log_error("start.failed", "what=crypto why=%s", "no source of random bytes");
		return EX_SOFTWARE;
	}
	if (app->options.dry_run)
		log_set_mark("dry_run=1");
	code = load_config(app);
	if (code == EX_OK) {
		log_set_level(app->config->log_level);
		log_set_format(app->config->log_format);
	}
	if (code == EX_OK && options_shows(app->options.mode))
		code = show_command_line(&app->options, app->config);
	else if (code == EX_OK && app->options.mode == MODE_VRF_KEY)
		code = vrf_register_print(app->config);
	else if (app->options.mode == MODE_PRINT_CONFIG)
		code = print_config(app->config, code);
	else if (app->options.mode == MODE_CHECK_CONFIG || (code != EX_OK && options_drives(app->options.mode)))
		code = inspect_config(app->config, code);
	else if (code == EX_OK)
		code = computes_as_published() ? run(app) : EX_SOFTWARE;
	config_free(app->config);
	return code;
}

int main(int argc, char **argv)
{
	struct app app = { 0 };
	char why[WHY_MAX];
	int code;

	if (!options_parse(&app.options, argc, argv, why, sizeof(why))) {
		fprintf(stderr, "poolkeeper: %s\n", why);
		return EX_USAGE;
	}
	if (app.options.mode == MODE_VERIFY && app.options.certificate != NULL)
		code = show_certificate_line(&app.options);
	else
		code = options_runs(app.options.mode) ? with_config(&app) : options_print(app.options.mode, stdout);
	log_flush(1000);
	return code;
}
