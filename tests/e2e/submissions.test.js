// What the web backend hands in is answered in its own row: accepted once, or refused with the one reason that fits.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World } = require('./world.js');
const { psql } = require('../lib/postgres.js');
const { Keypair } = require('../chain/solana.js');

// A pool with room: the creator is in, the players have tokens and are not.
async function openPool(world, { players = 1, ...options } = {}) {
	const mint = options.mint ?? await world.mint();
	const creator = new Keypair();
	const amount = 100n * mint.unit;
	const others = Array.from({ length: players }, () => new Keypair());
	for (const keypair of [creator, ...others]) await world.scenario.fundPlayer(keypair, mint, 10n * amount);
	const pool = await world.scenario.createPool({
		devWallet: world.devWallet, treasury: world.treasury, mint, amount, creator, maxParticipants: players + 2, ...options,
	});
	pool.id = await world.register({ ...pool, players: [creator] }, { status: 'open' });
	return { ...pool, players: others };
}

// As the backend does it: through the pooler where there is one. Resolves to the row's id.
async function submit(world, { txHash, pool, wallet, operation = 'join', amount = null }) {
	const address = (key) => key.address ?? key;
	return Number(await psql(world.databaseUrl, `INSERT INTO keeper.submissions (tx_hash, pool, wallet, operation, amount)
		VALUES ('${txHash}', '${address(pool)}', '${address(wallet)}', '${operation}', ${amount ?? 'NULL'}) RETURNING id`));
}

const answer = async (world, id) => JSON.parse(await world.sql(
	`SELECT row_to_json(x) FROM (SELECT state, reason, slot, final_at IS NOT NULL AS final FROM keeper.submissions WHERE id = ${id}) x`));

async function answered(daemon, world, id, pattern = {}) {
	await daemon.wait('submission', { id, ...pattern });
	return answer(world, id);
}

test('a join is accepted once, marked used with it, and final later; a replay is refused', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await openPool(world);
	const [player] = pool.players;
	const daemon = world.startDaemon();
	await daemon.wait('lease.held');
	const txHash = await world.scenario.join(pool, player);
	const claim = { txHash, pool, wallet: player, amount: pool.amount };
	const id = await submit(world, claim);
	const first = await answered(daemon, world, id);
	assert.equal(first.state, 'accepted');
	assert.equal(await world.sql(`SELECT tx_hash, pool_id, wallet_address, operation_type FROM public.used_transactions`),
		`${txHash}|${pool.id}|${player.address.toLowerCase()}|join`);
	const replay = await submit(world, claim);
	assert.deepEqual(await answered(daemon, world, replay), { state: 'rejected', reason: 'already_used', slot: first.slot, final: false });
	assert.deepEqual(await answered(daemon, world, id, { final: '1' }), { state: 'accepted', reason: null, slot: first.slot, final: true });
	assert.equal(await world.sql('SELECT keeper.submissions_wait()'), 'f');
	assert.equal(await world.sql('SELECT count(*) FROM public.used_transactions'), '1');
});
