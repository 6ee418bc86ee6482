// Pools that cannot be drawn or paid wait or halt with a reason, and never stop the others.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
const { Keypair, associatedTokenAddress } = require('../chain/solana.js');
const build = require('../chain/instructions.js');
const money = require('./money.js');

async function waitReason(daemon, pool, reason) {
	const subject = new RegExp(pool.address);
	await Promise.any([daemon.wait('draw.wait', { subject, reason }), daemon.wait('draw.halt', { subject, reason })]);
}

test('pools that must not be bound wait in Locked while a good one beside them is paid', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const mint = await world.mint();
	const good = await world.lockedPool({ mint });
	const foreign = await world.lockedPool({ mint, devWallet: new Keypair() });
	const otherTreasury = await world.lockedPool({ mint, treasury: new Keypair() });
	const greedy = await world.lockedPool({ mint, devBps: 900 });
	const mock = await world.lockedPool({ mint, allowMock: true });
	const paused = await world.lockedPool({ mint });
	await world.scenario.pause(paused, world.devWallet);
	const dusty = await world.lockedPool({ mint });
	await dust(world, dusty);
	const was = await money.before(world, good);
	await world.pastLock();
	const daemon = world.startDaemon();
	const expected = [[foreign, 'FOREIGN_DEV'], [otherTreasury, 'POLICY_TREASURY'], [greedy, 'POLICY_FEES'], [mock, 'POLICY_MOCK'], [paused, 'PAUSED'], [dusty, 'VAULT_MISMATCH']];
	await daemon.wait('draw.wait', { subject: new RegExp(good.address), reason: 'OVER' });
	await money.assertPaid(world, good, was);
	for (const [pool, reason] of expected) {
		await waitReason(daemon, pool, reason);
		assert.equal((await world.scenario.readPool(pool)).statusName, 'Locked', `${reason}: bound to nothing`);
	}
	const pausedWas = await money.before(world, paused);
	await world.scenario.unpause(paused, world.devWallet);
	await daemon.wait('draw.wait', { subject: new RegExp(paused.address), reason: 'OVER' });
	await money.assertPaid(world, paused, pausedWas);
});

// One base unit sent straight to the vault: payout then fails for ever (H2).
async function dust(world, pool) {
	const { mint } = pool;
	const from = associatedTokenAddress(mint.holder, mint.address, mint.program);
	await world.scenario.send([mint.holder], [build.transferTokens(mint.address, from, pool.vault, mint.holder, 1n, mint.decimals, mint.program)]);
}

test('dust reaches the vault after the bind: the winner is selected in time, payout is blocked and said so', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	await world.pastLock();
	const daemon = world.startDaemon();
	await world.caughtBound(daemon, pool);
	await dust(world, pool);
	await world.gatewayControl({ oracle: 'all', mode: 'ok' });
	await daemon.wait('tx.landed', { subject: new RegExp(pool.address), step: 'REVEAL_SELECT' });
	await daemon.wait('draw.halt', { subject: new RegExp(pool.address), reason: 'PAYOUT_BLOCKED' });
	assert.equal((await world.scenario.readPool(pool)).statusName, 'WinnerSelected');
	assert.equal(await world.sql(`SELECT count(*) FROM public.transactions WHERE type = 'PAYOUT'`), '0', 'nothing is reported as paid');
	await money.assertUnpaid(world, pool, was, was.state.totalAmount + 1n);
});

test('the winner blocks his own token account: selected in time, paid once he clears it', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	const delegate = new Keypair();
	const tokenOf = (player) => associatedTokenAddress(player, pool.mint.address, pool.mint.program);
	for (const player of pool.players) {
		await world.scenario.send([player], [build.approve(tokenOf(player), delegate, player, 1n, pool.mint.program)]);
	}
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('draw.halt', { subject: new RegExp(pool.address), reason: 'PAYOUT_BLOCKED' });
	assert.equal((await world.scenario.readPool(pool)).statusName, 'WinnerSelected');
	for (const player of pool.players) await world.scenario.send([player], [build.revoke(tokenOf(player), player, pool.mint.program)]);
	await daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' }, { within: 90000 });
	await money.assertPaid(world, pool, was);
});

test('a pot whose fees overflow is never bound', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const mint = await world.scenario.createMint({ decimals: 10, supply: 2n ** 63n });
	const pool = await world.lockedPool({ mint, players: 2, amount: 2n ** 61n / 3n });
	const was = await money.before(world, pool);
	await world.pastLock();
	const daemon = world.startDaemon();
	await daemon.wait('draw.halt', { subject: new RegExp(pool.address), reason: 'OVERFLOW' });
	await sleep(1500);
	assert.equal((await world.scenario.readPool(pool)).statusName, 'Locked');
	await money.assertUnpaid(world, pool, was);
});
