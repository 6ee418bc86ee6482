// Processes come and go: kill -9 at every journal boundary, two daemons at once, a clean stop, a busy second copy.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World } = require('./world.js');
const { parameter, startTrap } = require('./trap.js');
const money = require('./money.js');

// Statements of one draw whose connection is cut around them, in the order in which they come.
const BOUNDARIES = [
	['step_rows'], ['sponsors_fix'], ['step_open', 'BIND'], ['step_close', 'landed'], ['commit_record'],
	['step_open', 'DRAW'], ['step_close', 'landed'], ['payout_record'],
];

// One daemon after the other is killed at the next boundary; the last one finishes.
async function killedAtEach(t, when) {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	await world.pastLock();
	const trap = await startTrap(world.databaseUrl);
	t.after(() => trap.close());
	const draw = `draw:${pool.address}:`;
	for (const [verb, word] of BOUNDARIES) {
		const daemon = world.startDaemonWith({ DATABASE_URL: trap.url });
		const texts = [`keeper.${verb}`, draw, ...(word ? [parameter(word)] : [])];
		await trap.spring({ texts, when, kill: () => daemon.kill('SIGKILL') });
		await daemon.exited;
		await world.forgetLease();
	}
	world.startDaemon();
	await world.recorded(pool);
	await money.assertPaid(world, pool, was);
	await money.assertNothingUnknown(world);
	const steps = await world.sql(`SELECT string_agg(step || ' ' || state, ', ' ORDER BY seq) FROM keeper.steps WHERE starts_with(subject, '${draw}') AND state <> 'expired'`);
	assert.match(steps, /^BIND final, DRAW final$/);
}

for (const when of ['before', 'after']) {
	test(`kill -9 ${when} Postgres ran each statement of a draw in turn`, (t) => killedAtEach(t, when));
}

test('kill -9 after the bytes were sent and before anything was heard', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	await world.pastLock();
	for (const step of ['BIND', 'DRAW']) {
		const daemon = world.startDaemon();
		await daemon.wait('tx.send', { subject: new RegExp(pool.address), step });
		await daemon.kill('SIGKILL');
		await world.forgetLease();
	}
	const last = world.startDaemon();
	await last.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' });
	await money.assertPaid(world, pool, was);
	await money.assertNothingUnknown(world);
});

test('two daemons at once: one draws, the other stays quiet and takes over when the first dies', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pools = [await world.lockedPool(), await world.lockedPool()];
	const was = [await money.before(world, pools[0]), await money.before(world, pools[1])];
	await world.pastLock();
	const daemons = [world.startDaemon(), world.startDaemon()];
	const over = (daemon, pool) => daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' });
	await Promise.any(daemons.map((daemon) => over(daemon, pools[0])));
	for (const [i, pool] of pools.entries()) {
		await Promise.any(daemons.map((daemon) => over(daemon, pool)));
		await money.assertPaid(world, pool, was[i]);
	}
	const third = await world.lockedPool();
	const thirdWas = await money.before(world, third);
	const leader = daemons.find((daemon) => daemon.all('lease.taken').length > 0);
	await leader.kill('SIGKILL');
	await world.pastLock();
	const heir = daemons.find((daemon) => daemon !== leader);
	await over(heir, third);
	await money.assertPaid(world, third, thirdWas);
	await money.assertNothingUnknown(world);
});

test('SIGTERM in the middle of a draw: it stops in time and the next start finishes', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	await world.pastLock();
	const first = world.startDaemon();
	await first.wait('tx.send', { subject: new RegExp(pool.address), step: 'BIND' });
	await first.kill('SIGTERM');
	assert.equal(first.code, 0);
	const second = world.startDaemon('--once');
	assert.equal((await second.exit()).code, 0, second.log);
	await money.assertPaid(world, pool, was);
});
