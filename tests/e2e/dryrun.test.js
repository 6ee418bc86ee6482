// --dry-run reads, decides and simulates; it sends nothing, writes nothing, and says so on every line.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { World, sleep } = require('./world.js');
const money = require('./money.js');

const EX_UNAVAILABLE = 69;
const EX_TEMPFAIL = 75;
const EX_CONFIG = 78;
const TICKS_MS = 4000;

const of = (pool) => new RegExp(pool.address);

// Every row of every table of ours, and how many rows were ever touched: a write that was undone counts too.
async function everything(world) {
	const rows = await world.sql(`SELECT table_schema || '.' || table_name, query_to_xml(format('SELECT t::text FROM %I.%I t ORDER BY 1', table_schema, table_name), true, true, '')
		FROM information_schema.tables WHERE table_schema IN ('keeper', 'public') ORDER BY 1`);
	const touched = await world.sql('SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables');
	const xids = await world.sql('SELECT pg_snapshot_xmax(pg_current_snapshot())');
	const landed = (await world.scenario.chain('transactions')).length;
	const accepted = (await world.scenario.chain('submissions')).length;
	return { rows, touched, xids, landed, accepted };
}

function assertMarked(daemon) {
	assert.ok(daemon.events.length > 3, 'it logs');
	for (const event of daemon.events) assert.equal(event.dry_run, '1', event.line);
	assert.equal(daemon.output, '');
}

// Runs `look` between two snapshots of the world, which must be the same.
async function changesNothing(world, look) {
	const was = await everything(world);
	const daemon = await look();
	const stats = await world.scenario.chain('stats');
	assert.deepEqual(await everything(world), was);
	assert.equal(stats.nodes[0].methods.sendTransaction ?? 0, world.sentBefore ?? 0, 'no node was ever asked to send');
	assertMarked(daemon);
	assert.equal(daemon.all('lease.taken').length + daemon.all('tx.send').length, 0, daemon.log);
	return daemon;
}

async function endedWith(daemon, code) {
	assert.equal((await daemon.exit()).code, code, daemon.log);
	return daemon;
}

// A world with an idle database connection of nobody: statistics are complete once a process is gone.
async function start(t, options = {}) {
	const world = await World.start({ pooled: false, ...options });
	t.after(() => world.stop());
	return world;
}

// A daemon that works drew one pool, so that its canary account is there; then the next pool is due.
async function drawnOnce(world) {
	const mint = await world.mint();
	const first = await world.lockedPool({ mint, players: 2 });
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('draw.wait', { subject: of(first), reason: 'OVER' });
	await daemon.kill('SIGTERM');
	fs.rmSync(path.join(world.directory, 'spool'), { recursive: true, force: true });
	const pool = await world.lockedPool({ mint, players: 2 });
	await world.pastLock();
	await sleep(500);
	world.sentBefore = (await world.scenario.chain('stats')).nodes[0].methods.sendTransaction;
	return pool;
}

describe('--dry-run', () => {
	test('nothing due: --once ends with 0', async (t) => {
		const world = await start(t);
		await world.lockedPool({ players: 2 });
		await changesNothing(world, () => endedWith(world.startDaemon('--dry-run', '--once'), 0));
	});

	test('no canary yet: it says that it would make one', async (t) => {
		const world = await start(t);
		const pool = await world.lockedPool({ players: 2, mint: await world.mint({ bare: true }) });
		await world.pastLock();
		await sleep(500);
		const daemon = await changesNothing(world, () => endedWith(world.startDaemon('--dry-run', '--once'), EX_TEMPFAIL));
		assert.equal(daemon.all('draw.wait', { subject: /canary/, reason: 'DRY_RUN' }).length, 1, daemon.log);
		assert.equal(daemon.all('draw.wait', { subject: of(pool), reason: 'ATA_MISSING' }).length, 1, daemon.log);
	});

	test('a due pool: the bind is decided and simulated, --once ends with 75, the daemon goes on until it is stopped', async (t) => {
		const world = await start(t);
		const pool = await drawnOnce(world);
		const simulated = async () => (await world.scenario.chain('stats')).nodes[0].methods.simulateTransaction ?? 0;
		let before = await simulated();
		await changesNothing(world, () => endedWith(world.startDaemon('--dry-run', '--once'), EX_TEMPFAIL));
		assert.ok(await simulated() > before, 'it was simulated');
		before = await simulated();
		await changesNothing(world, async () => {
			const daemon = world.startDaemon('--dry-run');
			const wait = await daemon.wait('draw.wait', { subject: of(pool), reason: 'DRY_RUN' });
			assert.match(wait.line, /the transaction would be opened here/);
			await sleep(TICKS_MS);
			await daemon.kill('SIGTERM');
			assert.equal(daemon.code, 0, daemon.log);
			return daemon;
		});
		assert.ok(await simulated() > before);
		assert.ok(!fs.existsSync(path.join(world.directory, 'spool')), 'not even a folder is made');
		const lease = await world.sql('SELECT owner, expires_at FROM keeper.lease');
		assert.equal(lease, '|-infinity', 'the lease is as the last daemon left it: nobody has it');
	});

	test('a bound pool: nothing is asked for in its name, and --once ends with 75', async (t) => {
		const world = await start(t);
		const pool = await world.lockedPool({ players: 2 });
		const was = await money.before(world, pool);
		await world.pastLock();
		const working = world.startDaemon();
		await world.caughtBound(working, pool);
		await working.kill('SIGKILL');
		await world.gatewayControl({ oracle: 'all', mode: 'ok' });
		world.sentBefore = (await world.scenario.chain('stats')).nodes[0].methods.sendTransaction;
		await sleep(500);
		await changesNothing(world, () => endedWith(world.startDaemon('--dry-run', '--once'), EX_TEMPFAIL));
		const next = world.startDaemon();
		await next.wait('draw.wait', { subject: of(pool), reason: 'OVER' });
		await money.assertPaid(world, pool, was);
	});

	test('beside a daemon that works: neither is in the way of the other', async (t) => {
		const world = await start(t);
		const pool = await world.lockedPool({ players: 2 });
		const was = await money.before(world, pool);
		const dry = world.startDaemon('--dry-run');
		await dry.wait('ready');
		const working = world.startDaemon();
		await working.wait('lease.taken');
		await world.pastLock();
		await working.wait('draw.wait', { subject: of(pool), reason: 'OVER' });
		await dry.wait('draw.state', { subject: of(pool), to: 'Ended' });
		await money.assertPaid(world, pool, was);
		await money.assertNothingUnknown(world);
		await sleep(TICKS_MS);
		await dry.kill('SIGTERM');
		assert.equal(dry.code, 0, dry.log);
		assertMarked(dry);
		assert.ok(dry.events.length < 200, `${dry.events.length} lines: it does not repeat itself`);
		assert.equal(dry.all('tx.send').length, 0);
		assert.equal(working.all('lease.lost').length, 0);
	});

	test('faults at the start are the same: 78 for the settings, 69 for a database that is away', async (t) => {
		const world = await start(t);
		assertMarked(await endedWith(world.startDaemonWith({ TREASURY_WALLET_PUBKEY: 'x', TICK_SECONDS: '0', RPC_TIMEOUT_MS: 'a', MAX_BOUND_POOLS: '0' }, '--dry-run'), EX_CONFIG));
		await world.postgres.halt();
		assertMarked(await endedWith(world.startDaemon('--dry-run', '--once'), EX_UNAVAILABLE));
	});
});
