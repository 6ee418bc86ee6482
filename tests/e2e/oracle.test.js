// The oracle fails in every way: nothing is bound that cannot be drawn, and what is bound is rescued.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
const { parameter, startTrap } = require('./trap.js');
const money = require('./money.js');

const HOUR = 3600;

async function duePool(world, options) {
	const pool = await world.lockedPool(options);
	const was = await money.before(world, pool);
	await world.pastLock();
	return { pool, was };
}

// The pool waits, bound to nothing, for this reason; and goes on by itself once the fault is gone.
async function waitsThenPays(t, { fault, reason, mend }) {
	const world = await World.start();
	t.after(() => world.stop());
	const { pool, was } = await duePool(world);
	await fault(world);
	await sleep(500); // what the gateway writes onto the chain is confirmed a slot later
	const daemon = world.startDaemon();
	await daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason });
	await sleep(2000);
	assert.equal((await world.scenario.readPool(pool)).statusName, 'Locked', 'nothing is bound while the oracle is not viable');
	await mend(world);
	await daemon.wait('tx.final', { subject: new RegExp(pool.address), step: 'DRAW' });
	await money.assertPaid(world, pool, was);
}

test('gateway down before the commit: the pool waits in Locked, visibly', (t) => waitsThenPays(t, {
	fault: (world) => world.gatewayControl({ oracle: 'all', mode: 'down' }), reason: 'CANARY_SILENT',
	mend: (world) => world.gatewayControl({ oracle: 'all', mode: 'ok' }),
}));

test('gateway signs with another key: the pool waits in Locked', (t) => waitsThenPays(t, {
	fault: (world) => world.gatewayControl({ oracle: 'all', mode: 'wrong_signature' }), reason: 'CANARY_SILENT',
	mend: (world) => world.gatewayControl({ oracle: 'all', mode: 'ok' }),
}));

test('every oracle expired before the commit: the pool waits in Locked', (t) => waitsThenPays(t, {
	fault: (world) => world.gatewayControl({ oracle: 'all', valid_for: HOUR / 2 }), reason: 'NO_ORACLE',
	mend: (world) => world.gatewayControl({ oracle: 'all', valid_for: 24 * HOUR }),
}));

test('gateway slow: the draw takes longer and nothing else changes', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const { pool, was } = await duePool(world);
	await world.gatewayControl({ oracle: 'all', mode: 'slow', delay_ms: 1500 });
	const daemon = world.startDaemon();
	await daemon.wait('tx.final', { subject: new RegExp(pool.address), step: 'DRAW' });
	await money.assertPaid(world, pool, was);
});

test('the oracle dies after the commit: another one is committed to, once, through kill -9 around each statement of that', async (t) => {
	const world = await World.start({ settings: { ORACLE_BUDGET_SLOTS: '60' } });
	t.after(() => world.stop());
	const { pool, was } = await duePool(world);
	const trap = await startTrap(world.daemonUrl);
	t.after(() => trap.close());
	const draw = `draw:${pool.address}:`;
	let daemon;
	let sprung;
	const cutAt = (texts, when) => {
		const victim = world.startDaemonWith({ DATABASE_URL: trap.url });
		daemon = victim;
		sprung = trap.spring({ texts: [...texts, draw], when, kill: () => victim.kill() });
	};
	const again = ['keeper.step_open', parameter('RECOMMIT')];
	cutAt(again, 'before');
	const { randomnessAccount } = await world.caughtBound(daemon, pool);
	const dead = await world.sql(`SELECT oracle FROM keeper.steps WHERE step = 'BIND'`);
	const oracles = await world.oracles();
	const other = oracles.findIndex(({ address }) => address !== dead);
	await world.gatewayControl({ oracle: other, mode: 'ok' });
	const noted = ['keeper.commit_record', parameter(oracles[other].address)];
	for (const [texts, when] of [[again, 'after'], [noted, 'before'], [noted, 'after']]) {
		await sprung;
		await daemon.exited;
		await world.forgetLease();
		cutAt(texts, when);
	}
	await sprung;
	await daemon.exited;
	await world.forgetLease();
	world.startDaemon();
	await world.recorded(pool);
	await money.assertPaid(world, pool, was);
	await money.assertNothingUnknown(world);
	const steps = await world.sql(`SELECT string_agg(step || ' ' || state, ', ' ORDER BY seq) FROM keeper.steps WHERE starts_with(subject, '${draw}') AND state <> 'expired'`);
	assert.equal(steps, 'BIND final, RECOMMIT final, DRAW final');
	const ledger = (await world.sql('SELECT randomness, oracle, answer_value IS NOT NULL, reason, fate FROM keeper.commits ORDER BY n')).split('\n').map((line) => line.split('|'));
	assert.deepEqual(ledger.map(([randomness]) => randomness), [randomnessAccount, randomnessAccount], 'one account, two commits');
	assert.deepEqual(ledger.map(([, oracle]) => oracle === dead), [true, false], 'the second commit is to another oracle');
	assert.deepEqual(ledger.map(([,, ...rest]) => rest.join(' ')), ['f bind no_answer', 't rescue used']);
});
