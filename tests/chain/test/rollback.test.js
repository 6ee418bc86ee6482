// Forks: what a rollback undoes, what survives it, and that the same signed bytes can land again.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { openChain, fundedKeypair, signedTransfer, submit, status, errorOf } = require('./helpers.js');
const { ADDRESS, Keypair } = require('../solana.js');

async function balance(chain, key) {
	return (await chain.call('getBalance', key, { commitment: 'processed' })).value;
}

test('a rollback undoes accounts, statuses and history; the same transaction lands again on the new fork', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const target = new Keypair();
	await chain.call('chain_tick', 5);
	const wire = await signedTransfer(chain, payer, target, 5_000_000);
	await chain.call('chain_tick', 1);
	const signature = await submit(chain, wire);
	await chain.call('chain_tick', 1);
	assert.strictEqual((await status(chain, signature)).confirmationStatus, 'confirmed');
	const after = await chain.call('chain_position');
	const { lost, slot, keptSlot } = await chain.call('chain_rollback', 2);
	assert.deepStrictEqual([lost, slot, keptSlot], [[signature], after.slot + 1, after.slot - 2]);
	assert.strictEqual(await status(chain, signature), null);
	assert.strictEqual((await chain.call('getAccountInfo', target.address, { commitment: 'processed' })).value, null);
	assert.strictEqual(await balance(chain, payer.address), 10_000_000_000);
	assert.strictEqual((await chain.call('chain_transactions', target.address)).length, 0);
	assert.strictEqual((await chain.call('chain_position')).height, after.height - 1);
	assert.strictEqual(await submit(chain, wire), signature);
	assert.strictEqual(await balance(chain, target.address), 5_000_000);
	assert.strictEqual((await status(chain, signature)).confirmationStatus, 'processed');
});

test('a blockhash of the abandoned fork is unknown afterwards', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	await chain.call('chain_tick', 1);
	const wire = await signedTransfer(chain, payer, payer, 1);
	await chain.call('chain_rollback', 1);
	assert.strictEqual((await errorOf(submit(chain, wire))).data.err, 'BlockhashNotFound');
});

test('an account that existed before the chain started is restored, and one set by control survives', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	await chain.call('chain_tick', 1);
	const key = new Keypair().address;
	const before = await chain.call('chain_getAccount', ADDRESS.nativeMint);
	await submit(chain, await signedTransfer(chain, payer, ADDRESS.nativeMint, 1000));
	await chain.call('chain_setAccount', key, { lamports: 7_000_000, owner: ADDRESS.switchboard });
	await chain.call('chain_rollback', 1);
	assert.deepStrictEqual(await chain.call('chain_getAccount', ADDRESS.nativeMint), before);
	assert.strictEqual(await balance(chain, key), 7_000_000);
	await chain.call('chain_tick', 1);
	await submit(chain, await signedTransfer(chain, payer, key, 1000));
	await chain.call('chain_rollback', 1);
	assert.strictEqual(await balance(chain, key), 7_000_000);
});

test('a rollback past finality works, and more blocks than exist are refused', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const signature = await submit(chain, await signedTransfer(chain, payer, payer, 1));
	await chain.call('chain_tick', 40);
	assert.strictEqual((await status(chain, signature)).confirmationStatus, 'finalized');
	const { lost } = await chain.call('chain_rollback', 41);
	assert.strictEqual(lost.length, 2);
	assert.strictEqual(await status(chain, signature), null);
	assert.match((await errorOf(chain.call('chain_rollback', 100000))).message, /only \d+ blocks can be abandoned/);
	assert.match((await errorOf(chain.call('chain_rollback', 0))).message, /count is 0/);
});

test('a rollback from a slot abandons that slot and what came after, and nothing before', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const kept = await submit(chain, await signedTransfer(chain, payer, payer, 1));
	await chain.call('chain_tick', 2);
	const undone = await submit(chain, await signedTransfer(chain, payer, payer, 2));
	const { slot } = await status(chain, undone);
	await chain.call('chain_tick', 3);
	const { lost, keptSlot } = await chain.call('chain_rollbackFrom', slot);
	assert.deepStrictEqual(lost, [undone]);
	assert.strictEqual(keptSlot, slot - 1);
	assert.notStrictEqual(await status(chain, kept), null);
	assert.strictEqual(await status(chain, undone), null);
	assert.match((await errorOf(chain.call('chain_rollbackFrom', slot + 1000))).message, /count is 0/);
});

test('a transaction that waits for a later slot still lands after a rollback', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	await chain.call('chain_tick', 5);
	const wire = await signedTransfer(chain, payer, payer, 1);
	await chain.call('chain_tick', 3);
	await chain.call('chain_faults', { delay: [4] });
	const signature = await submit(chain, wire);
	await chain.call('chain_rollback', 2);
	assert.strictEqual(await status(chain, signature), null);
	await chain.call('chain_tick', 3);
	assert.strictEqual((await status(chain, signature)).err, null);
});

test('random transfers, ticks and rollbacks keep every balance equal to a plain model', async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain);
	const targets = Array.from({ length: 4 }, () => new Keypair());
	let seed = 20260;
	const random = (limit) => {
		seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
		return (seed >>> 8) % limit;
	};
	let blocks = [new Map()];
	for (let step = 0; step < 300; step++) {
		const choice = random(10);
		if (choice < 6) {
			const index = random(targets.length);
			const amount = 2_000_000 + step;
			await submit(chain, await signedTransfer(chain, payer, targets[index], amount));
			const newest = new Map(blocks.at(-1));
			newest.set(index, (newest.get(index) || 0) + amount);
			blocks[blocks.length - 1] = newest;
		} else if (choice < 9 || blocks.length < 4) {
			await chain.call('chain_tick', 1);
			blocks.push(blocks.at(-1));
		} else {
			const count = 1 + random(blocks.length - 2);
			await chain.call('chain_rollback', count);
			blocks = blocks.slice(0, -count);
			blocks.push(blocks.at(-1));
		}
		for (const [index, target] of targets.entries()) {
			assert.strictEqual(await balance(chain, target.address), blocks.at(-1).get(index) || 0, `step ${step} target ${index}`);
		}
	}
});
