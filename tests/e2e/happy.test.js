// A pool goes from Locked to Ended: SPL and Token-2022, daemon and --once, with records that are complete and exact.
'use strict';

const assert = require('node:assert/strict');
const events = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync, spawn } = require('node:child_process');
const { test } = require('node:test');
const { BINARY } = require('./daemon.js');
const { World } = require('./world.js');
const money = require('./money.js');

test('two pools, SPL and Token-2022, are drawn and paid exactly', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pools = [await world.lockedPool({ program: 'spl', players: 4 }), await world.lockedPool({ program: 'token-2022', decimals: 9, players: 3 })];
	const was = [];
	for (const pool of pools) was.push(await money.before(world, pool));
	await world.pastLock();
	const daemon = world.startDaemon();
	for (const pool of pools) await daemon.wait('tx.final', { subject: new RegExp(pool.address), step: 'DRAW' });
	for (const [i, pool] of pools.entries()) await money.assertPaid(world, pool, was[i]);
	for (const pool of pools) {
		const rows = await world.sql(`SELECT step FROM keeper.steps WHERE subject LIKE 'draw:${pool.address}:%' ORDER BY seq`);
		assert.equal(rows, 'BIND\nDRAW', 'two transactions for a draw');
	}
	await money.assertNothingUnknown(world);
	await daemon.kill('SIGTERM');
	assert.equal(daemon.code, 0);
	assert.equal(daemon.all('db.up').length, 1, 'one connection from lock to payout');
	assert.deepEqual(daemon.all('db.down'), []);
	assert.doesNotMatch(world.pgbouncer.server.logTail(), /pooler error|no more connections/i);
});

// A pipe that is full and has a reader that does not read: what a stopped pm2 leaves.
function fullPipe(directory) {
	const file = path.join(directory, 'log');
	execFileSync('mkfifo', [file]);
	const reader = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
	for (;;) {
		try {
			fs.writeSync(reader, 'x'.repeat(4096));
		} catch (error) {
			assert.equal(error.code, 'EAGAIN');
			return { reader, writer: fs.openSync(file, 'w') };
		}
	}
}

test('--once drives what is due to its end and exits 0, even when nobody takes its log', { timeout: 120000 }, async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	await world.pastLock();
	const { reader, writer } = fullPipe(world.directory);
	const once = spawn(BINARY, ['--once'], { env: world.environment(), stdio: ['ignore', 'ignore', writer] });
	t.after(() => once.kill('SIGKILL'));
	assert.deepEqual(await events.once(once, 'exit'), [0, null]);
	await money.assertPaid(world, pool, was);
	const log = Buffer.alloc(1 << 20);
	assert.ok(!log.subarray(0, fs.readSync(reader, log)).includes('event='), 'the pipe was never full');
});

test('--once that Postgres answers with what cannot be: nothing is sent on it, it exits 70, and the next one pays once', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	await world.pastLock();
	const swap = (from, to) => world.sql(`DO $$ BEGIN EXECUTE replace(pg_get_functiondef('keeper.step_rows(text)'::regprocedure), '${from}', '${to}'); END $$`);
	await swap('s.seq, s.step,', 's.seq, s.step || s.seq,');
	const once = world.startDaemon('--once');
	const unreadable = await once.wait('journal.unreadable');
	assert.match(unreadable.line, /statement="SELECT [^"]* FROM keeper\.step_open\(/);
	await once.kill('SIGTERM');
	assert.equal(once.code, 70, once.log);
	assert.equal(once.all('tx.send').length, 0, 'the row is committed, and nobody has read it back');
	assert.equal(await world.sql("SELECT count(*) FROM keeper.steps WHERE state = 'open'"), '1');
	assert.equal((await world.scenario.readPool(pool)).statusName, 'Locked');
	await swap('s.seq, s.step || s.seq,', 's.seq, s.step,');
	const mended = world.startDaemon('--once');
	assert.equal((await mended.exit()).code, 0, mended.log);
	await money.assertPaid(world, pool, was);
	await money.assertNothingUnknown(world);
});

test('missing token accounts of dev and treasury are made before the draw is bound', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const mint = await world.mint({ bare: true });
	const pool = await world.lockedPool({ mint });
	const was = await money.before(world, pool);
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('tx.final', { subject: new RegExp(pool.address), step: 'DRAW' });
	await money.assertPaid(world, pool, was);
	assert.equal(await world.sql("SELECT count(*) FROM keeper.steps WHERE step = 'CREATE_ATA' AND state = 'final'"), '2');
});
