// Draws on the local chain with Solana's slot time: transactions, RPC calls, and the time from the due second to Ended.
'use strict';

const { World, sleep } = require('../e2e/world.js');
const { Keypair } = require('../chain/solana.js');
const { decodePool } = require('../chain/ml-accounts.js');
const { startCountingProxy, classify, historyCalls } = require('./counting-proxy.js');

const SLOT_MS = 400;
const POLL_MS = 15;
// Chain seconds between two due draws: each has the daemon to itself.
const APART_S = 7;
// So long before the first draw is due the daemon starts: its canary has answered by then.
const AHEAD_S = 14;
const LOCK_S = 60;
const ENDED = 6;
const CONFIRMATIONS_MEASURED = 20;
const PATIENCE_MS = 120000;
const QUIET_MS = 3000;

function median(numbers) {
	const sorted = [...numbers].sort((a, b) => a - b);
	const half = sorted.length / 2;
	return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

function mean(numbers) {
	return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

async function confirmationOf(node) {
	const sent = Date.now();
	const signature = await node.call('requestAirdrop', new Keypair().address, 1e9);
	for (;;) {
		const { value: [status] } = await node.call('getSignatureStatuses', [signature]);
		if (status !== null && status.confirmationStatus !== 'processed') return Date.now() - sent;
		await sleep(POLL_MS);
	}
}

// How long a bare client waits for a transaction, in ms: the unit of this bench. As in a draw, each is sent when the one before it
// is seen confirmed, so that it just misses a block; a transaction sent at any moment of a slot waits half a slot less (anyMoment).
async function confirmationTimes(world) {
	const inARow = [], anyMoment = [];
	for (let i = 0; i < CONFIRMATIONS_MEASURED; i++) inARow.push(await confirmationOf(world.scenario.node));
	for (let i = 0; i < CONFIRMATIONS_MEASURED; i++) {
		anyMoment.push(confirmationOf(world.scenario.node));
		await sleep(2 * SLOT_MS / CONFIRMATIONS_MEASURED);
	}
	return { inARow: mean(inARow), anyMoment: mean(await Promise.all(anyMoment)) };
}

async function untilChainTime(world, second) {
	while ((await world.scenario.chain('position')).unixTime < second) await sleep(POLL_MS);
	return Date.now();
}

async function untilEnded(world, pool) {
	const [daemon] = world.daemons;
	const deadline = Date.now() + PATIENCE_MS;
	for (;;) {
		const { value } = await world.scenario.node.call('getAccountInfo', pool.address, { encoding: 'base64', commitment: 'confirmed' });
		if (decodePool(Buffer.from(value.data[0], 'base64')).status === ENDED) return Date.now();
		if (daemon.code !== undefined) throw new Error(`the daemon ended with code ${daemon.code}:\n${daemon.log}`);
		if (Date.now() > deadline) throw new Error(`pool ${pool.address} did not end within ${PATIENCE_MS} ms:\n${daemon.log.slice(-4000)}`);
		await sleep(POLL_MS);
	}
}

async function dueSecond(world, pool) {
	const state = await world.scenario.readPool(pool);
	return Number(state.lockStartTime) + Number(state.lockDuration);
}

async function makePools(world, count) {
	const pools = [];
	for (let i = 0; i < count; i++) {
		const pool = await world.lockedPool({ lockDuration: LOCK_S + i * APART_S });
		pools.push({ ...pool, due: await dueSecond(world, pool) });
	}
	return pools;
}

// The draw's transactions that reached the chain, whoever signed them, and the journal's rows for it.
async function transactionsOf(world, pool) {
	const landed = await world.scenario.chain('transactions', pool.address);
	const rows = await world.sql(`SELECT count(*) FROM keeper.steps WHERE subject LIKE 'draw:${pool.address}:%'`);
	return { landed: landed.filter(({ payer }) => payer === world.devWallet.address).length, journal: Number(rows) };
}

async function finished(world, pools) {
	const addresses = pools.map(({ address }) => `'${address}'`).join(',');
	const deadline = Date.now() + PATIENCE_MS;
	for (;;) {
		const ended = await world.sql(`SELECT count(*) FROM public.pools WHERE status = 'ended' AND pool_address IN (${addresses})`);
		if (Number(ended) === pools.length) return;
		if (Date.now() > deadline) throw new Error(`recorded as ended after ${PATIENCE_MS} ms: ${ended} of ${pools.length} pools`);
		await sleep(200);
	}
}

// The users' transactions are recorded after the draw, at leisure.
async function quiet(proxy) {
	for (let seen = -1; seen !== historyCalls(proxy.requests); await sleep(QUIET_MS)) seen = historyCalls(proxy.requests);
}

// Where the time went, from the daemon's own log: median ms of each stage.
function stagesOf(world, pools, moments) {
	const logged = (pool, event, step) => Date.parse(world.daemons[0].all(event, { subject: new RegExp(pool.address), step })[0].ts);
	const stages = pools.map((pool, i) => {
		const at = [moments[i].due, logged(pool, 'tx.send', 'BIND'), logged(pool, 'tx.landed', 'BIND'), logged(pool, 'tx.send', 'DRAW'), moments[i].ended];
		return at.slice(1).map((moment, k) => moment - at[k]);
	});
	const names = ['until the first transaction is sent', 'until it is seen confirmed', 'until the second is sent', 'until it is confirmed'];
	return Object.fromEntries(names.map((name, k) => [name, median(stages.map((stage) => stage[k]))]));
}

async function run(world, count) {
	const pools = await makePools(world, count);
	// Seen one slot late by everybody, as on the real chain, where it takes more than a block's time until two thirds have voted.
	await world.scenario.chain('faults', { node: 'all', lag: 1 });
	const confirmationMs = await confirmationTimes(world);
	const proxy = await startCountingProxy(`${world.chain.url.replace(/\/$/, '')}/node/0`);
	world.stops.push(() => proxy.stop());
	const { unixTime } = await world.scenario.chain('position');
	await world.scenario.chain('advanceTime', Math.max(0, pools[0].due - AHEAD_S - unixTime));
	world.startDaemonWith({ SOLANA_RPC_URL: proxy.url, LOG_LEVEL: 'info' });
	const moments = await Promise.all(pools.map(async (pool) => {
		const due = await untilChainTime(world, pool.due);
		return { due, ended: await untilEnded(world, pool) };
	}));
	const times = moments.map(({ due, ended }) => ended - due);
	await finished(world, pools);
	await quiet(proxy);
	const transactions = await Promise.all(pools.map((pool) => transactionsOf(world, pool)));
	return {
		draws: count, confirmationMs, times, medianMs: median(times), stages: stagesOf(world, pools, moments), transactions,
		calls: classify(proxy.requests, pools),
	};
}

// Resolves to { draws, confirmationMs: { inARow, anyMoment }, times (ms each), medianMs, stages, transactions: [{ landed, journal }], calls: see classify }.
async function drawFigures(count) {
	const world = await World.start({ slotMs: SLOT_MS, pooled: false, settings: { TICK_SECONDS: '5' } });
	try {
		return await run(world, count);
	} finally {
		await world.stop();
	}
}

module.exports = { drawFigures };
