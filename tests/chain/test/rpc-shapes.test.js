// The answers have the members, order and types of a validator's: compared with stored answers.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const answers = require('./fixtures/rpc-answers.json');
const { openChain, fundedKeypair, signedTransfer, submit } = require('./helpers.js');
const { ADDRESS, Keypair, associatedTokenAddress, signTransaction } = require('../solana.js');
const build = require('../instructions.js');

// Members a validator adds only sometimes, or that name the caller's data.
const OPTIONAL = new Set(['costUnits', 'returnData', 'data', 'Custom', 'Ok', 'Err']);

function compare(actual, expected, where) {
	if (expected === null || actual === null) return;
	assert.strictEqual(Array.isArray(actual), Array.isArray(expected), where);
	if (Array.isArray(expected)) {
		if (expected.length > 0 && actual.length > 0) compare(actual[0], expected[0], `${where}[0]`);
		return;
	}
	assert.strictEqual(typeof actual, typeof expected, where);
	if (typeof expected !== 'object') return;
	const names = (object) => Object.keys(object).filter((name) => !OPTIONAL.has(name));
	assert.deepStrictEqual(names(actual), names(expected), where);
	for (const name of names(expected)) compare(actual[name], expected[name], `${where}.${name}`);
}

async function compareAnswer(chain, name, method, params) {
	const { status, text } = await chain.post({ jsonrpc: '2.0', id: 1, method, params });
	assert.strictEqual(status, 200);
	const expected = answers[name];
	const actual = JSON.parse(text);
	compare(actual, expected, name);
	if (expected.error) assert.strictEqual(actual.error.code, expected.error.code, name);
	return actual;
}

async function createToken(chain, payer) {
	const mint = new Keypair();
	const rent = await chain.call('getMinimumBalanceForRentExemption', build.MINT_BYTES);
	const token = associatedTokenAddress(payer, mint);
	const { value } = await chain.call('getLatestBlockhash', { commitment: 'processed' });
	await submit(chain, signTransaction([payer, mint], [
		build.createAccount(payer, mint, rent, build.MINT_BYTES, ADDRESS.token),
		build.initializeMint(mint, 6, payer, ADDRESS.token),
		build.createAssociatedToken(payer, payer, mint, ADDRESS.token),
		build.mintTo(mint, token, payer, 1_500_000n, ADDRESS.token),
	], value.blockhash));
	return { mint, token };
}

test('reads answer in the validator\'s shape', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const { token } = await createToken(chain, payer);
	const signature = await submit(chain, await signedTransfer(chain, payer, new Keypair(), 5_000_000));
	await chain.call('chain_tick', 40);
	const confirmed = { commitment: 'confirmed', encoding: 'base64' };
	await compareAnswer(chain, 'getEpochInfo', 'getEpochInfo', [confirmed]);
	await compareAnswer(chain, 'getVersion', 'getVersion', []);
	await compareAnswer(chain, 'getBalance', 'getBalance', [payer.address]);
	await compareAnswer(chain, 'getAccountInfo_sysvar_clock', 'getAccountInfo', [ADDRESS.clock, confirmed]);
	await compareAnswer(chain, 'getAccountInfo_null', 'getAccountInfo', [new Keypair().address, confirmed]);
	await compareAnswer(chain, 'getLatestBlockhash_0', 'getLatestBlockhash', [confirmed]);
	await compareAnswer(chain, 'getProgramAccounts_with_context', 'getProgramAccounts', [ADDRESS.token, { ...confirmed, withContext: true }]);
	await compareAnswer(chain, 'getProgramAccounts_slice', 'getProgramAccounts', [ADDRESS.token, { ...confirmed, dataSlice: { offset: 0, length: 2 } }]);
	await compareAnswer(chain, 'getRecentPrioritizationFees', 'getRecentPrioritizationFees', [[payer.address]]);
	await compareAnswer(chain, 'getSignatureStatuses_mixed', 'getSignatureStatuses', [[signature]]);
	await compareAnswer(chain, 'getSignaturesForAddress_60', 'getSignaturesForAddress', [payer.address]);
	await compareAnswer(chain, 'getTokenAccountBalance', 'getTokenAccountBalance', [token]);
	await compareAnswer(chain, 'isBlockhashValid_false', 'isBlockhashValid', [new Keypair().address]);
	await compareAnswer(chain, 'getTransaction_not_found', 'getTransaction', ['1'.repeat(64)]);
	await compareAnswer(chain, 'sendTransaction_method_not_found', 'getNothing', []);
	const tooMany = Array.from({ length: 101 }, () => payer.address);
	await compareAnswer(chain, 'getMultipleAccounts_too_many', 'getMultipleAccounts', [tooMany]);
});

test('getTransaction answers in the validator\'s shape, with inner instructions and token balances', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const { token } = await createToken(chain, payer);
	await chain.call('chain_tick', 2);
	const [{ signature }] = await chain.call('getSignaturesForAddress', token, { commitment: 'confirmed' });
	const options = { encoding: 'json', commitment: 'confirmed', maxSupportedTransactionVersion: 0 };
	const { result } = await compareAnswer(chain, 'getTransaction_join_pool_json', 'getTransaction', [signature, options]);
	assert.strictEqual(result.version, 'legacy');
	assert.strictEqual(result.meta.postTokenBalances[0].uiTokenAmount.uiAmountString, '1.5');
	const lost = result.meta.preBalances.reduce((a, b) => a + b) - result.meta.postBalances.reduce((a, b) => a + b);
	assert.strictEqual(lost, result.meta.fee);
	const plain = await chain.call('getTransaction', signature, { encoding: 'base64', commitment: 'confirmed' });
	assert.strictEqual(plain.version, undefined);
	assert.strictEqual(plain.transaction[1], 'base64');
});

test('rentEpoch is the exact integer of a validator, and float amounts keep their fraction', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const { token } = await createToken(chain, payer);
	const info = { jsonrpc: '2.0', id: 1, method: 'getAccountInfo', params: [token, { encoding: 'base64', commitment: 'processed' }] };
	assert.match((await chain.post(info)).text, /"rentEpoch":18446744073709551615,/);
	await chain.call('chain_setAccount', payer.address, { lamports: '18446744073709551615', owner: ADDRESS.system });
	const balance = { jsonrpc: '2.0', id: 1, method: 'getBalance', params: [payer.address, { commitment: 'processed' }] };
	assert.match((await chain.post(balance)).text, /"value":18446744073709551615[,}]/);
	const supply = { jsonrpc: '2.0', id: 1, method: 'getTokenAccountBalance', params: [token, { commitment: 'processed' }] };
	assert.match((await chain.post(supply)).text, /"uiAmount":1\.5,/);
});

test('refused transactions answer in the validator\'s shape', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const send = (wire) => [wire.toString('base64'), { encoding: 'base64', preflightCommitment: 'processed' }];
	const transfer = await signedTransfer(chain, payer, new Keypair(), 5_000_000);
	await compareAnswer(chain, 'simulateTransaction_ok', 'simulateTransaction', send(transfer).slice(0, 1).concat({ encoding: 'base64', commitment: 'processed' }));
	await submit(chain, transfer);
	await compareAnswer(chain, 'sendTransaction_already_processed', 'sendTransaction', send(transfer));
	const unknownHash = signTransaction([payer], [build.transfer(payer, payer, 1)], new Keypair().address);
	await compareAnswer(chain, 'sendTransaction_blockhash_not_found', 'sendTransaction', send(unknownHash));
	const poor = new Keypair();
	await compareAnswer(chain, 'sendTransaction_no_lamports', 'sendTransaction', send(await signedTransfer(chain, poor, payer, 1)));
	await chain.call('chain_setAccount', poor.address, { lamports: 10, owner: ADDRESS.system });
	await compareAnswer(chain, 'sendTransaction_insufficient_fee', 'sendTransaction', send(await signedTransfer(chain, poor, payer, 2)));
	const forged = await signedTransfer(chain, payer, poor, 3_000_000);
	forged[5] ^= 1;
	await compareAnswer(chain, 'sendTransaction_signature_failure', 'sendTransaction', send(forged));
	await compareAnswer(chain, 'sendTransaction_deserialize', 'sendTransaction', send(transfer.subarray(0, 100)));
	const offKey = Buffer.from(transfer);
	offKey[offKey.length - 16] = 77;
	await compareAnswer(chain, 'sendTransaction_sanitize', 'sendTransaction', send(offKey));
	await compareAnswer(chain, 'sendTransaction_too_large', 'sendTransaction', send(Buffer.alloc(1236)));
	await compareAnswer(chain, 'sendTransaction_invalid_base64', 'sendTransaction', ['abc', { encoding: 'base64' }]);
	const { text } = await chain.post('{"jsonrpc":');
	compare(JSON.parse(text), answers.sendTransaction_parse_error, 'parse error');
});

test('a transaction of 1233 bytes is refused even where its base64 text is short enough', async (t) => {
	const chain = await openChain(t);
	const error = await chain.post({ jsonrpc: '2.0', id: 1, method: 'sendTransaction', params: [Buffer.alloc(1233).toString('base64'), { encoding: 'base64' }] });
	assert.match(error.text, /"code":-32602,"message":"decoded solana_transaction::versioned::VersionedTransaction too large: 1233 bytes/);
});

test('batches answer every call in order, ids untouched', async (t) => {
	const chain = await openChain(t);
	const { text } = await chain.post([
		{ jsonrpc: '2.0', id: 'a', method: 'getSlot', params: [{ commitment: 'processed' }] },
		{ jsonrpc: '2.0', id: 7, method: 'getNothing' },
		{ id: null, method: 'getSlot' },
	]);
	const batch = JSON.parse(text);
	assert.deepStrictEqual(batch.map(({ id }) => id), ['a', 7, null]);
	assert.strictEqual(typeof batch[0].result, 'number');
	assert.deepStrictEqual(batch.slice(1).map(({ error }) => error.code), [-32601, -32600]);
});

test('wrong parameters are refused with -32602 and never end the process', async (t) => {
	const chain = await openChain(t);
	const key = new Keypair().address;
	const calls = [
		['getBalance'], ['getBalance', 5], ['getBalance', 'abc'], ['getBalance', '0'.repeat(44)], ['getBalance', key, { commitment: 'max' }],
		['getAccountInfo', key, 'base64'], ['getMultipleAccounts', key], ['getMultipleAccounts', ['xyz']], ['getSignatureStatuses', ['1']],
		['getSignaturesForAddress', key, { limit: 0 }], ['getSignaturesForAddress', key, { commitment: 'processed' }], ['getTransaction', '1'],
		['getProgramAccounts', key, { filters: [{}] }], ['getMinimumBalanceForRentExemption', -1], ['sendTransaction'], ['sendTransaction', '0'],
		['simulateTransaction', 'AAAA', { encoding: 'hex' }], ['getRecentPrioritizationFees', 'x'], ['isBlockhashValid', '1'],
	];
	for (const [method, ...params] of calls) {
		const { text } = await chain.post({ jsonrpc: '2.0', id: 1, method, params });
		assert.strictEqual(JSON.parse(text).error.code, -32602, `${method} ${JSON.stringify(params)}: ${text}`);
	}
});

test('getProgramAccounts filters by size, base58 and base64 bytes', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const { mint, token } = await createToken(chain, payer);
	const find = async (...filters) => {
		const found = await chain.call('getProgramAccounts', ADDRESS.token, { encoding: 'base64', commitment: 'processed', filters });
		return found.map(({ pubkey }) => pubkey);
	};
	assert.deepStrictEqual(await find({ dataSize: 165 }), [token]);
	assert.deepStrictEqual((await find({ dataSize: 82 })).sort(), [ADDRESS.nativeMint, mint.address].sort());
	assert.deepStrictEqual(await find({ memcmp: { offset: 32, bytes: payer.address } }), [token]);
	const base64 = { offset: 0, bytes: mint.publicKey.toString('base64'), encoding: 'base64' };
	assert.deepStrictEqual(await find({ dataSize: 165 }, { memcmp: base64 }), [token]);
	assert.deepStrictEqual(await find({ dataSize: 165 }, { memcmp: { offset: 160, bytes: payer.address } }), []);
	const owned = await chain.call('getTokenAccountsByOwner', payer.address, { mint: mint.address }, { encoding: 'base64', commitment: 'processed' });
	assert.deepStrictEqual(owned.value.map(({ pubkey }) => pubkey), [token]);
});
