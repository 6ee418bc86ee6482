// Pools that the app never registered are found on the chain, drawn and paid like all others, and shown in the app in time.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
const money = require('./money.js');

const SETTINGS = { DISCOVERY_SECONDS: '1' };
const AGE_LIMIT_S = 300;

// A locked pool of which the web backend never heard.
async function silentPool(world, options = {}) {
	const mint = options.mint ?? await world.mint(options);
	return world.scenario.fillPool({ devWallet: world.devWallet, treasury: world.treasury, players: 3, lockDuration: 60, ...options, mint });
}

const rowsOf = async (world, pool) => JSON.parse(await world.sql(
	`SELECT coalesce(json_agg(p ORDER BY id), '[]') FROM public.pools p WHERE pool_address = '${pool.address}'`));

// Polls what the daemon alone can change.
async function until(what, check, within = 60000) {
	for (const deadline = Date.now() + within; Date.now() < deadline; await sleep(50)) if (await check()) return;
	throw new Error(`${what}: not within ${within} ms`);
}

test('a pool that was never registered is found, drawn, paid exactly, and shown once it is older than the age limit', async (t) => {
	const world = await World.start({ settings: SETTINGS });
	t.after(() => world.stop());
	const pool = await silentPool(world);
	const was = await money.before(world, pool);
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('discovery.found', { subject: new RegExp(pool.address), verdict: 'FITS' });
	await daemon.wait('tx.final', { subject: new RegExp(pool.address), step: 'DRAW' });
	await daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' });
	const paid = await money.assertChain(world, pool, was);
	assert.deepEqual(await rowsOf(world, pool), [], 'the backend still has the time to write it itself');
	await world.scenario.chain('advanceTime', AGE_LIMIT_S);
	const { pools_id: id } = await daemon.wait('discovery.published', { subject: new RegExp(pool.address) });
	const rows = await rowsOf(world, pool);
	assert.equal(rows.length, 1);
	const short = `${pool.mint.address.slice(0, 4)}...${pool.mint.address.slice(-4)}`;
	const expected = {
		id: Number(id), token_symbol: short, token_name: short, token_mint: pool.mint.address, entry_amount: Number(pool.amount / pool.mint.unit),
		min_participants: 2, max_participants: 3, status: 'ended', lock_duration: 60, creator_wallet: pool.creator.address.toLowerCase(),
		winner_wallet: paid.winner, is_free: 0, allow_mock: 0, participants_count: 3,
	};
	for (const [column, value] of Object.entries(expected)) assert.equal(rows[0][column], value, column);
});
