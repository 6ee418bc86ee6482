// What does not agree keeps only its own pool from being bound and paid, and never a bound one from being drawn.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { startWorld, addToVault, setPlayers, openPool, fill, of, standing, stateOf } = require('./falsified.js');
const money = require('./money.js');

test('a vault that holds too little is named while the pool is open and keeps it alone from being bound, until it is right again', async (t) => {
	const world = await startWorld(t);
	const mint = await world.mint();
	const sick = await openPool(world, mint);
	await addToVault(world, sick, -1n);
	const daemon = world.startDaemon();
	const total = 2n * sick.amount;
	await daemon.wait('watch.mismatch', of(sick, { scope: 'chain', kind: 'vault_short', expected: String(total), found: String(total - 1n) }));
	const good = await world.lockedPool({ mint });
	const goodWas = await money.before(world, good);
	await fill(world, sick);
	await world.pastLock();
	await daemon.wait('draw.halt', of(sick, { reason: 'VAULT_MISMATCH', values: `total_amount=${total + sick.amount} vault=${total + sick.amount - 1n}` }));
	await world.recorded(good);
	await money.assertPaid(world, good, goodWas);
	assert.equal(await stateOf(world, sick), 'Locked');
	await addToVault(world, sick, 1n);
	const sickWas = await money.before(world, sick);
	await daemon.wait('watch.gone', of(sick, { kind: 'vault_short' }));
	await world.recorded(sick);
	await money.assertPaid(world, sick, sickWas);
	assert.equal(daemon.all('watch.mismatch', of(sick, { scope: 'chain' })).length, 1, 'named once');
	assert.equal(await world.sql("SELECT count(*), count(gone_at), min(subject) FROM keeper.mismatches WHERE scope = 'chain'"),
		`1|1|draw:${sick.address}:${sickWas.state.poolId}`);
});

test('a participants account that lost a player keeps its pool from being bound, until it is right again', async (t) => {
	const world = await startWorld(t);
	const pool = await world.lockedPool();
	await setPlayers(world, pool, 2);
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('watch.mismatch', of(pool, { scope: 'chain', kind: 'participants', expected: 3, found: 2 }));
	await daemon.wait('draw.halt', of(pool, { reason: 'PARTICIPANTS_MISMATCH', values: 'max_participants=3 participants=2' }));
	assert.equal(await stateOf(world, pool), 'Locked');
	await setPlayers(world, pool, 3);
	const was = await money.before(world, pool);
	await world.recorded(pool);
	await money.assertPaid(world, pool, was);
});

// So many slots later everything before is final.
const finalized = (world) => world.scenario.chain('tick', 40);

// Its players' transactions are recorded: the creation and two joins.
async function ingested(daemon, pool) {
	for (const instruction of ['create_pool', 'join_pool']) await daemon.wait('call.verified', { draw: new RegExp(pool.address), instruction });
	while (daemon.all('call.verified', { draw: new RegExp(pool.address) }).length < 3) {
		await daemon.wait('call.verified', { draw: new RegExp(pool.address) }, { from: daemon.events.length });
	}
}

const spoilCalls = (world, pool, amount) => world.sql(`UPDATE keeper.calls SET amount = amount + ${amount}
	WHERE draw LIKE 'draw:${pool.address}:%' AND instruction = 'create_pool'`);

test('records that contradict the chain keep their pool from being bound; another one is drawn', async (t) => {
	const world = await startWorld(t);
	const mint = await world.mint();
	const sick = await world.lockedPool({ mint, lockDuration: 100 });
	const good = await world.lockedPool({ mint, lockDuration: 100 });
	const goodWas = await money.before(world, good);
	await finalized(world);
	const daemon = world.startDaemon();
	await ingested(daemon, sick);
	await spoilCalls(world, sick, 1);
	await world.pastLock(101);
	const total = 3n * sick.amount;
	await daemon.wait('draw.halt', of(sick, { reason: 'KEEPER_MISMATCH', values: `amount: expected ${total}, found ${total + 1n}` }));
	await world.recorded(good);
	await money.assertPaid(world, good, goodWas);
	assert.equal(await stateOf(world, sick), 'Locked');
	const was = await money.before(world, sick);
	await spoilCalls(world, sick, -1);
	await world.recorded(sick);
	await money.assertPaid(world, sick, was);
});

test('a join that our records have lost is read again, and the pool goes on by itself', async (t) => {
	const world = await startWorld(t);
	const pool = await world.lockedPool({ lockDuration: 100 });
	const was = await money.before(world, pool);
	await finalized(world);
	const daemon = world.startDaemon();
	await ingested(daemon, pool);
	await world.sql("DELETE FROM keeper.watermarks; DELETE FROM keeper.calls WHERE signature = (SELECT signature FROM keeper.calls WHERE instruction = 'join_pool' LIMIT 1)");
	await daemon.wait('watch.mismatch', of(pool, { kind: 'players', expected: 3, found: 2 }));
	await world.pastLock(101);
	await world.recorded(pool);
	await money.assertPaid(world, pool, was);
	assert.equal(await world.sql("SELECT count(*), count(gone_at) FROM keeper.mismatches WHERE kind = 'players'"), '1|1');
});

test('a mismatch after the bind: the winner is selected in time, the payout waits for the records and is then exact', async (t) => {
	const world = await startWorld(t);
	const pool = await world.lockedPool({ lockDuration: 100 });
	const was = await money.before(world, pool);
	await finalized(world);
	const daemon = world.startDaemon();
	await ingested(daemon, pool);
	await world.pastLock(101);
	await world.caughtBound(daemon, pool);
	await spoilCalls(world, pool, 1);
	await daemon.wait('watch.mismatch', of(pool, { scope: 'keeper', kind: 'amount' }));
	await world.gatewayControl({ oracle: 'all', mode: 'ok' });
	await daemon.wait('tx.landed', of(pool, { step: 'REVEAL_SELECT' }));
	await daemon.wait('draw.halt', of(pool, { reason: 'KEEPER_MISMATCH', values: /^amount: / }));
	assert.equal(await stateOf(world, pool), 'WinnerSelected');
	await spoilCalls(world, pool, -1);
	await daemon.wait('tx.landed', of(pool, { step: 'PAYOUT' }));
	await world.recorded(pool);
	await money.assertPaid(world, pool, was);
	assert.equal(await standing(world), '');
});

test('the vault loses a token after the bind: the winner is selected in time, the payout waits until it is back', async (t) => {
	const world = await startWorld(t);
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	await world.pastLock();
	const daemon = world.startDaemon();
	await world.caughtBound(daemon, pool);
	await addToVault(world, pool, -1n);
	await world.gatewayControl({ oracle: 'all', mode: 'ok' });
	await daemon.wait('tx.landed', of(pool, { step: 'REVEAL_SELECT' }));
	await daemon.wait('draw.halt', of(pool, { reason: 'VAULT_MISMATCH' }));
	assert.equal(await stateOf(world, pool), 'WinnerSelected');
	await addToVault(world, pool, 1n);
	await world.recorded(pool);
	await money.assertPaid(world, pool, was);
});
