// Housekeeping on chain: what draws leave behind goes away by itself, and what is not ours to take stays.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { test } = require('node:test');
const { World, ROOT, sleep } = require('./world.js');
const { psql } = require('../lib/postgres.js');
const { ADDRESS, Keypair } = require('../chain/solana.js');
const money = require('./money.js');

const AUTHORITY_OFFSET = 8;
const RANDOMNESS_BYTES = 480;
const ESCROW_BYTES = 165;

// Randomness accounts of our key on chain, without the canary's, which is never closed.
async function spentAccounts(world) {
	const filter = { memcmp: { offset: AUTHORITY_OFFSET, bytes: world.devWallet.address } };
	const accounts = await world.scenario.node.call('getProgramAccounts', ADDRESS.switchboard, { encoding: 'base64', filters: [filter] });
	const canary = (await world.sql("SELECT randomness FROM keeper.steps WHERE step LIKE 'CANARY%'")).split('\n');
	return accounts.map(({ pubkey }) => pubkey).filter((key) => !canary.includes(key));
}

// Pools of the same two players, all due at the same second.
async function duePools(world, count) {
	const mint = await world.mint();
	const [creator, other] = [new Keypair(), new Keypair()];
	for (const player of [creator, other]) await world.scenario.fundPlayer(player, mint, BigInt(count) * 100n * mint.unit);
	const { devWallet, treasury } = world;
	return Promise.all(Array.from({ length: count }, async () => {
		const pool = await world.scenario.createPool({ mint, creator, maxParticipants: 2, devWallet, treasury, lockDuration: 60 });
		await world.scenario.join(pool, other);
		pool.id = await world.register({ ...pool, players: [creator, other] });
		return pool;
	}));
}

// What a closing transaction moved, by the chain's own record: everything but the fee comes back, to the last lamport.
async function assertRentIsBack(world, signature) {
	const rent = async (bytes) => BigInt(await world.scenario.node.call('getMinimumBalanceForRentExemption', bytes));
	const { meta } = await world.scenario.node.call('getTransaction', signature, { encoding: 'base64', commitment: 'confirmed' });
	assert.equal(meta.err, null);
	const got = BigInt(meta.postBalances[0]) - BigInt(meta.preBalances[0]);
	assert.equal(got, await rent(RANDOMNESS_BYTES) + await rent(ESCROW_BYTES) - BigInt(meta.fee));
}

test('20 pools due at once leave no more randomness accounts than are kept, and their rent is back', async (t) => {
	const world = await World.start({ settings: { RANDOMNESS_KEEP: '3', RANDOMNESS_IDLE_SECONDS: '1' } });
	t.after(() => world.stop());
	const pools = await duePools(world, 20);
	await world.pastLock();
	const daemon = world.startDaemon();
	for (const pool of pools) await daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' }, { within: 120000 });
	for (const deadline = Date.now() + 120000; (await spentAccounts(world)).length > 3; await sleep(200)) assert.ok(Date.now() < deadline, daemon.log.slice(-6000));

	const made = Number(await world.sql('SELECT count(DISTINCT randomness) FROM keeper.bindings WHERE draw LIKE \'draw:%\''));
	const closed = daemon.all('tx.final', { step: 'CLOSE_RANDOMNESS' }).map(({ sig }) => sig);
	for (const end = Date.now() + 30000; closed.length < made - 3; await sleep(200)) {
		assert.ok(Date.now() < end, `${closed.length} of ${made - 3} closings are final`);
		closed.splice(0, closed.length, ...daemon.all('tx.final', { step: 'CLOSE_RANDOMNESS' }).map(({ sig }) => sig));
	}
	assert.ok(made > 3, `${made} accounts were made`);
	assert.equal((await spentAccounts(world)).length, 3, 'those that are kept');
	for (const signature of closed) await assertRentIsBack(world, signature);
	assert.equal(await world.sql("SELECT count(*) FROM keeper.steps WHERE step = 'CLOSE_RANDOMNESS' AND state <> 'final'"), '0', 'none failed');
	await money.assertNothingUnknown(world);
	t.diagnostic(`${made} accounts made, ${closed.length} closed`);
});

// Bytes of an account written over, as no transaction could.
async function patch(world, address, offset, bytes) {
	const account = await world.scenario.chain('getAccount', address);
	const data = Buffer.from(account.data, 'base64');
	bytes.copy(data, offset);
	await world.scenario.chain('setAccount', address, { ...account, data: data.toString('base64') });
}

const REVEAL_SLOT_OFFSET = 144;
const POOL_DEV_WALLET_OFFSET = 241;
const POOL_STATUS_OFFSET = 368;
const RANDOMNESS_COMMITTED = 3;
const ABANDONED_SLOTS = 432000;

// All of the wallet's draws were another database's: what it left is found on the chain.
test('of the accounts that a lost database knew, only an old and revealed one that no pool names is closed', async (t) => {
	const world = await World.start({ settings: { CLOSE_SPENT_RANDOMNESS: '0' } });
	t.after(() => world.stop());
	await world.scenario.chain('skipSlots', ABANDONED_SLOTS);
	await world.scenario.chain('tick', 40);
	const pools = await duePools(world, 6);
	await world.pastLock();
	const before = world.startDaemon();
	for (const pool of pools) await before.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' }, { within: 60000 });
	await before.kill('SIGTERM');
	const named = new Map();
	for (const pool of pools) named.set((await world.scenario.readPool(pool)).randomnessAccount, pool);
	const [old, bound, foreign, young] = named.keys();
	assert.ok(young, 'six draws at once use four accounts at least');
	const longAgo = Buffer.alloc(8);
	longAgo.writeBigUInt64LE(1n);
	for (const account of [old, bound, foreign]) await patch(world, account, REVEAL_SLOT_OFFSET, longAgo);
	await patch(world, foreign, AUTHORITY_OFFSET, new Keypair().publicKey);
	// Nobody's pool here: only the chain's own list tells of it.
	for (const pool of pools) {
		if ((await world.scenario.readPool(pool)).randomnessAccount !== bound) continue;
		await patch(world, pool.address, POOL_STATUS_OFFSET, Buffer.from([RANDOMNESS_COMMITTED]));
		await patch(world, pool.address, POOL_DEV_WALLET_OFFSET, new Keypair().publicKey);
	}
	await pass(world, 1);

	const url = await world.postgres.createDatabase('second');
	execFileSync(path.join(ROOT, 'scripts', 'db'), ['migrate'], { env: { ...process.env, DATABASE_URL: url, DIRECT_DATABASE_URL: url }, stdio: ['ignore', 'ignore', 'inherit'] });
	const off = world.startDaemonWith({ DATABASE_URL: url, LOG_LEVEL: 'debug' });
	await looks(off, 3);
	await off.kill('SIGTERM');
	assert.notEqual(await world.scenario.account(old), null, 'off: nothing is closed');

	const settings = { DATABASE_URL: url, RECOVER_RANDOMNESS: '1', LOG_LEVEL: 'debug' };
	const refusal = { method: 'getProgramAccounts', kind: 'rpc_error', code: -32601, message: 'Method not found', count: 'always' };
	await world.scenario.chain('faults', { node: 0, http: [refusal] });
	const blind = world.startDaemonWith(settings);
	await blind.wait('house.recover_failed', { err: 'refused' });
	await looks(blind, 3);
	assert.equal(blind.all('house.recover_failed').length, 1, 'said once');
	await blind.kill('SIGTERM');
	assert.equal(await psql(url, 'SELECT count(*) FROM keeper.steps'), await psql(url, "SELECT count(*) FROM keeper.steps WHERE step LIKE 'CANARY%'"));
	await world.scenario.chain('faults', { node: 0, clear: true });

	const cut = world.startDaemonWith(settings);
	await cut.wait('tx.send', { subject: `randomness:${old}`, step: 'CLOSE_RANDOMNESS' });
	await cut.kill();
	await psql(url, "UPDATE keeper.lease SET expires_at = '-infinity'");
	const daemon = world.startDaemonWith(settings);
	const { sig } = await daemon.wait('tx.final', { subject: `randomness:${old}`, step: 'CLOSE_RANDOMNESS' });
	await daemon.wait('draw.wait', { subject: `randomness:${bound}`, reason: 'NEEDED' });
	await daemon.wait('draw.wait', { subject: `randomness:${young}`, reason: 'NOT_SPENT' });
	await assertRentIsBack(world, sig);
	assert.equal(await world.scenario.account(old), null);
	for (const account of [bound, foreign, young]) assert.notEqual(await world.scenario.account(account), null);
	assert.equal(daemon.all('tx.send', { step: 'CLOSE_RANDOMNESS', subject: new RegExp(`${bound}|${foreign}|${young}`) }).length, 0);
	const closed = await psql(url, "SELECT count(*) FROM keeper.steps WHERE step = 'CLOSE_RANDOMNESS'");
	assert.equal(closed, '1');
});

// By the chain's clock, in views of every commitment.
async function pass(world, seconds) {
	await world.scenario.chain('advanceTime', seconds);
	await world.scenario.chain('tick', 40);
}

const WEEK = 604800;
const EXPIRED = 1;
const CANCELLED = 7;

// A pool with room for one more player than it has.
async function openPool(world, mint, players = 2) {
	const keypairs = Array.from({ length: players }, () => new Keypair());
	for (const player of keypairs) await world.scenario.fundPlayer(player, mint, 1000n * mint.unit);
	const { devWallet, treasury } = world;
	const pool = await world.scenario.createPool({ mint, creator: keypairs[0], maxParticipants: players + 1, devWallet, treasury });
	for (const player of keypairs.slice(1)) await world.scenario.join(pool, player);
	pool.players = keypairs;
	pool.id = await world.register(pool, { status: 'open' });
	return pool;
}

const refund = (world, pool, player) => world.scenario.send([player], [world.scenario.instruction('claim_refund', pool, player)]);

// Long enough for a daemon that wanted to do something to have done it: several complete looks at all pools.
async function looks(daemon, count) {
	for (let seen = 0; seen < count; seen += 1) await daemon.wait('tick', {}, { from: daemon.events.length });
}

test('a pool that was never filled is swept a week after its end, and its players get their bets back', async (t) => {
	const world = await World.start({ settings: { SWEEP_EXPIRED_POOLS: '1' } });
	t.after(() => world.stop());
	const mint = await world.mint();
	const pools = [await openPool(world, mint), await openPool(world, await world.mint({ program: 'token-2022', decimals: 9 }))];
	const paused = await openPool(world, mint);
	await world.scenario.pause(paused, world.devWallet);
	await pass(world, 2 * WEEK + 120);
	const young = await openPool(world, mint);

	const off = world.startDaemonWith({ SWEEP_EXPIRED_POOLS: '0', LOG_LEVEL: 'debug' });
	await looks(off, 4);
	await off.kill('SIGTERM');
	assert.equal(await world.sql('SELECT count(*) FROM keeper.steps'), '0', 'off: nothing is swept');

	const daemon = world.startDaemon();
	for (const pool of pools) await daemon.wait('tx.final', { subject: new RegExp(`^pool:${pool.address}:`), step: 'SWEEP' });
	await daemon.wait('draw.wait', { subject: new RegExp(`^pool:${paused.address}:`), reason: 'PAUSED' });
	for (const pool of pools) {
		const state = await world.scenario.readPool(pool);
		assert.deepEqual([state.status, state.statusReason], [CANCELLED, EXPIRED]);
		for (const player of pool.players) await refund(world, pool, player);
		assert.equal((await world.scenario.readParticipants(pool)).count, 0);
	}
	for (const pool of [paused, young]) assert.equal((await world.scenario.readPool(pool)).statusName, 'Open');
	assert.equal(await world.sql("SELECT count(*) FROM keeper.steps WHERE step = 'SWEEP'"), '2', 'one transaction each');
});

test('a sweep that was cut off is settled by the next daemon', async (t) => {
	const world = await World.start({ settings: { SWEEP_EXPIRED_POOLS: '1' } });
	t.after(() => world.stop());
	const pool = await openPool(world, await world.mint());
	await pass(world, 2 * WEEK + 120);
	const first = world.startDaemon();
	await first.wait('tx.landed', { step: 'SWEEP' });
	await first.kill();
	await world.forgetLease();
	// Also when sweeping is off by then.
	const second = world.startDaemonWith({ SWEEP_EXPIRED_POOLS: '0' });
	await second.wait('tx.final', { step: 'SWEEP' });
	assert.equal((await world.scenario.readPool(pool)).status, CANCELLED);
	assert.equal(await world.sql("SELECT string_agg(state, ' ') FROM keeper.steps"), 'final');
});

const MONTH = 2592000;
const CLOSED = 8;

// The day after which a pool is looked at again, without waiting for it.
const nextLook = (world) => world.sql('UPDATE keeper.leftovers SET due_at = now()');

test('refunds that nobody fetched for a month go to the treasury, later the rent, each only where it is wanted', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await openPool(world, await world.mint(), 3);
	await world.scenario.cancel(pool);
	await refund(world, pool, pool.players[1]);
	const vault = (await world.scenario.account(pool.vault)).data.readBigUInt64LE(64);
	await pass(world, MONTH - 60);

	const both = { FINALIZE_FORFEITED_POOLS: '1', CLAIM_POOL_RENT: '1', LOG_LEVEL: 'debug' };
	const early = world.startDaemonWith(both);
	await early.wait('draw.wait', { subject: new RegExp(`^pool:${pool.address}:`), reason: 'OVER' });
	await early.kill('SIGTERM');
	assert.equal(await world.sql('SELECT count(*) FROM keeper.steps'), '0', 'nothing before the month is over');
	await pass(world, 130);
	await nextLook(world);
	const off = world.startDaemonWith({ LOG_LEVEL: 'debug' });
	await looks(off, 4);
	await off.kill('SIGTERM');
	assert.equal(await world.sql('SELECT count(*) FROM keeper.steps'), '0', 'nothing where it is not wanted');

	// Where its first look comes too early for something, the next one is a minute later.
	const daemon = world.startDaemonWith(both);
	await daemon.wait('tx.final', { step: 'FINALIZE' }, { within: 150000 });
	assert.equal((await world.scenario.readPool(pool)).status, CLOSED);
	assert.equal(await world.scenario.tokenBalance(world.treasury, pool.mint), vault, 'exactly what was left');
	await daemon.kill('SIGTERM');

	const accounts = [pool.address, pool.participants, pool.vault];
	let rent = 0n;
	for (const account of accounts) rent += await world.scenario.lamports(account);
	const had = await world.scenario.lamports(world.treasury);
	await pass(world, MONTH + 70);
	await nextLook(world);
	const last = world.startDaemonWith(both);
	await last.wait('tx.final', { step: 'CLAIM_RENT' }, { within: 150000 });
	for (const account of accounts) assert.equal(await world.scenario.account(account), null);
	assert.equal(await world.scenario.lamports(world.treasury) - had, rent, 'to the last lamport');
	while (await world.sql('SELECT count(*) FROM keeper.leftovers') !== '0') await sleep(100);
	await money.assertNothingUnknown(world);
});

test('a finished pool keeps its creator\'s rent for a month, and one with dust in its vault for ever', async (t) => {
	const world = await World.start({ settings: { CLAIM_POOL_RENT: '1' } });
	t.after(() => world.stop());
	const pools = [await world.lockedPool(), await world.lockedPool()];
	await world.pastLock();
	const daemon = world.startDaemon();
	for (const pool of pools) {
		await world.recorded(pool);
		await daemon.wait('draw.wait', { subject: new RegExp(`^pool:${pool.address}:`), reason: 'OVER' });
	}
	await daemon.kill('SIGTERM');
	const [clean, dusty] = pools;
	await world.scenario.giveTokens(dusty.address, dusty.mint, 1n);
	await pass(world, MONTH + 70);
	await nextLook(world);
	const later = world.startDaemon();
	await later.wait('tx.final', { step: 'CLAIM_RENT' });
	assert.equal(await world.scenario.account(clean.address), null);
	await later.wait('draw.halt', { subject: new RegExp(`^pool:${dusty.address}:`), reason: 'VAULT_MISMATCH' });
	while (await world.sql('SELECT count(*) FROM keeper.leftovers WHERE due_at > now()') !== '1') await sleep(100);
	assert.equal(await world.sql("SELECT count(*) FROM keeper.steps WHERE step = 'CLAIM_RENT'"), '1');
	await money.assertNothingUnknown(world);
});

test('where a cancelled pool\'s refunds fail for want of the treasury\'s account, it is made', async (t) => {
	const world = await World.start({ settings: { MAKE_REFUND_ACCOUNTS: '1' } });
	t.after(() => world.stop());
	const pool = await openPool(world, await world.mint({ bare: true }));
	await world.scenario.cancel(pool);
	await assert.rejects(refund(world, pool, pool.players[1]), 'the program wants the account');
	const daemon = world.startDaemon();
	await daemon.wait('tx.final', { step: 'CREATE_ATA' });
	for (const player of pool.players) await refund(world, pool, player);
	assert.equal((await world.scenario.readParticipants(pool)).count, 0);
	assert.equal(await world.sql('SELECT count(*) FROM keeper.steps'), '1');
});
