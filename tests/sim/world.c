/* One run: turns the daemons as main does, kills them, and jumps from one event to the next. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "sim/sim.h"

enum {
	START_MS = 10000000,
	RESTART_MS = 30000,
	LIMIT_MS = 1800000,
	TICK_MS = 5000,
	WATCH_MS = 3600000,
	AUDIT_MS = 20000,
	PULSE_MS = 400,
	CRASH_AGAIN = 300,
	IN_VAIN_MAX = 5
};

struct world world;

bool world_calm(void)
{
	return world.now_ms >= world.calm_ms;
}

bool world_fault(unsigned per_mille)
{
	return !world_calm() && random_chance(per_mille);
}

bool world_outage(void)
{
	for (size_t i = 0; i < sizeof world.outage / sizeof world.outage[0]; i++)
		if (world.now_ms >= world.outage[i].from_ms && world.now_ms < world.outage[i].until_ms)
			return true;
	return false;
}

bool world_sends_vanish(void)
{
	return world_outage() && world.now_ms < world.outage[0].from_ms + world.vanish_ms;
}

void world_pool_bound(void)
{
	if (!world.outage_after_bind)
		return;
	world.outage_after_bind = false;
	world.outage[0].from_ms = world.now_ms + random_below(15000);
	world.outage[0].until_ms = world.outage[0].from_ms + world.outage_ms;
	/* Before we may, and while it cannot be written down: then what is left to do is to select. */
	for (unsigned i = 0; world.scenario->deadline_outage && i < world.n_pools; i++)
		if (random_chance(300))
			chain_external(EXTERNAL_REVEAL, (int)i, world.outage[0].from_ms + random_below(90000));
}

const struct pubkey *recipient_of(const struct sim_pool *pool, const struct pubkey *player)
{
	for (unsigned i = 0; i < PLAYERS; i++)
		if (pubkey_equal(&pool->player[i], player))
			return pubkey_is_zero(&pool->recipient[i]) ? NULL : &pool->recipient[i];
	return NULL;
}

int pool_of_address(const struct pubkey *address)
{
	for (unsigned i = 0; i < world.n_pools; i++)
		if (pubkey_equal(&world.pool[i].address, address))
			return (int)i;
	return -1;
}

int pool_of_subject(const char *text)
{
	for (unsigned i = 0; i < world.n_pools; i++)
		if (strcmp(world.pool[i].subject, text) == 0)
			return (int)i;
	return -1;
}

/* While Postgres is away for longer than a draw may take, only a daemon that held the lease before can help. */
static bool immortal(void)
{
	return world.scenario->deadline_outage && world.bind_opened &&
	       (world.outage_after_bind || world.now_ms < world.outage[0].until_ms);
}

bool world_boundary(int daemon)
{
	struct sim_daemon *d = &world.daemon[daemon];

	if (d->dying)
		return true;
	if (++world.boundaries != world.next_crash_at || immortal())
		return false;
	d->dying = true;
	return true;
}

static void boot(int daemon)
{
	struct sim_daemon *d = &world.daemon[daemon];
	const struct engine_config config = { .policy = world.policy,
		.tick_ms = TICK_MS,
		.audit_ms = world.policy.pay_referrals ? AUDIT_MS : 0,
		.watch_ms = WATCH_MS,
		.pulse_ms = PULSE_MS };

	d->boots++;
	d->rpc = sim_rpc_new(daemon);
	d->journal = sim_journal_new(daemon, d->spool);
	d->gateway = sim_gateway_new(daemon);
	d->signer = sim_signer_new(&world.key);
	d->engine = engine_new(
		&config, &(struct engine_modules){
				 .rpc = d->rpc, .journal = d->journal, .gateway = d->gateway, .signer = d->signer });
	d->dirty = true;
}

static void unload(struct sim_daemon *d)
{
	if (!d->engine)
		return;
	engine_free(d->engine);
	sim_journal_free(d->journal);
	sim_rpc_free(d->rpc);
	sim_gateway_free(d->gateway);
	sim_signer_free(d->signer);
	d->engine = NULL;
}

static void kill_daemon(int daemon)
{
	struct sim_daemon *d = &world.daemon[daemon];

	unload(d);
	check_daemon_died(daemon);
	d->dying = d->dirty = false;
	d->restart_ms = world.now_ms + random_below(RESTART_MS);
	world.crashes++;
	if (random_chance(CRASH_AGAIN))
		world.next_crash_at = world.boundaries + 1 + random_below(200);
}

/* Each line of the log says when and by whom. */
static void mark(int daemon)
{
	static char text[64];

	if (!world.verbose)
		return;
	snprintf(text, sizeof text, "at=%" PRIu64 " slot=%" PRIu64 " daemon=%d", world.now_ms - world.start_ms,
		chain_at(chain_tip())->slot.n, daemon);
	log_set_mark(text);
}

/* An engine that is waiting rests: what it wants at once, over and over, is a busy processor and no faster draw. */
static void check_rests(struct sim_daemon *d, bool news)
{
	const bool at_once = d->wake_ms <= world.now_ms + 1;

	d->in_vain = at_once && !news ? d->in_vain + 1 : 0;
	if (d->in_vain > IN_VAIN_MAX)
		violation("I11", "the engine turned %u times in a row at once, and nothing was new", d->in_vain);
}

static void turn(int daemon)
{
	struct sim_daemon *d = &world.daemon[daemon];

	if (!d->engine && world.now_ms >= d->restart_ms)
		boot(daemon);
	if (d->engine && !d->dying && (d->dirty || world.now_ms >= d->wake_ms)) {
		const bool news = d->dirty;

		d->dirty = false;
		mark(daemon);
		engine_turn(d->engine, world.now_ms);
		d->wake_ms = engine_wake_ms(d->engine);
		check_rests(d, news);
		if (d->wake_ms <= world.now_ms)
			d->wake_ms = world.now_ms + 1;
	}
	if (d->dying)
		kill_daemon(daemon);
}

static uint64_t next_ms(void)
{
	uint64_t next = event_next_ms();

	for (unsigned i = 0; i < world.n_daemons; i++) {
		const struct sim_daemon *d = &world.daemon[i];
		const uint64_t at = !d->engine ? d->restart_ms : d->wake_ms;

		if (at < next)
			next = at;
	}
	return next > world.now_ms ? next : world.now_ms + 1;
}

static void begin(const struct scenario *scenario, uint64_t seed, uint64_t crash_at, bool verbose)
{
	memset(&world, 0, sizeof world);
	world.seed = seed;
	world.crash_at = world.next_crash_at = crash_at;
	world.verbose = verbose;
	world.now_ms = world.start_ms = START_MS;
	random_seed(seed);
	events_begin();
	check_begin();
	world.scenario = scenario;
	db_begin();
	scenario_begin(scenario);
	for (unsigned i = 0; i < world.n_daemons; i++) {
		world.daemon[i].spool = spool_new();
		world.daemon[i].restart_ms = world.now_ms + random_below(TICK_MS);
	}
}

static void end(void)
{
	for (unsigned i = 0; i < world.n_daemons; i++) {
		unload(&world.daemon[i]);
		spool_delete(world.daemon[i].spool);
	}
	statements_end();
	db_end();
	chain_end();
}

uint64_t world_run(const struct scenario *scenario, uint64_t seed, uint64_t crash_at, bool verbose)
{
	uint64_t limit;

	begin(scenario, seed, crash_at, verbose);
	limit = world.calm_ms + LIMIT_MS + (scenario->deadline_outage ? LIMIT_MS : 0);
	while (world.now_ms < limit && !check_finished()) {
		world.now_ms = next_ms();
		event_run_due();
		for (unsigned i = 0; i < world.n_daemons; i++)
			turn((int)i);
	}
	check_end();
	end();
	return world.boundaries;
}
