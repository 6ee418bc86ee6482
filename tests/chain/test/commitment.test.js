// Commitment levels, blockhash age, minContextSlot, skipped slots, time and block reads on manual slots.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { START_TIME, openChain, fundedKeypair, signedTransfer, submit, status, errorOf } = require('./helpers.js');
const { ADDRESS, Keypair, signTransaction } = require('../solana.js');
const { transfer } = require('../instructions.js');

const LEVELS = ['processed', 'confirmed', 'finalized'];

async function balances(chain, key) {
	const answers = await Promise.all(LEVELS.map((commitment) => chain.call('getBalance', key, { commitment })));
	return answers.map(({ value }) => value);
}

test('a transfer becomes visible level by level', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const target = new Keypair();
	const signature = await submit(chain, await signedTransfer(chain, payer, target, 5_000_000));
	assert.deepStrictEqual(await balances(chain, target.address), [5_000_000, 0, 0]);
	assert.strictEqual((await status(chain, signature)).confirmationStatus, 'processed');
	await chain.call('chain_tick', 1);
	assert.deepStrictEqual(await balances(chain, target.address), [5_000_000, 5_000_000, 0]);
	const confirmed = await status(chain, signature);
	assert.deepStrictEqual([confirmed.confirmationStatus, confirmed.confirmations], ['confirmed', 1]);
	await chain.call('chain_tick', 30);
	assert.deepStrictEqual(await balances(chain, target.address), [5_000_000, 5_000_000, 0]);
	assert.strictEqual((await status(chain, signature)).confirmationStatus, 'confirmed');
	await chain.call('chain_tick', 1);
	assert.deepStrictEqual(await balances(chain, target.address), [5_000_000, 5_000_000, 5_000_000]);
	const finalized = await status(chain, signature);
	assert.deepStrictEqual([finalized.confirmationStatus, finalized.confirmations], ['finalized', null]);
});

test('slot, height and epoch info agree at every level', async (t) => {
	const chain = await openChain(t);
	const slots = [];
	for (const commitment of LEVELS) {
		const info = await chain.call('getEpochInfo', { commitment });
		assert.strictEqual(info.absoluteSlot, await chain.call('getSlot', { commitment }));
		assert.strictEqual(info.blockHeight, await chain.call('getBlockHeight', { commitment }));
		assert.strictEqual(info.epoch * info.slotsInEpoch + info.slotIndex, info.absoluteSlot);
		slots.push(info.absoluteSlot);
	}
	assert.deepStrictEqual(slots.map((slot) => slots[0] - slot), [0, 1, 32]);
	assert.strictEqual((await chain.call('getEpochInfo')).absoluteSlot, slots[2]);
});

test('the history methods refuse processed and hide what is not confirmed', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	await chain.call('chain_tick', 40);
	const signature = await submit(chain, await signedTransfer(chain, payer, payer, 1));
	assert.strictEqual(await chain.call('getTransaction', signature, { commitment: 'confirmed' }), null);
	assert.strictEqual((await chain.call('getSignaturesForAddress', payer.address, { commitment: 'confirmed' })).length, 1);
	await chain.call('chain_tick', 1);
	assert.strictEqual((await chain.call('getTransaction', signature, { commitment: 'confirmed' })).meta.err, null);
	assert.strictEqual(await chain.call('getTransaction', signature), null);
	assert.strictEqual((await errorOf(chain.call('getTransaction', signature, { commitment: 'processed' }))).code, -32602);
});

test('a blockhash is good for exactly 150 blocks', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const { value } = await chain.call('getLatestBlockhash', { commitment: 'processed' });
	const height = await chain.call('getBlockHeight', { commitment: 'processed' });
	assert.strictEqual(value.lastValidBlockHeight, height + 150);
	const wire = (lamports) => signTransaction([payer], [transfer(payer, payer, lamports)], value.blockhash);
	await chain.call('chain_tick', 150);
	assert.strictEqual((await chain.call('isBlockhashValid', value.blockhash, { commitment: 'processed' })).value, true);
	assert.strictEqual((await status(chain, await submit(chain, wire(1)))).err, null);
	await chain.call('chain_tick', 1);
	assert.strictEqual((await chain.call('isBlockhashValid', value.blockhash, { commitment: 'processed' })).value, false);
	assert.strictEqual((await errorOf(submit(chain, wire(2)))).data.err, 'BlockhashNotFound');
	assert.strictEqual(await status(chain, await submit(chain, wire(2), { skipPreflight: true })), null);
});

test('chain_expireBlockhashes makes every earlier blockhash too old at once', async (t) => {
	const chain = await openChain(t);
	const { value } = await chain.call('getLatestBlockhash', { commitment: 'processed' });
	const slot = await chain.call('getSlot', { commitment: 'processed' });
	const { height } = await chain.call('chain_expireBlockhashes');
	assert.strictEqual(height, value.lastValidBlockHeight + 1);
	assert.strictEqual(await chain.call('getSlot', { commitment: 'processed' }), slot + 1);
	assert.strictEqual((await chain.call('isBlockhashValid', value.blockhash, { commitment: 'processed' })).value, false);
});

test('preflight judges the blockhash at the preflight commitment', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	await chain.call('chain_tick', 1);
	const wire = await signedTransfer(chain, payer, payer, 1);
	const error = await errorOf(submit(chain, wire, { preflightCommitment: 'finalized' }));
	assert.deepStrictEqual([error.code, error.data.err], [-32002, 'BlockhashNotFound']);
	await submit(chain, wire);
});

test('sending a landed transaction again: accepted where the preflight bank is older, AlreadyProcessed where it is not', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain, 1_000_000_000);
	// More than half of the balance: executing it twice would fail.
	const wire = await signedTransfer(chain, payer, new Keypair(), 600_000_000);
	await chain.call('chain_tick', 1);
	const signature = await submit(chain, wire);
	assert.strictEqual(await submit(chain, wire, { preflightCommitment: 'confirmed' }), signature);
	assert.strictEqual((await errorOf(submit(chain, wire))).data.err, 'AlreadyProcessed');
	await chain.call('chain_tick', 1);
	assert.strictEqual((await errorOf(submit(chain, wire, { preflightCommitment: 'confirmed' }))).data.err, 'AlreadyProcessed');
	assert.strictEqual((await chain.call('chain_transactions', payer.address)).length, 2);
});

test('minContextSlot above the node\'s slot is refused with -32016', async (t) => {
	const chain = await openChain(t);
	const key = new Keypair().address;
	const slot = await chain.call('getSlot', { commitment: 'confirmed' });
	const options = { commitment: 'confirmed', encoding: 'base64' };
	assert.strictEqual((await chain.call('getAccountInfo', key, { ...options, minContextSlot: slot })).value, null);
	for (const method of ['getAccountInfo', 'getBalance', 'getProgramAccounts', 'getSignaturesForAddress']) {
		const error = await errorOf(chain.call(method, key, { ...options, minContextSlot: slot + 1 }));
		assert.deepStrictEqual([error.code, error.data], [-32016, { contextSlot: slot }], method);
	}
});

test('skipped slots have no block and no blockhash, heights go on by one', async (t) => {
	const chain = await openChain(t);
	const before = await chain.call('chain_position');
	await chain.call('chain_skipSlots', 3);
	await chain.call('chain_tick', 1);
	const after = await chain.call('chain_position');
	assert.deepStrictEqual([after.slot - before.slot, after.height - before.height], [4, 1]);
	await chain.call('chain_tick', 2);
	assert.strictEqual((await errorOf(chain.call('getBlock', before.slot + 1))).code, -32007);
	assert.strictEqual((await errorOf(chain.call('getBlock', after.slot + 5))).code, -32004);
	assert.strictEqual((await errorOf(chain.call('getBlock', 5))).code, -32001);
	const blocks = await chain.call('getBlocks', before.slot, after.slot, { commitment: 'confirmed' });
	assert.deepStrictEqual(blocks, [before.slot, after.slot]);
	assert.strictEqual((await chain.call('getBlock', after.slot)).parentSlot, before.slot);
});

test('the Clock sysvar and block times follow the chain\'s clock at each level', async (t) => {
	const chain = await openChain(t);
	const clock = async (commitment) => {
		const { context, value } = await chain.call('getAccountInfo', ADDRESS.clock, { commitment, encoding: 'base64' });
		const data = Buffer.from(value.data[0], 'base64');
		assert.strictEqual(data.readBigUInt64LE(0), BigInt(context.slot));
		return Number(data.readBigInt64LE(32));
	};
	assert.strictEqual(await clock('processed'), START_TIME);
	await chain.call('chain_advanceTime', 3600);
	assert.deepStrictEqual([await clock('processed'), await clock('confirmed')], [START_TIME + 3600, START_TIME]);
	await chain.call('chain_setTime', START_TIME + 10000);
	await chain.call('chain_tick', 5);
	assert.strictEqual(await clock('processed'), START_TIME + 10002);
	const slot = await chain.call('getSlot', { commitment: 'confirmed' });
	assert.strictEqual(await chain.call('getBlockTime', slot), START_TIME + 10001);
});

test('SlotHashes names the blocks of the chain, newest first', async (t) => {
	const chain = await openChain(t);
	const { context, value } = await chain.call('getAccountInfo', ADDRESS.slotHashes, { commitment: 'processed', encoding: 'base64+zstd' });
	assert.strictEqual(value.space, 20488);
	assert.strictEqual(value.data[1], 'base64+zstd');
	const plain = await chain.call('getAccountInfo', ADDRESS.slotHashes, { commitment: 'processed', encoding: 'base64' });
	const data = Buffer.from(plain.value.data[0], 'base64');
	assert.strictEqual(data.readBigUInt64LE(0), 512n);
	assert.strictEqual(data.readBigUInt64LE(8), BigInt(context.slot - 1));
	assert.strictEqual(data.readBigUInt64LE(8 + 40 * 511), BigInt(context.slot - 512));
});

test('slots can be timed, stopped and timed again', async (t) => {
	const chain = await openChain(t, { slotMs: 5 });
	const first = await chain.call('getSlot', { commitment: 'processed' });
	await new Promise((resolve) => { setTimeout(resolve, 100); });
	assert.ok(await chain.call('getSlot', { commitment: 'processed' }) > first + 2);
	await chain.call('chain_slotMs', 0);
	const stopped = await chain.call('chain_position');
	await new Promise((resolve) => { setTimeout(resolve, 30); });
	assert.deepStrictEqual(await chain.call('chain_position'), stopped);
});
