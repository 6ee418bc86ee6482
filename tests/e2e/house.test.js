// Housekeeping on chain: what draws leave behind goes away by itself, and what is not ours to take stays.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
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
