// Pools that the app never registered are found on the chain, drawn and paid like all others, and shown in the app in time.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
const { Keypair } = require('../chain/solana.js');
const money = require('./money.js');

const SETTINGS = { DISCOVERY_SECONDS: '1' };
const AGE_LIMIT_S = 300;

// A locked pool of which the web backend never heard.
async function silentPool(world, options = {}) {
	const mint = options.mint ?? await world.mint(options);
	return world.scenario.fillPool({ devWallet: world.devWallet, treasury: world.treasury, players: 3, lockDuration: 60, ...options, mint });
}

async function player(world, mint) {
	const keypair = new Keypair();
	await world.scenario.fundPlayer(keypair, mint, 1000n * mint.unit);
	return keypair;
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

test('the backend writes the row at the same moment: there is one, and it is the backend\'s', async (t) => {
	const world = await World.start({ settings: SETTINGS });
	t.after(() => world.stop());
	const pool = await silentPool(world, { lockDuration: 36000 });
	const daemon = world.startDaemon();
	await daemon.wait('discovery.found', { subject: new RegExp(pool.address) });
	await world.sql('CREATE TABLE public.test_go (go boolean)');
	const backend = world.sql(`BEGIN;
		INSERT INTO public.pools (pool_address, token_symbol, token_name, entry_amount, min_participants, max_participants, status, lock_duration, creator_wallet)
		VALUES ('${pool.address}', 'REAL', 'Real token', 100, 2, 3, 'open', 36000, '${pool.creator.address.toLowerCase()}');
		DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM public.test_go) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$; COMMIT`);
	await until('the insert is under way', async () => await world.sql(
		"SELECT count(*) FROM pg_locks WHERE relation = 'public.pools'::regclass AND mode = 'RowExclusiveLock'") !== '0');
	await world.scenario.chain('advanceTime', AGE_LIMIT_S);
	await daemon.wait('discovery.failed', { doing: 'publish' });
	await world.sql('INSERT INTO public.test_go VALUES (true)');
	await backend;
	await daemon.wait('discovery.registered', { subject: new RegExp(pool.address) });
	const rows = await rowsOf(world, pool);
	assert.deepEqual(rows.map((row) => row.token_symbol), ['REAL']);
	await until('the row is kept up to date', async () => (await rowsOf(world, pool))[0].status === 'locked');
	assert.equal(await world.sql(`SELECT count(*) FROM keeper.draws WHERE address = '${pool.address}' AND app_id = ${rows[0].id}`), '1');
});

test('a pool that policy does not let in waits visibly and never enters the app', async (t) => {
	const world = await World.start({ settings: { ...SETTINGS, DISCOVERY_LIST_AFTER_SECONDS: '1' } });
	t.after(() => world.stop());
	const mint = await world.mint();
	const greedy = await silentPool(world, { mint, devBps: 900 });
	const good = await silentPool(world, { mint });
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('discovery.found', { subject: new RegExp(greedy.address), verdict: 'POLICY_FEES' });
	await daemon.wait('draw.wait', { subject: new RegExp(greedy.address), reason: 'POLICY_FEES' });
	await daemon.wait('discovery.published', { subject: new RegExp(good.address) });
	assert.deepEqual(await rowsOf(world, greedy), []);
	await daemon.kill('SIGTERM');
	const relaxed = world.startDaemonWith({ POLICY_MAX_DEV_FEE_BPS: '900' });
	await relaxed.wait('discovery.published', { subject: new RegExp(greedy.address) });
	assert.equal((await rowsOf(world, greedy)).length, 1);
	assert.equal((await rowsOf(world, good)).length, 1);
});

test('an address that is used again is a new draw, and the old row is not touched', async (t) => {
	const world = await World.start({ settings: { ...SETTINGS, DISCOVERY_LIST_AFTER_SECONDS: '1' } });
	t.after(() => world.stop());
	const salt = Buffer.alloc(32, 7);
	const mint = await world.mint();
	const first = await world.lockedPool({ mint, salt });
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('draw.wait', { subject: new RegExp(first.address), reason: 'OVER' });
	const old = (await rowsOf(world, first))[0];
	await world.scenario.send([first.creator], [world.scenario.instruction('claim_rent', first, first.creator, { closeTarget: first.creator.address })]);
	const second = await silentPool(world, { mint, salt });
	assert.equal(second.address, first.address);
	const was = await money.before(world, second);
	const subject = new RegExp(`${second.address}:${was.state.poolId}$`);
	await daemon.wait('discovery.found', { subject });
	await world.pastLock();
	await daemon.wait('draw.wait', { subject, reason: 'OVER' });
	await money.assertChain(world, second, was);
	await daemon.wait('discovery.published', { subject });
	const rows = await rowsOf(world, second);
	assert.equal(rows.length, 2);
	assert.deepEqual(rows[0], old);
	await until('the second is ended', async () => (await rowsOf(world, second))[1].status === 'ended');
});

test('endpoints that refuse getProgramAccounts are named once, and everything else goes on', async (t) => {
	const world = await World.start({ nodes: 2, settings: SETTINGS });
	t.after(() => world.stop());
	const refusal = { method: 'getProgramAccounts', kind: 'rpc_error', code: -32601, message: 'Method not found', count: 'always' };
	await world.scenario.chain('faults', { node: [0, 1], http: [refusal] });
	const pool = await world.lockedPool();
	const silent = await silentPool(world, { mint: pool.mint, lockDuration: 36000 });
	const was = await money.before(world, pool);
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' });
	await money.assertPaid(world, pool, was);
	await until('it is asked again', async () => (await world.scenario.chain('stats')).methods.getProgramAccounts >= 6);
	assert.equal(daemon.all('discovery.refused').length, 1);
	assert.equal(daemon.all('discovery.failed').length, 0);
	// One endpoint that lists is enough.
	await world.scenario.chain('faults', { node: 1, clear: true });
	await daemon.wait('discovery.found', { subject: new RegExp(silent.address) });
});

test('what the pools of one creator may cost a day is kept, visibly, and by the journal: a restart changes nothing', async (t) => {
	// A draw is reckoned with twelve to fifteen million lamports, so this is one.
	const world = await World.start({ settings: { ...SETTINGS, CREATOR_DAY_LAMPORTS: '20000000' } });
	t.after(() => world.stop());
	const creator = new Keypair();
	const lockedPool = async (options) => {
		const mint = await world.mint(options);
		const other = await player(world, mint);
		await world.scenario.fundPlayer(creator, mint, 1000n * mint.unit);
		const pool = await world.scenario.createPool({ mint, creator, maxParticipants: 2, devWallet: world.devWallet, treasury: world.treasury });
		await world.scenario.join(pool, other);
		return pool;
	};
	const about = (pool) => ({ subject: new RegExp(pool.address) });
	const paid = await lockedPool();
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('draw.wait', { ...about(paid), reason: 'OVER' });
	// The next one needs token accounts too, and would get them before it is due.
	const left = await lockedPool({ bare: true });
	await daemon.wait('draw.wait', { ...about(left), reason: 'CREATOR_CAP' });
	await world.pastLock();
	await daemon.kill('SIGTERM');
	const again = world.startDaemon();
	await again.wait('draw.wait', { ...about(left), reason: 'CREATOR_CAP' });
	assert.equal((await world.scenario.readPool(left)).statusName, 'Locked');
	assert.equal(await world.sql("SELECT count(*) FROM keeper.steps WHERE step = 'CREATE_ATA'"), '0');
	await again.kill('SIGTERM');
	const was = await money.before(world, left);
	const richer = world.startDaemonWith({ CREATOR_DAY_LAMPORTS: '60000000' });
	await richer.wait('draw.wait', { ...about(left), reason: 'OVER' });
	await money.assertChain(world, left, was);
	assert.equal(await world.sql(`SELECT binds || ' ' || atas FROM keeper.creator_binds(ARRAY['${creator.address}'])`), '2 2');
});

test('accounts that only look like pools are dropped with a reason, once, and nothing else suffers', async (t) => {
	const world = await World.start({ settings: SETTINGS });
	t.after(() => world.stop());
	const pool = await silentPool(world);
	const real = await world.scenario.chain('getAccount', pool.address);
	const [junk, copy] = [new Keypair().address, new Keypair().address];
	const data = Buffer.from(real.data, 'base64');
	data.fill(7, 0, 8);
	await world.scenario.chain('setAccount', junk, { ...real, data: data.toString('base64') });
	await world.scenario.chain('setAccount', copy, real);
	const was = await money.before(world, pool);
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('discovery.dropped', { pool: junk, why: /not a pool/ });
	await daemon.wait('discovery.dropped', { pool: copy, why: /mint and salt/ });
	await daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' });
	await money.assertChain(world, pool, was);
	assert.equal(daemon.all('discovery.dropped').length, 2);
	assert.equal(await world.sql('SELECT count(*) FROM keeper.draws'), '1');
});

test('what was over before anybody looked stays history, and what the app finished is not announced again', async (t) => {
	const world = await World.start({ settings: { ...SETTINGS, DISCOVERY_LIST_AFTER_SECONDS: '1' } });
	t.after(() => world.stop());
	const mint = await world.mint();
	const creator = await player(world, mint);
	const pool = await world.scenario.createPool({ mint, creator, maxParticipants: 2, devWallet: world.devWallet, treasury: world.treasury });
	await world.scenario.cancel(pool);
	const live = await silentPool(world, { mint, lockDuration: 36000 });
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('discovery.published', { subject: new RegExp(live.address) });
	assert.equal(await world.sql(`SELECT verdict FROM keeper.discoveries WHERE draw LIKE 'draw:${pool.address}:%'`), 'HISTORY');
	assert.equal(await world.sql(`SELECT count(*) FROM keeper.draws WHERE address = '${pool.address}'`), '0');
	assert.deepEqual(await rowsOf(world, pool), []);
	// Cancelled between two looks, but created since the first: it is recorded and shown.
	const later = await world.scenario.createPool({ mint, creator, maxParticipants: 2, devWallet: world.devWallet, treasury: world.treasury });
	await world.scenario.cancel(later);
	await daemon.wait('discovery.found', { subject: new RegExp(later.address) });
	await world.pastLock();
	await daemon.wait('discovery.published', { subject: new RegExp(later.address) });
	await until('it is cancelled there, too', async () => (await rowsOf(world, later))[0].status === 'cancelled');
});
