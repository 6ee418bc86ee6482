// Lets live_draw take a pool from Locked to Ended on the local chain, with nodes that misbehave on the way: node run_draw.js <live_draw>
'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { startChainProcess, startGatewayProcess } = require('../../chain/spawn.js');
const { Scenario } = require('../../chain/scenario.js');
const { ADDRESS, Keypair } = require('../../chain/solana.js');

// One fault per call: a call fails over once.
const FAULTS = [
	{ node: 0, http: [
		{ kind: 'html', method: 'getGenesisHash' },
		{ kind: 'status', status: 429, retryAfter: 1, method: 'getMultipleAccounts' },
		{ kind: 'reply_lost', method: 'sendTransaction' },
	] },
	{ node: 1, lag: 2, http: [
		{ kind: 'wrong_id', method: 'getLatestBlockhash' },
		{ kind: 'truncated', bytes: 40, method: 'simulateTransaction' },
		{ kind: 'reset', method: 'getSignatureStatuses' },
	] },
];

function run(program, args, key) {
	return new Promise((resolve) => {
		const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, KEY: key } });
		let out = '';
		child.stdout.on('data', (data) => { out += data; });
		child.on('exit', (code) => resolve({ code, out }));
	});
}

async function drawOne(program, chain, gateway, faults) {
	const scenario = new Scenario(chain.url);
	const [dev, treasury] = [new Keypair(), new Keypair()];
	await scenario.fundWallet(dev);
	const mint = await scenario.createMint();
	const pool = await scenario.fillPool({ mint, devWallet: dev, treasury, lockDuration: 60 });
	await scenario.chain('advanceTime', 61);
	await scenario.chain('tick', 8); // a lagging node knows the pool, too
	const [oracle] = await (await fetch(`${gateway.url}/control`)).json();
	for (const fault of faults) await scenario.chain('faults', fault);
	const urls = [0, 1, 2].map((n) => `${chain.url}/node/${n}?key=${n}`).join(',');
	const host = new URL(oracle.gateway_uri).host;
	const secret = JSON.stringify([...dev.secretKey()]);
	const { code, out } = await run(program, [urls, host, pool.address, oracle.address, ADDRESS.switchboardQueue], secret);
	await scenario.chain('faults', { node: 'all', clear: true });
	console.log(out.trim().replace(/^/gm, '  '));
	assert.strictEqual(code, 0);
	const state = await scenario.readPool(pool);
	assert.strictEqual(state.statusName, 'Ended');
	assert.match(out, new RegExp(`winner ${state.winner}`));
	assert.ok(pool.players.some((player) => player.address === state.winner));
	assert.strictEqual(await scenario.tokenBalance(state.winner, mint) > pool.amount, true);
}

async function main() {
	const program = process.argv[2];
	if (!program) throw new Error('usage: node run_draw.js <path of live_draw>');
	const chain = await startChainProcess('--slot-ms', '50');
	let gateway;
	try {
		gateway = await startGatewayProcess('--rpc', chain.url);
		await drawOne(program, chain, gateway, []);
		console.log('ok a draw');
		await drawOne(program, chain, gateway, FAULTS);
		console.log('ok a draw with nodes that misbehave');
	} finally {
		if (gateway) await gateway.stop();
		await chain.stop();
	}
}

main().catch((error) => {
	console.error(error.message);
	process.exit(1);
});
