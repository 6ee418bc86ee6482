// Whole lotteries with the real test programs and gateway: lock, unlock + commit + request, oracle answer, reveal + select, payout.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { errorOf } = require('./helpers.js');
const build = require('../instructions.js');
const { decodeRandomness } = require('../switchboard-accounts.js');
const { configHash, winnerIndex, payout } = require('../ml-accounts.js');
const { post } = require('../rpc-client.js');
const { Scenario } = require('../scenario.js');
const { startChainProcess, startGatewayProcess } = require('../spawn.js');
const { ADDRESS, Keypair, sha256, keyBytes, findProgramAddress, associatedTokenAddress } = require('../solana.js');

const LOCK_SECONDS = 60;

async function open(t) {
	const chain = await startChainProcess('--slot-ms', '0', '--time', '1760000000');
	t.after(() => chain.stop());
	const gateway = await startGatewayProcess('--rpc', chain.url);
	t.after(() => gateway.stop());
	const oracles = JSON.parse((await post(`${gateway.url}/control`, '{}')).text);
	const scenario = new Scenario(chain.url);
	const devWallet = new Keypair();
	await scenario.fundWallet(devWallet);
	return { scenario, oracles, devWallet, treasury: new Keypair().address };
}

function discriminator(name) {
	return sha256(Buffer.from(`global:${name}`)).subarray(0, 8);
}

function programAddress(...seeds) {
	return findProgramAddress(seeds, ADDRESS.switchboard).address;
}

// The accounts of randomness_init, in the order the program wants them.
function initRandomness(randomness, authority, slot) {
	const escrow = associatedTokenAddress(randomness, ADDRESS.nativeMint);
	const lookupSigner = programAddress(Buffer.from('LutSigner'), randomness.publicKey);
	const table = findProgramAddress([keyBytes(lookupSigner), build.u64(slot)], ADDRESS.addressLookupTable).address;
	const accounts = [
		build.payer(randomness), build.writable(escrow), build.signer(authority), build.writable(ADDRESS.switchboardQueue), build.payer(authority),
		build.readonly(ADDRESS.system), build.readonly(ADDRESS.token), build.readonly(ADDRESS.associatedToken), build.readonly(ADDRESS.nativeMint),
		build.readonly(programAddress(Buffer.from('STATE'))), build.readonly(lookupSigner), build.writable(table), build.readonly(ADDRESS.addressLookupTable),
	];
	return { program: ADDRESS.switchboard, accounts, data: Buffer.concat([discriminator('randomness_init'), build.u64(slot)]) };
}

function commitRandomness(randomness, authority, oracle) {
	const accounts = [
		build.writable(randomness), build.readonly(ADDRESS.switchboardQueue), build.writable(oracle), build.readonly(ADDRESS.slotHashes), build.signer(authority),
	];
	return { program: ADDRESS.switchboard, accounts, data: discriminator('randomness_commit') };
}

function revealRandomness(randomness, authority, oracle, answer) {
	const accounts = [
		build.writable(randomness), build.readonly(oracle), build.readonly(ADDRESS.switchboardQueue),
		build.writable(programAddress(Buffer.from('OracleRandomnessStats'), keyBytes(oracle))), build.signer(authority), build.payer(authority),
		build.readonly(ADDRESS.slotHashes), build.readonly(ADDRESS.system), build.writable(associatedTokenAddress(randomness, ADDRESS.nativeMint)),
		build.readonly(ADDRESS.token), build.readonly(ADDRESS.nativeMint), build.readonly(programAddress(Buffer.from('STATE'))),
	];
	const signature = Buffer.from(answer.signature, 'base64');
	const data = Buffer.concat([discriminator('randomness_reveal'), signature, Buffer.from([answer.recovery_id, ...answer.value])]);
	return { program: ADDRESS.switchboard, accounts, data };
}

// The first transaction of a draw: unlock, new randomness account, commit, request.
async function bind(scenario, pool, devWallet, oracle) {
	const randomness = new Keypair();
	const slot = await scenario.node.call('getSlot', { commitment: 'finalized' });
	await scenario.send([devWallet, randomness], [
		build.setComputeUnitLimit(600000),
		scenario.instruction('unlock_pool', pool, devWallet),
		initRandomness(randomness, devWallet, slot),
		commitRandomness(randomness, devWallet, oracle),
		scenario.instruction('request_randomness', pool, devWallet, { randomness }),
	]);
	return randomness;
}

async function askOracle(scenario, oracle, randomness) {
	const state = decodeRandomness((await scenario.account(randomness)).data);
	const body = { slothash: [...state.slothash], randomness_key: randomness.publicKey.toString('hex'), slot: Number(state.slot) };
	const { status, text } = await post(`${oracle.gateway_uri}/gateway/api/v1/randomness_reveal`, JSON.stringify(body));
	assert.strictEqual(status, 200, text);
	return JSON.parse(text);
}

for (const program of ['spl', 'token-2022']) {
	test(`${program}: a lottery of 5 players from lock to payout`, async (t) => {
		const { scenario, oracles, devWallet, treasury } = await open(t);
		const mint = await scenario.createMint({ program, decimals: 9, supply: 10n ** 18n });
		const pool = await scenario.fillPool({ mint, players: 5, devWallet, treasury, lockDuration: LOCK_SECONDS });
		await scenario.donate({ ...pool }, pool.players[2], 33n * mint.unit + 7n);
		const locked = await scenario.readPool(pool);
		assert.deepStrictEqual([locked.statusName, locked.totalAmount], ['Locked', 533n * mint.unit + 7n]);
		assert.ok(configHash(locked).equals(locked.configHash));
		assert.strictEqual(await scenario.tokenBalance(pool.address, mint), locked.totalAmount);

		await scenario.chain('advanceTime', LOCK_SECONDS + 1);
		const randomness = await bind(scenario, pool, devWallet, oracles[1].address);
		assert.strictEqual((await scenario.readPool(pool)).statusName, 'RandomnessCommitted');
		await scenario.chain('tick', 1);
		const answer = await askOracle(scenario, oracles[1], randomness);
		const players = await scenario.readParticipants(pool);
		const winner = players.list[winnerIndex(locked.poolId, Buffer.from(answer.value), players.count)];
		await scenario.send([devWallet], [
			build.setComputeUnitLimit(400000),
			revealRandomness(randomness, devWallet, oracles[1].address, answer),
			scenario.instruction('select_winner', pool, devWallet, { randomness }),
		]);
		const draw = await scenario.expectedDraw(pool);
		assert.strictEqual(draw.winner, winner);
		assert.strictEqual((await scenario.readPool(pool)).winner, winner);

		for (const owner of [devWallet, treasury]) await scenario.createTokenAccount(owner, mint);
		const before = { winner: await scenario.tokenBalance(winner, mint), supply: await scenario.mintSupply(mint) };
		const winnerToken = associatedTokenAddress(winner, mint.address, mint.program);
		await scenario.send([devWallet], [build.setComputeUnitLimit(400000), scenario.instruction('payout_winner', pool, devWallet, { winner, winnerToken })]);
		assert.strictEqual((await scenario.readPool(pool)).statusName, 'Ended');
		assert.strictEqual(await scenario.tokenBalance(winner, mint) - before.winner, draw.shares.winner);
		assert.strictEqual(await scenario.tokenBalance(devWallet, mint), draw.shares.dev);
		assert.strictEqual(await scenario.tokenBalance(treasury, mint), draw.shares.treasury);
		assert.strictEqual(before.supply - await scenario.mintSupply(mint), draw.shares.burn);
		assert.strictEqual(await scenario.tokenBalance(pool.address, mint), 0n);
	});
}

test('the program refuses a forged oracle answer and accepts the honest one', async (t) => {
	const { scenario, oracles, devWallet, treasury } = await open(t);
	const mint = await scenario.createMint();
	const pool = await scenario.fillPool({ mint, players: 2, devWallet, treasury, lockDuration: LOCK_SECONDS });
	await scenario.chain('advanceTime', LOCK_SECONDS + 1);
	const randomness = await bind(scenario, pool, devWallet, oracles[0].address);
	await scenario.chain('tick', 1);
	const answer = await askOracle(scenario, oracles[0], randomness);
	const forged = { ...answer, value: answer.value.map((byte, index) => (index === 0 ? byte ^ 1 : byte)) };
	const reveal = (one) => scenario.send([devWallet], [build.setComputeUnitLimit(400000), revealRandomness(randomness, devWallet, oracles[0].address, one)]);
	assert.deepStrictEqual((await errorOf(reveal(forged))).data.err, { InstructionError: [1, { Custom: 6016 }] });
	await reveal(answer);
});

test('players, pausing and cancelling: the program\'s refusals reach the caller', async (t) => {
	const { scenario, devWallet, treasury } = await open(t);
	const mint = await scenario.createMint();
	const [creator, player] = [new Keypair(), new Keypair()];
	for (const keypair of [creator, player]) await scenario.fundPlayer(keypair, mint, 1000n * mint.unit);
	const pool = await scenario.createPool({ mint, creator, maxParticipants: 3, devWallet, treasury });
	const custom = async (promise) => (await errorOf(promise)).data.err.InstructionError[1].Custom;
	assert.strictEqual(await custom(scenario.join(pool, creator)), 6006);
	await scenario.pause(pool, devWallet);
	assert.strictEqual(await custom(scenario.join(pool, player)), 6042);
	await scenario.unpause(pool, devWallet);
	await scenario.join(pool, player);
	const { count, list } = await scenario.readParticipants(pool);
	assert.deepStrictEqual([count, list], [2, [creator.address, player.address]]);
	await scenario.cancel(pool);
	assert.strictEqual((await scenario.readPool(pool)).statusName, 'Cancelled');
	await scenario.createTokenAccount(treasury, mint);
	await scenario.send([player], [scenario.instruction('claim_refund', pool, player)]);
	assert.strictEqual(await scenario.tokenBalance(player, mint), 1000n * mint.unit);
	assert.ok(await scenario.lamports(player) < 10_000_000_000n);
	await assert.rejects(scenario.createMint({ program: 'spl-2' }), /mint program is "spl-2": use spl or token-2022/);
});

test('payout shares and their overflow follow the program\'s rules', () => {
	const fees = { devFeeBps: 500, burnFeeBps: 350, treasuryFeeBps: 150 };
	assert.deepStrictEqual(payout({ totalAmount: 1_000_003n, ...fees }), { winner: 900_003n, dev: 50_000n, burn: 35_000n, treasury: 15_000n });
	assert.deepStrictEqual(payout({ totalAmount: 36_893_488_147_419_103n, ...fees }).dev, 1_844_674_407_370_955n);
	assert.throws(() => payout({ totalAmount: 36_893_488_147_419_104n, ...fees }), /6009/);
});
