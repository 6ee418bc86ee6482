// What a transaction costs and leaves behind: fees, failures, history paging, simulation, audits.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { openChain, fundedKeypair, signedTransfer, submit, status, errorOf } = require('./helpers.js');
const { ADDRESS, Keypair, signTransaction } = require('../solana.js');
const { transfer, setComputeUnitLimit, setComputeUnitPrice } = require('../instructions.js');

async function blockhash(chain) {
	return (await chain.call('getLatestBlockhash', { commitment: 'processed' })).value.blockhash;
}

async function balance(chain, key) {
	return (await chain.call('getBalance', key, { commitment: 'processed' })).value;
}

test('the fee is 5000 lamports per signature plus limit times price, and matches the balances', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const second = await fundedKeypair(chain);
	const cases = [
		[[payer], [transfer(payer, payer, 1)], 5000],
		[[payer, second], [transfer(second, payer, 0)], 10000],
		[[payer], [setComputeUnitLimit(1000), setComputeUnitPrice(2_500_000), transfer(payer, payer, 2)], 7500],
		[[payer], [setComputeUnitPrice(1_000_000), transfer(payer, payer, 3)], 11000],
	];
	for (const [signers, instructions, fee] of cases) {
		const before = await balance(chain, payer.address);
		const signature = await submit(chain, signTransaction(signers, instructions, await blockhash(chain)));
		assert.strictEqual(before - await balance(chain, payer.address), fee);
		const [landed] = (await chain.call('chain_transactions', payer.address)).filter((one) => one.signature === signature);
		assert.strictEqual(landed.fee, fee);
	}
});

test('a failing transaction is refused by preflight, lands without it, and pays its fee', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain, 1_000_000_000);
	const wire = signTransaction([payer], [setComputeUnitLimit(10000), transfer(payer, new Keypair(), 5_000_000_000n)], await blockhash(chain));
	const error = await errorOf(submit(chain, wire));
	assert.strictEqual(error.code, -32002);
	assert.match(error.rpcMessage, /^Transaction simulation failed: Error processing Instruction 1: custom program error: 0x1$/);
	assert.deepStrictEqual(error.data.err, { InstructionError: [1, { Custom: 1 }] });
	assert.ok(error.data.logs.some((line) => /insufficient lamports/.test(line)));
	const signature = await submit(chain, wire, { skipPreflight: true });
	assert.deepStrictEqual((await status(chain, signature)).err, { InstructionError: [1, { Custom: 1 }] });
	assert.strictEqual(await balance(chain, payer.address), 1_000_000_000 - 5000);
	assert.strictEqual((await errorOf(submit(chain, wire))).data.err, 'AlreadyProcessed');
});

test('a bad signature is refused, and without preflight never lands', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const wire = await signedTransfer(chain, payer, payer, 1);
	wire[40] ^= 1;
	assert.strictEqual((await errorOf(submit(chain, wire))).code, -32003);
	assert.strictEqual(await status(chain, await submit(chain, wire, { skipPreflight: true })), null);
	assert.strictEqual((await chain.call('chain_submissions')).at(-1).outcome, 'rejected');
	assert.strictEqual(await balance(chain, payer.address), 10_000_000_000);
});

test('simulation changes nothing, replaces the blockhash, and needs no signature', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const target = new Keypair();
	const wire = signTransaction([payer], [transfer(payer, target, 7_000_000)], new Keypair().address);
	const options = { encoding: 'base64', commitment: 'processed' };
	const simulate = (bytes, more) => chain.call('simulateTransaction', bytes.toString('base64'), { ...options, ...more });
	assert.strictEqual((await simulate(wire)).value.err, 'BlockhashNotFound');
	wire.fill(0, 1, 65);
	const accounts = { encoding: 'base64', addresses: [target.address] };
	const { value } = await simulate(wire, { replaceRecentBlockhash: true, accounts });
	assert.strictEqual(value.err, null);
	assert.strictEqual(value.unitsConsumed, 150);
	assert.strictEqual(value.accounts[0].lamports, 7_000_000);
	assert.strictEqual(value.replacementBlockhash.blockhash, await blockhash(chain));
	assert.strictEqual(await balance(chain, target.address), 0);
	const both = await errorOf(simulate(wire, { replaceRecentBlockhash: true, sigVerify: true }));
	assert.strictEqual(both.code, -32602);
	const valid = await signedTransfer(chain, payer, target, 1_000_000);
	valid.fill(0, 1, 65);
	assert.strictEqual((await errorOf(simulate(valid, { sigVerify: true }))).code, -32003);
	const failing = signTransaction([payer], [transfer(payer, target, 7_000_000), transfer(payer, target, 10n ** 15n)], await blockhash(chain));
	const failed = (await simulate(failing)).value;
	assert.deepStrictEqual(failed.err, { InstructionError: [1, { Custom: 1 }] });
	assert.strictEqual(failed.unitsConsumed, 300);
});

test('getSignaturesForAddress pages backwards with before, until and limit', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const sent = [];
	for (let lamports = 1; lamports <= 6; lamports++) {
		sent.unshift(await submit(chain, await signedTransfer(chain, payer, payer, lamports)));
		if (lamports % 2 === 0) await chain.call('chain_tick', 1);
	}
	const page = async (options) => {
		const list = await chain.call('getSignaturesForAddress', payer.address, { commitment: 'confirmed', ...options });
		return list.map(({ signature }) => signature);
	};
	assert.deepStrictEqual((await page({})).slice(0, 6), sent);
	assert.deepStrictEqual(await page({ limit: 2 }), sent.slice(0, 2));
	assert.deepStrictEqual(await page({ limit: 2, before: sent[1] }), sent.slice(2, 4));
	assert.deepStrictEqual(await page({ until: sent[2] }), sent.slice(0, 2));
	assert.deepStrictEqual(await page({ before: sent[1], until: sent[4] }), sent.slice(2, 4));
	assert.deepStrictEqual(await page({ before: '1'.repeat(64) }), []);
});

test('old signatures leave the status cache but stay in the history', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const signature = await submit(chain, await signedTransfer(chain, payer, payer, 1));
	await chain.call('chain_tick', 300);
	assert.strictEqual((await status(chain, signature)).confirmationStatus, 'finalized');
	await chain.call('chain_tick', 1);
	assert.strictEqual(await status(chain, signature), null);
	assert.strictEqual((await status(chain, signature, { searchTransactionHistory: true })).confirmationStatus, 'finalized');
});

test('chain_transactions lists what landed, with everything an audit needs', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const other = await fundedKeypair(chain);
	const wire = await signedTransfer(chain, payer, other, 1);
	const signature = await submit(chain, wire);
	const landed = (await chain.call('chain_transactions', payer.address)).at(-1);
	assert.deepStrictEqual([landed.signature, landed.payer, landed.err], [signature, payer.address, null]);
	assert.deepStrictEqual(landed.programs, [ADDRESS.system]);
	assert.ok(Buffer.from(landed.wire, 'base64').equals(wire));
	assert.strictEqual((await chain.call('chain_transactions')).length, 3);
	assert.strictEqual((await chain.call('chain_transactions', new Keypair().address)).length, 0);
});

test('chain_setFees sets what getRecentPrioritizationFees answers', async (t) => {
	const chain = await openChain(t);
	await chain.call('chain_setFees', [100, 200, 300]);
	const fees = await chain.call('getRecentPrioritizationFees', []);
	assert.strictEqual(fees.length, 150);
	for (const { slot, prioritizationFee } of fees) assert.strictEqual(prioritizationFee, [100, 200, 300][slot % 3]);
	await chain.call('chain_setFees', 5);
	assert.ok((await chain.call('getRecentPrioritizationFees')).every(({ prioritizationFee }) => prioritizationFee === 5));
});

test('chain_setAccount and chain_getAccount move raw accounts, null deletes', async (t) => {
	const chain = await openChain(t);
	const key = new Keypair().address;
	const account = { lamports: '5000000', data: 'AAEC', owner: ADDRESS.switchboard, executable: false };
	await chain.call('chain_setAccount', key, account);
	assert.deepStrictEqual(await chain.call('chain_getAccount', key), account);
	const found = await chain.call('getProgramAccounts', ADDRESS.switchboard, { encoding: 'base64', commitment: 'processed' });
	assert.deepStrictEqual(found.map(({ pubkey }) => pubkey), [key]);
	await chain.call('chain_setAccount', key, null);
	assert.strictEqual(await chain.call('chain_getAccount', key), null);
	assert.match((await errorOf(chain.call('chain_setAccount', key, { lamports: 'x', owner: key }))).message, /lamports is "x"/);
	assert.match((await errorOf(chain.call('chain_nothing'))).message, /unknown control "chain_nothing": use chain_tick/);
});

test('accounts and programs that litesvm cannot take are refused and leave the chain working', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const key = new Keypair();
	const loader = 'BPFLoader2111111111111111111111111111111111';
	const refused = [
		['chain_addProgram', key.address, Buffer.from('not an elf').toString('base64')],
		['chain_setAccount', key.address, { lamports: 5_000_000, owner: loader, executable: true }],
		['chain_setAccount', key.address, { lamports: '18446744073709551616', owner: ADDRESS.system }],
		['chain_setAccount', ADDRESS.clock, { lamports: 5, data: 'AAEC', owner: ADDRESS.system }],
	];
	for (const [method, ...params] of refused) {
		const error = await errorOf(chain.call(method, ...params));
		assert.strictEqual(error.code, -32602);
		assert.match(error.rpcMessage, new RegExp(`^${method}: `));
		await submit(chain, await signedTransfer(chain, payer, key, 2_000_000 + refused.length));
		await chain.call('chain_tick', 1);
	}
});
