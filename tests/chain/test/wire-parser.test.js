// The transaction parser against damaged bytes: litesvm would abort the process on anything it cannot decode.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const web3 = require('@solana/web3.js');
const { openChain, fundedKeypair } = require('./helpers.js');
const { ADDRESS, Keypair, signTransaction } = require('../solana.js');
const { transfer, createAssociatedToken, setComputeUnitLimit } = require('../instructions.js');
const { parseTransaction, withBlockhash, isWritable } = require('../wire-parser.js');
const { RpcError } = require('../rpc-error.js');

const ROUNDS = 4000;
const BYTES_WORTH_TRYING = [0, 1, 2, 127, 128, 255];

// Repeatable pseudo-random numbers.
function generator(seed) {
	let state = seed;
	return (limit) => {
		state = (Math.imul(state, 1103515245) + 12345) >>> 0;
		return (state >>> 8) % limit;
	};
}

function versionedTransaction(payer, table, blockhash) {
	const key = (text) => new web3.PublicKey(text);
	const lookup = new web3.AddressLookupTableAccount({
		key: key(table), state: { deactivationSlot: 2n ** 64n - 1n, lastExtendedSlot: 0, lastExtendedSlotStartIndex: 0, addresses: [key(table)] },
	});
	const instruction = web3.SystemProgram.transfer({ fromPubkey: key(payer.address), toPubkey: key(table), lamports: 3 });
	const message = new web3.TransactionMessage({ payerKey: key(payer.address), recentBlockhash: blockhash, instructions: [instruction] });
	const transaction = new web3.VersionedTransaction(message.compileToV0Message([lookup]));
	transaction.sign([web3.Keypair.fromSecretKey(payer.secretKey())]);
	return Buffer.from(transaction.serialize());
}

function sampleTransactions(payer, other, blockhash) {
	return [
		signTransaction([payer], [transfer(payer, other, 1)], blockhash),
		signTransaction([payer, other], [transfer(other, payer, 2), setComputeUnitLimit(9999)], blockhash),
		signTransaction([payer], [createAssociatedToken(payer, other, ADDRESS.nativeMint, ADDRESS.token)], blockhash),
		versionedTransaction(payer, other.address, blockhash),
	];
}

// Mostly damages the message: damaged signatures end early.
function damage(bytes, random) {
	const copy = Buffer.from(bytes);
	const message = 1 + 64 * copy[0];
	for (let left = random(5); left >= 0; left--) {
		const at = random(2) ? message + random(copy.length - message) : random(copy.length);
		copy[at] = random(3) ? random(256) : BYTES_WORTH_TRYING[random(BYTES_WORTH_TRYING.length)];
	}
	const kind = random(4);
	if (kind === 0) return copy.subarray(0, random(copy.length));
	if (kind === 1) return Buffer.concat([copy, Buffer.alloc(random(20), random(256))]);
	return copy;
}

test('valid transactions parse to what was built, in every version', () => {
	const payer = Keypair.fromText('payer');
	const other = Keypair.fromText('other');
	const blockhash = Keypair.fromText('blockhash').address;
	for (const wire of sampleTransactions(payer, other, blockhash)) {
		const transaction = parseTransaction(Buffer.concat([wire, Buffer.from('trailing')]));
		assert.ok(transaction.wire.equals(wire));
		assert.strictEqual(transaction.blockhash, blockhash);
		assert.ok(transaction.keys[0].equals(payer.publicKey));
		assert.strictEqual(isWritable(transaction, 0), true);
		assert.strictEqual(isWritable(transaction, transaction.keys.length - 1), false);
		const replaced = withBlockhash(transaction, other.address);
		assert.strictEqual(replaced.blockhash, other.address);
		assert.ok(withBlockhash(replaced, blockhash).wire.equals(wire));
	}
	const table = parseTransaction(sampleTransactions(payer, other, blockhash)[3]);
	assert.deepStrictEqual([table.version, [...table.lookups[0].writable]], [0, [0]]);
});

test('every prefix of a transaction is refused with an RpcError', () => {
	const payer = Keypair.fromText('payer');
	for (const wire of sampleTransactions(payer, Keypair.fromText('other'), Keypair.fromText('blockhash').address)) {
		for (let length = 0; length < wire.length; length++) {
			assert.throws(() => parseTransaction(wire.subarray(0, length)), RpcError, `prefix of ${length}`);
		}
	}
});

test('index rules: signers, program index 0, account index, empty lookup, too many accounts', () => {
	const payer = Keypair.fromText('payer');
	const other = Keypair.fromText('other');
	const [legacy, , , versioned] = sampleTransactions(payer, other, Keypair.fromText('blockhash').address);
	const changed = (wire, offset, value) => {
		const copy = Buffer.from(wire);
		copy[offset < 0 ? wire.length + offset : offset] = value;
		return copy;
	};
	const message = 65;
	const firstInstruction = message + 3 + 1 + 3 * 32 + 32 + 1;
	const refused = [
		changed(legacy, message, 2), changed(legacy, message + 1, 1), changed(legacy, message + 2, 3), changed(legacy, firstInstruction, 0),
		changed(legacy, firstInstruction, 3), changed(legacy, firstInstruction + 2, 3), changed(versioned, message, 0x81),
		changed(versioned, -3, 0),
	];
	for (const [index, wire] of refused.entries()) assert.throws(() => parseTransaction(wire), RpcError, `case ${index}`);
});

test(`${ROUNDS} damaged transactions through send and simulate leave the process alive`, async (t) => {
	const chain = await openChain(t);
	const payer = await fundedKeypair(chain, 1_000_000_000_000);
	const other = await fundedKeypair(chain, 1_000_000_000_000);
	const random = generator(12345);
	const codes = new Set([-32602, -32002, -32003]);
	let parsed = 0;
	for (let round = 0; round < ROUNDS; round += 100) {
		await chain.call('chain_tick', 1);
		const { value } = await chain.call('getLatestBlockhash', { commitment: 'processed' });
		const samples = sampleTransactions(payer, other, value.blockhash);
		const batch = Array.from({ length: 100 }, (_, id) => {
			const text = damage(samples[random(samples.length)], random).toString('base64');
			const options = [
				['sendTransaction', { encoding: 'base64', skipPreflight: true }],
				['sendTransaction', { encoding: 'base64', preflightCommitment: 'processed' }],
				['simulateTransaction', { encoding: 'base64', commitment: 'processed' }],
				['simulateTransaction', { encoding: 'base64', replaceRecentBlockhash: true }],
			][random(4)];
			return { jsonrpc: '2.0', id, method: options[0], params: [text, options[1]] };
		});
		for (const answer of JSON.parse((await chain.post(batch)).text)) {
			if (answer.error) assert.ok(codes.has(answer.error.code), JSON.stringify(answer.error));
			else parsed += 1;
		}
	}
	assert.ok(parsed > ROUNDS / 20, `only ${parsed} damaged transactions still parsed: the damage is too coarse to test anything`);
});
