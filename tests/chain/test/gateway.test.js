// The oracle gateways as processes: accounts on chain, real signatures, strict requests, every misbehaviour.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { secp256k1 } = require('@noble/curves/secp256k1');
const { openChain, errorOf } = require('./helpers.js');
const { post } = require('../rpc-client.js');
const { startGatewayProcess } = require('../spawn.js');
const { ADDRESS, Keypair, sha256, keyBytes } = require('../solana.js');
const { u64 } = require('../instructions.js');

const SLOTHASH = sha256(Buffer.from('slothash'));

async function openGateway(t, ...args) {
	const chain = await openChain(t);
	const gateway = await startGatewayProcess('--rpc', chain.url, ...args);
	t.after(() => gateway.stop());
	await chain.call('chain_tick', 1);
	const control = async (settings) => JSON.parse((await post(`${gateway.url}/control`, JSON.stringify(settings))).text);
	const oracles = await control({});
	return { chain, gateway, control, oracles };
}

// A randomness account as randomness_commit leaves it, written straight onto the chain.
async function commit(chain, oracle, slot = 447551999) {
	const randomness = new Keypair();
	const data = Buffer.alloc(480);
	data.write('0a42e587dcefd972', 'hex');
	SLOTHASH.copy(data, 72);
	u64(slot).copy(data, 104);
	keyBytes(oracle.address).copy(data, 112);
	await chain.call('chain_setAccount', randomness.address, { lamports: 10_000_000, data: data.toString('base64'), owner: ADDRESS.switchboard });
	return { randomness, slot };
}

function requestBody({ randomness, slot }, changes = {}) {
	return JSON.stringify({ slothash: [...SLOTHASH], randomness_key: randomness.publicKey.toString('hex'), slot, ...changes });
}

function reveal(oracle, body) {
	return post(`${oracle.gateway_uri}/gateway/api/v1/randomness_reveal`, body);
}

// What the on-chain program does: recover the key from signature and value, compare with the oracle's.
function recoveredKey({ randomness, slot }, answer) {
	const digest = sha256(randomness.publicKey, SLOTHASH, u64(slot), Buffer.from(answer.value));
	const signature = secp256k1.Signature.fromCompact(Buffer.from(answer.signature, 'base64')).addRecoveryBit(answer.recovery_id);
	return Buffer.from(signature.recoverPublicKey(digest).toRawBytes(false)).subarray(1).toString('hex');
}

async function readAccount(chain, key) {
	return Buffer.from((await chain.call('chain_getAccount', key)).data, 'base64');
}

test('queue, state and oracle accounts are on chain in the real layout', async (t) => {
	const { chain, gateway, oracles } = await openGateway(t, '--oracles', '3');
	const queue = await readAccount(chain, ADDRESS.switchboardQueue);
	assert.deepStrictEqual([queue.length, queue.toString('hex', 0, 8), queue.readUInt32LE(5204)], [6280, 'd9c2377fb8538a01', 3]);
	assert.strictEqual((await readAccount(chain, '4UFmCebEmzESoDTtHrmaftXj7YAsAH4HMios3yMWyVUT'))[8], 254);
	const { unixTime } = await chain.call('chain_position');
	for (const [index, oracle] of oracles.entries()) {
		assert.ok(queue.subarray(1064 + 32 * index, 1096 + 32 * index).equals(keyBytes(oracle.address)));
		const data = await readAccount(chain, oracle.address);
		assert.deepStrictEqual([data.length, data.toString('hex', 0, 8), data[72], data[3656]], [4816, '801e10f1aa493736', 4, 1]);
		assert.strictEqual(data.toString('hex', 192, 256), oracle.secp256k1);
		assert.ok(Math.abs(Number(data.readBigInt64LE(88)) - unixTime - 604800) < 5);
		assert.ok(Math.abs(Number(data.readBigInt64LE(3512)) - unixTime) < 5);
		assert.strictEqual(data.toString('utf8', 3584, 3648).replace(/\0+$/, ''), `${gateway.url}/devnet/${index}`);
	}
});

test('a reveal carries a real signature of the committed oracle, the same each time and per seed', async (t) => {
	const { chain, oracles } = await openGateway(t, '--seed', 'one');
	const pending = await commit(chain, oracles[1]);
	await chain.call('chain_tick', 1);
	const { status, headers, text } = await reveal(oracles[1], requestBody(pending));
	assert.deepStrictEqual([status, headers['content-type']], [200, 'application/json']);
	const answer = JSON.parse(text);
	assert.strictEqual(answer.value.length, 32);
	assert.strictEqual(Buffer.from(answer.signature, 'base64').length, 64);
	assert.strictEqual(recoveredKey(pending, answer), oracles[1].secp256k1);
	assert.strictEqual((await reveal(oracles[1], requestBody(pending, { rpc: 'https://api.devnet.solana.com' }))).text, text);
	const other = await openGateway(t, '--seed', 'two');
	assert.notStrictEqual(other.oracles[1].secp256k1, oracles[1].secp256k1);
});

test('HTTP 500 text while the commit is not visible, and for another oracle\'s commit', async (t) => {
	const { chain, control, oracles } = await openGateway(t);
	const pending = await commit(chain, oracles[0]);
	const refused = async (oracle, body, pattern) => {
		const { status, text } = await reveal(oracle, body);
		assert.strictEqual(status, 500);
		assert.match(text, pattern);
	};
	await refused(oracles[0], requestBody(pending), /^expected value at line 1 column 1$/);
	await chain.call('chain_tick', 1);
	assert.strictEqual((await reveal(oracles[0], requestBody(pending))).status, 200);
	await refused(oracles[1], requestBody(pending), /not committed to this oracle/);
	await refused(oracles[0], requestBody(pending, { slot: pending.slot + 1 }), /^expected value/);
	await refused(oracles[0], requestBody(pending, { slothash: Array(32).fill(1) }), /^expected value/);
	await refused(oracles[0], requestBody({ ...pending, randomness: new Keypair() }), /^expected value/);
	const slot = await chain.call('getSlot', { commitment: 'confirmed' });
	await control({ oracle: 0, refuse_before_slot: slot + 2 });
	await refused(oracles[0], requestBody(pending), /^expected value/);
	await chain.call('chain_tick', 2);
	assert.strictEqual((await reveal(oracles[0], requestBody(pending))).status, 200);
});

test('request bodies are checked strictly and kept for inspection', async (t) => {
	const { chain, gateway, oracles } = await openGateway(t);
	const pending = await commit(chain, oracles[0]);
	await chain.call('chain_tick', 1);
	const cases = [
		[422, requestBody(pending, { slothash: [...SLOTHASH].slice(1) })], [422, requestBody(pending, { slothash: SLOTHASH.toString('hex') })],
		[422, requestBody(pending, { randomness_key: pending.randomness.address })], [422, requestBody(pending, { slot: String(pending.slot) })],
		[422, requestBody(pending, { randomness_key: pending.randomness.publicKey.toString('hex').toUpperCase() })],
		[422, requestBody(pending, { extra: 1 })], [422, '[]'], [400, '{"slothash":'], [200, requestBody(pending)],
	];
	for (const [expected, body] of cases) assert.strictEqual((await reveal(oracles[0], body)).status, expected, body);
	const plain = await post(`${oracles[0].gateway_uri}/gateway/api/v1/randomness_reveal`, requestBody(pending), { 'content-type': 'text/plain' });
	assert.strictEqual(plain.status, 415);
	const stats = await (await fetch(`${gateway.url}/stats`)).json();
	assert.deepStrictEqual([stats.requests, stats.by_oracle, stats.bodies.at(-1)], [10, [10, 0], requestBody(pending)]);
});

test('every mode misbehaves in its way, for reveals and probes, and only at the chosen oracle', async (t) => {
	const { chain, control, oracles } = await openGateway(t);
	const pending = await commit(chain, oracles[0]);
	await chain.call('chain_tick', 1);
	const body = requestBody(pending);
	const probe = (oracle) => fetch(`${oracle.gateway_uri}/gateway/api/v1/test`);
	const mode = (name, more) => control({ oracle: 0, mode: name, ...more });
	const honest = JSON.parse((await reveal(oracles[0], body)).text);
	assert.strictEqual((await probe(oracles[0])).status, 200);
	for (const name of ['down', 'reset']) {
		await mode(name);
		await errorOf(reveal(oracles[0], body));
		await errorOf(probe(oracles[0]));
		assert.strictEqual((await probe(oracles[1])).status, 200);
	}
	await mode('http500');
	assert.deepStrictEqual([(await reveal(oracles[0], body)).status, (await probe(oracles[0])).status], [500, 500]);
	await mode('html');
	assert.match((await reveal(oracles[0], body)).text, /^<html>/);
	await mode('bad_json');
	const broken = await reveal(oracles[0], body);
	assert.strictEqual(broken.status, 200);
	assert.throws(() => JSON.parse(broken.text), SyntaxError);
	await mode('huge');
	assert.ok((await reveal(oracles[0], body)).text.length > 50_000_000);
	await mode('wrong_signature');
	const forged = JSON.parse((await reveal(oracles[0], body)).text);
	assert.deepStrictEqual(forged.value, honest.value);
	assert.notStrictEqual(recoveredKey(pending, forged), oracles[0].secp256k1);
	await mode('wrong_value');
	const altered = JSON.parse((await reveal(oracles[0], body)).text);
	assert.deepStrictEqual([altered.signature, altered.value.slice(1)], [honest.signature, honest.value.slice(1)]);
	assert.notStrictEqual(recoveredKey(pending, altered), oracles[0].secp256k1);
	await mode('zero_value');
	const zero = JSON.parse((await reveal(oracles[0], body)).text);
	assert.ok(zero.value.every((byte) => byte === 0));
	assert.strictEqual(recoveredKey(pending, zero), oracles[0].secp256k1);
	await mode('slow', { delay_ms: 200 });
	const start = Date.now();
	assert.deepStrictEqual(JSON.parse((await reveal(oracles[0], body)).text), honest);
	assert.ok(Date.now() - start >= 190);
});

test('control sets the oracle account\'s status, validity and heartbeat, and refuses nonsense', async (t) => {
	const { chain, gateway, control, oracles } = await openGateway(t);
	const { unixTime } = await chain.call('chain_position');
	await control({ oracle: 1, status: 1, valid_for: 100, heartbeat_age: 900 });
	const data = await readAccount(chain, oracles[1].address);
	assert.deepStrictEqual([data[72], Number(data.readBigInt64LE(88)), Number(data.readBigInt64LE(3512))], [1, unixTime + 100, unixTime - 900]);
	assert.strictEqual((await readAccount(chain, oracles[0].address))[72], 4);
	await chain.call('chain_advanceTime', 3600);
	await control({ refresh: true });
	assert.strictEqual(Number((await readAccount(chain, oracles[1].address)).readBigInt64LE(88)), unixTime + 100);
	assert.ok(Number((await readAccount(chain, oracles[0].address)).readBigInt64LE(3512)) >= unixTime + 3600);
	for (const [settings, pattern] of [[{ mode: 'sleepy' }, /mode is "sleepy": use ok/], [{ oracle: 9 }, /oracle is 9: use 0\.\.1/], [{ volume: 1 }, /unknown setting "volume"/]]) {
		const { status, text } = await post(`${gateway.url}/control`, JSON.stringify(settings));
		assert.strictEqual(status, 400);
		assert.match(text, pattern);
	}
});

test('heartbeats follow the chain\'s clock by themselves', async (t) => {
	const { chain, oracles } = await openGateway(t);
	const { unixTime } = await chain.call('chain_advanceTime', 43200);
	const deadline = Date.now() + 5000;
	let heartbeat = 0;
	while (heartbeat < unixTime && Date.now() < deadline) {
		await new Promise((resolve) => { setTimeout(resolve, 50); });
		heartbeat = Number((await readAccount(chain, oracles[0].address)).readBigInt64LE(3512));
	}
	assert.ok(heartbeat >= unixTime);
});

test('bad arguments give one clear line', () => {
	const script = path.join(__dirname, '..', 'gateway.js');
	for (const [args, pattern] of [[[], /--rpc is "undefined": give the URL/], [['--rpc', 'http://x', '--oracles', '0'], /--oracles is "0": give 1\.\.78/]]) {
		const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
		assert.strictEqual(status, 2);
		assert.match(stderr, pattern);
	}
});
