// Every fault a node can be told to have, as a client sees it; and that controls and other nodes stay untouched.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { openChain, fundedKeypair, signedTransfer, submit, status, errorOf } = require('./helpers.js');
const { Keypair, ADDRESS } = require('../solana.js');
const { parseTransaction } = require('../wire-parser.js');

const GET_SLOT = { jsonrpc: '2.0', id: 7, method: 'getSlot', params: [] };

function faults(chain, settings) {
	return chain.call('chain_faults', settings);
}

test('HTTP status with Retry-After, for one method, a number of times, after some good answers', async (t) => {
	const chain = await openChain(t);
	await faults(chain, { http: [{ method: 'getSlot', kind: 'status', status: 429, retryAfter: 2, count: 2, skip: 3 }] });
	for (let i = 0; i < 3; i++) assert.strictEqual((await chain.post(GET_SLOT)).status, 200);
	for (let i = 0; i < 2; i++) {
		const answer = await chain.post(GET_SLOT);
		assert.deepStrictEqual([answer.status, answer.headers['retry-after']], [429, '2']);
		assert.strictEqual(JSON.parse(answer.text).error.code, 429);
		assert.strictEqual((await chain.post({ ...GET_SLOT, method: 'getHealth' })).status, 200);
	}
	assert.strictEqual((await chain.post(GET_SLOT)).status, 200);
});

test('a fault that counts "always" lasts until it is cleared and spares the controls', async (t) => {
	const chain = await openChain(t);
	await faults(chain, { http: [{ kind: 'status', status: 503, body: 'down', count: 'always' }] });
	for (let i = 0; i < 5; i++) assert.deepStrictEqual((await chain.post([GET_SLOT])).text, 'down');
	assert.strictEqual(typeof await chain.call('chain_tick', 1), 'number');
	await faults(chain, { clear: true });
	assert.strictEqual((await chain.post(GET_SLOT)).status, 200);
});

test('HTML, wrong ids, wrong types and a scripted JSON-RPC error', async (t) => {
	const chain = await openChain(t);
	await faults(chain, {
		http: [
			{ kind: 'html' }, { kind: 'wrong_id' }, { kind: 'wrong_types' },
			{ kind: 'rpc_error', code: -32005, message: 'Node is unhealthy', data: { numSlotsBehind: null } },
		],
	});
	const html = await chain.post(GET_SLOT);
	assert.deepStrictEqual([html.status, html.headers['content-type']], [502, 'text/html']);
	assert.match(html.text, /^<html>/);
	assert.strictEqual(JSON.parse((await chain.post(GET_SLOT)).text).id, 1007);
	assert.strictEqual(typeof JSON.parse((await chain.post(GET_SLOT)).text).result, 'string');
	const scripted = JSON.parse((await chain.post(GET_SLOT)).text);
	assert.deepStrictEqual(scripted.error, { code: -32005, message: 'Node is unhealthy', data: { numSlotsBehind: null } });
	assert.strictEqual(typeof JSON.parse((await chain.post(GET_SLOT)).text).result, 'number');
});

test('a truncated body, a reset connection and a 50 MB body', async (t) => {
	const chain = await openChain(t);
	await faults(chain, { http: [{ kind: 'truncated' }, { kind: 'reset' }, { kind: 'huge' }] });
	assert.match((await errorOf(chain.post(GET_SLOT))).message, /aborted|hang up/);
	assert.strictEqual((await errorOf(chain.post(GET_SLOT))).code, 'ECONNRESET');
	assert.ok((await chain.post(GET_SLOT)).text.length > 50 * 1024 * 1024);
	assert.strictEqual((await chain.post(GET_SLOT)).status, 200);
});

test('answers that come late or never', async (t) => {
	const chain = await openChain(t);
	const timed = async () => {
		const start = Date.now();
		await chain.post(GET_SLOT);
		return Date.now() - start;
	};
	await faults(chain, { http: [{ kind: 'hang', ms: 150 }] });
	assert.ok(await timed() >= 140);
	assert.ok(await timed() < 140);
	await faults(chain, { hang: 150 });
	assert.ok(await timed() >= 140);
	const never = async (settings) => {
		await faults(chain, { clear: true, ...settings });
		const answered = chain.post(GET_SLOT).then(() => true, () => true);
		assert.strictEqual(await Promise.race([answered, new Promise((resolve) => { setTimeout(resolve, 200, false); })]), false);
	};
	await never({ hang: 'forever' });
	await never({ http: [{ kind: 'hang' }] });
});

test('a transaction is applied although its reply is lost', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const wire = await signedTransfer(chain, payer, payer, 1);
	await faults(chain, { http: [{ method: 'sendTransaction', kind: 'reply_lost' }] });
	assert.strictEqual((await errorOf(submit(chain, wire))).code, 'ECONNRESET');
	const { signature } = parseTransaction(wire);
	assert.strictEqual((await status(chain, signature)).err, null);
	const last = (await chain.call('chain_submissions')).at(-1);
	assert.deepStrictEqual([last.signature, last.outcome], [signature, 'landed']);
});

test('a transaction with the connection reset before it is read is not applied', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	await faults(chain, { http: [{ method: 'sendTransaction', kind: 'reset' }] });
	await errorOf(submit(chain, await signedTransfer(chain, payer, payer, 1)));
	assert.strictEqual((await chain.call('chain_transactions', payer.address)).length, 1);
});

test('dropped transactions are accepted and never land; the same bytes can be sent again', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const wire = await signedTransfer(chain, payer, payer, 1);
	await faults(chain, { drop: 1 });
	const signature = await submit(chain, wire);
	await chain.call('chain_tick', 5);
	assert.strictEqual(await status(chain, signature), null);
	assert.strictEqual(await submit(chain, wire), signature);
	assert.strictEqual((await status(chain, signature)).err, null);
	const outcomes = (await chain.call('chain_submissions')).map(({ outcome }) => outcome);
	assert.deepStrictEqual(outcomes, ['landed', 'dropped', 'landed']);
});

test('delayed transactions land the given number of slots later', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	await faults(chain, { delay: [3, 0] });
	const late = await submit(chain, await signedTransfer(chain, payer, payer, 1));
	const prompt = await submit(chain, await signedTransfer(chain, payer, payer, 2));
	assert.strictEqual((await status(chain, prompt)).err, null);
	await chain.call('chain_tick', 2);
	assert.strictEqual(await status(chain, late), null);
	await chain.call('chain_tick', 1);
	assert.strictEqual((await status(chain, late)).slot, (await chain.call('chain_position')).slot);
});

test('a transaction delayed beyond its blockhash never lands', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	await faults(chain, { delay: [151] });
	const signature = await submit(chain, await signedTransfer(chain, payer, payer, 1));
	await chain.call('chain_tick', 200);
	assert.strictEqual(await status(chain, signature), null);
});

test('an unhealthy node says so in getHealth, /health and sendTransaction', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const wire = await signedTransfer(chain, payer, payer, 1);
	await faults(chain, { unhealthy: 42 });
	for (const call of [chain.call('getHealth'), submit(chain, wire)]) {
		const error = await errorOf(call);
		assert.deepStrictEqual([error.code, error.rpcMessage, error.data], [-32005, 'Node is behind by 42 slots', { numSlotsBehind: 42 }]);
	}
	assert.strictEqual(await (await fetch(`${chain.url}/health`)).text(), 'behind');
	await faults(chain, { unhealthy: true });
	assert.deepStrictEqual((await errorOf(chain.call('getHealth'))).data, { numSlotsBehind: null });
	await faults(chain, { unhealthy: false });
	assert.strictEqual(await chain.call('getHealth'), 'ok');
	await submit(chain, wire);
});

test('nodes have their own faults and their own lag on one bank', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const target = new Keypair();
	await chain.call('chain_tick', 10);
	await faults(chain, { node: 1, lag: 5 });
	await faults(chain, { node: 2, http: [{ kind: 'status', status: 500, count: 'always' }] });
	const { value } = await chain.call('getLatestBlockhash', { commitment: 'processed' });
	const signature = await submit(chain, await signedTransfer(chain, payer, target, 4_000_000));
	const slot = await chain.call('getSlot', { commitment: 'processed' });
	const late = chain.node(1);
	assert.strictEqual(await late.call('getSlot', { commitment: 'processed' }), slot - 5);
	assert.strictEqual(await late.call('getSlot', { commitment: 'confirmed' }), slot - 6);
	assert.strictEqual((await late.call('getBalance', target.address, { commitment: 'processed' })).value, 0);
	assert.strictEqual((await late.call('getSignatureStatuses', [signature])).value[0], null);
	assert.strictEqual((await late.call('isBlockhashValid', value.blockhash, { commitment: 'processed' })).value, false);
	await assert.rejects(chain.node(2).call('getSlot'), /Service unavailable/);
	assert.strictEqual(await chain.node(3).call('getSlot', { commitment: 'processed' }), slot);
	await chain.call('chain_tick', 5);
	assert.strictEqual((await late.call('getSignatureStatuses', [signature])).value[0].confirmationStatus, 'processed');
	assert.strictEqual((await chain.post(GET_SLOT, '/node/9')).status, 404);
});

test('lies: statuses always null, statuses invented, account data older than the context says', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	await chain.call('chain_tick', 40);
	const target = new Keypair();
	const signature = await submit(chain, await signedTransfer(chain, payer, target, 4_000_000));
	await chain.call('chain_tick', 1);
	const liar = chain.node(1);
	const ask = async (one) => (await liar.call('getSignatureStatuses', [one])).value[0];
	await faults(chain, { node: 1, statuses: 'null' });
	assert.strictEqual(await ask(signature), null);
	await faults(chain, { node: 1, statuses: 'invented' });
	assert.strictEqual((await ask('1'.repeat(64))).confirmationStatus, 'finalized');
	assert.strictEqual((await ask(signature)).confirmationStatus, 'confirmed');
	await faults(chain, { node: 1, statuses: null, oldAccounts: 10 });
	assert.strictEqual(await ask('1'.repeat(64)), null);
	const { context, value } = await liar.call('getBalance', target.address, { commitment: 'processed' });
	assert.deepStrictEqual([context.slot, value], [await chain.call('getSlot', { commitment: 'processed' }), 0]);
	const clock = (await liar.call('getAccountInfo', ADDRESS.clock, { commitment: 'processed', encoding: 'base64' })).value;
	assert.strictEqual(Buffer.from(clock.data[0], 'base64').readBigUInt64LE(0), BigInt(context.slot - 10));
	assert.strictEqual((await chain.call('getBalance', target.address, { commitment: 'processed' })).value, 4_000_000);
});

test('chain_faults refuses what it does not know, naming it', async (t) => {
	const chain = await openChain(t);
	const refused = async (settings, pattern) => assert.match((await errorOf(faults(chain, settings))).message, pattern);
	await refused({ drp: 1 }, /unknown key "drp": use node clear lag/);
	await refused({ drop: -1 }, /drop is -1/);
	await refused({ node: 9 }, /node is 9: use 0\.\.4/);
	await refused({ http: [{ kind: 'explode' }] }, /http kind is "explode": use status/);
	await refused({ http: [{ kind: 'html', when: 1 }] }, /unknown key "when"/);
	await refused({ statuses: 'maybe' }, /statuses is "maybe"/);
});

test('chain_stats counts calls per method and node, batches one by one, controls never', async (t) => {
	const chain = await openChain(t);
	await chain.post([GET_SLOT, GET_SLOT, { ...GET_SLOT, method: 'getHealth' }, { ...GET_SLOT, method: 'chain_position' }]);
	await chain.node(2).call('getSlot');
	const stats = await chain.call('chain_stats', { reset: true });
	assert.deepStrictEqual([stats.total, stats.methods], [4, { getSlot: 3, getHealth: 1 }]);
	assert.deepStrictEqual(stats.nodes[2], { total: 1, methods: { getSlot: 1 } });
	assert.strictEqual((await chain.call('chain_stats')).total, 0);
});
