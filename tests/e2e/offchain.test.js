// Draws whose stakes are in Postgres, from due to settled by the daemon alone: real Postgres, local chain, recorded rounds of drand.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { DrawWorld } = require('./offchain.js');

let world;
test.before(async () => { world = await DrawWorld.start(); });
test.after(() => world?.stop());

test('what is due is locked, anchored, drawn and paid', async () => {
	const coins = await world.coins(4, { prize: 12, kind: 'coins', fee: 5 });
	world.lockTime();
	await world.sql(coins.due);
	const daemon = world.startDaemon();
	await daemon.wait('offchain.block');
	world.roundTime();
	const row = await world.until(coins, 'settled');
	assert.deepEqual([row.round, row.n, row.paid_units, row.halted_why], [1000, 4, 12, null]);
	assert.ok(row.anchor_slot < row.slot && row.slot <= row.block_slot);
	assert.equal(await world.sql(`SELECT state, pot, kept, (SELECT sum(amount) FROM coin_draws.transactions WHERE type = 'draw_prize') FROM coin_draws.draws WHERE id = ${coins.key}`), 'drawn|0|8|12');
	assert.equal(await world.sql(`SELECT step, state, sig FROM keeper.steps WHERE subject = 'offchain:${row.draw}'`), `ANCHOR|final|${row.anchor_sig}`);
	await world.sound();
});
