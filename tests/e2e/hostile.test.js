// What came out of trying to break it: each test is a way in which a bound pot or its record was once lost.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
const { startRelay } = require('./relay.js');
const { transfer } = require('../chain/instructions.js');
const { mlInstruction } = require('../chain/ml-instructions.js');
const build = require('../chain/instructions.js');
const { decodeRandomness } = require('../chain/switchboard-accounts.js');
const { post } = require('../chain/rpc-client.js');
const { ADDRESS, Keypair, sha256, keyBytes, findProgramAddress, associatedTokenAddress } = require('../chain/solana.js');
const money = require('./money.js');

const JUMP = 1000000n;

async function duePool(t, options) {
	const world = await World.start(options);
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	await world.pastLock();
	return { world, pool, was, subject: new RegExp(pool.address) };
}

test('one of two nodes tells a slot far in the future while a pool is bound: it is drawn all the same', async (t) => {
	const { world, pool, was } = await duePool(t);
	let lies = 0;
	const relay = await startRelay(`${world.chain.url.replace(/\/$/, '')}/node/0`, (method, body) => {
		if (lies === 0 || method !== 'getMultipleAccounts') return body;
		lies -= 1;
		return body.replace(/"slot":(\d+)/, (_, slot) => `"slot":${BigInt(slot) + JUMP}`);
	});
	t.after(() => relay.close());
	const daemon = world.startDaemonWith({ SOLANA_RPC_URL: relay.url, SOLANA_RPC_URL_2: `${world.chain.url.replace(/\/$/, '')}/node/1` });
	// The honest node is the slower one, so that the other one is asked.
	await world.scenario.chain('faults', { node: 1, hang: 200 });
	await world.caughtBound(daemon, pool);
	lies = 2;
	for (const deadline = Date.now() + 20000; lies > 0 && Date.now() < deadline;) await sleep(50);
	assert.equal(lies, 0, 'the lies were told');
	await world.gatewayControl({ oracle: 'all', mode: 'ok' });
	await world.recorded(pool);
	await money.assertPaid(world, pool, was);
	assert.equal(daemon.all('draw.halt').length, 0);
});

test('one of two nodes is dead and the draw is lost on the way: the other one\'s proof is enough to go on', async (t) => {
	const { world, pool, was, subject } = await duePool(t, { nodes: 2, settings: { RPC_TIMEOUT_MS: '1000' } });
	const daemon = world.startDaemon();
	await world.caughtBound(daemon, pool);
	await world.scenario.chain('faults', { node: 1, hang: 'forever' });
	await world.scenario.chain('faults', { node: 0, drop: 1000 });
	await world.gatewayControl({ oracle: 'all', mode: 'ok' });
	await daemon.wait('tx.send', { subject, step: 'DRAW' });
	await world.scenario.chain('expireBlockhashes');
	await world.scenario.chain('faults', { node: 0, drop: 0 });
	await daemon.wait('tx.landed', { subject, step: 'REVEAL_SELECT' });
	await world.scenario.chain('faults', { node: 1, clear: true });
	await world.recorded(pool);
	await money.assertPaid(world, pool, was);
});

test('the app loses its row of a bound pool: the pool is drawn and paid all the same', async (t) => {
	const { world, pool, was } = await duePool(t);
	const first = world.startDaemon();
	await world.caughtBound(first, pool);
	await first.wait('tx.final', { step: 'BIND' });
	await sleep(1500);
	await first.kill();
	await world.forgetLease();
	await world.sql('DELETE FROM public.pools');
	await world.gatewayControl({ oracle: 'all', mode: 'ok' });
	const second = world.startDaemon();
	await second.wait('draw.paid', { subject: new RegExp(pool.address) });
	await money.assertChain(world, pool, was);
});

test('the creator takes the rent the moment the pool has ended: the payout is recorded', async (t) => {
	const { world, pool, subject } = await duePool(t);
	const daemon = world.startDaemon();
	while ((await world.scenario.readPool(pool)).statusName !== 'Ended') await sleep(10);
	const creator = pool.players[0];
	await world.scenario.send([creator], [mlInstruction('claim_rent', {
		pool: pool.address, mint: pool.mint.address, vault: pool.vault, closeTarget: creator.address, user: creator,
		tokenProgram: pool.mint.program, participants: pool.participants,
	})]);
	const paid = await daemon.wait('draw.paid', { subject });
	await world.recorded(pool);
	assert.equal(await world.sql(`SELECT winner FROM keeper.draws WHERE address = '${pool.address}'`), paid.winner);
	assert.equal(await world.sql("SELECT count(*) FROM public.transactions WHERE type = 'PAYOUT'"), '1');
});

test('the journal is lost after the payout: it is found on chain and recorded', async (t) => {
	const { world, pool, was } = await duePool(t);
	const first = world.startDaemon();
	await world.recorded(pool);
	await first.kill();
	await world.sql('TRUNCATE keeper.steps, keeper.bindings, keeper.commits, keeper.draws, keeper.calls, keeper.watermarks, keeper.notices, keeper.referral_shares, keeper.sponsored CASCADE');
	await world.sql("UPDATE public.pools SET status = 'winnerSelected', winner_wallet = NULL, end_time = NULL; DELETE FROM public.transactions; DELETE FROM public.winners_feed; DELETE FROM public.notifications");
	await world.forgetLease();
	// Anybody can name the pool in a transaction: the payout is looked for behind all of them.
	const other = new Keypair();
	await world.scenario.fundWallet(other, 1_000_000_000);
	const mention = (n) => ({ ...transfer(other, other, BigInt(1000 + n)), accounts: [...transfer(other, other, 1n).accounts, { key: pool.address, signer: false, writable: false }] });
	await Promise.all(Array.from({ length: 17 }, (_, n) => world.scenario.send([other], [mention(n)])));
	await world.scenario.chain('tick', 40);
	const second = world.startDaemon();
	await world.recorded(pool);
	assert.deepEqual(second.all('draw.payout_not_found'), []);
	await money.assertPaid(world, pool, was);
});

test('the journal is lost while a pool is bound: what the chain shows is enough to draw and pay', async (t) => {
	const { world, pool, was } = await duePool(t);
	const first = world.startDaemon();
	await world.caughtBound(first, pool);
	await first.wait('tx.final', { step: 'BIND' });
	await first.kill();
	await world.sql('TRUNCATE keeper.steps, keeper.bindings, keeper.commits, keeper.draws, keeper.calls, keeper.watermarks, keeper.notices, keeper.referral_shares, keeper.sponsored CASCADE');
	await world.forgetLease();
	await world.gatewayControl({ oracle: 'all', mode: 'ok' });
	world.startDaemon();
	await world.recorded(pool);
	await money.assertPaid(world, pool, was);
});

test('the journal is lost while the draw is on its way: whatever became of it, it is paid once', async (t) => {
	const { world, pool, was, subject } = await duePool(t);
	const first = world.startDaemon();
	await first.wait('tx.send', { subject, step: 'DRAW' });
	await first.kill();
	await world.sql('TRUNCATE keeper.steps, keeper.bindings, keeper.commits, keeper.draws, keeper.calls, keeper.watermarks, keeper.notices, keeper.referral_shares, keeper.sponsored CASCADE');
	await world.forgetLease();
	world.startDaemon();
	await world.recorded(pool);
	await money.assertPaid(world, pool, was);
});

test('both oracles fail in turn: the first one is committed to again when it is back', async (t) => {
	const { world, pool, was, subject } = await duePool(t, { settings: { ORACLE_BUDGET_SLOTS: '40' } });
	const daemon = world.startDaemon();
	await world.caughtBound(daemon, pool);
	await daemon.wait('tx.final', { subject, step: 'RECOMMIT' });
	const dead = await world.sql("SELECT oracle FROM keeper.commits ORDER BY n DESC LIMIT 1");
	for (const [i, oracle] of (await world.oracles()).entries()) {
		if (oracle.address !== dead) await world.gatewayControl({ oracle: i, mode: 'ok' });
	}
	await world.recorded(pool, 90000);
	await money.assertPaid(world, pool, was);
});

// As another keeper with our key would: asks the oracle of the account's commit, and brings its answer onto the chain.
async function revealByHand(world, randomness) {
	const { oracle, slothash, slot } = decodeRandomness((await world.scenario.account(randomness)).data);
	const { gateway_uri: gateway } = (await world.oracles()).find(({ address }) => address === oracle);
	const body = JSON.stringify({ slothash: [...slothash], randomness_key: Buffer.from(keyBytes(randomness)).toString('hex'), slot: Number(slot) });
	let answer;
	do { await sleep(200); answer = await post(`${gateway}/gateway/api/v1/randomness_reveal`, body); } while (answer.status !== 200);
	const { signature, recovery_id: recoveryId, value } = JSON.parse(answer.text);
	const pda = (...seeds) => findProgramAddress(seeds, ADDRESS.switchboard).address;
	const dev = world.devWallet;
	const accounts = [
		build.writable(randomness), build.readonly(oracle), build.readonly(ADDRESS.switchboardQueue),
		build.writable(pda(Buffer.from('OracleRandomnessStats'), keyBytes(oracle))), build.signer(dev), build.payer(dev),
		build.readonly(ADDRESS.slotHashes), build.readonly(ADDRESS.system), build.writable(associatedTokenAddress(randomness, ADDRESS.nativeMint)),
		build.readonly(ADDRESS.token), build.readonly(ADDRESS.nativeMint), build.readonly(pda(Buffer.from('STATE'))),
	];
	const data = Buffer.concat([sha256(Buffer.from('global:randomness_reveal')).subarray(0, 8), Buffer.from(signature, 'base64'), Buffer.from([recoveryId, ...value])]);
	await world.scenario.send([dev], [build.setComputeUnitLimit(400000), { program: ADDRESS.switchboard, accounts, data }]);
}

const FIXED_LIMIT = 400000; // no BIND is allowed less before it was simulated
const PRICE = 77777;

// What the bytes of a transaction ask of the compute budget: two instructions without accounts, one after the other.
function computeBudget(hex) {
	const [, limit, price] = /000502(.{8})..000903(.{16})/.exec(hex);
	return { limit: Buffer.from(limit, 'hex').readUInt32LE(), price: Number(Buffer.from(price, 'hex').readBigUInt64LE()) };
}

test('somebody else reveals: the winner is selected and paid; price and limit of a step are what the nodes told', async (t) => {
	const { world, pool, was, subject } = await duePool(t);
	await world.scenario.chain('setFees', PRICE);
	const first = world.startDaemon();
	const { randomnessAccount } = await world.caughtBound(first, pool);
	const { limit, price } = computeBudget(await world.sql(`SELECT encode(tx, 'hex') FROM keeper.steps WHERE step = 'BIND'`));
	assert.equal(price, PRICE);
	assert.ok(limit > 10000 && limit < FIXED_LIMIT, `a limit of ${limit} is not from a simulation`);
	await first.kill('SIGKILL');
	await world.forgetLease();
	await world.gatewayControl({ oracle: 'all', mode: 'ok' });
	await revealByHand(world, randomnessAccount);
	const second = world.startDaemon();
	await second.wait('draw.wait', { subject, reason: 'OVER' });
	await money.assertPaid(world, pool, was);
	assert.equal(await world.sql(`SELECT string_agg(step || ' ' || state, ', ' ORDER BY seq) FROM keeper.steps WHERE subject LIKE 'draw:%'`), 'BIND final, SELECT final, PAYOUT final');
	const { participantsAccount } = await world.scenario.readPool(pool);
	const { feesAskedFor } = await world.scenario.chain('stats');
	for (const each of [pool.devWallet, pool.address, pool.vault, pool.mint.address, participantsAccount, randomnessAccount]) {
		assert.ok(feesAskedFor.includes(each), `fees are asked for ${each} too`);
	}
});
