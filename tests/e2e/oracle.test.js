// The oracle fails in every way: nothing is bound that cannot be drawn, and what is bound is rescued.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
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

test('the oracle dies after the commit: the same account is committed to another one, with its ledger', async (t) => {
	const world = await World.start({ settings: { ORACLE_BUDGET_SLOTS: '60' } });
	t.after(() => world.stop());
	const { pool, was } = await duePool(world);
	const daemon = world.startDaemon();
	const { randomnessAccount } = await world.caughtBound(daemon, pool);
	const dead = await world.sql(`SELECT oracle FROM keeper.steps WHERE step = 'BIND'`);
	for (const [i, oracle] of (await world.oracles()).entries()) {
		if (oracle.address !== dead) await world.gatewayControl({ oracle: i, mode: 'ok' });
	}
	await daemon.wait('tx.final', { subject: new RegExp(pool.address), step: 'RECOMMIT' });
	await daemon.wait('tx.final', { subject: new RegExp(pool.address), step: 'DRAW' });
	await money.assertPaid(world, pool, was);
	const ledger = (await world.sql('SELECT randomness, oracle, answer_value IS NOT NULL, fate FROM keeper.commits ORDER BY n')).split('\n').map((line) => line.split('|'));
	assert.deepEqual(ledger.map(([randomness]) => randomness), [randomnessAccount, randomnessAccount], 'one account, two commits');
	assert.deepEqual(ledger.map(([, oracle]) => oracle === dead), [true, false], 'the second commit is to another oracle');
	assert.deepEqual(ledger.map(([,, answered, fate]) => `${answered} ${fate}`), ['f no_answer', 't used']);
});
