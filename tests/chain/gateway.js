#!/usr/bin/env node
// The oracle gateways of the local chain: writes queue, state and oracle accounts, answers reveal requests, misbehaves on demand.
'use strict';

const http = require('node:http');
const { parseArgs } = require('node:util');
const { ADDRESS, Keypair, findProgramAddress } = require('./solana.js');
const { RpcClient } = require('./rpc-client.js');
const { encodeQueue, encodeState } = require('./switchboard-accounts.js');
const { Oracle } = require('./oracle.js');
const { Refusal, parseRequest, requireCommit } = require('./gateway-request.js');

const USAGE = 'usage: gateway.js --rpc http://127.0.0.1:PORT [--port 0] [--oracles 2] [--seed TEXT] [--commitment confirmed|processed]';
const OPTIONS = {
	rpc: { type: 'string' },
	port: { type: 'string', default: '0' },
	oracles: { type: 'string', default: '2' },
	seed: { type: 'string', default: 'local' },
	commitment: { type: 'string', default: 'confirmed' },
};

// Reads go through a virtual node of their own, so that faults meant for the client under test are not used up here.
const NODE_PATH = '/node/4';
const KEPT_BODIES = 50;
const MAX_BODY_BYTES = 64 * 1024;
const HUGE_BYTES = 50 * 1024 * 1024;
const HEARTBEAT_EVERY_MS = 500;
const HEARTBEAT_AFTER_SECONDS = 30;

class Gateway {
	constructor({ rpc, oracles, seed, commitment }) {
		this.controls = new RpcClient(rpc);
		this.node = new RpcClient(rpc.replace(/\/$/, '') + NODE_PATH);
		this.commitment = commitment;
		this.authority = Keypair.fromText(`${seed}/authority`);
		this.oracles = Array.from({ length: oracles }, (_, index) => new Oracle(seed, index));
		this.bodies = [];
		this.probes = 0;
		this.writtenAt = 0;
	}

	uri(oracle) {
		return `${this.url}/devnet/${oracle.index}`;
	}

	async writeAccount(address, data) {
		const lamports = await this.node.call('getMinimumBalanceForRentExemption', data.length);
		const account = { lamports, data: data.toString('base64'), owner: ADDRESS.switchboard };
		await this.controls.call('chain_setAccount', address, account);
	}

	async now() {
		return (await this.controls.call('chain_position')).unixTime;
	}

	async writeFixedAccounts() {
		const state = findProgramAddress([Buffer.from('STATE')], ADDRESS.switchboard);
		const oracles = this.oracles.map((oracle) => oracle.address);
		await this.writeAccount(state.address, encodeState({ bump: state.bump, authority: this.authority }));
		await this.writeAccount(ADDRESS.switchboardQueue, encodeQueue({ authority: this.authority, oracles, now: await this.now() }));
	}

	async writeOracles(now) {
		this.writtenAt = now;
		for (const oracle of this.oracles) await this.writeAccount(oracle.address, oracle.accountData(now, this.uri(oracle)));
	}

	// Real oracles renew their heartbeat; here it follows the chain's clock, which may jump.
	async heartbeat() {
		const now = await this.now();
		if (Math.abs(now - this.writtenAt) >= HEARTBEAT_AFTER_SECONDS) await this.writeOracles(now);
	}

	async control({ oracle = 'all', refresh = false, ...changes }) {
		const selected = oracle === 'all' ? this.oracles : [this.oracles[oracle]];
		if (!selected[0]) throw new Refusal(400, `oracle is ${JSON.stringify(oracle)}: use 0..${this.oracles.length - 1} or "all"`);
		const now = await this.now();
		for (const one of selected) {
			try {
				one.set(changes, now);
			} catch (error) {
				throw new Refusal(400, error.message);
			}
		}
		const accountsChanged = ['valid_for', 'status', 'heartbeat_age'].some((name) => name in changes);
		if (refresh || accountsChanged) await this.writeOracles(now);
		return this.describe();
	}

	describe() {
		return this.oracles.map((oracle) => ({
			address: oracle.address, gateway_uri: this.uri(oracle), secp256k1: oracle.publicKey.toString('hex'), ...oracle.settings,
		}));
	}

	stats() {
		const byOracle = this.oracles.map((oracle) => oracle.requests);
		return { requests: byOracle.reduce((sum, count) => sum + count, 0), by_oracle: byOracle, probes: this.probes, bodies: this.bodies };
	}

	count(oracle, body) {
		oracle.requests += 1;
		this.bodies.push(body);
		if (this.bodies.length > KEPT_BODIES) this.bodies.shift();
	}

	async reveal(oracle, request, body) {
		const commit = parseRequest(request.headers['content-type'], body);
		await requireCommit(this.node, this.commitment, oracle, commit);
		return JSON.stringify(oracle.answer(commit));
	}
}

function send(response, status, contentType, text) {
	response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
	response.end(text);
}

const sendJson = (response, value) => send(response, 200, 'application/json', JSON.stringify(value));

// Modes that ruin every answer of an oracle, whatever was asked. True = the answer is settled.
function misbehave(oracle, response) {
	switch (oracle.settings.mode) {
	case 'down': response.socket.destroy(); return true;
	case 'reset': response.socket.resetAndDestroy(); return true;
	case 'http500': send(response, 500, 'text/plain', 'internal error'); return true;
	case 'html': send(response, 200, 'text/html', '<html><body>maintenance</body></html>'); return true;
	case 'bad_json': send(response, 200, 'application/json', '{"signature":"AAAA","recovery_id":'); return true;
	case 'huge': send(response, 200, 'application/json', `{"signature":"${'A'.repeat(HUGE_BYTES)}"}`); return true;
	}
	return false;
}

async function answerOracle(gateway, oracle, action, request, response, body) {
	const isProbe = action === 'GET test';
	if (!isProbe && action !== 'POST randomness_reveal') throw new Refusal(404, 'not found');
	if (isProbe) gateway.probes += 1;
	else gateway.count(oracle, body);
	if (oracle.settings.mode === 'slow') await new Promise((resolve) => { setTimeout(resolve, oracle.settings.delay_ms); });
	if (misbehave(oracle, response)) return;
	if (isProbe) send(response, 200, 'text/plain', 'OK');
	else send(response, 200, 'application/json', await gateway.reveal(oracle, request, body));
}

async function route(gateway, request, response, body) {
	const name = `${request.method} ${request.url}`;
	if (name === 'GET /stats') return sendJson(response, gateway.stats());
	if (name === 'GET /control') return sendJson(response, gateway.describe());
	if (name === 'POST /control') return sendJson(response, await gateway.control(JSON.parse(body)));
	const match = /^\/devnet\/(\d+)\/gateway\/api\/v1\/(\w+)$/.exec(request.url);
	const oracle = match ? gateway.oracles[Number(match[1])] : undefined;
	if (!oracle) throw new Refusal(404, 'not found');
	return answerOracle(gateway, oracle, `${request.method} ${match[2]}`, request, response, body);
}

async function onRequest(gateway, request, response) {
	const chunks = [];
	let size = 0;
	for await (const chunk of request) {
		size += chunk.length;
		if (size <= MAX_BODY_BYTES) chunks.push(chunk);
	}
	try {
		if (size > MAX_BODY_BYTES) throw new Refusal(413, 'length limit exceeded');
		await route(gateway, request, response, Buffer.concat(chunks).toString());
	} catch (error) {
		if (!(error instanceof Refusal)) console.error(error);
		if (!response.headersSent) send(response, error.status || 500, 'text/plain', error.message);
	}
}

function readOptions() {
	const options = parseArgs({ options: OPTIONS }).values;
	if (!/^http:\/\//.test(options.rpc || '')) throw new Error(`--rpc is "${options.rpc}": give the URL of the local chain`);
	if (!/^([1-9]|[1-6]\d|7[0-8])$/.test(options.oracles)) throw new Error(`--oracles is "${options.oracles}": give 1..78`);
	if (!/^\d{1,5}$/.test(options.port)) throw new Error(`--port is "${options.port}": give a port number`);
	if (!['processed', 'confirmed'].includes(options.commitment)) throw new Error(`--commitment is "${options.commitment}": use processed or confirmed`);
	return { ...options, oracles: Number(options.oracles), port: Number(options.port) };
}

async function main() {
	const options = readOptions();
	const gateway = new Gateway(options);
	const server = http.createServer((request, response) => {
		onRequest(gateway, request, response).catch((error) => console.error(`gateway.js: ${error.message}`));
	});
	await new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(options.port, '127.0.0.1', resolve);
	});
	gateway.url = `http://127.0.0.1:${server.address().port}`;
	await gateway.writeFixedAccounts();
	await gateway.writeOracles(await gateway.now());
	const beat = () => gateway.heartbeat().catch((error) => console.error(`gateway.js: heartbeat: ${error.message}`));
	setInterval(beat, HEARTBEAT_EVERY_MS);
	console.log(`listening ${gateway.url}`);
	process.on('SIGTERM', () => process.exit(0));
	process.on('SIGINT', () => process.exit(0));
}

main().catch((error) => {
	console.error(`gateway.js: ${error.message}`);
	console.error(USAGE);
	process.exit(2);
});
