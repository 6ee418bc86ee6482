// A daemon that dies by kill -9 right before and right after each statement about a draw: everything happens once.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { DrawWorld } = require('./offchain.js');
const { startTrap } = require('./trap.js');

// The plain run dies once at the end, where the money moves.
const FULL = process.env.POOLKEEPER_TEST_FULL === '1';
let world;
let trap;
test.before(async () => {
	world = await DrawWorld.start({ pooled: false });
	trap = await startTrap(world.daemonUrl);
});
test.after(async () => {
	await trap?.close();
	await world?.stop();
});

const fresh = () => world.startDaemonWith({ DATABASE_URL: trap.url });

// Each daemon in turn is killed at one verb; the next one finds what is there. before: what a verb needs before it can be said.
async function dieAt(verbs, before) {
	for (const verb of verbs) {
		for (const when of FULL ? ['before', 'after'] : ['after']) {
			await world.forgetLease();
			const sprung = trap.spring({ texts: [`keeper.offchain_${verb}(`], when, kill: () => daemon.kill() });
			const daemon = fresh();
			await before[verb]?.(daemon);
			await sprung;
			before[verb] = undefined;
		}
	}
	await world.forgetLease();
	return fresh();
}

test('kill -9 around each statement: one lock, one memo, one value, one payment', async () => {
	const draws = [await world.coins(4, { prize: 12, kind: 'coins', fee: 5 })];
	await world.lockTime();
	await world.sql(draws[0].due);
	await dieAt(FULL ? ['lock', 'anchor', 'block', 'beacon', 'prove', 'draw', 'settle'] : ['lock', 'block', 'beacon', 'settle'], {
		block: async (daemon) => { await daemon.wait('offchain.wait', { reason: 'OFFCHAIN_SLOT' }); await world.pastSlots(); },
		beacon: async (daemon) => { await daemon.wait('offchain.wait', { reason: 'OFFCHAIN_ROUND' }); await world.roundTime(); },
	});
	const row = await world.until(draws[0], 'settled');
	assert.equal(await world.sql("SELECT count(*) FROM keeper.offchain_draws"), '1');
	assert.equal(await world.sql(`SELECT count(*) FROM keeper.steps WHERE subject = 'offchain:${row.draw}' AND state = 'final'`), '1');
	assert.equal(await world.sql("SELECT count(*), sum(amount) FROM coin_draws.transactions WHERE type = 'draw_prize'"), '1|12');
	await world.sound();
	if (!FULL) return;

	const lost = await world.coins(3, { fee: 5 });
	const daemon = world.daemons.at(-1);
	await world.sql(lost.due);
	await daemon.wait('offchain.locked', { key: lost.key });
	await daemon.kill();
	await world.pastDeadlines();
	await dieAt(['default', 'refund'], {});
	await world.until(lost, 'refunded');
	assert.equal(await world.sql("SELECT count(*), sum(amount) FROM coin_draws.transactions WHERE type = 'draw_refund'"), '3|15');
	await world.sound();
});
