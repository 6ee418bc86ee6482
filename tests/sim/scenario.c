/* The scenarios, and how the world of one run is drawn from them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "core/base58.h"
#include "core/draw.h"
#include "core/pda.h"
#include "sim/sim.h"

#define NETWORK(deep, late)                                                                               \
	.lag = 200, .deep_lag = deep, .rpc_lost = 40, .slow = 30, .send_dropped = 250, .send_late = late, \
	.send_twice = 150, .send_doubt = 150
#define POSTGRES .db_retry = 20, .db_lost_reply = 20, .db_late = 20

const struct scenario SCENARIOS[] = {
	{ .name = "happy", .strict = true, .daemons = 1, .nodes_min = 1, .nodes_max = 2 },
	{ .name = "rough",
		.strict = true,
		.daemons = 1,
		.nodes_min = 1,
		.nodes_max = 2,
		.faults = { NETWORK(60, 200), .gateway_lost = 40, POSTGRES, .fail_landed = 50,
			.too_early_absent = 50 } },
	{ .name = "permissive",
		.daemons = 1,
		.nodes_min = 1,
		.nodes_max = 1,
		.faults = { NETWORK(300, 400), .gateway_lost = 40, POSTGRES, .too_early_absent = 50 } },
	{ .name = "two-brains",
		.split_brain = true,
		.daemons = 2,
		.nodes_min = 1,
		.nodes_max = 2,
		.faults = { NETWORK(200, 300), .gateway_lost = 40, POSTGRES } },
	{ .name = "laggards",
		.daemons = 1,
		.nodes_min = 1,
		.nodes_max = 1,
		.faults = { NETWORK(850, 800), .gateway_lost = 40, POSTGRES, .too_early_absent = 50 } },
	{ .name = "liar",
		.liar = true,
		.daemons = 1,
		.nodes_min = 2,
		.nodes_max = 3,
		.faults = { NETWORK(60, 300), .gateway_lost = 40, POSTGRES } },
	{ .name = "forger",
		.strict = true,
		.forger = true,
		.daemons = 1,
		.nodes_min = 2,
		.nodes_max = 3,
		.faults = { NETWORK(60, 300), .gateway_lost = 40, POSTGRES } },
	{ .name = "node-down",
		.strict = true,
		.node_down = true,
		.daemons = 1,
		.nodes_min = 2,
		.nodes_max = 3,
		.faults = { NETWORK(60, 300), .gateway_lost = 40, POSTGRES, .fork_every_blocks = 60,
			.fork_deep = 500 } },
	{ .name = "forks",
		.strict = true,
		.daemons = 1,
		.nodes_min = 1,
		.nodes_max = 2,
		.faults = { NETWORK(60, 200), .gateway_lost = 700, POSTGRES, .fork_every_blocks = 25,
			.fork_deep = 500 } },
	{ .name = "forks-two-brains",
		.strict = true,
		.split_brain = true,
		.daemons = 2,
		.nodes_min = 1,
		.nodes_max = 2,
		.faults = { NETWORK(60, 200), .gateway_lost = 40, POSTGRES, .fork_every_blocks = 25,
			.fork_deep = 500 } },
	{ .name = "standby",
		.strict = true,
		.bad_oracles = true,
		.daemons = 2,
		.nodes_min = 1,
		.nodes_max = 2,
		.faults = { NETWORK(60, 200), .gateway_lost = 40, POSTGRES, .fork_every_blocks = 120,
			.fork_deep = 300 } },
	{ .name = "oracles",
		.strict = true,
		.bad_oracles = true,
		.daemons = 1,
		.nodes_min = 1,
		.nodes_max = 3,
		.faults = { NETWORK(60, 200), .gateway_lost = 40, POSTGRES, .fork_every_blocks = 60,
			.fork_deep = 500 } },
	{ .name = "forks-oracles",
		.strict = true,
		.bad_oracles = true,
		.daemons = 1,
		.nodes_min = 1,
		.nodes_max = 2,
		.faults = { NETWORK(60, 200), .gateway_lost = 40, POSTGRES, .fork_every_blocks = 12,
			.fork_deep = 700 } },
	{ .name = "gates",
		.strict = true,
		.gates = true,
		.daemons = 1,
		.nodes_min = 1,
		.nodes_max = 2,
		.faults = { NETWORK(60, 200), .gateway_lost = 40, POSTGRES } },
	{ .name = "outages",
		.strict = true,
		.short_outage = true,
		.daemons = 2,
		.nodes_min = 1,
		.nodes_max = 2,
		.faults = { NETWORK(60, 200), .gateway_lost = 40, POSTGRES } },
	{ .name = "spool",
		.strict = true,
		.spool_outage = true,
		.daemons = 1,
		.nodes_min = 1,
		.nodes_max = 2,
		.faults = { NETWORK(60, 200), .gateway_lost = 40, POSTGRES } },
	{ .name = "deadline",
		.strict = true,
		.deadline_outage = true,
		.daemons = 1,
		.nodes_min = 1,
		.nodes_max = 2,
		.faults = { NETWORK(60, 200), .gateway_lost = 40 } },
	{ .name = "deadline_lost",
		.strict = true,
		.deadline_outage = true,
		.sends_vanish = true,
		.daemons = 1,
		.nodes_min = 1,
		.nodes_max = 2,
		.faults = { NETWORK(60, 200), .gateway_lost = 40 } },
};
const size_t SCENARIO_COUNT = sizeof SCENARIOS / sizeof SCENARIOS[0];

enum { FAULTS_MS = 90000, BET = 1000000000, BUDGET_SLOTS = 60, SHORT_BUDGET_SLOTS = 12 };

static struct pubkey random_key(void)
{
	struct pubkey key;

	random_bytes(key.b, sizeof key.b);
	return key;
}

static void draw_policy(void)
{
	world.key = random_key();
	world.treasury = random_key();
	world.mint = random_key();
	sb_net_init(&world.net, &ADDRESS_SWITCHBOARD_MAINNET, &ADDRESS_SWITCHBOARD_QUEUE_MAINNET);
	world.policy = (struct policy){ .dev_wallet = world.key,
		.treasury = world.treasury,
		.max_dev_bps = 1000,
		.max_burn_bps = 1000,
		.max_treasury_bps = 1000,
		.switchboard = world.net,
		.max_bound = random_chance(300) ? 1 : 16,
		.oracle_budget_slots = random_chance(500) ? BUDGET_SLOTS : SHORT_BUDGET_SLOTS,
		.price_floor = 1000,
		.price_cap = 1000000,
		.price_fallback = 10000,
		.close_randomness = !world.scenario->forger && random_chance(700),
		.randomness_keep = random_below(2),
		.randomness_idle_s = random_below(30) };
}

static uint64_t later(uint32_t from_ms, uint32_t to_ms)
{
	return world.now_ms + from_ms + random_below(to_ms - from_ms + 1);
}

static void draw_oracles(void)
{
	const unsigned honest = random_below(ORACLES);

	for (unsigned i = 0; i < ORACLES; i++) {
		struct sim_oracle *o = &world.oracle[i];

		*o = (struct sim_oracle){ .address = random_key(), .kind = ORACLE_HONEST, .verified = true };
		if (!world.scenario->bad_oracles || i == honest)
			continue;
		o->kind = (enum oracle_kind)random_below(ORACLE_REFUSED + 1);
		if (o->kind == ORACLE_HONEST)
			o->dies_ms = later(5000, 60000);
	}
}

/* Terms as create_pool wrote them, due in some seconds. */
static void draw_terms(struct sim_pool *pool, int64_t due_s)
{
	struct pool_account *t = &pool->terms;
	char address[PUBKEY_TEXT];

	pool->address = random_key();
	random_bytes(&t->pool_id, sizeof t->pool_id);
	base58_pubkey(address, &pool->address);
	snprintf(pool->subject, sizeof pool->subject, "draw:%s:%" PRIu64, address, t->pool_id);
	random_bytes(t->salt.b, sizeof t->salt.b);
	t->mint = world.mint;
	t->creator = random_key();
	t->max_participants = PLAYERS;
	t->lock_duration = 60;
	t->lock_start_time = due_s - t->lock_duration;
	t->start_time = t->lock_start_time - 500;
	t->duration = 604800;
	t->expire_time = t->start_time + t->duration;
	t->bet_amount = BET;
	t->dev_wallet = world.key;
	t->dev_fee_bps = 200;
	t->burn_fee_bps = 100;
	t->treasury_wallet = world.treasury;
	t->treasury_fee_bps = 200;
	draw_config_hash(&t->config_hash, t);
	pda_participants(&t->participants_account, &pool->address);
	pda_ata(&t->pool_token, &pool->address, &t->mint, &ADDRESS_TOKEN);
	pda_ata(&pool->dev_ata, &t->dev_wallet, &t->mint, &ADDRESS_TOKEN);
	pda_ata(&pool->treasury_ata, &t->treasury_wallet, &t->mint, &ADDRESS_TOKEN);
	for (unsigned i = 0; i < PLAYERS; i++)
		pool->player[i] = random_key();
	/* The sponsor himself is player 0 and plays for himself. */
	if (random_chance(300))
		for (unsigned i = 1; i < PLAYERS; i++)
			pool->recipient[i] = random_key();
}

/* An earlier run bound it, and its journal is lost. */
static void start_bound(unsigned i, struct state *s)
{
	const struct block *newest = chain_at(chain_tip());
	struct pool_state *p = &s->pool[i];
	struct rand_state *r = &s->rand[s->n_rands++];

	*r = (struct rand_state){ .address = random_key(), .authority = world.key, .lut_slot = newest->slot.n - 60 };
	r->seed_slot = newest->slot.n - 41;
	r->seed_slothash = chain_at(chain_tip() - 41)->hash;
	r->oracle = world.oracle[random_below(ORACLES)].address;
	p->status = POOL_RANDOMNESS_COMMITTED;
	p->randomness = r->address;
	p->commit_slot = newest->slot.n - 40;
	p->unlock_time = newest->unix_s - 17;
	if (!random_chance(300))
		return;
	p->status = POOL_WINNER_SELECTED;
	p->winner = world.pool[i].player[random_below(PLAYERS)];
	r->reveal_slot = newest->slot.n - 35;
	r->value[0] = 1;
}

static void draw_gate(unsigned i, struct state *s)
{
	struct sim_pool *pool = &world.pool[i];
	const bool never = i > 0 && random_chance(200), vault = random_chance(500);

	pool->gate_until_ms = never ? UINT64_MAX : later(20000, 100000);
	pool->payable = !never;
	if (vault)
		s->pool[i].vault_amount--;
	else
		s->pool[i].paused = true;
	if (!never)
		chain_external(vault ? EXTERNAL_VAULT : EXTERNAL_UNPAUSE, (int)i, pool->gate_until_ms);
}

static void draw_pool(unsigned i)
{
	struct state *s = chain_newest_state();
	struct sim_pool *pool = &world.pool[i];
	struct pool_state *p = &s->pool[i];
	const bool gated = world.scenario->gates && random_chance(600);

	*pool = (struct sim_pool){ .payable = true };
	draw_terms(pool, chain_at(chain_tip())->unix_s + (int64_t)random_below(60));
	p->status = POOL_LOCKED;
	p->count = PLAYERS;
	p->total_amount = p->vault_amount = (uint64_t)BET * PLAYERS + random_below(1000);
	if (gated) {
		draw_gate(i, s);
	} else if (i > 0 && random_chance(150)) {
		start_bound(i, s);
	} else if (random_chance(150)) {
		chain_external(EXTERNAL_UNLOCK, (int)i, later(60000, 100000));
	}
	if (world.scenario->strict && random_chance(150))
		pool->payout_until_ms = later(30000, 120000);
}

/* Nobody is viable for a while: then no pool at all may be bound. */
static void draw_oracle_gate(void)
{
	const uint64_t until = later(20000, 90000);

	if (!world.scenario->gates || !random_chance(300))
		return;
	for (unsigned i = 0; i < ORACLES; i++)
		world.oracle[i].verified_ms = until;
	for (unsigned i = 0; i < world.n_pools; i++)
		if (world.pool[i].gate_until_ms < until)
			world.pool[i].gate_until_ms = until;
}

static void draw_outages(void)
{
	const struct scenario *s = world.scenario;

	if (s->short_outage)
		for (unsigned i = 0; i < 2; i++) {
			world.outage[i].from_ms = later(5000, 80000);
			world.outage[i].until_ms = world.outage[i].from_ms + 500 + random_below(30000);
		}
	if (s->spool_outage || s->deadline_outage) {
		world.outage_after_bind = true;
		world.outage_ms = s->deadline_outage ? 1400000 : 60000 + random_below(140000);
		world.vanish_ms = s->sends_vanish ? 60000 + random_below(130000) : 0;
	}
}

static void draw_atas(void)
{
	struct state *s = chain_newest_state();
	const bool dev = random_chance(700), treasury = random_chance(700);

	for (unsigned i = 0; i < world.n_pools; i++) {
		s->dev_ata[i] = dev;
		s->treasury_ata[i] = treasury;
	}
}

void scenario_begin(const struct scenario *s)
{
	world.scenario = s;
	world.faults = s->faults;
	world.calm_ms = world.now_ms + (s->faults.lag == 0 ? 0 : FAULTS_MS + random_below(FAULTS_MS));
	world.n_pools = 1 + random_below(POOLS_MAX);
	world.n_nodes = s->nodes_min + random_below(s->nodes_max - s->nodes_min + 1);
	world.n_daemons = s->daemons;
	world.liar = s->liar ? (int)random_below(world.n_nodes) : -1;
	world.forger = s->forger ? (int)random_below(world.n_nodes) : -1;
	world.down = s->node_down ? (int)random_below(world.n_nodes) : -1;
	world.favourite = random_chance(500) ? (int)random_below(world.n_nodes) : -1;
	chain_begin();
	chain_start();
	draw_policy();
	draw_oracles();
	for (unsigned i = 0; i < world.n_pools; i++)
		draw_pool(i);
	draw_oracle_gate();
	draw_atas();
	draw_outages();
	claims_draw();
}
