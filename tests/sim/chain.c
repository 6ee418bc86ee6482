/* Blocks, forks and landing: which transactions are on the chain, and the state after each block. */
#include <stdlib.h>
#include <string.h>

#include "core/tx.h"
#include "sim/sim.h"

enum {
	FIRST_SLOT = 400000000,
	FIRST_HEIGHT = 350000000,
	FIRST_UNIX = 1795000000,
	EXTERNALS_MAX = 16,
	KEPT_SENDING = 700
};

struct external {
	enum external_kind kind;
	int pool;
	uint64_t ms;
	size_t landed;
};

static struct block *blocks;
static size_t n_blocks, blocks_room;
static struct state *states;
static size_t n_states, states_room;
static struct sim_tx **txs;
static size_t n_txs, txs_room;
static struct external externals[EXTERNALS_MAX];
static size_t n_externals;
static uint64_t last_slot, clock_skew_ms, blocks_to_fork;
static size_t root;

static void *grown(void *list, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return list;
	*room = *room ? *room * 2 : 256;
	list = realloc(list, *room * size);
	if (!list)
		abort();
	return list;
}

static struct state *state_push(const struct state *copy)
{
	const struct state kept = *copy; /* the list may move */

	states = grown(states, n_states, &states_room, sizeof *states);
	states[n_states] = kept;
	return &states[n_states++];
}

void chain_begin(void)
{
	static const struct state nothing;

	n_blocks = 0;
	n_states = 0;
	n_externals = 0;
	root = 0;
	last_slot = FIRST_SLOT;
	clock_skew_ms = random_below(2500);
	blocks_to_fork = world.faults.fork_every_blocks;
	state_push(&nothing);
}

void chain_end(void)
{
	for (size_t i = 0; i < n_txs; i++)
		free(txs[i]);
	n_txs = 0;
}

size_t chain_tip(void)
{
	return n_blocks - 1;
}

size_t chain_root(void)
{
	return root;
}

const struct block *chain_at(size_t index)
{
	return &blocks[index];
}

const struct state *chain_state(size_t index)
{
	return &states[blocks[index].state];
}

struct state *chain_newest_state(void)
{
	return &states[n_states - 1];
}

uint64_t chain_height(size_t index)
{
	return FIRST_HEIGHT + index;
}

static struct sim_tx *find(const struct signature *sig)
{
	for (size_t i = 0; i < n_txs; i++)
		if (signature_equal(&txs[i]->sig, sig))
			return txs[i];
	return NULL;
}

const struct sim_tx *chain_find(const struct signature *sig)
{
	return find(sig);
}

size_t chain_signatures(int pool, size_t index, struct rpc_signature_info *out, size_t max)
{
	size_t n = 0;

	for (size_t b = index + 1; b-- > PREHISTORY && n < max;)
		for (size_t i = 0; i < n_txs && n < max; i++)
			if (txs[i]->landed == b && txs[i]->pool == pool)
				out[n++] = (struct rpc_signature_info){ .sig = txs[i]->sig,
					.slot = blocks[b].slot,
					.failed = txs[i]->failed,
					.block_time = blocks[b].unix_s };
	return n;
}

/* ---- what arrives ---- */

size_t chain_block_of(const struct hash *hash)
{
	for (size_t i = n_blocks; i-- > 0 && i + 2 * HASH_LIFE > n_blocks;)
		if (hash_equal(&blocks[i].hash, hash))
			return i;
	return SIZE_MAX;
}

static struct sim_tx *tx_new(const uint8_t *bytes, size_t len, const struct signature *sig)
{
	struct sim_tx *tx = calloc(1, sizeof *tx);
	struct tx_view view;
	struct hash hash;
	struct pubkey key;

	if (!tx)
		abort();
	if (tx_parse(&view, bytes, len) != TX_OK)
		violation("I4", "bytes were sent that are no transaction");
	tx->sig = *sig;
	tx->len = (uint16_t)len;
	memcpy(tx->bytes, bytes, len);
	hash = tx_view_blockhash(&view);
	tx->hash_block = chain_block_of(&hash);
	tx->landed = SIZE_MAX;
	tx->pool = -1;
	for (size_t i = 0; i < view.n_keys; i++)
		if (tx_view_key(&view, i, NULL, 0, &key) && pool_of_address(&key) >= 0)
			tx->pool = pool_of_address(&key);
	return tx;
}

static void add_arrival(struct sim_tx *tx, uint64_t ms)
{
	for (size_t i = 0; i < sizeof tx->arrives_ms / sizeof tx->arrives_ms[0]; i++)
		if (tx->arrives_ms[i] == 0) {
			tx->arrives_ms[i] = ms;
			return;
		}
}

void chain_arrive(const uint8_t *bytes, size_t len, uint64_t when_ms)
{
	struct signature sig;
	struct sim_tx *tx;

	memcpy(sig.b, bytes + 1, SIGNATURE_SIZE);
	tx = find(&sig);
	if (!tx) {
		txs = grown(txs, n_txs, &txs_room, sizeof *txs);
		tx = txs[n_txs++] = tx_new(bytes, len, &sig);
	}
	add_arrival(tx, when_ms);
}

static bool has_arrived(struct sim_tx *tx)
{
	bool arrived = false;

	for (size_t i = 0; i < sizeof tx->arrives_ms / sizeof tx->arrives_ms[0]; i++)
		if (tx->arrives_ms[i] != 0 && tx->arrives_ms[i] <= world.now_ms) {
			tx->arrives_ms[i] = 0;
			arrived = true;
		}
	return arrived;
}

void chain_external(enum external_kind kind, int pool, uint64_t ms)
{
	if (n_externals == EXTERNALS_MAX)
		abort();
	externals[n_externals++] = (struct external){ kind, pool, ms, SIZE_MAX };
}

/* ---- blocks ---- */

static void fail_by_chance(struct sim_tx *tx)
{
	tx->failed = true;
	tx->failure = (struct tx_failure){ .ix = (int)random_below(4) };
}

static void execute(struct sim_tx *tx, size_t at)
{
	struct state *s = state_push(&states[blocks[at].state]);

	tx->landed = at;
	tx->failed = false;
	if (world.scenario->strict && world_fault(world.faults.fail_landed))
		fail_by_chance(tx);
	else
		tx->failed = !program_run(
			s, tx->bytes, tx->len, &blocks[at], &blocks[at - 1], &tx->failure, &tx->effects);
	if (tx->failed) {
		n_states--;
		return;
	}
	blocks[at].state = (uint32_t)(n_states - 1);
	check_landed(tx, &tx->effects);
}

static void run_externals(size_t at)
{
	for (size_t i = 0; i < n_externals; i++) {
		struct external *e = &externals[i];

		if (e->landed != SIZE_MAX || world.now_ms < e->ms)
			continue;
		e->landed = at;
		program_external(state_push(&states[blocks[at].state]), e->kind, e->pool, &blocks[at]);
		blocks[at].state = (uint32_t)(n_states - 1);
	}
}

static void land(size_t at)
{
	for (size_t i = 0; i < n_txs; i++) {
		struct sim_tx *tx = txs[i];

		if (has_arrived(tx) && tx->landed == SIZE_MAX && tx->hash_block < at &&
			at <= tx->hash_block + HASH_LIFE)
			execute(tx, at);
	}
}

/* The newest n blocks never were. What had landed in them may come again: nodes keep what they have seen for a while. */
static void fork(size_t n)
{
	const size_t kept = n_blocks - n;

	for (size_t i = 0; i < n_txs; i++) {
		struct sim_tx *tx = txs[i];

		if (tx->hash_block != SIZE_MAX && tx->hash_block >= kept)
			tx->hash_block = SIZE_MAX;
		if (tx->landed == SIZE_MAX || tx->landed < kept)
			continue;
		tx->landed = SIZE_MAX;
		if (random_chance(KEPT_SENDING))
			add_arrival(tx, world.now_ms + random_below(20 * BLOCK_MS));
	}
	for (size_t i = 0; i < n_externals; i++)
		if (externals[i].landed != SIZE_MAX && externals[i].landed >= kept)
			externals[i].landed = SIZE_MAX;
	n_blocks = kept;
}

static void fork_by_chance(void)
{
	size_t depth;

	if (world.faults.fork_every_blocks == 0 || world_calm() || --blocks_to_fork > 0)
		return;
	blocks_to_fork = 1 + random_below(2 * world.faults.fork_every_blocks);
	depth = 1 + (random_chance(world.faults.fork_deep) ? random_below(FINAL_DEPTH - 1) : random_below(2));
	if (depth <= chain_tip() - root)
		fork(depth);
}

static size_t add_block(uint64_t ms, uint64_t slots)
{
	struct block *b;

	blocks = grown(blocks, n_blocks, &blocks_room, sizeof *blocks);
	b = &blocks[n_blocks];
	last_slot += slots;
	b->slot.n = last_slot;
	b->ms = ms;
	b->unix_s = FIRST_UNIX + (int64_t)((ms - clock_skew_ms) / 1000);
	b->state = n_blocks == 0 ? 0 : blocks[n_blocks - 1].state;
	random_bytes(b->hash.b, sizeof b->hash.b);
	if (n_blocks > FINAL_DEPTH && n_blocks - FINAL_DEPTH > root)
		root = n_blocks - FINAL_DEPTH;
	return n_blocks++;
}

static void next_block(void *owner)
{
	const uint64_t slots = random_chance(50) ? 2 + random_below(3) : 1;
	size_t at;

	(void)owner;
	fork_by_chance();
	at = add_block(world.now_ms, 1);
	last_slot += slots - 1;
	run_externals(at);
	land(at);
	event_at(world.now_ms + BLOCK_MS * slots, -1, next_block, NULL);
}

void chain_start(void)
{
	for (uint64_t i = 0; i < PREHISTORY; i++)
		add_block(world.now_ms - (PREHISTORY - i) * BLOCK_MS, 1);
	event_at(world.now_ms + BLOCK_MS, -1, next_block, NULL);
}
